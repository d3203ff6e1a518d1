/**
 * A rule for Suricata → Snort 2.9: protocols become ports and bytes (names of DNS their labels, a server name its field in the
 * ClientHello), buffers become modifiers behind each content, and what Snort has no words for is refused. The forms are those in
 * which Emerging Threats publishes for both engines.
 */
import { concatBytes, encodeContent, entryOf, fromLatin1, latin1 } from '@sigwright/bytes';
import { type Catalogue, type ContentCondition, DEFAULT_SETTINGS, type Rule, type RuleOption } from '@sigwright/contracts';
import { type CompiledRule, compileRule, HeaderResolver } from '@sigwright/detection';
import { Unsayable } from './dialects.ts';

/** Classes that Snort's classification.config does not have. */
const NEW_CLASSES: ReadonlySet<string> = new Set(
  'targeted-activity exploit-kit external-ip-check domain-c2 pup-activity credential-theft social-engineering coin-mining command-and-control'.split(' '),
);
/** Categories that are called otherwise in the sets for Snort. */
const CATEGORIES: Readonly<Record<string, string>> = {
  MALWARE: 'TROJAN',
  ADWARE_PUP: 'MALWARE',
  PHISHING: 'CURRENT_EVENTS',
  EXPLOIT_KIT: 'CURRENT_EVENTS',
  HUNTING: 'INFO',
};

/** Buffer → modifier behind a content, and the letter of a pattern. */
const MODIFIERS: Readonly<Record<string, readonly [modifier: string, letter: string]>> = {
  'http.uri': ['http_uri', 'U'],
  'http.uri.raw': ['http_raw_uri', 'I'],
  'http.method': ['http_method', 'M'],
  'http.header': ['http_header', 'H'],
  'http.header.raw': ['http_raw_header', 'D'],
  'http.cookie': ['http_cookie', 'C'],
  'http.request_body': ['http_client_body', 'P'],
  'http.stat_code': ['http_stat_code', 'S'],
  'http.stat_msg': ['http_stat_msg', 'Y'],
};
/** Buffers of one header's value → its name; in Snort they are part of all headers. */
const HEADER_VALUES: Readonly<Record<string, string>> = {
  'http.user_agent': 'User-Agent',
  'http.host': 'Host',
  'http.host.raw': 'Host',
  'http.referer': 'Referer',
  'http.content_type': 'Content-Type',
  'http.content_len': 'Content-Length',
  'http.accept': 'Accept',
  'http.accept_lang': 'Accept-Language',
  'http.accept_enc': 'Accept-Encoding',
  'http.connection': 'Connection',
  'http.location': 'Location',
  'http.server': 'Server',
};
const SERVER_PORTS: Readonly<Record<string, string>> = { http: '$HTTP_PORTS', tls: '443', dns: '53', smtp: '[25,587]', ftp: '21', ssh: '22', smb: '[139,445]' };
/** Options that are the same in Snort and stand where they stood. */
const ALIKE: ReadonlySet<string> = new Set(
  'dsize itype icode icmp_id icmp_seq ttl tos id ipopts fragbits fragoffset flags seq ack window ip_proto sameip stream_size urilen threshold detection_filter reference rev sid gid priority metadata'.split(
    ' ',
  ),
);
const FLOW_WORDS: ReadonlySet<string> = new Set(['established', 'not_established', 'stateless', 'to_server', 'to_client', 'only_stream', 'no_stream']);

interface Writer {
  readonly parts: string[];
  readonly notes: string[];
  readonly origins: ReadonlyMap<object, RuleOption>;
}

export function toSnort(rule: Rule, catalogue: Catalogue): { text: string; notes: readonly string[] } {
  const origins = new Map<object, RuleOption>();
  const { compiled, diagnostics } = compileRule(rule, { catalogue, settings: DEFAULT_SETTINGS, headers: new HeaderResolver(DEFAULT_SETTINGS), origins });
  if (compiled === undefined) throw new Unsayable(`the rule is refused: ${diagnostics[0]?.title ?? ''}`);
  const writer: Writer = { parts: [], notes: [], origins };
  const header = headerOf(rule, compiled);
  const options = bodyOf(rule, compiled, writer);
  return { text: `${rule.enabled ? '' : '#'}${header} (${options.map((option) => `${option};`).join(' ')})`, notes: writer.notes };
}

