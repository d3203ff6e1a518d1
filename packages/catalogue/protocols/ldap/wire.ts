/** Messages of LDAP 3 (RFC 4511 §4): operation, and its fields as records show them. Lenient: what is missing is left out. */
import { Asn1Walker, type Element, INTEGER, SEQUENCE } from '../../formats/asn1/asn1.ts';

type Fields = Record<string, unknown>;

export interface LdapMessage {
  readonly id: number;
  readonly operation: string;
  /** number of the operation's tag */
  readonly number: number;
  readonly isRequest: boolean;
  /** undefined: the operation has nothing to show */
  readonly fields: Fields | undefined;
  /** distinguished name that the operation is about */
  readonly name: string | undefined;
  readonly attributes: readonly string[];
  readonly result: { readonly code: number; readonly message: string } | undefined;
}

/** Application tags (RFC 4511, appendix B). */
export const OPERATIONS: Readonly<Record<number, string>> = {
  0: 'bind_request',
  1: 'bind_response',
  2: 'unbind_request',
  3: 'search_request',
  4: 'search_result_entry',
  5: 'search_result_done',
  6: 'modify_request',
  7: 'modify_response',
  8: 'add_request',
  9: 'add_response',
  10: 'del_request',
  11: 'del_response',
  12: 'mod_dn_request',
  13: 'mod_dn_response',
  14: 'compare_request',
  15: 'compare_response',
  16: 'abandon_request',
  19: 'search_result_reference',
  23: 'extended_request',
  24: 'extended_response',
  25: 'intermediate_response',
};

/** RFC 4511 §4.1.9, the IANA registry and clients' own, by the names that the user guide gives them ("LDAP Keywords"; 34 is written so). */
export const RESULT_CODES: Readonly<Record<number, string>> = {
  0: 'success',
  1: 'operations_error',
  2: 'protocol_error',
  3: 'time_limit_exceeded',
  4: 'size_limit_exceeded',
  5: 'compare_false',
  6: 'compare_true',
  7: 'auth_method_not_supported',
  8: 'stronger_auth_required',
  10: 'referral',
  11: 'admin_limit_exceeded',
  12: 'unavailable_critical_extension',
  13: 'confidentiality_required',
  14: 'sasl_bind_in_progress',
  16: 'no_such_attribute',
  17: 'undefined_attribute_type',
  18: 'inappropriate_matching',
  19: 'constraint_violation',
  20: 'attribute_or_value_exists',
  21: 'invalid_attribute_syntax',
  32: 'no_such_object',
  33: 'alias_problem',
  34: 'invalid_dns_syntax',
  35: 'is_leaf',
  36: 'alias_dereferencing_problem',
  48: 'inappropriate_authentication',
  49: 'invalid_credentials',
  50: 'insufficient_access_rights',
  51: 'busy',
  52: 'unavailable',
  53: 'unwilling_to_perform',
  54: 'loop_detect',
  60: 'sort_control_missing',
  61: 'offset_range_error',
  64: 'naming_violation',
  65: 'object_class_violation',
  66: 'not_allowed_on_non_leaf',
  67: 'not_allowed_on_rdn',
  68: 'entry_already_exists',
  69: 'object_class_mods_prohibited',
  70: 'results_too_large',
  71: 'affects_multiple_dsas',
  76: 'control_error',
  80: 'other',
  81: 'server_down',
  82: 'local_error',
  83: 'encoding_error',
  84: 'decoding_error',
  85: 'timeout',
  86: 'auth_unknown',
  87: 'filter_error',
  88: 'user_canceled',
  89: 'param_error',
  90: 'no_memory',
  91: 'connect_error',
  92: 'not_supported',
  93: 'control_not_found',
  94: 'no_results_returned',
  95: 'more_results_to_return',
  96: 'client_loop',
  97: 'referral_limit_exceeded',
  100: 'invalid_response',
  101: 'ambiguous_response',
  112: 'tls_not_supported',
  113: 'intermediate_response',
  114: 'unknown_type',
  118: 'canceled',
  119: 'no_such_operation',
  120: 'too_late',
  121: 'cannot_cancel',
  122: 'assertion_failed',
  123: 'authorization_denied',
  4096: 'e_sync_refresh_required',
  16654: 'no_operation',
};

