/** A whole host name that is searched anywhere in the buffer. */
import type { LintDefinition, LintFinding } from '@sigwright/contracts';
import { contentsOf, finding, holdsHostName, insideQuotes, isAtEnd, isAtStart, looksLikeHost, textOf } from '../../formats/lint-kit/lint-kit.ts';

export const lint: LintDefinition = {
  code: 'lint/domain-unanchored',
  summary: 'a whole host name without anchors matches other names too',
  grade: 'misleads',
  explanation:
    'A content that is a whole name, alone in the buffer, is found inside other names as well: `t.co` in `microsoft.com`, `l2.io` in `html2.io`. Write `bsize` for this name alone, or `dotprefix`, a leading dot and `endswith` for it and all below it.',
  whenNot: 'Where the name is looked for as a part on purpose, for example a brand inside a phishing host.',
  incorrect: [
    { why: 'the end is open behind a dot too', rules: ['alert tls any any -> any any (msg:"a"; tls.sni; content:".onion.co"; sid:1;)'] },
    { why: 'four letters that end many names', rules: ['alert tls any any -> any any (msg:"a"; tls.sni; content:"t.co"; fast_pattern; sid:1;)'] },
    { why: 'only the beginning is held', rules: ['alert dns any any -> any any (msg:"a"; dns.query; content:"evil.com"; startswith; nocase; sid:1;)'] },
  ],
  correct: [
    { why: 'only names below it, held at the end', rules: ['alert tls any any -> any any (msg:"a"; tls.sni; content:".onion.co"; endswith; sid:1;)'] },
    { why: 'this name alone', rules: ['alert tls any any -> any any (msg:"a"; tls.sni; content:"t.co"; bsize:4; sid:1;)'] },
    { why: 'it and all below it', rules: ['alert tls any any -> any any (msg:"a"; tls.sni; dotprefix; content:".t.co"; endswith; sid:1;)'] },
    { why: 'the old way to hold both ends', rules: ['alert tls any any -> any any (msg:"a"; tls.sni; content:"t.co"; depth:4; isdataat:!1,relative; sid:1;)'] },
    { why: 'a part of a name', rules: ['alert dns any any -> any any (msg:"a"; dns.query; content:"evil.com."; sid:1;)'] },
    {
      why: 'a pattern says the rest',
      rules: ['alert dns any any -> any any (msg:"a"; dns.query; content:"evil.com"; pcre:"/^[a-z]{8}\\.evil\\.com$/"; sid:1;)'],
    },
  ],
  check(subject, context) {
    const found: LintFinding[] = [];
    for (const buffer of subject.buffers) {
      if (!holdsHostName(buffer)) continue;
      if (buffer.conditions.length !== 1) continue;
      for (const one of contentsOf(buffer)) {
        const text = textOf(one.content);
        if (one.content.negated || !looksLikeHost(text.replace(/^\./, '')) || isAtEnd(buffer, one)) continue;
        if (context.registrableDomain(text.replace(/^\./, '').toLowerCase()) === undefined) continue;
        const name = text.replace(/^\./, '');
        const open = isAtStart(one) || text.startsWith('.');
        const title = open
          ? `\`${text}\` also stands before other labels, as in \`${text}.other.net\``
          : `\`${text}\` also stands inside other names, such as \`x${text}\``;
        const belowToo = `\`dotprefix; content:".${name}"; endswith\` for it and all below it`;
        const help = text.startsWith('.')
          ? `write \`endswith\` for what is below this name alone, or ${belowToo}`
          : `write \`bsize:${name.length}\` for this name alone, or ${belowToo}`;
        found.push(finding(title, insideQuotes(one.option), help));
      }
    }
    return found;
  },
};