function headerOf(rule: Rule, compiled: CompiledRule): string {
  if (rule.direction === '=>') throw new Unsayable('Snort has no direction `=>`');
  const word = rule.protocol.split(':')[0];
  const spoken = compiled.protocols?.[0];
  let { source, sourcePorts, destination, destinationPorts } = {
    source: rule.source.text,
    sourcePorts: rule.sourcePorts.text,
    destination: rule.destination.text,
    destinationPorts: rule.destinationPorts.text,
  };
  let protocol = word;
  if (spoken !== undefined) {
    const ports = entryOf(SERVER_PORTS, spoken);
    if (ports === undefined) throw new Unsayable(`Snort 2.9 does not recognise ${spoken}, and it has no port of its own`);
    protocol = spoken === 'dns' ? 'udp' : 'tcp';
    const toClient =
      compiled.flow.direction === 1 || (compiled.flow.direction === undefined && compiled.directions.length === 1 && compiled.directions[0] === 1);
    if (toClient && sourcePorts === 'any') sourcePorts = ports;
    if (!toClient && destinationPorts === 'any') destinationPorts = ports;
  } else if (word === 'tcp-pkt' || word === 'tcp-stream') protocol = 'tcp';
  else if (!['tcp', 'udp', 'icmp', 'ip'].includes(word)) throw new Unsayable(`Snort 2.9 has no protocol \`${word}\``);
  const action = rule.action.startsWith('reject') ? 'reject' : rule.action;
  if (action === 'config') throw new Unsayable('Snort has no action `config`');
  return [action, protocol, source, sourcePorts, rule.direction, destination, destinationPorts].join(' ');
}

/** An option that Snort says in the same place, in nearly the same words. */
function likeIn(option: RuleOption, first: string[], last: string[]): void {
  const name = option.name.replace(/^tcp\.(?=flags$|seq$|ack$|window$)/, '');
  if (!ALIKE.has(name)) {
    checkSaid(option);
    return;
  }
  let { value } = option;
  const foreign = name === 'threshold' || name === 'detection_filter' ? /\bby_(?:both|rule|flow)\b|\bbackoff\b/.exec(value ?? '') : null;
  if (foreign !== null) throw new Unsayable(`\`${name}\` with \`${foreign[0]}\` has no counterpart in Snort 2.9`);
  // Where nothing is said, Snort counts the address as it came, Suricata as it was normalised.
  if (name === 'urilen' && !/,\s*(?:norm|raw)\s*$/.test(value ?? '')) value = `${value},norm`;
  const behind = /^(?:threshold|detection|reference|rev|sid|gid|priority|metadata)/.test(name);
  (behind ? last : first).push(value === undefined ? name : `${name}:${value}`);
}

function bodyOf(rule: Rule, compiled: CompiledRule, writer: Writer): string[] {
  const { parts } = writer;
  const first: string[] = [];
  const last: string[] = [];
  for (const option of rule.options) {
    const value = option.value ?? '';
    switch (option.name) {
      case 'msg':
        first.unshift(
          `msg:${value.replace(/^("ET(?:PRO)? )([A-Z_]+)/, (_, head: string, category: string) => `${head}${entryOf(CATEGORIES, category) ?? category}`)}`,
        );
        break;
      case 'flow': {
        const words = value.split(',').map((one) => one.trim().replace('from_client', 'to_server').replace('from_server', 'to_client'));
        const foreign = words.find((one) => !FLOW_WORDS.has(one));
        if (foreign !== undefined) throw new Unsayable(`\`flow:${foreign}\` has no counterpart`);
        // UDP has no state in Snort unless it is configured.
        if (compiled.protocols?.[0] !== 'dns') first.push(`flow:${words.join(',')}`);
        break;
      }
      case 'flowbits':
        first.push(`flowbits:${value}`);
        break;
      case 'noalert':
        first.push('flowbits:noalert');
        break;
      case 'classtype':
        last.push(`classtype:${NEW_CLASSES.has(value) ? 'trojan-activity' : value}`);
        break;
      case 'target':
        break;
      default:
        likeIn(option, first, last);
    }
  }
  payloadOf(compiled, writer);
  for (const test of compiled.bufferTests) {
    if (test.absent !== 'no') throw new Unsayable('`absent` has no counterpart');
    const { name } = test.buffer;
    const transforms = test.transforms.map((one) => one.definition.name);
    const foreign = transforms.find((one) => !(one === 'dotprefix' && (name === 'dns.query' || name === 'http.host')) && one !== 'to_lowercase');
    if (name === 'dns.query') dnsName(test.conditions, transforms, writer);
    else if (name === 'tls.sni') serverName(test.conditions, transforms, writer);
    else if (foreign !== undefined) throw new Unsayable(`the transform \`${foreign}\` has no counterpart`);
    else if (name === 'tls.cert_subject') certificateName(test.conditions, writer);
    else if (name === 'http.header_names') headerNames(test.conditions, writer);
    else if (name === 'file.data' || name === 'http.response_body') {
      parts.push('file_data');
      for (const condition of test.conditions) plain(condition, writer, undefined, transforms.includes('to_lowercase'));
      parts.push('pkt_data');
    } else if (Object.hasOwn(HEADER_VALUES, name)) headerValue(name, test.conditions, transforms, writer);
    else if (Object.hasOwn(MODIFIERS, name)) {
      for (const condition of test.conditions) plain(condition, writer, name, transforms.includes('to_lowercase'));
    } else throw new Unsayable(`Snort 2.9 has no buffer like \`${name}\``);
  }
  if (compiled.packetBufferTests.length > 0) throw new Unsayable(`Snort 2.9 has no buffer like \`${compiled.packetBufferTests[0].buffer.name}\``);
  if (parts[parts.length - 1] === 'pkt_data') parts.pop();
  return [...first, ...parts, ...last];
}

