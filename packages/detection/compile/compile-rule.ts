/**
 * Typed rule → compiled rule, or diagnostics that say why not: options are applied in the order they are written, what they said is
 * checked as a whole, and assembled.
 */
import type { Diagnostic, Rule } from '@sigwright/contracts';
import { applyOptions } from './apply-options.ts';
import { assembleRule } from './assemble-rule.ts';
import type { CompiledRule } from './compiled-rule.ts';
import { flowDemandsOf } from './flow-demands.ts';
import { hookOf } from './hook.ts';
import { checkAction, checkBuffers, checkConfig, checkContradictions, checkFirewallActions, checkPacketFields } from './rule-checks.ts';
import { RuleCollector } from './rule-collector.ts';
import type { RuleCompiler } from './rule-compiler.ts';
import { RuleDiagnostics } from './rule-diagnostics.ts';
import { directionsOf } from './rule-directions.ts';
import { checkFrames } from './rule-frames.ts';
import { protocolsOf } from './rule-protocols.ts';
import { testsOf } from './rule-tests.ts';

export interface RuleCompilation {
  /** undefined where a diagnostic of level error was made */
  readonly compiled: CompiledRule | undefined;
  readonly diagnostics: readonly Diagnostic[];
  /** the rule requires what this engine has not: it is passed over */
  readonly missing?: string;
}

export function compileRule(rule: Rule, compiler: RuleCompiler): RuleCompilation {
  const { catalogue, headers, firewall } = compiler;
  const diagnostics = new RuleDiagnostics();
  const collector = new RuleCollector(rule, compiler, diagnostics);
  applyOptions(collector, catalogue, diagnostics);
  // What it asks for beside is not to be held against it.
  if (collector.missing !== undefined) return { compiled: undefined, diagnostics: [], missing: collector.missing };

  const hook = hookOf(rule, catalogue, diagnostics.refuse);
  if (hook !== undefined) collector.takeHook(hook);
  const parts = collector.parts();
  const tests = testsOf(parts);
  if (firewall === true) checkFirewallActions(rule, hook, diagnostics);
  else checkAction(rule, hook, diagnostics);
  checkConfig(parts, hook, diagnostics);
  const header = headers.resolve(rule, diagnostics.refuse);
  const protocols = protocolsOf(parts, catalogue, diagnostics);
  const flow = flowDemandsOf(parts.flow);
  checkBuffers(parts, protocols, catalogue, diagnostics);
  checkContradictions(parts, catalogue, diagnostics);
  checkFrames(parts, tests, diagnostics);
  checkPacketFields(parts, tests, catalogue, diagnostics);
  const directions = directionsOf(parts, tests, flow.direction, diagnostics);
  if (diagnostics.refused || header === undefined || directions === undefined) return { compiled: undefined, diagnostics: diagnostics.found };

  return { compiled: assembleRule(parts, tests, { hook, header, protocols, flow, directions }, compiler), diagnostics: diagnostics.found };
}
