/** Bytes for people: offset, sixteen bytes in hex, the same as text. Marked ranges get brackets, so that a match shows without colours. */

export interface Mark {
  readonly start: number;
  /** one past the last byte */
  readonly end: number;
}

export interface HexdumpOptions {
  /** first and last byte of what is shown; the whole array where left out */
  readonly start?: number;
  readonly end?: number;
  /** number shown for `start` */
  readonly offset?: number;
  readonly marks?: readonly Mark[];
}

const WIDTH = 16;

/** One line for each sixteen bytes, without a final line end. `[` and `]` stand around marked bytes. */
export function hexdump(bytes: Uint8Array, options: HexdumpOptions = {}): string {
  const start = Math.max(0, options.start ?? 0);
  const end = Math.min(bytes.length, options.end ?? bytes.length);
  const marked = (at: number): boolean => options.marks?.some((mark) => at >= mark.start && at < mark.end) ?? false;
  const lines: string[] = [];
  for (let line = start; line < end; line += WIDTH) {
    const lineEnd = Math.min(end, line + WIDTH);
    let left = '';
    let right = '';
    for (let at = line; at < line + WIDTH; at++) {
      const open = at < lineEnd && marked(at) && !(at > line && marked(at - 1));
      const closes = at > line && marked(at - 1) && at - 1 < lineEnd && !(at < lineEnd && marked(at));
      left += open ? (closes ? '|' : '[') : closes ? ']' : at === line ? '' : ' ';
      if (at === line && !open) left += ' ';
      left += at < lineEnd ? bytes[at].toString(16).padStart(2, '0') : '  ';
      if (at < lineEnd) right += bytes[at] >= 0x20 && bytes[at] < 0x7f ? String.fromCharCode(bytes[at]) : '.';
    }
    left += lineEnd === line + WIDTH && marked(lineEnd - 1) ? ']' : ' ';
    lines.push(`${(line - start + (options.offset ?? 0)).toString(16).padStart(8, '0')} ${left} ${right}`);
  }
  return lines.join('\n');
}
