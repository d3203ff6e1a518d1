/**
 * The firewall as a suricata.yaml and the command line set it up: is it on, which rules, which default policies. Suricata user
 * guide, "Firewall Mode Design".
 */
import { readFileSync } from 'node:fs';
import { catalogue } from '@sigwright/catalogue';
import { type EngineSettings, type FirewallPolicies, type FirewallPolicy, hooksOf } from '@sigwright/contracts';
import { buildFirewall, type CompiledRule } from '@sigwright/detection';
import { InputProblem } from './arguments.ts';
import { at, isYes, type Tree } from './configuration-tree.ts';
import { filesOf } from './file-pattern.ts';
import type { RuleProblem } from './loaded-rules.ts';
import { problemsOf, readRules } from './plans.ts';

/** Files with rules of the firewall; undefined: there is no firewall. `exclusive`: as the command line names it. */
export function firewallFilesOf(tree: Tree, exclusive: string | undefined): readonly string[] | undefined {
  if (exclusive !== undefined) return [exclusive];
  if (!isYes(at(tree, 'firewall.enabled'), false)) return undefined;
  const folder = String(at(tree, 'firewall.rule-path') ?? '/etc/suricata/firewall');
  const written = at(tree, 'firewall.rule-files');
  const names = typeof written === 'object' && written !== null ? Object.values(written) : written === undefined || written === null ? [] : [written];
  return names.flatMap((name) => filesOf(String(name), folder));
}

type Where = 'packet' | 'transaction';
const SCOPES: Readonly<Record<Where, readonly string[]>> = { packet: ['packet', 'flow', 'hook'], transaction: ['packet', 'flow', 'hook', 'tx'] };
const ACTIONS = ['accept', 'drop', 'reject', 'rejectsrc', 'rejectdst', 'rejectboth'] as const;
const DROP_PACKET: FirewallPolicy = { action: 'drop', scope: 'packet', alert: false, pass: 'none' };
const DROP_FLOW: FirewallPolicy = { action: 'drop', scope: 'flow', alert: false, pass: 'none' };
const ACCEPT_HOOK: FirewallPolicy = { action: 'accept', scope: 'hook', alert: false, pass: 'none' };
const DEFAULT = 'default-policy';
const PACKET_HOOKS = ['pre-flow', 'pre-stream', 'filter'] as const;

/** Throws an InputProblem that names what is wrong. */
export function firewallPoliciesOf(tree: Tree): FirewallPolicies {
  const path = 'firewall.policies';
  const all = textOf(at(tree, path));
  const policyAt = (name: string, where: Where): FirewallPolicy | undefined => {
    const written = at(tree, name);
    return written === undefined || written === null ? undefined : policyOf(name, written, where);
  };
  const general = `${path}.${DEFAULT}`;
  for (const name of Object.keys(textOf(at(tree, `${path}.packet`))))
    if (name !== DEFAULT && !PACKET_HOOKS.includes(name as 'filter'))
      throw new InputProblem(`${path}.packet.${name}: packets have no such hook; write ${PACKET_HOOKS.join(', ')}`);
  const packet = (name: (typeof PACKET_HOOKS)[number], otherwise: FirewallPolicy): FirewallPolicy =>
    policyAt(`${path}.packet.${name}`, 'packet') ?? policyAt(`${path}.packet.${DEFAULT}`, 'packet') ?? policyAt(general, 'packet') ?? otherwise;
  const hooks = new Map<string, FirewallPolicy>();
  for (const written of Object.keys(textOf(all['app']))) {
    if (written === DEFAULT) continue;
    const protocol = catalogue.protocols.get(written);
    if (protocol === undefined) throw new InputProblem(`${path}.app.${written}: protocol \`${written}\` is not known or not built yet`);
    const known = hooksOf(protocol).flatMap((side) => side.map(({ name }) => name));
    const own = `${path}.app.${written}`;
    for (const name of Object.keys(textOf(at(tree, own)))) {
      const policy = policyAt(`${own}.${name}`, 'transaction');
      if (policy === undefined) continue;
      const hook = name.replaceAll('-', '_');
      if (name === DEFAULT) hooks.set(protocol.name, policy);
      else if (known.includes(hook)) hooks.set(`${protocol.name}:${hook}`, policy);
      else throw new InputProblem(`${own}.${name}: there is no such hook; write ${known.map((one) => one.replaceAll('_', '-')).join(', ')}`);
    }
  }
  return {
    preFlow: packet('pre-flow', ACCEPT_HOOK),
    preStream: packet('pre-stream', ACCEPT_HOOK),
    filter: packet('filter', DROP_PACKET),
    application: policyAt(`${path}.app.${DEFAULT}`, 'transaction') ?? policyAt(general, 'transaction') ?? DROP_FLOW,
    hooks,
  };
}

function textOf(node: unknown): Tree {
  return typeof node === 'object' && node !== null ? (node as Tree) : {};
}

/** `accept:hook`, or a list that begins with it and goes on with `alert`, `pass:flow`. */
function policyOf(path: string, written: unknown, where: Where): FirewallPolicy {
  const words = (Array.isArray(written) ? written : typeof written === 'object' && written !== null ? Object.values(written) : String(written).split(',')).map(
    (word) => String(word).trim(),
  );
  const [word, scope] = (words[0] ?? '').split(':');
  const action = ACTIONS.find((known) => known === word);
  if (action === undefined) throw new InputProblem(`${path}: \`${words[0] ?? ''}\` is no policy; write accept:… or drop:…`);
  const scopes = action === 'accept' ? SCOPES[where] : ['packet', 'flow'];
  if (scope === undefined || !scopes.includes(scope)) throw new InputProblem(`${path}: write ${scopes.map((known) => `${word}:${known}`).join(', ')}`);
  let alert = false;
  let pass: FirewallPolicy['pass'] = 'none';
  for (const further of words.slice(1)) {
    if (further === 'alert') alert = true;
    else if (further === 'pass:flow') pass = 'flow';
    else if (further === 'pass:packet' || further === 'pass') pass = 'packet';
    else throw new InputProblem(`${path}: \`${further}\` can not follow \`${words[0]}\`; write alert, pass:packet or pass:flow`);
  }
  return { action, scope: scope as FirewallPolicy['scope'], alert, pass };
}

export interface FirewallRules {
  readonly rules: readonly CompiledRule[];
  readonly refused: number;
  readonly skipped: number;
  readonly problems: readonly RuleProblem[];
}

export function loadFirewallRules(paths: readonly string[], settings: EngineSettings): FirewallRules {
  const { sources, problems, broken } = readRules(paths.map((path) => ({ path, bytes: readFileSync(path) })));
  const build = buildFirewall(sources, catalogue, settings);
  return { rules: build.rules, refused: build.refused + broken, skipped: build.skipped, problems: [...problems, ...problemsOf(build.problems, sources)] };
}
