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

const NAME_BUFFERS = ['dns.query', 'tls.sni', 'http.host'] as const;

/** Of a rule on one name: traffic with the names beside it; where it has more conditions (a path), with all of them met. */
function nearNames(rule: Rule, tools: EvidenceTools): { readonly fires: MadeCapture[]; readonly silent: MadeCapture[] } {
  const fires: MadeCapture[] = [];
  const silent: MadeCapture[] = [];
  const at = rule.options.findIndex(({ name }) => NAME_BUFFERS.some((one) => one === name));
  const named = rule.options.slice(at);
  const content = named.find(({ name }) => name === 'content');
  const host = at === -1 ? undefined : /^"\.?([a-z0-9_.-]+)"$/i.exec(content?.value ?? '')?.[1];
  if (host === undefined || content?.value === undefined) return { fires, silent };
  const buffer = named[0].name as (typeof NAME_BUFFERS)[number];
  const isBelow = named.some(({ name }) => name === 'dotprefix');
  const isAddress = /^[\d.]+$/.test(host);
  const isAlone = !rule.options.some(({ name }) => /^http\.(?!host)/.test(name));
  for (const { near, name, fires: must } of namesNear(host)) {
    const wanted = near === 'below' ? isBelow : must;
    // Beside other conditions the name is put where the rule's own stands: as it is written there, in lower case.
    if (isAddress && !near.startsWith('glued')) continue;
    if (near === 'itself' || wanted === undefined || (!isAlone && near === 'other case')) continue;
    const probe = parseRules(isAlone ? probeFor(buffer, name, PROBE_SID) : withName(rule.text, buffer, content.value, name)).rules[0];
    const made = tools.synthesize(probe, [probe], false);
    if ('problem' in made) continue;
    const capture = `${wanted ? 'fires' : 'silent'}-${near.replaceAll(' ', '-')}.pcap`;
    if (wanted) fires.push({ bytes: made.fires, line: { capture, alerts: 1, shows: `${name}: ${near}` } });
    else silent.push({ bytes: made.fires, line: { capture, because: `${name} is another name (${near})` } });
  }
  return { fires, silent };
}

/** The rule on exactly another name. */
function withName(text: string, buffer: string, content: string, name: string): string {
  const tests = new RegExp(`${buffer.replace('.', '\\.')};(?: (?:bsize:\\d+|dotprefix);)? content:${content.replaceAll('.', '\\.')};(?: endswith;)?`);
  return text.replace(tests, () => `${buffer}; bsize:${name.length}; content:"${name}";`).replace(/sid:\d+;/, `sid:${PROBE_SID};`);
}
