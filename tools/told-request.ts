/**
 * A published rule on a path → the sentence that a report would have told it by: method, user agent, headers and parameters in plain
 * words, for measure-drafts.ts. The reports themselves are not at hand; their rules say what they rest on. What reports do not tell
 * (lengths of bodies, places of bytes, ports, what cannot be printed) is not told here either.
 */
import type { Rule } from '@sigwright/contracts';

interface Told {
  readonly buffer: string;
  readonly text: string;
  readonly negated: boolean;
  readonly begins: boolean;
  readonly whole: boolean;
}

const BUFFERS = /^(?:http|file|tls|dns)[._][a-z_.]+$/;

/** Contents with their buffer; undefined text where bytes cannot be printed. */
function contentsOf(rule: Rule): Told[] {
  const told: Told[] = [];
  let buffer = '';
  let whole = false;
  for (const [at, { name, value }] of rule.options.entries()) {
    if (BUFFERS.test(name)) {
      buffer = name;
      const behind = rule.options.slice(at + 1);
      const next = behind.findIndex((one) => BUFFERS.test(one.name));
      whole = behind.slice(0, next === -1 ? undefined : next).some((one) => one.name === 'bsize');
    }
    if (name !== 'content' || value === undefined) continue;
    const modifiers = rule.options.slice(at + 1);
    const end = modifiers.findIndex((one) => one.name === 'content' || BUFFERS.test(one.name));
    const behind = modifiers.slice(0, end === -1 ? undefined : end);
    // A piece of a header that stands somewhere behind another one is nothing that a report tells.
    if (buffer.startsWith('http.header') && behind.some((one) => one.name === 'distance')) continue;
    const text = printed(value.replace(/^!/, '').replace(/^"|"$/g, ''));
    if (text === undefined) continue;
    told.push({ buffer, text, negated: value.startsWith('!'), begins: behind.some((one) => one.name === 'startswith'), whole });
  }
  return told;
}

function printed(content: string): string | undefined {
  const text = content.replace(/\|([0-9a-f ]+)\|/gi, (_, hex: string) =>
    hex
      .trim()
      .split(' ')
      .map((byte) => String.fromCharCode(Number.parseInt(byte, 16)))
      .join(''),
  );
  const trimmed = text.replace(/^\r\n|\r\n$/g, '');
  return /^[\x20-\x7e]+$/.test(trimmed) ? trimmed : undefined;
}

export function toldRequest(rule: Rule, path: string): string {
  const contents = contentsOf(rule);
  const of = (buffer: string, negated = false): Told[] => contents.filter((one) => one.buffer === buffer && one.negated === negated);
  const [method] = of('http.method');
  const words = [`It sends ${method === undefined ? 'an HTTP' : `a ${method.text}`} request to ${path}`];
  for (const { text, begins, whole } of of('http.user_agent'))
    words.push(begins && !whole ? `a user agent that begins with \`${text}\`` : `the user agent \`${text}\``);
  for (const { text } of [...of('http.header'), ...of('http.header.raw')]) words.push(`the header \`${text.trim().replace(/:$/, '')}\``);
  for (const { text } of of('http.header_names')) words.push(`a header named \`${text}\``);
  for (const { text } of of('http.referer')) words.push(`the Referer \`${text}\``);
  if (of('http.header_names', true).some(({ text }) => text === 'Referer')) words.push('no Referer');
  for (const { text } of of('http.uri')) if (!path.includes(text)) words.push(`\`${text}\` in the query`);
  for (const { text, begins } of of('http.request_body')) words.push(begins ? `a body that begins with \`${text}\`` : `\`${text}\` in the body`);
  return words.length === 1 ? words[0] : `${words[0]} with ${words.slice(1).join(', and ')}`;
}
