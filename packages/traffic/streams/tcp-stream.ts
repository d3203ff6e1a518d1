/** A TCP connection as an observer sees it: its state, its two sides, and the handshakes it may still turn out to be. */
import { type SlabPool, work } from '@sigwright/bytes';
import { StreamSide } from './stream-side.ts';

export const TCP_NONE = 0;
export const TCP_SYN_SENT = 1;
export const TCP_SYN_RECEIVED = 2;
export const TCP_ESTABLISHED = 3;
/** The server's FIN came first. */
export const TCP_FIN_WAIT_1 = 4;
export const TCP_FIN_WAIT_2 = 5;
export const TCP_TIME_WAIT = 6;
export const TCP_LAST_ACK = 7;
/** The client's FIN came first. */
export const TCP_CLOSE_WAIT = 8;
export const TCP_CLOSING = 9;
export const TCP_CLOSED = 10;

/** As EVE shows them in a flow's `tcp.state`. */
export const TCP_STATE_NAMES: readonly string[] = [
  'none',
  'syn_sent',
  'syn_recv',
  'established',
  'fin_wait1',
  'fin_wait2',
  'time_wait',
  'last_ack',
  'close_wait',
  'closing',
  'closed',
];

/** What a SYN asked for. */
export interface Syn {
  readonly first: number;
  readonly windowScale: number;
  readonly timestamp: number;
  readonly window: number;
}

export class TcpStream {
  /** by the direction of what they sent: 0 the client's bytes */
  readonly sides: [StreamSide, StreamSide];
  state = TCP_NONE;
  /** both sides agreed at some time (or it was picked up as if they had); stays when it is over */
  opened = false;
  midstream = false;
  /** only one direction is seen */
  oneSided = false;
  reset = false;
  /** who sent the reset, and the state before it */
  resetBy = 0;
  stateBeforeReset = TCP_NONE;
  /** both sides sent a SYN before either answered */
  fourWay = false;
  /** data lay in the SYN (fast open) */
  earlyData = false;
  /** SYNs before the last one, with other numbers */
  otherSyns: Syn[] | undefined = undefined;
  /** numbers of the first byte that other SYN/ACKs would have set */
  otherAnswers: number[] | undefined = undefined;
  /** windows are not checked: the handshake with their scale was not seen */
  windowsUnknown = false;
  /** packets that acknowledged bytes which nobody saw */
  unseen = 0;
  /** what the receivers run was looked up */
  targeted = false;
  /** the flow's bytes were handed back */
  freed = false;

  constructor(depth: number, pool: SlabPool) {
    this.sides = [new StreamSide(depth, pool), new StreamSide(depth, pool)];
    work.objects++;
  }

  get depthReached(): boolean {
    return this.sides[0].depthReached && this.sides[1].depthReached;
  }

  get stateName(): string {
    return TCP_STATE_NAMES[this.state];
  }
}
