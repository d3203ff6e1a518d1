/** Keywords that select HTTP buffers: today's sticky ones and the content modifiers of old rules. */
import { asKeywords, type KeywordDefinition, keyword } from '@sigwright/contracts';
import { none } from '../../arguments/index.ts';
import { buffers } from './buffers.ts';

/** Old sticky names of buffers. */
const ALIASES: Record<string, readonly string[]> = {
  'http.accept': ['http_accept'],
  'http.accept_enc': ['http_accept_enc'],
  'http.accept_lang': ['http_accept_lang'],
  'http.connection': ['http_connection'],
  'http.content_len': ['http_content_len'],
  'http.content_type': ['http_content_type'],
  'http.header_names': ['http_header_names'],
  'http.protocol': ['http_protocol'],
  'http.referer': ['http_referer'],
  'http.request_line': ['http_request_line'],
  'http.response_line': ['http_response_line'],
  'http.start': ['http_start'],
};

/** Old modifiers, which change the content before them. */
const MODIFIERS: Record<string, string> = {
  http_method: 'http.method',
  http_uri: 'http.uri',
  http_raw_uri: 'http.uri.raw',
  http_header: 'http.header',
  http_raw_header: 'http.header.raw',
  http_cookie: 'http.cookie',
  http_user_agent: 'http.user_agent',
  http_client_body: 'http.request_body',
  http_server_body: 'http.response_body',
  http_stat_code: 'http.stat_code',
  http_stat_msg: 'http.stat_msg',
  http_host: 'http.host',
  http_raw_host: 'http.host.raw',
};

/** Named in the user guide from 7.0 on; 6.0 has only all headers together. */
const SINCE_7: ReadonlySet<string> = new Set(['http.request_header', 'http.response_header']);

function sticky(name: string, summary: string): KeywordDefinition<never> {
  const aliases = ALIASES[name];
  return keyword({
    name,
    ...(aliases === undefined ? {} : { aliases }),
    family: 'http',
    since: SINCE_7.has(name) ? '7.0' : '5.0',
    summary,
    kind: 'sticky-buffer',
    protocol: 'http',
    argument: none(),
    examples: [`${name}; content:"abc";`],
    broken: [{ options: `${name}:1;`, code: `${name}/argument` }],
    apply(_none, builder) {
      builder.selectBuffer(name);
    },
  });
}

function modifier(name: string, buffer: string): KeywordDefinition<never> {
  return keyword({
    name,
    family: 'http',
    since: '1.0',
    summary: `the content before it looks at ${buffer}`,
    kind: 'content-modifier',
    protocol: 'http',
    argument: none(),
    examples: [`content:"abc"; ${name};`],
    broken: [{ options: `${name};`, code: `${name}/without-content` }],
    apply(_none, builder) {
      builder.moveLastContent(buffer);
    },
  });
}

export const keywords = asKeywords(
  ...buffers.map((buffer) => sticky(buffer.name, buffer.summary)),
  ...Object.entries(MODIFIERS).map(([name, buffer]) => modifier(name, buffer)),
);