const CHANGES: readonly string[] = ['add', 'delete', 'replace', 'increment'];
const APPLICATION_CLASS = 0x40;
const CONTEXT_CLASS = 0x80;
const CLASS_BITS = 0xc0;
/** The filter of a search is one of ten kinds, each with a tag of its own (§4.5.1.7). */
const SEARCH = 3;
const FILTER = 6;
const NUMBER_BITS = 0x1f;
/** context tags, primitive */
const SIMPLE = 0x80;
const SASL = 0xa3;
const NEW_SUPERIOR = 0x80;
const SERVER_CREDENTIALS = 0x87;
const REQUEST_NAME = 0x80;
const REQUEST_VALUE = 0x81;
const RESPONSE_NAME = 0x8a;
const RESPONSE_VALUE = 0x8b;
const BIND_VERSION_3 = 3;
const MOST_SHOWN = 256;
const HEADER_BYTES = 6;

/** Length of the whole message at `at`; 0: too little is there; -1: no message begins so. */
export function messageLength(bytes: Uint8Array, at: number, end: number): number {
  if (bytes[at] !== SEQUENCE) return -1;
  if (end - at < 2) return 0;
  const first = bytes[at + 1];
  if (first < 0x80) return 2 + first;
  const count = first & 0x7f;
  if (count === 0 || count > HEADER_BYTES - 2) return -1;
  if (end - at < 2 + count) return 0;
  let length = 0;
  for (let index = 0; index < count; index++) length = length * 256 + bytes[at + 2 + index];
  return 2 + count + length;
}

class Reader extends Asn1Walker {
  number(of: Element | undefined): number {
    let value = 0;
    if (of !== undefined) for (let at = of.start; at < Math.min(of.end, of.start + 4); at++) value = value * 256 + this.bytes[at];
    return value;
  }

  string(of: Element | undefined): string {
    return of === undefined ? '' : this.text({ ...of, tag: 0 });
  }

  isSet(of: Element | undefined): boolean {
    return of !== undefined && of.end > of.start && this.bytes[of.start] !== 0;
  }

  some(of: Element | undefined): Element[] {
    return of === undefined ? [] : this.children(of).slice(0, MOST_SHOWN);
  }

  /** `type` and `values` (§4.1.7) */
  attribute(of: Element): { type: string; values: string[] } {
    const [type, values] = this.children(of);
    return { type: this.string(type), values: this.some(values).map((value) => this.string(value)) };
  }
}

/** undefined: it is no message of LDAP. */
export function readMessage(bytes: Uint8Array, start: number, end: number): LdapMessage | undefined {
  const reader = new Reader(bytes);
  const outer = reader.element(start, end);
  if (outer?.tag !== SEQUENCE) return undefined;
  const id = reader.element(outer.start, outer.end);
  const body = id?.tag === INTEGER ? reader.element(id.end, outer.end) : undefined;
  if (id === undefined || body === undefined || (body.tag & CLASS_BITS) !== APPLICATION_CLASS) return undefined;
  const number = body.tag & NUMBER_BITS;
  const operation = OPERATIONS[number];
  if (operation === undefined) return undefined;
  const isRequest = operation.endsWith('_request');
  const parts = number === 10 || number === 16 || number === 2 ? [] : reader.children(body);
  if (number === SEARCH && parts.length > FILTER && (parts[FILTER].tag & CLASS_BITS) !== CONTEXT_CLASS) return undefined;
  return { id: reader.number(id), operation, number, isRequest, name: undefined, attributes: [], result: undefined, ...fieldsOf(reader, number, body, parts) };
}

