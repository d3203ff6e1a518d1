/** The value of a `content` option ⇄ its bytes: `!"GET |2f|"` is negated, quoted, with hex between bars. Offsets of a problem are those of the value. */
import { type ContentProblem, decodeContent, encodeContent } from '@sigwright/bytes';

export interface ContentValue {
  readonly negated: boolean;
  readonly bytes: Uint8Array;
}

export function readContentValue(value: string): ContentValue | ContentProblem {
  const negated = value.startsWith('!');
  let start = negated ? 1 : 0;
  while (value[start] === ' ' || value[start] === '\t') start++;
  if (value[start] !== '"' || !value.endsWith('"') || value.length < start + 2)
    return { fault: 'unquoted', problem: 'the content is not in double quotes', help: 'write `"…"`', start: 0, end: value.length };
  const decoded = decodeContent(value.slice(start + 1, -1));
  if (!('problem' in decoded)) return { negated, bytes: decoded.bytes };
  return { ...decoded, start: decoded.start + start + 1, end: decoded.end + start + 1 };
}

/** In the form ET writes. */
export function printContentValue({ negated, bytes }: ContentValue): string {
  return `${negated ? '!' : ''}"${encodeContent(bytes)}"`;
}
