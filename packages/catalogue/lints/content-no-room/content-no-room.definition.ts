/** Contents that are longer than the room that sizes and positions leave them. */
import { type Comparison, isProblem, type LintDefinition, type LintedBuffer, type LintFinding, type LintSubject, type RuleOption } from '@sigwright/contracts';
import { finding } from '../../formats/lint-kit/lint-kit.ts';

interface Limit {
  readonly most: number;
  readonly option: RuleOption;
}

/** The largest length that a comparison admits. */
function mostOf({ operator, value, upper }: Comparison): number {
  switch (operator) {
    case '=':
    case '<=':
      return value;
    case '<':
      return value - 1;
    case 'range':
      return upper - 1;
    default:
      return Number.POSITIVE_INFINITY;
  }
}

/** Bytes that positive contents need at least, each behind the one it is relative to; and the last of them. */
function leastLength(buffer: LintedBuffer): { bytes: number; option: RuleOption } | undefined {
  let cursor = 0;
  let needed: { bytes: number; option: RuleOption } | undefined;
  for (const { condition, option } of buffer.conditions) {
    if (condition.kind !== 'content') {
      // A pattern or a jump moves the cursor to where nobody knows.
      cursor = 0;
      continue;
    }
    if (condition.negated) continue;
    const relative = condition.distance !== undefined || condition.within !== undefined;
    const distance = typeof condition.distance === 'number' ? condition.distance : 0;
    const offset = typeof condition.offset === 'number' ? condition.offset : 0;
    const end = (relative ? Math.max(0, cursor + distance) : offset) + condition.bytes.length;
    cursor = end;
    if (needed === undefined || end > needed.bytes) needed = { bytes: end, option };
  }
  return needed;
}

function limitsOf(subject: LintSubject, buffer: LintedBuffer, read: (option: RuleOption) => Comparison | undefined): Limit[] {
  const options: RuleOption[] = buffer.conditions.filter(({ option }) => option.name === 'bsize' || option.name === 'urilen').map(({ option }) => option);
  if (buffer.name === 'payload') for (const option of subject.rule.options) if (option.name === 'dsize') options.push(option);
  return options.flatMap((option) => {
    const comparison = read(option);
    return comparison === undefined ? [] : [{ most: mostOf(comparison), option }];
  });
}

export const lint: LintDefinition = {
  code: 'lint/content-no-room',
  summary: 'contents need more bytes than the size leaves them',
  grade: 'cannot-work',
  explanation:
    '`bsize`, `urilen` and `dsize` say how long the buffer or the packet may be. Contents that together, with the distances between them, need more bytes than that can never match. Lengths are often copied from another rule, or counted with the bars of hex bytes.',
  whenNot: 'Never: such a rule does not fire.',
  incorrect: [
    {
      why: 'bsize counts one byte too few',
      rules: ['alert dns any any -> any any (msg:"a"; dns.query; content:"www"; content:"example.com"; bsize:10; sid:1;)'],
    },
    {
      why: 'two contents one behind the other',
      rules: ['alert http any any -> any any (msg:"a"; http.uri; content:"/abc/"; startswith; content:".php"; distance:4; bsize:<13; sid:1;)'],
    },
    { why: 'the packet is smaller', rules: ['alert udp any any -> any any (msg:"a"; content:"ab"; content:"abcdefgh"; offset:4; dsize:<10; sid:1;)'] },
  ],
  correct: [
    { why: 'just enough', rules: ['alert dns any any -> any any (msg:"a"; dns.query; content:"example.com"; bsize:11; sid:1;)'] },
    { why: 'contents may overlap', rules: ['alert http any any -> any any (msg:"a"; http.uri; content:"/abc"; content:"abc.php"; bsize:8; sid:1;)'] },
    { why: 'a stream is longer than a packet', rules: ['alert tcp any any -> any any (msg:"a"; content:"abcdefgh"; dsize:>7; sid:1;)'] },
  ],
  check(subject, context) {
    const found: LintFinding[] = [];
    const read = (option: RuleOption): Comparison | undefined => {
      const result = context.keywords.get(option.name)?.argument.read(option.value);
      if (result === undefined || isProblem(result)) return undefined;
      const value = result.value as { comparison?: Comparison } & Comparison;
      return value.comparison ?? (typeof value.operator === 'string' ? value : undefined);
    };
    for (const buffer of subject.buffers) {
      const needed = leastLength(buffer);
      if (needed === undefined) continue;
      for (const { most, option } of limitsOf(subject, buffer, read)) {
        if (most >= needed.bytes) continue;
        found.push({
          ...finding(`\`${option.name}\` leaves ${most} bytes, the contents need ${needed.bytes}`, option.span, `it must admit at least ${needed.bytes}`),
          labels: [{ span: needed.option.span, text: `ends at byte ${needed.bytes} at the earliest` }],
        });
      }
    }
    return found;
  },
};
