/** What the payloads that are composed for a protocol look like. */

/** How a payload is laid out. */
export interface DatagramFrame {
  /** the protocol */
  readonly name: string;
  /** the one kind of its messages that is composed; undefined: all that matter */
  readonly only?: string;
  /** what free places hold */
  readonly template: Uint8Array;
  /** no free content begins before it */
  readonly from: number;
  readonly least?: number;
  /** whole messages of it, the best first, none where it can become none; the conditions are asked again afterwards */
  finish?(payload: Uint8Array): readonly Uint8Array[];
}
