/**
 * What a suricata.yaml says about deciding: exception policies, the order of actions. Suricata user guide, "Exception Policies"
 * and "Action-order".
 */
import { type ActionKind, DEFAULT_SETTINGS, type EngineSettings, EXCEPTION_POLICIES, type ExceptionPolicy } from '@sigwright/contracts';
import { InputProblem } from './arguments.ts';
import { at, isYes, type Tree } from './configuration-tree.ts';

/** Policies that decide about packets have no meaning where nothing can be dropped. */
const NEEDS_IPS: ReadonlySet<ExceptionPolicy> = new Set(['drop-flow', 'drop-packet', 'reject', 'reject-both']);
/** A connection in the middle is no single packet; and one that is picked up can only be ignored or passed. */
const NEVER_FOR_MIDSTREAM: ReadonlySet<ExceptionPolicy> = new Set(['drop-packet', 'pass-packet']);
const FOR_PICKED_UP: ReadonlySet<ExceptionPolicy> = new Set(['ignore', 'pass-flow']);

export function exceptionPoliciesOf(tree: Tree, ips: boolean): EngineSettings['exceptionPolicies'] {
  const master = policyAt(tree, 'exception-policy', ips);
  const pickUp = isYes(at(tree, 'stream.midstream'), false);
  const own = policyAt(tree, 'stream.midstream-policy', ips);
  if (own !== undefined) {
    if (NEVER_FOR_MIDSTREAM.has(own)) throw new InputProblem(`stream.midstream-policy: ${own} can not be used for connections in the middle`);
    if (!ips && NEEDS_IPS.has(own) && (pickUp || own.startsWith('drop'))) throw new InputProblem(`stream.midstream-policy: ${own} needs IPS mode`);
    if (pickUp && !FOR_PICKED_UP.has(own)) throw new InputProblem(`stream.midstream-policy: ${own} can not be used where stream.midstream is on`);
  }
  const memory = (path: string): ExceptionPolicy => usable(policyAt(tree, path, ips) ?? master, ips) ?? (ips ? 'drop-flow' : 'ignore');
  return {
    midstream: usable(own, ips) ?? usable(master, ips) ?? (ips && !pickUp ? 'drop-flow' : 'ignore'),
    reassemblyMemory: memory('stream.reassembly.memcap-policy'),
    sessionMemory: memory('stream.memcap-policy'),
    flowMemory: memory('flow.memcap-policy'),
    fragmentMemory: memory('defrag.memcap-policy'),
    applicationError: memory('app-layer.error-policy'),
  };
}

/** Undefined: not said, or `auto`, which leaves it to the default. */
function policyAt(tree: Tree, path: string, ips: boolean): ExceptionPolicy | undefined {
  const written = at(tree, path);
  if (written === undefined || written === null || written === 'auto') return undefined;
  const policy = EXCEPTION_POLICIES.find((name) => name === written);
  if (policy === undefined) throw new InputProblem(`${path}: ${String(written)} is no exception policy; write auto, ${EXCEPTION_POLICIES.join(', ')}`);
  return policy === 'reject-both' && !ips ? 'ignore' : policy;
}

/** A policy that can not be carried out here is as good as none. */
function usable(policy: ExceptionPolicy | undefined, ips: boolean): ExceptionPolicy | undefined {
  return policy !== undefined && !ips && NEEDS_IPS.has(policy) ? 'ignore' : policy;
}

export function actionOrderOf(written: unknown): readonly ActionKind[] {
  if (!Array.isArray(written)) return DEFAULT_SETTINGS.actionOrder;
  const order = written.filter((name): name is ActionKind => DEFAULT_SETTINGS.actionOrder.includes(name as ActionKind));
  return [...new Set([...order, ...DEFAULT_SETTINGS.actionOrder])];
}
