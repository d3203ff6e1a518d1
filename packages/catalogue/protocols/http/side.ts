/** What is known of one direction of an HTTP/1 connection. */
import type { FileTransfer, Frame } from '@sigwright/contracts';
import type { RangePart } from '../../formats/http-message/byte-ranges.ts';
import type { HttpTransaction } from '../../formats/http-message/exchange.ts';
import type { FormFiles } from './multipart.ts';

export type State = 'line' | 'no-version' | 'headers' | 'sized' | 'chunk-size' | 'chunk' | 'chunk-end' | 'trailers' | 'open-ended' | 'lost' | 'tunnel';

export class Side {
  state: State = 'line';
  transaction: HttpTransaction | undefined = undefined;
  /** bytes left of a sized body or chunk */
  left = 0;
  /** headers: how far the end was searched, from the beginning of the block */
  searched = 0;
  /** content codings still to be undone, outermost first */
  codings: readonly string[] = [];
  compressed: FileTransfer | undefined = undefined;
  /** the body is a form: its parts are the files */
  form: FormFiles | undefined = undefined;
  /** the body is a part of a file */
  part: RangePart | undefined = undefined;
  /** the message completed last (of requests until the answer begins): what follows and begins no message belongs to its body */
  previous: HttpTransaction | undefined = undefined;
  /** when that was: what came with it can not have waited for the answer */
  previousAt = -1;
  /** bytes were lost where a message was to begin */
  lost = false;
  /** what may be the beginning of a status line; part of the body if more is lost */
  held: Uint8Array | undefined = undefined;
  /** of the message being read, and of the one that was just over */
  frame: Frame | undefined = undefined;
  ending: Frame | undefined = undefined;
  /** its head announced a body that its status or method forbids */
  unlikelyBody = false;
}