function fieldsOf(reader: Reader, number: number, body: Element, parts: readonly Element[]): Partial<LdapMessage> & { fields: Fields | undefined } {
  const [first, second, third] = parts;
  const name = reader.string(first);
  switch (number) {
    case 0:
      return { name: reader.string(second), fields: bind(reader, first, second, third) };
    case 1: {
      const credentials = parts.find(({ tag }) => tag === SERVER_CREDENTIALS);
      return withResult(reader, parts, credentials === undefined ? {} : { server_sasl_creds: reader.string(credentials) });
    }
    case 3: {
      const attributes = reader.some(parts[7]).map((one) => reader.string(one));
      const fields: Fields = {
        base_object: name,
        scope: reader.number(second),
        deref_alias: reader.number(third),
        size_limit: reader.number(parts[3]),
        time_limit: reader.number(parts[4]),
        types_only: reader.isSet(parts[5]),
      };
      if (attributes.length > 0) fields['attributes'] = attributes;
      return { name, attributes, fields };
    }
    case 4:
    case 8: {
      const attributes = reader.some(second).map((one) => reader.attribute(one));
      const types = attributes.map(({ type }) => type);
      if (number === 4) return { name, attributes: types, fields: { base_object: name, attributes } };
      return { name, attributes: types, fields: { entry: name, attributes: attributes.map(({ type, values }) => ({ name: type, values })) } };
    }
    case 6: {
      const changes = reader.some(second).map((one) => {
        const [operation, modification] = reader.children(one);
        const { type, values } = modification === undefined ? { type: '', values: [] } : reader.attribute(modification);
        const kind = reader.number(operation);
        return { operation: CHANGES[kind] ?? `unknown-${kind}`, modification: { attribute_type: type, attribute_values: values } };
      });
      return { name, attributes: changes.map((one) => one.modification.attribute_type), fields: { object: name, changes } };
    }
    case 10: {
      const dn = reader.string(body);
      return { name: dn, fields: { dn } };
    }
    case 12: {
      const fields: Fields = { entry: name, new_rdn: reader.string(second), delete_old_rdn: reader.isSet(third) };
      if (parts[3]?.tag === NEW_SUPERIOR) fields['new_superior'] = reader.string(parts[3]);
      return { name, fields };
    }
    case 14: {
      const [description, value] = second === undefined ? [] : reader.children(second);
      const attribute = reader.string(description);
      return { name, attributes: [attribute], fields: { entry: name, attribute_value_assertion: { description: attribute, value: reader.string(value) } } };
    }
    case 16:
      return { fields: { message_id: reader.number(body) } };
    case 19:
      return { fields: { uris: parts.slice(0, MOST_SHOWN).map((one) => reader.string(one)) } };
    case 23:
      return { fields: named(reader, parts, REQUEST_NAME, REQUEST_VALUE) };
    case 24:
      return withResult(reader, parts, named(reader, parts, RESPONSE_NAME, RESPONSE_VALUE));
    case 25:
      return { fields: named(reader, parts, REQUEST_NAME, REQUEST_VALUE) };
    case 2:
      return { fields: undefined };
    default:
      return withResult(reader, parts, {});
  }
}

/** LDAPResult (§4.1.9): code, matched name, message. */
function withResult(reader: Reader, [code, matched, message]: readonly Element[], more: Fields): Partial<LdapMessage> & { fields: Fields } {
  const number = reader.number(code);
  const said = reader.string(message);
  const name = reader.string(matched);
  return {
    name,
    result: { code: number, message: said },
    fields: { result_code: RESULT_CODES[number] ?? `unknown-${number}`, matched_dn: name, message: said, ...more },
  };
}

function named(reader: Reader, parts: readonly Element[], nameTag: number, valueTag: number): Fields {
  const name = parts.find(({ tag }) => tag === nameTag);
  const value = parts.find(({ tag }) => tag === valueTag);
  return { ...(name === undefined ? {} : { name: reader.string(name) }), ...(value === undefined ? {} : { value: reader.string(value) }) };
}

function bind(reader: Reader, version: Element | undefined, name: Element | undefined, authentication: Element | undefined): Fields {
  const fields: Fields = { version: version === undefined ? BIND_VERSION_3 : reader.number(version), name: reader.string(name) };
  // The password of a simple bind is not shown.
  if (authentication === undefined || authentication.tag === SIMPLE) return fields;
  if (authentication.tag !== SASL) return fields;
  const [mechanism, credentials] = reader.children(authentication);
  fields['sasl'] = { mechanism: reader.string(mechanism), ...(credentials === undefined ? {} : { credentials: reader.string(credentials) }) };
  return fields;
}
