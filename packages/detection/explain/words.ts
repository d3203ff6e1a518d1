/** Conditions, and why they failed, in words that a newcomer understands. */
import { find, findNocase, formatAddress } from '@sigwright/bytes';
import {
  type BufferWindow,
  type BytesCondition,
  type ContentCondition,
  directionName,
  type Flow,
  ICMP,
  ICMPV6,
  type Packet,
  type StateOperation,
  type StateScope,
  TCP,
  UDP,
} from '@sigwright/contracts';
import type { CompiledRule } from '../compile/compiled-rule.ts';
import type { ExplainedStep } from './explanation.ts';
import type { Failure, Positions } from './failure.ts';
import type { FlowOpening } from './flow-openings.ts';

const POSITIONS = ['offset', 'depth', 'distance', 'within'] as const;

export function positionsOf(content: ContentCondition, variables: Float64Array): Positions {
  const found: Partial<Record<(typeof POSITIONS)[number], number>> = {};
  for (const key of POSITIONS) {
    const value = content[key];
    if (value !== undefined) found[key] = typeof value === 'number' ? value : variables[value.variable];
  }
  return found;
}

/** Why a condition failed, as far as it can be told from the buffer alone. */
export function reason(condition: BytesCondition, { searched, window, measured }: Failure): string {
  const { start, end, length } = searched;
  switch (condition.kind) {
    case 'test':
      return measured?.words ?? `looked at ${length} bytes`;
    case 'decode':
      return `nothing can be decoded there: ${quoted(window.bytes.subarray(window.start + Math.max(0, start), Math.min(window.end, window.start + start + SHOWN)))}`;
    case 'pattern':
      return condition.negated ? `it matches, at offset ${start}` : `no match ${start > 0 ? `from offset ${start} on ` : ''}in ${length} bytes`;
    case 'content': {
      if (condition.negated) return `it is there, at offset ${start}`;
      const size = condition.bytes.length;
      const beginning = longestBeginning(condition, window);
      const near =
        beginning === undefined
          ? ''
          : `; the first ${beginning.length} of its ${size} bytes are at offset ${beginning.at}, then comes ${beginning.next === undefined ? 'the end' : `${quoted(Uint8Array.of(beginning.next))} where the rule has ${quoted(condition.bytes.subarray(beginning.length, beginning.length + 1))}`}`;
      const bare = size > 1 && condition.bytes[0] === DOT && placeOf({ ...condition, bytes: condition.bytes.subarray(1) }, window, condition.nocase) === 0;
      if (bare) return 'what begins the buffer is it but for its first dot, which `dotprefix` would put there';
      if (length < size) return `the buffer has only ${length} bytes, too few for its ${size}${near}`;
      const [from, to] = [Math.max(0, start), Math.max(0, Math.min(end, length))];
      return `not found ${from === 0 && to === length ? `in the ${length} bytes` : `between offset ${from} and ${to} of ${length} bytes`}${near}`;
    }
  }
}

const DOT = 0x2e;
/** Bytes of a buffer that are told in a sentence. */
const SHOWN = 24;
/** Shorter beginnings stand somewhere by chance. */
const LEAST_BEGINNING = 4;

/** Where most of a content's beginning stands, and which byte comes instead of the next; undefined where that is little of it. */
function longestBeginning(
  { bytes, nocase }: ContentCondition,
  { bytes: where, start, end }: BufferWindow,
): { readonly at: number; readonly length: number; readonly next: number | undefined } | undefined {
  const fold = (byte: number): number => (nocase && byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte);
  let best = Math.max(LEAST_BEGINNING, Math.ceil(bytes.length / 2)) - 1;
  let at = -1;
  for (let first = start; first < end - best; first++) {
    let length = 0;
    while (length < bytes.length && first + length < end && fold(where[first + length]) === fold(bytes[length])) length++;
    if (length <= best) continue;
    best = length;
    at = first;
  }
  if (at === -1) return undefined;
  return { at: at - start, length: best, next: at + best < end ? where[at + best] : undefined };
}

