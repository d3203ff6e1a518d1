/**
 * Telnet (RFC 854, options of RFC 855): commands and lines as frames. There are no transactions: what is typed and shown has no
 * questions and answers.
 */
import type { Direction, FrameSink, ProtocolSession } from '@sigwright/contracts';

export const INTERPRET = 0xff;
const END_OF_OPTION = 0xf0;
const OPTION = 0xfa;
const WILL = 0xfb;
const DO_NOT = 0xfe;
const LINE_END = 0x0a;
/** Longer lines, and options, are taken as they stand. */
const LONGEST = 65_536;

export class TelnetSession implements ProtocolSession {
  readonly transactions = [];
  count = 0;
  nextProtocol: string | undefined = undefined;
  opaque = false;
  done = false;
  readonly anomalies: string[] = [];
  frames: FrameSink | undefined = undefined;
  /** up to where a line that is not over was searched for its end, from the beginning of what is given */
  readonly #searched: [number, number] = [0, 0];

  consume(direction: Direction, bytes: Uint8Array, start: number, end: number, atEnd: boolean): number {
    let at = start;
    while (at < end) {
      const length = bytes[at] === INTERPRET ? commandLength(bytes, at, end) : this.#lineLength(direction, bytes, at, end);
      if (length === 0 && !atEnd) break;
      const taken = length === 0 ? end - at : length;
      this.frames?.begin(direction, bytes[at] === INTERPRET ? 'ctl' : 'data', at, taken);
      at += taken;
      this.#searched[direction] = 0;
    }
    return at;
  }

  /** 0: it is not over. */
  #lineLength(direction: Direction, bytes: Uint8Array, at: number, end: number): number {
    const from = at + this.#searched[direction];
    const found = bytes.subarray(from, Math.min(end, at + LONGEST)).indexOf(LINE_END);
    if (found >= 0) return from - at + found + 1;
    this.#searched[direction] = Math.min(end - at, LONGEST);
    return end - at >= LONGEST ? LONGEST : 0;
  }

  /** What follows makes sense by itself. */
  skip(direction: Direction): boolean {
    this.#searched[direction] = 0;
    return true;
  }

  finish(): void {}
}

/** A command with its option; the content of an option up to its end, whose mark is a command of its own. 0: it is not all there. */
function commandLength(bytes: Uint8Array, at: number, end: number): number {
  if (end - at < 2) return 0;
  const command = bytes[at + 1];
  if (command >= WILL && command <= DO_NOT) return end - at < 3 ? 0 : 3;
  if (command !== OPTION) return 2;
  for (let next = at + 2; next + 1 < end && next - at < LONGEST; next++) {
    if (bytes[next] === INTERPRET && bytes[next + 1] === END_OF_OPTION) return next - at;
    // A byte of the content that looks like the mark is written twice.
    if (bytes[next] === INTERPRET) next++;
  }
  return end - at > LONGEST ? LONGEST : 0;
}
