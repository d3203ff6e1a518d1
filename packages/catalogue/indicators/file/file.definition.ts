/** Names of programs, libraries, scripts and documents by their ending, as written. Paths are not part of the value. */
import type { IndicatorDefinition } from '@sigwright/contracts';

/** Endings that are no top-level domains, so that a host is never taken for a file. */
const SHAPE =
  /[\w$%()-][\w$%().-]{0,99}\.(?:exe|dll|sys|scr|cpl|ocx|msi|msp|lnk|bat|cmd|ps1|psm1|vbs|vbe|js|jse|wsf|hta|jar|apk|dex|dmg|pkg|elf|iso|img|vhdx?|docx?|docm|dotm|xlsx?|xlsm|xlsb|pptx?|pptm|rtf|pdf|chm|one|rar|7z|gz|tgz|cab|bin|dat|tmp|php|aspx?|jsp)(?![\w.-])/gi;

export const indicator: IndicatorDefinition = {
  type: 'file',
  summary: 'name of a file',
  refanged: false,
  precedence: 20,
  *find(text) {
    for (const match of text.matchAll(SHAPE)) {
      if (match.index > 0 && /[\w.]/.test(text[match.index - 1])) continue;
      const value = match[0].replace(/^[($%)-]+/, '');
      if (value.length > 4) yield { value, start: match.index + match[0].length - value.length, end: match.index + match[0].length };
    }
  },
};
