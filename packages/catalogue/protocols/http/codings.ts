/**
 * Content codings (RFC 9110 §8.4) as they are announced and as they really come: browsers guess between gzip, zlib and raw
 * DEFLATE whatever the header says, and so does this. A layer that does not decode is passed over.
 */
import type { EngineSettings, Transaction } from '@sigwright/contracts';
import { inflateBytes } from '../../formats/deflate/deflate.ts';
import { expandLzma } from '../../formats/lzma/lzma.ts';

const INFLATED = new Set(['gzip', 'deflate']);

/** Codings to undo, outermost first. `written`: the header's value, repeated headers joined by a comma. */
export function codingsOf(written: string | undefined, settings: EngineSettings, transaction: Transaction): readonly string[] {
  if (written === undefined) return [];
  const codings: string[] = [];
  for (const part of written
    .replaceAll('\0', '')
    .toLowerCase()
    .split(/[,\s]+/)) {
    const coding = codingOf(part, settings, transaction);
    if (coding === '') continue;
    if (codings.length < settings.http.decompressionDepth) codings.unshift(coding);
    else transaction.raise('too_many_encoding_layers');
  }
  return codings;
}

/** Empty: nothing to undo. */
function codingOf(written: string, settings: EngineSettings, transaction: Transaction): string {
  const name = written.startsWith('x-') ? written.slice(2) : written;
  if (name === '' || name === 'identity' || name === 'inflate') return '';
  if (INFLATED.has(name) || settings.decompressors[name] !== undefined) return name;
  if (name === 'lzma') return settings.http.lzma ? name : '';
  transaction.raise('abnormal_ce_header');
  return name.includes('gzip') ? 'gzip' : name.includes('deflate') ? 'deflate' : '';
}

/** At most `bombLimit` bytes. */
export function decoded(input: Uint8Array, codings: readonly string[], settings: EngineSettings, transaction: Transaction): Uint8Array {
  let bytes = input;
  const limit = settings.http.bombLimit;
  for (const coding of codings) {
    const plain = INFLATED.has(coding)
      ? inflateBytes(bytes, limit, settings.decompressors['inflate'])
      : coding === 'lzma'
        ? expandLzma(bytes, limit)
        : settings.decompressors[coding]?.(bytes, limit);
    if (plain === undefined) {
      transaction.raise(`${coding}_decompression_failed`);
      continue;
    }
    if (plain.length >= limit) transaction.raise('compression_bomb');
    bytes = plain;
  }
  return bytes;
}
