/**
 * The firewall (Suricata user guide, "Firewall Mode Design"): its rules say what may pass, in the order in which they are written, at
 * fixed places (hooks): before the flow, before the stream, at each packet, at each state of each transaction. Where no rule
 * decides, a policy does, and what is let through goes on to all other rules as if nothing had been before them.
 *
 * A state of a transaction is evaluated with every packet that brought news while it lasts, and once more when it is left. A rule that
 * looked at the transaction's content and held is not asked again: what it let through stays so.
 */
import {
  type Catalogue,
  type Diagnostic,
  type Direction,
  DROPPED,
  type EngineSettings,
  type FirewallPolicies,
  type FirewallPolicy,
  type Flow,
  hooksOf,
  PASSED,
  type Packet,
  type ProtocolDefinition,
  type ProtocolSession,
  REJECTED_TO_DESTINATION,
  REJECTED_TO_SOURCE,
  type Rule,
  type ScopedAction,
  TCP,
  TO_CLIENT,
  TO_SERVER,
  type Transaction,
} from '@sigwright/contracts';
import { parseRule } from '@sigwright/rule-language';
import { decideFlow, drop } from '@sigwright/traffic';
import { compileRule } from '../compile/compile-rule.ts';
import type { CompiledRule } from '../compile/compiled-rule.ts';
import { HeaderResolver } from '../compile/header.ts';
import type { PacketHook } from '../compile/hook.ts';
import type { PlanProblem, RuleSource } from '../compile/plan.ts';
import type { AlertQueue } from './alert-queue.ts';
import type { FlowDetection } from './flow-detection.ts';
import type { RuleEvaluation } from './rule-evaluation.ts';
import type { TransactionInspector } from './transaction-inspector.ts';

/** One rule at one hook. */
interface Place {
  readonly rule: CompiledRule;
  /** gid and sid */
  readonly id: string;
  /** it stands at a later hook and lets through what comes before */
  readonly implied: boolean;
  /** it looks at the transaction's content */
  readonly ofContent: boolean;
}

interface State {
  readonly label: string;
  readonly progress: number;
  readonly places: readonly Place[];
  readonly policy: FirewallPolicy;
}

type States = readonly [readonly State[], readonly State[]];

/** What was decided about a packet at a hook. */
const HOOK_ACCEPTED = 0;
export const PACKET_ACCEPTED = 1;
const TRANSACTION_ACCEPTED = 2;
const FLOW_ACCEPTED = 3;
const FIREWALL_DROPPED = 4;
export type FirewallAnswer = 0 | 1 | 2 | 3 | 4;

/** What the firewall keeps about a transaction. */
class Passage {
  accepted = false;
  /** the state evaluated last, by direction */
  readonly reached: [number, number] = [0, 0];
  /** the last state was evaluated */
  readonly over: [boolean, boolean] = [false, false];
  /** rules that held on its content, by gid and sid: others may take over meanwhile */
  readonly held = new Set<string>();
}

export interface FirewallBuild {
  readonly rules: readonly CompiledRule[];
  readonly problems: readonly PlanProblem[];
  readonly refused: number;
  readonly skipped: number;
}

/** Rules of the firewall's own files. Those with an error are left out and reported. */
export function buildFirewall(sources: readonly RuleSource[], catalogue: Catalogue, settings: EngineSettings): FirewallBuild {
  const compiler = { catalogue, settings, headers: new HeaderResolver(settings), firewall: true };
  const rules: CompiledRule[] = [];
  const problems: PlanProblem[] = [];
  const seen = new Set<string>();
  let refused = 0;
  let skipped = 0;
  const fail = (path: string, rule: Rule, diagnostics: readonly Diagnostic[]): void => {
    problems.push({ path, rule, diagnostics });
  };
  for (const { path, rules: written } of sources) {
    for (const rule of written) {
      if (!rule.enabled) continue;
      const { compiled, diagnostics, missing } = compileRule(rule, compiler);
      if (missing !== undefined) {
        skipped++;
        continue;
      }
      if (diagnostics.length > 0) fail(path, rule, diagnostics);
      const id = `${rule.gid}:${rule.sid}`;
      const twice = compiled !== undefined && seen.has(id);
      if (twice) fail(path, rule, [{ code: 'rule/duplicate-sid', severity: 'error', title: `sid ${rule.sid} is used twice`, at: rule.span }]);
      if (compiled === undefined || twice) {
        refused++;
        continue;
      }
      seen.add(id);
      compiled.index = rules.length;
      rules.push(compiled);
    }
  }
  return { rules, problems, refused, skipped };
}

