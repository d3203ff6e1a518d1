/** What DNS records hold, for those types that records and rules show (RFC 1035 §3.3, 3596, 2782, 4255). Decoded when asked for. */
import { formatAddress, formatIpv4, hex, shownText, uint16, uint32 } from '@sigwright/bytes';
import { type DnsMessage, NameReader, type ResourceRecord } from './dns-message.ts';
import { A, AAAA, CNAME, DNAME, MX, NS, NULL, PTR, SOA } from './tables.ts';

/** Strings in one TXT record: 64 KiB hold no more. */
const MOST_STRINGS = 65_536;

/** The name in the data of a record whose data is a name (CNAME, PTR, NS, DNAME), ends with one (MX) or begins with one (SOA); undefined for others. */
export function nameInData(message: DnsMessage, record: ResourceRecord): Uint8Array | undefined {
  switch (record.type) {
    case NS:
    case CNAME:
    case PTR:
    case DNAME:
    case SOA:
      return record.dataEnd > record.dataStart ? new NameReader(message.bytes).name(record.dataStart) : undefined;
    case MX:
      return record.dataEnd - record.dataStart > 2 ? new NameReader(message.bytes).name(record.dataStart + 2) : undefined;
    default:
      return undefined;
  }
}

export interface StartOfAuthority {
  readonly mname: string;
  readonly rname: string;
  readonly serial: number;
  readonly refresh: number;
  readonly retry: number;
  readonly expire: number;
  readonly minimum: number;
}

export function startOfAuthority(message: DnsMessage, record: ResourceRecord): StartOfAuthority | undefined {
  const { bytes } = message;
  const reader = new NameReader(bytes);
  const mname = reader.name(record.dataStart);
  if (mname === undefined) return undefined;
  const rname = reader.name(reader.at);
  const { at } = reader;
  if (rname === undefined || at + 20 > record.dataEnd) return undefined;
  return {
    mname: shownText(mname),
    rname: shownText(rname),
    serial: uint32(bytes, at),
    refresh: uint32(bytes, at + 4),
    retry: uint32(bytes, at + 8),
    expire: uint32(bytes, at + 12),
    minimum: uint32(bytes, at + 16),
  };
}

export interface Service {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly name: string;
}

export function service(message: DnsMessage, record: ResourceRecord): Service | undefined {
  const { bytes } = message;
  const at = record.dataStart;
  const name = record.dataEnd - at > 6 ? new NameReader(bytes).name(at + 6) : undefined;
  return name === undefined ? undefined : { priority: uint16(bytes, at), weight: uint16(bytes, at + 2), port: uint16(bytes, at + 4), name: shownText(name) };
}

export interface HostKeyFingerprint {
  readonly fingerprint: string;
  readonly algo: number;
  readonly type: number;
}

export function hostKeyFingerprint(message: DnsMessage, record: ResourceRecord): HostKeyFingerprint | undefined {
  const { bytes } = message;
  const at = record.dataStart;
  if (record.dataEnd - at < 3) return undefined;
  return { fingerprint: hex(bytes, at + 2, record.dataEnd, ':'), algo: bytes[at], type: bytes[at + 1] };
}

/** Each string of a TXT record. */
export function textStrings(message: DnsMessage, record: ResourceRecord): string[] {
  const strings: string[] = [];
  for (let at = record.dataStart; at < record.dataEnd && strings.length < MOST_STRINGS; ) {
    const end = Math.min(record.dataEnd, at + 1 + message.bytes[at]);
    strings.push(shownText(message.bytes, at + 1, end));
    at = end;
  }
  return strings;
}

/** Types whose data is one word for a person: an address or a name. TXT is several strings, see textStrings. */
export function dataAsText(message: DnsMessage, record: ResourceRecord): string | undefined {
  const { bytes } = message;
  const { dataStart: start, dataEnd: end } = record;
  switch (record.type) {
    case A:
      return end - start === 4 ? formatIpv4(uint32(bytes, start)) : undefined;
    case AAAA:
      return end - start === 16
        ? formatAddress(
            Uint32Array.from([0, 4, 8, 12], (at) => uint32(bytes, start + at)),
            6,
          )
        : undefined;
    case NS:
    case CNAME:
    case PTR:
    case DNAME:
    case MX: {
      const name = nameInData(message, record);
      return name === undefined ? undefined : shownText(name);
    }
    case NULL:
      return shownText(bytes, start, end);
    default:
      return undefined;
  }
}

export interface ExtensionOption {
  readonly code: number;
  /** in hexadecimal */
  readonly data: string;
}

/** Options of an OPT record (RFC 6891 §6.1.2), as far as they are whole; undefined where there are none. */
export function extensionOptions({ bytes }: DnsMessage, { dataStart, dataEnd }: ResourceRecord): readonly ExtensionOption[] | undefined {
  const found: ExtensionOption[] = [];
  for (let at = dataStart; at + 4 <= dataEnd; ) {
    const end = at + 4 + uint16(bytes, at + 2);
    if (end > dataEnd) break;
    found.push({ code: uint16(bytes, at), data: hex(bytes.subarray(at + 4, end)) });
    at = end;
  }
  return found.length > 0 ? found : undefined;
}
