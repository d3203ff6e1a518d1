/** Host names with a public suffix that exists; ET's own `evil .com` (a blank before the last dot) is read too. */
import type { IndicatorDefinition } from '@sigwright/contracts';

const LABEL = '[\\p{L}\\p{N}_](?:[\\p{L}\\p{N}_-]{0,61}[\\p{L}\\p{N}_])?';
const SHAPE = new RegExp(`(?<![\\p{L}\\p{N}_.@/\\\\-])(${LABEL}(?:\\.${LABEL})*)( ?)\\.(${LABEL})(?:\\.(${LABEL}))?(?![\\p{L}\\p{N}_-])`, 'gu');
const LONGEST = 253;
/** Endings of files that are also top-level domains: taken for names only where they are defanged or in a host's place. */
const FILE_ENDINGS = new Set(
  'zip mov app sh py rs pl md so cab cc ps bat com.exe dll exe pdf doc txt png jpg js html htm php aspx asp rb java bin dat tmp log ini cfg db sys lnk iso msi vbs hta ps1 docm xlsm rar gz tar tgz xml json yaml yml csv gif css bz ai'.split(
    ' ',
  ),
);
/** Real suffixes in the list above that hosts use far more often than files. */
const MORE_OFTEN_HOSTS = new Set(['cc', 'app', 'ai', 'rs', 'pl', 'bz']);

export const indicator: IndicatorDefinition = {
  type: 'domain',
  summary: 'host or domain name',
  refanged: true,
  precedence: 50,
  *find(text, options) {
    for (const match of text.matchAll(SHAPE)) {
      const blank = match[2] === ' ';
      const name = `${match[1]}.${match[3]}${match[4] === undefined ? '' : `.${match[4]}`}`.toLowerCase();
      if (name.length > LONGEST || /^[\d.]+$/.test(name)) continue;
      const ending = match[4] ?? match[3];
      if (blank && (/^[A-Z]/.test(ending) || !/^[a-z]{2,}$/.test(ending))) continue;
      if (!/[\p{L}]/u.test(ending)) continue;
      // `Agent.AE`, `Trojan.GenericKD`: names of detections, not of hosts.
      if (ending !== ending.toLowerCase() && match[1] !== match[1].toUpperCase()) continue;
      const lower = ending.toLowerCase();
      if (FILE_ENDINGS.has(lower) && !MORE_OFTEN_HOSTS.has(lower)) continue;
      if (options.registrableDomain(name) === undefined) continue;
      yield { value: name, start: match.index, end: match.index + match[0].length };
    }
  },
};
