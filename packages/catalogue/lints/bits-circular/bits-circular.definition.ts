/** Rules that wait for each other. */
import type { LintDefinition, LintSubject, RuleOption } from '@sigwright/contracts';
import { finding } from '../../formats/lint-kit/lint-kit.ts';

/** Bits a rule needs (of each group one), by name with its keyword. */
function needs({ states }: LintSubject): { readonly names: readonly string[]; readonly option: RuleOption }[] {
  return states.flatMap(({ operation, option }) =>
    operation.kind === 'bit' && operation.operation === 'isset' ? [{ names: operation.names.map((name) => `${option.name} ${name}`), option }] : [],
  );
}

export const lint: LintDefinition = {
  code: 'lint/bits-circular',
  summary: 'a rule waits for a bit whose setters can never fire',
  grade: 'cannot-work',
  explanation:
    'Where all rules that set a bit themselves wait for it, or for bits that in the end depend on it or that nobody sets, none of them ever fires. Some rule of the chain must set its bit without waiting.',
  whenNot: 'Where only a part of the ruleset is given: `--part` leaves lints over the whole set out.',
  incorrect: [{ why: 'it waits for itself', rules: ['alert tcp any any -> any any (msg:"a"; flowbits:isset,EX.a; content:"abc"; flowbits:set,EX.a; sid:1;)'] }],
  correct: [
    { why: 'a bit that nobody sets is told by another lint', rules: ['alert tcp any any -> any any (msg:"a"; flowbits:isset,EX.none; content:"abc"; sid:1;)'] },
    {
      why: 'a chain that begins somewhere',
      rules: [
        'alert tcp any any -> any any (msg:"a"; content:"one"; flowbits:set,EX.a; sid:1;)',
        'alert tcp any any -> any any (msg:"b"; flowbits:isset,EX.a; content:"two"; flowbits:set,EX.b; sid:2;)',
        'alert tcp any any -> any any (msg:"c"; flowbits:isset,EX.b; content:"three"; flowbits:set,EX.a; sid:3;)',
      ],
    },
  ],
  checkAll(subjects) {
    const setters = new Map<string, LintSubject[]>();
    const enabled = subjects.filter(({ rule }) => rule.enabled);
    for (const subject of enabled) {
      for (const { operation, option } of subject.states) {
        if (operation.kind !== 'bit' || (operation.operation !== 'set' && operation.operation !== 'toggle')) continue;
        for (const name of operation.names) setters.set(`${option.name} ${name}`, [...(setters.get(`${option.name} ${name}`) ?? []), subject]);
      }
    }
    const waiting = enabled.filter((subject) => needs(subject).length > 0);
    // Bits that can be set: by rules that wait for nothing, then by rules that wait only for such bits, until nothing is added.
    const reachable = new Set<string>();
    const done = new Set<LintSubject>();
    for (let grown = true; grown; ) {
      grown = false;
      for (const [name, rules] of setters) {
        if (reachable.has(name)) continue;
        if (!rules.some((subject) => done.has(subject) || needs(subject).every(({ names }) => names.some((one) => reachable.has(one))))) continue;
        reachable.add(name);
        grown = true;
      }
      for (const subject of waiting) if (needs(subject).every(({ names }) => names.some((one) => reachable.has(one)))) done.add(subject);
    }
    return waiting.flatMap((subject) =>
      needs(subject).flatMap(({ names, option }) => {
        // Bits that nobody sets are the business of bits-never-set.
        if (names.some((name) => reachable.has(name)) || !names.some((name) => setters.has(name))) return [];
        const sids = names.flatMap((name) => setters.get(name) ?? []).map(({ rule }) => rule.sid);
        const title = `what sets it (${[...new Set(sids)].join(', ')}) waits for it in turn, or for a bit that nobody sets`;
        return [{ subject, finding: finding(title, option.span, 'some rule of the chain must set its bit without waiting') }];
      }),
    );
  },
};
