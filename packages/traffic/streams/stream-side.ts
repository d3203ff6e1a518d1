/**
 * The bytes one end sent, in order. One sliding buffer holds what a consumer has not finished with; segments that came too
 * early wait in a bounded list. Positions are stream offsets: 0 is the first byte behind the SYN.
 */

/** Bytes waiting out of order per side: more is hostile or a capture with heavy loss. */
const MOST_WAITING = 4 * 1024 * 1024;
const MOST_SEGMENTS = 4096;
const FIRST_SIZE = 4096;

interface Waiting {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export class StreamSide {
  bytes: Uint8Array = NOTHING;
  /** stream offset of bytes[0] */
  base = 0;
  /** up to here contiguous bytes lie in the buffer */
  available = 0;
  /** up to here the peer acknowledged */
  acknowledged = 0;
  /** progress of the application protocol, and of the search in raw bytes; both owned by the consumer */
  parsed = 0;
  searched = 0;
  /** no byte will come behind `available` */
  ended = false;
  /** the consumer has been told of the end */
  finished = false;
  /** bytes lost right at `available` */
  gap = 0;
  /** only sequence numbers are followed, bytes are not kept */
  opaque = false;
  /** a retransmission with other bytes than before was seen */
  conflicting = false;

  /** sequence number that `available` stands for */
  next = 0;
  known = false;
  /** offset of the FIN, -1 while none was seen */
  fin = -1;
  window = 65535;
  windowScale = 0;
  /** bytes kept at most from the beginning; 0: no limit */
  readonly depth: number;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;

  constructor(depth: number) {
    this.depth = depth;
  }

  /** `sequence` is that of the first data byte. */
  begin(sequence: number): void {
    this.next = sequence >>> 0;
    this.known = true;
  }

  offsetOf(sequence: number): number {
    return this.available + ((sequence - this.next) | 0);
  }

  /** A segment. False where the list of early segments is full. */
  insert(sequence: number, data: Uint8Array, start: number, end: number): boolean {
    const offset = this.offsetOf(sequence);
    const until = offset + end - start;
    if (until <= this.available) {
      this.#compare(offset, data, start, end);
      return true;
    }
    if (offset > this.available) {
      if (!this.opaque && (this.depth === 0 || this.available < this.depth)) return this.#wait(offset, data, start, end);
      this.next = (sequence + end - start) >>> 0;
      return true;
    }
    if (offset < this.available) this.#compare(offset, data, start, start + this.available - offset);
    this.#append(data, start + this.available - offset, end);
    if (this.#waiting.length > 0) this.#drain();
    this.#checkEnd();
    return true;
  }

  #compare(offset: number, data: Uint8Array, start: number, end: number): void {
    if (this.conflicting || this.opaque) return;
    for (let at = Math.max(offset, this.base); at < Math.min(this.available, offset + end - start); at++) {
      if (this.bytes[at - this.base] !== data[start + at - offset]) {
        this.conflicting = true;
        return;
      }
    }
  }

  #append(data: Uint8Array, start: number, end: number): void {
    const length = end - start;
    this.next = (this.next + length) >>> 0;
    const kept = this.opaque ? 0 : this.depth === 0 ? length : Math.max(0, Math.min(length, this.depth - this.available));
    if (kept > 0) {
      const used = this.available - this.base;
      if (used + kept > this.bytes.length) this.#grow(used, kept);
      this.bytes.set(data.subarray(start, start + kept), used);
    }
    // Bytes that are not kept (beyond the depth, or encrypted) move sequence numbers on, but not `available`.
    this.available += kept;
  }

