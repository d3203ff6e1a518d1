/**
 * One rule on one capture, whole: whether it fired and why, what stood in the way in one word, who would set the bit it waits for,
 * which pass rule let the traffic through, and the smallest change that makes it fire. A change is tried before it is told, with what
 * else it would catch.
 */
import type { Action, Catalogue, Diagnostic, EngineSettings, Rule, RuleOption, Span } from '@sigwright/contracts';
import { applyEdits, parseRules, printRule } from '@sigwright/rule-language';
import { compileRule } from '../compile/compile-rule.ts';
import { HeaderResolver } from '../compile/header.ts';
import { buildPlan, usePlan } from '../compile/plan.ts';
import { Engine } from '../scan/engine.ts';
import { Explainer } from './explain.ts';
import type { ExplainedReason, ExplainedStep, Explanation } from './explanation.ts';
import { type BitSetter, changesFor, type RuleChange } from './rule-changes.ts';

export interface NamedCapture {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface ExplainRequest {
  /** the whole set; the rule itself is enabled for this */
  readonly rules: readonly Rule[];
  readonly sid: number;
  readonly capture: Uint8Array;
  /** other traffic on which a change is tried: what else it would catch */
  readonly others?: readonly NamedCapture[];
  /** no change is looked for, which takes most of the time */
  readonly withoutChange?: boolean;
}

export type NotFiredReason = ExplainedReason | 'refused' | 'disabled' | 'threshold' | 'passed' | 'no-alert' | 'nothing';

export interface TriedChange {
  /** in order; usually one */
  readonly steps: readonly string[];
  /** the rule as it would be; the same as before where another rule is changed */
  readonly text: string;
  readonly alerts: number;
  /** packets of the capture at which it alerts */
  readonly packets: readonly number[];
  /** flows of the capture on which it alerts */
  readonly flows: number;
  readonly elsewhere: readonly { readonly name: string; readonly before: number; readonly after: number }[];
}

export interface RuleExplanation extends Explanation {
  /** text of the rule, from the action to the closing parenthesis */
  readonly text: string;
  readonly enabled: boolean;
  /** undefined where it fired */
  readonly reason: NotFiredReason | undefined;
  /** of a refused rule, spans in `text` */
  readonly diagnostics: readonly Diagnostic[];
  /** what in the rule's text held, failed, or was never asked */
  readonly marks: readonly { readonly span: Span; readonly verdict: ExplainedStep['verdict'] }[];
  /** rules that would set the bit it waits for, and what they did here */
  readonly setters: readonly { readonly sid: number; readonly message: string; readonly enabled: boolean; readonly verdict: string }[];
  /** the pass rule that let the traffic through */
  readonly passedBy: number | undefined;
  readonly change: TriedChange | undefined;
  /** changes that were tried, one or several at a time, until one was found */
  readonly tried: number;
}

/** Changes one behind the other; what needs more is another rule. */
const MOST_STEPS = 4;
const MOST_TRIES = 60;
const MOST_SETTERS = 5;
const MOST_PASS_RULES = 50;
const MOST_PACKETS = 20;

export function explainRule(request: ExplainRequest, catalogue: Catalogue, settings: EngineSettings): RuleExplanation | undefined {
  const wanted = request.rules.find((rule) => rule.sid === request.sid);
  return wanted === undefined ? undefined : new RuleExplainer(request, wanted, catalogue, settings).explain();
}

interface Trial {
  readonly alerts: number;
  readonly packets: readonly number[];
  readonly flows: number;
}

/** A rule among others, as it is or changed. */
interface Setting {
  readonly rule: Rule;
  readonly others: readonly Rule[];
  readonly settings: EngineSettings;
}

class RuleExplainer {
  readonly #request: ExplainRequest;
  readonly #wanted: Rule;
  readonly #catalogue: Catalogue;
  readonly #settings: EngineSettings;
  readonly #others: readonly Rule[];
  /** known where a bit stood in the way */
  #setters: readonly BitSetter[] = [];
  #tries = 0;

  constructor(request: ExplainRequest, wanted: Rule, catalogue: Catalogue, settings: EngineSettings) {
    this.#request = request;
    this.#wanted = wanted;
    this.#catalogue = catalogue;
    this.#settings = settings;
    this.#others = relevantRules(wanted, request.rules);
  }

