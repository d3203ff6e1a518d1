/**
 * A suricata.yaml (ours, or a user's) and `--set` → settings of the engine and outputs. Compiled-in defaults count where a
 * partial file says nothing. Keys that are not known are left alone, as Suricata leaves them.
 */
import { existsSync, readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { openCountries } from '@sigwright/catalogue';
import {
  type Classification,
  type Countries,
  type DataSetType,
  DEFAULT_SETTINGS,
  ENCRYPTION_HANDLINGS,
  type EncryptionHandling,
  type EngineSettings,
  type FlowTimeouts,
  type QueueLimits,
  type Reputation,
  TARGET_SYSTEMS,
  type Target,
  type TunnelPorts,
  URGENT_LIMIT_POLICIES,
  URGENT_POLICIES,
} from '@sigwright/contracts';
import { InputProblem } from './arguments.ts';
import { DEFAULT_CLASSIFICATIONS, readClassifications } from './classifications.ts';
import { at, isYes, listOf, sizeOf, type Tree } from './configuration-tree.ts';
import { decompressors } from './decompressors.ts';
import { type Outputs, outputsOf } from './eve-configuration.ts';
import { filesOf } from './file-pattern.ts';
import { httpOf, httpServersOf, LIBHTP_DEFAULT } from './http-configuration.ts';
import { actionOrderOf, exceptionPoliciesOf } from './policies.ts';
import { publicSuffixes } from './public-suffixes.ts';
import { DEFAULT_REFERENCES, readReferences } from './references.ts';
import { readReputation } from './reputation.ts';
import { readThresholdFile, type ThresholdFile } from './threshold-config.ts';

export interface Configuration extends Outputs {
  readonly tree: Tree;
  readonly settings: EngineSettings;
  readonly ruleFiles: readonly string[];
  /** what threshold.config says, and what of it could not be read */
  readonly thresholds: ThresholdFile;
}

function texts(tree: unknown, defaults: Readonly<Record<string, string>>): Record<string, string> {
  const result: Record<string, string> = { ...defaults };
  if (typeof tree === 'object' && tree !== null) for (const [name, value] of Object.entries(tree)) result[name] = String(value);
  return result;
}

/** `host-os-policy`: lists of networks by operating system. */
function targetsOf(tree: Tree): readonly Target[] {
  return TARGET_SYSTEMS.flatMap((system) => {
    const networks = at(tree, `host-os-policy.${system}`);
    return (Array.isArray(networks) ? networks : []).map((network) => ({ network: String(network), system }));
  });
}

/** Seconds that a closed connection is kept where the configuration does not say; the shipped one does. Suricata user guide, "Upgrading". */
const UNSAID_CLOSED = 10;

function timeouts(tree: unknown, name: string, otherwise: FlowTimeouts): FlowTimeouts {
  const node = at(tree, `flow-timeouts.${name}`);
  const number = (key: string, value: number): number => sizeOf(at(node, key), value);
  return { fresh: number('new', otherwise.fresh), established: number('established', otherwise.established), closed: number('closed', otherwise.closed) };
}

export interface ConfigurationOptions {
  readonly verifyChecksums: boolean | undefined;
  readonly inline: boolean;
  readonly classifications?: ReadonlyMap<string, Classification>;
  /** form of DNS records where the configuration names none (`SURICATA_EVE_DNS_VERSION`) */
  readonly dnsVersion?: string | undefined;
}

export function configurationOf(tree: Tree, options: ConfigurationOptions): Configuration {
  const defaults = DEFAULT_SETTINGS;
  const classificationFile = at(tree, 'classification-file');
  const referenceFile = at(tree, 'reference-config-file');
  const streamInline = at(tree, 'stream.inline');
  const thresholds = thresholdsOf(tree);
  const checksumChecks = at(tree, 'pcap-file.checksum-checks') ?? 'auto';
  const settings: EngineSettings = {
    ...defaults,
    addressGroups: texts(at(tree, 'vars.address-groups'), at(tree, 'vars') === undefined ? defaults.addressGroups : {}),
    portGroups: texts(at(tree, 'vars.port-groups'), at(tree, 'vars') === undefined ? defaults.portGroups : {}),
    verifyChecksums: options.verifyChecksums ?? isYes(checksumChecks, true),
    checksumsMayBeUnset: options.verifyChecksums === undefined && String(checksumChecks) === 'auto',
    dropsWrongChecksums: isYes(at(tree, 'stream.checksum-validation'), true),
    vlansTellFlowsApart: isYes(at(tree, 'vlan.use-for-tracking'), true),
    tunnelDepthTellsFlowsApart: isYes(at(tree, 'decoder.recursion-level.use-for-tracking'), true),
    mostLayers: Math.min(sizeOf(at(tree, 'decoder.max-layers'), defaults.mostLayers) || defaults.mostLayers, defaults.mostLayers),
    fragments: {
      timeout: sizeOf(at(tree, 'defrag.timeout'), defaults.fragments.timeout),
      mostPackets: sizeOf(at(tree, 'defrag.trackers'), defaults.fragments.mostPackets),
      bytes: sizeOf(at(tree, 'defrag.memcap'), defaults.fragments.bytes),
    },
    tunnels: {
      vxlan: tunnelPortsOf(tree, 'vxlan', defaults.tunnels.vxlan),
      vxlanReserved: at(tree, 'decoder.vxlan.reserved-bits-check') === 'permissive',
      geneve: tunnelPortsOf(tree, 'geneve', defaults.tunnels.geneve),
      teredo: tunnelPortsOf(tree, 'teredo', undefined),
    },
    inline: streamInline === undefined || streamInline === 'auto' ? options.inline : isYes(streamInline, false),
    ips: options.inline,
    exceptionPolicies: exceptionPoliciesOf(tree, options.inline),
    actionOrder: actionOrderOf(at(tree, 'action-order')),
    targets: targetsOf(tree),
    stream: {
      midstream: isYes(at(tree, 'stream.midstream'), false),
      asyncOneside: isYes(at(tree, 'stream.async-oneside'), false),
      depth: sizeOf(at(tree, 'stream.reassembly.depth'), defaults.stream.depth),
      memory: sizeOf(at(tree, 'stream.reassembly.memcap'), defaults.stream.memory),
      dropInvalid: isYes(at(tree, 'stream.drop-invalid'), true),
      urgentPolicy: URGENT_POLICIES.find((name) => name === at(tree, 'stream.reassembly.urgent.policy')) ?? defaults.stream.urgentPolicy,
      urgentLimitPolicy:
        URGENT_LIMIT_POLICIES.find((name) => name === at(tree, 'stream.reassembly.urgent.oob-limit-policy')) ?? defaults.stream.urgentLimitPolicy,
      bypassAtDepth: isYes(at(tree, 'stream.bypass'), false),
      chunkToServer: sizeOf(at(tree, 'stream.reassembly.toserver-chunk-size'), defaults.stream.chunkToServer),
      chunkToClient: sizeOf(at(tree, 'stream.reassembly.toclient-chunk-size'), defaults.stream.chunkToClient),
      mostSyns: sizeOf(at(tree, 'stream.max-syn-queued'), defaults.stream.mostSyns),
      mostAnswers: sizeOf(at(tree, 'stream.max-synack-queued'), defaults.stream.mostAnswers),
    },
    http: httpOf(at(tree, LIBHTP_DEFAULT)),
    httpServers: httpServersOf(tree),
    dhcp: { everyMessage: isYes(recordOption(tree, 'dhcp.extended'), defaults.dhcp.everyMessage) },
    protocolsOff: new Set([
      ...OFF_UNLESS_NAMED.filter((name) => at(tree, `app-layer.protocols.${name}.enabled`) === undefined),
      ...protocolsWhere(tree, (written) => !isYes(written, true) && written !== DETECTION_ONLY),
      ...offOver(tree, 'tcp'),
      ...offOver(tree, 'udp'),
    ]),
    protocolsUnread: protocolsWhere(tree, (written) => written === DETECTION_ONLY),
    protocolPorts: protocolPortsOf(tree),
    mostTransactions: numbersOf(tree, 'max-tx'),
    protocolDepths: new Map([...defaults.protocolDepths, ...numbersOf(tree, 'stream-depth')]),
    smb: smbOf(at(tree, 'app-layer.protocols.smb')),
    http2: {
      mostStreams: sizeOf(at(tree, 'app-layer.protocols.http2.max-streams'), defaults.http2.mostStreams),
      longestBlock: sizeOf(at(tree, 'app-layer.protocols.http2.max-reassembly-size'), defaults.http2.longestBlock),
      largestTable: sizeOf(at(tree, 'app-layer.protocols.http2.max-table-size'), defaults.http2.largestTable),
    },
    ftp: {
      longestLine: sizeOf(at(tree, 'app-layer.protocols.ftp.max-line-length'), defaults.ftp.longestLine),
      mostTransactions: sizeOf(at(tree, 'app-layer.protocols.ftp.max-tx'), defaults.ftp.mostTransactions),
    },
    ssh: { ...defaults.ssh, encryptionHandling: encryptionHandlingOf(tree, 'ssh') },
    mail: mailOf(tree),
    tls: {
      encryptionHandling: encryptionHandlingOf(tree, 'tls'),
      fingerprints: { ja3: mayUse(tree, 'ja3'), ja4: mayUse(tree, 'ja4') },
      shownFingerprints: { ja3: mayUse(tree, 'ja3'), ja4: mayUse(tree, 'ja4') },
    },
    mqtt: {
      passwords: isYes(recordOption(tree, 'mqtt.passwords'), defaults.mqtt.passwords),
      messageLimit: sizeOf(at(tree, 'app-layer.protocols.mqtt.max-msg-length'), defaults.mqtt.messageLimit),
      shownText: sizeOf(recordOption(tree, 'mqtt.string-log-limit'), defaults.mqtt.shownText),
    },
    pgsql: { passwords: isYes(recordOption(tree, 'pgsql.passwords'), defaults.pgsql.passwords) },
    flowTimeouts: {
      tcp: timeouts(tree, 'tcp', { ...defaults.flowTimeouts.tcp, closed: UNSAID_CLOSED }),
      udp: timeouts(tree, 'udp', defaults.flowTimeouts.udp),
      icmp: timeouts(tree, 'icmp', defaults.flowTimeouts.icmp),
      other: timeouts(tree, 'default', defaults.flowTimeouts.other),
    },
    maximumAlertsPerPacket: sizeOf(at(tree, 'packet-alert-max'), 0) || defaults.maximumAlertsPerPacket,
    decompressors,
    globalThresholds: thresholds.entries,
    reputation: reputationOf(tree),
    countries: countriesOf(tree),
    dataSetRows: {
      each: sizeOf(at(tree, 'datasets.limits.single-hashsize'), defaults.dataSetRows.each),
      all: sizeOf(at(tree, 'datasets.limits.total-hashsizes'), defaults.dataSetRows.all),
    },
    dataSets: dataSetsOf(at(tree, 'datasets') as Tree | undefined),
    publicSuffixes,
    references: referenceFile === undefined || !existsSync(String(referenceFile)) ? DEFAULT_REFERENCES : readReferences(String(referenceFile)),
    classifications:
      options.classifications ??
      (classificationFile === undefined || !existsSync(String(classificationFile)) ? DEFAULT_CLASSIFICATIONS : readClassifications(String(classificationFile))),
  };
  return { tree, settings, ...outputsOf(tree, options.dnsVersion), ruleFiles: ruleFilesOf(tree), thresholds };
}

function encryptionHandlingOf(tree: Tree, protocol: string): EncryptionHandling {
  const written = at(tree, `app-layer.protocols.${protocol}.encryption-handling`);
  // Before there was the option, this one said so of TLS.
  const bypasses = written === undefined && isYes(at(tree, `app-layer.protocols.${protocol}.no-reassemble`), false);
  return bypasses ? 'bypass' : (ENCRYPTION_HANDLINGS.find((name) => name === written) ?? 'track-only');
}

function smbOf(node: unknown): EngineSettings['smb'] {
  const { smb } = DEFAULT_SETTINGS;
  const queue = (name: 'read' | 'write', { pieces, bytes }: QueueLimits): QueueLimits => ({
    pieces: sizeOf(at(node, `max-${name}-queue-cnt`), pieces),
    bytes: sizeOf(at(node, `max-${name}-queue-size`), bytes),
  });
  return {
    largestRead: sizeOf(at(node, 'max-read-size'), smb.largestRead),
    largestWrite: sizeOf(at(node, 'max-write-size'), smb.largestWrite),
    readQueue: queue('read', smb.readQueue),
    writeQueue: queue('write', smb.writeQueue),
  };
}

/** `app-layer.protocols.<name>.<key>` of every protocol that says it; ftp has its own. */
function numbersOf(tree: Tree, key: string): ReadonlyMap<string, number> {
  const protocols = at(tree, 'app-layer.protocols');
  if (typeof protocols !== 'object' || protocols === null) return new Map();
  const found = Object.entries(protocols).map(([name, node]) => [name, sizeOf(at(node, key), -1)] as const);
  return new Map(found.filter(([name, value]) => value >= 0 && name !== 'ftp'));
}

const DETECTION_ONLY = 'detection-only';
/** Protocols of industrial plants, and PostgreSQL, are looked for where the configuration says so, as in Suricata. */
const OFF_UNLESS_NAMED = ['dnp3', 'enip', 'modbus', 'pgsql'];

function protocolsWhere(tree: Tree, holds: (enabled: unknown) => boolean): ReadonlySet<string> {
  const protocols = at(tree, 'app-layer.protocols');
  if (typeof protocols !== 'object' || protocols === null) return new Set();
  return new Set(Object.entries(protocols).flatMap(([name, node]) => (holds(at(node, 'enabled') ?? 'yes') ? [name] : [])));
}

/** `app-layer.protocols.<name>.tcp.enabled: no`, as `<name>/tcp`. */
function offOver(tree: Tree, transport: 'tcp' | 'udp'): readonly string[] {
  const protocols = at(tree, 'app-layer.protocols');
  if (typeof protocols !== 'object' || protocols === null) return [];
  return Object.entries(protocols).flatMap(([name, node]) => (isYes(at(node, `${transport}.enabled`), true) ? [] : [`${name}/${transport}`]));
}

/** `app-layer.protocols.<name>.detection-ports`, or below `tcp` or `udp` there: `dp: 53, 5300-5310`. */
function protocolPortsOf(tree: Tree): EngineSettings['protocolPorts'] {
  const result = new Map<string, (readonly [number, number])[]>();
  const protocols = at(tree, 'app-layer.protocols');
  if (typeof protocols !== 'object' || protocols === null) return result;
  for (const [name, node] of Object.entries(protocols)) {
    const written =
      at(node, 'detection-ports') === undefined ? [at(node, 'tcp.detection-ports'), at(node, 'udp.detection-ports')] : [at(node, 'detection-ports')];
    const intervals = written.flatMap((ports) => [at(ports, 'dp'), at(ports, 'sp')]).flatMap(intervalsOf);
    if (intervals.length > 0) result.set(name, intervals);
  }
  return result;
}

/** `decoder.<name>`: ports, in a list or by the name of a group; `otherwise` where none are said. */
function tunnelPortsOf(tree: Tree, name: string, otherwise: TunnelPorts): TunnelPorts {
  if (!isYes(at(tree, `decoder.${name}.enabled`), true)) return new Set();
  let written = at(tree, `decoder.${name}.ports`);
  if (typeof written === 'string' && written.startsWith('$')) written = at(tree, `vars.port-groups.${written.slice(1)}`);
  if (written === undefined || written === null) return otherwise;
  if (String(written) === 'any') return undefined;
  return new Set(Array.from(String(written).matchAll(/\d+/g), ([port]) => Number(port)));
}

const HIGHEST_PORT = 65_535;

function intervalsOf(written: unknown): (readonly [number, number])[] {
  if (written === undefined || written === null) return [];
  if (String(written) === 'any') return [[0, HIGHEST_PORT]];
  const found = Array.from(String(written).matchAll(/(\d+)(?:\s*[-:]\s*(\d+))?/g), ([, low, high]) => [Number(low), Number(high ?? low)] as const);
  return found.filter(([low, high]) => low <= high && high <= HIGHEST_PORT);
}

function mailOf(tree: Tree): EngineSettings['mail'] {
  const mime = at(tree, 'app-layer.protocols.smtp.mime');
  const schemes = at(mime, 'extract-urls-schemes');
  const defaults = DEFAULT_SETTINGS.mail;
  const decoded = isYes(at(mime, 'decode-mime'), true);
  const wanted = decoded && isYes(at(mime, 'extract-urls'), true);
  return {
    reading: decoded ? 'parts' : isYes(at(tree, 'app-layer.protocols.smtp.raw-extraction'), false) ? 'whole' : 'none',
    base64: isYes(at(mime, 'decode-base64'), defaults.base64),
    quotedPrintable: isYes(at(mime, 'decode-quoted-printable'), defaults.quotedPrintable),
    longestValue: sizeOf(at(mime, 'header-value-depth'), defaults.longestValue),
    digest: isYes(at(mime, 'body-md5'), defaults.digest),
    urls: {
      schemes: wanted ? (Array.isArray(schemes) ? schemes.map(String) : defaults.urls.schemes) : [],
      withScheme: isYes(at(mime, 'log-url-scheme'), defaults.urls.withScheme),
    },
  };
}

/** An option of a record type, where any EVE output sets it. */
export function recordOption(tree: Tree, path: string): unknown {
  const outputs = at(tree, 'outputs');
  for (const output of Array.isArray(outputs) ? outputs : []) {
    const types = at(output, 'eve-log.types');
    for (const type of Array.isArray(types) ? types : []) {
      const wanted = at(type, path);
      if (wanted !== undefined && wanted !== null) return wanted;
    }
  }
  return undefined;
}

/** Undefined where no database is named; throws where it can not be read. */
function countriesOf(tree: Tree): Countries | undefined {
  const path = at(tree, 'geoip-database');
  if (typeof path !== 'string') return undefined;
  // As Suricata: a database that is not there matters only to rules that ask it.
  const countries = existsSync(path) ? openCountries(readFileSync(path)) : undefined;
  if (countries === undefined && existsSync(path)) throw new InputProblem(`${path} is no MaxMind DB`);
  return countries;
}

function reputationOf(tree: Tree): Reputation | undefined {
  const categories = at(tree, 'reputation-categories-file');
  if (categories === undefined || at(tree, 'reputation-files') === undefined) return undefined;
  return readReputation(String(categories), reputationFilesOf(tree));
}

export function reputationFilesOf(tree: Tree): readonly string[] {
  const files = at(tree, 'reputation-files');
  if (files === undefined || files === null || at(tree, 'reputation-categories-file') === undefined) return [];
  const folder = String(at(tree, 'default-reputation-path') ?? '.');
  return listOf(files).map((path) => (isAbsolute(path) ? path : join(folder, path)));
}

const NO_THRESHOLDS: ThresholdFile = { entries: [], problems: [] };

function thresholdsOf(tree: Tree): ThresholdFile {
  const path = at(tree, 'threshold-file');
  return path === undefined || path === null || !existsSync(String(path)) ? NO_THRESHOLDS : readThresholdFile(readFileSync(String(path), 'utf8'));
}

function ruleFilesOf(tree: Tree): readonly string[] {
  const folder = String(at(tree, 'default-rule-path') ?? '/var/lib/suricata/rules');
  const files = at(tree, 'rule-files');
  if (files === undefined || files === null) return [];
  return listOf(files).flatMap((file) => filesOf(file, folder));
}

/** `auto` and nothing said mean: where a rule asks for it. */
function mayUse(tree: Tree, fingerprint: 'ja3' | 'ja4'): boolean {
  return isYes(at(tree, `app-layer.protocols.tls.${fingerprint}-fingerprints`), true);
}

const DATA_SET_TYPES: readonly DataSetType[] = ['string', 'md5', 'sha256', 'ip', 'ipv4'];

/** Sets that stand under `datasets` by their names, beside what is said of all of them. */
function dataSetsOf(written: Tree | undefined): EngineSettings['dataSets'] {
  const sets = new Map<string, { type: DataSetType; load: string | undefined; save: string | undefined }>();
  if (typeof written !== 'object' || written === null) return sets;
  for (const [name, set] of Object.entries(written)) {
    const type = at(set as Tree, 'type') as DataSetType;
    if (!DATA_SET_TYPES.includes(type)) continue;
    const state = at(set as Tree, 'state');
    const file = (key: string): string | undefined => {
      const path = at(set as Tree, key) ?? state;
      return typeof path === 'string' ? path : undefined;
    };
    sets.set(name, { type, load: file('load'), save: file('save') });
  }
  return sets;
}
