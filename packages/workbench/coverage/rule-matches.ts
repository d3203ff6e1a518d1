/**
 * What a rule says about names, addresses and paths, read from its options: the contents of the buffers dns.query, tls.sni, http.host and
 * http.uri (sticky forms, the forms with an underscore, and content modifiers), with their anchors. Only what is needed to answer
 * whether a rule covers an indicator; nothing is compiled.
 */
import { entryOf } from '@sigwright/bytes';
import type { Rule } from '@sigwright/contracts';

/**
 * exact: this name alone · suffix: it and all below it · below: only what lies below it · ending: any text that ends so, `xxevil.com`
 * too · part: any text that contains it
 */
export type Anchor = 'exact' | 'suffix' | 'below' | 'ending' | 'part';

export interface NameMatch {
  readonly buffer: 'dns.query' | 'tls.sni' | 'http.host' | 'tls.cert_subject';
  readonly name: string;
  readonly anchor: Anchor;
}

export interface PathMatch {
  readonly text: string;
  readonly nocase: boolean;
  readonly starts: boolean;
  readonly ends: boolean;
  /** the whole path has this length */
  readonly size: number | undefined;
}

export interface RuleMatches {
  readonly names: readonly NameMatch[];
  readonly paths: readonly PathMatch[];
  /** does the rule demand more than names and paths (other buffers, patterns, raw bytes, flowbits)? */
  readonly demandsMore: boolean;
}

interface Content {
  text: string;
  readonly negated: boolean;
  buffer: string;
  nocase: boolean;
  dotprefix: boolean;
  starts: boolean;
  ends: boolean;
  depth: number | undefined;
  offset: boolean;
  relative: boolean;
}

/** Every way to write a buffer → its name here; other buffers count as more demands. */
const STICKY: Readonly<Record<string, string>> = {
  'dns.query': 'dns.query',
  'dns.queries.rrname': 'dns.query',
  dns_query: 'dns.query',
  'tls.sni': 'tls.sni',
  tls_sni: 'tls.sni',
  'http.host': 'http.host',
  'http.host.raw': 'http.host',
  'http.uri': 'http.uri',
  'http.uri.raw': 'http.uri',
  'tls.cert_subject': 'tls.cert_subject',
  tls_cert_subject: 'tls.cert_subject',
};
const MODIFIERS: Readonly<Record<string, string>> = { http_host: 'http.host', http_raw_host: 'http.host', http_uri: 'http.uri', http_raw_uri: 'http.uri' };
/** Old content modifiers of other buffers. */
const OTHER_MODIFIER =
  /^(?:rawbytes|http_(?:header|raw_header|client_body|server_body|cookie|method|user_agent|stat_code|stat_msg|content_type|accept\w*|referer|connection|protocol))$/;
const OTHER_BUFFER =
  /^(?:http|tls|dns|file|smb|ssh|krb5|smtp|ftp|sip|rdp|snmp|mqtt|quic|ja3|ja4|dcerpc|base64|icmp|tcp|udp|ip)(?:[._]|v[46]\.)[a-z0-9_.]+$|^(?:pkt_data|file_data|base64_data)$/;
/** Options that narrow a rule beyond its contents. A method is not counted: it belongs to every request. */
const MORE_DEMANDS: ReadonlySet<string> = new Set([
  'pcre',
  'byte_test',
  'byte_jump',
  'byte_extract',
  'byte_math',
  'isdataat',
  'dsize',
  'flowbits',
  'xbits',
  'dataset',
  'lua',
  'luajit',
]);

