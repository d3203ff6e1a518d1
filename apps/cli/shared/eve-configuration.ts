/** The outputs of a suricata.yaml → what EVE records are written, where, and with what in them. Suricata user guide, "Eve JSON Output". */
import type { RecordOptions } from '@sigwright/contracts';
import { DEFAULT_EVE, type EveOptions, type Forwarded, type ForwardedIn } from '@sigwright/detection';
import { at, isYes, sizeOf, type Tree } from './configuration-tree.ts';

export interface EveOutput {
  readonly enabled: boolean;
  /** records name the capture they come from */
  readonly captureName: boolean;
  /** options of the output: its file, and how it is written */
  readonly file: Tree;
  readonly options: EveOptions;
  readonly stats: boolean;
  /** stats show counters that counted nothing */
  readonly zeros: boolean;
  /** and what they grew by */
  readonly deltas: boolean;
  /** of the engine as a whole, and of its one thread */
  readonly totals: boolean;
  readonly threads: boolean;
  /** stands before each line */
  readonly prefix: string;
}

export interface Outputs {
  /** the first of `eves`, or one that is not enabled */
  readonly eve: EveOutput;
  readonly eves: readonly EveOutput[];
}

const ALL_TYPES = [
  'alert',
  'anomaly',
  'http',
  'http2',
  'dns',
  'doh2',
  'mdns',
  'tls',
  'fileinfo',
  'smb',
  'ssh',
  'smtp',
  'ftp',
  'ftp_data',
  'rdp',
  'nfs',
  'tftp',
  'ike',
  'dcerpc',
  'krb5',
  'snmp',
  'rfb',
  'sip',
  'ldap',
  'mqtt',
  'quic',
  'websocket',
  'dhcp',
  'dnp3',
  'modbus',
  'enip',
  'pop3',
  'telnet',
  'bittorrent_dht',
  'flow',
  'stats',
];

export function outputsOf(tree: Tree, dnsVersion: string | undefined): Outputs {
  const outputs = at(tree, 'outputs');
  const list = Array.isArray(outputs) ? outputs : [];
  const eves: EveOutput[] = [];
  for (const entry of list) {
    if (typeof entry !== 'object' || entry === null) continue;
    for (const [name, value] of Object.entries(entry as Tree)) {
      const node = (value ?? {}) as Tree;
      if (name === 'eve-log' && isYes(node['enabled'], true)) eves.push(eveOf(node, tree, dnsVersion));
    }
  }
  return {
    eve: eves[0] ?? {
      enabled: false,
      captureName: false,
      file: {},
      options: DEFAULT_EVE,
      stats: false,
      zeros: true,
      deltas: false,
      totals: true,
      threads: false,
      prefix: '',
    },
    eves,
  };
}

