/** Runs a rule, as it is or changed, among others on a capture. */
import type { Catalogue, Diagnostic, EngineSettings, Rule, RuleOption, Span } from '@sigwright/contracts';
import { parseRules, printRule } from '@sigwright/rule-language';
import { compileRule } from '../compile/compile-rule.ts';
import type { CompiledRule } from '../compile/compiled-rule.ts';
import { HeaderResolver } from '../compile/header.ts';
import { buildPlan, type PlanUse, usePlan } from '../compile/plan.ts';
import type { RuleCompiler } from '../compile/rule-compiler.ts';
import { Engine } from '../scan/engine.ts';
import { Explainer } from './explainer.ts';
import type { Explanation } from './explanation.ts';

/** A rule among others, as it is or changed. */
export interface TrialSetup {
  readonly rule: Rule;
  readonly others: readonly Rule[];
  readonly settings: EngineSettings;
}

export interface Trial {
  readonly alerts: number;
  /** packets at which it alerts, the first ones */
  readonly packets: readonly number[];
  readonly flows: number;
}

const MOST_PACKETS = 20;

export class RuleTrials {
  readonly #capture: Uint8Array;
  readonly #catalogue: Catalogue;
  readonly #settings: EngineSettings;
  /** runs so far; whoever counts anew sets it to 0 */
  count = 0;

  constructor(capture: Uint8Array, catalogue: Catalogue, settings: EngineSettings) {
    this.#capture = capture;
    this.#catalogue = catalogue;
    this.#settings = settings;
  }

  /** Errors, spans in the rule's own text; undefined: it is loaded. */
  refusedBecause(rule: Rule): readonly Diagnostic[] | undefined {
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

  /** With the options that its conditions are of; undefined: it is refused. */
  compiled(rule: Rule): { readonly compiled: CompiledRule; readonly origins: ReadonlyMap<object, RuleOption> } | undefined {
    const origins = new Map<object, RuleOption>();
    const { compiled } = compileRule(rule, { ...this.#compiler(), origins });
    return compiled === undefined ? undefined : { compiled, origins };
  }

  /** The rule held against everything, with the rules it depends on beside it. */
  explain({ rule, others, settings }: TrialSetup): Explanation {
    const plan = this.#plan([rule, ...others], settings);
    const { compiled, origins } = this.compiled(rule)!;
    compiled.index = plan.data.sids.indexOf(rule.sid);
    const explainer = new Explainer(compiled, { catalogue: this.#catalogue, origins, ruleStart: rule.span.start });
    const engine = new Engine(plan, this.#catalogue, settings, {
      alert: (alert) => {
        if (alert.rule.sid === rule.sid) explainer.alerts++;
      },
    });
    engine.explainer = explainer;
    engine.feed(this.#capture);
    engine.finish();
    return explainer.result();
  }

  /** `capture`: other traffic than that which is explained. */
  run({ rule, others, settings }: TrialSetup, capture = this.#capture): Trial {
    this.count++;
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

  #compiler(): RuleCompiler {
    return { catalogue: this.#catalogue, settings: this.#settings, headers: new HeaderResolver(this.#settings) };
  }

  #plan(rules: readonly Rule[], settings: EngineSettings): PlanUse {
    const text = rules.map((rule) => printRule({ ...rule, enabled: true })).join('\n');
    return usePlan(buildPlan([{ path: 'explained', rules: parseRules(text).rules }], this.#catalogue, settings).data, this.#catalogue, settings);
  }
}