/** A condition in words close to the rule's own. */
export function describe(condition: BytesCondition, positions?: Positions): string {
  switch (condition.kind) {
    case 'content': {
      const extras: string[] = [];
      if (condition.nocase) extras.push('nocase');
      extras.push(...positionWords(condition, positions));
      if (condition.startsWith) extras.push('startswith');
      if (condition.endsWith) extras.push('endswith');
      return `content ${condition.negated ? 'not ' : ''}${quoted(condition.bytes)}${extras.length > 0 ? `, ${extras.join(', ')}` : ''}`;
    }
    case 'pattern':
      return `pcre ${condition.negated ? 'not ' : ''}/${condition.pattern.source}/${condition.relative ? 'R' : ''}`;
    default:
      return `${condition.keyword}: ${condition.describes}`;
  }
}

export function isNegated(condition: BytesCondition): boolean {
  return (condition.kind === 'content' || condition.kind === 'pattern') && condition.negated;
}

function positionWords(content: ContentCondition, positions: Positions | undefined): string[] {
  return POSITIONS.flatMap((key) => {
    const value = content[key];
    if (value === undefined) return [];
    const known = positions?.[key];
    return [`${key} ${typeof value === 'number' ? value : known === undefined ? 'a variable' : `${known} (a variable)`}`];
  });
}

/** A content that is in the buffer, at `at`, but not where the rule looks for it. */
export function outside(content: ContentCondition, at: number, { searched, window, cursor, positions }: Failure): string {
  const length = window.end - window.start;
  const stop = at + content.bytes.length;
  if (content.startsWith) return `it is there at offset ${at}, not at the beginning, where \`startswith\` wants it`;
  if (content.endsWith) return `it is there from offset ${at} to ${stop} of ${length} bytes, not at the end, where \`endswith\` wants it`;
  const words = positionWords(content, positions);
  const relative = content.distance !== undefined || content.within !== undefined;
  const end = Math.min(searched.end, length);
  const room = searched.start >= length ? `behind the ${length} bytes there are` : `from offset ${searched.start} to ${end} only`;
  const counted = relative ? `, counted from offset ${cursor}, where what stands before it in the rule ended` : '';
  const before = relative && at < cursor ? ', before that' : '';
  return `it is there from offset ${at} to ${stop}${before}; the rule looks ${room} (${words.join(', ')}${counted})`;
}

/** Why a flow was taken for no protocol, as far as its bytes tell. */
export function unrecognised(flow: Flow, opening: FlowOpening | undefined): string {
  if (opening === undefined) return 'the protocol was never recognised: nothing was sent on the flow';
  const { first, lengths } = opening;
  const said = ([0, 1] as const).flatMap((direction) => {
    const bytes = first[direction];
    if (bytes === undefined) return [];
    return [`${lengths[direction]} bytes ${directionName(direction)}, which begin ${quoted(bytes)}`];
  });
  const taken = flow.applicationProtocol === 'failed' ? 'the flow was taken for none that is known (`failed`)' : 'the flow was taken for none to its end';
  return `the protocol was never recognised: ${taken}; it carries ${said.join(', and ')}`;
}

/** Bytes as the content of a rule has them. */
export function quoted(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes)
    text +=
      byte >= 0x20 && byte < 0x7f && !'"|\\;:'.includes(String.fromCharCode(byte)) ? String.fromCharCode(byte) : `|${byte.toString(16).padStart(2, '0')}|`;
  return `"${text.replaceAll('||', ' ')}"`;
}

/** Offset of a content in a window, the first at or behind the offset `from`, else the first of all; -1 where it is not there. */
export function placeOf({ bytes }: ContentCondition, { bytes: where, start, end }: BufferWindow, nocase: boolean, from = 0): number {
  const lower = bytes.map((byte) => (byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte));
  const look = (begin: number): number => (nocase ? findNocase(where, begin, end, lower) : find(where, begin, end, bytes));
  const begin = Math.max(start, Math.min(start + from, end));
  const at = look(begin);
  const found = at === -1 && begin > start ? look(start) : at;
  return found === -1 ? -1 : found - start;
}

