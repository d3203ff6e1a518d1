/** Two conditions on one buffer of which only one can be true. */
import type { ContentCondition, LintDefinition, LintedBuffer, LintFinding, RuleOption } from '@sigwright/contracts';
import { contentsOf, exactLengthOf, finding, type LintedContent } from '../../formats/lint-kit/lint-kit.ts';

function same(a: Uint8Array, b: Uint8Array, nocase: boolean, atEnd: boolean): boolean {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const left = a[atEnd ? a.length - 1 - at : at];
    const right = b[atEnd ? b.length - 1 - at : at];
    if (left !== right && !(nocase && folded(left) === folded(right))) return false;
  }
  return true;
}

function folded(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
}

function isFree(content: ContentCondition): boolean {
  return (
    content.offset === undefined &&
    content.depth === undefined &&
    content.distance === undefined &&
    content.within === undefined &&
    !content.startsWith &&
    !content.endsWith
  );
}

/** Does every buffer that holds `positive` hold `negated` too? */
function holdsNegated(positive: ContentCondition, negated: ContentCondition): boolean {
  if (!isFree(negated) || (positive.nocase && !negated.nocase) || negated.bytes.length > positive.bytes.length) return false;
  for (let at = 0; at + negated.bytes.length <= positive.bytes.length; at++) {
    if (same(positive.bytes.subarray(at, at + negated.bytes.length), negated.bytes, negated.nocase, false)) return true;
  }
  return false;
}

function clash(buffer: LintedBuffer, a: LintedContent, b: LintedContent): string | undefined {
  const nocase = a.content.nocase || b.content.nocase;
  if (a.content.negated !== b.content.negated) {
    const [positive, negated] = a.content.negated ? [b, a] : [a, b];
    return holdsNegated(positive.content, negated.content) ? 'one content must be there, and the other, which stands inside it, must not' : undefined;
  }
  if (a.content.negated) return undefined;
  if (a.content.startsWith && b.content.startsWith && !same(a.content.bytes, b.content.bytes, nocase, false)) return 'the buffer can not begin with both';
  if (a.content.endsWith && b.content.endsWith && !same(a.content.bytes, b.content.bytes, nocase, true)) return 'the buffer can not end with both';
  const length = exactLengthOf(buffer);
  if (length !== undefined && a.content.bytes.length === length && b.content.bytes.length === length && !same(a.content.bytes, b.content.bytes, nocase, false))
    return `the buffer has ${length} bytes and can not be both`;
  return undefined;
}

/** Exact lengths that are asked of the buffer, as written. */
function sizesOf(buffer: LintedBuffer): { readonly size: number; readonly option: RuleOption }[] {
  return buffer.conditions.flatMap(({ condition, option }) =>
    condition.kind === 'test' && condition.exactLength !== undefined ? [{ size: condition.exactLength, option }] : [],
  );
}

export const lint: LintDefinition = {
  code: 'lint/contradiction',
  summary: 'two conditions on one buffer exclude each other',
  grade: 'cannot-work',
  explanation:
    'A buffer can not begin or end with two different contents, can not be two texts or have two lengths, and can not hold a content while a part of that content is negated. Often a rule was meant as two rules, or a second content belongs to another buffer.',
  whenNot: 'Never: such a rule does not fire.',
  incorrect: [
    { why: 'two beginnings', rules: ['alert http any any -> any any (msg:"a"; http.uri; content:"/abc"; startswith; content:"/xyz"; startswith; sid:1;)'] },
    { why: 'two ends', rules: ['alert tls any any -> any any (msg:"a"; tls.sni; content:".com"; endswith; content:".net"; endswith; sid:1;)'] },
    { why: 'two values of a length', rules: ['alert http any any -> any any (msg:"a"; http.method; content:"GET"; content:"PUT"; bsize:3; sid:1;)'] },
    {
      why: 'two lengths of one buffer: the second was meant for another one',
      rules: ['alert http any any -> any any (msg:"a"; http.host; bsize:9; content:"a.example"; bsize:20; http.uri; content:"/x"; sid:1;)'],
    },
    { why: 'negated and there', rules: ['alert http any any -> any any (msg:"a"; http.uri; content:"/admin.php"; content:!"admin"; sid:1;)'] },
  ],
  correct: [
    {
      why: 'one goes on where the other ends',
      rules: ['alert http any any -> any any (msg:"a"; http.uri; content:"/a"; startswith; content:"/abc"; startswith; sid:1;)'],
    },
    {
      why: 'it must not follow, elsewhere it may stand',
      rules: ['alert http any any -> any any (msg:"a"; http.uri; content:"/admin"; content:!"admin"; distance:0; sid:1;)'],
    },
    { why: 'other letters', rules: ['alert http any any -> any any (msg:"a"; http.uri; content:"/Admin"; nocase; content:!"/Admin"; sid:1;)'] },
    {
      why: 'two names of one message',
      rules: ['alert dns any any -> any any (msg:"a"; dns.query; content:".com"; endswith; dns.query; content:".net"; endswith; sid:1;)'],
    },
  ],
  check(subject) {
    const found: LintFinding[] = [];
    for (const buffer of subject.buffers) {
      // In the payload, one content may be found in this packet and the other in the next.
      if (buffer.name === 'payload') continue;
      const sizes = sizesOf(buffer);
      const second = sizes.find(({ size }) => size !== sizes[0].size);
      if (second !== undefined) found.push(finding(`${buffer.name} can not have ${sizes[0].size} and ${second.size} bytes`, second.option.span));
      const contents = contentsOf(buffer);
      for (let at = 1; at < contents.length; at++) {
        const other = contents.slice(0, at).find((one) => clash(buffer, one, contents[at]) !== undefined);
        if (other === undefined) continue;
        found.push({
          ...finding(clash(buffer, other, contents[at])!, contents[at].option.span, 'remove one of them, or make two rules'),
          labels: [{ span: other.option.span, text: 'excludes it' }],
        });
      }
    }
    return found;
  },
};
