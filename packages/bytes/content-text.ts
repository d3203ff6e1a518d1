/** The text of a `content` ⇄ its bytes: `|0d 0a|` is hex, a backslash escapes `"`, `;`, `:`, `\`; everything else is itself (UTF-8). */
import { fromUtf8 } from './text.ts';

export interface ContentProblem {
  readonly problem: string;
  readonly help: string;
  readonly fault: 'hex-pair' | 'hex-digit' | 'hex-open' | 'escape' | 'quote' | 'unquoted';
  /** offsets in the text */
  readonly start: number;
  readonly end: number;
}

const HEX_DIGIT = /^[0-9a-fA-F]$/;

/** `text`: between the quotes. */
export function decodeContent(text: string): { readonly bytes: Uint8Array } | ContentProblem {
  const bytes: number[] = [];
  let inHex = false;
  let openAt = -1;
  let nibble = -1;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '|') {
      if (inHex && nibble !== -1) return { fault: 'hex-pair', problem: 'a hex pair is incomplete', help: 'write two digits a byte', start: at - 1, end: at };
      inHex = !inHex;
      openAt = at;
    } else if (inHex) {
      if (character === ' ') {
        if (nibble !== -1) return { fault: 'hex-pair', problem: 'a hex pair is incomplete', help: 'write two digits a byte', start: at - 1, end: at };
      } else if (!HEX_DIGIT.test(character))
        return { fault: 'hex-digit', problem: `\`${character}\` is not a hex digit`, help: 'is a closing `|` missing?', start: at, end: at + 1 };
      else if (nibble === -1) nibble = Number.parseInt(character, 16);
      else {
        bytes.push(nibble * 16 + Number.parseInt(character, 16));
        nibble = -1;
      }
    } else if (character === '\\') {
      const next = text[at + 1];
      if (next === undefined || !'";:\\'.includes(next))
        return {
          fault: 'escape',
          problem: `\`\\${next ?? ''}\` escapes nothing`,
          help: 'only `"`, `;`, `:` and `\\` are escaped; write other bytes in hex',
          start: at,
          end: at + 2,
        };
      bytes.push(next.charCodeAt(0));
      at++;
    } else if (character === '"') return { fault: 'quote', problem: 'a quote inside is not escaped', help: 'write `|22|`', start: at, end: at + 1 };
    else if (character.charCodeAt(0) < 128) bytes.push(character.charCodeAt(0));
    else {
      const point = String.fromCodePoint(text.codePointAt(at)!);
      bytes.push(...fromUtf8(point));
      at += point.length - 1;
    }
  }
  if (inHex) return { fault: 'hex-open', problem: 'the hex part is not closed', help: 'add `|`', start: openAt, end: openAt + 1 };
  return { bytes: Uint8Array.from(bytes) };
}

const PLAIN = /^[\x20-\x7e]$/;

/** ET's form: hex in lower case with blanks, and for everything that is not plain or has a meaning in rules. */
export function encodeContent(bytes: Uint8Array): string {
  let text = '';
  let hex: string[] = [];
  const flush = (): void => {
    if (hex.length > 0) text += `|${hex.join(' ')}|`;
    hex = [];
  };
  for (const byte of bytes) {
    const character = String.fromCharCode(byte);
    if (PLAIN.test(character) && !';:"\\|'.includes(character)) {
      flush();
      text += character;
    } else hex.push(byte.toString(16).padStart(2, '0'));
  }
  flush();
  return text;
}
