/**
 * The flow table's rows: numbers in columns, one row a flow. What finds a flow and ends it lies here for every flow; a flow at rest
 * (see resting.ts) lies here whole, and has no object. A row is as long as a line of the processor's caches. Rows lie in blocks: that
 * there are more of them moves none.
 */
import type { Flow, Packet } from '@sigwright/contracts';

/** Rows of a block. */
const BLOCK_BITS = 10;
const IN_BLOCK = (1 << BLOCK_BITS) - 1;
const WIDTH_BITS = 4;
const WIDTH = 1 << WIDTH_BITS;

/** Columns of a row; each is a signed 32-bit word. */
/** see the bits below; 0: nobody uses the row */
export const KIND = 0;
/** first words of the addresses, and both ports, as in the first packet; see `LONG` */
export const SOURCE = 1;
export const DESTINATION = 2;
export const PORTS = 3;
/** neighbours in a span of time (timeouts.ts), -1 at its ends; NEWER of a row that nobody uses: the next of these */
export const OLDER = 4;
export const NEWER = 5;
/** 6 and 7: a number of 64 bits, packet time in microseconds, see `listedAt` */
const LISTED_AT = 3;
export const ID = 8;
/** at rest: what the handler asked to be kept; otherwise where the object is in `flows` */
export const KEPT = 9;
/** From here on only rows of flows at rest say anything. */
export const FIRST_PACKET = 10;
/** microseconds from the first packet to the last one */
export const LASTED = 11;
/** to the server; to the client in the upper half */
export const BYTES = 12;
/** of a SYN, see resting.ts */
export const SYN_HEADER = 13;
export const SYN_SEQUENCE = 14;
export const SYN_TIMESTAMP = 15;

/** Bits of KIND. The first twelve are the IP protocol and version, the next four count tunnels. */
export const VERSION_SHIFT = 8;
export const DEPTH_SHIFT = 12;
export const WITHOUT_DEPTH = 0xfff;
export const WITH_DEPTH = 0xffff;
/** Addresses of version 6, or any with VLANs, lie elsewhere: SOURCE says where, DESTINATION is the hash. */
export const LONG = 1 << 16;
export const AT_REST = 1 << 17;
/** number of the timeout that the row's flow has, 0 while it is in no span */
export const LIST_SHIFT = 18;
export const LIST = 0xf << LIST_SHIFT;
export const USED = 1 << 22;
/** Of a flow at rest: its state, and how many packets it had in each direction. */
export const STATE_SHIFT = 23;
export const TO_SERVER_SHIFT = 25;
export const TO_CLIENT_SHIFT = 28;
export const WITHOUT_REST = (1 << STATE_SHIFT) - 1;

/** Of what is long: both addresses, and what `vlansOf` says. */
const LONG_WIDTH = 9;
const LONG_VLANS = 8;

/** How many (2 bits), and the first two (12 bits each). */
export function vlansOf(packet: Packet): number {
  const { vlanCount, vlans } = packet;
  if (vlanCount === 0) return 0;
  return vlanCount | (vlans[0] << 2) | (vlanCount > 1 ? vlans[1] << 14 : 0);
}

/** Where the row lies in its block. */
export function placeOf(row: number): number {
  return (row & IN_BLOCK) << WIDTH_BITS;
}

export class FlowRows {
  /** rows that were ever used: all are below this */
  length = 0;
  /** objects of flows that are not at rest */
  readonly flows: (Flow | undefined)[] = [];
  readonly #freeFlows: number[] = [];
  readonly #blocks: Int32Array[] = [];
  /** of the same bytes */
  readonly #times: Float64Array[] = [];
  #free = -1;
  readonly #longs: Int32Array[] = [];
  #longCount = 0;
  readonly #longFree: number[] = [];

