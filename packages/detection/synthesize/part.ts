/** What one rule asks of traffic: which protocol, which side speaks, which buffers, and how to solve them. */
import { type BytesCondition, type Catalogue, type Comparison, ICMP, isProblem, type Rule, type RuleOption, TCP, TO_CLIENT, UDP } from '@sigwright/contracts';
import type { CompiledRule } from '../compile/compiled-rule.ts';
import { icmpFrame, notComposed, type Ports, udpFrame } from './datagram.ts';
import type { DatagramFrame } from './datagram-frame.ts';
import { tnsFrame } from './datagram-messages.ts';
import { nameFrame } from './datagram-names.ts';
import { smbFrame } from './smb-frame.ts';
import { boundsOf, fulfils, type OptionReader, solveBytes } from './solve-bytes.ts';
import type { Below } from './solve-numbers.ts';
import type { Turn } from './turns.ts';

/** A problem names the condition that defeats it. */
export interface Unsolved {
  readonly problem: string;
}

export interface Part {
  readonly rule: Rule;
  readonly compiled: CompiledRule;
  readonly origins: ReadonlyMap<object, RuleOption>;
  readonly kind: Turn['kind'];
  readonly from: 'client' | 'server';
  /** buffer name → all conditions on it, and whether a dot goes before it */
  readonly buffers: ReadonlyMap<string, { readonly conditions: readonly BytesCondition[]; readonly dotted: boolean }>;
  readonly reader: OptionReader;
}

/** Transforms under which bytes that fulfil the conditions stay as they are. */
const HARMLESS: ReadonlySet<string> = new Set([
  'to_lowercase',
  'to_uppercase',
  'strip_whitespace',
  'compress_whitespace',
  'header_lowercase',
  'strip_pseudo_headers',
  'url_decode',
  'dotprefix',
]);
/** Buffers of digests: nobody finds bytes for them. */
const DIGESTS = /^(?:ja[34]s?\.hash|ssh\.hassh(?:\.server)?|tls\.cert_fingerprint)$/;
/** Buffers that this composes traffic for. */
const COMPOSED =
  /^(?:http\.(?:method|uri|uri\.raw|request_line|response_line|protocol|stat_code|stat_msg|host|host\.raw|user_agent|referer|header|header\.raw|header_names|request_header|response_header|cookie|content_type|content_len|accept|accept_lang|accept_enc|connection|start|location|server|request_body|response_body)|file\.data|dns\.query|dns\.queries\.rrname|tls\.(?:sni|certs|cert_subject|cert_issuer|cert_serial)|ja3\.string|ssh\.software)$/;

export function partOf(rule: Rule, compiled: CompiledRule, origins: ReadonlyMap<object, RuleOption>, catalogue: Catalogue): Part | Unsolved {
  const kind = kindOf(rule, compiled);
  if (typeof kind !== 'string') return kind;
  if (compiled.anomalies.length > 0) return { problem: `it waits for the anomaly ${compiled.anomalies[0].name}, which only broken traffic raises` };
  if (compiled.packetBufferTests.length > 0) return { problem: `it reads ${compiled.packetBufferTests[0].buffer.name}, for which no packet is composed yet` };
  if (rule.direction === '=>') return { problem: 'it looks at both sides of a transaction at once' };
  const buffers = new Map<string, { conditions: BytesCondition[]; dotted: boolean }>();
  for (const test of compiled.bufferTests) {
    // Where the text stands in the rule as well, its digest is there with it.
    if (test.buffer.name === 'ja3.hash' && compiled.bufferTests.some(({ buffer }) => buffer.name === 'ja3.string')) continue;
    if (DIGESTS.test(test.buffer.name)) return { problem: digestProblem(test.buffer.name) };
    if (!COMPOSED.test(test.buffer.name)) return { problem: `it reads ${test.buffer.name}, for which no traffic is composed yet` };
    const foreign = test.transforms.find((one) => !HARMLESS.has(one.definition.name));
    if (foreign !== undefined) return { problem: `the transform ${foreign.definition.name} of ${test.buffer.name} can not be undone` };
    if (test.absent === 'only') continue;
    // Both are the body of the response.
    const name = test.buffer.name === 'http.response_body' ? 'file.data' : test.buffer.name;
    const dotted = test.transforms.some((one) => one.definition.name === 'dotprefix');
    const known = buffers.get(name);
    if (known === undefined) buffers.set(name, { conditions: [...test.conditions], dotted });
    else known.conditions.push(...test.conditions);
  }
  const direction = compiled.flow.direction ?? (compiled.directions.length === 1 ? compiled.directions[0] : undefined);
  return {
    rule,
    compiled,
    origins,
    kind,
    from: direction === TO_CLIENT ? 'server' : 'client',
    buffers,
    reader: {
      variables: compiled.variableCount,
      optionOf: (condition) => origins.get(condition),
      argumentOf(option) {
        const read = catalogue.keywords.get(option.name)?.argument.read(option.value);
        return read === undefined || isProblem(read) ? undefined : read.value;
      },
    },
  };
}

