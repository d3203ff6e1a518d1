/** The fewest changes that make a rule fire on a capture: each is tried before it is told, with what else it would catch. */
import type { Catalogue, EngineSettings, Rule } from '@sigwright/contracts';
import { printRule } from '@sigwright/rule-language';
import { edited } from './edited-rule.ts';
import type { ExplainedStep } from './explanation.ts';
import { type BitSetter, changesFor, type RuleChange } from './rule-changes.ts';
import type { ExplainRequest, TriedChange } from './rule-explanation.ts';
import type { RuleTrials, Trial, TrialSetup } from './rule-trials.ts';
import { unsuppressed } from './silencing-thresholds.ts';

/** Changes one behind the other; what needs more is another rule. */
const MOST_STEPS = 4;
const MOST_TRIES = 60;

/** A change that did not make it fire, with how many conditions held then, and the one that failed. */
interface Progress {
  readonly change: RuleChange;
  readonly setup: TrialSetup;
  readonly reached: number;
  readonly failing: ExplainedStep | undefined;
}

export class ChangeSearch {
  readonly #request: ExplainRequest;
  readonly #wanted: TrialSetup;
  readonly #trials: RuleTrials;
  readonly #catalogue: Catalogue;

  constructor(request: ExplainRequest, wanted: TrialSetup, trials: RuleTrials, catalogue: Catalogue) {
    this.#request = request;
    this.#wanted = wanted;
    this.#trials = trials;
    this.#catalogue = catalogue;
  }

  /**
   * Where one change is not enough, the one that brought the rule furthest is kept, and the next is tried with it. `setters`: of the bit that it
   * waits for; `passing`: pass rules that let the traffic through.
   */
  smallest(first: ExplainedStep | undefined, setters: readonly BitSetter[], passing: readonly number[]): TriedChange | undefined {
    const trials = this.#trials;
    let setup = this.#wanted;
    let failing = first;
    const steps = this.enabling();
    if (steps.length > 0 && trials.refusedBecause(setup.rule) === undefined) {
      const alone = trials.run(setup);
      if (alone.alerts > 0) return this.tried(steps, setup, alone);
    }
    for (let depth = 0; depth < MOST_STEPS && trials.count < MOST_TRIES; depth++) {
      let furthest: Progress | undefined;
      for (const change of changesFor(setup.rule, failing, trials.refusedBecause(setup.rule) ?? [], setters, this.#catalogue, passing)) {
        if (trials.count >= MOST_TRIES) break;
        const changed = this.#changed(setup, change);
        if (changed === undefined || trials.refusedBecause(changed.rule) !== undefined) continue;
        const trial = trials.run(changed);
        if (trial.alerts > 0) return this.tried([...steps, change.title], changed, trial);
        const progress = this.#progress(change, changed);
        if (furthest === undefined || progress.reached > furthest.reached) furthest = progress;
      }
      if (furthest === undefined) return undefined;
      steps.push(furthest.change.title);
      ({ setup, failing } = furthest);
    }
    return undefined;
  }

  /** What comes before every change of a disabled rule. */
  enabling(): string[] {
    return this.#wanted.rule.enabled ? [] : ['enable the rule'];
  }

  /** `trial`: the rule changed so, on the capture. */
  tried(steps: readonly string[], { rule, others, settings }: TrialSetup, trial: Trial): TriedChange {
    const wanted = this.#wanted;
    const alerts = this.#trials.refusedBecause(wanted.rule) === undefined && wanted.rule.enabled;
    const elsewhere = (this.#request.others ?? []).map(({ name, bytes }) => ({
      name,
      before: alerts ? this.#trials.run(wanted, bytes).alerts : 0,
      after: this.#trials.run({ rule, others, settings }, bytes).alerts,
    }));
    const looks = (one: Rule): boolean => one.options.some(({ name }) => name !== 'flow' && this.#catalogue.keywords.get(name)?.kind === 'condition');
    return { steps, text: printRule({ ...rule, enabled: true }), ...trial, elsewhere, bare: looks(wanted.rule) && !looks(rule) };
  }

  /** Undefined where the change can not be made, or changes nothing. */
  #changed({ rule, others, settings }: TrialSetup, change: RuleChange): TrialSetup | undefined {
    const changed = change.edits === undefined ? rule : edited(rule, change.edits);
    const left = this.#othersAfter(change, others);
    const set = change.midstream ? midstream(settings) : change.unsuppressed ? unsuppressed(this.#wanted.rule, this.#gid, settings) : settings;
    if (changed === undefined || (changed === rule && left.length === others.length && set === settings)) return undefined;
    return { rule: changed, others: left, settings: set };
  }

  #progress(change: RuleChange, setup: TrialSetup): Progress {
    const { fired, nearest } = this.#trials.explain(setup);
    if (fired !== undefined) return { change, setup, reached: Number.MAX_SAFE_INTEGER, failing: undefined };
    const failed = nearest?.steps.findIndex((step) => step.verdict === 'fails') ?? -1;
    return failed === -1 ? { change, setup, reached: 0, failing: undefined } : { change, setup, reached: failed, failing: nearest!.steps[failed] };
  }

  get #gid(): number {
    return this.#trials.compiled(this.#wanted.rule)?.compiled.gid ?? 1;
  }

  #othersAfter({ without, enable }: RuleChange, others: readonly Rule[]): readonly Rule[] {
    if (without !== undefined) return others.filter((other) => !without.includes(other.sid));
    const added = enable === undefined || others.some((other) => other.sid === enable) ? undefined : this.#request.rules.find((one) => one.sid === enable);
    return added === undefined ? others : [...others, added];
  }
}

/** The same settings where that is so already. */
function midstream(settings: EngineSettings): EngineSettings {
  return settings.stream.midstream ? settings : { ...settings, stream: { ...settings.stream, midstream: true } };
}
