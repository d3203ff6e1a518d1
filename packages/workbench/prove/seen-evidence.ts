/**
 * Captures that somebody saw → the evidence of a rule: what fires it, cut to the conversations that do, or what must leave it silent and
 * why. Only what holds is kept, all of it or nothing; what stands in expect.yaml stays.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { failure, type Result, success } from '@sigwright/contracts';
import { parseDocument } from 'yaml';
import { writeTogether } from '../repository/change.ts';
import type { Repository } from '../repository/repository.ts';
import { loud, type ProofAlert, type ProofRunner } from './prove.ts';
import { rulesBehind } from './related.ts';

export interface SeenCapture {
  /** as the file is called */
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface SeenWords {
  /** why a capture must leave the rule silent; left out where it must fire it */
  readonly because?: string;
  /** what a capture shows that fires it */
  readonly shows?: string;
}

export interface SeenTools {
  readonly run: ProofRunner;
  /** the conversations that these packets belong to, as a capture */
  cut(capture: Uint8Array, packets: ReadonlySet<number>): Uint8Array | undefined;
}

export interface KeptCapture {
  /** in evidence/<sid>/ */
  readonly name: string;
  /** 0: it leaves the rule silent */
  readonly alerts: number;
  readonly bytes: number;
}

/** Evidence lies in git: what is larger than this wants to be cut first. */
const LARGEST_EVIDENCE = 4 * 1024 * 1024;
const ANYWHERE = { HOME_NET: 'any', EXTERNAL_NET: 'any' };

/** Within `changeRepository`. */
export function keepSeen(
  repository: Repository,
  sid: number,
  captures: readonly SeenCapture[],
  words: SeenWords,
  tools: SeenTools,
): Result<readonly KeptCapture[]> {
  const all = repository.rules.map(({ rule }) => rule);
  const rule = all.find((one) => one.sid === sid);
  if (rule === undefined) return failure('evidence/unknown-sid', `no rule has sid ${sid}`);
  const behind = rulesBehind(all, new Set([sid]));
  const rules = all
    .filter((one) => behind.has(one.sid))
    .map(loud)
    .join('\n');
  const own = repository.settings.networks;
  const tried = (capture: Uint8Array, networks: Readonly<Record<string, string>>): Result<readonly ProofAlert[]> => {
    const { alerts, refused, problem: broken } = tools.run({ folder: join(repository.folder, 'rules'), rules, capture, networks });
    const problem = broken ?? refused?.get(sid);
    return problem === undefined ? success(alerts.filter((one) => one.sid === sid)) : failure('evidence/capture', problem);
  };
  const folder = join(repository.folder, 'evidence', String(sid));
  const path = join(folder, 'expect.yaml');
  const document = parseDocument(existsSync(path) ? readFileSync(path, 'utf8') : `sid: ${sid}\n`);
  const files = new Map<string, Uint8Array>();
  const kept: KeptCapture[] = [];
  for (const { name, bytes } of captures) {
    const here = tried(bytes, own);
    if (!here.ok) return failure('evidence/capture', `${name}: ${here.message}`);
    let line: Record<string, unknown>;
    let evidence = bytes;
    if (words.because !== undefined) {
      if (here.value.length > 0)
        return failure('evidence/fires', `${sid} fires on ${name} (packet ${here.value[0].packet}), so that is nothing that leaves it silent`);
      line = { because: words.because };
    } else {
      // Where it was seen at home, other addresses may be.
      const elsewhere = here.value.length > 0 ? here : tried(bytes, { ...own, ...ANYWHERE });
      if (!elsewhere.ok || elsewhere.value.length === 0)
        return failure('evidence/silent', `${sid} stays silent on ${name} (sigwright explain says why); where it must, say so: --because TEXT`);
      const networks = here.value.length > 0 ? {} : { networks: ANYWHERE };
      const cut = tools.cut(bytes, new Set(elsewhere.value.map(({ packet }) => packet)));
      const again = cut === undefined ? undefined : tried(cut, { ...own, ...networks.networks });
      // What counts over several conversations needs all of them.
      if (cut !== undefined && again?.ok && again.value.length === elsewhere.value.length) evidence = cut;
      line = { alerts: elsewhere.value.length, ...(words.shows === undefined ? {} : { shows: words.shows }), ...networks };
    }
    if (evidence.length > LARGEST_EVIDENCE)
      return failure('evidence/size', `${name} has ${evidence.length} bytes, more than ${LARGEST_EVIDENCE}: cut it to the conversations that matter`);
    const chosen = freeName(folder, files, name, evidence);
    if (chosen === undefined) continue;
    files.set(chosen, evidence);
    const list = words.because === undefined ? 'fires' : 'silent';
    const entry = document.createNode({ capture: chosen, ...line }, { flow: true });
    if (document.has(list)) document.addIn([list], entry);
    else document.set(list, document.createNode([entry]));
    kept.push({ name: chosen, alerts: Number(line['alerts'] ?? 0), bytes: evidence.length });
  }
  if (kept.length === 0) return success([]);
  const failed = writeTogether(repository.folder, [
    ...[...files].map(([name, bytes]) => [join(folder, name), bytes] as const),
    [path, document.toString({ lineWidth: 0 })],
  ]);
  return failed ?? success(kept);
}

/** Undefined where the same bytes are there already. */
function freeName(folder: string, files: ReadonlyMap<string, Uint8Array>, wanted: string, bytes: Uint8Array): string | undefined {
  const clean = wanted.replace(/[^\w.-]/g, '_').replace(/^\.+/, '');
  const [, stem, ending] = /^(.*?)(\.pcap(?:ng)?)?$/i.exec(clean)!;
  for (let count = 1; ; count++) {
    const name = `${stem === '' ? 'seen' : stem}${count === 1 ? '' : `-${count}`}${ending ?? '.pcap'}`;
    const path = join(folder, name);
    const there = files.get(name) ?? (existsSync(path) ? readFileSync(path) : undefined);
    if (there === undefined) return name;
    if (Buffer.compare(there, bytes) === 0) return undefined;
  }
}