/** A digest can not be undone: in words, and what to do instead. */
function digestProblem(buffer: string): string {
  const what =
    buffer === 'tls.cert_fingerprint' ? ' of a whole certificate, and no certificate can be made for it' : ', and what it is the digest of can not be found';
  const instead = buffer === 'ja3.hash' ? 'say `ja3.string` beside it, or keep a capture that was seen' : 'keep a capture that was seen';
  return `${buffer} is a digest${what}: ${instead}`;
}

function kindOf(rule: Rule, compiled: CompiledRule): Turn['kind'] | Unsolved {
  const spoken = compiled.protocols?.[0];
  switch (spoken) {
    case 'http':
    case 'tls':
    case 'smtp':
    case 'ftp':
    case 'ssh':
    case 'smb':
      return spoken;
    case 'dns':
      return compiled.payload.length > 0 ? 'dns-raw' : 'dns';
    case undefined:
      break;
    default:
      return { problem: `no traffic of ${spoken} is composed yet` };
  }
  if (rule.options.some(({ name, value }) => name === 'app-layer-protocol' && value === 'smb')) return 'smb';
  const { protocols } = compiled.header;
  if (protocols === undefined) return compiled.payload.length > 0 ? 'tcp' : 'packet';
  if (protocols.includes(TCP)) return compiled.payload.length > 0 || compiled.packetConditions.some((one) => one.keyword === 'dsize') ? 'tcp' : 'packet';
  if (protocols.includes(UDP)) return 'udp';
  if (protocols.includes(ICMP)) return 'icmp';
  return { problem: `no packets of ${rule.protocol} are composed yet` };
}

const OPENINGS: Readonly<Record<string, string>> = { 'http.uri': '/', 'http.uri.raw': '/', 'http.location': 'http://' };
const STATUS_LENGTH = 3;

const HOST_NAMES: ReadonlySet<string> = new Set(['dns.query', 'dns.queries.rrname', 'tls.sni', 'http.host', 'http.host.raw']);

/** What stands around a content that can not begin or end its buffer: `.com` of a name, ` Firefox/` of a value. */
function frameOf(name: string, conditions: readonly BytesCondition[]): { opening: string; ending: string } {
  const begins = (byte: number): boolean => conditions.some((one) => one.kind === 'content' && !one.negated && one.bytes[0] === byte);
  if (HOST_NAMES.has(name)) return { opening: begins(0x2e) ? 'www' : '', ending: 'net' };
  if (!name.startsWith('http.') || name === 'http.request_line' || name === 'http.header') return { opening: '', ending: '' };
  return { opening: begins(0x20) || begins(0x3b) ? 'Mozilla/5.0' : '', ending: 'x' };
}

export interface Solution {
  /** buffer name → bytes as the conditions see them */
  readonly seen: ReadonlyMap<string, Uint8Array>;
  readonly payload: Uint8Array | undefined;
  /** why another reader may find the message broken */
  readonly remark?: string;
}

/** `ports`: say what is spoken over UDP. `plain`: without the frame of a message, for rules that forbid it. */
export function solvePart(part: Part, below: Below, ports: Ports, plain: boolean): Solution | Unsolved {
  const seen = new Map<string, Uint8Array>();
  for (const [name, { conditions, dotted }] of part.buffers) {
    const status = name === 'http.stat_code' ? { least: STATUS_LENGTH, most: STATUS_LENGTH } : {};
    const opening = dotted ? '.' : name === 'http.header_names' ? '\r\n' : (OPENINGS[name] ?? '');
    const framed = opening === '' ? frameOf(name, conditions) : undefined;
    const bytes = solveBytes({ conditions, opening, openingDemanded: dotted || name === 'http.header_names', ...status, ...framed }, part.reader, below);
    if (bytes === undefined) return { problem: `no bytes were found that fulfil all conditions on ${name}` };
    seen.set(name, bytes);
  }
  const { payload } = part.compiled;
  const size = sizeOf(part);
  const frame = frameFor(part, ports);
  if (payload.length === 0 && size === undefined && (frame === undefined || plain)) return { seen, payload: undefined };
  const framed = frame === undefined || plain ? undefined : framedPayload(part, frame, size, below);
  const bytes = framed?.bytes ?? solveBytes({ conditions: payload, opening: '', ...size }, part.reader, below);
  if (bytes === undefined) return { problem: 'no payload was found that fulfils all its conditions' };
  const unknown = (part.kind === 'udp' || part.kind === 'tcp') && frame === undefined ? notComposed(ports) : undefined;
  const remark =
    frame !== undefined && !framed?.isWhole
      ? frame.only === undefined
        ? `no whole message of ${frame.name} was found that fulfils the rule`
        : `of ${frame.name} only ${frame.only} is composed, and the rule asks for another message`
      : unknown === undefined
        ? undefined
        : `its port is that of ${unknown}, of which only what the rule asks for is made`;
  return { seen, payload: bytes, ...(remark === undefined ? {} : { remark }) };
}

