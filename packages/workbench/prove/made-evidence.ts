/**
 * Traffic made for a rule as its evidence: what the Synthesizer finds, and for a rule on one name the names beside it. Only what holds
 * beside all rules of the repository is given.
 */
import { join } from 'node:path';
import type { Rule } from '@sigwright/contracts';
import type { Synthesis } from '@sigwright/detection';
import { parseRules } from '@sigwright/rule-language';
import { namesNear, probeFor } from '../draft/near-names.ts';
import type { Repository } from '../repository/repository.ts';
import { loud, type ProofRunner } from './prove.ts';
import { capturesOf, type MadeCapture } from './synthesized.ts';

export interface EvidenceTools {
  /** traffic for a rule among others; `problem` where none is found */
  synthesize(rule: Rule, rules: readonly Rule[], silent: boolean): Synthesis | { readonly problem: string };
  readonly run: ProofRunner;
}

export interface MadeEvidence {
  readonly fires: readonly MadeCapture[];
  readonly silent: readonly MadeCapture[];
}

const MOST_SILENT = 8;
/** Numbers of rules that only make traffic: no rule of the repository has them. */
const PROBE_SID = 4_294_967_000;

/** `all`: the rules of the repository and those that are about to be. */
export function makeEvidence(repository: Repository, rule: Rule, all: readonly Rule[], tools: EvidenceTools): MadeEvidence | { readonly problem: string } {
  const text = all.map(loud).join('\n');
  const made = tools.synthesize(rule, all, true);
  if ('problem' in made) return made;
  const alertsOf = (capture: Uint8Array): number =>
    tools
      .run({ folder: join(repository.folder, 'rules'), rules: text, capture, networks: repository.settings.networks })
      .alerts.filter(({ sid }) => sid === rule.sid).length;
  const { fires, silent } = capturesOf(made);
  const near = nearNames(rule, tools);
  const firing = [...fires, ...near.fires].flatMap(({ bytes, line }): MadeCapture[] => {
    const alerts = alertsOf(bytes);
    return alerts === 0 ? [] : [{ bytes, line: { ...line, alerts } }];
  });
  const holding = [...near.silent, ...silent].filter(({ bytes }) => alertsOf(bytes) === 0).slice(0, MOST_SILENT);
  if (firing.length === 0) return { problem: 'what was made for it does not fire it beside the other rules' };
  return { fires: firing, silent: holding };
}

/** Of a rule on one name: traffic with the names beside it. */
function nearNames(rule: Rule, tools: EvidenceTools): { readonly fires: MadeCapture[]; readonly silent: MadeCapture[] } {
  const fires: MadeCapture[] = [];
  const silent: MadeCapture[] = [];
  const buffer = rule.options.find(({ name }) => name === 'dns.query' || name === 'tls.sni')?.name as 'dns.query' | 'tls.sni' | undefined;
  const isBelow = rule.options.some(({ name }) => name === 'dotprefix');
  const host = /^"\.?([a-z0-9_.-]+)"$/i.exec(rule.options.find(({ name }) => name === 'content')?.value ?? '')?.[1];
  if (buffer === undefined || host === undefined) return { fires, silent };
  for (const { near, name, fires: must } of namesNear(host)) {
    const wanted = near === 'below' ? isBelow : must;
    if (near === 'itself' || wanted === undefined) continue;
    const probe = parseRules(probeFor(buffer, name, PROBE_SID)).rules[0];
    const made = tools.synthesize(probe, [probe], false);
    if ('problem' in made) continue;
    const capture = `${wanted ? 'fires' : 'silent'}-${near.replaceAll(' ', '-')}.pcap`;
    if (wanted) fires.push({ bytes: made.fires, line: { capture, alerts: 1, shows: `${name}: ${near}` } });
    else silent.push({ bytes: made.fires, line: { capture, because: `${name} is another name (${near})` } });
  }
  return { fires, silent };
}
