/**
 * Content codings (RFC 9110 §8.4) as they are announced and as they really come: browsers guess between gzip, zlib and raw
 * DEFLATE whatever the header says, and so does this. A layer that does not decode is passed over.
 */
import { entryOf } from '@sigwright/bytes';
import type { EngineSettings } from '@sigwright/contracts';
import { inflateBytes } from '../deflate/deflate.ts';
import { expandLzma } from '../lzma/lzma.ts';

/** Who is told of faults: mostly a transaction. */
export interface CodingFaults {
  raise(anomaly: string): void;
}

const INFLATED = new Set(['gzip', 'deflate']);

/** Codings to undo, outermost first. `written`: the header's value, repeated headers joined by a comma. */
export function codingsOf(written: string | undefined, settings: EngineSettings, faults: CodingFaults): readonly string[] {
  if (written === undefined) return [];
  const codings: string[] = [];
  for (const part of written
    .replaceAll('\0', '')
    .toLowerCase()
    .split(/[,\s]+/)) {
    const coding = codingOf(part, settings, faults);
    if (coding === '') continue;
    if (codings.length < settings.http.decompressionDepth) codings.unshift(coding);
    else faults.raise('too_many_encoding_layers');
  }
  return codings;
}

/** Empty: nothing to undo. */
function codingOf(written: string, settings: EngineSettings, faults: CodingFaults): string {
  const name = written.startsWith('x-') ? written.slice(2) : written;
  if (name === '' || name === 'identity' || name === 'inflate') return '';
  if (INFLATED.has(name) || entryOf(settings.decompressors, name) !== undefined) return name;
  if (name === 'lzma') return settings.http.lzma ? name : '';
  faults.raise('abnormal_ce_header');
  return name.includes('gzip') ? 'gzip' : name.includes('deflate') ? 'deflate' : '';
}

/** At most `bombLimit` bytes, which are valid until the next call. */
export function decoded(input: Uint8Array, codings: readonly string[], settings: EngineSettings, faults: CodingFaults): Uint8Array {
  let bytes = input;
  const limit = settings.http.bombLimit;
  for (const coding of codings) {
    const plain = INFLATED.has(coding)
      ? inflateBytes(bytes, limit)
      : coding === 'lzma'
        ? expandLzma(bytes, limit)
        : entryOf(settings.decompressors, coding)?.(bytes, limit);
    if (plain === undefined) {
      faults.raise(`${coding}_decompression_failed`);
      continue;
    }
    if (plain.length >= limit) faults.raise('compression_bomb');
    // What is undone next takes the memory of what was undone before.
    bytes = codings.length > 1 ? plain.slice() : plain;
  }
  return bytes;
}