function eveOf(node: Tree, tree: Tree, dnsVersion: string | undefined): EveOutput {
  const types = new Set<string>();
  const records = new Map<string, RecordOptions>();
  let { alert, anomaly, drop, exceptionPolicies, framePayload } = DEFAULT_EVE;
  const forwarded: Partial<Record<ForwardedIn, Forwarded>> = {};
  let stats = false;
  let zeros = true;
  let deltas = false;
  let totals = true;
  let threads = false;
  const listed = Array.isArray(node['types']) ? node['types'] : ALL_TYPES;
  for (const entry of listed) {
    const name = typeof entry === 'string' ? entry : Object.keys((entry ?? {}) as Tree)[0];
    // Nothing but a dash.
    if (name === undefined) continue;
    const options = typeof entry === 'string' ? {} : (((entry as Tree)[name] ?? {}) as Tree);
    if (!isYes(options['enabled'], true)) continue;
    if (name === 'stats') {
      stats = true;
      zeros = isYes(options['null-values'], true);
      deltas = isYes(options['deltas'], false);
      totals = isYes(options['totals'], true);
      threads = isYes(options['threads'], false);
    }
    const type = name === 'files' ? 'fileinfo' : name.replace('-', '_');
    types.add(type);
    if (type === 'alert' || type === 'http' || type === 'fileinfo') {
      const shown = forwardedOf(at(options, 'xff') ?? at(node, 'xff'));
      if (shown !== undefined) forwarded[type] = shown;
    }
    records.set(type, type === 'dns' && dnsVersion !== undefined ? { version: dnsVersion, ...options } : options);
    // Both connections of FTP are one choice.
    if (name === 'ftp') types.add('ftp_data');
    if (name === 'anomaly') {
      anomaly = {
        decode: isYes(at(options, 'types.decode'), anomaly.decode),
        stream: isYes(at(options, 'types.stream'), anomaly.stream),
        application: isYes(at(options, 'types.applayer'), anomaly.application),
        packetHeader: isYes(options['packethdr'], anomaly.packetHeader),
      };
    }
    if (name === 'drop') {
      drop = {
        everyPacket: options['flows'] === 'all',
        alerts: isYes(options['alerts'], drop.alerts),
        verdict: isYes(options['verdict'], drop.verdict),
      };
    }
    if (name === 'frame') framePayload = sizeOf(options['payload-buffer-size'], framePayload);
    if (name === 'flow') exceptionPolicies = isYes(options['exception-policy'], exceptionPolicies);
    if (name === 'alert') {
      alert = {
        metadata: options['metadata'] === undefined || typeof options['metadata'] === 'object' ? true : isYes(options['metadata'], true),
        application: besideAlerts(options, 'app-layer'),
        flow: besideAlerts(options, 'flow'),
        guessed: isYes(at(tree, 'detect.guess-applayer-tx'), false),
        payload: isYes(options['payload'], false),
        payloadPrintable: isYes(options['payload-printable'], false),
        payloadLength: isYes(options['payload-length'], false),
        payloadSize: sizeOf(options['payload-buffer-size'], alert.payloadSize),
        tagged: isYes(options['tagged-packets'], true),
        packet: isYes(options['packet'], false),
        rule: isYes(at(options, 'metadata.rule.raw'), false),
        ruleMetadata: isYes(at(options, 'metadata.rule.metadata'), true),
        references: isYes(at(options, 'metadata.rule.reference'), false),
        verdict: isYes(options['verdict'], false),
      };
    }
  }
  return {
    enabled: true,
    captureName: isYes(node['pcap-file'], false),
    file: node,
    options: {
      types,
      records,
      anomaly,
      alert,
      forwarded,
      drop,
      framePayload,
      exceptionPolicies,
      ethernet: isYes(node['ethernet'], false),
      communityIdSeed: isYes(node['community-id'], false) ? Number(node['community-id-seed'] ?? 0) : undefined,
      version: isYes(node['suricata-version'], false),
      sensor: sensorOf(tree),
      metadata: isYes(node['metadata'], true),
      fileDetails: undefined,
    },
    stats,
    zeros,
    deltas,
    totals,
    threads,
    prefix: String(node['prefix'] ?? ''),
  };
}

function sensorOf(tree: Tree): string | undefined {
  const name = at(tree, 'sensor-name');
  return name === undefined || name === null ? undefined : String(name);
}

/** `metadata` of the type `alert`: yes or no for all of it, or for each part. */
function besideAlerts(options: Tree, part: 'app-layer' | 'flow'): boolean {
  const { metadata } = options;
  return typeof metadata === 'object' ? isYes(at(metadata, part), true) : isYes(metadata, true);
}

function forwardedOf(node: unknown): Forwarded | undefined {
  if (!isYes(at(node, 'enabled'), false)) return undefined;
  const mode = at(node, 'mode') === 'overwrite' ? 'overwrite' : 'extra-data';
  const deployment = at(node, 'deployment') === 'forward' ? 'forward' : 'reverse';
  return { mode, deployment, header: String(at(node, 'header') ?? 'X-Forwarded-For').toLowerCase() };
}
