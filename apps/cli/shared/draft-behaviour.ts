/** `sigwright draft --captures …`: behaviour rules from captures of a threat and of ordinary traffic, on the terminal or into the repository. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { counted } from '@sigwright/bytes';
import { catalogue } from '@sigwright/catalogue';
import { type EngineSettings, type Result, success } from '@sigwright/contracts';
import { Synthesizer } from '@sigwright/detection';
import { parseRules } from '@sigwright/rule-language';
import {
  type BehaviourDraft,
  type BehaviourRule,
  type CaptureSource,
  DRAFT_CATEGORIES,
  draftBehaviour,
  freeSids,
  insideOf,
  keepBehaviour,
  type Repository,
} from '@sigwright/workbench';
import { argumentsOf, InputProblem, UsageProblem } from './arguments.ts';
import { captureSources } from './capture-sources.ts';
import { configurationOf } from './configuration.ts';
import { readYaml } from './configuration-tree.ts';
import { proofRunner } from './proof-runner.ts';
import { changing, dayOf, repositoryAt } from './repository.ts';
import { sliceCapture } from './slice.ts';

/** Stands in the usage of `draft`. */
export const BEHAVIOUR_USAGE = `Behaviour rules, from captures (pcap, pcapng; a folder stands for all below it):

      --captures PATH    captures of the threat, each of another run or victim; further ones may follow as plain words
      --ordinary PATH    ordinary traffic, on which the rules must be silent; may be given several times
  -w, --write            puts the rules into the repository: rules/<category>.rules, evidence/<sid>/ with captures that fire them
                         (slices of the threat's) and that leave them silent (ordinary ones, and made ones with one condition broken);
                         and the report that stands behind them: reports/<date>-<family>/, or one of that family and week
  -C, --date, --family, --reference, --category, --engine and --json as above

Each rule comes with what it rests on and how rare that is in the ordinary traffic, with the figure of leaving each capture out in
turn (rules drafted from the others must fire on it), and with what is weak about it.

  sigwright draft --captures run-1.pcap run-2.pcap run-3.pcap --ordinary office/ --family QuietRAT -C ruleset
`;

export function asksForBehaviour(argv: readonly string[]): boolean {
  return argv.some((word) => word === '--captures' || word.startsWith('--captures='));
}

export async function behaviourDraft(usage: string, argv: readonly string[]): Promise<number> {
  const { values, positionals } = argumentsOf(usage, argv, {
    allowPositionals: true,
    options: {
      captures: { type: 'string', multiple: true },
      ordinary: { type: 'string', multiple: true },
      folder: { type: 'string', short: 'C' },
      date: { type: 'string' },
      family: { type: 'string' },
      reference: { type: 'string' },
      category: { type: 'string', default: 'MALWARE' },
      engine: { type: 'string', default: '7' },
      json: { type: 'boolean' },
      write: { type: 'boolean', short: 'w' },
    },
  });
  if (!DRAFT_CATEGORIES.includes(values.category)) throw new UsageProblem(`category ${values.category} is none of ${DRAFT_CATEGORIES.join(', ')}`, usage);
  if (values.engine !== '7' && values.engine !== '8') throw new UsageProblem(`rules are drafted for engine 7 or 8, not ${values.engine}`, usage);
  const asked: Asked = {
    threat: captureSources([...(values.captures ?? []), ...positionals], 'the threat'),
    usual: captureSources(values.ordinary ?? [], 'ordinary traffic'),
    category: values.category,
    engine: values.engine === '8' ? 8 : 7,
    date: dayOf(values.date),
    ...(values.family === undefined ? {} : { family: values.family }),
    ...(values.reference === undefined ? {} : { reference: values.reference }),
    json: values.json === true,
  };
  if (!values.write) {
    const repository = repositoryAt(values.folder, 'draft');
    return repository === undefined ? 1 : codeOf(draftIn(repository, asked).draft, asked.threat);
  }
  const kept = await changing(values.folder ?? '.', 'draft', (repository) => draftAndKeep(repository, asked));
  if (!kept.ok) process.stderr.write(`sigwright draft: ${kept.message}\n`);
  return kept.ok ? codeOf(kept.value, asked.threat) : 1;
}

interface Asked {
  readonly threat: readonly CaptureSource[];
  readonly usual: readonly CaptureSource[];
  readonly category: string;
  readonly engine: 7 | 8;
  readonly date: string;
  readonly family?: string;
  readonly reference?: string;
  readonly json: boolean;
}

interface Drafted {
  readonly draft: BehaviourDraft;
  readonly settings: EngineSettings;
}

