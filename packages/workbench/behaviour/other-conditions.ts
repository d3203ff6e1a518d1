/** What a group of raw messages, TLS hellos, DNS questions or transactions of any other protocol shares. */
import { counted } from '@sigwright/bytes';
import { type Condition, contentText, fixed, fromTemplate, shown } from './condition.ts';
import { bufferText, type Group, hostOf, type Observation } from './observe.ts';
import type { Ordinary } from './ordinary.ts';
import { templateOf } from './template.ts';

const LONGEST_RUN = 32;
const MOST_RUNS = 4;
/** Where nothing can be compared, so many bytes of the beginning are taken. */
const ALONE = 16;
const LARGEST_SMALL_MESSAGE = 64;
const MOST_LENGTH_OFFSET = 8;

export function rawConditions({ kind, observations, captures }: Group, ordinary: Ordinary): Condition[] {
  const messages = observations.map((one) => bufferText(one, 'payload') ?? '');
  const only = captures < 2;
  const found: Condition[] = [];
  const sizes = new Set(observations.map(({ size }) => size));
  const length = lengthField(observations);
  if (length !== undefined) found.push(length);
  const names = observations.flatMap((one) => [hostOf(one.client), hostOf(one.server)]);
  const isAllText = messages.every(isText);
  const text = isAllText
    ? fromTemplate('message', 'payload', templateOf(messages, { only, names }), { sturdy: 0.8, whole: Math.max(...sizes) < 512 })
    : undefined;
  // A message that is always the same says how long it is.
  const isSized = text?.pieces.some((one) => one.text.startsWith('bsize:')) === true;
  if (sizes.size === 1 && !isSized) found.push(sizeCondition('=', observations[0].size));
  else if (sizes.size > 1 && Math.max(...sizes) <= LARGEST_SMALL_MESSAGE) found.push(sizeCondition('<', Math.max(...sizes) * 2));
  if (isAllText) {
    if (text !== undefined)
      found.push({ ...text, pieces: text.pieces.map((one) => (one.text.startsWith('bsize:') ? { text: one.text.replace('bsize', 'dsize') } : one)) });
    return found;
  }
  const usual = ordinary.of(kind).map((one) => bufferText(one, 'payload') ?? '');
  found.push(...runConditions('payload', messages, usual, length === undefined ? 0 : lengthEnd(observations)));
  return found;
}

/**
 * Bytes at fixed places in which all values agree, the rarest stretches. How rare a byte is at its place is counted in `usual` values,
 * so that what a protocol has everywhere says nothing. `lengthEnd`: before it lies a length, of which single bytes may agree by chance.
 */
export function runConditions(buffer: string, values: readonly string[], usual: readonly string[], lengthEnd = 0): Condition[] {
  const stretches: { start: number; text: string; bits: number }[] = [];
  for (const { start, text } of fixedRuns(values)) {
    if (start < lengthEnd && text.length < 2) continue;
    const bits = [...text].map((byte, at) => byteBits(byte, start + at, usual));
    let from = 0;
    let to = text.length;
    while (from < to && bits[from] < COMMON_BYTE_BITS) from++;
    while (to > from && bits[to - 1] < COMMON_BYTE_BITS) to--;
    if (to - from >= 2 || (to > from && usual.length >= FEWEST_TO_COUNT))
      stretches.push({ start: start + from, text: text.slice(from, to), bits: bits.slice(from, to).reduce((sum, one) => sum + one, 0) });
  }
  return stretches
    .sort((a, b) => b.bits - a.bits)
    .slice(0, MOST_RUNS)
    .sort((a, b) => a.start - b.start)
    .map(({ start, text, bits }) => ({
      part: `bytes at ${start}`,
      buffer,
      pieces: [{ text: `content:"${contentText(text)}";${start === 0 ? ' startswith;' : ` offset:${start}; depth:${text.length};`}`, literal: text }],
      says: `at byte ${start} stand ${shown(text)}`,
      prior: Math.min(bits, MOST_RUN_BITS),
      sturdy: 0.8,
      holds: (observation) => bufferText(observation, buffer)?.startsWith(text, start) === true,
    }));
}

const FEWEST_TO_COUNT = 20;
/** Of the ordinary values, so many are looked at. */
const MOST_COUNTED = 500;
const COMMON_BYTE_BITS = 1.5;
const MOST_RUN_BITS = 80;

