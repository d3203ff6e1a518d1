/** Words of messages that come again and again, each made once: one table of each form for all messages. */
import { RepeatedWords } from '@sigwright/bytes';

/** Names of headers, in lower case. */
export const NAMES = new RepeatedWords('lower case');

const WRITTEN = new RepeatedWords('as written');

/** Methods, protocols, values of headers: bytes[start, end) as they are written. */
export function asWritten(bytes: Uint8Array, start = 0, end = bytes.length): string {
  return WRITTEN.of(bytes, start, end);
}
