/** Rules + traffic → alerts. The only door of this package. */
export { DEFAULT_EVE, type EveOptions, type Forwarded, type ForwardedIn } from './alert/eve-options.ts';
export { EveWriter } from './alert/eve-writer.ts';
export { streamBytes } from './alert/payload.ts';
export { analyseRule } from './analyse/analyse-rule.ts';
export { groupByPorts, type MostGroups, type PortGroup } from './analyse/port-groups.ts';
export { askedFingerprints, type Fingerprint } from './compile/asked-fingerprints.ts';
export { compileRule, type RuleCompilation } from './compile/compile-rule.ts';
export type { CompiledRule } from './compile/compiled-rule.ts';
export { HeaderResolver, PACKET_PROTOCOLS } from './compile/header.ts';
export {
  buildPlan,
  PLAN_VERSION,
  type PlanBuild,
  type PlanData,
  type PlanOptions,
  type PlanProblem,
  type PlanUse,
  type RuleSource,
  usePlan,
} from './compile/plan.ts';
export { loadPlan, type SavedPlan, savePlan } from './compile/plan-file.ts';
export { prefilterContent } from './compile/prefilter-choice.ts';
export { rarity } from './compile/rarity.ts';
export type { RuleCompiler } from './compile/rule-compiler.ts';
export { type RuleTexts, textsInMemory } from './compile/rule-texts.ts';
export { type CostGrade, CostMeter, costOf, type PatternGrowth, patternsOf, type RuleCost, rarityInWords } from './cost/cost.ts';
export { explainRule } from './explain/explain-rule.ts';
export { Explainer } from './explain/explainer.ts';
export type { ExplainedAttempt, ExplainedBytes, ExplainedReason, ExplainedStep, Explanation } from './explain/explanation.ts';
export { relevantRules } from './explain/relevant-rules.ts';
export type { ExplainRequest, NamedCapture, NotFiredReason, RuleExplanation, TriedChange } from './explain/rule-explanation.ts';
export { describe } from './explain/words.ts';
export {
  graded,
  type LintedRule,
  Linter,
  type LintOptions,
  type LintReport,
  type LintSource,
  lintRules,
} from './lint/linter.ts';
export type { Alert, EngineHandlers, ThresholdQuestion } from './scan/alert.ts';
export { Engine } from './scan/engine.ts';
export { type EngineCounters, noCounts } from './scan/engine-counters.ts';
export { buildFirewall, type FirewallBuild } from './scan/firewall.ts';
export { type Decision, type Peers, planForPeers } from './scan/peers.ts';
export { type RuleChecks, RuleProfile } from './scan/rule-profile.ts';
export { ScriptSubject } from './scan/scripted-rule.ts';
export { ALERT, SILENT, Thresholds } from './scan/thresholds.ts';
export type { Unsolved } from './synthesize/part.ts';
export { type SilentCapture, type Synthesis, Synthesizer } from './synthesize/synthesize.ts';
