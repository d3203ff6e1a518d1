/** Runs the engine without rules over a capture and gathers what could become indicators. */
import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { catalogue } from '@sigwright/catalogue';
import type { EngineSettings, Failure } from '@sigwright/contracts';
import { buildPlan, DEFAULT_EVE, Engine, EveWriter, usePlan } from '@sigwright/detection';
import { CaptureCandidates } from '@sigwright/workbench';
import { configurationOf } from './configuration.ts';
import { readYaml } from './configuration-tree.ts';
import { FileStore } from './file-store.ts';
import { runCapture } from './run-capture.ts';

/** First four bytes of pcap (both orders, micro- and nanoseconds) and pcapng. */
const MAGICS = new Set(['d4c3b2a1', 'a1b2c3d4', '4d3cb2a1', 'a1b23c4d', '0a0d0d0a']);

export function isCapture(path: string): boolean {
  const head = Buffer.alloc(4);
  const file = openSync(path, 'r');
  try {
    return readSync(file, head, 0, 4, 0) === 4 && MAGICS.has(head.toString('hex'));
  } finally {
    closeSync(file);
  }
}

/** What was found, and why the capture could not be read to its end where that is so. */
export async function candidatesOf(path: string): Promise<{ readonly found: CaptureCandidates; readonly problem: Failure | undefined }> {
  const { settings: base } = configurationOf(readYaml(join(import.meta.dirname, '..', 'suricata.yaml')), { verifyChecksums: true, inline: false });
  const files = new FileStore({ outputs: [{ 'file-store': { 'force-hash': ['md5', 'sha1', 'sha256'] } }] }, '.');
  const settings: EngineSettings = { ...base, followFile: files.follow };
  const found = new CaptureCandidates();
  const writer = new EveWriter((record) => found.add(record), settings, catalogue.protocols, {
    ...DEFAULT_EVE,
    fileDetails: (file) => {
      if (files.details(file) === undefined) files.finish(file);
      return files.details(file);
    },
  });
  const plan = usePlan(buildPlan([], catalogue, settings).data, catalogue, settings);
  const problem = await runCapture(new Engine(plan, catalogue, settings, writer), path, { stopped: false });
  return { found, problem };
}
