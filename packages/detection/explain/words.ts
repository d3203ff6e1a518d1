/** Conditions, and why they failed, in words that a newcomer understands. */
import { find, findNocase, formatAddress } from '@sigwright/bytes';
import {
  type BufferWindow,
  type BytesCondition,
  type ContentCondition,
  directionName,
  type Flow,
  type Packet,
  type StateOperation,
} from '@sigwright/contracts';
import type { CompiledRule } from '../compile/compiled-rule.ts';
import type { ExplainedBytes, ExplainedStep } from './explanation.ts';

/** What was sent on a flow, to say of one that no protocol was recognised on how it begins. */
export interface FlowOpening {
  /** first bytes of each direction that sent any, and how many there were in all */
  readonly first: [Uint8Array | undefined, Uint8Array | undefined];
  readonly lengths: [number, number];
  established: boolean;
}

export function reason(condition: BytesCondition, failed: ExplainedBytes): string {
  if (condition.kind !== 'content') return `looked at ${failed.length} bytes`;
  if (condition.negated) return `it is there, at offset ${failed.start}`;
  if (failed.length < condition.bytes.length) return `the buffer has only ${failed.length} bytes`;
  return `not found between offset ${Math.max(0, failed.start)} and ${Math.max(0, failed.end)} of ${failed.length} bytes`;
}

/** A condition in words close to the rule's own. */
export function describe(condition: BytesCondition): string {
  switch (condition.kind) {
    case 'content': {
      let text = '';
      for (const byte of condition.bytes) text += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `|${byte.toString(16).padStart(2, '0')}|`;
      const extras: string[] = [];
      if (condition.nocase) extras.push('nocase');
      for (const key of ['offset', 'depth', 'distance', 'within'] as const) {
        const value = condition[key];
        if (value !== undefined) extras.push(`${key} ${typeof value === 'number' ? value : 'a variable'}`);
      }
      if (condition.startsWith) extras.push('startswith');
      if (condition.endsWith) extras.push('endswith');
      return `content ${condition.negated ? 'not ' : ''}"${text.replaceAll('||', ' ')}"${extras.length > 0 ? `, ${extras.join(', ')}` : ''}`;
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

/** A content that is in the buffer, at `at`, but not where the rule looks for it. */
export function outside(content: ContentCondition, at: number, length: number, searched: ExplainedBytes | undefined): string {
  const stop = at + content.bytes.length;
  if (content.startsWith) return `it is there at offset ${at}, not at the beginning, where \`startswith\` wants it`;
  if (content.endsWith) return `it is there from offset ${at} to ${stop} of ${length} bytes, not at the end, where \`endswith\` wants it`;
  if (searched === undefined) return `it is there at offset ${at}, outside of where the rule looks`;
  const words = (['offset', 'depth', 'distance', 'within'] as const).flatMap((key) => {
    const value = content[key];
    return value === undefined ? [] : [`${key} ${typeof value === 'number' ? value : 'a variable'}`];
  });
  const relative = content.distance !== undefined || content.within !== undefined;
  const room = `from offset ${searched.start} to ${Math.min(searched.end, length)}`;
  return `it is there from offset ${at} to ${stop}; the rule looks ${room} only (${words.join(', ')}${relative ? ', counted from the match before it' : ''})`;
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

/** Offset of a content anywhere in a window; -1 where it is not there. */
export function placeOf({ bytes }: ContentCondition, { bytes: where, start, end }: BufferWindow, nocase: boolean): number {
  const lower = bytes.map((byte) => (byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte));
  const at = nocase ? findNocase(where, start, end, lower) : find(where, start, end, bytes);
  return at === -1 ? -1 : at - start;
}

/** What of the header keeps a packet out: its direction, a variable or address, a port, or what carries it. */
export function headerProblem({ header }: CompiledRule, packet: Packet, ends: string): Pick<ExplainedStep, 'why' | 'reason'> {
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
    return { why: `this packet runs ${ends}, and is not carried in ${fields[0]}`, reason: 'transport' };
  if (fits(true).every((one) => one)) return { why: `this packet runs ${ends}: the other direction than the header asks for`, reason: 'direction' };
  const out = [
    ...(sourceFits ? [] : [`its source is not in ${fields[1]}`]),
    ...(destinationFits ? [] : [`its destination is not in ${fields[4]}`]),
    ...(sourcePortFits ? [] : [`its source port is not in ${fields[2]}`]),
    ...(destinationPortFits ? [] : [`its destination port is not in ${fields[5]}`]),
  ];
  return { why: `this packet runs ${ends}: ${out.join(', ')}`, reason: sourceFits && destinationFits ? 'ports' : 'variables' };
}

export function flowWords(rule: CompiledRule): string {
  const words: string[] = [];
  if (rule.flow.established) words.push('established');
  if (rule.flow.notEstablished) words.push('not_established');
  if (rule.flow.direction !== undefined) words.push(directionName(rule.flow.direction));
  return words.join(',');
}

export function bitProblem(operation: StateOperation): string {
  if (operation.kind !== 'bit') return 'no rule before it left it so';
  return operation.operation === 'isset'
    ? 'no rule had set it before'
    : operation.operation === 'isnotset'
      ? 'a rule had set it before'
      : 'no rule before it left it so';
}

export function stateWords(operation: StateOperation): string {
  return operation.kind === 'bit' ? `${operation.operation} ${operation.names.join('|')}` : `${operation.name} ${operation.operation} ${operation.operand}`;
}

export function end(words: Uint32Array, port: number, version: number): string {
  const address = formatAddress(words, version);
  return version === 6 ? `[${address}]:${port}` : `${address}:${port}`;
}
