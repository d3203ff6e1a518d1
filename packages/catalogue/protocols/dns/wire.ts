/** DNS messages (RFC 1035, 6891): header, questions, records. Reading keeps what it has when something is wrong. */
import { formatAddress, formatIpv4, latin1, uint16, uint32 } from '@sigwright/bytes';

/** Names: RFC 1035 allows 255 bytes; others stop at about 1,025, which keeps odd but working names whole. */
const LONGEST_NAME = 1025;
const MOST_JUMPS = 64;
/** Per message; a 64 KiB message can hold about 5,000. */
const MOST_RECORDS = 1024;

export interface Question {
  readonly name: Uint8Array;
  readonly type: number;
}

export interface ResourceRecord {
  readonly name: Uint8Array;
  readonly type: number;
  readonly ttl: number;
  /** as shown in records; undefined for types that are not decoded */
  readonly data: unknown;
  readonly rdata: Uint8Array;
}

export interface DnsMessage {
  readonly id: number;
  readonly flags: number;
  readonly questions: readonly Question[];
  readonly answers: readonly ResourceRecord[];
  readonly authorities: readonly ResourceRecord[];
  readonly additionals: readonly ResourceRecord[];
  /** the message ended or contradicted itself before everything announced was read */
  readonly malformed: boolean;
}

export const RESPONSE = 0x8000;

export function opcodeOf(flags: number): number {
  return (flags >>> 11) & 15;
}

export const TYPES: Readonly<Record<number, string>> = {
  1: 'A',
  2: 'NS',
  5: 'CNAME',
  6: 'SOA',
  10: 'NULL',
  12: 'PTR',
  13: 'HINFO',
  15: 'MX',
  16: 'TXT',
  24: 'SIG',
  25: 'KEY',
  28: 'AAAA',
  29: 'LOC',
  33: 'SRV',
  35: 'NAPTR',
  39: 'DNAME',
  41: 'OPT',
  43: 'DS',
  44: 'SSHFP',
  46: 'RRSIG',
  47: 'NSEC',
  48: 'DNSKEY',
  50: 'NSEC3',
  52: 'TLSA',
  64: 'SVCB',
  65: 'HTTPS',
  99: 'SPF',
  249: 'TKEY',
  250: 'TSIG',
  251: 'IXFR',
  252: 'AXFR',
  255: 'ANY',
  256: 'URI',
  257: 'CAA',
};

export const RESPONSE_CODES: Readonly<Record<number, string>> = {
  0: 'NOERROR',
  1: 'FORMERR',
  2: 'SERVFAIL',
  3: 'NXDOMAIN',
  4: 'NOTIMP',
  5: 'REFUSED',
  6: 'YXDOMAIN',
  7: 'YXRRSET',
  8: 'NXRRSET',
  9: 'NOTAUTH',
  10: 'NOTZONE',
  16: 'BADVERS',
  17: 'BADKEY',
  18: 'BADTIME',
};

export function typeName(type: number): string {
  return TYPES[type] ?? `UNKNOWN(${type})`;
}

