/** Keywords that the oldest engine to serve does not know. */
import { compareVersions, type LintDefinition, type LintFinding } from '@sigwright/contracts';
import { finding } from '../../formats/lint-kit/lint-kit.ts';

export const lint: LintDefinition = {
  code: 'lint/keyword-newer',
  summary: 'a keyword is newer than the engine the rule is for',
  grade: 'cannot-work',
  explanation:
    'An engine refuses a rule with a keyword that it does not know, and loads the others: nobody notices. Say with `--target VERSION` which engine is the oldest that must load the rules.',
  whenNot: 'Without `--target` nothing is reported.',
  incorrect: [
    { why: 'too new for 6', rules: ['alert http any any -> any any (msg:"a"; http.header_names; to_lowercase; content:"x-a"; sid:1;)'], target: '6.0' },
  ],
  correct: [
    { why: 'new enough', rules: ['alert http any any -> any any (msg:"a"; http.header_names; to_lowercase; content:"x-a"; sid:1;)'], target: '7.0.3' },
    { why: 'no engine was named', rules: ['alert http any any -> any any (msg:"a"; http.header_names; to_lowercase; content:"x-a"; sid:1;)'] },
  ],
  check({ rule }, { target, keywords }) {
    if (target === undefined) return [];
    const found: LintFinding[] = [];
    for (const option of rule.options) {
      const known = keywords.get(option.name);
      if (known === undefined || compareVersions(known.since, target) <= 0) continue;
      found.push(finding(`\`${option.name}\` is known since Suricata ${known.since}, the rule must load in ${target}`, option.nameSpan));
    }
    return found;
  },
};
