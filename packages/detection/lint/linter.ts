/**
 * Rules → what is wrong with them though they load: every lint of the catalogue over every rule, cross-rule lints over the set,
 * and what compiling itself says. Rules are linted enabled or not only where asked; cross-rule lints always see all of them.
 *
 * A comment above a rule leaves lints out for it, see `rule-language/allowance.ts`.
 */
import {
  type Catalogue,
  type Diagnostic,
  type EngineSettings,
  LINT_SEVERITIES,
  type LintContext,
  type LintDefinition,
  type LintedBuffer,
  type LintedDiagnostic,
  type LintFinding,
  type LintGrade,
  type LintSubject,
  type Rule,
  type RuleOption,
} from '@sigwright/contracts';
import { type Allowance, allowanceOf, CODE_PREFIX, idleAllowance, isAllowed, moved, type ParsedRules } from '@sigwright/rule-language';
import { compileRule } from '../compile/compile-rule.ts';
import type { BufferTest, CompiledRule } from '../compile/compiled-rule.ts';
import { HeaderResolver } from '../compile/header.ts';
import type { RuleCompiler } from '../compile/rule-compiler.ts';

export interface LintSource {
  readonly path: string;
  readonly parsed: ParsedRules;
}

export interface LintOptions {
  readonly registrableDomain: (host: string) => string | undefined;
  readonly target?: string;
  readonly before?: LintContext['before'];
  readonly sidRanges?: LintContext['sidRanges'];
  /** codes that are left out everywhere, without `lint/` */
  readonly allow?: ReadonlySet<string>;
  /** disabled rules too */
  readonly disabled?: boolean;
  /** the files are only a part of the set: lints that need all of it are left out */
  readonly part?: boolean;
}

export interface LintReport {
  readonly path: string;
  readonly rule: Rule | undefined;
  readonly diagnostic: LintedDiagnostic;
}

export function lintRules(sources: readonly LintSource[], catalogue: Catalogue, settings: EngineSettings, options: LintOptions): LintReport[] {
  const reports: LintReport[] = [];
  const linter = new Linter(catalogue, settings, options);
  const subjects: LintSubject[] = [];
  const allowed = new Map<Rule, ReadonlySet<string>>();
  const wanted = (rule: Rule): boolean => rule.enabled || options.disabled === true;
  for (const { path, parsed } of sources) {
    for (const diagnostic of parsed.diagnostics) reports.push({ path, rule: undefined, diagnostic: graded(diagnostic) });
    const { allowed: here, problems } = allowances(parsed, catalogue.lints);
    for (const [rule, codes] of here) allowed.set(rule, codes);
    for (const problem of problems) reports.push({ path, rule: undefined, diagnostic: graded(problem) });
    for (const rule of parsed.rules) {
      const { subject, diagnostics } = linter.rule(rule, path, wanted(rule), allowed.get(rule));
      subjects.push(subject);
      for (const diagnostic of diagnostics) reports.push({ path, rule, diagnostic });
    }
  }
  if (options.part === true) return reports;
  for (const { subject, diagnostic } of linter.set(subjects)) {
    const { rule, path } = subject;
    if (wanted(rule) && !isAllowed(diagnostic.code, allowed.get(rule))) reports.push({ path, rule, diagnostic });
  }
  return reports;
}

export interface LintedRule {
  readonly subject: LintSubject;
  readonly diagnostics: readonly LintedDiagnostic[];
}

/** Rule by rule, for those who keep what did not change; `lintRules` asks it for all rules of some files. */
export class Linter {
  readonly #lints: readonly LintDefinition[];
  readonly #context: LintContext;
  readonly #compiler: RuleCompiler & { readonly origins: Map<object, RuleOption> };