/** What is written from the compiled conditions, and what only says where to look. */
const FROM_CONDITIONS =
  /^(?:content|uricontent|pcre|bsize|nocase|offset|depth|distance|within|startswith|endswith|fast_pattern|rawbytes|isdataat|byte_test|byte_jump|byte_extract|base64_decode|base64_data|pkt_data|file_data|dotprefix|to_lowercase|prefilter|http[._].*|file\.data|dns[._]query|tls[._].*|noalert)$/;

function checkSaid(option: RuleOption): void {
  if (!FROM_CONDITIONS.test(option.name)) throw new Unsayable(`\`${option.name}\` has no counterpart in Snort 2.9`);
}

type Conditions = CompiledRule['payload'];

function payloadOf(compiled: CompiledRule, writer: Writer): void {
  for (const condition of compiled.payload) plain(condition, writer, undefined, false);
}

function contentText(content: ContentCondition, bytes = content.bytes): string {
  return `content:${content.negated ? '!' : ''}"${encodeContent(bytes)}"`;
}

/** A condition in its own words, with the modifier of its buffer. */
function plain(condition: Conditions[number], writer: Writer, buffer: string | undefined, lowered: boolean): void {
  const { parts, origins } = writer;
  const option = origins.get(condition);
  const [modifier, letter] = buffer === undefined ? [undefined, ''] : MODIFIERS[buffer];
  if (option === undefined) throw new Unsayable('a condition has no option of its own');
  switch (condition.kind) {
    case 'content': {
      parts.push(contentText(condition));
      if (modifier !== undefined) parts.push(modifier);
      if (condition.nocase || lowered) parts.push('nocase');
      if (condition.startsWith) parts.push(`depth:${condition.bytes.length}`);
      for (const name of ['offset', 'depth', 'distance', 'within'] as const) {
        const value = condition[name];
        if (value === undefined) continue;
        if (typeof value !== 'number') throw new Unsayable(`\`${name}\` by a variable is not said yet`);
        parts.push(`${name}:${value}`);
      }
      if (condition.fastPattern && !condition.negated) parts.push('fast_pattern');
      if (condition.endsWith) endOf(condition, buffer, modifier, writer);
      return;
    }
    case 'pattern': {
      const [, negation, source, letters] = /^(!?)\s*"?(\/.*\/)([A-Za-z]*)"?$/s.exec(option.value ?? '') ?? [];
      if (source === undefined) throw new Unsayable('a pattern can not be read');
      const kept = letters.replace(/[UIPHDMCSYQVWZ]/g, '');
      if (/[VWZ]/.test(letters)) throw new Unsayable(`the letter \`${letters}\` of a pattern has no counterpart`);
      parts.push(`pcre:${negation}"${source}${kept}${letter}${lowered && !kept.includes('i') ? 'i' : ''}"`);
      return;
    }
    case 'decode':
      parts.push(`base64_decode${option.value === undefined ? '' : `:${option.value}`}`, 'base64_data');
      for (const inner of condition.conditions) plain(inner, writer, undefined, false);
      return;
    case 'test':
      sizeOrNumber(option, buffer, writer);
  }
}