function transportName({ protocol, ipVersion }: Packet): string {
  if (protocol === TCP) return 'tcp';
  if (protocol === UDP) return 'udp';
  if (protocol === ICMP || protocol === ICMPV6) return 'icmp';
  return ipVersion === 0 ? 'no IP' : `IP protocol ${protocol}`;
}

/** What of the header keeps a packet out: its direction, a variable or address, a port, or what carries it. */
export function headerProblem({ header }: CompiledRule, packet: Packet, ends: string): Pick<ExplainedStep, 'why' | 'reason' | 'spoken'> {
  const { source, destination, sourcePort, destinationPort, ipVersion } = packet;
  const { fields } = header;
  const fits = (turned: boolean): readonly [boolean, boolean, boolean, boolean] => [
    header.source === undefined || header.source.contains(turned ? destination : source, ipVersion),
    header.sourcePorts === undefined || header.sourcePorts.contains(turned ? destinationPort : sourcePort),
    header.destination === undefined || header.destination.contains(turned ? source : destination, ipVersion),
    header.destinationPorts === undefined || header.destinationPorts.contains(turned ? sourcePort : destinationPort),
  ];
  const [sourceFits, sourcePortFits, destinationFits, destinationPortFits] = fits(false);
  if (sourceFits && sourcePortFits && destinationFits && destinationPortFits)
    return { why: `this packet runs ${ends} over ${transportName(packet)}, not ${fields[0]}`, reason: 'transport', spoken: transportName(packet) };
  const out = [
    ...(sourceFits ? [] : [`its source is not in ${fields[1]}`]),
    ...(destinationFits ? [] : [`its destination is not in ${fields[4]}`]),
    ...(sourcePortFits ? [] : [`its source port is not in ${fields[2]}`]),
    ...(destinationPortFits ? [] : [`its destination port is not in ${fields[5]}`]),
  ];
  if (fits(true).every((one) => one))
    return { why: `this packet runs ${ends}: ${out.join(', ')}; the header asks for the other direction`, reason: 'direction' };
  return { why: `this packet runs ${ends}: ${out.join(', ')}`, reason: sourceFits && destinationFits ? 'ports' : 'variables' };
}

export function flowWords(rule: CompiledRule): string {
  const words: string[] = [];
  if (rule.flow.established) words.push('established');
  if (rule.flow.notEstablished) words.push('not_established');
  if (rule.flow.direction !== undefined) words.push(directionName(rule.flow.direction));
  return words.join(',');
}

const SCOPES: Readonly<Partial<Record<StateScope, string>>> = {
  source: ' for the source address',
  destination: ' for the destination address',
  both: ' for either address',
  pair: ' for the pair of addresses',
  transaction: ' on the transaction',
};

/** What keeps the state that is asked for. */
export function stateKeeper(operation: StateOperation): string {
  if (operation.kind !== 'bit') return 'flow number';
  return operation.scope === 'flow' ? 'flow bit' : operation.scope === 'transaction' ? 'transaction bit' : 'address bit';
}

export function bitProblem(operation: StateOperation, flow: Flow | undefined): string {
  if (operation.kind !== 'bit') {
    const value = flow?.integers?.get(operation.name);
    return value === undefined ? 'no rule before it gave it a value' : `it is ${value}`;
  }
  return operation.operation === 'isset'
    ? 'no rule had set it before'
    : operation.operation === 'isnotset'
      ? 'a rule had set it before'
      : 'no rule before it left it so';
}

export function stateWords(operation: StateOperation): string {
  if (operation.kind === 'bit') return `${operation.operation} ${operation.names.join('|')}${SCOPES[operation.scope] ?? ''}`;
  const { name, operation: verb, operand } = operation;
  return verb === 'isset' ? `${name} is set` : verb === 'notset' || verb === 'isnotset' ? `${name} is not set` : `${name} ${verb} ${operand}`;
}

export function end(words: Uint32Array, port: number, version: number): string {
  const address = formatAddress(words, version);
  return version === 6 ? `[${address}]:${port}` : `${address}:${port}`;
}
