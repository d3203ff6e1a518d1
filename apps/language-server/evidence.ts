/** What a rule, as it is written now, does on the captures of its evidence. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { counted } from '@sigwright/bytes';
import { catalogue } from '@sigwright/catalogue';
import type { EngineSettings, Rule } from '@sigwright/contracts';
import { explainRule } from '@sigwright/detection';
import { prove, type Repository, type RuleProof, rulesBehind } from '@sigwright/workbench';
import { explanationText } from '../cli/shared/explanation.ts';
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

/** Why a rule does what it does, on the captures of its evidence that are not as they should be; where all are, on those that fire it. */
export function explainEvidence(repository: Repository, rules: readonly Rule[], proof: RuleProof, settings: EngineSettings): string {
  const wrong = proof.checks.filter((check) => !check.ok);
  const shown = wrong.length > 0 ? wrong : proof.checks.filter((check) => check.kind === 'fires');
  const parts = shown.slice(0, MOST_EXPLAINED).map(({ capture, kind, reason }) => {
    const path = join(repository.folder, 'evidence', String(proof.sid), capture);
    const explanation = existsSync(path) ? explainRule({ rules, sid: proof.sid, capture: readFileSync(path) }, catalogue, settings) : undefined;
    return `${capture} (${kind === 'fires' ? 'must fire' : 'must be silent'})${reason === '' ? '' : `: ${reason}`}\n\n${explanation === undefined ? '' : explanationText(explanation)}`;
  });
  return parts.join(`\n${'-'.repeat(80)}\n\n`);
}

const MOST_EXPLAINED = 5;

/** `fires on 3 of 3 captures, silent on 5 of 5` */
export function proofTitle({ checks, missing }: RuleProof): string {
  const part = (kind: 'fires' | 'silent', verb: string): string[] => {
    const of = checks.filter((check) => check.kind === kind);
    return of.length === 0 ? [] : [`${verb} on ${of.filter((check) => check.ok).length} of ${counted(of.length, 'capture')}`];
  };
  return [...part('fires', 'fires'), ...part('silent', 'silent'), ...(missing.length > 0 ? ['evidence is missing'] : [])].join(', ');
}