/** `endswith` in words of Snort: in the payload nothing follows, in a URI a pattern ends. */
function endOf(content: ContentCondition, buffer: string | undefined, modifier: string | undefined, writer: Writer): void {
  if (content.negated) throw new Unsayable('a negated `endswith` has no counterpart');
  if (modifier === undefined) writer.parts.push('isdataat:!1,relative');
  else writer.parts.push(`pcre:"/${patternOf(content.bytes)}$/${MODIFIERS[buffer!][1]}${content.nocase ? 'i' : ''}"`);
}

/** Bytes as a pattern that matches them. */
function patternOf(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += /[A-Za-z0-9]/.test(String.fromCharCode(byte)) ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
  return text;
}

function sizeOrNumber(option: RuleOption, buffer: string | undefined, writer: Writer): void {
  const { name, value } = option;
  if (name === 'urilen') return;
  if (name === 'bsize') {
    if (buffer === 'http.uri' || buffer === 'http.uri.raw') writer.parts.push(`urilen:${value}${buffer === 'http.uri' ? ',norm' : ',raw'}`);
    else if (buffer === 'http.method' || buffer === 'http.stat_code') return;
    else throw new Unsayable('`bsize` has no counterpart but for URIs');
    return;
  }
  if (buffer !== undefined) throw new Unsayable(`\`${name}\` on \`${buffer}\` has no counterpart`);
  writer.parts.push(`${name}:${value}`);
}

/** The one content that says the name, and how it is anchored. */
function nameIn(
  conditions: Conditions,
  dotted: boolean,
  writer: Writer,
): { content: ContentCondition; name: string; anchor: 'exact' | 'suffix' | 'below' | 'ending' } {
  const contents = conditions.filter((one) => one.kind === 'content');
  const others = conditions.filter((one) => one.kind !== 'content').map((one) => writer.origins.get(one));
  const foreign = others.find(
    (option) => option === undefined || !(option.name === 'bsize' || (option.name === 'isdataat' && /^!\s*1\s*,\s*relative/.test(option.value ?? ''))),
  );
  if (others.includes(undefined) || foreign !== undefined) throw new Unsayable(`\`${foreign?.name}\` on a name has no counterpart in its bytes`);
  const [content] = contents;
  if (contents.length !== 1 || content.kind !== 'content' || content.negated)
    throw new Unsayable('more than one content on a name has no counterpart in its bytes');
  const text = latin1(content.bytes);
  const whole = others.some((option) => option?.name === 'bsize' && Number(option.value) === content.bytes.length);
  const ends = content.endsWith || others.some((option) => option?.name === 'isdataat');
  const starts = content.startsWith || (content.depth === content.bytes.length && (content.offset ?? 0) === 0);
  if (dotted) {
    if (!ends || !text.startsWith('.')) throw new Unsayable('a name behind `dotprefix` that is not held at its end has no counterpart in its bytes');
    return { content, name: text.slice(1), anchor: 'suffix' };
  }
  if (whole || (starts && ends)) return { content, name: text, anchor: 'exact' };
  if (ends && text.startsWith('.')) return { content, name: text.slice(1), anchor: 'below' };
  if (ends) return { content, name: text, anchor: 'ending' };
  throw new Unsayable('a name that is not held at its end has no counterpart in its bytes');
}

const LONGEST_LABEL = 63;
/** With its length. */
const SHORTEST_LABEL = 2;