  explain(): RuleExplanation {
    const wanted = this.#wanted;
    const { text } = wanted;
    const shared = { text, enabled: wanted.enabled, setters: [], passedBy: undefined, change: undefined, tried: 0, marks: [], diagnostics: [] };
    const refused = this.#refusedBecause(wanted);
    if (refused !== undefined) {
      const [first] = refused;
      const verdict = `it did not fire: the rule is refused, so it is never looked at: ${first.title}`;
      const empty = { sid: wanted.sid, message: wanted.message, alerts: 0, fired: undefined, held: 0, nearest: undefined, attempts: 0 };
      const marks = refused.map(({ at }) => ({ span: at, verdict: 'fails' as const }));
      return { ...empty, ...shared, verdict, marks, diagnostics: refused, reason: 'refused', ...this.#changed(undefined) };
    }
    const found = this.#held(wanted, this.#others);
    const attempt = found.fired ?? found.nearest;
    const first = attempt?.steps.find((step) => step.verdict === 'fails');
    const marks = (attempt?.steps ?? []).flatMap(({ option, verdict }) => (option === undefined ? [] : [{ span: option, verdict }]));
    if (found.alerts > 0 && wanted.enabled) return { ...found, ...shared, marks, reason: undefined };
    if (found.alerts > 0)
      return {
        ...found,
        ...shared,
        marks,
        verdict: 'it did not fire: the rule is disabled in its file; enabled, it fires',
        reason: 'disabled',
        ...this.#changed(first),
      };
    const passedBy = this.#passedBy();
    const reason: NotFiredReason =
      passedBy !== undefined
        ? 'passed'
        : found.fired !== undefined
          ? this.#compiled(wanted)?.compiled.noAlert === true
            ? 'no-alert'
            : 'threshold'
          : (first?.reason ?? 'nothing');
    const setters = reason === 'bit' ? this.#settersOf(first!) : [];
    const verdict = reason === 'threshold' ? this.#silencedBy(found.held) : verdictOf(found, reason, passedBy, setters);
    return { ...found, ...shared, marks, reason, passedBy, setters, verdict, ...this.#changed(first) };
  }

  #changed(first: ExplainedStep | undefined): Pick<RuleExplanation, 'change' | 'tried'> {
    this.#tries = 0;
    const change = this.#change(first);
    return { change, tried: this.#tries };
  }

  /** Its own threshold, where it would have alerted without; else that of the configuration, or the limit of alerts per packet. */
  #silencedBy(held: number): string {
    const wanted = this.#wanted;
    const places = held === 1 ? 'once' : `${held} times`;
    for (const { name, value } of wanted.options) {
      if (!THRESHOLDS.has(name)) continue;
      const written = `\`${name}${value === undefined ? '' : `:${value.trim()}`}\``;
      return `it did not become an alert: its conditions held ${places}, and its ${written} kept it silent`;
    }
    return `it did not become an alert: its conditions held ${places}, and a threshold of the configuration, or the limit of alerts per packet, kept it silent`;
  }

  /** Errors, spans in the rule's own text. */
  #refusedBecause(rule: Rule): readonly Diagnostic[] | undefined {
    const { compiled, diagnostics, missing } = compileRule(rule, this.#compiler());
    if (compiled !== undefined) return undefined;
    const { start } = rule.span;
    const own = (span: Span): Span => ({ start: span.start - start, end: span.end - start });
    const errors = diagnostics
      .filter((one) => one.severity === 'error')
      .map((one) => ({
        ...one,
        at: own(one.at),
        ...(one.fixes === undefined
          ? {}
          : { fixes: one.fixes.map((fix) => ({ ...fix, edits: fix.edits.map((edit) => ({ ...edit, span: own(edit.span) })) })) }),
      }));
    if (missing !== undefined || errors.length === 0)
      return [
        {
          code: 'rule/passed-over',
          severity: 'error',
          title: `the engine has not what the rule requires: ${missing ?? 'unknown'}`,
          at: { start: 0, end: rule.action.length },
        },
      ];
    return errors;
  }

  #compiler() {
    return { catalogue: this.#catalogue, settings: this.#settings, headers: new HeaderResolver(this.#settings) };
  }

  #compiled(rule: Rule) {
    const origins = new Map<object, RuleOption>();
    const { compiled } = compileRule(rule, { ...this.#compiler(), origins });
    return compiled === undefined ? undefined : { compiled, origins };
  }

  #plan(rules: readonly Rule[], settings: EngineSettings) {
    const text = rules.map((rule) => printRule({ ...rule, enabled: true })).join('\n');
    return usePlan(buildPlan([{ path: 'explained', rules: parseRules(text).rules }], this.#catalogue, settings).data, this.#catalogue, settings);
  }

  /** The rule held against everything, with the rules it depends on beside it. */
  #held(rule: Rule, others: readonly Rule[], settings = this.#settings): Explanation {
    const plan = this.#plan([rule, ...others], settings);
    const { compiled, origins } = this.#compiled(rule)!;
    compiled.index = plan.data.sids.indexOf(rule.sid);
    const explainer = new Explainer(compiled, { catalogue: this.#catalogue, origins, ruleStart: rule.span.start });
    const engine = new Engine(plan, this.#catalogue, settings, {
      alert: (alert) => {
        if (alert.rule.sid === rule.sid) explainer.alerts++;
      },
    });
    engine.explainer = explainer;
    engine.feed(this.#request.capture);
    engine.finish();
    return explainer.result();
  }

  #run(rule: Rule, others: readonly Rule[], settings = this.#settings, capture = this.#request.capture): Trial {
    this.#tries++;
    const packets: number[] = [];
    const flows = new Set<object>();
    let alerts = 0;
    const engine = new Engine(this.#plan([rule, ...others], settings), this.#catalogue, settings, {
      alert: (alert, packet) => {
        if (alert.rule.sid !== rule.sid) return;
        alerts++;
        if (alert.flow !== undefined) flows.add(alert.flow);
        if (packets.length < MOST_PACKETS) packets.push(packet.number);
      },
    });
    engine.feed(capture);
    engine.finish();
    return { alerts, packets, flows: flows.size };
  }

  #passedBy(): number | undefined {
    const passing = this.#others.filter((rule) => rule.action === 'pass');
    if (
      passing.length === 0 ||
      this.#run(
        this.#wanted,
        this.#others.filter((rule) => rule.action !== 'pass'),
      ).alerts === 0
    )
      return undefined;
    for (const one of passing.slice(0, MOST_PASS_RULES)) {
      const without = this.#others.filter((rule) => rule.action !== 'pass' || rule === one);
      if (this.#run(this.#wanted, without).alerts === 0) return one.sid;
    }
    return passing[0].sid;
  }

  #settersOf(step: ExplainedStep): RuleExplanation['setters'] {
    const names = step.condition.split(' ').slice(1).join(' ').split('|');
    const setters = this.#request.rules.filter((rule) => rule.sid !== this.#wanted.sid && setsBit(rule, names));
    const nearby = setters.sort((a, b) => Number(b.enabled) - Number(a.enabled)).slice(0, MOST_SETTERS);
    this.#setters = nearby;
    return nearby.map((rule) => {
      const refused = this.#refusedBecause(rule);
      const verdict =
        refused !== undefined
          ? 'it is refused'
          : verdictHere(
              rule,
              this.#held(
                rule,
                this.#others.filter((other) => other.sid !== rule.sid),
              ),
            );
      return { sid: rule.sid, message: rule.message, enabled: rule.enabled, verdict };
    });
  }

