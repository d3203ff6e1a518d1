/**
 * The bytes one end sent, in order. One sliding buffer holds what a consumer has not finished with; segments that came too
 * early wait in a bounded list. Positions are stream offsets: 0 is the first byte behind the SYN.
 *
 * Overlaps, unless the receiver is known to be another system than BSD: bytes that were in order stay as they came first; of waiting
 * segments the one that begins further left wins, and of two that begin alike the older one.
 *
 * A byte sent as urgent data may be out of band (RFC 6093, 3.1): it has a sequence number and no place in the stream.
 *
 * A gap is declared as soon as the peer acknowledges bytes that never came: the receiver has them, the capture does not.
 */
import { copyBytes, copyOf, newBytes, type SlabPool, work } from '@sigwright/bytes';
import type { LaterWins } from '../target-systems.ts';

/** Bytes waiting out of order per side: the largest window without scaling, times 64; more is hostile or a capture with heavy loss. */
const MOST_WAITING = 4 * 1024 * 1024;
/** A full window of 1 MiB in the smallest usual segments. */
const MOST_SEGMENTS = 2048;
/** Bytes that a segment takes beside its own, while it waits. */
const SEGMENT_COST = 128;
/** Holes before which bytes are kept to be shown, and bytes before each: outputs show some 4 KiB. */
const MOST_EARLIER = 8;
const MOST_SHOWN = 4096;
/**
 * Bytes of all connections together beyond which nothing is held only to be shown: what Suricata gives to reassembly where nothing is said
 * (`stream.reassembly.memcap`). Who opens connections by the hundred thousand must not have each of them remembered.
 */
export const MOST_HELD_TO_SHOW = 256 * 1024 * 1024;

interface Waiting {
  readonly offset: number;
  readonly bytes: Uint8Array;
  /** place of a byte that is not part of the stream; -1: none */
  readonly outOfBand: number;
}

/** Bytes in order: bytes[start, end), of which the first is the stream's byte `offset`. */
export interface StreamWindow {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly offset: number;
}