/** Names of DNS are labels behind their lengths, and end with a zero (RFC 1035, 3.1). */
function dnsName(conditions: Conditions, transforms: readonly string[], writer: Writer): void {
  const { content, name, anchor } = nameIn(conditions, transforms.includes('dotprefix'), writer);
  const labels = name.split('.');
  if (labels.some((label) => label.length === 0 || label.length > LONGEST_LABEL)) throw new Unsayable(`\`${name}\` is no name`);
  const encoded = concatBytes(...labels.flatMap((label) => [Uint8Array.of(label.length), fromLatin1(label)]), Uint8Array.of(0));
  // Of a label that is written in part the length is not known.
  const bytes = anchor === 'ending' ? encoded.subarray(1) : encoded;
  // Flags of an ordinary question; one question, no answers.
  writer.parts.push('content:"|01|"', 'offset:2', 'depth:1', 'content:"|00 01 00 00 00 00 00|"', 'distance:1', 'within:7', `content:"${encodeContent(bytes)}"`);
  if (content.nocase || transforms.includes('to_lowercase')) writer.parts.push('nocase');
  if (anchor === 'exact') writer.parts.push('distance:1', `within:${bytes.length}`);
  else writer.parts.push(anchor === 'below' ? `distance:${1 + SHORTEST_LABEL}` : 'distance:0');
  writer.parts.push('fast_pattern');
}

/**
 * The server name stands in the ClientHello behind its type and length (RFC 6066, 3): `00 00`, the lengths of extension and list, `00`,
 * the length of the name, the name. Where only its end is known, the length leads there, and the end is looked for backwards; the byte
 * before a name that may stand alone is a dot or that length.
 */
function serverName(conditions: Conditions, transforms: readonly string[], writer: Writer): void {
  if (transforms.some((one) => one !== 'dotprefix' && one !== 'to_lowercase')) throw new Unsayable(`the transform \`${transforms[0]}\` has no counterpart`);
  const { content, name, anchor } = nameIn(conditions, transforms.includes('dotprefix'), writer);
  const nocase = content.nocase || transforms.includes('to_lowercase');
  writer.parts.push('content:"|16|"', 'content:"|01|"', 'within:8');
  if (anchor !== 'exact') {
    const end = anchor === 'below' ? `.${name}` : name;
    if (end.length > LONGEST_NAME) throw new Unsayable(`\`${name}\` is no name`);
    const lengths = [`distance:${TYPE_TO_NAME_TYPE}`, 'within:1', 'byte_jump:2,0,relative'];
    writer.parts.push('content:"|00 00|"', 'distance:0', 'content:"|00|"', ...lengths, `content:"${encodeContent(fromLatin1(end))}"`);
    if (nocase) writer.parts.push('nocase');
    writer.parts.push(`distance:-${end.length}`, `within:${end.length}`, 'fast_pattern');
    if (anchor !== 'suffix') return;
    const length = `\\x${name.length.toString(16).padStart(2, '0')}`;
    writer.parts.push(`pcre:"/[\\x2e${length}]${patternOf(fromLatin1(name))}/${nocase ? 'i' : ''}"`);
    return;
  }
  writer.parts.push(`content:"${encodeContent(concatBytes(Uint8Array.of(0, name.length >>> 8, name.length & 255), fromLatin1(name)))}"`, 'distance:0');
  if (nocase) writer.parts.push('nocase');
  writer.parts.push('fast_pattern');
}

/** Bytes of the lengths of extension and list. */
const TYPE_TO_NAME_TYPE = 4;
/** RFC 1035, 3.1 */
const LONGEST_NAME = 253;

const LONGEST_SHORT_FORM = 127;

/** The common name stands behind its number and length (X.520, 2.5.4.3). */
function certificateName(conditions: Conditions, writer: Writer): void {
  const [content] = conditions;
  const text = content?.kind === 'content' && !content.negated ? latin1(content.bytes) : '';
  const ends = content?.kind === 'content' && (content.endsWith || conditions.length === 2);
  const name = /^CN=([^,=]+)$/.exec(text)?.[1];
  if (name === undefined || content.kind !== 'content' || !ends || conditions.length > 2)
    throw new Unsayable('only a whole common name (`content:"CN=…"; endswith`) has a counterpart in the bytes of a certificate');
  if (name.length > LONGEST_SHORT_FORM) throw new Unsayable('the common name is too long for one byte of length');
  writer.parts.push('content:"|55 04 03|"', `content:"${encodeContent(concatBytes(Uint8Array.of(name.length), fromLatin1(name)))}"`);
  if (content.nocase) writer.parts.push('nocase');
  writer.parts.push('distance:1', `within:${name.length + 1}`);
}