const ORACLE_PORT = 1521;

function frameFor(part: Part, ports: Ports): DatagramFrame | undefined {
  const { payload } = part.compiled;
  if (part.kind === 'dns-raw') return nameFrame('DNS', part.from === 'server', payload);
  if (part.kind === 'udp') return udpFrame(ports, part.from === 'server', payload);
  if (part.kind === 'tcp') return ports.serverPort === ORACLE_PORT && part.from === 'client' ? tnsFrame() : undefined;
  if (part.kind === 'smb') return smbFrame(part.from === 'server');
  return part.kind === 'icmp' ? icmpFrame(icmpTypeOf(part)) : undefined;
}

/** Undefined where the conditions forbid the frame. */
function framedPayload(
  part: Part,
  frame: DatagramFrame,
  size: Bounds | undefined,
  below: Below,
): { readonly bytes: Uint8Array; readonly isWhole: boolean } | undefined {
  const { payload } = part.compiled;
  const { template, from, least } = frame;
  if (size !== undefined && size.most < (least ?? 0)) return undefined;
  let broken: Uint8Array | undefined;
  // Contents that may stand in the head are tried there first: they often mean it.
  for (const behindHead of [false, true]) {
    const demand = { conditions: payload, opening: '', template, from, behindHead, ...size, least: Math.max(least ?? 0, size?.least ?? 0) };
    const bytes = solveBytes(demand, part.reader, below);
    if (bytes === undefined) continue;
    const whole =
      frame.finish === undefined ? bytes : wholeOf(bytes, frame.finish, (one) => fitsSize(one, size) && fulfils(payload, one, part.reader.variables));
    if (whole !== undefined) return { bytes: whole, isWhole: true };
    broken ??= bytes;
  }
  return broken === undefined ? undefined : { bytes: broken, isWhole: false };
}

function fitsSize(bytes: Uint8Array, size: Bounds | undefined): boolean {
  return size === undefined || (bytes.length >= size.least && bytes.length <= size.most);
}

/** The first whole message that is let through; with what stood at the end for its length alone left out, or put back as zeros. */
function wholeOf(bytes: Uint8Array, finish: (payload: Uint8Array) => readonly Uint8Array[], holds: (whole: Uint8Array) => boolean): Uint8Array | undefined {
  for (const start of [bytes, withoutTail(bytes)]) {
    for (const whole of finish(start)) {
      for (const candidate of whole.length < bytes.length ? [whole, padded(whole, bytes.length)] : [whole]) if (holds(candidate)) return candidate;
    }
  }
  return undefined;
}

/** Without the run of one byte at its end, which stands there for its length alone. */
function withoutTail(bytes: Uint8Array): Uint8Array {
  let end = bytes.length;
  while (end > 1 && bytes[end - 2] === bytes[bytes.length - 1]) end--;
  return end < bytes.length ? bytes.subarray(0, end - 1) : bytes;
}

function padded(bytes: Uint8Array, length: number): Uint8Array {
  const longer = new Uint8Array(length);
  longer.set(bytes);
  return longer;
}

interface Bounds {
  readonly least: number;
  readonly most: number;
}

function sizeOf(part: Part): Bounds | undefined {
  const option = part.rule.options.find((one) => one.name === 'dsize');
  if (option === undefined) return undefined;
  const [least, most] = boundsOf(part.reader.argumentOf(option) as Comparison | undefined);
  return { least, most };
}

function numberOf(part: Part, name: string): number | undefined {
  const option = part.rule.options.find((one) => one.name === name);
  return option === undefined ? undefined : boundsOf(part.reader.argumentOf(option) as Comparison | undefined)[0];
}

const ECHO_REQUEST = 8;

function icmpTypeOf(part: Part): number {
  return numberOf(part, 'itype') ?? ECHO_REQUEST;
}

export function turnOf(part: Part, solution: Solution, variant: number): Turn {
  const buffers = new Map([...solution.seen].map(([name, bytes]) => [name, part.buffers.get(name)?.dotted && bytes[0] === 0x2e ? bytes.subarray(1) : bytes]));
  return {
    kind: part.kind,
    from: part.from,
    parts: { buffers, payload: solution.payload, variant },
    needsEstablished: part.compiled.flow.established,
    ...(part.kind === 'icmp' ? { icmp: { type: icmpTypeOf(part), code: numberOf(part, 'icode') ?? 0 } } : {}),
  };
}
