/** Certificates (RFC 5280) by a lenient walk over their DER (X.690): what can be read is kept, a cut-off certificate breaks nothing. */
import { hex, latin1, sha1, utf8 } from '@sigwright/bytes';

export interface Certificate {
  /** `C=US, O=Example, CN=example.com` in the order of the certificate */
  readonly subject: string | undefined;
  readonly issuer: string | undefined;
  /** `00:AB:…` */
  readonly serial: string | undefined;
  /** seconds since 1970 */
  readonly notBefore: number | undefined;
  readonly notAfter: number | undefined;
  readonly alternativeNames: readonly string[];
  /** SHA-1, `aa:bb:…` */
  readonly fingerprint: string;
}

interface Element {
  readonly tag: number;
  readonly start: number;
  readonly end: number;
}

/** Elements visited in one certificate. */
const MOST_ELEMENTS = 4096;

class Walker {
  readonly bytes: Uint8Array;
  #visited = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** The element at `at`, its end cut to `limit`; undefined where there is none. */
  element(at: number, limit: number): Element | undefined {
    if (at + 2 > limit || ++this.#visited > MOST_ELEMENTS) return undefined;
    const tag = this.bytes[at];
    let length = this.bytes[at + 1];
    let start = at + 2;
    if (length >= 0x80) {
      const count = length & 0x7f;
      if (count === 0 || count > 4 || start + count > limit) return undefined;
      length = 0;
      for (let index = 0; index < count; index++) length = length * 256 + this.bytes[start + index];
      start += count;
    }
    return { tag, start, end: Math.min(limit, start + length) };
  }

  children(of: Element): Element[] {
    const list: Element[] = [];
    for (let at = of.start; at < of.end; ) {
      const child = this.element(at, of.end);
      if (child === undefined) break;
      list.push(child);
      at = child.end;
    }
    return list;
  }

  oid(of: Element): string {
    const parts: number[] = [];
    let value = 0;
    for (let at = of.start; at < of.end; at++) {
      value = value * 128 + (this.bytes[at] & 0x7f);
      if ((this.bytes[at] & 0x80) !== 0) continue;
      if (parts.length === 0) parts.push(Math.min(2, Math.floor(value / 40)), value - Math.min(2, Math.floor(value / 40)) * 40);
      else parts.push(value);
      value = 0;
    }
    return parts.join('.');
  }
}

const NAMES: Record<string, string> = {
  '2.5.4.3': 'CN',
  '2.5.4.4': 'SN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'street',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '2.5.4.12': 'title',
  '2.5.4.17': 'postalCode',
  '2.5.4.42': 'GN',
  '0.9.2342.19200300.100.1.25': 'DC',
  '0.9.2342.19200300.100.1.1': 'UID',
  '1.2.840.113549.1.9.1': 'emailAddress',
};

const UTF8_STRING = 0x0c;
const BMP_STRING = 0x1e;

function distinguishedName(walker: Walker, of: Element): string {
  const parts: string[] = [];
  for (const set of walker.children(of)) {
    for (const pair of walker.children(set)) {
      const [type, value] = walker.children(pair);
      if (type === undefined || value === undefined) continue;
      const oid = walker.oid(type);
      parts.push(`${NAMES[oid] ?? oid}=${text(walker, value)}`);
    }
  }
  return parts.join(', ');
}

function text(walker: Walker, of: Element): string {
  if (of.tag === UTF8_STRING) return utf8(walker.bytes, of.start, of.end);
  if (of.tag === BMP_STRING) {
    let result = '';
    for (let at = of.start; at + 1 < of.end; at += 2) result += String.fromCharCode((walker.bytes[at] << 8) | walker.bytes[at + 1]);
    return result;
  }
  return latin1(walker.bytes, of.start, of.end);
}

/** UTCTime and GeneralizedTime. */
function time(walker: Walker, of: Element): number | undefined {
  const written = latin1(walker.bytes, of.start, of.end);
  const match = /^(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})?Z?/.exec(
    of.tag === 0x18 ? written : written.replace(/^(\d{2})/, (year) => (Number(year) < 50 ? `20${year}` : `19${year}`)),
  );
  if (match === null) return undefined;
  const value = Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3]), Number(match[4]), Number(match[5]), Number(match[6] ?? 0));
  return Number.isNaN(value) ? undefined : value / 1000;
}

const ALTERNATIVE_NAMES = '2.5.29.17';
const DNS_NAME = 0x82;

export function readCertificate(bytes: Uint8Array): Certificate {
  const walker = new Walker(bytes);
  const result = {
    subject: undefined as string | undefined,
    issuer: undefined as string | undefined,
    serial: undefined as string | undefined,
    notBefore: undefined as number | undefined,
    notAfter: undefined as number | undefined,
  };
  const alternativeNames: string[] = [];
  const whole = walker.element(0, bytes.length);
  const body = whole === undefined ? undefined : walker.children(whole)[0];
  if (body !== undefined) {
    const fields = walker.children(body);
    // The version is optional and has a tag of its own.
    const first = fields[0]?.tag === 0xa0 ? 1 : 0;
    const [serial, , issuer, validity, subject] = fields.slice(first);
    if (serial !== undefined) result.serial = hex(bytes, serial.start, serial.end, ':').toUpperCase();
    if (issuer !== undefined) result.issuer = distinguishedName(walker, issuer);
    if (subject !== undefined) result.subject = distinguishedName(walker, subject);
    if (validity !== undefined) {
      const [before, after] = walker.children(validity);
      if (before !== undefined) result.notBefore = time(walker, before);
      if (after !== undefined) result.notAfter = time(walker, after);
    }
    const extensions = fields.find((field) => field.tag === 0xa3);
    const list = extensions === undefined ? undefined : walker.children(extensions)[0];
    for (const extension of list === undefined ? [] : walker.children(list)) {
      const parts = walker.children(extension);
      if (parts[0] === undefined || walker.oid(parts[0]) !== ALTERNATIVE_NAMES) continue;
      const value = parts[parts.length - 1];
      const names = walker.element(value.start, value.end);
      for (const name of names === undefined ? [] : walker.children(names))
        if (name.tag === DNS_NAME) alternativeNames.push(latin1(bytes, name.start, name.end));
    }
  }
  return { ...result, alternativeNames, fingerprint: hex(sha1(bytes), 0, 20, ':') };
}