/** Drafts, and tells of it. */
function draftIn(repository: Repository, { threat, usual, category, engine, date, family, reference, json }: Asked): Drafted {
  const inside = insideOf(repository.settings.networks['HOME_NET']);
  if (inside === undefined) throw new InputProblem('HOME_NET in ruleset.yaml is no list of networks');
  const { settings } = configurationOf(readYaml(join(import.meta.dirname, '..', 'suricata.yaml')), { verifyChecksums: false, inline: false });
  const sids = freeSids(repository);
  const draft = draftBehaviour(threat, usual, {
    catalogue,
    settings,
    prefix: repository.settings['message-prefix'],
    nextSid: () => sids.next().value ?? undefined,
    inside,
    date,
    category,
    engine,
    family,
    references: reference === undefined ? [] : [reference],
  });
  if (json) process.stdout.write(`${JSON.stringify(draft, undefined, 1)}\n`);
  else tell(draft, threat.length);
  return { draft, settings };
}

/** 1 where no capture of the threat could be read. */
function codeOf({ problems }: BehaviourDraft, threat: readonly CaptureSource[]): number {
  const unread = problems.filter(({ capture, packets }) => packets === 0 && threat.some(({ name }) => name === capture));
  return unread.length === threat.length ? 1 : 0;
}

function draftAndKeep(repository: Repository, asked: Asked): Result<BehaviourDraft> {
  const { draft, settings } = draftIn(repository, asked);
  if (draft.rules.length === 0) return success(draft);
  const written = keepBehaviour(repository, draft.rules, asked.category, asked, {
    read: (name) => readFileSync(name),
    slice: sliceCapture,
    run: proofRunner(),
    nearMisses: (text, sid) => {
      const { rules } = parseRules(text);
      const rule = rules.find((one) => one.sid === sid);
      const made = rule === undefined ? undefined : new Synthesizer(rules, catalogue, settings).synthesize(rule);
      return made === undefined || 'problem' in made ? [] : made.silent;
    },
  });
  if (!written.ok) return written;
  process.stderr.write(`written: ${written.value.file}\n`);
  const waiting = new Map(draft.rules.map(({ sid, setsFor }) => [sid, setsFor]));
  for (const { sid, fires, silent, missing } of written.value.kept) {
    const bit = waiting.get(sid);
    const never = bit === undefined ? '' : `; it sets a bit that ${bit} waits for and never alerts itself, prove asks it as if it did`;
    process.stderr.write(
      `written: ${sid}, evidence: fires on ${counted(fires, 'capture')}, silent on ${silent}${missing.length > 0 ? `; still needed: ${missing.join(', ')}` : ''}${never}\n`,
    );
  }
  const { slug, isKnown } = written.value.report;
  process.stderr.write(
    isKnown
      ? `added to reports/${slug}/report.yaml\n`
      : `written: reports/${slug}/report.yaml: who is to be thanked and what it says in your own words (summary, playbook) is yours to add\n`,
  );
  return success(draft);
}

function tell(draft: BehaviourDraft, captures: number): void {
  for (const rule of draft.rules) process.stdout.write(`${commentOf(rule)}${rule.text}\n\n`);
  for (const { capture, message, packets } of draft.problems) process.stderr.write(`${capture}: ${message}; used: ${counted(packets, 'packet')} before that\n`);
  for (const { what, why } of draft.skipped) process.stderr.write(`left out: ${what}: ${why}\n`);
  const { ordinary } = draft;
  process.stderr.write(
    `${counted(draft.rules.length, 'rule')} drafted from ${counted(captures, 'capture')}, measured on ${counted(ordinary.captures, 'capture')} of ordinary traffic (${counted(ordinary.packets, 'packet')}, ${counted(ordinary.observations, 'observation')}${ordinary.leftOut > 0 ? `, ${ordinary.leftOut} more left out` : ''}), ${counted(draft.skipped.length, 'group')} left out\n`,
  );
}

/** What a person who reads the rule is told above it. */
function commentOf(rule: BehaviourRule): string {
  const lines = [
    `${rule.sid}: ${rule.role}, ${rule.kind}, seen in ${rule.captures.seen} of ${counted(rule.captures.of, 'capture')}, ${counted(rule.bits, 'bit')}`,
    rule.leaveOneOut === undefined
      ? 'leave-one-out: not possible, one capture alone shows it'
      : `leave-one-out: ${rule.leaveOneOut.fired} of ${rule.leaveOneOut.of} fire, ${counted(rule.ordinary.leftOutAlerts, 'alert')} on ordinary traffic`,
    `ordinary traffic: ${counted(rule.ordinary.alerts, 'alert')} in ${counted(rule.ordinary.packets, 'packet')} (${rule.ordinary.observations} of its kind)`,
    ...(rule.setsFor === undefined ? [] : [`sets a flow bit for ${rule.setsFor} and never alerts itself (noalert)`]),
    ...rule.parts.filter(({ used }) => used).map(({ says, bits, seen, of }) => `  ${says} (${bits} bits${of > 0 ? `, in ${seen} of ${of} ordinary` : ''})`),
    ...rule.weak.map((one) => `weak: ${one}`),
  ];
  return lines.map((line) => `# ${line}\n`).join('');
}
