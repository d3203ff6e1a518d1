/** A rule that changed since its last release and kept its revision. */
import type { LintDefinition } from '@sigwright/contracts';
import { finding, optionOf } from '../../formats/lint-kit/lint-kit.ts';

/** What says nothing of detection, and `rev` itself. */
function body(text: string): string {
  return text
    .replace(/\b(?:rev|metadata|reference)\s*:(?:\\.|[^;\\])*;/g, '')
    .replace(/\s+/g, ' ')
    .trim();
}

export const lint: LintDefinition = {
  code: 'lint/rev-not-raised',
  summary: 'the rule changed and its revision did not',
  grade: 'misleads',
  explanation:
    'Sensors and analysts tell versions of a rule apart by `rev`. Where it stays, an alert does not say which rule fired, and tools that merge sets keep the old one. Changes of metadata and references alone need no new revision. Reads the release before with `--before FILE`.',
  whenNot: 'Never for rules that were released.',
  incorrect: [
    {
      why: 'another content, the same revision',
      rules: ['alert tcp any any -> any any (msg:"a"; content:"new"; sid:1; rev:2;)'],
      before: ['alert tcp any any -> any any (msg:"a"; content:"old"; sid:1; rev:2;)'],
    },
    {
      why: 'the revision went down',
      rules: ['alert tcp any any -> any any (msg:"a"; content:"new"; sid:1; rev:1;)'],
      before: ['alert tcp any any -> any any (msg:"a"; content:"old"; sid:1; rev:2;)'],
    },
  ],
  correct: [
    {
      why: 'raised',
      rules: ['alert tcp any any -> any any (msg:"a"; content:"new"; sid:1; rev:3;)'],
      before: ['alert tcp any any -> any any (msg:"a"; content:"old"; sid:1; rev:2;)'],
    },
    {
      why: 'only metadata changed',
      rules: ['alert tcp any any -> any any (msg:"a"; content:"one"; sid:1; rev:2; metadata:confidence High;)'],
      before: ['alert tcp any any -> any any (msg:"a"; content:"one"; sid:1; rev:2;)'],
    },
    { why: 'it is new', rules: ['alert tcp any any -> any any (msg:"a"; content:"new"; sid:2; rev:1;)'], before: [] },
  ],
  check(subject, context) {
    const { rule } = subject;
    const before = context.before?.(rule.gid, rule.sid);
    if (before === undefined || rule.rev > before.rev || body(before.text) === body(rule.text)) return [];
    const at = optionOf(subject, 'rev') ?? optionOf(subject, 'sid') ?? rule.options[0];
    const next = String(before.rev + 1);
    const fix = at.name === 'rev' ? { title: `write \`rev:${next}\``, safe: true, edits: [{ span: at.valueSpan, text: next }] } : undefined;
    return [finding(`the rule changed, and \`rev\` is ${rule.rev} where it was ${before.rev}`, at.span, `write \`rev:${next}\``, fix)];
  },
};