/** Alerts that tell of a policy. */
const POLICY_ALERTS = {
  packet: 'alert ip any any -> any any (msg:"SURICATA FW default packet policy"; sid:2201000; rev:1;)',
  application: 'alert ip any any -> any any (msg:"SURICATA FW default app policy"; sid:2201001; rev:1;)',
};

const DROPS: Readonly<Record<string, number>> = {
  drop: DROPPED,
  reject: REJECTED_TO_SOURCE,
  rejectsrc: REJECTED_TO_SOURCE,
  rejectdst: REJECTED_TO_DESTINATION,
  rejectboth: REJECTED_TO_SOURCE | REJECTED_TO_DESTINATION,
};

/** Hook as records name it, and why what is dropped there by a rule or by the policy is. */
interface PacketTable {
  readonly label: string;
  readonly ruleReason: string;
  readonly policyReason: string;
  readonly policy: FirewallPolicy;
  readonly rules: readonly CompiledRule[];
}

export class Firewall {
  readonly #policies: FirewallPolicies;
  readonly #catalogue: Catalogue;
  readonly #evaluation: RuleEvaluation;
  readonly #transactions: TransactionInspector;
  readonly #alerts: AlertQueue;
  readonly #rules: readonly CompiledRule[];
  readonly #preFlow: PacketTable;
  readonly #preStream: PacketTable;
  readonly #filter: PacketTable;
  readonly #states = new Map<string, States>();
  readonly #packetPolicy: CompiledRule;
  readonly #applicationPolicy: CompiledRule;