  /** What the rows take, free ones among them; without the objects of flows. */
  get bytes(): number {
    let sum = 0;
    for (const { byteLength } of this.#blocks) sum += byteLength;
    for (const { byteLength } of this.#longs) sum += byteLength;
    return sum;
  }

  /** The words of the row's block. */
  block(row: number): Int32Array {
    return this.#blocks[row >>> BLOCK_BITS];
  }

  /** A row for this flow; columns hold what they held for the last one. */
  take(flow: Flow): number {
    let row = this.#free;
    if (row >= 0) this.#free = this.block(row)[placeOf(row) + NEWER];
    else {
      row = this.length++;
      if ((row & IN_BLOCK) === 0) {
        const block = new Int32Array(WIDTH << BLOCK_BITS);
        this.#blocks.push(block);
        this.#times.push(new Float64Array(block.buffer));
      }
    }
    flow.row = row;
    this.block(row)[placeOf(row) + KEPT] = this.#keep(flow);
    return row;
  }

  give(row: number): void {
    const words = this.block(row);
    const at = placeOf(row);
    const kind = words[at + KIND];
    if ((kind & LONG) !== 0) this.#longFree.push(words[at + SOURCE]);
    if ((kind & AT_REST) === 0) this.#forget(words[at + KEPT]);
    words[at + KIND] = 0;
    words[at + NEWER] = this.#free;
    this.#free = row;
  }

  #keep(flow: Flow): number {
    const free = this.#freeFlows.pop();
    if (free === undefined) return this.flows.push(flow) - 1;
    this.flows[free] = flow;
    return free;
  }

  #forget(place: number): void {
    this.flows[place] = undefined;
    this.#freeFlows.push(place);
  }

  /** The flow's object, undefined where it is at rest. */
  flowOf(row: number): Flow | undefined {
    const words = this.block(row);
    const at = placeOf(row);
    return (words[at + KIND] & AT_REST) === 0 ? this.flows[words[at + KEPT]] : undefined;
  }

  /** The row holds all that is known of the flow, and `kept`. */
  forgetFlow(row: number, kept: number): void {
    const words = this.block(row);
    const at = placeOf(row);
    this.#forget(words[at + KEPT]);
    words[at + KIND] |= AT_REST;
    words[at + KEPT] = kept;
  }

  /** The flow of a row at rest has an object again. */
  keepFlow(row: number, flow: Flow): void {
    const words = this.block(row);
    const at = placeOf(row);
    words[at + KIND] &= ~AT_REST;
    words[at + KEPT] = this.#keep(flow);
  }

  /** Packet time of the flow's last packet when it was put into its span. */
  listedAt(row: number): number {
    return this.#times[row >>> BLOCK_BITS][(placeOf(row) >> 1) + LISTED_AT];
  }

  setListedAt(row: number, time: number): void {
    this.#times[row >>> BLOCK_BITS][(placeOf(row) >> 1) + LISTED_AT] = time;
  }

  /** Packet time of the flow's last packet. */
  lastTime(row: number): number {
    return this.flowOf(row)?.lastTime ?? this.listedAt(row);
  }

  /** Keeps addresses and VLANs of a flow that has more of them than its row has room for; returns where. */
  keepLong(source: Uint32Array, destination: Uint32Array, vlans: number): number {
    let place = this.#longFree.pop();
    if (place === undefined) {
      place = this.#longCount++;
      if ((place & IN_BLOCK) === 0) this.#longs.push(new Int32Array(LONG_WIDTH << BLOCK_BITS));
    }
    const long = this.#longs[place >>> BLOCK_BITS];
    const at = (place & IN_BLOCK) * LONG_WIDTH;
    for (let word = 0; word < 4; word++) {
      long[at + word] = source[word];
      long[at + 4 + word] = destination[word];
    }
    long[at + LONG_VLANS] = vlans;
    return place;
  }

  vlans(row: number): number {
    const words = this.block(row);
    const at = placeOf(row);
    if ((words[at + KIND] & LONG) === 0) return 0;
    const place = words[at + SOURCE];
    return this.#longs[place >>> BLOCK_BITS][(place & IN_BLOCK) * LONG_WIDTH + LONG_VLANS];
  }

  /** Are these the addresses that were kept there? */
  hasLong(place: number, source: Uint32Array, destination: Uint32Array): boolean {
    const long = this.#longs[place >>> BLOCK_BITS];
    const at = (place & IN_BLOCK) * LONG_WIDTH;
    for (let word = 0; word < 4; word++) if (long[at + word] !== (source[word] | 0) || long[at + 4 + word] !== (destination[word] | 0)) return false;
    return true;
  }

  /** Writes the row's addresses there. */
  readAddresses(row: number, source: Uint32Array, destination: Uint32Array): void {
    const words = this.block(row);
    const at = placeOf(row);
    if ((words[at + KIND] & LONG) === 0) {
      source[0] = words[at + SOURCE];
      destination[0] = words[at + DESTINATION];
      source[1] = source[2] = source[3] = 0;
      destination[1] = destination[2] = destination[3] = 0;
      return;
    }
    const place = words[at + SOURCE];
    const long = this.#longs[place >>> BLOCK_BITS];
    const from = (place & IN_BLOCK) * LONG_WIDTH;
    for (let word = 0; word < 4; word++) {
      source[word] = long[from + word];
      destination[word] = long[from + 4 + word];
    }
  }
}
