/**
 * The flow table's rows: numbers in columns, one row a flow. What finds a flow and ends it lies here for every flow; a flow at rest
 * (see resting.ts) lies here whole, and has no object.
 */
import type { Flow } from '@sigwright/contracts';

const FIRST_ROWS = 64;

/** Columns of a row; each is a signed 32-bit word. */
export const HASH = 0;
/** the next row in the bucket, -1 at its end */
export const NEXT = 1;
/** neighbours in the list of a timeout, -1 at its ends */
export const OLDER = 2;
export const NEWER = 3;
/** which list the row is in, -1 for none */
export const LIST = 4;
/** IP protocol, IP version and tunnel depth, see `kindOf`; 0: nobody uses the row */
export const KIND = 5;
/** first words of the addresses, and both ports, as in the first packet */
export const SOURCE = 6;
export const DESTINATION = 7;
export const PORTS = 8;
/** see `vlansOf` */
export const VLANS = 9;
/** place of both addresses in `addresses` for IPv6, -1 otherwise */
export const LONG_ADDRESSES = 10;
export const ID = 11;
/** From here on only rows of flows at rest say anything. */
export const FIRST_PACKET = 12;
export const PACKETS_TO_SERVER = 13;
export const PACKETS_TO_CLIENT = 14;
export const BYTES_TO_SERVER = 15;
export const BYTES_TO_CLIENT = 16;
/** transport state, see resting.ts */
export const STATE = 17;
export const NUMBER = 18;
export const TIMESTAMP = 19;
/** what the handler asked to be kept */
export const KEPT = 20;
export const WIDTH = 21;

/** Times of a row, microseconds: its flow's last packet when it was put into its list, and its first packet. */
export const LISTED_AT = 0;
export const STARTED_AT = 1;
export const TIMES = 2;

export class FlowRows {
  words: Int32Array<ArrayBuffer> = new Int32Array(FIRST_ROWS * WIDTH);
  times: Float64Array<ArrayBuffer> = new Float64Array(FIRST_ROWS * TIMES);
  /** undefined where the flow is at rest */
  readonly flows: (Flow | undefined)[] = [];
  /** eight words for each flow over IPv6 */
  addresses = new Uint32Array(0);
  #free: number[] = [];
  #freeAddresses: number[] = [];
  #addressesUsed = 0;

  /** A row for this flow; columns hold what they held for the last one. */
  take(flow: Flow): number {
    const free = this.#free.pop();
    if (free !== undefined) {
      this.flows[free] = flow;
      return free;
    }
    const row = this.flows.length;
    this.flows.push(flow);
    if (row * WIDTH === this.words.length) {
      // What was there is given back at once, not when garbage is collected.
      this.words = new Int32Array(this.words.buffer.transfer(this.words.byteLength * 2));
      this.times = new Float64Array(this.times.buffer.transfer(this.times.byteLength * 2));
    }
    return row;
  }

  give(row: number): void {
    const at = row * WIDTH;
    if (this.words[at + LONG_ADDRESSES] >= 0) this.#freeAddresses.push(this.words[at + LONG_ADDRESSES]);
    this.words[at + KIND] = 0;
    this.flows[row] = undefined;
    this.#free.push(row);
  }

  /** Keeps both addresses of an IPv6 flow; returns where. */
  keepAddresses(source: Uint32Array, destination: Uint32Array): number {
    let place = this.#freeAddresses.pop();
    if (place === undefined) {
      place = this.#addressesUsed;
      this.#addressesUsed += 8;
      if (this.#addressesUsed > this.addresses.length) {
        const grown = new Uint32Array(Math.max(1024, this.addresses.length * 2));
        grown.set(this.addresses);
        this.addresses = grown;
      }
    }
    this.addresses.set(source, place);
    this.addresses.set(destination, place + 4);
    return place;
  }

  isAtRest(row: number): boolean {
    return this.flows[row] === undefined;
  }

  /** Packet time of the flow's last packet. */
  lastTime(row: number): number {
    return this.flows[row]?.lastTime ?? this.times[row * TIMES + LISTED_AT];
  }
}
