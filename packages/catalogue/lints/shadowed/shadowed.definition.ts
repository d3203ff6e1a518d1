/** A rule for one host name beside a rule for a domain above it. */
import type { LintDefinition, LintSubject } from '@sigwright/contracts';
import { contentsOf, finding, holdsHostName, insideQuotes, isAtEnd, isAtStart, looksLikeHost, textOf } from '../../formats/lint-kit/lint-kit.ts';

interface NameRule {
  readonly subject: LintSubject;
  readonly name: string;
  /** it and all below it */
  readonly below: boolean;
  readonly nocase: boolean;
  /** header and buffer: rules are compared only where these are equal */
  readonly frame: string;
  readonly at: { readonly start: number; readonly end: number };
}

/** Rules that ask for one host name and nothing else. */
function nameRuleOf(subject: LintSubject): NameRule | undefined {
  const { rule } = subject;
  if (!rule.enabled || subject.buffers.length !== 1 || subject.states.length > 0 || subject.otherConditions > 0 || subject.noAlert) return undefined;
  const [buffer] = subject.buffers;
  if (!holdsHostName(buffer)) return undefined;
  const contents = contentsOf(buffer);
  if (
    contents.length !== 1 ||
    buffer.conditions.some(({ condition, option }) => condition.kind !== 'content' && option.name !== 'bsize' && option.name !== 'isdataat')
  )
    return undefined;
  const [one] = contents;
  const text = textOf(one.content).toLowerCase();
  if (one.content.negated || !isAtEnd(buffer, one)) return undefined;
  const below = buffer.transforms.includes('dotprefix') && text.startsWith('.');
  const name = text.replace(/^\./, '');
  const whole = buffer.conditions.some(({ condition }) => condition.kind === 'test' && condition.exactLength === one.content.bytes.length) || isAtStart(one);
  if (!looksLikeHost(name) || (!below && !whole) || (below && whole)) return undefined;
  const { protocol, source, sourcePorts, direction, destination, destinationPorts, action } = rule;
  const frame = [action, protocol, source.text, sourcePorts.text, direction, destination.text, destinationPorts.text, buffer.name].join(' ');
  return { subject, name, below, nocase: one.content.nocase, frame, at: insideQuotes(one.option) };
}

export const lint: LintDefinition = {
  code: 'lint/shadowed',
  summary: 'another rule fires wherever this one does',
  grade: 'reading',
  explanation:
    'A rule for a domain and all below it fires on every name that a rule for one host below it names: one lookup, two alerts. Often the wider rule came later and the narrow one was forgotten.',
  whenNot: 'Where the narrower rule says more: another family, another severity.',
  incorrect: [
    {
      why: 'a host below a domain',
      rules: [
        'alert dns any any -> any any (msg:"a"; dns.query; dotprefix; content:".evil.com"; nocase; endswith; sid:1;)',
        'alert dns any any -> any any (msg:"b"; dns.query; content:"www.evil.com"; nocase; bsize:12; sid:2;)',
      ],
    },
  ],
  correct: [
    {
      why: 'a neighbour',
      rules: [
        'alert dns any any -> any any (msg:"a"; dns.query; dotprefix; content:".evil.com"; nocase; endswith; sid:1;)',
        'alert dns any any -> any any (msg:"b"; dns.query; content:"notevil.com"; nocase; bsize:11; sid:2;)',
      ],
    },
    {
      why: 'the wider rule asks for one case only',
      rules: [
        'alert dns any any -> any any (msg:"a"; dns.query; dotprefix; content:".evil.com"; endswith; sid:1;)',
        'alert dns any any -> any any (msg:"b"; dns.query; content:"www.evil.com"; nocase; bsize:12; sid:2;)',
      ],
    },
  ],
  checkAll(subjects) {
    const rules = subjects.map(nameRuleOf).filter((one) => one !== undefined);
    const wide = new Map<string, NameRule>();
    for (const one of rules) if (one.below) wide.set(`${one.frame} ${one.name}`, one);
    return rules.flatMap((narrow) => {
      for (let at = narrow.below ? narrow.name.indexOf('.') + 1 : 0, first = true; first || at > 0; at = narrow.name.indexOf('.', at) + 1, first = false) {
        const wider = wide.get(`${narrow.frame} ${narrow.name.slice(at)}`);
        if (wider === undefined || wider === narrow || (narrow.nocase && !wider.nocase)) continue;
        return [
          {
            subject: narrow.subject,
            finding: finding(`${wider.subject.rule.sid} fires on \`${narrow.name}\` too`, narrow.at, 'disable this rule, or let the wider one except the name'),
          },
        ];
      }
      return [];
    });
  },
};