  // --- changes

  /** The fewest changes that make it fire: each is tried; where one is not enough, the one that brought the rule furthest is kept. */
  #change(first: ExplainedStep | undefined): TriedChange | undefined {
    if (this.#request.withoutChange === true) return undefined;
    let rule = this.#wanted;
    let others = this.#others;
    let settings = this.#settings;
    let failing = first;
    const steps: string[] = this.#wanted.enabled ? [] : ['enable the rule'];
    if (!this.#wanted.enabled && this.#refusedBecause(rule) === undefined) {
      const alone = this.#run(rule, others);
      if (alone.alerts > 0) return this.#tried(steps, { rule, others, settings }, alone);
    }
    for (let depth = 0; depth < MOST_STEPS && this.#tries < MOST_TRIES; depth++) {
      let furthest: (Setting & { change: RuleChange; reached: number; failing: ExplainedStep | undefined }) | undefined;
      for (const change of changesFor(rule, others, failing, this.#refusedBecause(rule) ?? [], this.#setters, this.#catalogue)) {
        if (this.#tries >= MOST_TRIES) break;
        const changed = change.edits === undefined ? rule : edited(rule, change);
        const left = this.#othersAfter(change, others);
        const set = change.midstream ? midstream(settings) : settings;
        if (changed === undefined || (changed === rule && left === others && set === settings)) continue;
        if (this.#refusedBecause(changed) !== undefined) continue;
        const trial = this.#run(changed, left, set);
        if (trial.alerts > 0) return this.#tried([...steps, change.title], { rule: changed, others: left, settings: set }, trial);
        const held = this.#held(changed, left, set);
        const failed = held.nearest?.steps.findIndex((step) => step.verdict === 'fails') ?? -1;
        const reached = failed === -1 ? (held.fired === undefined ? 0 : Number.MAX_SAFE_INTEGER) : failed;
        if (furthest === undefined || reached > furthest.reached)
          furthest = { change, rule: changed, others: left, settings: set, reached, failing: failed === -1 ? undefined : held.nearest!.steps[failed] };
      }
      if (furthest === undefined) return undefined;
      steps.push(furthest.change.title);
      ({ rule, others, settings, failing } = furthest);
    }
    return undefined;
  }

  #othersAfter({ without, enable }: RuleChange, others: readonly Rule[]): readonly Rule[] {
    if (without !== undefined) return others.filter((other) => other.sid !== without);
    const added = enable === undefined || others.some((other) => other.sid === enable) ? undefined : this.#request.rules.find((one) => one.sid === enable);
    return added === undefined ? others : [...others, added];
  }

  #tried(steps: readonly string[], { rule, others, settings }: Setting, trial: Trial): TriedChange {
    const original = this.#refusedBecause(this.#wanted) === undefined && this.#wanted.enabled ? this.#wanted : undefined;
    const elsewhere = (this.#request.others ?? []).map(({ name, bytes }) => ({
      name,
      before: original === undefined ? 0 : this.#run(original, this.#others, this.#settings, bytes).alerts,
      after: this.#run(rule, others, settings, bytes).alerts,
    }));
    return { steps, text: printRule({ ...rule, enabled: true }), ...trial, elsewhere };
  }
}