  constructor(catalogue: Catalogue, settings: EngineSettings, options: Pick<LintOptions, 'registrableDomain' | 'target' | 'before' | 'sidRanges' | 'allow'>) {
    this.#lints = [...catalogue.lints.values()].filter((lint) => options.allow?.has(lint.code.slice(CODE_PREFIX.length)) !== true);
    this.#context = {
      registrableDomain: options.registrableDomain,
      keywords: catalogue.keywords,
      classtypes: new Set(settings.classifications.keys()),
      target: options.target,
      ...(options.before === undefined ? {} : { before: options.before }),
      ...(options.sidRanges === undefined ? {} : { sidRanges: options.sidRanges }),
    };
    this.#compiler = { catalogue, settings, headers: new HeaderResolver(settings), origins: new Map() };
  }

  /** What compiling says of a rule, and every lint that looks at one rule alone. `wanted`: else it is only read, for the set. */
  rule(rule: Rule, path: string, wanted = true, allowed?: ReadonlySet<string>): LintedRule {
    const { origins } = this.#compiler;
    origins.clear();
    const { compiled, diagnostics } = compileRule(rule, this.#compiler);
    const subject = compiled === undefined ? refused(rule, path) : subjectOf(rule, path, compiled, origins);
    if (!wanted) return { subject, diagnostics: [] };
    const found = diagnostics.map(graded);
    for (const lint of this.#lints)
      if (lint.check !== undefined && !isAllowed(lint.code, allowed)) for (const one of lint.check(subject, this.#context)) found.push(told(lint, one));
    return { subject, diagnostics: found };
  }

  /** Lints over the whole set, rules left out by nobody. */
  set(subjects: readonly LintSubject[]): { readonly subject: LintSubject; readonly diagnostic: LintedDiagnostic }[] {
    return this.#lints.flatMap((lint) =>
      (lint.checkAll?.(subjects, this.#context) ?? []).map(({ subject, finding }) => ({ subject, diagnostic: told(lint, finding) })),
    );
  }
}

function told(lint: LintDefinition, finding: LintFinding): LintedDiagnostic {
  return { ...finding, code: lint.code, grade: lint.grade, severity: LINT_SEVERITIES[lint.grade] };
}

export function graded(diagnostic: Diagnostic): LintedDiagnostic {
  const grade: LintGrade = diagnostic.severity === 'error' ? 'cannot-work' : 'misleads';
  return { ...diagnostic, grade };
}

/** The comments above rules, read once per document; what is wrong with one in places of the document. */
function allowances(
  { document, rules }: ParsedRules,
  lints: ReadonlyMap<string, unknown>,
): { readonly allowed: ReadonlyMap<Rule, ReadonlySet<string>>; readonly problems: readonly Diagnostic[] } {
  const allowed = new Map<Rule, ReadonlySet<string>>();
  const problems: Diagnostic[] = [];
  if (!/lint\s*:/i.test(document.text)) return { allowed, problems };
  const byStart = new Map(rules.map((rule) => [rule.span.start, rule]));
  let waiting: { readonly allowance: Allowance; readonly start: number } | undefined;
  const idle = (): void => {
    if (waiting !== undefined && waiting.allowance.codes.size > 0) problems.push(moved(idleAllowance(waiting.allowance), waiting.start));
    waiting = undefined;
  };
  for (const line of document.lines) {
    if (line.kind === 'rule') {
      const rule = byStart.get(line.bodyStart);
      if (waiting !== undefined && rule !== undefined) allowed.set(rule, waiting.allowance.codes);
      waiting = undefined;
    } else if (line.kind === 'comment') {
      const allowance = allowanceOf(document.text.slice(line.start, line.end), lints);
      if (allowance === undefined) continue;
      idle();
      waiting = { allowance, start: line.start };
      for (const problem of allowance.problems) problems.push(moved(problem, line.start));
    } else idle();
  }
  idle();
  return { allowed, problems };
}

function refused(rule: Rule, path: string): LintSubject {
  return { rule, path, loads: false, buffers: [], states: [], noAlert: false, otherConditions: 0, metadata: [] };
}

function subjectOf(rule: Rule, path: string, compiled: CompiledRule, origins: ReadonlyMap<object, RuleOption>): LintSubject {
  const linted = (test: Pick<BufferTest<unknown>, 'transforms' | 'conditions'>, name: string, multiple: boolean): LintedBuffer => ({
    name,
    multiple,
    transforms: test.transforms.map((one) => one.definition.name),
    conditions: test.conditions.flatMap((condition) => {
      const option = origins.get(condition);
      return option === undefined ? [] : [{ condition, option }];
    }),
  });
  const buffers = [
    ...compiled.bufferTests.map((test) => linted(test, test.buffer.name, test.buffer.multiple)),
    ...compiled.packetBufferTests.map((test) => linted(test, test.buffer.name, false)),
  ];
  if (compiled.payload.length > 0) buffers.unshift(linted({ transforms: [], conditions: compiled.payload }, 'payload', false));
  return {
    rule,
    path,
    loads: true,
    buffers,
    states: [...compiled.checks, ...compiled.changes].flatMap((operation) => {
      const option = origins.get(operation);
      return option === undefined ? [] : [{ operation, option }];
    }),
    noAlert: compiled.noAlert,
    otherConditions:
      compiled.packetConditions.length +
      compiled.transactionConditions.length +
      compiled.anomalies.length +
      compiled.frameTests.length +
      compiled.scripts.length,
    metadata: compiled.metadata,
  };
}
