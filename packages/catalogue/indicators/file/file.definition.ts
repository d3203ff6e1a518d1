/** Names of programs, libraries, scripts and documents by their ending, as written. Paths are not part of the value. */
import type { IndicatorDefinition } from '@sigwright/contracts';

/** Up to four letters, small or not, as one number. */
function numberOf(text: string, from: number, to: number): number {
  let number = 0;
  for (let at = from; at < to; at++) number = number * 128 + (text.charCodeAt(at) | 32);
  return number;
}

/** Endings that are no top-level domains, so that a host is never taken for a file; `zip` is left to hosts where it is one (precedence). */
const ENDINGS: ReadonlySet<number> = new Set(
  'exe zip dll sys scr cpl ocx msi msp lnk bat cmd ps1 psm1 vbs vbe js jse wsf hta jar apk dex dmg pkg elf iso img vhd vhdx doc docx docm dotm xls xlsx xlsm xlsb ppt pptx pptm rtf pdf chm one rar 7z gz tgz cab bin dat tmp php asp aspx jsp'
    .split(' ')
    .map((ending) => numberOf(ending, 0, ending.length)),
);
const LONGEST_ENDING = 4;
const LONGEST_STEM = 100;
/** Names of libraries and runtimes that are written as files, and an ending of two. */
const RUNTIMES =
  /^(?:tar\.gz|(?:node|vue|next|nuxt|react|angular|express|three|moment|chart|backbone|ember|require|discord|electron|d3|p5|socket|alpine|knockout|meteor|nest|gatsby|crypto|bcrypt|web3|ethers|jquery)\.js)$/i;

function isWord(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57) || code === 95;
}

/** Letters, digits, `_ - . $ % ( )`. */
function isStem(code: number): boolean {
  return isWord(code) || code === 45 || code === 46 || code === 36 || code === 37 || code === 40 || code === 41 || code > 191;
}

export const indicator: IndicatorDefinition = {
  type: 'file',
  summary: 'name of a file',
  refanged: false,
  precedence: 20,
  *find(text) {
    let done = 0;
    for (let dot = text.indexOf('.'); dot !== -1; dot = text.indexOf('.', dot + 1)) {
      let end = dot + 1;
      while (end - dot <= LONGEST_ENDING + 1 && isWord(text.charCodeAt(end))) end++;
      if (end - dot - 1 > LONGEST_ENDING || end === dot + 1) continue;
      // `name.exe.config` goes on; `name.exe.` ends a sentence.
      if (text.charCodeAt(end) === 45 || (text.charCodeAt(end) === 46 && isWord(text.charCodeAt(end + 1)))) continue;
      if (!ENDINGS.has(numberOf(text, dot + 1, end))) continue;
      let start = dot;
      while (start > done && dot - start < LONGEST_STEM && isStem(text.charCodeAt(start - 1))) start--;
      while (start < dot && !isWord(text.charCodeAt(start)) && text.charCodeAt(start) <= 191) start++;
      if (dot - start < 1) continue;
      done = end;
      const value = text.slice(start, end);
      if (!RUNTIMES.test(value)) yield { value, start, end };
    }
  },
};
