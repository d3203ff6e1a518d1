/**
 * Messages of DNS (RFC 1035 section 4) and of its relatives LLMNR (RFC 4795) and NBNS (RFC 1002 section 4.2), made whole around what a
 * rule asks for: the head, lengths of labels, and the questions and records that the head promises.
 */
import { concatBytes, fromLatin1, latin1 } from '@sigwright/bytes';
import type { BytesCondition } from '@sigwright/contracts';
import type { DatagramFrame } from './datagram-frame.ts';

export type NameService = 'DNS' | 'LLMNR' | 'NBNS';

const HEAD_LENGTH = 12;
const LONGEST_LABEL = 63;
/** A name of NetBIOS is one label of 32 letters, two for each of its 16 bytes. */
const NETBIOS_LABEL = 32;
const NETBIOS_BLANK = fromLatin1('CA');
const POINTER = 0xc0;
const MOST_RECORDS = 64;
const MOST_LABELS = 40;

const A = 1;
const NS = 2;
const CNAME = 5;
const AAAA = 28;
const OPT = 41;
const NB = 0x20;
const NBSTAT = 0x21;
/** One name in the table of a node, and its statistics, all zero. */
const NODE_STATUS = concatBytes(Uint8Array.of(1), fromLatin1('FILESERVER     '), Uint8Array.of(0, 4, 0), new Uint8Array(46));

export function dnsQuestion(name: Uint8Array = fromLatin1('www.example.net')): Uint8Array {
  const labels = latin1(name)
    .split('.')
    .filter((label) => label !== '')
    .map((label) => fromLatin1(label));
  const encoded = labels.flatMap((label) => [Uint8Array.of(label.length), label]);
  return concatBytes(Uint8Array.of(0x3c, 0x1a, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0), ...encoded, Uint8Array.of(0, 0, 1, 0, 1));
}

const QUERY_HEAD = dnsQuestion().subarray(0, HEAD_LENGTH);
const ANSWER_HEAD = QUERY_HEAD.map((byte, at) => (at === 2 ? 0x81 : at === 3 ? 0x80 : byte));
/** Answers of NBNS repeat no question. */
const NETBIOS_ANSWER_HEAD = Uint8Array.of(0x3c, 0x1a, 0x85, 0, 0, 0, 0, 1, 0, 0, 0, 0);

/** A content that begins within a label leaves a byte free before it, which becomes the label's length. */
export function nameFrame(service: NameService, isAnswer: boolean, conditions: readonly BytesCondition[]): DatagramFrame {
  const free = conditions.find((one) => one.kind === 'content' && !one.negated && one.depth === undefined && !one.startsWith && one.bytes[0] !== 0);
  const begins = free?.kind === 'content' ? free.bytes[0] : 0;
  // A blank is 32, the length of every name of NetBIOS.
  const inLabel = isNameByte(begins) && !(service === 'NBNS' && begins === NETBIOS_LABEL);
  const head = !isAnswer ? QUERY_HEAD : service === 'NBNS' ? NETBIOS_ANSWER_HEAD : ANSWER_HEAD;
  const finish = (payload: Uint8Array): Uint8Array[] => wholes(payload, service);
  if (!inLabel) return { name: service, template: head, from: HEAD_LENGTH, finish };
  return {
    name: service,
    template: concatBytes(head, Uint8Array.of(0x61)),
    from: HEAD_LENGTH + 1,
    finish(payload) {
      let end = HEAD_LENGTH + 1;
      while (end < payload.length && end - HEAD_LENGTH <= LONGEST_LABEL && isNameByte(payload[end])) end++;
      return finish(payload.map((byte, at) => (at === HEAD_LENGTH ? (service === 'NBNS' ? NETBIOS_LABEL : end - HEAD_LENGTH - 1) : byte)));
    },
  };
}

function isNameByte(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a) || byte === 0x2d || byte === 0x5f;
}

/** A name that breaks off ends there, or goes on (for rules that forbid its end). */
function wholes(payload: Uint8Array, service: NameService): Uint8Array[] {
  return [wholeMessage(payload, service), wholeMessage(payload, service, true)].filter((one) => one !== undefined);
}

