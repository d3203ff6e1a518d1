/**
 * What is wrong in a configuration, in the words users of Suricata search its log for: values that are passed over, and those that
 * the run ends at. Keys that are not known are left alone.
 */
import { existsSync, readFileSync } from 'node:fs';
import { entryOf, parseRange } from '@sigwright/bytes';
import { catalogue } from '@sigwright/catalogue';
import { TARGET_SYSTEMS, URGENT_LIMIT_POLICIES, URGENT_POLICIES } from '@sigwright/contracts';
import { at, isYes, sizeOf, type Tree } from './configuration-tree.ts';
import type { LogLevel } from './engine-log.ts';
import { LIBHTP_DEFAULT, LIBHTP_SERVERS, PERSONALITIES } from './http-configuration.ts';

export interface ConfigurationProblem {
  readonly level: LogLevel;
  readonly module: string;
  readonly text: string;
  /** yes: no run with it · strict: only where `-T` or `--init-errors-fatal` asks for it */
  readonly fatal: 'no' | 'strict' | 'yes';
}

/** Sizes below `app-layer.protocols`: a wrong one is told, and the default counts. */
const PROTOCOL_SIZES = ['ftp.memcap', 'ftp.max-tx', 'ftp.max-line-length'];

/** Sizes that must be right. */
const SIZES = [
  'app-layer.protocols.http.memcap',
  'app-layer.protocols.http.libhtp.default-config.request-body-limit',
  'app-layer.protocols.http.libhtp.default-config.response-body-limit',
  'app-layer.protocols.http.libhtp.default-config.request-body-minimal-inspect-size',
  'app-layer.protocols.http.libhtp.default-config.response-body-minimal-inspect-size',
  'defrag.memcap',
  'flow.memcap',
  'host.memcap',
  'stream.memcap',
  'stream.reassembly.memcap',
  'stream.reassembly.depth',
  'stream.reassembly.toserver-chunk-size',
  'stream.reassembly.toclient-chunk-size',
];

export function checkConfiguration(tree: Tree): readonly ConfigurationProblem[] {
  return [
    ...obsolete(tree),
    ...withoutEffect(tree),
    ...checksums(tree),
    ...outputs(tree),
    ...records(tree),
    ...targets(tree),
    ...personalities(tree),
    ...urgentData(tree),
    ...sizes(tree),
    ...fileStores(tree),
    ...references(tree),
  ];
}

function isSize(written: unknown): boolean {
  return sizeOf(written, -1) !== -1;
}

function obsolete(tree: Tree): readonly ConfigurationProblem[] {
  if (at(tree, 'decoder.erspan.typeI.enabled') === undefined) return [];
  return [{ level: 'Warning', module: 'decode-erspan', text: 'ERSPAN Type I is no longer configurable: it is always read', fatal: 'no' }];
}

const MAIL_FILES = "files in mails are searched as bodies of HTTP requests are (libhtp's request-body-minimal-inspect-size)";

/** Settings that change nothing here: how they are usually written, and what counts instead. */
const WITHOUT_EFFECT: Readonly<Record<string, readonly [usual: string, instead: string]>> = {
  'asn1-max-frames': ['256', 'asn1 looks at 256 elements'],
  'defrag.max-frags': ['65535', 'defrag.trackers and defrag.memcap limit what is kept'],
  'detect.inspection-recursion-limit': ['3000', 'a rule takes 3000 steps in a buffer at most'],
  'pcre.match-limit': ['3500', 'a pattern has a limit on its steps, and most need none'],
  'pcre.match-limit-recursion': ['1500', 'a pattern has a limit on its steps, and most need none'],
  'stream.reassembly.raw': ['yes', 'streams are searched for whatever rules ask'],
  'app-layer.protocols.smtp.inspected-tracker.content-limit': ['100000', MAIL_FILES],
  'app-layer.protocols.smtp.inspected-tracker.content-inspect-min-size': ['32768', MAIL_FILES],
  'app-layer.protocols.smtp.inspected-tracker.content-inspect-window': ['4096', MAIL_FILES],
};

function withoutEffect(tree: Tree): readonly ConfigurationProblem[] {
  return Object.entries(WITHOUT_EFFECT).flatMap(([setting, [usual, instead]]) => {
    const written = at(tree, setting);
    const isUsual = written === undefined || written === null || String(written) === usual || (usual === 'yes' && isYes(written, true));
    return isUsual ? [] : [{ level: 'Warning', module: 'conf', text: `${setting}: ${String(written)} has no effect: ${instead}`, fatal: 'no' }];
  });
}

