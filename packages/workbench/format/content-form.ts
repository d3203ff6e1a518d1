/**
 * A content as Emerging Threats writes it: hex in lower case, bytes apart, and hex for what would need an escape. What the author
 * wrote as text or as hex stays so: words are sometimes written in hex for a reason.
 */
const TO_HEX = /[;:"\\]/;

/** Between the quotes; undefined where the text can not be read. */
export function contentForm(inner: string): string | undefined {
  let out = '';
  let hex: string[] = [];
  const flush = (): void => {
    if (hex.length > 0) out += `|${hex.join(' ')}|`;
    hex = [];
  };
  for (let at = 0; at < inner.length; at++) {
    let character = inner[at];
    if (character === '|') {
      const end = inner.indexOf('|', at + 1);
      if (end === -1) return undefined;
      const digits = inner.slice(at + 1, end).replace(/\s+/g, '');
      if (digits.length % 2 === 1 || /[^0-9a-f]/i.test(digits)) return undefined;
      for (let place = 0; place < digits.length; place += 2) hex.push(digits.slice(place, place + 2).toLowerCase());
      at = end;
      continue;
    }
    const escaped = character === '\\' && at + 1 < inner.length && /[;:"\\|]/.test(inner[at + 1]);
    if (escaped) character = inner[++at];
    if (TO_HEX.test(character) || (escaped && character === '|')) {
      hex.push(character.charCodeAt(0).toString(16).padStart(2, '0'));
      continue;
    }
    flush();
    out += character;
  }
  flush();
  return out;
}
