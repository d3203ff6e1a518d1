/** Where `run` writes: records to eve.json and standard output, and at the end what was read and what alerted. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { counted } from '@sigwright/bytes';
import type { Failure } from '@sigwright/contracts';
import { type EngineCounters, noCounts } from '@sigwright/detection';
import { AlertSummary } from './alert-summary.ts';
import { LineWriter } from './line-writer.ts';

export class RunOutput {
  readonly #file: LineWriter | undefined;
  readonly #toStandardOutput: boolean;
  /** bytes that went out, and of those that come again the ones that are still to be passed over */
  #written = 0;
  #known = 0;

  /** `folder`: eve.json is written there, if anywhere. */
  constructor(folder: string | undefined, toStandardOutput: boolean) {
    this.#toStandardOutput = toStandardOutput;
    if (folder === undefined) return;
    mkdirSync(folder, { recursive: true });
    this.#file = new LineWriter(join(folder, 'eve.json'));
  }

  line(text: string): void {
    if (this.#known > 0) {
      this.#known -= Buffer.byteLength(text) + 1;
      return;
    }
    this.#file?.line(text);
    if (this.#toStandardOutput) process.stdout.write(`${text}\n`);
  }

  /** Whole lines. */
  lines(bytes: Uint8Array): void {
    this.#written += bytes.length;
    this.#file?.whole(bytes);
    if (this.#toStandardOutput) process.stdout.write(bytes);
  }

  /** What went out so far comes once more, line by line: that is not written again. */
  repeat(): void {
    this.#known = this.#written;
  }

  flush(): void {
    this.#file?.flush();
  }

  close(): Failure | undefined {
    return this.#file?.close();
  }
}

/** What was read of one capture, or of one thread's share of it. */
export interface CaptureResult {
  /** of the capture */
  readonly index: number;
  readonly counters: EngineCounters;
  /** why it could not be read to its end */
  readonly problem: string | undefined;
}

export class RunReport {
  alerts = new AlertSummary();
  readonly totals = noCounts();
  /** of a capture */
  failed = false;
  readonly #captures: readonly string[];
  readonly #rules: number;
  readonly #silent: boolean;
  readonly #parts: CaptureResult[][];
  #partsEach = 1;
  #told = 0;
  #read = 0;

  /** `rules`: how many count. `silent`: standard output is for records. */
  constructor(captures: readonly string[], rules: number, silent: boolean) {
    this.#captures = captures;
    this.#rules = rules;
    this.#silent = silent;
    this.#parts = captures.map(() => []);
  }

  /** All of it comes anew, of each capture in so many parts. */
  begin(partsEach: number): void {
    this.alerts = new AlertSummary();
    Object.assign(this.totals, noCounts());
    this.#partsEach = partsEach;
    for (const parts of this.#parts) parts.length = 0;
  }

  /** Tells of captures in their order. */
  add(result: CaptureResult): void {
    this.#parts[result.index].push(result);
    while (this.#told < this.#captures.length && this.#parts[this.#told].length === this.#partsEach)
      this.#tell(this.#captures[this.#told], this.#parts[this.#told++]);
  }

  #tell(capture: string, parts: readonly CaptureResult[]): void {
    const sum = noCounts();
    for (const { counters } of parts) for (const name of Object.keys(sum) as (keyof EngineCounters)[]) sum[name] += counters[name];
    for (const name of Object.keys(sum) as (keyof EngineCounters)[]) this.totals[name] += sum[name];
    const { packets, bytes, flows } = sum;
    const problem = parts.find((one) => one.problem !== undefined)?.problem;
    if (problem === undefined || packets > 0) this.#read++;
    if (problem !== undefined) {
      process.stderr.write(`sigwright run: ${problem} (${capture})\n`);
      this.failed = true;
    }
    if (this.#silent) return;
    process.stdout.write(`${capture}: ${counted(packets, 'packet')}, ${counted(bytes, 'byte')}, ${counted(flows, 'flow')}; ${counted(this.#rules, 'rule')}\n`);
  }

  tellAlerts(): void {
    if (this.#silent) return;
    process.stdout.write(this.alerts.text() || (this.#read > 0 ? 'no alerts\n' : 'nothing was looked at: no capture could be read\n'));
  }
}
