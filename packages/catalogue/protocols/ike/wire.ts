/** Messages of IKE 1 and 2: header, chain of payloads and what of them can be read (RFC 2408 §3, RFC 2409, RFC 7296 §3). */
import { Cursor } from '@sigwright/bytes';

export const HEADER = 28;
const ENCRYPTED_V1 = 0x01;
/** RFC 7296 §3.14, RFC 7383: what follows can not be read */
const ENCRYPTED_PAYLOADS: ReadonlySet<number> = new Set([46, 53]);
const SECURITY_ASSOCIATION = { 1: 1, 2: 33 } as const;
const KEY_EXCHANGE = { 1: 4, 2: 34 } as const;
const NONCE = { 1: 10, 2: 40 } as const;
const VENDOR = { 1: 13, 2: 43 } as const;
const NOTIFY = 41;
/** Payloads read of one message, proposals of one payload, transforms of one proposal. */
const MOST_PAYLOADS = 64;
const MOST_PROPOSALS = 32;
const MOST_TRANSFORMS = 64;
/** Protocols that keys are agreed on for: IKE, AH, ESP, and IPCOMP in version 1 (RFC 2407 §4.4.1); up to FC_CT_AUTHENTICATION (RFC 4595). */
const LAST_PROTOCOL = { 1: 4, 2: 5 } as const;
/** Situation and domain of interpretation before the proposals of IKE 1 (RFC 2407 §4.6). */
const SITUATION = 8;
/** The high bit says that the value is in the place of the length (RFC 2408 §3.3). */
const SHORT_ATTRIBUTE = 0x8000;

/** IKE 1: attribute → value. IKE 2: one entry, type → number. */
export type Transform = ReadonlyMap<number, number>;

export interface IkeMessage {
  readonly initiator: Uint8Array;
  readonly responder: Uint8Array;
  readonly major: number;
  readonly minor: number;
  readonly exchange: number;
  readonly flags: number;
  readonly messageId: number;
  readonly encrypted: boolean;
  readonly payloads: readonly number[];
  /** the chain came to its end */
  readonly ended: boolean;
  readonly notifications: readonly number[];
  readonly vendors: readonly Uint8Array[];
  readonly keyExchange: Uint8Array | undefined;
  readonly nonce: Uint8Array | undefined;
  readonly interpretation: number | undefined;
  readonly proposals: readonly (readonly Transform[])[];
  /** of proposals that can not be read in full, and of such for a protocol that there is not */
  readonly faults: ReadonlySet<ProposalFault>;
}

export type ProposalFault = 'invalid_proposal' | 'unknown_proposal';

export function readIke(bytes: Uint8Array, start: number, end: number): IkeMessage | undefined {
  const cursor = new Cursor(bytes, start, end);
  const initiator = cursor.take(8);
  const responder = cursor.take(8);
  let next = cursor.uint8();
  const version = cursor.uint8();
  const exchange = cursor.uint8();
  const flags = cursor.uint8();
  const messageId = cursor.uint32();
  const length = cursor.uint32();
  if (initiator === undefined || responder === undefined || cursor.short || length < HEADER) return undefined;
  const major = version >>> 4;
  const of = major === 1 ? 1 : 2;
  const payloads: number[] = [];
  const notifications: number[] = [];
  const vendors: Uint8Array[] = [];
  const proposals: Transform[][] = [];
  const faults = new Set<ProposalFault>();
  let keyExchange: Uint8Array | undefined;
  let nonce: Uint8Array | undefined;
  let interpretation: number | undefined;
  cursor.end = Math.min(cursor.end, start + length);
  const encrypted = major === 1 && (flags & ENCRYPTED_V1) !== 0;
  while (next !== 0 && !encrypted && payloads.length < MOST_PAYLOADS) {
    const type = next;
    const following = cursor.uint8();
    cursor.skip(1);
    const content = cursor.take(cursor.uint16() - 4);
    if (content === undefined) break;
    payloads.push(type);
    if (type === NOTIFY && major === 2 && content.length >= 4) notifications.push((content[2] << 8) | content[3]);
    else if (type === VENDOR[of]) vendors.push(content.slice());
    // IKE 2: group number and two bytes of nothing come first (§3.4).
    else if (type === KEY_EXCHANGE[of]) keyExchange = content.slice(of === 2 ? 4 : 0);
    else if (type === NONCE[of]) nonce = content.slice();
    else if (type === SECURITY_ASSOCIATION[of]) {
      if (of === 1) interpretation = new Cursor(content, 0, content.length).uint32();
      readProposals(content, of === 1 ? SITUATION : 0, of, proposals, faults);
    }
    if (ENCRYPTED_PAYLOADS.has(type)) break;
    next = following;
  }
  return {
    initiator: initiator.slice(),
    responder: responder.slice(),
    major,
    minor: version & 15,
    exchange,
    flags,
    messageId,
    encrypted,
    payloads,
    ended: next === 0,
    notifications,
    vendors,
    keyExchange,
    nonce,
    interpretation,
    proposals,
    faults,
  };
}

/** Both versions write proposals alike (RFC 2408 §3.5, RFC 7296 §3.3.1). */
function readProposals(bytes: Uint8Array, start: number, version: 1 | 2, proposals: Transform[][], faults: Set<ProposalFault>): void {
  const cursor = new Cursor(bytes, Math.min(start, bytes.length), bytes.length);
  const before = proposals.length;
  while (cursor.left > 0 && proposals.length < MOST_PROPOSALS) {
    cursor.skip(2);
    const content = cursor.take(cursor.uint16() - 4);
    // A payload that can not be read to its end says nothing, not even that.
    if (content === undefined) {
      proposals.length = before;
      return;
    }
    const inner = new Cursor(content, 0, content.length);
    inner.skip(1);
    const protocol = inner.uint8();
    const identifierLength = inner.uint8();
    const announced = inner.uint8();
    inner.skip(identifierLength);
    if (!inner.short && (protocol === 0 || protocol > LAST_PROTOCOL[version])) faults.add('unknown_proposal');
    const transforms: Transform[] = [];
    while (inner.left > 0 && !inner.short && transforms.length < MOST_TRANSFORMS) {
      inner.skip(2);
      const transform = inner.take(inner.uint16() - 4);
      if (transform === undefined) {
        proposals.length = before;
        return;
      }
      if (transform.length < 4) break;
      transforms.push(version === 1 ? attributes(transform) : new Map([[transform[0], (transform[2] << 8) | transform[3]]]));
    }
    if (inner.short || (transforms.length < MOST_TRANSFORMS && transforms.length !== announced)) faults.add('invalid_proposal');
    proposals.push(transforms);
  }
}

/** Behind number, kind and two bytes of nothing. */
function attributes(transform: Uint8Array): Transform {
  const found = new Map<number, number>();
  const cursor = new Cursor(transform, 4, transform.length);
  while (cursor.left >= 4) {
    const type = cursor.uint16();
    const second = cursor.uint16();
    if ((type & SHORT_ATTRIBUTE) !== 0) {
      found.set(type & ~SHORT_ATTRIBUTE, second);
      continue;
    }
    const value = cursor.take(second);
    if (value === undefined) break;
    // Longer numbers than of four bytes are nobody's.
    if (value.length <= 4)
      found.set(
        type,
        value.reduce((sum, byte) => sum * 256 + byte, 0),
      );
  }
  return found;
}
