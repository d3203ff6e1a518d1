/**
 * What is wrong in a configuration, in the words users of Suricata search its log for: values that are passed over, and those that
 * the run ends at. Keys that are not known are left alone.
 */
import { existsSync, readFileSync } from 'node:fs';
import { parseRange } from '@sigwright/bytes';
import { TARGET_SYSTEMS, URGENT_POLICIES } from '@sigwright/contracts';
import { at, isYes, sizeOf, type Tree } from './configuration-tree.ts';
import type { LogLevel } from './engine-log.ts';

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
  return [...obsolete(tree), ...targets(tree), ...urgentData(tree), ...sizes(tree), ...fileStores(tree), ...references(tree)];
}

function isSize(written: unknown): boolean {
  return sizeOf(written, -1) !== -1;
}

function obsolete(tree: Tree): readonly ConfigurationProblem[] {
  if (at(tree, 'decoder.erspan.typeI.enabled') === undefined) return [];
  return [{ level: 'Warning', module: 'decode-erspan', text: 'ERSPAN Type I is no longer configurable: it is always read', fatal: 'no' }];
}

function urgentData(tree: Tree): readonly ConfigurationProblem[] {
  const written = at(tree, 'stream.reassembly.urgent.policy');
  if (written === undefined || written === null || URGENT_POLICIES.some((name) => name === written)) return [];
  const text = `stream.reassembly.urgent.policy: ${String(written)} is not one of ${URGENT_POLICIES.join(', ')}; oob counts`;
  return [{ level: 'Warning', module: 'stream-tcp', text, fatal: 'no' }];
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
