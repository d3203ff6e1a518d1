/** A host name held at its end only, without the dot that begins a label. */
import type { LintDefinition, LintFinding } from '@sigwright/contracts';
import { contentsOf, finding, holdsHostName, insideQuotes, isAtEnd, isAtStart, looksLikeHost, textOf } from '../../formats/lint-kit/lint-kit.ts';

export const lint: LintDefinition = {
  code: 'lint/domain-suffix',
  summary: 'a domain suffix without its dot matches other domains',
  grade: 'misleads',
  explanation:
    '`content:"evil.com"; endswith` matches `notevil.com` too. With `dotprefix` and a leading dot (`content:".evil.com"`) it matches `evil.com` and all below it, and nothing else. The fix adds both.',
  whenNot: 'Where names that end so are meant, whoever owns them: `content:"-login.com"` is not reported.',
  incorrect: [
    { why: 'other domains end so', rules: ['alert dns any any -> any any (msg:"a"; dns.query; content:"evil.com"; nocase; endswith; sid:1;)'] },
    { why: 'the same in the old form', rules: ['alert dns any any -> any any (msg:"a"; dns.query; content:"evil.com"; nocase; isdataat:!1,relative; sid:1;)'] },
    {
      why: 'with dotprefix, but the dot is missing',
      rules: ['alert tls any any -> any any (msg:"a"; tls.sni; dotprefix; content:"evil.com"; endswith; sid:1;)'],
    },
  ],
  correct: [
    { why: 'the whole form', rules: ['alert dns any any -> any any (msg:"a"; dns.query; dotprefix; content:".evil.com"; nocase; endswith; sid:1;)'] },
    { why: 'only names below it', rules: ['alert dns any any -> any any (msg:"a"; dns.query; content:".evil.com"; nocase; endswith; sid:1;)'] },
    { why: 'this name alone', rules: ['alert dns any any -> any any (msg:"a"; dns.query; content:"evil.com"; startswith; endswith; sid:1;)'] },
    { why: 'the end of a label on purpose', rules: ['alert dns any any -> any any (msg:"a"; dns.query; content:"-login.com"; endswith; sid:1;)'] },
    {
      why: 'a pattern holds the beginning',
      rules: ['alert dns any any -> any any (msg:"a"; dns.query; content:"evil.com"; endswith; pcre:"/^(?:www\\.)?evil\\.com$/"; sid:1;)'],
    },
  ],
  check(subject, context) {
    const found: LintFinding[] = [];
    for (const buffer of subject.buffers) {
      if (!holdsHostName(buffer)) continue;
      const contents = contentsOf(buffer);
      // Other conditions may hold the beginning; negated contents that except some names are none of them.
      const others = buffer.conditions.filter(({ condition, option }) => !(condition.kind === 'content' && condition.negated) && option.name !== 'isdataat');
      if (others.length !== 1) continue;
      for (const one of contents) {
        const text = textOf(one.content);
        if (one.content.negated || /^[-_]/.test(text) || !looksLikeHost(text) || isAtStart(one) || !isAtEnd(buffer, one)) continue;
        if (context.registrableDomain(text.toLowerCase()) === undefined) continue;
        const inside = insideQuotes(one.option);
        const dot = { span: { start: inside.start, end: inside.start }, text: '.' };
        const before = { span: { start: one.option.span.start, end: one.option.span.start }, text: 'dotprefix; ' };
        // Where the buffer is named by a modifier behind the content, a transform has no place.
        const sticky = subject.rule.options.slice(0, subject.rule.options.indexOf(one.option)).some((option) => option.name.replace('_', '.') === buffer.name);
        const edits = buffer.transforms.includes('dotprefix') ? [dot] : [before, dot];
        const fix = { title: 'add `dotprefix` and the dot', safe: false, edits };
        found.push(
          finding(
            `\`${text}\` also ends other domains, such as \`x${text}\``,
            inside,
            `write \`dotprefix; content:".${text}"; endswith\``,
            sticky ? fix : undefined,
          ),
        );
      }
    }
    return found;
  },
};