/** The value of one header, within all headers: its name before it, its line end behind it. */
function headerValue(buffer: string, conditions: Conditions, transforms: readonly string[], writer: Writer): void {
  const name = HEADER_VALUES[buffer];
  const sizes = conditions.map((one) => writer.origins.get(one)).filter((option) => option?.name === 'bsize');
  for (const condition of conditions) {
    const option = writer.origins.get(condition);
    if (condition.kind === 'pattern') {
      throw new Unsayable(`a pattern on \`${buffer}\` has no counterpart`);
    }
    if (condition.kind !== 'content') {
      if (option?.name === 'bsize' && /^\d+$/.test(option.value ?? '')) continue;
      if (option?.name === 'isdataat' && /^!\s*1\s*,\s*relative/.test(option.value ?? '')) continue;
      throw new Unsayable(`\`${option?.name}\` on \`${buffer}\` has no counterpart`);
    }
    if (condition.distance !== undefined || condition.within !== undefined || condition.offset !== undefined)
      throw new Unsayable(`positions in \`${buffer}\` have no counterpart`);
    const dotted = transforms.includes('dotprefix');
    const text = latin1(condition.bytes);
    const whole = sizes.some((one) => Number(one!.value) === condition.bytes.length);
    if (sizes.length > 0 && !whole) throw new Unsayable(`\`bsize\` on \`${buffer}\` has no counterpart`);
    const starts = whole || condition.startsWith || condition.depth === condition.bytes.length;
    const ends = whole || condition.endsWith || conditions.some((one) => writer.origins.get(one)?.name === 'isdataat');
    const caseless = condition.nocase || transforms.includes('to_lowercase') || buffer === 'http.host';
    if (condition.depth !== undefined && !starts) throw new Unsayable(`\`depth\` in \`${buffer}\` has no counterpart`);
    if (!starts && !ends && condition.negated) {
      writer.parts.push(`pcre:!"/^${name}\\x3a[^\\r\\n]*${patternOf(condition.bytes)}/m${caseless ? 'i' : ''}H"`);
      continue;
    }
    if (starts) {
      writer.parts.push(contentText(condition, fromLatin1(`${name}: ${text}${ends ? '\r\n' : ''}`)), 'http_header');
      if (caseless) writer.parts.push('nocase');
      if (condition.fastPattern && !condition.negated) writer.parts.push('fast_pattern');
      continue;
    }
    if (condition.negated) throw new Unsayable(`a negated end of \`${buffer}\` has no counterpart`);
    const bytes = dotted && text.startsWith('.') ? fromLatin1(text.slice(1)) : condition.bytes;
    writer.parts.push(contentText(condition, ends ? concatBytes(bytes, fromLatin1('\r\n')) : bytes), 'http_header');
    if (caseless) writer.parts.push('nocase');
    if (condition.fastPattern) writer.parts.push('fast_pattern');
    const before = dotted ? '(?:[^\\r\\n]*\\x2e)?' : '[^\\r\\n]*';
    writer.parts.push(`pcre:"/^${name}\\x3a\\x20${before}${patternOf(bytes)}${ends ? '\\r$' : ''}/m${caseless ? 'i' : ''}H"`);
  }
}

/** Whether a header is there can be said; the order of headers can not. */
function headerNames(conditions: Conditions, writer: Writer): void {
  for (const condition of conditions) {
    const text = condition.kind === 'content' ? latin1(condition.bytes) : '';
    const name = /^(?:\r\n)?([A-Za-z0-9-]+)(?:\r\n)?$/.exec(text)?.[1];
    if (
      condition.kind !== 'content' ||
      name === undefined ||
      condition.startsWith ||
      condition.endsWith ||
      condition.distance !== undefined ||
      condition.depth !== undefined
    )
      throw new Unsayable('the order of headers has no counterpart');
    writer.parts.push(contentText(condition, fromLatin1(`${text.startsWith('\r\n') ? '\r\n' : ''}${name}${text.endsWith('\r\n') ? ':' : ''}`)), 'http_header');
    if (condition.nocase) writer.parts.push('nocase');
    if (text.startsWith('\r\n'))
      writer.parts.splice(
        writer.parts.length - (condition.nocase ? 3 : 2),
        condition.nocase ? 3 : 2,
        `pcre:${condition.negated ? '!' : ''}"/^${name.replace(/-/g, '\\x2d')}${text.endsWith('\r\n') ? '\\x3a' : ''}/m${condition.nocase ? 'i' : ''}H"`,
      );
  }
}
