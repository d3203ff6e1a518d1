/** The pieces of one direction's handshake, which may come in any order, until its first message is there. */
import { uint24 } from '@sigwright/bytes';
import type { Fragment } from './frames.ts';

/** A hello seldom exceeds 2 KiB; with certificates of post-quantum signatures 16 KiB are thought of. */
export const LONGEST_HANDSHAKE = 65_535;
/** type and length before each handshake message */
const HEAD = 4;
/** Pieces apart from each other; senders cut a hello into a dozen. */
const MOST_PIECES = 256;

export class HelloAssembly {
  #pieces: Fragment[] = [];
  /** more than is kept was sent */
  overflow = false;

  add(fragment: Fragment): void {
    if (fragment.offset + fragment.bytes.length > LONGEST_HANDSHAKE || this.#pieces.length >= MOST_PIECES) this.overflow = true;
    else this.#pieces.push({ offset: fragment.offset, bytes: fragment.bytes.slice() });
  }

  get isEmpty(): boolean {
    return this.#pieces.length === 0;
  }

  /** The first handshake message with its head; undefined while parts of it are missing. */
  message(): Uint8Array | undefined {
    const sorted = this.#pieces.toSorted((a, b) => a.offset - b.offset);
    let length = 0;
    for (const { offset, bytes } of sorted) if (offset <= length) length = Math.max(length, offset + bytes.length);
    if (length < HEAD) return undefined;
    const whole = new Uint8Array(length);
    for (const { offset, bytes } of sorted) if (offset < length) whole.set(bytes.subarray(0, length - offset), offset);
    const wanted = HEAD + uint24(whole, 1);
    return length < wanted ? undefined : whole.subarray(0, wanted);
  }
}