function byteBits(byte: string, at: number, usual: readonly string[]): number {
  const code = byte.charCodeAt(0);
  const estimated = code === 0 ? 1 : code === 0xff || code === 0x20 ? 3 : code < 0x10 ? 4 : code >= 0x20 && code < 0x7f ? 5 : 7;
  let long = 0;
  let same = 0;
  for (const value of usual.slice(0, MOST_COUNTED)) {
    if (value.length <= at) continue;
    long++;
    if (value[at] === byte) same++;
  }
  return long < FEWEST_TO_COUNT ? estimated : Math.min(8, -Math.log2((same + 0.5) / (long + 1)), estimated + 3);
}

export function isText(text: string): boolean {
  let plain = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if ((code >= 0x20 && code < 0x7f) || code === 0x0a || code === 0x0d || code === 0x09) plain++;
  }
  return text.length > 3 && plain >= text.length * 0.95;
}

function sizeCondition(operator: '=' | '<', size: number): Condition {
  return {
    part: 'size',
    buffer: 'payload',
    pieces: [{ text: `dsize:${operator === '=' ? '' : '<'}${size};` }],
    says: operator === '=' ? `the message has ${counted(size, 'byte')}` : `the message has fewer than ${counted(size, 'byte')}`,
    prior: operator === '=' ? 6 : 2,
    sturdy: operator === '=' ? 0.7 : 0.8,
    holds: (observation) => (operator === '=' ? observation.size === size : observation.size < size),
  };
}

/** Stretches in which all messages agree, two bytes or more and not only zeros; of one message alone its beginning. */
export function fixedRuns(messages: readonly string[]): { start: number; text: string }[] {
  const [first, ...others] = messages;
  const distinct = new Set(messages).size;
  const end = Math.min(distinct === 1 ? ALONE : Number.POSITIVE_INFINITY, ...messages.map(({ length }) => length));
  const runs: { start: number; text: string }[] = [];
  for (let at = 0; at < end; ) {
    let to = at;
    while (to < end && to - at < LONGEST_RUN && others.every((other) => other[to] === first[to])) to++;
    if (to - at >= 2 && !/^\0*$/.test(first.slice(at, to))) runs.push({ start: at, text: first.slice(at, to) });
    at = Math.max(to, at + 1);
  }
  return runs;
}

interface LengthField {
  readonly at: number;
  readonly width: 2 | 4;
  readonly little: boolean;
  /** bytes that it does not count */
  readonly rest: number;
}

/** A number that says how long the message is, as at least two messages of different length agree. */
function lengthFieldOf(observations: readonly Observation[]): LengthField | undefined {
  if (new Set(observations.map(({ size }) => size)).size < 2) return undefined;
  for (const width of [4, 2] as const)
    for (const little of [false, true])
      for (let at = 0; at <= MOST_LENGTH_OFFSET; at++) {
        const rests = new Set(
          observations.map((one) => {
            const text = bufferText(one, 'payload') ?? '';
            if (text.length < at + width) return Number.NaN;
            let value = 0;
            for (let index = 0; index < width; index++) value = value * 256 + text.charCodeAt(at + (little ? width - 1 - index : index));
            return one.size - value;
          }),
        );
        const [rest] = rests;
        if (rests.size === 1 && rest >= 0 && rest <= 64) return { at, width, little, rest };
      }
  return undefined;
}

function lengthEnd(observations: readonly Observation[]): number {
  const field = lengthFieldOf(observations);
  return field === undefined ? 0 : field.at + field.width;
}

function lengthField(observations: readonly Observation[]): Condition | undefined {
  const field = lengthFieldOf(observations);
  if (field === undefined) return undefined;
  const { at, width, little, rest } = field;
  // The jump ends at the last byte, since beyond it there is nowhere to stand.
  const post = rest - 1 - at - width;
  return {
    part: 'length field',
    buffer: 'payload',
    pieces: [{ text: `byte_jump:${width},${at}${little ? ',little' : ''}${post === 0 ? '' : `,post_offset ${post}`}; isdataat:!2,relative;` }],
    says: `the ${counted(width, 'byte')} at ${at} say how long the message is (${little ? 'least' : 'most'} significant first${rest === 0 ? '' : `, without ${counted(rest, 'byte')}`})`,
    prior: 10,
    sturdy: 0.9,
    holds: (observation) => {
      const text = bufferText(observation, 'payload') ?? '';
      if (text.length < at + width) return false;
      let value = 0;
      for (let index = 0; index < width; index++) value = value * 256 + text.charCodeAt(at + (little ? width - 1 - index : index));
      return observation.size - value === rest;
    },
  };
}

/** Enough for a rule that says itself how weak it is: other programs with the same library have the same fingerprint. */
const FINGERPRINT_BITS = 17;

