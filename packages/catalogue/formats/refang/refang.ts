/**
 * Defanged text → text, keeping for every character where it stood: `hxxp`, `[.]`, `(dot)`, `[:]`, `[@]` and their kin. Linear in
 * the length of the text.
 */
export interface Refanged {
  readonly text: string;
  /** offset in the original of each character, and of the end */
  readonly offsets: Uint32Array;
}

const REPLACEMENTS: readonly (readonly [RegExp, string])[] = [
  [/\s?[[({]\s?(?:\.|dot)\s?[\])}]\s?/iy, '.'],
  [/\\\./y, '.'],
  [/[[(]\s?(?:@|at)\s?[\])]/iy, '@'],
  [/\[\s?:\s?\]/y, ':'],
  [/\[\s?:\/\/\s?\]/y, '://'],
  [/\[\s?\/\s?\]/y, '/'],
  [/h(?:xx|\*\*|__|XX)p(s?)(?=\s?(?:\[?:|\[:))/iy, 'http$1'],
  [/\bmeows?(?=:\/\/)/iy, 'http'],
];

/** Characters at which a replacement may begin. */
const STARTS = new Set([...'[({\\hHmM \t']);

export function refang(text: string): Refanged {
  const parts: string[] = [];
  const offsets = new Uint32Array(text.length * 2 + 16);
  let length = 0;
  let plainFrom = 0;
  const put = (piece: string, from: number, step: number): void => {
    parts.push(piece);
    for (let index = 0; index < piece.length; index++) offsets[length++] = from + (step === 1 ? index : 0);
  };
  for (let at = 0; at < text.length; ) {
    let next = at + 1;
    if (STARTS.has(text[at])) {
      for (const [pattern, replacement] of REPLACEMENTS) {
        pattern.lastIndex = at;
        const match = pattern.exec(text);
        if (match === null) continue;
        put(text.slice(plainFrom, at), plainFrom, 1);
        put(replacement.replace('$1', match[1] ?? ''), at, 0);
        next = at + match[0].length;
        plainFrom = next;
        break;
      }
    }
    at = next;
  }
  put(text.slice(plainFrom), plainFrom, 1);
  offsets[length] = text.length;
  return { text: parts.join(''), offsets: offsets.subarray(0, length + 1) };
}
