/**
 * Captures that go once they were read (`--pcap-file-delete`, `pcap-file.delete-when-done`): each, none, or those without an alert. The
 * last are known at the end of the run only: a flow may alert when it ends.
 */
import { unlinkSync } from 'node:fs';
import type { Flow } from '@sigwright/contracts';
import { at, isYes, type Tree } from './configuration-tree.ts';

interface Read {
  readonly path: string;
  /** packets before its first one */
  readonly packetsBefore: number;
  mayGo: boolean;
  alerted: boolean;
}

export class CaptureRemoval {
  readonly #mode: 'always' | 'without alerts' | 'never';
  readonly #warn: (text: string) => void;
  /** only where something is to be known of them later */
  readonly #captures: Read[] = [];

  constructor(tree: Tree, warn: (text: string) => void) {
    const written = at(tree, 'pcap-file.delete-when-done');
    this.#mode = written === 'non-alerts' ? 'without alerts' : isYes(written, false) ? 'always' : 'never';
    this.#warn = warn;
  }

  begin(path: string, packetsBefore: number): void {
    if (this.#mode === 'without alerts') this.#captures.push({ path, packetsBefore, mayGo: false, alerted: false });
  }

  /** The capture at hand stays, and the one in which the flow began. */
  alerted(flow: Pick<Flow, 'firstPacket'> | undefined): void {
    const last = this.#captures.at(-1);
    if (last === undefined) return;
    last.alerted = true;
    if (flow === undefined) return;
    const first = this.#captures.findLast(({ packetsBefore }) => flow.firstPacket > packetsBefore);
    if (first !== undefined) first.alerted = true;
  }

  /** To its end, without a fault. */
  read(path: string): void {
    if (this.#mode === 'always') this.#remove(path);
    const last = this.#captures.at(-1);
    if (last !== undefined) last.mayGo = true;
  }

  end(): void {
    for (const { path, mayGo, alerted } of this.#captures) if (mayGo && !alerted) this.#remove(path);
  }

  #remove(path: string): void {
    try {
      unlinkSync(path);
    } catch (cause) {
      this.#warn(`${path} could not be deleted: ${(cause as Error).message}`);
    }
  }
}