function checksums(tree: Tree): readonly ConfigurationProblem[] {
  const written = at(tree, 'pcap-file.checksum-checks');
  if (written === undefined || written === null || typeof written === 'boolean' || /^(auto|yes|no|true|false|on|off|0|1)$/i.test(String(written))) return [];
  return [{ level: 'Warning', module: 'pcap', text: `pcap-file.checksum-checks: ${String(written)} is not one of auto, yes, no; auto counts`, fatal: 'no' }];
}

const BUILT_OUTPUTS = new Set(['eve-log', 'fast', 'syslog', 'http-log', 'tls-log', 'stats', 'alert-debug', 'file-store', 'pcap-log', 'tls-store', 'lua']);
const DEPRECATED_OUTPUTS = new Set(['http-log', 'tls-log', 'syslog']);
/** Outputs of Suricata 8 that are not built, and what to do instead. */
const UNBUILT_OUTPUTS: Readonly<Record<string, string>> = {
  'tcp-data': "is not built, and the user guide of Suricata 8 says nothing of it; pcap-log has the streams' packets",
  'http-body-data': 'is not built, and the user guide of Suricata 8 says nothing of it; http-body of eve-log alerts and file-store have bodies',
};

/** Outputs that are asked for, and that nothing is written for. */
function outputs(tree: Tree): readonly ConfigurationProblem[] {
  const list = at(tree, 'outputs');
  const wanted = (Array.isArray(list) ? list : []).flatMap((entry) => {
    if (typeof entry !== 'object' || entry === null) return [];
    const [[name, node] = ['', undefined]] = Object.entries(entry as Tree);
    return isYes(at(node, 'enabled'), true) ? [name] : [];
  });
  return [...new Set(wanted)].flatMap((name) => {
    const problem = (text: string): ConfigurationProblem => ({ level: 'Warning', module: 'output', text: `${name} ${text}`, fatal: 'no' });
    const found: ConfigurationProblem[] = [];
    if (DEPRECATED_OUTPUTS.has(name)) found.push(problem('is deprecated in Suricata 8.0 and goes with 9.0; eve-log has what it tells'));
    const unbuilt = entryOf(UNBUILT_OUTPUTS, name);
    if (unbuilt !== undefined) found.push(problem(unbuilt));
    else if (!BUILT_OUTPUTS.has(name)) found.push(problem('is no output of Suricata 8; it is passed over'));
    return found;
  });
}

/** Types of EVE records that no protocol of the catalogue gives its name to. */
const OWN_TYPES = ['alert', 'anomaly', 'drop', 'files', 'flow', 'frame', 'metadata', 'netflow', 'stats', 'arp', 'stream'];

/** Types of records that nothing writes, and counters that are turned off for all. */
function records(tree: Tree): readonly ConfigurationProblem[] {
  const plain = (name: string): string => name.replaceAll('-', '_');
  const known = new Set(OWN_TYPES);
  for (const { name, recordName, outputName } of catalogue.protocols.values()) for (const one of [name, recordName, outputName ?? name]) known.add(plain(one));
  const list = at(tree, 'outputs');
  const wanted = (Array.isArray(list) ? list : []).flatMap((output) => {
    const types = isYes(at(output, 'eve-log.enabled'), true) ? at(output, 'eve-log.types') : undefined;
    return (Array.isArray(types) ? types : []).flatMap((type) => {
      const [name, options] = typeof type === 'object' && type !== null ? (Object.entries(type as Tree)[0] ?? ['', undefined]) : [String(type), undefined];
      return isYes(at(options, 'enabled'), true) ? [name] : [];
    });
  });
  const problem = (text: string): ConfigurationProblem => ({ level: 'Warning', module: 'output', text, fatal: 'no' });
  const unknown = [...new Set(wanted)]
    .filter((name) => !known.has(plain(name)))
    .map((name) => problem(`eve-log: type ${name} is not known; no records of it are written`));
  const isOff = wanted.includes('stats') && !isYes(at(tree, 'stats.enabled'), true);
  return isOff ? [...unknown, problem('eve-log: type stats is asked for, but stats.enabled turns counters off; no records of it are written')] : unknown;
}