export function matchesOf(rule: Rule): RuleMatches {
  const contents: Content[] = [];
  const sizes = new Map<string, number>();
  let buffer = 'payload';
  let dotprefix = false;
  let demandsMore = false;
  for (const { name, value } of rule.options) {
    const last = contents[contents.length - 1];
    switch (name) {
      case 'content':
        if (value === undefined) break;
        contents.push({
          text: contentText(value),
          negated: value.startsWith('!'),
          buffer,
          nocase: false,
          dotprefix,
          starts: false,
          ends: false,
          depth: undefined,
          offset: false,
          relative: false,
        });
        break;
      case 'nocase':
        if (last !== undefined) last.nocase = true;
        break;
      case 'startswith':
        if (last !== undefined) last.starts = true;
        break;
      case 'endswith':
        if (last !== undefined) last.ends = true;
        break;
      case 'depth':
        if (last !== undefined) last.depth = Number(value);
        break;
      case 'offset':
        if (last !== undefined && value !== '0') last.offset = true;
        break;
      case 'distance':
      case 'within':
        if (last !== undefined) last.relative = true;
        break;
      case 'isdataat':
        if (last !== undefined && value !== undefined && /^!\s*1\s*,\s*relative/.test(value)) last.ends = true;
        else demandsMore = true;
        break;
      case 'bsize':
      case 'urilen': {
        const size = Number(/^\d+$/.exec(value ?? '')?.[0] ?? Number.NaN);
        if (!Number.isNaN(size)) sizes.set(name === 'urilen' ? 'http.uri' : buffer, size);
        break;
      }
      case 'dotprefix':
        dotprefix = true;
        break;
      case 'pkt_data':
        buffer = 'payload';
        break;
      default: {
        const sticky = value === undefined ? entryOf(STICKY, name) : undefined;
        const modified = value === undefined ? entryOf(MODIFIERS, name) : undefined;
        if (modified !== undefined && last !== undefined) last.buffer = modified;
        else if (sticky !== undefined) {
          buffer = sticky;
          dotprefix = false;
        } else if (value === undefined && OTHER_MODIFIER.test(name) && last !== undefined && last.buffer === 'payload' && name.includes('_'))
          last.buffer = name;
        else if (value === undefined && OTHER_BUFFER.test(name)) {
          buffer = name;
          dotprefix = false;
        } else if (MORE_DEMANDS.has(name)) demandsMore = true;
      }
    }
  }
  const names: NameMatch[] = [];
  const paths: PathMatch[] = [];
  for (const content of contents) {
    if (content.buffer === 'http.method') continue;
    if (content.negated) {
      demandsMore = true;
      continue;
    }
    switch (content.buffer) {
      case 'dns.query':
      case 'tls.sni':
      case 'http.host': {
        const named = nameMatch(content, sizes.get(content.buffer));
        if (named === undefined) demandsMore = true;
        else names.push({ buffer: content.buffer, ...named });
        break;
      }
      case 'tls.cert_subject': {
        const common = /CN=\*?\.?([a-z0-9.-]+\.[a-z0-9-]+)$/i.exec(content.text);
        if (common === null) demandsMore = true;
        else names.push({ buffer: 'tls.cert_subject', name: common[1].toLowerCase(), anchor: 'exact' });
        break;
      }
      case 'http.uri':
        paths.push({
          text: content.text,
          nocase: content.nocase,
          starts: content.starts || (content.depth !== undefined && !content.relative && content.depth === content.text.length && !content.offset),
          ends: content.ends,
          size: sizes.get('http.uri'),
        });
        break;
      default:
        demandsMore = true;
    }
  }
  return { names, paths, demandsMore };
}

function nameMatch(content: Content, size: number | undefined): { name: string; anchor: Anchor } | undefined {
  const text = content.text.toLowerCase();
  const dotted = text.startsWith('.');
  const name = dotted ? text.slice(1) : text;
  if (!/^[\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)+$/u.test(name)) return undefined;
  const starts = content.starts || (content.depth === text.length && !content.offset && !content.relative);
  if (size === text.length || (starts && content.ends)) return { name, anchor: 'exact' };
  // With dotprefix the buffer begins with a dot of its own.
  if (size !== undefined) return content.ends ? { name, anchor: 'below' } : undefined;
  if (content.ends) return { name, anchor: dotted ? (content.dotprefix ? 'suffix' : 'below') : 'ending' };
  return starts ? undefined : { name, anchor: 'part' };
}

/** Text of a content: quotes off, escapes and hex undone (bytes as Latin-1). */
export function contentText(value: string): string {
  const inner = value.replace(/^!?\s*"|"$/g, '');
  if (!inner.includes('|') && !inner.includes('\\')) return inner;
  return inner.replace(/\|([0-9a-fA-F\s]*)\||\\(.)/g, (_, hex: string | undefined, escaped: string | undefined) =>
    hex === undefined ? (escaped ?? '') : (hex.match(/[0-9a-fA-F]{2}/g) ?? []).map((byte) => String.fromCharCode(Number.parseInt(byte, 16))).join(''),
  );
}