class Reader {
  malformed = false;
  readonly #bytes: Uint8Array;
  readonly #start: number;
  readonly #end: number;
  at: number;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    this.at = start + 12;
  }

  /** A name in presentation form; `at` moves behind it. Undefined where it can not be read. */
  name(): Uint8Array | undefined {
    const out: number[] = [];
    let at = this.at;
    let jumps = 0;
    let after = -1;
    for (;;) {
      if (at >= this.#end) return undefined;
      const length = this.#bytes[at];
      if (length === 0) {
        at++;
        break;
      }
      if (length >= 0xc0) {
        if (at + 1 >= this.#end || ++jumps > MOST_JUMPS) return undefined;
        if (after < 0) after = at + 2;
        at = this.#start + (((length & 0x3f) << 8) | this.#bytes[at + 1]);
        continue;
      }
      if (length > 63 || at + 1 + length > this.#end) return undefined;
      if (out.length > 0) out.push(0x2e);
      for (let index = at + 1; index <= at + length; index++) out.push(this.#bytes[index]);
      at += 1 + length;
      if (out.length > LONGEST_NAME) {
        this.malformed = true;
        break;
      }
    }
    this.at = after < 0 ? at : after;
    return Uint8Array.from(out);
  }

  question(): Question | undefined {
    const name = this.name();
    if (name === undefined || this.at + 4 > this.#end) return undefined;
    const type = uint16(this.#bytes, this.at);
    this.at += 4;
    return { name, type };
  }

  record(): ResourceRecord | undefined {
    const name = this.name();
    if (name === undefined || this.at + 10 > this.#end) return undefined;
    const type = uint16(this.#bytes, this.at);
    const ttl = uint32(this.#bytes, this.at + 4);
    const length = uint16(this.#bytes, this.at + 8);
    const dataStart = this.at + 10;
    if (dataStart + length > this.#end) return undefined;
    const data = this.#data(type, dataStart, dataStart + length);
    this.at = dataStart + length;
    return { name, type, ttl, data, rdata: this.#bytes.slice(dataStart, dataStart + length) };
  }

  #nameAt(at: number): string | undefined {
    const saved = this.at;
    this.at = at;
    const name = this.name();
    const end = this.at;
    this.at = saved;
    this.#afterName = end;
    return name === undefined ? undefined : latin1(name);
  }
  #afterName = 0;

  #data(type: number, start: number, end: number): unknown {
    const bytes = this.#bytes;
    switch (type) {
      case 1:
        return end - start === 4 ? formatIpv4(uint32(bytes, start)) : undefined;
      case 28:
        return end - start === 16
          ? formatAddress(
              Uint32Array.from([0, 4, 8, 12], (at) => uint32(bytes, start + at)),
              6,
            )
          : undefined;
      case 2:
      case 5:
      case 12:
      case 39:
        return this.#nameAt(start);
      case 15:
        return end - start > 2 ? this.#nameAt(start + 2) : undefined;
      case 16: {
        const parts: string[] = [];
        for (let at = start; at < end; ) {
          const stop = Math.min(end, at + 1 + bytes[at]);
          parts.push(latin1(bytes, at + 1, stop));
          at = stop;
        }
        return parts.join('');
      }
      case 10:
        return latin1(bytes, start, end);
      case 33:
        return end - start > 6
          ? { priority: uint16(bytes, start), weight: uint16(bytes, start + 2), port: uint16(bytes, start + 4), name: this.#nameAt(start + 6) }
          : undefined;
      case 6: {
        const mname = this.#nameAt(start);
        if (mname === undefined) return undefined;
        const rname = this.#nameAt(this.#afterName);
        const at = this.#afterName;
        if (rname === undefined || at + 20 > end) return undefined;
        return {
          mname,
          rname,
          serial: uint32(bytes, at),
          refresh: uint32(bytes, at + 4),
          retry: uint32(bytes, at + 8),
          expire: uint32(bytes, at + 12),
          minimum: uint32(bytes, at + 16),
        };
      }
      default:
        return undefined;
    }
  }
}

/** bytes[start, end) is one message; undefined where there is not even a header. */
export function readDns(bytes: Uint8Array, start: number, end: number): DnsMessage | undefined {
  if (end - start < 12) return undefined;
  const reader = new Reader(bytes, start, end);
  const questions: Question[] = [];
  const sections: ResourceRecord[][] = [[], [], []];
  let malformed = false;
  for (let left = uint16(bytes, start + 4); left > 0 && !malformed && questions.length < MOST_RECORDS; left--) {
    const question = reader.question();
    if (question === undefined) malformed = true;
    else questions.push(question);
  }
  let records = 0;
  for (let section = 0; section < 3 && !malformed; section++) {
    for (let left = uint16(bytes, start + 6 + section * 2); left > 0 && !malformed && records < MOST_RECORDS; left--) {
      const record = reader.record();
      if (record === undefined) malformed = true;
      else {
        sections[section].push(record);
        records++;
      }
    }
  }
  return {
    id: uint16(bytes, start),
    flags: uint16(bytes, start + 2),
    questions,
    answers: sections[0],
    authorities: sections[1],
    additionals: sections[2],
    malformed: malformed || reader.malformed,
  };
}

/** Could these bytes be a DNS message? Strict enough not to take other datagrams for one. */
export function looksLikeDns(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < 12) return false;
  const flags = uint16(bytes, start + 2);
  const questions = uint16(bytes, start + 4);
  const total = questions + uint16(bytes, start + 6) + uint16(bytes, start + 8) + uint16(bytes, start + 10);
  if ((flags & 0x40) !== 0 || total === 0 || questions > 16 || opcodeOf(flags) > 6) return false;
  if (total * 5 > end - start - 12) return false;
  const reader = new Reader(bytes, start, end);
  if (questions === 0) return (flags & RESPONSE) !== 0 && reader.record() !== undefined;
  const question = reader.question();
  return question !== undefined;
}
