/** Traffic that was made for a rule → its evidence. Each line of its `expect.yaml` says `synthesized`: nobody has seen such traffic. */

import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Failure, failure } from '@sigwright/contracts';
import type { Synthesis } from '@sigwright/detection';
import { Document, isMap, isSeq, parseDocument, type YAMLMap } from 'yaml';
import type { FileToWrite } from '../repository/add-rules.ts';
import { writeTogether } from '../repository/change.ts';
import type { Expectation, Repository } from '../repository/repository.ts';

/** A line of `fires` or `silent` with its capture. */
export interface MadeCapture {
  readonly bytes: Uint8Array;
  readonly line: Omit<Expectation['fires'][number], 'synthesized'> | Omit<Expectation['silent'][number], 'synthesized'>;
}

export function capturesOf(made: Synthesis): { readonly fires: MadeCapture[]; readonly silent: MadeCapture[] } {
  return {
    fires: [{ bytes: made.fires, line: { capture: 'fires.pcap', alerts: made.alerts, shows: made.shows } }],
    silent: made.silent.map(({ capture, because }, at) => ({ bytes: capture, line: { capture: `silent-${at + 1}.pcap`, because } })),
  };
}

/** The files of `evidence/<sid>/` by name, `expect.yaml` being one of them. */
export function synthesizedEvidence(sid: number, fires: readonly MadeCapture[], silent: readonly MadeCapture[]): Map<string, Uint8Array | string> {
  const document = new Document({ sid, fires: fires.map(marked), silent: silent.map(marked) });
  document.commentBefore = ' the captures were made by sigwright (synthesize); traffic that was seen is better evidence';
  for (const name of ['fires', 'silent']) for (const line of (document.get(name) as { items: YAMLMap[] }).items) line.flow = true;
  const files = new Map<string, Uint8Array | string>([...fires, ...silent].map(({ line, bytes }) => [line.capture, bytes]));
  return files.set('expect.yaml', document.toString({ lineWidth: 0 }));
}

function marked({ line }: MadeCapture): object {
  return { ...line, synthesized: true };
}

export interface Renewed {
  /** made captures that were there and are gone */
  readonly gone: number;
  /** lines of captures that somebody saw: they stay */
  readonly kept: number;
}

/**
 * Made anew what was made: lines marked `synthesized` and their captures give way, all others stay as they are. Captures that other
 * rules' evidence names stay, too. Within `changeRepository`; what was there is gone, so that it must be safe elsewhere (git).
 */
export function renewEvidence(repository: Repository, sid: number, fires: readonly MadeCapture[], silent: readonly MadeCapture[]): Renewed | Failure {
  const folder = join(repository.folder, 'evidence', String(sid));
  const path = join(folder, 'expect.yaml');
  if (!existsSync(path)) return failure('evidence/none', `sid ${sid} has no evidence: sigwright synthesize ${sid} makes some`, { path });
  const document = parseDocument(readFileSync(path, 'utf8'));
  const names = new Set<string>();
  const old: string[] = [];
  for (const list of ['fires', 'silent']) {
    const lines = document.get(list);
    if (!isSeq(lines)) continue;
    lines.items = lines.items.filter((line) => {
      const capture = isMap(line) ? String(line.get('capture')) : '';
      const isMade = isMap(line) && line.get('synthesized') === true;
      if (isMade) old.push(capture);
      else names.add(capture);
      return !isMade;
    });
  }
  if (old.length === 0) return failure('evidence/seen', `nothing of the evidence of ${sid} was made: captures that were seen are not made anew`, { path });
  const files: FileToWrite[] = [];
  for (const [list, made] of [
    ['fires', fires],
    ['silent', silent],
  ] as const)
    for (const { line, bytes } of made) {
      const capture = freeName(line.capture, names);
      files.push([join(folder, capture), bytes]);
      const node = document.createNode({ ...line, capture, synthesized: true }, { flow: true });
      if (isSeq(document.get(list))) document.addIn([list], node);
      else document.set(list, document.createNode([node]));
    }
  const failed = writeTogether(repository.folder, [...files, [path, document.toString({ lineWidth: 0 })]]);
  if (failed !== undefined) return failed;
  const shared = new Set([...repository.evidence].flatMap(([, one]) => [...one.fires, ...one.silent]).map(({ capture }) => capture));
  for (const name of old) if (!names.has(name) && !shared.has(`../${sid}/${name}`) && !name.includes('/')) rmSync(join(folder, name), { force: true });
  return { gone: old.length, kept: [...names].filter((name) => !files.some(([file]) => file === join(folder, name))).length };
}

/** Adds the name that it gives to those that are taken. */
function freeName(wanted: string, taken: Set<string>): string {
  for (let count = 1; ; count++) {
    const name = count === 1 ? wanted : wanted.replace(/(?=\.\w+$)/, `-${count}`);
    if (taken.has(name)) continue;
    taken.add(name);
    return name;
  }
}
