/**
 * Drafted behaviour rules → the ruleset repository: each rule behind those of its category, its evidence beside (conversations of the
 * threat that fire it, the ordinary conversation that comes nearest, and made ones with one condition broken). Only evidence that
 * holds is written, with the report that stands behind the rules; all of it or nothing.
 */
import { type Result, success } from '@sigwright/contracts';
import { stringify } from 'yaml';
import { type CaptureReportAbout, captureReport } from '../draft/capture-report.ts';
import type { ProofRunner } from '../prove/prove.ts';
import { addRules, type NewRule, rulesFileOf } from '../repository/add-rules.ts';
import type { Repository } from '../repository/repository.ts';
import type { BehaviourRule, Conversation } from './draft-behaviour.ts';

export interface KeepTools {
  /** the whole capture of that name */
  read(name: string): Uint8Array;
  /** packets between two ends, as a capture; undefined where there are none */
  slice(capture: Uint8Array, client: string, server: string): Uint8Array | undefined;
  readonly run: ProofRunner;
  /** captures that leave a rule silent since one condition is broken */
  nearMisses(rules: string, sid: number): readonly { readonly capture: Uint8Array; readonly because: string }[];
}

export interface Kept {
  readonly sid: number;
  readonly fires: number;
  readonly silent: number;
  /** evidence that it would still need */
  readonly missing: readonly string[];
}

const MOST_FIRES = 6;
const MOST_SILENT = 4;
const ANYWHERE = { HOME_NET: 'any', EXTERNAL_NET: 'any' };

/** Within `changeRepository`. */
export function keepBehaviour(
  repository: Repository,
  rules: readonly BehaviourRule[],
  category: string,
  about: CaptureReportAbout,
  tools: KeepTools,
): Result<{ readonly file: string; readonly report: { readonly slug: string; readonly isKnown: boolean }; readonly kept: readonly Kept[] }> {
  const text = [...repository.rules.map(({ rule }) => rule.text), ...rules.map((rule) => rule.text)].join('\n');
  const kept: Kept[] = [];
  const added: NewRule[] = [];
  for (const rule of rules) {
    const { fires, silent, files } = evidenceOf(repository, rule, text, tools);
    files.set('expect.yaml', stringify({ sid: rule.sid, fires, silent }, { lineWidth: 0, aliasDuplicateObjects: false }));
    added.push({ sid: rule.sid, text: rule.text, evidence: files });
    const missing = [...(fires.length === 0 ? ['a capture that fires it'] : []), ...(silent.length === 0 ? ['a capture that leaves it silent'] : [])];
    kept.push({ sid: rule.sid, fires: fires.length, silent: silent.length, missing });
  }
  const { slug, isKnown, files } = captureReport(
    repository,
    rules.map(({ sid, role, parts }) => ({ sid, role, 'alerts-on': parts.find(({ used }) => used)?.says ?? '' })),
    about,
  );
  return addRules(repository, category, added, files) ?? success({ file: rulesFileOf(repository, category), report: { slug, isKnown }, kept });
}

interface Line {
  readonly capture: string;
  readonly networks?: Readonly<Record<string, string>>;
}

function evidenceOf(repository: Repository, rule: BehaviourRule, text: string, tools: KeepTools) {
  const files = new Map<string, Uint8Array | string>();
  const fires: (Line & { readonly alerts: number; readonly shows: string })[] = [];
  const silent: (Line & { readonly because: string; readonly synthesized?: true })[] = [];
  const own = repository.settings.networks;
  const alertsOf = (capture: Uint8Array, networks: Readonly<Record<string, string>>): number =>
    tools.run({ folder: repository.folder, rules: text, capture, networks }).alerts.filter(({ sid }) => sid === rule.sid).length;
  /** each capture once, first */
  const ordered = [...rule.fires].sort((a, b) => rankIn(rule.fires, a) - rankIn(rule.fires, b)).slice(0, MOST_FIRES);
  for (const conversation of ordered) {
    const slice = tools.slice(tools.read(conversation.capture), conversation.client, conversation.server);
    if (slice === undefined) continue;
    const here = alertsOf(slice, own);
    const alerts = here > 0 ? here : alertsOf(slice, { ...own, ...ANYWHERE });
    if (alerts === 0) continue;
    const capture = `fires-${fires.length + 1}.pcap`;
    files.set(capture, slice);
    fires.push({ capture, alerts, shows: `${rule.kind}, ${conversation.client} to ${conversation.server}`, ...(here > 0 ? {} : { networks: ANYWHERE }) });
  }
  const addSilent = (capture: Uint8Array | undefined, because: string, isMade: boolean): void => {
    if (capture === undefined || silent.length >= MOST_SILENT || alertsOf(capture, { ...own, ...ANYWHERE }) > 0) return;
    const name = `silent-${silent.length + 1}.pcap`;
    files.set(name, capture);
    silent.push({ capture: name, because, networks: ANYWHERE, ...(isMade ? { synthesized: true } : {}) });
  };
  const { near } = rule;
  if (near !== undefined) addSilent(tools.slice(tools.read(near.capture), near.client, near.server), near.because, false);
  for (const one of tools.nearMisses(text, rule.sid)) addSilent(one.capture, one.because, true);
  return { files, fires, silent };
}

/** 0 for the first conversation of a capture, 1 for its second. */
function rankIn(all: readonly Conversation[], one: Conversation): number {
  return all.filter(({ capture }) => capture === one.capture).indexOf(one);
}
