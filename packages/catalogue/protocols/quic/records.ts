/** QUIC transaction → EVE record, and the texts in it that rules look at too. Suricata user guide, "Event type: QUIC". */
import { shownText } from '@sigwright/bytes';
import { TO_SERVER } from '@sigwright/contracts';
import { ja3String, ja3sString, ja4, md5Of } from '../../formats/tls-hello/fingerprints.ts';
import type { Hello } from '../../formats/tls-hello/hello.ts';
import type { QuicTransaction } from './session.ts';
import { isClearGoogle, isGoogle } from './wire.ts';

/** IANA, "TLS ExtensionType Values" of 2024, where a hello holds them; number 16 by the short name in use. */
const EXTENSION_NAMES: Readonly<Record<number, string>> = {
  0: 'server_name',
  1: 'max_fragment_length',
  3: 'trusted_ca_keys',
  4: 'truncated_hmac',
  5: 'status_request',
  10: 'supported_groups',
  11: 'ec_point_formats',
  12: 'srp',
  13: 'signature_algorithms',
  14: 'use_srtp',
  15: 'heartbeat',
  16: 'alpn',
  17: 'status_request_v2',
  18: 'signed_certificate_timestamp',
  19: 'client_certificate_type',
  20: 'server_certificate_type',
  21: 'padding',
  22: 'encrypt_then_mac',
  23: 'extended_master_secret',
  24: 'token_binding',
  25: 'cached_info',
  27: 'compress_certificate',
  28: 'record_size_limit',
  34: 'delegated_credential',
  35: 'session_ticket',
  41: 'pre_shared_key',
  42: 'early_data',
  43: 'supported_versions',
  44: 'cookie',
  45: 'psk_key_exchange_modes',
  47: 'certificate_authorities',
  48: 'oid_filters',
  49: 'post_handshake_auth',
  50: 'signature_algorithms_cert',
  51: 'key_share',
  57: 'quic_transport_parameters',
  65281: 'renegotiation_info',
};
const SERVER_NAME = 0;
const APPLICATION_PROTOCOLS = 16;

const SERVER_NAME_TAG = 'SNI';
const USER_AGENT_TAG = 'UAID';
const CLIENT_MESSAGE = 'CHLO';

function tag(one: QuicTransaction, name: string): Uint8Array | undefined {
  return one.content.tags?.tags.find(([known]) => known === name)?.[1];
}

function clientHello({ content, direction }: QuicTransaction): Hello | undefined {
  return direction === TO_SERVER ? content.hello : undefined;
}

function serverHello({ content, direction }: QuicTransaction): Hello | undefined {
  return direction === TO_SERVER ? undefined : content.hello;
}

export function serverName(one: QuicTransaction): Uint8Array | undefined {
  return clientHello(one)?.serverName ?? tag(one, SERVER_NAME_TAG);
}

export function userAgent(one: QuicTransaction): Uint8Array | undefined {
  return tag(one, USER_AGENT_TAG);
}

/** Version and tags of a client's message (Salesforce's fingerprint for Google's versions). */
export function cyu({ content, direction }: QuicTransaction): string | undefined {
  if (direction !== TO_SERVER || content.tags?.name !== CLIENT_MESSAGE || !isClearGoogle(content.version)) return undefined;
  const digits = String.fromCharCode((content.version >> 8) & 255, content.version & 255);
  return `${digits},${content.tags.tags.map(([name]) => name).join('-')}`;
}

export function cyuHash(one: QuicTransaction): string | undefined {
  return hashed(cyu(one));
}

export function hashed(text: string | undefined): string | undefined {
  return text === undefined ? undefined : md5Of(text);
}

export function ja3(one: QuicTransaction): string | undefined {
  const hello = clientHello(one);
  return hello === undefined ? undefined : ja3String(hello);
}

export function ja3s(one: QuicTransaction): string | undefined {
  const hello = serverHello(one);
  return hello === undefined ? undefined : ja3sString(hello);
}

export function ja4Of(one: QuicTransaction): string | undefined {
  const hello = clientHello(one);
  return hello === undefined ? undefined : ja4(hello, 'q');
}

function extension(hello: Hello, type: number): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  const name = EXTENSION_NAMES[type];
  if (name !== undefined) shown['name'] = name;
  shown['type'] = type;
  if (type === SERVER_NAME && hello.serverName !== undefined) shown['values'] = [shownText(hello.serverName)];
  if (type === APPLICATION_PROTOCOLS && hello.applicationProtocols.length > 0) shown['values'] = hello.applicationProtocols.map((one) => shownText(one));
  return shown;
}

/** Letter and digits of Google's versions, the others in hex. */
function versionName(version: number): string {
  return isGoogle(version) ? String.fromCharCode(version >>> 24, (version >> 16) & 255, (version >> 8) & 255, version & 255) : version.toString(16);
}

export function quicBody(one: QuicTransaction): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  const { version, hello } = one.content;
  body['version'] = versionName(version);
  const name = serverName(one);
  if (name !== undefined) body['sni'] = shownText(name);
  const agent = userAgent(one);
  if (agent !== undefined) body['ua'] = shownText(agent);
  const tags = cyu(one);
  if (tags !== undefined) body['cyu'] = [{ hash: cyuHash(one), string: tags }];
  const client = ja3(one);
  if (client !== undefined) body['ja3'] = { hash: hashed(client), string: client };
  const server = ja3s(one);
  if (server !== undefined) body['ja3s'] = { hash: hashed(server), string: server };
  const fingerprint = ja4Of(one);
  if (fingerprint !== undefined) body['ja4'] = fingerprint;
  if (hello !== undefined && hello.extensions.length > 0) body['extensions'] = hello.extensions.map((type) => extension(hello, type));
  return body;
}
