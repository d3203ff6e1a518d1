/** RDP message → EVE record. Suricata user guide, "Event type: RDP". */
import { BUILDS, layoutName } from './tables.ts';
import type { ClientCore, RdpMessage } from './wire.ts';

type Body = Record<string, unknown>;

const REQUEST_FLAGS: readonly (readonly [number, string])[] = [
  [1, 'restricted_admin_mode_required'],
  [2, 'redirected_authentication_mode_required'],
  [8, 'correlation_info_present'],
];
const RESPONSE_FLAGS: readonly (readonly [number, string])[] = [
  [1, 'extended_client_data'],
  [2, 'dynvc_gfx'],
  [8, 'restricted_admin'],
  [16, 'redirected_authentication'],
];
const CAPABILITIES: readonly (readonly [number, string])[] = [
  [0x0001, 'support_errinfo_pdf'],
  [0x0002, 'want_32bpp_session'],
  [0x0004, 'support_statusinfo_pdu'],
  [0x0008, 'strong_asymmetric_keys'],
  [0x0020, 'valid_connection_type'],
  [0x0040, 'support_monitor_layout_pdu'],
  [0x0080, 'support_netchar_autodetect'],
  [0x0100, 'support_dynvc_gfx_protocol'],
  [0x0200, 'support_dynamic_time_zone'],
  [0x0400, 'support_heartbeat_pdu'],
];
const PROTOCOLS: Readonly<Record<number, string>> = { 0: 'rdp', 1: 'ssl', 2: 'hybrid', 4: 'rds_tls', 8: 'hybrid_ex' };
const FAILURES: Readonly<Record<number, string>> = {
  1: 'ssl required by server',
  2: 'ssl not allowed by server',
  3: 'ssl cert not on server',
  4: 'inconsistent flags',
  5: 'hybrid required by server',
  6: 'ssl with user auth required by server',
};
const VERSIONS: Readonly<Record<number, string>> = {
  524289: 'v4',
  524292: 'v5',
  524293: 'v10.0',
  524294: 'v10.1',
  524295: 'v10.2',
  524296: 'v10.3',
  524297: 'v10.4',
  524298: 'v10.5',
  524299: 'v10.6',
  524300: 'v10.7',
};
const KEYBOARDS: Readonly<Record<number, string>> = { 1: 'xt', 2: 'ico', 3: 'at', 4: 'enhanced', 5: '1050', 6: '9140', 7: 'jp' };
const CONNECTIONS: Readonly<Record<number, string>> = {
  1: 'modem',
  2: 'low_broadband',
  3: 'satellite',
  4: 'high_broadband',
  5: 'wan',
  6: 'lan',
  7: 'autodetect',
};
/** Depths are written as numbers of bits, or in older fields as one of these. */
const DEPTHS: Readonly<Record<number, number>> = { 51712: 4, 51713: 8, 51714: 15, 51715: 16, 51716: 24 };
const HIGH_DEPTHS: readonly number[] = [4, 8, 15, 16, 24];

function named(flags: number, names: readonly (readonly [number, string])[]): string[] {
  return names.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => name);
}

/** The newest field that says it. */
function colorDepth(client: ClientCore): number | undefined {
  if (client.highColorDepth !== undefined && HIGH_DEPTHS.includes(client.highColorDepth)) return client.highColorDepth;
  return DEPTHS[client.laterColorDepth ?? 0] ?? DEPTHS[client.colorDepth];
}

function clientBody(client: ClientCore): Body {
  const capabilities = named(client.capabilities ?? 0, CAPABILITIES);
  const all: Body = {
    version: VERSIONS[client.version] ?? 'unknown',
    desktop_width: client.desktopWidth,
    desktop_height: client.desktopHeight,
    color_depth: colorDepth(client),
    keyboard_layout: layoutName(client.keyboardLayout),
    build: BUILDS[client.build] ?? 'unknown',
    client_name: client.name === '' ? undefined : client.name,
    keyboard_type: KEYBOARDS[client.keyboardType],
    keyboard_subtype: client.keyboardSubtype === 0 ? undefined : client.keyboardSubtype,
    function_keys: client.functionKeys === 0 ? undefined : client.functionKeys,
    ime: client.inputMethod === '' ? undefined : client.inputMethod,
    product_id: client.productId,
    serial_number: client.serialNumber === 0 ? undefined : client.serialNumber,
    capabilities: capabilities.length > 0 ? capabilities : undefined,
    id: client.digitalProductId === '' ? undefined : client.digitalProductId,
    connection_hint: CONNECTIONS[client.connectionType ?? 0],
    physical_width: client.physicalWidth,
    physical_height: client.physicalHeight,
    desktop_orientation: client.orientation,
    scale_factor: client.desktopScale,
    device_scale_factor: client.deviceScale,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

export function rdpBody(id: number, message: RdpMessage): Body {
  return { tx_id: id, ...content(message) };
}

function content(message: RdpMessage): Body {
  switch (message.kind) {
    case 'initial-request': {
      const flags = named(message.flags, REQUEST_FLAGS);
      return {
        event_type: 'initial_request',
        ...(message.cookie === undefined ? {} : { cookie: message.cookie }),
        ...(flags.length > 0 ? { flags } : {}),
      };
    }
    case 'initial-response': {
      const flags = named(message.flags, RESPONSE_FLAGS);
      return {
        event_type: 'initial_response',
        ...(flags.length > 0 ? { server_supports: flags } : {}),
        ...(message.protocol === undefined ? {} : { protocol: PROTOCOLS[message.protocol] ?? 'unknown' }),
      };
    }
    case 'initial-failure':
      return { event_type: 'initial_response', error_code: message.code, reason: FAILURES[message.code] ?? 'unknown' };
    case 'connect-request':
      return {
        event_type: 'connect_request',
        ...(message.client === undefined ? {} : { client: clientBody(message.client) }),
        ...(message.channels.length > 0 ? { channels: message.channels } : {}),
      };
    case 'connect-response':
      return { event_type: 'connect_response' };
    case 'tls':
      return { event_type: 'tls_handshake', x509_serials: message.serials };
    case 'other':
      return {};
  }
}