function verdictHere({ enabled }: Rule, { alerts, fired, verdict }: Explanation): string {
  if (alerts === 0 && fired === undefined) return verdict;
  return enabled ? 'its conditions held here, but on another flow, or later' : 'its conditions hold here, but it is disabled';
}

function verdictOf(found: Explanation, reason: NotFiredReason, passedBy: number | undefined, setters: RuleExplanation['setters']): string {
  switch (reason) {
    case 'passed':
      return `it did not fire: rule ${passedBy} passes the traffic, so nothing behind it is looked at`;
    case 'no-alert':
      return 'it tells nothing: its conditions held, and it only changes state for other rules (`noalert`)';
    case 'bit':
      return `${found.verdict}; ${setters.length === 0 ? 'no rule of the set would set it' : `it would be set by ${setters.map((one) => `${one.sid}${one.enabled ? '' : ' (disabled)'}`).join(', ')}`}`;
    case 'nothing':
      return 'it did not fire: the capture holds nothing that could be held against it';
    default:
      return found.verdict;
  }
}

/** The same settings where that is so already. */
function midstream(settings: EngineSettings): EngineSettings {
  return settings.stream.midstream ? settings : { ...settings, stream: { ...settings.stream, midstream: true } };
}

function edited(rule: Rule, { edits }: RuleChange): Rule | undefined {
  const { text, refused } = applyEdits(rule.text, edits!);
  return refused.length > 0 ? undefined : parseRules(text).rules[0];
}

const THRESHOLDS: ReadonlySet<string> = new Set(['threshold', 'detection_filter']);
const STATE = /^(?:flowbits|xbits|hostbits|flowint)$/;

/** The name of a bit or number in a state option, whatever is done with it. */
function stateNames(rule: Rule): Set<string> {
  const names = new Set<string>();
  for (const { name, value } of rule.options) {
    if (!STATE.test(name) || value === undefined) continue;
    const parts = value.split(',').map((part) => part.trim());
    for (const one of (name === 'flowint' ? parts[0] : (parts[1] ?? '')).split('|')) if (one !== '') names.add(`${name} ${one.trim()}`);
  }
  return names;
}

function setsBit(rule: Rule, names: readonly string[]): boolean {
  return rule.options.some(({ name, value }) => {
    const match = STATE.test(name) ? /^\s*(?:set|toggle)\s*,\s*([^,\s]+)/.exec(value ?? '') : null;
    return match !== null && names.includes(match[1]);
  });
}

const DECIDING: ReadonlySet<Action> = new Set(['pass', 'drop', 'reject', 'rejectsrc', 'rejectdst', 'rejectboth']);

/** Other enabled rules that can change what this one does: those that share its bits, over any number of steps, and those that pass or drop. */
export function relevantRules(wanted: Rule, rules: readonly Rule[]): Rule[] {
  const enabled = rules.filter((rule) => rule.enabled && rule.sid !== wanted.sid);
  const found = new Set(enabled.filter((rule) => DECIDING.has(rule.action)));
  const names = stateNames(wanted);
  for (let grown = true; grown; ) {
    grown = false;
    for (const rule of enabled) {
      if (found.has(rule) && !DECIDING.has(rule.action)) continue;
      const own = stateNames(rule);
      if (![...own].some((name) => names.has(name))) continue;
      if (!found.has(rule)) {
        found.add(rule);
        grown = true;
      }
      for (const name of own) names.add(name);
    }
  }
  return enabled.filter((rule) => found.has(rule));
}
