/** What a rule, as it is written now, does on the captures of its evidence. */
import type { Rule } from '@sigwright/contracts';
import { prove, type Repository, type RuleProof, rulesBehind } from '@sigwright/workbench';
import { proofRunner } from '../cli/shared/proof-runner.ts';

export class EvidenceRunner {
  readonly #runner = proofRunner();

  /** Undefined where the repository holds no evidence for it. `rules`: all of the set, as they are written now. */
  prove(repository: Repository, rules: readonly Rule[], sid: number): RuleProof | undefined {
    if (!repository.evidence.has(sid)) return undefined;
    const needed = rulesBehind(rules, new Set([sid]));
    const now = rules.filter((rule) => needed.has(rule.sid)).map((rule) => ({ rule, category: '', path: '', line: 1 }));
    return prove({ ...repository, rules: now }, this.#runner, { sids: new Set([sid]) }).rules[0];
  }
}

/** `fires on 3 of 3 captures, silent on 5 of 5` */
export function proofTitle({ checks, missing }: RuleProof): string {
  const part = (kind: 'fires' | 'silent', verb: string): string[] => {
    const of = checks.filter((check) => check.kind === kind);
    return of.length === 0 ? [] : [`${verb} on ${of.filter((check) => check.ok).length} of ${of.length} ${of.length === 1 ? 'capture' : 'captures'}`];
  };
  return [...part('fires', 'fires'), ...part('silent', 'silent'), ...(missing.length > 0 ? ['evidence is missing'] : [])].join(', ');
}
