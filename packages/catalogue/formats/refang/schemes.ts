/** Schemes of addresses with what stands between them and the host: `hxxp[:]//`, `h**ps://`, `meow[://]`, `http:\/\/`, `http:\\`. */
import type { Rewriter } from './rewritten.ts';

/** Up to the end of a text: a scheme in any dress. */
const SCHEME =
  /(?:(?<![a-z0-9])h\[?[xх×t*_?#-]{2,3}\]?p|h[xх×]{2,3}p|(?<![a-z0-9])(?:hxp|hzzp|hyyp|xttp|ttp|f[x*]p|fxxp|meow|http|ftp|tcp|udp|ws))(?:\[s\]|\(s\)|s)?$/iu;
/** What is no scheme as it should be written. */
const PLAIN = /^(?:https?|ftps?|tcp|udp|wss?)$/i;
const LONGEST_SCHEME = 9;
const OPEN = '[[({<"]?[ \\t]?';
const CLOSE = '[ \\t]?[\\])}>"]?';
/** Colon and slashes, each of them in brackets, escaped or turned around. */
const COLON = '(?::|：|&#58;|&#x3a;|&colon;)';
const SLASH = '(?:\\\\?/|／|&#47;|&#x2f;|&sol;|\\\\u002f)';
const AUTHORITY = new RegExp(`${OPEN}${COLON}${CLOSE}[ \\t]?${OPEN}(?:${SLASH}${CLOSE}${SLASH}|\\\\{2,4})${CLOSE}`, 'iy');

function nameOf(written: string): string {
  const secure = /s[\])]?$/i.test(written) && !/^ws$/i.test(written);
  const first = written[0].toLowerCase();
  const name = first === 'f' ? 'ftp' : first === 'w' ? 'ws' : /^tcp/i.test(written) ? 'tcp' : /^udp/i.test(written) ? 'udp' : 'http';
  return secure ? `${name}s` : name;
}

/**
 * Undoes the scheme that ends before `at`, with the colon and slashes that begin there; where to go on. Undefined where there is
 * none, or none that needs it.
 */
export function readScheme(text: string, at: number, out: Rewriter): number | undefined {
  const end = at > 0 && text.charCodeAt(at - 1) === 32 ? at - 1 : at;
  const last = text.charCodeAt(end - 1) | 32;
  // p s w ] ) — a scheme ends in one of these.
  if (last !== 112 && last !== 115 && last !== 119 && last !== 125 && last !== 41) return undefined;
  const start = Math.max(out.taken, end - LONGEST_SCHEME);
  const scheme = SCHEME.exec(text.slice(start, end))?.[0];
  if (scheme === undefined) return undefined;
  let stop: number;
  if (text.charCodeAt(at) === 47) {
    // `hxxp//host`: the colon is gone.
    if (end !== at) return undefined;
    stop = at + 2;
  } else {
    AUTHORITY.lastIndex = at;
    const match = AUTHORITY.exec(text);
    if (match === null) {
      // `hxxp:/host`; within a path (`/hxxp:/host`) one slash is what was meant.
      if (PLAIN.test(scheme) || end !== at || text.charCodeAt(at) !== 58 || text.charCodeAt(at + 1) !== 47) return undefined;
      if (text.charCodeAt(end - scheme.length - 1) === 47) {
        out.replace(end - scheme.length, end, nameOf(scheme), true);
        return at + 2;
      }
      stop = at + 2;
    } else stop = at + match[0].length;
  }
  const written = text.slice(end, stop);
  const isPlain = PLAIN.test(scheme);
  if (isPlain && written === '://') return undefined;
  const isDefanged = !isPlain || !/^:(?:[\\/]|\\u002f)+$/i.test(written);
  if (isDefanged && text.charCodeAt(stop) === 32 && /[a-z0-9]/i.test(text.charAt(stop + 1))) stop++;
  out.replace(end - scheme.length, stop, `${nameOf(scheme)}://`, isDefanged);
  return stop;
}
