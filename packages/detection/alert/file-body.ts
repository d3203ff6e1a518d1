/** A file that the traffic carried → the `fileinfo` object of an EVE record. */
import { shownLatin1 } from '@sigwright/bytes';
import type { FileTransfer } from '@sigwright/contracts';

/** `transaction`: the number of the one that carries it. */
export function fileBody(file: FileTransfer, transaction: number): Record<string, unknown> {
  const body: Record<string, unknown> = {
    filename: shownLatin1(file.name),
    gaps: file.gaps,
    state: file.state === 'OPEN' ? 'UNKNOWN' : file.state,
    stored: false,
    size: file.size,
    tx_id: transaction,
  };
  if (file.rangeStart !== undefined) body['start'] = file.rangeStart;
  if (file.rangeEnd !== undefined) body['end'] = file.rangeEnd;
  return body;
}