/** What became of a segment. */
export const TAKEN = 0;
/** every byte of it was there before */
export const REPEATED = 1;
/** the list of early segments is full */
export const NO_ROOM = 2;

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
  /** up to here both were done when bytes were last released, also where it was not worth to move the rest */
  done = 0;
  /** no byte will come behind `available` */
  ended = false;
  /** the consumer has been told of the end */
  finished = false;
  /** bytes lost right at `available` */
  gap = 0;
  /** set by the consumer: only sequence numbers are followed from now on, bytes are not kept */
  opaque = false;
  /** a retransmission with other bytes than before was seen */
  conflicting = false;
  /** the peer reset the connection and had never acknowledged a hole: what lies behind it is searched, and no protocol reads it */
  cutOff = false;
  /** bytes came that lie behind the depth and are not kept */
  depthReached = false;

  /** Sequence numbers are kept as signed 32-bit integers, which the engine holds without a box; differences come out right. */
  /** that `available` stands for */
  next = 0;
  /** the first byte's */
  first = 0;
  /** highest one acknowledged by the peer */
  lastAcknowledgement = 0;
  /** the peer's window ends here */
  windowEnd = 0;
  known = false;
  /** offset of the FIN, -1 while none was seen */
  fin = -1;
  /** as last advertised by this side, unscaled, and the shift it asked for (-1: none) */
  window = 65535;
  windowScale = -1;
  /** last in-order timestamp, -1 for none */
  timestamp = -1;
  /** all TCP flags this side has sent */
  flags = 0;
  /** what lay before lost bytes and was not searched yet; of several gaps at once the first */
  beforeGap: { readonly bytes: Uint8Array; readonly offset: number } | undefined = undefined;
  /** urgent bytes that were read apart from the stream */
  outOfBand = 0;
  /** what was held right before bytes were lost, and how many those were; only where it is shown to somebody, and not more than of the last ones */
  earlier: { readonly bytes: Uint8Array; readonly lost: number }[] | undefined = undefined;
  /** bytes lost in all */
  lost = 0;
  /** runs of bytes far apart from each other that were held at a time, at most */
  mostRegions = 1;
  /** how the receiver takes overlapping segments; undefined: as BSD does */
  laterWins: LaterWins | undefined = undefined;
  /** bytes kept at most from the beginning; 0: no limit */
  depth: number;
  readonly #pool: SlabPool;
  #waiting: Waiting[] | undefined = undefined;
  #waitingBytes = 0;
  /** bytes that are held only to be shown, as they were counted last */
  #shown = 0;
  /** where segments that are not acknowledged yet begin and end; only where `laterWins` asks */
  #taken: { readonly start: number; readonly end: number }[] | undefined = undefined;
  /** bytes were passed over: where in the stream earlier sequence numbers lie is no longer known */
  #isShifted = false;
  /** nothing more will come: the end is where the last waiting segment ends */
  #closing = false;
  /** what a peer that reset the connection had acknowledged by then */
  #heard = Number.POSITIVE_INFINITY;

  constructor(depth: number, pool: SlabPool) {
    this.depth = depth;
    this.#pool = pool;
  }

  /** `sequence` is that of the first data byte. */
  begin(sequence: number): void {
    this.next = this.first = this.lastAcknowledgement = this.windowEnd = sequence | 0;
    this.known = true;
  }

  offsetOf(sequence: number): number {
    return this.available + ((sequence - this.next) | 0);
  }

  /** A segment whose first byte has this sequence number. `outOfBand`: which of its bytes is not part of the stream; -1: none. */
  insert(sequence: number, data: Uint8Array, start: number, end: number, outOfBand = -1): typeof TAKEN | typeof REPEATED | typeof NO_ROOM {
    const early = (sequence - this.next) | 0;
    if (this.laterWins !== undefined && end > start && !this.opaque && !this.depthReached && !this.#isShifted) {
      const settled = this.#settle(this.available + early, copyOf(data, start, end), this.laterWins);
      return this.#insert(early, sequence, settled, 0, settled.length, outOfBand);
    }
    return this.#insert(early, sequence, data, start, end, outOfBand);
  }

  /** `data` at this offset against what is there: in the end both say the same where they overlap. */
  #settle(offset: number, data: Uint8Array, laterWins: LaterWins): Uint8Array {
    const end = offset + data.length;
    const decide = (heldStart: number, heldEnd: number, held: Uint8Array, base: number, from: number, to: number): void => {
      const wins = laterWins(offset, end, heldStart, heldEnd);
      for (let at = from; at < to; at++) {
        if (held[at - base] === data[at - offset]) continue;
        this.conflicting = true;
        if (wins) held[at - base] = data[at - offset];
        else data[at - offset] = held[at - base];
      }
    };
    // What was acknowledged is with the application already.
    const settledUntil = Math.max(this.acknowledged, this.parsed, this.searched, this.base);
    const taken = (this.#taken ?? []).filter((one) => one.end > settledUntil);
    this.#taken = taken;
    for (const one of taken) {
      decide(one.start, one.end, this.bytes, this.base, Math.max(offset, one.start, settledUntil), Math.min(end, one.end, this.available));
    }
    for (const one of this.#waiting ?? []) {
      const heldEnd = one.offset + one.bytes.length;
      decide(one.offset, heldEnd, one.bytes, one.offset, Math.max(offset, one.offset), Math.min(end, heldEnd));
    }
    if (taken.length < MOST_SEGMENTS) taken.push({ start: offset, end });
    return data;
  }

  #insert(early: number, sequence: number, data: Uint8Array, start: number, end: number, outOfBand: number): typeof TAKEN | typeof REPEATED | typeof NO_ROOM {
    if (early <= 0 && !this.#hasRoom(early + end - start)) return NO_ROOM;
    if (early === 0) this.#append(data, start, end, outOfBand < 0 ? -1 : start + outOfBand);
    else {
      const offset = this.available + early;
      if (early > 0) {
        if (this.opaque || this.depthReached) {
          // Nobody reads it: that bytes are missing before it does not matter.
          this.next = (sequence + end - start) | 0;
          return TAKEN;
        }
        return this.#wait(offset, data, start, end, outOfBand);
      }
      const overlap = Math.min(-early, end - start);
      this.#compare(offset, data, start, start + overlap);
      if (overlap === end - start) return REPEATED;
      this.#append(data, start + overlap, end, outOfBand < overlap ? -1 : start + outOfBand);
    }
    if (this.#waiting !== undefined) this.#drain();
    this.#checkEnd();
    return TAKEN;
  }

  /** For so many bytes more: where nothing is kept, where they fit in what is held, or where streams may hold more. */
  #hasRoom(length: number): boolean {
    return !this.#pool.isExhausted || this.opaque || this.depthReached || this.available - this.base + length <= this.bytes.length;
  }

  #compare(offset: number, data: Uint8Array, start: number, end: number): void {
    if (this.conflicting || this.opaque || this.depthReached || this.#isShifted) return;
    const until = Math.min(this.available, offset + end - start);
    for (let at = Math.max(offset, this.base); at < until; at++) {
      if (this.bytes[at - this.base] !== data[start + at - offset]) {
        this.conflicting = true;
        return;
      }
    }
  }

  #append(data: Uint8Array, start: number, end: number, outOfBand = -1): void {
    if (outOfBand >= start && outOfBand < end) {
      this.#append(data, start, outOfBand);
      this.#skip();
      this.#append(data, outOfBand + 1, end);
      return;
    }
    const length = end - start;
    this.next = (this.next + length) | 0;
    if (this.opaque) return;
    let kept = length;
    // Bytes that are not kept move sequence numbers on, but not `available`.
    if (this.depth !== 0 && this.available + length > this.depth) {
      kept = Math.max(0, this.depth - this.available);
      this.depthReached = true;
    }
    if (kept === 0) return;
    const used = this.available - this.base;
    if (used + kept > this.bytes.length) this.#grow(used, used + kept);
    const { bytes } = this;
    copyBytes(data, start, start + kept, bytes, used);
    this.available += kept;
  }

  /** A byte that is not part of the stream: what was expected further on comes one place earlier. */
  #skip(): void {
    this.next = (this.next + 1) | 0;
    this.#isShifted = true;
    const { available } = this;
    if (this.fin > available) this.fin--;
    if (this.acknowledged > available) this.acknowledged--;
    this.#waiting = this.#waiting?.map((one) => (one.offset > available ? { ...one, offset: one.offset - 1 } : one));
  }

  #grow(used: number, size: number): void {
    const grown = this.#pool.take(used === 0 ? size : size + used);
    if (used > 0) copyBytes(this.bytes, 0, used, grown, 0);
    if (this.bytes !== NOTHING) this.#pool.give(this.bytes);
    this.bytes = grown;
  }

  #wait(offset: number, data: Uint8Array, start: number, end: number, outOfBand: number): typeof TAKEN | typeof NO_ROOM {
    if (this.#pool.isExhausted) return NO_ROOM;
    // Never left empty.
    this.#waiting ??= [];
    const waiting = this.#waiting;
    if (waiting.length >= MOST_SEGMENTS || this.#waitingBytes + end - start > MOST_WAITING) return NO_ROOM;
    let at = waiting.length;
    while (at > 0 && waiting[at - 1].offset > offset) at--;
    this.#compareWaiting(at, offset, data, start, end);
    waiting.splice(at, 0, { offset, bytes: copyOf(data, start, end), outOfBand });
    this.#waitingBytes += end - start;
    this.#pool.lent += end - start + SEGMENT_COST;
    if (offset - this.available > REGION_GAP) this.#countRegions(waiting);
    // The gap before it may have shrunk: the peer acknowledged bytes that only now are known to be there.
    if (this.gap > 0) this.gap = Math.min(this.gap, waiting[0].offset - this.available);
    return TAKEN;
  }

  #countRegions(waiting: readonly Waiting[]): void {
    let regions = 1;
    let end = this.available;
    for (const one of waiting) {
      if (one.offset - end > REGION_GAP) regions++;
      end = Math.max(end, one.offset + one.bytes.length);
    }
    if (regions > this.mostRegions) this.mostRegions = regions;
  }

  /** Does it say something else than its neighbours in the list? */
  #compareWaiting(index: number, offset: number, data: Uint8Array, start: number, end: number): void {
    if (this.conflicting || this.#waiting === undefined) return;
    for (let at = Math.max(0, index - 1); at < Math.min(this.#waiting.length, index + 1); at++) {
      const other = this.#waiting[at];
      const from = Math.max(offset, other.offset);
      const to = Math.min(offset + end - start, other.offset + other.bytes.length);
      for (let byte = from; byte < to; byte++) {
        if (other.bytes[byte - other.offset] !== data[start + byte - offset]) {
          this.conflicting = true;
          return;
        }
      }
    }
  }

  #drain(): void {
    let waiting = this.#waiting;
    if (waiting === undefined) return;
    let count = 0;
    while (count < waiting.length && waiting[count].offset <= this.available) {
      const { offset, bytes, outOfBand } = waiting[count++];
      this.#waitingBytes -= bytes.length;
      this.#pool.lent -= bytes.length + SEGMENT_COST;
      if (offset + bytes.length > this.available) this.#append(bytes, this.available - offset, bytes.length, outOfBand);
      // A byte that was passed over moves those that wait.
      if (outOfBand >= 0) waiting = this.#waiting!;
      // Behind the depth `available` stands still, and what waits there will never be read.
      if (this.depthReached) break;
    }
    if (count > 0) waiting.splice(0, count);
    if (waiting.length === 0 || this.depthReached) this.#forgetWaiting();
  }

  #forgetWaiting(): void {
    if (this.#waiting === undefined) return;
    this.#pool.lent -= this.#waitingBytes + this.#waiting.length * SEGMENT_COST;
    this.#waiting = undefined;
    this.#waitingBytes = 0;
  }

  #checkEnd(): void {
    if (this.fin >= 0 && this.available >= this.fin) this.ended = true;
    else if (this.#closing && this.#waiting === undefined) this.ended = true;
  }

  /** FIN at this sequence number. */
  finish(sequence: number): void {
    const offset = this.offsetOf(sequence);
    if (this.fin < 0 && offset >= this.available) this.fin = offset;
    // Where bytes are not kept, what is missing does not matter.
    if (this.opaque || this.depthReached) this.ended = true;
    this.#checkEnd();
  }

  /** The peer acknowledged up to this sequence number, which lies in its window. Returns the bytes newly known to be lost. */
  acknowledge(sequence: number): number {
    const news = (sequence - this.lastAcknowledgement) | 0;
    // Said again, when what lies behind a hole has come in the meantime.
    const again = news === 0 && this.#waiting !== undefined && this.gap === 0 && this.acknowledged > this.available;
    if (news <= 0 && !again) return 0;
    this.lastAcknowledgement = sequence | 0;
    let offset = this.offsetOf(sequence);
    // The FIN takes a number of its own, as if it were a byte.
    if (this.fin >= 0 && offset > this.fin) offset = this.fin;
    if (offset <= this.available) {
      if (offset > this.acknowledged) this.acknowledged = offset;
      return 0;
    }
    if (this.opaque || this.depthReached) {
      this.acknowledged = this.available;
      return 0;
    }
    this.acknowledged = offset;
    const before = this.gap;
    this.gap = this.#gapUntil(offset);
    return Math.max(0, this.gap - before);
  }

  #gapUntil(offset: number): number {
    // A capture may show the acknowledgement first: until more comes, nothing is known to be lost.
    return this.#waiting === undefined ? 0 : Math.min(offset, this.#waiting[0].offset) - this.available;
  }

  /**
   * What lies around a segment that was taken: at most `most` bytes, the segment itself in full, in order without a gap. `offset` is
   * the stream offset of bytes[start]. Undefined where its bytes are not held.
   */
  around(sequence: number, length: number, most: number): StreamWindow | undefined {
    if (this.depthReached || this.opaque) return undefined;
    const first = this.offsetOf(sequence);
    const last = first + length;
    const room = Math.max(0, most - length);
    if (first < this.available) {
      const from = Math.max(this.base, first - room);
      const to = Math.min(this.available, last + Math.max(0, room - Math.max(0, first - from)));
      return to > from ? { bytes: this.bytes, start: from - this.base, end: to - this.base, offset: from } : undefined;
    }
    return this.#aroundWaiting(first, last, room);
  }

  /** The same among segments that came early. */
  #aroundWaiting(first: number, last: number, room: number): StreamWindow | undefined {
    const run: Waiting[] = [];
    let end = -1;
    for (const one of this.#waiting ?? []) {
      if (one.offset > end) {
        if (end >= last) break;
        run.length = 0;
      }
      run.push(one);
      end = Math.max(end, one.offset + one.bytes.length);
    }
    if (run.length === 0 || run[0].offset > first || end < last) return undefined;
    const from = Math.max(run[0].offset, first - room);
    const to = Math.min(end, last + Math.max(0, room - (first - from)));
    const bytes = newBytes(to - from);
    // The one that begins further left wins: it is written last.
    for (let at = run.length - 1; at >= 0; at--) {
      const { offset, bytes: held } = run[at];
      const begin = Math.max(offset, from);
      const stop = Math.min(offset + held.length, to);
      if (stop > begin) copyBytes(held, begin - offset, stop - offset, bytes, begin - from);
    }
    return { bytes, start: 0, end: bytes.length, offset: from };
  }

  /** Puts what was held before in the place of a retransmission that says something else. False: it says the same. */
  restore(sequence: number, data: Uint8Array, start: number, end: number): boolean {
    if (this.#isShifted) return false;
    const offset = this.offsetOf(sequence);
    const from = Math.max(offset, this.base);
    const to = Math.min(offset + end - start, this.available);
    let changed = false;
    for (let at = from; at < to; at++) {
      const held = this.bytes[at - this.base];
      if (data[start + at - offset] === held) continue;
      data[start + at - offset] = held;
      changed = true;
    }
    return changed;
  }

  /** Does a retransmission say something else than what is held? */
  differs(sequence: number, data: Uint8Array, start: number, end: number): boolean {
    if (this.#isShifted) return false;
    const offset = this.offsetOf(sequence);
    const to = Math.min(offset + end - start, this.available);
    for (let at = Math.max(offset, this.base); at < to; at++) if (data[start + at - offset] !== this.bytes[at - this.base]) return true;
    return false;
  }

  /** Upper stream offset that may be read. */
  readable(inline: boolean): number {
    return inline || this.acknowledged > this.available ? this.available : this.acknowledged;
  }

  /** Pass over lost bytes. Returns how many. */
  takeGap(): number {
    const length = this.gap;
    this.gap = 0;
    if (length <= 0) return 0;
    const unsearched = Math.max(this.searched, this.base);
    if (unsearched < this.available && !this.opaque)
      this.beforeGap ??= { bytes: copyOf(this.bytes, unsearched - this.base, this.available - this.base), offset: unsearched };
    if (this.earlier !== undefined) this.#rememberEarlier(this.earlier, length);
    this.lost += length;
    this.available += length;
    if (this.#closing && this.available > this.#heard) this.cutOff = true;
    this.next = (this.next + length) | 0;
    this.base = this.available;
    if (this.parsed < this.available) this.parsed = this.available;
    if (this.searched < this.available) this.searched = this.available;
    if (this.depth !== 0 && this.available >= this.depth) {
      this.depthReached = true;
      this.#forgetWaiting();
    }
    this.#drain();
    if (this.acknowledged > this.available && !this.depthReached) this.gap = this.#gapUntil(this.acknowledged);
    this.#checkEnd();
    return length;
  }

  #rememberEarlier(earlier: NonNullable<StreamSide['earlier']>, lost: number): void {
    const room = this.#pool.lent < MOST_HELD_TO_SHOW ? MOST_SHOWN : 0;
    const held = Math.max(this.done, this.base, this.available - room);
    const bytes = copyOf(this.bytes, held - this.base, this.available - this.base);
    this.#holdEarlier(bytes.length);
    earlier.push({ bytes, lost });
    if (earlier.length > MOST_EARLIER) this.#holdEarlier(-earlier.shift()!.bytes.length);
  }

  #holdEarlier(bytes: number): void {
    this.#pool.lent += bytes;
    this.#pool.spare += bytes;
  }

  /** So many of the bytes held are there only to be shown. */
  #countShown(bytes: number): void {
    this.#pool.spare += bytes - this.#shown;
    this.#shown = bytes;
  }

  /**
   * Forget what both consumers are done with, but for `kept` bytes that were searched last; as long as there is room for that, but for
   * `shown` of them, which somebody may still want to see.
   */
  release(kept = 0, shown = 0): void {
    this.#forget(shown > kept && this.#pool.lent < MOST_HELD_TO_SHOW ? shown : kept);
    if (shown > 0 || this.#shown > 0) this.#countShown(this.bytes.length === 0 ? 0 : Math.max(0, Math.min(this.parsed, this.searched) - this.base));
  }

  #forget(kept: number): void {
    const searched = this.searched - kept;
    const done = this.parsed < searched ? this.parsed : searched;
    if (kept > 0 && done <= this.base) return;
    if (done >= this.available) {
      this.base = this.available;
      if (this.bytes !== NOTHING) {
        this.#pool.give(this.bytes);
        this.bytes = NOTHING;
      }
      return;
    }
    const drop = done - this.base;
    this.done = done;
    // Move only when at least half of what was kept is done: each byte is moved once on average.
    if (drop > 0 && drop >= this.available - done) {
      this.bytes.copyWithin(0, drop, this.available - this.base);
      work.copied += this.available - done;
      this.base = done;
    }
  }

  /**
   * Nothing more will come or be acknowledged: all that is there may be read, what is missing between is a gap. `refused`: the receiver
   * reset the connection, so that behind a gap only what it acknowledged was taken.
   */
  close(refused = false): void {
    if (refused) this.#heard = this.acknowledged;
    if (this.acknowledged < this.available) this.acknowledged = this.available;
    this.#closing = true;
    if (this.#waiting !== undefined) {
      const last = this.#waiting[this.#waiting.length - 1];
      this.acknowledged = Math.max(this.acknowledged, last.offset + last.bytes.length);
      this.gap = this.#waiting[0].offset - this.available;
    } else {
      this.acknowledged = this.available;
      this.gap = 0;
      this.ended = true;
    }
  }

  /** It was not the end after all. */
  reopen(): void {
    this.#closing = false;
    this.#heard = Number.POSITIVE_INFINITY;
    this.cutOff = false;
    this.ended = false;
    this.finished = false;
    this.gap = 0;
    this.#checkEnd();
  }

  /** The flow is forgotten: buffers go back. */
  free(): void {
    if (this.bytes.length > 0) this.#pool.give(this.bytes);
    this.bytes = NOTHING;
    this.base = this.available;
    this.#forgetWaiting();
    this.#countShown(0);
    for (const { bytes } of this.earlier ?? []) this.#holdEarlier(-bytes.length);
    this.earlier = undefined;
  }
}

/** Bytes missing between two runs that make them two regions (Suricata's default). */
const REGION_GAP = 262_144;
const NOTHING = new Uint8Array(0);