  constructor(
    rules: readonly CompiledRule[],
    policies: FirewallPolicies,
    catalogue: Catalogue,
    settings: EngineSettings,
    evaluation: RuleEvaluation,
    transactions: TransactionInspector,
    alerts: AlertQueue,
  ) {
    this.#rules = rules;
    this.#policies = policies;
    this.#catalogue = catalogue;
    this.#evaluation = evaluation;
    this.#transactions = transactions;
    this.#alerts = alerts;
    const at = (...names: PacketHook[]): CompiledRule[] => rules.filter((rule) => rule.hook?.of === 'packet' && names.includes(rule.hook.name));
    const before = (name: string): { ruleReason: string; policyReason: string } => ({
      ruleReason: `firewall ${name} hook`,
      policyReason: `firewall ${name} hook`,
    });
    this.#preFlow = { label: 'packet:pre_flow', ...before('pre flow'), policy: policies.preFlow, rules: at('pre_flow') };
    this.#preStream = { label: 'packet:pre_stream', ...before('pre stream'), policy: policies.preStream, rules: at('pre_stream') };
    this.#filter = {
      label: 'packet:filter',
      ruleReason: 'firewall rules',
      policyReason: 'firewall default packet policy',
      policy: policies.filter,
      rules: at('all', 'flow_start'),
    };
    const headers = new HeaderResolver(settings);
    const told = (text: string): CompiledRule => compileRule(parseRule(text).rule!, { catalogue, settings, headers }).compiled!;
    this.#packetPolicy = told(POLICY_ALERTS.packet);
    this.#applicationPolicy = told(POLICY_ALERTS.application);
  }

  /** Is anything to be decided before flows, or before streams? */
  get hasPreFlow(): boolean {
    return this.#preFlow.rules.length > 0 || !isNothing(this.#preFlow.policy);
  }

  get hasPreStream(): boolean {
    return this.#preStream.rules.length > 0 || !isNothing(this.#preStream.policy);
  }

  /** False: it is dropped, or not to be tracked, and no flow ever sees it. */
  beforeFlow(packet: Packet): boolean {
    return this.#packet(this.#preFlow, packet, undefined) !== FIREWALL_DROPPED && !packet.isUntracked;
  }

  /** False: it is dropped, and the stream never sees it. */
  beforeStream(packet: Packet, flow: Flow): boolean {
    if (flow.accepted) return true;
    return this.#packet(this.#preStream, packet, flow) !== FIREWALL_DROPPED;
  }

  /** Every packet, once flow and stream took it in. */
  filter(packet: Packet, flow: Flow | undefined): FirewallAnswer {
    return this.#packet(this.#filter, packet, flow);
  }

  #packet(table: PacketTable, packet: Packet, flow: Flow | undefined): FirewallAnswer {
    const { rules } = table;
    for (let at = 0; at < rules.length; at++) {
      const rule = rules[at];
      if (!this.#evaluation.packetRule(rule, packet, flow)) continue;
      this.#evaluation.matched(rule, packet, flow, undefined);
      // It decides nothing.
      if (rule.action === 'config') continue;
      const answer = this.#act(rule.action, rule.scope ?? 'packet', table.ruleReason, packet, flow);
      if (!rule.noAlert) this.#tell(rule, table.label, packet, flow, undefined);
      this.#further(rule.furtherActions, answer, packet, flow);
      return answer;
    }
    const { policy } = table;
    return this.#policy(policy, this.#packetPolicy, table.label, table.policyReason, packet, flow, undefined);
  }

  /** Transactions that this packet brought news of. `more`: their conversation went on, though nothing in it is read any more. */
  transactions(session: ProtocolSession, packet: Packet, flow: Flow, direction: Direction, detection: FlowDetection, more: boolean): FirewallAnswer {
    const definition = this.#catalogue.protocols.get(flow.applicationProtocol ?? '');
    if (definition === undefined) return HOOK_ACCEPTED;
    const states = this.#statesOf(definition)[direction];
    const { transactions } = session;
    for (let at = 0; at < transactions.length; at++) {
      const transaction = transactions[at];
      if (!transaction.changed[direction] && !more) continue;
      transaction.firewall ??= new Passage();
      const passage = transaction.firewall as Passage;
      if (passage.accepted || passage.over[direction]) continue;
      const answer = this.#transaction(definition, states, passage, transaction, packet, flow, direction, detection);
      if (answer !== HOOK_ACCEPTED && answer !== TRANSACTION_ACCEPTED) return answer;
    }
    return HOOK_ACCEPTED;
  }

  #transaction(
    definition: ProtocolDefinition,
    states: readonly State[],
    passage: Passage,
    transaction: Transaction,
    packet: Packet,
    flow: Flow,
    direction: Direction,
    detection: FlowDetection,
  ): FirewallAnswer {
    const progress = transaction.progress[direction];
    const complete = progress >= definition.complete[direction];
    for (let at = passage.reached[direction]; at < states.length && states[at].progress <= progress; at++) {
      passage.reached[direction] = at;
      const answer = this.#state(states[at], passage, transaction, packet, flow, direction, detection, complete);
      if (answer === TRANSACTION_ACCEPTED) passage.accepted = true;
      if (answer !== HOOK_ACCEPTED) return answer;
      passage.over[direction] = at === states.length - 1;
    }
    return HOOK_ACCEPTED;
  }

  #state(
    state: State,
    passage: Passage,
    transaction: Transaction,
    packet: Packet,
    flow: Flow,
    direction: Direction,
    detection: FlowDetection,
    complete: boolean,
  ): FirewallAnswer {
    let heldBefore = false;
    for (const { rule, id, implied, ofContent } of state.places) {
      if (implied) {
        if (this.#evaluation.headerAndFlow(rule, packet, flow)) return HOOK_ACCEPTED;
        continue;
      }
      if (ofContent && passage.held.has(id)) {
        heldBefore = true;
        continue;
      }
      if (!this.#transactions.holds(rule, transaction, packet, flow, direction, detection, complete)) continue;
      if (ofContent) passage.held.add(id);
      this.#evaluation.matched(rule, packet, flow, transaction);
      if (rule.action === 'config') continue;
      const answer = this.#act(rule.action, rule.scope ?? 'packet', 'firewall rules', packet, flow);
      if (!rule.noAlert) this.#tell(rule, state.label, packet, flow, transaction);
      this.#further(rule.furtherActions, answer, packet, flow);
      return answer;
    }
    if (heldBefore) return HOOK_ACCEPTED;
    return this.#policy(state.policy, this.#applicationPolicy, state.label, 'firewall default app policy', packet, flow, transaction);
  }

  #policy(
    policy: FirewallPolicy,
    told: CompiledRule,
    label: string,
    reason: string,
    packet: Packet,
    flow: Flow | undefined,
    transaction: Transaction | undefined,
  ): FirewallAnswer {
    const answer = this.#act(policy.action, policy.scope, reason, packet, flow);
    if (policy.alert) this.#tell(told, label, packet, flow, transaction, policy.action);
    if (policy.pass !== 'none' && answer !== FIREWALL_DROPPED) pass(policy.pass, packet, flow);
    return answer;
  }

  #act(action: string, scope: string, reason: string, packet: Packet, flow: Flow | undefined): FirewallAnswer {
    const decision = DROPS[action];
    if (decision !== undefined) {
      drop(packet, decision, reason);
      if (scope === 'flow' && flow !== undefined && !packet.isPseudo) {
        flow.accepted = false;
        flow.verdict = 'none';
        decideFlow(flow, 'drop', 'firewall flow drop');
      }
      return FIREWALL_DROPPED;
    }
    if (scope === 'hook') return HOOK_ACCEPTED;
    if (scope === 'tx') return TRANSACTION_ACCEPTED;
    if (scope === 'packet' || flow === undefined) return PACKET_ACCEPTED;
    flow.accepted = true;
    return FLOW_ACCEPTED;
  }

  #further(actions: readonly ScopedAction[], answer: FirewallAnswer, packet: Packet, flow: Flow | undefined): void {
    if (answer === FIREWALL_DROPPED) return;
    for (const { action, scope } of actions) if (action === 'pass') pass(scope === 'flow' ? 'flow' : 'packet', packet, flow);
  }

  #tell(rule: CompiledRule, hook: string, packet: Packet, flow: Flow | undefined, transaction: Transaction | undefined, action = rule.action): void {
    this.#alerts.addDecided({
      rule,
      direction: packet.direction,
      transaction,
      guess: undefined,
      inStream: transaction !== undefined && packet.protocol === TCP,
      flow,
      action,
      hook,
      changed: false,
      notes: this.#evaluation.notes,
    });
  }

  /** Must the transaction be kept, since states of it are still to come? */
  awaits(definition: ProtocolDefinition, transaction: Transaction, flow: Flow): boolean {
    if (flow.accepted || flow.verdict === 'drop') return false;
    const passage = transaction.firewall as Passage | undefined;
    if (passage?.accepted === true) return false;
    const states = this.#statesOf(definition);
    for (const direction of [TO_SERVER, TO_CLIENT] as const) {
      const last = states[direction][states[direction].length - 1];
      if (last !== undefined && last.progress > transaction.progress[direction] && passage?.over[direction] !== true) return true;
    }
    return false;
  }

  #statesOf(definition: ProtocolDefinition): States {
    let states = this.#states.get(definition.name);
    if (states === undefined) {
      const all = hooksOf(definition);
      const side = (direction: Direction): readonly State[] =>
        all[direction].map(({ name, progress }, position) => ({
          label: `${definition.name}:${name}`,
          progress,
          places: this.#places(definition.name, direction, name, position, all[direction]),
          policy: this.#policies.hooks.get(`${definition.name}:${name}`) ?? this.#policies.hooks.get(definition.name) ?? this.#policies.application,
        }));
      states = [side(TO_SERVER), side(TO_CLIENT)];
      this.#states.set(definition.name, states);
    }
    return states;
  }

  #places(protocol: string, direction: Direction, name: string, position: number, all: readonly { readonly name: string }[]): readonly Place[] {
    const places: Place[] = [];
    for (const rule of this.#rules) {
      const { hook } = rule;
      if (hook?.of !== 'transaction' || hook.protocol !== protocol || hook.direction !== direction) continue;
      const here = hook.name === name;
      const before = hook.andBefore && position < all.findIndex((one) => one.name === hook.name);
      // The hook itself is one condition on the transaction.
      if (here || before)
        places.push({ rule, id: `${rule.gid}:${rule.sid}`, implied: !here, ofContent: rule.bufferTests.length > 0 || rule.transactionConditions.length > 1 });
    }
    return places;
  }
}

/** A policy that changes nothing where no rule stands. */
function isNothing({ action, scope, alert, pass }: FirewallPolicy): boolean {
  return action === 'accept' && scope === 'hook' && !alert && pass === 'none';
}

/** The other rules are not asked. */
function pass(scope: 'packet' | 'flow', packet: Packet, flow: Flow | undefined): void {
  packet.decision |= PASSED;
  if (scope === 'flow' && flow !== undefined) decideFlow(flow, 'pass');
}
