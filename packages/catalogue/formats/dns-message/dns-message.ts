/**
 * DNS messages (RFC 1035 §4, RFC 6891): header, questions, records. Multicast DNS (RFC 6762) has the same form.
 *
 * Names come out as a rule sees them: labels joined by dots, bytes as they stand on the wire, no dot at the end. Reading keeps
 * what it has when something is wrong and says what was; record data is decoded only when asked for.
 */
import { copyOf, uint16, uint32 } from '@sigwright/bytes';

/** RFC 1035 allows 255 bytes a name. Resolvers and Suricata read on; four times as much keeps odd but working names whole. */
const LONGEST_NAME = 1025;
/** A name of 255 bytes has at most 127 labels; what has more is built to cost time. */
const MOST_LABELS = 255;
/** Compression pointers followed in one name: each must lead somewhere new, and no encoder nests more than a handful. */
const MOST_JUMPS = 255;
/** Questions and records of one message together; 64 KiB hold about 5,000 of the shortest. */
const MOST_RECORDS = 5500;
/** Bytes of all names of one message together: compression may make names of 1 KiB out of two bytes, and this four times the largest message. */
const MOST_NAME_BYTES = 262_144;
export const HEADER_LENGTH = 12;

export const RESPONSE = 0x8000;
export const AUTHORITATIVE = 0x0400;
export const TRUNCATED = 0x0200;
export const RECURSION_DESIRED = 0x0100;
export const RECURSION_AVAILABLE = 0x0080;
export const RESERVED = 0x0040;

export type Fault = 'malformed_data' | 'infinite_loop' | 'name_too_long' | 'too_many_labels' | 'invalid_authorities' | 'invalid_additionals';

export interface Question {
  readonly name: Uint8Array;
  readonly type: number;
  readonly class: number;
}

export interface ResourceRecord {
  readonly name: Uint8Array;
  readonly type: number;
  readonly class: number;
  readonly ttl: number;
  /** the record's data is message.bytes[dataStart, dataEnd) */
  readonly dataStart: number;
  readonly dataEnd: number;
}

export interface DnsMessage {
  /** the whole message, a copy of its own; names may point anywhere into it */
  readonly bytes: Uint8Array;
  readonly id: number;
  readonly flags: number;
  readonly questions: readonly Question[];
  readonly answers: readonly ResourceRecord[];
  readonly authorities: readonly ResourceRecord[];
  readonly additionals: readonly ResourceRecord[];
  /** in the order found; empty for a message as it should be */
  readonly faults: readonly Fault[];
  /** header and questions, and for responses the answers, could be read; false: nothing after the fault is to be trusted */
  readonly sound: boolean;
}

export function opcodeOf(flags: number): number {
  return (flags >>> 11) & 15;
}

export function responseCodeOf(flags: number): number {
  return flags & 15;
}

// One name is built at a time; its bytes are copied out when it is complete.
const scratch = new Uint8Array(LONGEST_NAME + 64);

export class NameReader {
  readonly bytes: Uint8Array;
  /** the message is bytes[start, end); all offsets are within it */
  readonly #start: number;
  readonly #end: number;
  /** offset behind the name last read */
  at = 0;
  fault: Fault | undefined = undefined;

  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.#start = start;
    this.#end = end;
  }

  /** The name at `from`; undefined where it can not be read. A name that is too long or loops is cut there, and `fault` says so. */
  name(from: number): Uint8Array | undefined {
    const length = this.#read(from);
    return length < 0 ? undefined : copyOf(scratch, 0, length);
  }

  /** Could the name at `from` be read? */
  pass(from: number): boolean {
    return this.#read(from) >= 0;
  }

  /** Writes the name to `scratch`; how long it is, -1 where it can not be read. */
  #read(from: number): number {
    const { bytes } = this;
    const start = this.#start;
    const end = this.#end;
    let at = start + from;
    let behind = -1;
    let length = 0;
    let labels = 0;
    let jumps = 0;
    for (;;) {
      if (at >= end) return -1;
      const byte = bytes[at];
      if (byte === 0) {
        at++;
        break;
      }
      if (byte >= 0xc0) {
        if (at + 2 > end) return -1;
        if (behind < 0) behind = at + 2;
        const target = start + (((byte & 0x3f) << 8) | bytes[at + 1]);
        if (target >= end) return -1;
        if (target === at || ++jumps > MOST_JUMPS) {
          this.fault = 'infinite_loop';
          break;
        }
        at = target;
        continue;
      }
      // 01 and 10 at the front were tried for extended labels and given up (RFC 6891 §5).
      if (byte > 63 || at + 1 + byte > end) return -1;
      if (++labels > MOST_LABELS) {
        this.fault = 'too_many_labels';
        break;
      }
      if (length > 0) scratch[length++] = 0x2e;
      if (length + byte > LONGEST_NAME) {
        this.fault = 'name_too_long';
        const room = LONGEST_NAME - length;
        for (let index = 0; index < room; index++) scratch[length++] = bytes[at + 1 + index];
        break;
      }
      for (let index = at + 1; index <= at + byte; index++) scratch[length++] = bytes[index];
      at += 1 + byte;
    }
    // Cut names: find where they end on the wire, so that what follows is still read.
    if (this.fault !== undefined && behind < 0) behind = skipName(bytes, at, end);
    this.at = (behind < 0 ? at : behind) - start;
    return length;
  }
}

/** Offset behind the name at `at`, without reading it; `end` where there is none. */
function skipName(bytes: Uint8Array, at: number, end: number): number {
  let here = at;
  while (here < end) {
    const byte = bytes[here];
    if (byte === 0) return here + 1;
    if (byte >= 0xc0) return here + 2;
    here += 1 + byte;
  }
  return end;
}