/** Kinds of HTTP servers that nobody knows. */
function personalities(tree: Tree): readonly ConfigurationProblem[] {
  const servers = at(tree, LIBHTP_SERVERS);
  const listed = (Array.isArray(servers) ? servers : []).flatMap((entry) => Object.values((entry ?? {}) as Tree));
  return [at(tree, LIBHTP_DEFAULT), ...listed].flatMap((node) => {
    const written = at(node, 'personality');
    if (written === undefined || written === null || PERSONALITIES.has(String(written))) return [];
    return [
      {
        level: 'Warning',
        module: 'app-layer-htp',
        text: `libhtp: personality ${String(written)} is not one of ${[...PERSONALITIES.keys()].join(', ')}; IDS counts`,
        fatal: 'no',
      },
    ];
  });
}

function urgentData(tree: Tree): readonly ConfigurationProblem[] {
  const wrong = (key: string, known: readonly string[], counts: string): readonly ConfigurationProblem[] => {
    const written = at(tree, `stream.reassembly.urgent.${key}`);
    if (written === undefined || written === null || known.includes(String(written))) return [];
    const text = `stream.reassembly.urgent.${key}: ${String(written)} is not one of ${known.join(', ')}; ${counts} counts`;
    return [{ level: 'Warning', module: 'stream-tcp', text, fatal: 'no' }];
  };
  return [...wrong('policy', URGENT_POLICIES, 'oob'), ...wrong('oob-limit-policy', URGENT_LIMIT_POLICIES, 'drop')];
}

/** Operating systems that are known, and networks. */
function targets(tree: Tree): readonly ConfigurationProblem[] {
  const policies = at(tree, 'host-os-policy');
  if (typeof policies !== 'object' || policies === null) return [];
  const problem = (text: string): ConfigurationProblem => ({ level: 'Error', module: 'host-os-info', text, fatal: 'yes' });
  return Object.entries(policies).flatMap(([name, networks]) => {
    if (!TARGET_SYSTEMS.some((system) => system === name)) return [problem(`host-os-policy: ${name} is not one of ${TARGET_SYSTEMS.join(', ')}`)];
    if (networks === null || networks === undefined) return [];
    const wrong = (Array.isArray(networks) ? networks : [networks]).filter((one) => parseRange(String(one)) === undefined);
    return wrong.map((one) => problem(`host-os-policy.${name}: ${String(one)} is neither an address nor a network`));
  });
}

function sizes(tree: Tree): readonly ConfigurationProblem[] {
  const found: ConfigurationProblem[] = [];
  for (const name of PROTOCOL_SIZES) {
    const key = `app-layer.protocols.${name}`;
    const written = at(tree, key);
    if (written === undefined || written === null || isSize(written)) continue;
    found.push({ level: 'Warning', module: name.slice(0, name.indexOf('.')), text: `Invalid value ${String(written)} for ${key}`, fatal: 'no' });
  }
  const wrong = (written: unknown, where: string): void => {
    if (written === undefined || written === null || isSize(written)) return;
    found.push({ level: 'Error', module: 'misc', text: `invalid size argument: ${String(written)} (${where})`, fatal: 'yes' });
  };
  for (const key of SIZES) wrong(at(tree, key), key);
  for (const options of recordOptions(tree, 'mqtt')) wrong(at(options, 'string-log-limit'), 'mqtt.string-log-limit');
  return found;
}

/** Options of one record type, of every EVE output. */
function recordOptions(tree: Tree, type: string): readonly unknown[] {
  const outputs = at(tree, 'outputs');
  return (Array.isArray(outputs) ? outputs : []).flatMap((output) => {
    const types = at(output, 'eve-log.types');
    return (Array.isArray(types) ? types : []).map((one) => at(one, type));
  });
}

/** Files are stored in one place. */
function fileStores(tree: Tree): readonly ConfigurationProblem[] {
  const outputs = at(tree, 'outputs');
  const enabled = (Array.isArray(outputs) ? outputs : []).filter((output) => isYes(at(output, 'file-store.enabled'), false));
  if (enabled.length < 2) return [];
  return [{ level: 'Error', module: 'filestore', text: 'A file-store is enabled already: only one can be', fatal: 'yes' }];
}

/** `config reference: name prefix` lines, blank ones and comments. */
const REFERENCE = /^\s*(?:config\s+reference\s*:\s*[A-Za-z][\w-]*\s+\S.*|#.*)?$/;

function references(tree: Tree): readonly ConfigurationProblem[] {
  const path = at(tree, 'reference-config-file');
  if (typeof path !== 'string' || !existsSync(path)) return [];
  const wrong = readFileSync(path, 'utf8')
    .split(/\r?\n/)
    .find((line) => !REFERENCE.test(line));
  if (wrong === undefined) return [];
  return [{ level: 'Error', module: 'reference-config', text: `Invalid Reference Config in ${path}: ${wrong}`, fatal: 'strict' }];
}
