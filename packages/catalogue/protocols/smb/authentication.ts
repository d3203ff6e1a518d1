/** Who logs on: NTLMSSP (MS-NLMP §2.2.1.3) or Kerberos (RFC 4120, 4121) in SPNEGO (RFC 4178), found in the security blob of a session setup. */
import { find, latin1, uint16Little, uint32Little } from '@sigwright/bytes';
import { Asn1Walker, contextTag, type Element, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE } from '../../formats/asn1/asn1.ts';
import { utf16 } from './text.ts';

/** `NTLMSSP` and a zero */
const SIGNATURE = Uint8Array.of(0x4e, 0x54, 0x4c, 0x4d, 0x53, 0x53, 0x50, 0);
const AUTHENTICATE = 3;
const UNICODE = 0x0000_0001;
const VERSION_PRESENT = 0x0200_0000;
/** ends behind the flags */
const AUTHENTICATE_HEAD = 64;
/** application tags of RFC 4120, RFC 2743 */
const GSS_TOKEN = 0x60;
const TICKET = 0x61;
const AP_REQUEST = 0x6e;
/** Longer names than these are none. */
const LONGEST_NAME = 1024;

export interface NtlmIdentity {
  readonly domain: string;
  readonly user: string;
  readonly host: string;
  readonly version: string | undefined;
}

export interface KerberosIdentity {
  readonly realm: string;
  readonly names: readonly string[];
}

/** undefined: no NTLMSSP here, or another of its messages; `malformed`: it can not be read */
export function readNtlm(bytes: Uint8Array, start: number, end: number): NtlmIdentity | 'malformed' | undefined {
  const at = find(bytes, start, end, SIGNATURE);
  if (at < 0) return undefined;
  if (end - at < 12) return 'malformed';
  if (uint32Little(bytes, at + 8) !== AUTHENTICATE) return undefined;
  if (end - at < AUTHENTICATE_HEAD) return 'malformed';
  const flags = uint32Little(bytes, at + 60);
  const field = (offset: number): string | undefined => {
    const length = uint16Little(bytes, at + offset);
    const from = at + uint32Little(bytes, at + offset + 4);
    if (length === 0) return '';
    if (from + length > end) return undefined;
    const to = from + Math.min(length, LONGEST_NAME);
    return (flags & UNICODE) !== 0 ? utf16(bytes, from, to) : latin1(bytes, from, to);
  };
  const domain = field(28);
  const user = field(36);
  const host = field(44);
  if (domain === undefined || user === undefined || host === undefined) return 'malformed';
  const version =
    (flags & VERSION_PRESENT) !== 0 && end - at >= AUTHENTICATE_HEAD + 8
      ? `${bytes[at + 64]}.${bytes[at + 65]} build ${uint16Little(bytes, at + 66)} rev ${bytes[at + 71]}`
      : undefined;
  return { domain, user, host, version };
}

export function readKerberos(bytes: Uint8Array, start: number, end: number): KerberosIdentity | undefined {
  const walker = new Asn1Walker(bytes);
  const outer = walker.element(start, end);
  if (outer?.tag !== GSS_TOKEN) return undefined;
  // SPNEGO: an identifier, then [0] NegTokenInit with the token of the first mechanism in [2].
  const negotiation = walker.children(outer).find((one) => one.tag === contextTag(0));
  const init = negotiation === undefined ? undefined : walker.element(negotiation.start, negotiation.end);
  const token = init?.tag === SEQUENCE ? inside(walker, init, 2) : undefined;
  if (token?.tag !== OCTET_STRING) return undefined;
  const wrapped = walker.element(token.start, token.end);
  if (wrapped?.tag !== GSS_TOKEN) return undefined;
  const mechanism = walker.element(wrapped.start, wrapped.end);
  if (mechanism?.tag !== OBJECT_IDENTIFIER) return undefined;
  // Two bytes say which of Kerberos' messages it is.
  const request = walker.element(mechanism.end + 2, wrapped.end);
  const fields = request?.tag === AP_REQUEST ? walker.element(request.start, request.end) : undefined;
  const holder = fields?.tag === SEQUENCE ? inside(walker, fields, 3) : undefined;
  const ticket = holder?.tag === TICKET ? walker.element(holder.start, holder.end) : undefined;
  if (ticket?.tag !== SEQUENCE) return undefined;
  const realm = inside(walker, ticket, 1);
  const principal = inside(walker, ticket, 2);
  const names = principal?.tag === SEQUENCE ? inside(walker, principal, 1) : undefined;
  if (realm === undefined || names === undefined) return undefined;
  return { realm: walker.text(realm), names: walker.children(names).map((name) => walker.text(name)) };
}

/** What stands in field `[number]` of a sequence. */
function inside(walker: Asn1Walker, sequence: Element, number: number): Element | undefined {
  const field = walker.children(sequence).find((one) => one.tag === contextTag(number));
  return field === undefined ? undefined : walker.element(field.start, field.end);
}