/** What the head promises and the message lacks is put behind it; undefined where what is there can be no message. */
export function wholeMessage(payload: Uint8Array, service: NameService = 'DNS', longer = false): Uint8Array | undefined {
  const bytes = [...payload];
  const byte = (at: number, where: number): number => {
    bytes[at] ??= where;
    return bytes[at];
  };
  const pair = (at: number, where: number): number => (byte(at, where >>> 8) << 8) | byte(at + 1, where & 0xff);
  for (let at = 0; at < HEAD_LENGTH; at++) byte(at, QUERY_HEAD[at]);
  let at = HEAD_LENGTH;
  let goesOn = longer;
  const name = (): boolean => {
    for (let labels = 0; labels < MOST_LABELS; labels++) {
      if (goesOn && labels > 0 && at === bytes.length) {
        bytes.push(3, 0x6e, 0x65, 0x74);
        goesOn = false;
      }
      let length = byte(at, labels === 0 ? POINTER : 0);
      if (length >= POINTER) {
        byte(at + 1, HEAD_LENGTH);
        at += 2;
        return true;
      }
      if (length > LONGEST_LABEL) length = inLabels(bytes, at);
      at++;
      if (length === 0) return true;
      for (let one = 0; one < length; one++) byte(at + one, service === 'NBNS' ? NETBIOS_BLANK[one % 2] : 0x61);
      at += length;
    }
    return false;
  };
  const questions = pair(4, 1);
  const promised = (): number => pair(6, 0) + pair(8, 0) + pair(10, 0);
  // What a pattern put there was not meant as numbers.
  if (promised() > MOST_RECORDS) bytes.fill(0, 8, HEAD_LENGTH);
  if (promised() > MOST_RECORDS) bytes.fill(0, 6, 8);
  const records = promised();
  if (questions + records > MOST_RECORDS) return undefined;
  const usual = service === 'NBNS' ? NB : A;
  for (let one = 0; one < questions; one++) {
    if (at === bytes.length && one === 0) {
      if (service === 'NBNS') bytes.push(NETBIOS_LABEL);
      else bytes.push(3, 0x77, 0x77, 0x77);
    }
    if (!name()) return undefined;
    pair(at, usual);
    pair(at + 2, 1);
    at += 4;
  }
  for (let one = 0; one < records; one++) {
    if (!name()) return undefined;
    const type = pair(at, usual);
    pair(at + 2, 1);
    pair(at + 4, 0);
    pair(at + 6, 300);
    const data = recordData(type, service);
    const length = pair(at + 8, data.length);
    at += 10;
    for (let inside = 0; inside < length; inside++) byte(at + inside, data[inside] ?? 0x61);
    at += length;
  }
  return Uint8Array.from(bytes);
}

function recordData(type: number, service: NameService): Uint8Array {
  if (service === 'NBNS') return type === NBSTAT ? NODE_STATUS : Uint8Array.of(0, 0, 10, 40, 7, 80);
  if (type === OPT) return new Uint8Array(0);
  if (type === NS || type === CNAME) return Uint8Array.of(POINTER, HEAD_LENGTH);
  return type === AAAA ? Uint8Array.of(0xfe, 0x80, ...new Uint8Array(13), 1) : Uint8Array.of(10, 10, 10, 10);
}

/**
 * Letters stand where the length of a label must be: up to the next zero they become labels, whose lengths take the place of letters,
 * or go before them where there is but one. Gives the length of the first.
 */
function inLabels(bytes: number[], from: number): number {
  let end = from;
  while (end < bytes.length && bytes[end] !== 0) end++;
  if (end - from === 1) {
    bytes.splice(from, 0, 1);
    return 1;
  }
  for (let at = from; at < end; ) {
    const length = Math.min(LONGEST_LABEL, end - at - 1);
    // One letter is left over: the label before gives one up.
    bytes[at] = end - at - 1 - length === 1 ? length - 1 : length;
    at += bytes[at] + 1;
  }
  return bytes[from];
}
