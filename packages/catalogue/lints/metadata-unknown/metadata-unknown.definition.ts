/** Metadata keys and values that nobody reads, mostly mistyped. */
import type { LintDefinition, LintFinding } from '@sigwright/contracts';
import { finding, optionOf } from '../../formats/lint-kit/lint-kit.ts';
import { METADATA_KEYS } from '../../formats/metadata/metadata.ts';

/** Of other sets and tools, and `role`, which drafts write and triage reads; not judged. */
const OTHERS =
  /^(?:role$|policy|service|ruleset|impact_flag|severity|stage|family|killchain|author|filename|source|license|rule|id|signature_id|first_seen|last_seen)/;

function nearest(key: string): string | undefined {
  const plain = key.toLowerCase().replace(/[^a-z]/g, '');
  return Object.keys(METADATA_KEYS).find((known) => {
    const other = known.replace(/_/g, '');
    if (Math.abs(other.length - plain.length) > 1) return false;
    let at = 0;
    while (at < plain.length && plain[at] === other[at]) at++;
    return plain.slice(at) === other.slice(at + 1) || plain.slice(at + 1) === other.slice(at + 1) || plain.slice(at + 1) === other.slice(at);
  });
}

export const lint: LintDefinition = {
  code: 'lint/metadata-unknown',
  summary: 'a metadata key or value that nobody reads',
  grade: 'reading',
  explanation:
    'Metadata is free text to the engine: `signature_severty Major` loads and is lost. Keys and values are held against those of Emerging Threats; dates are `YYYY_MM_DD`.',
  whenNot: 'For keys of your own: `--allow metadata-unknown`.',
  incorrect: [
    { why: 'a mistyped key', rules: ['alert tcp any any -> any any (msg:"a"; content:"abc"; sid:1; metadata:signature_severty Major;)'] },
    { why: 'a month that does not exist', rules: ['alert tcp any any -> any any (msg:"a"; content:"abc"; sid:1; metadata:created_at 2024_13_08;)'] },
    { why: 'a value of another key', rules: ['alert tcp any any -> any any (msg:"a"; content:"abc"; sid:1; metadata:signature_severity High;)'] },
  ],
  correct: [
    { why: 'as they are written', rules: ['alert tcp any any -> any any (msg:"a"; content:"abc"; sid:1; metadata:created_at 2024_03_08, confidence High;)'] },
    { why: 'what part a rule plays, as drafts say it', rules: ['alert tcp any any -> any any (msg:"a"; content:"abc"; sid:1; metadata:role lookup;)'] },
    { why: 'of another set', rules: ['alert tcp any any -> any any (msg:"a"; content:"abc"; sid:1; metadata:policy balanced-ips drop;)'] },
  ],
  check(subject) {
    const at = optionOf(subject, 'metadata')?.valueSpan;
    if (at === undefined) return [];
    const found: LintFinding[] = [];
    for (const { key, value } of subject.metadata) {
      const form = Object.hasOwn(METADATA_KEYS, key) ? METADATA_KEYS[key] : undefined;
      if (form === undefined) {
        if (OTHERS.test(key)) continue;
        const meant = nearest(key);
        found.push(finding(`metadata key \`${key}\` is not known`, at, meant === undefined ? undefined : `did you mean \`${meant}\`?`));
      } else if (!form.test(value)) found.push(finding(`\`${value}\` is no value of \`${key}\``, at));
    }
    return found;
  },
};
