/** `sigwright evidence SID CAPTURE… [--because TEXT] [-C FOLDER]`: captures that somebody saw become the evidence of a rule. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { counted } from '@sigwright/bytes';
import { conversationKey, sliceCapture } from '@sigwright/traffic';
import { keepSeen } from '@sigwright/workbench';
import { argumentsOf, sidsOf, UsageProblem } from './shared/arguments.ts';
import { proofRunner } from './shared/proof-runner.ts';
import { changing, repositoryAt } from './shared/repository.ts';

const USAGE = `sigwright evidence SID CAPTURE… [--shows TEXT] [-C FOLDER]
sigwright evidence SID CAPTURE… --because TEXT [-C FOLDER]

Captures that were seen become the evidence of a rule (evidence/<sid>/, with a line in expect.yaml): what fires it, cut to the
conversations that do; with --because, what must leave it silent. Each is tried first; one that does the other thing is refused, and then
nothing is written. A rule needs at least one of each; sigwright synthesize makes them where traffic can be made.

      --because TEXT     why the rule must stay silent on these captures
      --shows TEXT       what these captures show
  -C, --folder FOLDER    a ruleset repository (default: this folder)

  sigwright evidence 1500008 sandbox-run.pcap --shows "the ClientHello of the loader"
  sigwright evidence 1500008 office.pcap --because "browsers say hello in other ways"
`;

export async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = argumentsOf(USAGE, argv, {
    allowPositionals: true,
    options: { because: { type: 'string' }, shows: { type: 'string' }, folder: { type: 'string', short: 'C' } },
  });
  const [number, ...paths] = positionals;
  if (number === undefined || paths.length === 0) throw new UsageProblem('name a rule and captures: sigwright evidence SID CAPTURE…', USAGE);
  if (values.because !== undefined && values.shows !== undefined)
    throw new UsageProblem('--because is for captures that leave the rule silent, --shows for those that fire it', USAGE);
  if (values.because?.trim() === '') throw new UsageProblem('--because wants a reason', USAGE);
  const [sid] = sidsOf([number], USAGE);
  const captures = paths.map((path) => ({ name: basename(path), bytes: readFileSync(path) }));
  const repository = repositoryAt(values.folder, 'evidence');
  if (repository === undefined) return 1;
  const { because, shows } = values;
  const words = { ...(because === undefined ? {} : { because }), ...(shows === undefined ? {} : { shows }) };
  const kept = await changing(repository.folder, 'evidence', (current) => keepSeen(current, sid, captures, words, { run: proofRunner(), cut }));
  if (!kept.ok) {
    process.stderr.write(`sigwright evidence: ${kept.message}\n`);
    return 1;
  }
  for (const { name, alerts, bytes } of kept.value)
    process.stdout.write(
      `written: evidence/${sid}/${name} (${counted(bytes, 'byte')}): ${alerts === 0 ? 'silent' : `fires ${alerts === 1 ? 'once' : `${alerts} times`}`}\n`,
    );
  if (kept.value.length < captures.length) process.stdout.write(`${counted(captures.length - kept.value.length, 'capture')} there already\n`);
  return 0;
}

/** The conversations that packets belong to. */
function cut(capture: Uint8Array, packets: ReadonlySet<number>): Uint8Array | undefined {
  const keys = new Set<string>();
  const found = sliceCapture(capture, (packet) => {
    if (packets.has(packet.number)) keys.add(conversationKey(packet));
    return false;
  });
  if (!found.ok) return undefined;
  const slice = sliceCapture(capture, (packet) => keys.has(conversationKey(packet)));
  return slice.ok ? slice.value.capture : undefined;
}
