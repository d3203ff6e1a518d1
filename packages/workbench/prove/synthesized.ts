/** Traffic that was made for a rule → its evidence. Each line of its `expect.yaml` says `synthesized`: nobody has seen such traffic. */
import type { Synthesis } from '@sigwright/detection';
import { Document, type YAMLMap } from 'yaml';
import type { Expectation } from '../repository/repository.ts';

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
