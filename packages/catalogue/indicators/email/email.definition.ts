/** Mail addresses (RFC 5322, the part that is used), in lower case. */
import type { IndicatorDefinition } from '@sigwright/contracts';
import { isHostCharacter, isWellFormed, LONGEST_NAME } from '../../formats/host-text/host-text.ts';

/** RFC 5321, 4.5.3.1.1. */
const LONGEST_LOCAL_PART = 64;

const PORT = /^:\d{2,5}(?!\d)/;

function isLocalCharacter(code: number): boolean {
  // Letters, digits, _ . + - %; of the other signs that are allowed, none is used in practice.
  return (
    (code >= 48 && code <= 57) ||
    (code >= 65 && code <= 90) ||
    (code >= 97 && code <= 122) ||
    code === 95 ||
    code === 46 ||
    code === 43 ||
    code === 45 ||
    code === 37
  );
}

export const indicator: IndicatorDefinition = {
  type: 'email',
  summary: 'mail address',
  refanged: true,
  precedence: 80,
  *find(text, options) {
    let done = 0;
    for (let at = text.indexOf('@'); at !== -1; at = text.indexOf('@', at + 1)) {
      let start = at;
      while (start > done && at - start < LONGEST_LOCAL_PART && isLocalCharacter(text.charCodeAt(start - 1))) start--;
      // Markup and punctuation in front: `+name@…`, `.name@…`.
      while (start < at && /[.+%-]/.test(text[start])) start++;
      if (start > 0 && text[start - 1] === '@') continue;
      let end = at + 1;
      while (end < text.length && end - at <= LONGEST_NAME && isHostCharacter(text.charCodeAt(end))) end++;
      while (end > at && /[._-]/.test(text[end - 1])) end--;
      if (start === at || end === at + 1) continue;
      const host = text.slice(at + 1, end).toLowerCase();
      // `user:password@host:8080` is a host with credentials.
      if (
        text[start - 1] === ':' &&
        PORT.test(text.slice(end, end + 7)) &&
        /\w/.test(text[start - 2] ?? '') &&
        !/\bmail(?:to)?:$/i.test(text.slice(Math.max(0, start - 8), start))
      )
        continue;
      if (!isWellFormed(host) || options.registrableDomain(host) === undefined) continue;
      yield { value: `${text.slice(start, at).toLowerCase()}@${host}`, start, end };
      done = end;
    }
  },
};
