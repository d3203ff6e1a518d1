/** What the formatter writes, and that it keeps what rules mean: their compiled conditions are equal before and after. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalogue } from '@sigwright/catalogue';
import type { Rule } from '@sigwright/contracts';
import { parseRules } from '@sigwright/rule-language';
import { describe, expect, test } from 'vitest';
import { formatRules } from './format.ts';
import { modelOf } from './model-of.ts';

const model = (rule: Rule): string => modelOf(rule, catalogue);

const H = 'alert http $HOME_NET any -> $EXTERNAL_NET any';
const cases: readonly (readonly [why: string, before: string, after: string])[] = [
  ['blanks', `${H.replaceAll(' ', '   ')} ( msg : "a b" ;sid : 1 ; )`, `${H} (msg:"a b"; sid:1;)`],
  [
    'order of what documents a rule',
    `${H} (sid:1; rev:2; metadata:a b; classtype:bad-unknown; http.uri; content:"/x"; reference:url,a.example; msg:"m"; flow:to_server,established;)`,
    `${H} (msg:"m"; flow:established,to_server; http.uri; content:"/x"; reference:url,a.example; classtype:bad-unknown; sid:1; rev:2; metadata:a b;)`,
  ],
  [
    'modifiers of one content',
    `${H} (msg:"m"; content:"ab"; nocase; depth:9; offset:1; fast_pattern; content:"c"; nocase; distance:2; sid:1;)`,
    `${H} (msg:"m"; content:"ab"; offset:1; depth:9; fast_pattern; nocase; content:"c"; distance:2; nocase; sid:1;)`,
  ],
  [
    'old modifiers keep their place',
    `${H} (msg:"m"; content:"/x"; nocase; http_uri; depth:5; sid:1;)`,
    `${H} (msg:"m"; content:"/x"; nocase; http_uri; depth:5; sid:1;)`,
  ],
  ['hex', `${H} (msg:"m"; content:"A|0D0A|b\\;c:|20 |"; sid:1;)`, `${H} (msg:"m"; content:"A|0d 0a|b|3b|c|3a 20|"; sid:1;)`],
  ['words in hex stay in hex', `${H} (msg:"m"; content:"|61 62|c"; sid:1;)`, `${H} (msg:"m"; content:"|61 62|c"; sid:1;)`],
  ['from_client is to_server', `${H} (msg:"m"; flow: from_client , established; sid:1;)`, `${H} (msg:"m"; flow:established,to_server; sid:1;)`],
  ['a word that every object has is no other form', `${H} (msg:"m"; flow:Constructor; sid:1;)`, `${H} (msg:"m"; flow:constructor; sid:1;)`],
  [
    'threshold',
    `${H} (msg:"m"; threshold: type limit, count 1,seconds 60 ,track by_src; sid:1;)`,
    `${H} (msg:"m"; threshold:type limit, track by_src, count 1, seconds 60; sid:1;)`,
  ],
  ['a value that a `;` cut in two stays as it is, for its author to mend', `${H} ( msg:"m";pcre:"/a;b/"; sid:1;)`, `${H} ( msg:"m";pcre:"/a;b/"; sid:1;)`],
  [
    'bits before conditions, in their order',
    `${H} (msg:"m"; content:"a"; flowbits:set, EX.b; flowbits:noalert; xbits:isset,EX.a,track  ip_src; sid:1;)`,
    `${H} (msg:"m"; flowbits:set,EX.b; flowbits:noalert; xbits:isset,EX.a,track ip_src; content:"a"; sid:1;)`,
  ],
  ['several lines become one', `${H} (msg:"m"; \\\n  content:"a"; \\\n  sid:1;)`, `${H} (msg:"m"; content:"a"; sid:1;)`],
  ['a disabled rule', `#   ${H} (sid:1; msg:"m";)`, `#${H} (msg:"m"; sid:1;)`],
  [
    'a list of addresses',
    'alert tcp [10.0.0.1, 10.0.0.2] any -> any [80, 81] (msg:"m"; sid:1;)',
    'alert tcp [10.0.0.1,10.0.0.2] any -> any [80,81] (msg:"m"; sid:1;)',
  ],
  ['what is no rule', '# words about  rules  \n\nalert nonsense\n', '# words about  rules\n\nalert nonsense\n'],
  ['a comment behind a rule, and the kind of line end', `${H} (sid:1; msg:"m";)   # why\r\n`, `${H} (msg:"m"; sid:1;) # why\r\n`],
];

describe('the formatter writes', () => {
  test.each(cases)('%s', (_why, before, after) => {
    const once = formatRules(before);
    expect(once.text).toBe(after);
    expect(formatRules(once.text)).toEqual({ text: after, changed: [] });
    expect(parseRules(after).rules.map(model)).toEqual(parseRules(before).rules.map(model));
  });
});

test('a pattern that moved would be seen in the model', () => {
  const [one, other] = parseRules(`${H} (http.uri; content:"a"; content:"b"; sid:1;)\n${H} (http.uri; content:"b"; content:"a"; sid:1;)`).rules;
  expect(model(one)).not.toBe(model(other));
});

test('a comment with half a megabyte of blanks within takes no longer than its text', () => {
  const comment = `# before${' \t'.repeat(250_000)}behind`;
  expect(formatRules(`${comment} \t\n`).text).toBe(`${comment}\n`);
});

test('every example of the catalogue keeps its meaning', () => {
  const text = [...new Set(catalogue.keywords.values())]
    .flatMap((keyword) =>
      keyword.examples.map((options) => `alert ${keyword.protocol ?? 'tcp'} any any -> any any (sid:9; metadata:a  b; ${options} msg:"x";)`),
    )
    .join('\n');
  const formatted = formatRules(text).text;
  expect(parseRules(formatted).rules.map(model)).toEqual(parseRules(text).rules.map(model));
  expect(formatRules(formatted).text).toBe(formatted);
});

test('the rules of the example are in this style, but for their own wishes', () => {
  const folder = join(import.meta.dirname, '..', '..', '..', 'examples', '2024-03-08', 'rules');
  for (const name of readdirSync(folder)) {
    const text = readFileSync(join(folder, name), 'utf8');
    expect(parseRules(formatRules(text).text).rules.map(model), name).toEqual(parseRules(text).rules.map(model));
  }
});
