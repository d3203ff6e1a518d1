/** Metadata that every rule is expected to carry. */
import type { LintDefinition } from '@sigwright/contracts';
import { finding, optionOf } from '../../formats/lint-kit/lint-kit.ts';

const EXPECTED = ['created_at', 'updated_at', 'attack_target', 'deployment', 'signature_severity'];

export const lint: LintDefinition = {
  code: 'lint/metadata-missing',
  summary: 'metadata that readers of alerts rely on is missing',
  grade: 'reading',
  explanation:
    'By the style guide of Emerging Threats every rule says when it was made and changed, whom it is about, where it belongs and how bad it is: `created_at`, `updated_at`, `attack_target`, `deployment`, `signature_severity`. Filters of sensors and the order of alerts in a SIEM are built on them.',
  whenNot: 'For rules of your own that nobody else reads.',
  incorrect: [
    { why: 'none at all', rules: ['alert tcp any any -> any any (msg:"a"; content:"abc"; sid:1;)'] },
    { why: 'dates alone', rules: ['alert tcp any any -> any any (msg:"a"; content:"abc"; sid:1; metadata:created_at 2024_03_08, updated_at 2024_03_08;)'] },
  ],
  correct: [
    {
      why: 'complete',
      rules: [
        'alert tcp any any -> any any (msg:"a"; content:"abc"; sid:1; metadata:attack_target Client_Endpoint, created_at 2024_03_08, deployment Perimeter, signature_severity Major, updated_at 2024_03_08;)',
      ],
    },
  ],
  check(subject) {
    if (!subject.loads) return [];
    const keys = new Set(subject.metadata.map(({ key }) => key));
    const missing = EXPECTED.filter((key) => !keys.has(key));
    if (missing.length === 0) return [];
    const at = (optionOf(subject, 'metadata') ?? optionOf(subject, 'sid') ?? subject.rule.options[0]).nameSpan;
    return [finding(`metadata ${missing.map((key) => `\`${key}\``).join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing`, at)];
  },
};
