/**
 * A dialogue of text lines: commands of the client, replies of the server. Cutting into lines, lines too long to keep and line ends of
 * either kind are seen to here; raw content between lines (message texts) is asked for by count.
 */
import type { Direction, FrameSink, ProtocolSession, Transaction } from '@sigwright/contracts';

/** Longer lines are read up to here and told as cut (Suricata's limit for FTP and SMTP). */
export const LONGEST_LINE = 4096;
/** Questions that were never answered; beyond, the oldest counts as over. */
const MOST_OPEN = 256;

export abstract class LineSession<Kind extends Transaction> implements ProtocolSession {
  readonly transactions: Kind[] = [];
  count = 0;
  nextProtocol: string | undefined = undefined;
  opaque = false;
  done = false;
  readonly anomalies: string[] = [];
  frames: FrameSink | undefined = undefined;
  readonly rawWaitsFor: 'chunk' | undefined = undefined;
  readonly longestLine: number = LONGEST_LINE;
  mostOpen: number = MOST_OPEN;
  /** set where the conversation can not be followed any further */
  protected stopped = false;
  /** the rest of a cut line is passed over */
  readonly #dropping: [boolean, boolean] = [false, false];

  /** bytes[start, end) is a line without its end. `cut`: it was longer; where `keepsLongLines`, the rest comes as further lines. */
  protected abstract line(direction: Direction, bytes: Uint8Array, start: number, end: number, cut: boolean, time: number): void;

  /** The rest of a cut line is given too, in pieces. */
  protected keepsLongLines(_direction: Direction): boolean {
    return false;
  }

  /** bytes [start, next) of one direction are a line with its end, as far as it is there: tells of frames. */
  protected tellLine(_frames: FrameSink, _direction: Direction, _start: number, _next: number): void {}

  /** As raw, tells of frames. */
  protected tellRaw(_frames: FrameSink, _direction: Direction, _start: number, _end: number): void {}

  /** How many bytes to come of this direction are no lines; 0 for none. */
  protected rawLength(_direction: Direction): number {
    return 0;
  }

  /** Some of the bytes announced by rawLength. */
  protected raw(_direction: Direction, _bytes: Uint8Array, _start: number, _end: number): void {}

  /** The transaction is over in both directions. */
  protected abstract close(transaction: Kind): void;

  consume(direction: Direction, bytes: Uint8Array, start: number, end: number, atEnd: boolean, time: number): number {
    const { longestLine } = this;
    let at = start;
    while (at < end && this.nextProtocol === undefined && !this.done) {
      if (this.stopped) return -1;
      const raw = Math.min(this.rawLength(direction), end - at);
      if (raw > 0) {
        if (this.frames !== undefined) this.tellRaw(this.frames, direction, at, at + raw);
        this.raw(direction, bytes, at, at + raw);
        at += raw;
        continue;
      }
      const newline = bytes.subarray(at, Math.min(end, at + longestLine + 1)).indexOf(0x0a);
      if (newline === -1) {
        if (this.#dropping[direction]) {
          at = Math.min(end, at + longestLine);
          continue;
        }
        if (end - at <= longestLine) {
          if (!atEnd) return at;
          if (this.frames !== undefined) this.tellLine(this.frames, direction, at, end);
          this.line(direction, bytes, at, end, false, time);
          return this.stopped ? -1 : end;
        }
        if (this.frames !== undefined) this.tellLine(this.frames, direction, at, at + longestLine);
        this.line(direction, bytes, at, at + longestLine, true, time);
        this.#dropping[direction] = !this.keepsLongLines(direction);
        at += longestLine;
        continue;
      }
      let stop = at + newline;
      const dropped = this.#dropping[direction];
      this.#dropping[direction] = false;
      const from = at;
      at = stop + 1;
      if (dropped) continue;
      if (stop > from && bytes[stop - 1] === 0x0d) stop--;
      if (this.frames !== undefined) this.tellLine(this.frames, direction, from, at);
      this.line(direction, bytes, from, stop, false, time);
    }
    return this.stopped ? -1 : at;
  }

  skip(): boolean {
    return false;
  }

  protected open(transaction: Kind): Kind {
    this.count++;
    this.transactions.push(transaction);
    if (this.transactions.length > this.mostOpen) this.close(this.transactions[this.transactions.length - this.mostOpen - 1]);
    return transaction;
  }

  finish(_time: number): void {
    for (const transaction of this.transactions) this.close(transaction);
  }
}