export function tlsConditions({ kind, observations, captures }: Group): Condition[] {
  const found: (Condition | undefined)[] = [];
  const same = (buffer: string): string | undefined => {
    const values = new Set(observations.map((one) => bufferText(one, buffer)));
    const [value] = values;
    return values.size === 1 && value !== '' ? value : undefined;
  };
  if (kind.endsWith('to_server')) {
    found.push(serverNameCondition(observations));
    const ja3 = same('ja3.hash');
    if (ja3 !== undefined)
      found.push({ ...fixed('JA3', 'ja3.hash', ja3, { prior: FINGERPRINT_BITS, sturdy: 0.6 }), pieces: [{ text: `content:"${ja3}";`, literal: ja3 }] });
    const ja4 = same('ja4.hash');
    if (ja4 !== undefined)
      found.push({ ...fixed('JA4', 'ja4.hash', ja4, { prior: FINGERPRINT_BITS, sturdy: 0.6 }), pieces: [{ text: `content:"${ja4}";`, literal: ja4 }] });
    return found.filter((one) => one !== undefined);
  }
  for (const [part, buffer] of [
    ['subject', 'tls.cert_subject'],
    ['issuer', 'tls.cert_issuer'],
  ] as const) {
    const values = observations.map((one) => bufferText(one, buffer) ?? '');
    if (values.some((value) => value === '')) continue;
    const names = values.flatMap((value) => [...value.matchAll(/(?:[a-z0-9*-]+\.)+[a-z]{2,}/gi)].map(([name]) => name));
    found.push(fromTemplate(`certificate ${part}`, buffer, templateOf(values, { only: captures < 2, names }), { sturdy: 0.8 }));
  }
  const ja3s = same('ja3s.hash');
  if (ja3s !== undefined)
    found.push({ ...fixed('JA3S', 'ja3s.hash', ja3s, { prior: 5, sturdy: 0.5 }), pieces: [{ text: `content:"${ja3s}";`, literal: ja3s }] });
  return found.filter((one) => one !== undefined);
}

/** Names of one form; one name alone is an indicator, unless it is no name of the Internet at all. */
function serverNameCondition(observations: readonly Observation[]): Condition | undefined {
  const values = observations.map((one) => bufferText(one, 'tls.sni') ?? '');
  if (values.some((value) => value === '')) return undefined;
  if (new Set(values).size === 1) return values[0].includes('.') ? undefined : fixed('server name', 'tls.sni', values[0], { sturdy: 0.7 });
  return nameShape('server name', 'tls.sni', values);
}

const FEWEST_NAMES = 3;
const SHORTEST_LABEL = 8;

/** Names whose first label is of one narrow form and always as long (made by a program). */
function nameShape(part: string, buffer: string, values: readonly string[]): Condition | undefined {
  const labels = values.map((value) => value.split('.')[0]);
  if (new Set(labels).size < FEWEST_NAMES) return undefined;
  const lengths = new Set(labels.map(({ length }) => length));
  const [length] = lengths;
  if (lengths.size > 1 || length < SHORTEST_LABEL) return undefined;
  const template = templateOf(
    values.map((value) => `${value.split('.')[0]}.`),
    { only: false },
  );
  return fromTemplate(part, buffer, template, { whole: false, sturdy: 0.7 });
}

export function dnsConditions({ observations }: Group): Condition[] {
  const values = observations.map((one) => bufferText(one, 'dns.query') ?? '');
  if (values.some((value) => value === '')) return [];
  const shape = nameShape('first label', 'dns.query', values);
  return shape === undefined ? [] : [shape];
}

/** Addresses, people and servers: indicators or victims. */
const NAMING: ReadonlySet<string> = new Set(
  `smtp.mail_from smtp.rcpt_to smtp.helo email.from email.to email.cc email.url smb.ntlmssp_user smb.ntlmssp_domain sip.from sip.to sip.via sip.uri
sdp.origin sdp.email sdp.connection_data krb5.cname krb5.sname mqtt.connect.username quic.sni ldap.request.dn http.host http.referer`.split(/\s+/),
);

export function otherConditions({ observations, captures }: Group): Condition[] {
  const found: Condition[] = [];
  const names = observations.flatMap((one) => [hostOf(one.client), hostOf(one.server)]);
  for (const buffer of observations[0].buffers.keys()) {
    if (NAMING.has(buffer)) continue;
    const values = observations.map((one) => bufferText(one, buffer) ?? '');
    if (values.some((value) => value === '')) continue;
    const condition = fromTemplate(buffer, buffer, templateOf(values, { only: captures < 2, names }));
    if (condition !== undefined) found.push(condition);
  }
  return found;
}
