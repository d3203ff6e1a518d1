/**
 * One rule on one capture, whole: whether it fired and why, what stood in the way in one word, who would set the bit it waits for,
 * which pass rule let the traffic through, and the smallest change that makes it fire. A change is tried before it is told, with what
 * else it would catch.
 */
import type { Action, Catalogue, Diagnostic, EngineSettings, GlobalThreshold, Rule, RuleOption, Span } from '@sigwright/contracts';
import { applyEdits, parseRules, printRule } from '@sigwright/rule-language';
import { compileRule } from '../compile/compile-rule.ts';
import { HeaderResolver } from '../compile/header.ts';
import { buildPlan, usePlan } from '../compile/plan.ts';
import { Engine } from '../scan/engine.ts';
import { Explainer } from './explain.ts';
import type { ExplainedAttempt, ExplainedReason, ExplainedStep, Explanation } from './explanation.ts';
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

export type NotFiredReason = ExplainedReason | 'checksums' | 'refused' | 'disabled' | 'threshold' | 'passed' | 'no-alert' | 'nothing';

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
  /** nothing that looks at bytes is left in the rule, which had some */
  readonly bare: boolean;
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
  /** the pass rule that let the traffic through; the first, where there are several */
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
  /** the verdict without regard to checksums, where that is another */
  #withoutChecksums: string | undefined;
  /** pass rules without which it would be looked at */
  #passing: readonly number[] = [];
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
    this.#passing = this.#passingRules();
    const [passedBy] = this.#passing;
    if (passedBy !== undefined) return { ...found, ...shared, reason: 'passed', passedBy, verdict: passedWords(this.#passing), ...this.#changed(undefined) };
    const unchecked = this.#unchecked(found);
    if (unchecked !== undefined) return { ...found, ...shared, marks, ...unchecked };
    const elsewhere = found.fired === undefined ? undefined : this.#changedBy();
    if (elsewhere !== undefined) return { ...found, ...shared, marks, reason: 'bit', verdict: elsewhere, ...this.#changed(undefined) };
    const reason: NotFiredReason =
      found.fired !== undefined ? (this.#compiled(wanted)?.compiled.noAlert === true ? 'no-alert' : 'threshold') : (first?.reason ?? 'nothing');
    const setters = reason === 'bit' ? this.#settersOf(first!, found.nearest!) : [];
    const told = reason === 'threshold' ? this.#silencedBy(found.held) : verdictOf(found, reason, first, setters);
    const more = this.#withoutChecksums;
    const verdict = more === undefined ? told : `${told}; packets with wrong checksums were not looked at, and with them (\`-k none\`) ${more}`;
    return { ...found, ...shared, marks, reason, setters, verdict, ...this.#changed(first) };
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
    const line = this.#settings.globalThresholds.find((one) => this.#isAbout(one));
    const by =
      line === undefined
        ? 'the limit of alerts per packet'
        : line.suppress === undefined
          ? 'a threshold of the configuration'
          : 'a `suppress` of the configuration';
    return `it did not become an alert: its conditions held ${places}, and ${by} kept it silent`;
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
    const flows = new Set<number>();
    let alerts = 0;
    const engine = new Engine(this.#plan([rule, ...others], settings), this.#catalogue, settings, {
      alert: (alert, packet) => {
        if (alert.rule.sid !== rule.sid) return;
        alerts++;
        if (alert.flow !== undefined) flows.add(alert.flow.id);
        if (packets.length < MOST_PACKETS) packets.push(packet.number);
      },
    });
    engine.feed(capture);
    engine.finish();
    return { alerts, packets, flows: flows.size };
  }

  /** It fires where packets with wrong checksums are looked at, as captures taken at the sender have them. */
  #unchecked(found: Explanation): Pick<RuleExplanation, 'reason' | 'verdict' | 'change' | 'tried'> | undefined {
    if (!this.#settings.verifyChecksums || found.fired !== undefined) return undefined;
    const settings = { ...this.#settings, verifyChecksums: false };
    const held = this.#held(this.#wanted, this.#others, settings);
    if (held.verdict !== found.verdict) this.#withoutChecksums = held.verdict;
    if (held.alerts === 0) return undefined;
    const trial = this.#run(this.#wanted, this.#others, settings);
    const steps = [...(this.#wanted.enabled ? [] : ['enable the rule']), 'look at packets with wrong checksums: `-k none` (`stream.checksum-validation: no`)'];
    return {
      reason: 'checksums',
      verdict: 'it did not fire: its packets have wrong checksums, and such packets are not looked at; with `-k none` they are, and it fires',
      change: this.#request.withoutChange === true ? undefined : this.#tried(steps, { rule: this.#wanted, others: this.#others, settings }, trial),
      tried: this.#tries,
    };
  }

  /** The pass rules without which it would fire, thresholds aside; none where there are none. */
  #passingRules(): readonly number[] {
    const passing = this.#others.filter((rule) => rule.action === 'pass').slice(0, MOST_PASS_RULES);
    const loud = this.#withoutThresholds();
    const fires = (out: readonly Rule[]): boolean =>
      this.#run(
        loud.rule,
        this.#others.filter((rule) => !out.includes(rule)),
        loud.settings,
      ).alerts > 0;
    if (passing.length === 0 || fires([]) || !fires(passing)) return [];
    // Those that it holds with stay.
    let out: readonly Rule[] = passing;
    for (const rule of passing) {
      const fewer = out.filter((one) => one !== rule);
      if (fewer.length > 0 && fires(fewer)) out = fewer;
    }
    return out.map(({ sid }) => sid);
  }

  /** Its conditions held, but another rule of the same packet changes the state it asks for before its turn comes. */
  #changedBy(): string | undefined {
    const { compiled } = this.#compiled(this.#wanted)!;
    if (compiled.checks.length === 0) return undefined;
    const loud = this.#withoutThresholds();
    if (this.#run(loud.rule, this.#others, loud.settings).alerts > 0) return undefined;
    const own = stateNames(this.#wanted);
    const culprit = this.#others.find(
      (rule) =>
        [...stateNames(rule)].some((name) => own.has(name)) &&
        this.#run(
          loud.rule,
          this.#others.filter((one) => one !== rule),
          loud.settings,
        ).alerts > 0,
    );
    return culprit === undefined
      ? undefined
      : `it did not fire: its conditions hold, but rule ${culprit.sid} changes the state that it asks for on the same packet, and has its turn before`;
  }

  #withoutThresholds(): { readonly rule: Rule; readonly settings: EngineSettings } {
    return { rule: withoutOptions(this.#wanted, (name) => THRESHOLDS.has(name)), settings: { ...this.#settings, globalThresholds: [] } };
  }

  #settersOf(step: ExplainedStep, asked: ExplainedAttempt): RuleExplanation['setters'] {
    const asking = this.#wanted.options.find(({ span }) => step.option !== undefined && span.start - this.#wanted.span.start === step.option.start);
    const wanted = asking === undefined ? undefined : stateOf(asking);
    if (wanted === undefined) return [];
    const setters = this.#request.rules.filter((rule) => rule.sid !== this.#wanted.sid && rule.options.some((one) => sets(stateOf(one), wanted)));
    const nearby = setters.sort((a, b) => Number(b.enabled) - Number(a.enabled)).slice(0, MOST_SETTERS);
    this.#setters = nearby;
    return nearby.map((rule) => {
      const refused = this.#refusedBecause(rule);
      const others = this.#others.filter((other) => other.sid !== rule.sid);
      const state = rule.options.map(stateOf).find((one) => sets(one, wanted))!;
      const verdict = refused !== undefined ? `it is refused: ${refused[0].title}` : setterVerdict(rule, this.#held(rule, others), state, wanted, asked);
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
      for (const change of changesFor(rule, failing, this.#refusedBecause(rule) ?? [], this.#setters, this.#catalogue, this.#passing)) {
        if (this.#tries >= MOST_TRIES) break;
        const changed = change.edits === undefined ? rule : edited(rule, change);
        const left = this.#othersAfter(change, others);
        const set = change.midstream ? midstream(settings) : change.unsuppressed ? this.#unsuppressed(settings) : settings;
        if (changed === undefined || (changed === rule && left.length === others.length && set === settings)) continue;
        if (this.#refusedBecause(changed) !== undefined) continue;
        const trial = this.#run(changed, left, set);
        if (trial.alerts > 0) return this.#tried([...steps, change.title], { rule: changed, others: left, settings: set }, trial);
        const held = this.#held(changed, left, set);
        const failed = held.fired !== undefined ? -1 : (held.nearest?.steps.findIndex((step) => step.verdict === 'fails') ?? -1);
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

  /** The same settings where no line of the configuration is about the rule. */
  #unsuppressed(settings: EngineSettings): EngineSettings {
    const left = settings.globalThresholds.filter((line) => !this.#isAbout(line));
    return left.length === settings.globalThresholds.length ? settings : { ...settings, globalThresholds: left };
  }

  #isAbout({ gid, sid }: GlobalThreshold): boolean {
    return (gid === 0 || gid === this.#gid) && (sid === 0 || sid === this.#wanted.sid);
  }

  get #gid(): number {
    return this.#compiled(this.#wanted)?.compiled.gid ?? 1;
  }

  #othersAfter({ without, enable }: RuleChange, others: readonly Rule[]): readonly Rule[] {
    if (without !== undefined) return others.filter((other) => !without.includes(other.sid));
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
    const looks = (one: Rule): boolean => one.options.some(({ name }) => name !== 'flow' && this.#catalogue.keywords.get(name)?.kind === 'condition');
    return { steps, text: printRule({ ...rule, enabled: true }), ...trial, elsewhere, bare: looks(this.#wanted) && !looks(rule) };
  }
}

function passedWords(passing: readonly number[]): string {
  const rules = passing.length === 1 ? `rule ${passing[0]} passes` : `rules ${passing.join(' and ')} pass`;
  return `it did not fire: ${rules} the traffic, so nothing behind is looked at`;
}

/** What became of a rule that sets what another one asks for. */
function setterVerdict(rule: Rule, found: Explanation, state: StateWords, wanted: StateWords, asked: ExplainedAttempt): string {
  const { fired } = found;
  if (fired === undefined) return found.verdict;
  if (!rule.enabled) return 'its conditions hold here, but it is disabled';
  const place = fired.packet === 0 ? 'at the end of the flow' : `at packet ${fired.packet}`;
  if (state.keyword !== 'flowbits' && state.keyword !== 'flowint') {
    if (state.track !== wanted.track) return `its conditions held ${place}, but it sets it for \`${state.track}\`, and this rule asks for \`${wanted.track}\``;
    const seconds = (asked.time - fired.time) / 1e6;
    if (seconds >= 0 && state.expire !== undefined && seconds > state.expire)
      return `its conditions held ${place}, ${seconds.toFixed(0)} s before this rule asked: it had expired (after ${state.expire} s)`;
    return seconds < 0 ? `its conditions held later, ${place}` : `its conditions held ${place}, but for another address, or it was unset since`;
  }
  if (fired.flow !== asked.flow) return `its conditions held ${place}, but on another flow: ${fired.flow}`;
  if (state.keyword === 'flowint') return `its conditions held ${found.held === 1 ? 'once' : `${found.held} times`}, first ${place} of this flow`;
  const later = fired.packet === 0 || (asked.packet !== 0 && fired.packet > asked.packet);
  if (later) return `its conditions held only later, ${place}; this rule asked at packet ${asked.packet}`;
  return `its conditions held ${place} of this flow: ${wanted.verb === 'isnotset' ? 'so it was set' : 'it was unset or changed since'}`;
}

function verdictOf(found: Explanation, reason: NotFiredReason, first: ExplainedStep | undefined, setters: RuleExplanation['setters']): string {
  switch (reason) {
    case 'no-alert':
      return 'it tells nothing: its conditions held, and it only changes state for other rules (`noalert`)';
    case 'bit': {
      const named = setters.map((one) => `${one.sid}${one.enabled ? '' : ' (disabled)'}`).join(', ');
      if (/^is ?notset|is not set$/.test(first?.condition ?? '')) return `${found.verdict}${named === '' ? '' : `: ${named}`}`;
      return `${found.verdict}; ${named === '' ? 'no rule of the set would set it' : `it would be set by ${named}`}`;
    }
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

interface StateWords {
  readonly keyword: string;
  readonly verb: string;
  readonly names: readonly string[];
  /** of xbits and hostbits: whom it is kept for */
  readonly track: string;
  /** seconds */
  readonly expire: number | undefined;
}

/** What an option does with state; undefined where it does nothing. */
function stateOf({ name, value }: RuleOption): StateWords | undefined {
  if (!STATE.test(name) || value === undefined) return undefined;
  const parts = value.split(',').map((part) => part.trim());
  const [verb, bits] = name === 'flowint' ? [parts[1] ?? '', parts[0]] : [parts[0], parts[1] ?? ''];
  const words = parts.slice(2);
  const track = name === 'hostbits' ? (words[0] ?? 'src') : (words.find((one) => one.startsWith('track'))?.replace(/^track\s+/, '') ?? '');
  const expire = /^expire\s+(\d+)$/.exec(words.find((one) => one.startsWith('expire')) ?? '');
  return { keyword: name, verb, names: bits.split('|').map((one) => one.trim()), track, expire: expire === null ? undefined : Number(expire[1]) };
}

const SETTING: ReadonlySet<string> = new Set(['set', 'toggle', '=', '+', '-']);

function sets(one: StateWords | undefined, wanted: StateWords): boolean {
  return one !== undefined && one.keyword === wanted.keyword && SETTING.has(one.verb) && one.names.some((name) => wanted.names.includes(name));
}

function withoutOptions(rule: Rule, isOut: (name: string) => boolean): Rule {
  const { start } = rule.span;
  const edits = rule.options
    .filter(({ name }) => isOut(name))
    .map(({ span }) => ({
      span: { start: span.start - start, end: span.end - start + (/^\s*;/.exec(rule.text.slice(span.end - start))?.[0].length ?? 0) },
      text: '',
    }));
  return edits.length === 0 ? rule : (edited(rule, { title: '', edits }) ?? rule);
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