  #grow(used: number, more: number): void {
    const grown = new Uint8Array(Math.max(FIRST_SIZE, (used + more) * 2));
    grown.set(this.bytes.subarray(0, used));
    this.bytes = grown;
  }

  #wait(offset: number, data: Uint8Array, start: number, end: number): boolean {
    if (this.#waiting.length >= MOST_SEGMENTS || this.#waitingBytes + end - start > MOST_WAITING) return false;
    let at = this.#waiting.length;
    while (at > 0 && this.#waiting[at - 1].offset > offset) at--;
    this.#waiting.splice(at, 0, { offset, bytes: data.slice(start, end) });
    this.#waitingBytes += end - start;
    return true;
  }

  #drain(): void {
    while (this.#waiting.length > 0 && this.#waiting[0].offset <= this.available) {
      const { offset, bytes } = this.#waiting.shift()!;
      this.#waitingBytes -= bytes.length;
      if (offset + bytes.length > this.available) this.#append(bytes, this.available - offset, bytes.length);
    }
  }

  #checkEnd(): void {
    if (this.fin >= 0 && this.available >= this.fin) this.ended = true;
  }

  /** FIN at this sequence number. */
  finish(sequence: number): void {
    const offset = this.offsetOf(sequence);
    if (offset >= this.available - 1 && this.fin < 0) this.fin = Math.max(offset, this.available);
    this.#checkEnd();
  }

  /** The peer acknowledged up to this sequence number; false where it acknowledges what can not have been sent. */
  acknowledge(sequence: number): boolean {
    const offset = this.offsetOf(sequence);
    if (offset <= this.acknowledged) return true;
    const possible = Math.max(this.acknowledged, this.available, this.#lastWaiting()) + (65535 << this.windowScale) + 2;
    if (offset > possible) return false;
    this.acknowledged = Math.min(offset, Math.max(this.available, offset));
    const dataEnd = this.fin >= 0 ? Math.min(offset, this.fin) : offset;
    if (dataEnd > this.available) this.gap = (this.#waiting.length > 0 ? Math.min(dataEnd, this.#waiting[0].offset) : dataEnd) - this.available;
    if (this.fin < 0 && this.#waiting.length === 0 && this.gap === 1 && this.ended) this.gap = 0;
    return true;
  }

  #lastWaiting(): number {
    const last = this.#waiting[this.#waiting.length - 1];
    return last === undefined ? 0 : last.offset + last.bytes.length;
  }

  /** Upper stream offset that may be read. */
  readable(inline: boolean): number {
    return inline ? this.available : Math.min(this.acknowledged, this.available);
  }

  /** Pass over lost bytes. Returns how many. */
  takeGap(): number {
    const length = this.gap;
    this.gap = 0;
    if (length <= 0) return 0;
    this.available += length;
    this.next = (this.next + length) >>> 0;
    this.base = this.available;
    this.parsed = Math.max(this.parsed, this.available);
    this.searched = Math.max(this.searched, this.available);
    this.#drain();
    this.#checkEnd();
    if (this.acknowledged > this.available && this.#waiting.length > 0) this.gap = Math.min(this.acknowledged, this.#waiting[0].offset) - this.available;
    return length;
  }

  /** Forget what both consumers are done with. */
  release(): void {
    const done = Math.min(this.parsed, this.searched);
    if (done >= this.available) {
      this.base = this.available;
      // A large buffer that is empty now is not worth keeping for a flow that may stay idle.
      if (this.bytes.length > 262_144) this.bytes = NOTHING;
      return;
    }
    const drop = done - this.base;
    // Move only when at least half of what was kept is done: each byte is moved once on average.
    if (drop > 0 && drop >= this.available - done) {
      this.bytes.copyWithin(0, drop, this.available - this.base);
      this.base = done;
    }
  }

  /** Nothing more will come or be acknowledged: all that is there may be read. */
  close(): void {
    this.acknowledged = Math.max(this.acknowledged, this.available);
    if (this.#waiting.length > 0) {
      this.gap = this.#waiting[0].offset - this.available;
      this.acknowledged = this.#lastWaiting();
    } else {
      this.gap = 0;
      this.ended = true;
    }
  }
}

const NOTHING = new Uint8Array(0);