interface Reading {
  readonly reader: NameReader;
  faults: Fault[] | undefined;
  questions: Question[];
  at: number;
  /** questions and records that may still be read */
  left: number;
  nameBytesLeft: number;
}

/** The next name; undefined where it can not be read or where names have grown too long altogether. */
function nextName(reading: Reading): Uint8Array | undefined {
  if (--reading.left < 0 || reading.nameBytesLeft < 0) return undefined;
  const { reader } = reading;
  const name = reader.name(reading.at);
  if (reader.fault !== undefined) {
    note(reading, reader.fault);
    reader.fault = undefined;
  }
  if (name !== undefined) reading.nameBytesLeft -= name.length;
  return name;
}

function note(reading: Reading, fault: Fault): void {
  reading.faults ??= [];
  if (!reading.faults.includes(fault)) reading.faults.push(fault);
}

function readQuestions(reading: Reading, count: number): boolean {
  const { bytes } = reading.reader;
  for (let left = count; left > 0; left--) {
    const name = nextName(reading);
    const at = reading.reader.at;
    if (name === undefined || at + 4 > bytes.length) return false;
    const question = { name, type: uint16(bytes, at), class: uint16(bytes, at + 2) };
    // Nearly always it is the only one: an array that grows makes room for many.
    if (reading.questions.length === 0) reading.questions = [question];
    else reading.questions.push(question);
    reading.at = at + 4;
  }
  return true;
}

function readRecords(reading: Reading, count: number, into: ResourceRecord[]): boolean {
  const { bytes } = reading.reader;
  for (let left = count; left > 0; left--) {
    const name = nextName(reading);
    const at = reading.reader.at;
    if (name === undefined || at + 10 > bytes.length) return false;
    const dataStart = at + 10;
    const dataEnd = dataStart + uint16(bytes, at + 8);
    if (dataEnd > bytes.length) return false;
    into.push({ name, type: uint16(bytes, at), class: uint16(bytes, at + 2), ttl: uint32(bytes, at + 4), dataStart, dataEnd });
    reading.at = dataEnd;
  }
  return true;
}

/** Most messages have none: these are theirs. */
const NO_QUESTIONS: Question[] = [];
const NO_RECORDS: ResourceRecord[] = [];
const NO_FAULTS: readonly Fault[] = [];

/** input[start, end) is one message; undefined where there is not even a header. */
export function readDnsMessage(input: Uint8Array, start: number, end: number): DnsMessage | undefined {
  if (end - start < HEADER_LENGTH) return undefined;
  const bytes = copyOf(input, start, end);
  const reading: Reading = {
    reader: new NameReader(bytes),
    faults: undefined,
    questions: NO_QUESTIONS,
    at: HEADER_LENGTH,
    left: MOST_RECORDS,
    nameBytesLeft: MOST_NAME_BYTES,
  };
  const answers = uint16(bytes, 6) === 0 ? NO_RECORDS : [];
  const authorities = uint16(bytes, 8) === 0 ? NO_RECORDS : [];
  const additionals = uint16(bytes, 10) === 0 ? NO_RECORDS : [];
  const sound = readQuestions(reading, uint16(bytes, 4)) && readRecords(reading, uint16(bytes, 6), answers);
  if (!sound) note(reading, 'malformed_data');
  else if (!readRecords(reading, uint16(bytes, 8), authorities)) note(reading, 'invalid_authorities');
  else if (!readRecords(reading, uint16(bytes, 10), additionals)) note(reading, 'invalid_additionals');
  const { questions, faults = NO_FAULTS } = reading;
  return { bytes, id: uint16(bytes, 0), flags: uint16(bytes, 2), questions, answers, authorities, additionals, faults, sound };
}

/** Bytes that each entry takes at least, however much of its name is elsewhere; Suricata counts so. */
const LEAST_ENTRY = 2;

/** Do the counts of input[start, end) announce more than fits into it? */
export function announcesTooMuch(input: Uint8Array, start: number, end: number): boolean {
  if (end - start < HEADER_LENGTH) return true;
  let entries = 0;
  for (let at = start + 4; at < start + HEADER_LENGTH; at += 2) entries += uint16(input, at);
  return entries * LEAST_ENTRY > end - start;
}

/** Operations up to 6 are assigned (IANA "DNS OpCodes"). */
export const HIGHEST_OPCODE = 6;
/** A question takes five bytes at least, a record eleven; the sum is a floor for what the counts announce. */
const SHORTEST_ENTRY = 5;

/**
 * Could these bytes begin with a DNS message? 1 yes, 0 no, -1 not enough bytes to tell. `whole`: the bytes are all there is (a datagram).
 * Asked on ports where DNS is expected, so that a set reserved bit alone does not speak against it.
 */
export function looksLikeDns(bytes: Uint8Array, start: number, end: number, whole: boolean): -1 | 0 | 1 {
  if (end - start < HEADER_LENGTH) return whole ? 0 : -1;
  const flags = uint16(bytes, start + 2);
  const questions = uint16(bytes, start + 4);
  const total = questions + uint16(bytes, start + 6) + uint16(bytes, start + 8) + uint16(bytes, start + 10);
  if (opcodeOf(flags) > HIGHEST_OPCODE) return 0;
  // A server that could not read the question answers with a header alone.
  if (total === 0) return whole && end - start === HEADER_LENGTH && (flags & RESPONSE) !== 0 && responseCodeOf(flags) !== 0 ? 1 : 0;
  if (whole && total * SHORTEST_ENTRY > end - start - HEADER_LENGTH) return 0;
  const reader = new NameReader(bytes, start, end);
  if (!reader.pass(HEADER_LENGTH) || reader.at + 4 > end - start) return whole ? 0 : -1;
  return 1;
}
