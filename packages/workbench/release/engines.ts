/**
 * One ruleset for several engines: each rule in each engine's words. What needs no other words stays as it is written; what does is held
 * against the rule's own evidence (made-up traffic where it has none) and must fire and stay silent as the original; what an engine can
 * not say, or what would wait for ever there, is left out with the reason.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Catalogue, DEFAULT_SETTINGS, type Rule } from '@sigwright/contracts';
import { parseRule, printRule } from '@sigwright/rule-language';
import type { Repository } from '../repository/repository.ts';
import type { Dialect } from '../translate/dialects.ts';
import { bitsOf, type Evidence, sayIn, type TranslateOptions, translate } from '../translate/translate.ts';
import type { ReleaseRule } from './compare.ts';

export interface EngineRule extends ReleaseRule {
  /** `as written`, or what was tried to find the translation equal; `not proved` where nothing could be tried */
  readonly proof: string;
  /** what is said a little differently */
  readonly notes: readonly string[];
}

export interface EngineSet {
  readonly engine: Dialect;
  /** in the order given */
  readonly rules: readonly EngineRule[];
  /** SID → why the engine has no such rule */
  readonly refused: ReadonlyMap<number, string>;
}

export const AS_WRITTEN = 'as written';

export function rulesForEngines(repository: Repository, rules: readonly ReleaseRule[], catalogue: Catalogue): readonly EngineSet[] {
  const settings = { ...DEFAULT_SETTINGS, addressGroups: { ...DEFAULT_SETTINGS.addressGroups, ...repository.settings.networks } };
  const all = repository.rules.map(({ rule }) => rule);
  return repository.settings.engines.map((engine) => {
    const said: EngineRule[] = [];
    const refused = new Map<number, string>();
    for (const one of rules) {
      const made = ruleFor(engine, one, repository, { catalogue, settings, others: all });
      if (typeof made === 'string') refused.set(one.rule.sid, made);
      else said.push(made);
    }
    return { engine, rules: withoutWaiting(said, rules, refused), refused };
  });
}

function ruleFor(engine: Dialect, one: ReleaseRule, repository: Repository, options: TranslateOptions): EngineRule | string {
  const said = sayIn(one.rule, engine, options.catalogue);
  if (said.text === undefined) return said.refused ?? '';
  if (said.text === printRule(one.rule)) return { ...one, proof: AS_WRITTEN, notes: said.notes };
  const evidence = evidenceOf(repository, one.rule.sid);
  const [proved] = translate(one.rule, [engine], { ...options, ...(evidence.length === 0 ? {} : { evidence }) });
  if (proved.text === undefined) return proved.refused ?? '';
  const rule = parseRule(proved.text).rule;
  if (rule === undefined) return 'what was written can not be read again';
  const unproved = proved.notes.find((note) => note.startsWith(NOT_PROVED));
  return { rule, file: one.file, proof: proved.proof ?? unproved ?? NOT_PROVED, notes: proved.notes.filter((note) => note !== unproved) };
}

const NOT_PROVED = 'not proved';

/** Captures of the repository that fire the rule or leave it silent; those with networks of their own are left out. */
function evidenceOf(repository: Repository, sid: number): readonly Evidence[] {
  const expectation = repository.evidence.get(sid);
  const folder = join(repository.folder, 'evidence', String(sid));
  return [...(expectation?.fires ?? []), ...(expectation?.silent ?? [])]
    .filter(({ capture, networks }) => networks === undefined && existsSync(join(folder, capture)))
    .map(({ capture }) => ({ name: capture, capture: readFileSync(join(folder, capture)) }));
}

/** Without rules that wait for a bit whose every setter was refused; taking one away may leave the next waiting. */
function withoutWaiting(said: readonly EngineRule[], rules: readonly ReleaseRule[], refused: Map<number, string>): readonly EngineRule[] {
  const settersIn = (list: readonly ReleaseRule[]): Set<string> => new Set(list.flatMap(({ rule }) => bitsOf(rule, SETS)));
  const everSet = settersIn(rules);
  let left = said;
  for (;;) {
    const set = settersIn(left);
    const going = new Map<number, string>();
    for (const { rule } of left) {
      // `isset,a|b` waits for either.
      const lost = waitsFor(rule).find((names) => names.some((name) => everSet.has(name)) && !names.some((name) => set.has(name)));
      if (lost !== undefined) going.set(rule.sid, `it waits for \`${lost.join('|')}\`, and no rule that sets it can be said`);
    }
    if (going.size === 0) return left;
    for (const [sid, why] of going) refused.set(sid, why);
    left = left.filter(({ rule }) => !going.has(rule.sid));
  }
}

const SETS = /^(?:set|toggle)$/;

function waitsFor(rule: Rule): string[][] {
  return rule.options
    .filter(({ name }) => /^(?:flow|x|host)bits$/.test(name))
    .flatMap((option) => {
      const names = bitsOf({ ...rule, options: [option] }, /^isset$/);
      return names.length === 0 ? [] : [names];
    });
}
