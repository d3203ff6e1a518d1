/** The plan with its tables against the naive one: the same alerts on generated rules and generated traffic. */
import { catalogue } from '@sigwright/catalogue';
import { DEFAULT_SETTINGS } from '@sigwright/contracts';
import { parseRules } from '@sigwright/rule-language';
import { composeCapture } from '@sigwright/traffic';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildPlan, Engine, usePlan } from './index.ts';
import { buildGramTables, type GramLiteral, naiveMatches } from './scan/gram-table.ts';
import { LiteralTables } from './scan/literal-tables.ts';
import { buildNameTable, NameTable } from './scan/name-table.ts';

const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

function alerts(rules: string, capture: Uint8Array, naive: boolean): string[] {
  const build = buildPlan([{ path: 'test', rules: parseRules(rules).rules }], catalogue, DEFAULT_SETTINGS, { naive });
  const found: string[] = [];
  const engine = new Engine(usePlan(build.data, catalogue, DEFAULT_SETTINGS), catalogue, DEFAULT_SETTINGS, {
    alert: ({ rule }, packet) => found.push(`${packet.number} ${rule.sid}`),
  });
  engine.feed(capture);
  engine.finish();
  return found;
}

// A small alphabet, so that generated contents are found in generated traffic.
const word = fc
  .array(fc.constantFrom('ab', 'cd', 'xyz', '/', '.', 'A', '0', '=', 'evil', 'top', 'GET'), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join(''));
const position = fc.constantFrom(
  '',
  '',
  'offset:1; ',
  'depth:12; ',
  'startswith; ',
  'endswith; ',
  'nocase; ',
  'nocase; endswith; ',
  'within:12; ',
  'distance:1; within:13; ',
  'distance:1; ',
  'distance:0; within:4; ',
  'distance:-2; within:16; ',
);
const content = fc
  .tuple(fc.boolean(), word, position)
  .map(([negated, text, where]) => (negated && where !== '' ? `content:!"${text}"; ` : `content:"${text.length > 12 ? text.slice(0, 12) : text}"; ${where}`));
// With letters out of which words are made, with literals and without.
const pattern = fc
  .tuple(
    fc.constantFrom('', '!', ''),
    fc.array(
      fc.constantFrom('evil', 'ab|cd', '(?:xyz|top)', '[a-c]+', '\\d', 'GET', '.', '(?=evil)', '(?<=ab)cd', '(?:ab){2}', '^', 'e(?:vil)?top', '[01][ab]cdx?'),
      {
        minLength: 1,
        maxLength: 4,
      },
    ),
    fc.constantFrom('', 'i', 'R', 's'),
  )
  .map(([negated, parts, letters]) => `pcre:${negated}"/${parts.join('')}/${letters}"; `);
const chain = fc.array(fc.oneof({ weight: 3, arbitrary: content }, pattern), { minLength: 1, maxLength: 3 }).map((parts) => parts.join(''));
const buffer = fc.constantFrom(
  'http.uri; ',
  'http.host; ',
  'http.host; dotprefix; ',
  'http.user_agent; ',
  'http.request_body; ',
  'file.data; ',
  'http.header; ',
  'http.uri; to_lowercase; ',
);
const body = fc.oneof(
  fc.tuple(fc.constantFrom('tcp', 'http', 'ip', 'tcp-pkt'), chain).map(([protocol, contents]) => [protocol, contents]),
  fc.array(fc.tuple(buffer, chain), { minLength: 1, maxLength: 2 }).map((parts) => ['http', parts.map(([name, contents]) => name + contents).join('')]),
  fc
    .tuple(
      fc.constantFrom('http.uri; ', 'http.host; ', 'http.header; ', 'http.user_agent; '),
      fc.constantFrom('>4', '<6', '4', '2<>9', '!5'),
      fc.constantFrom('', 'content:"e"; '),
    )
    .map(([name, length, contents]) => ['http', `${name}bsize:${length}; ${contents}`]),
  fc.tuple(buffer, chain, chain).map(([name, contents, payload]) => ['http', `${payload}${name}${contents}`]),
);
// The client is 10.0.0.5, the server 203.0.113.9, port 80.
const header = fc.constantFrom(
  'any any -> any any',
  'any any -> any any',
  '10.0.0.0/8 any -> any 80',
  'any 80 -> 10.0.0.5 any',
  '!10.0.0.0/8 any -> any any',
  'any any <> 203.0.113.0/24 !80',
  'any 1024: <> any [80,8080]',
  '203.0.113.9 any -> any !80',
);
const rulesOf = fc
  .array(
    fc.tuple(body, header, fc.constantFrom('', 'flow:to_server; ', 'flow:established,to_client; ', 'flowbits:set,a; ', 'flowbits:isset,a; ', 'dsize:<40; ')),
    {
      minLength: 1,
      maxLength: 12,
    },
  )
  .map((list) => list.map(([[protocol, options], ends, more], at) => `alert ${protocol} ${ends} (msg:"t"; ${more}${options} sid:${at + 1};)`).join('\n'));
const request = fc
  .tuple(word, word, word)
  .map(([path, host, text]) => `POST /${path} HTTP/1.1\r\nHost: ${host}.top\r\nUser-Agent: ${text}\r\nContent-Length: ${text.length}\r\n\r\n${text}`);
const response = word.map((text) => `HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`);
const traffic = fc.array(fc.tuple(request, response), { minLength: 1, maxLength: 3 });

describe('tables change nothing but speed', () => {
  test('generated rules on generated traffic', () => {
    let compared = 0;
    fc.assert(
      fc.property(rulesOf, traffic, fc.integer({ min: 7, max: 60 }), (rules, exchanges, segmentSize) => {
        const capture = composeCapture({ seed: 5 });
        capture.tcpConversation({
          client: '10.0.0.5',
          server: '203.0.113.9',
          serverPort: 80,
          exchanges: exchanges.flatMap(([asked, answered]) => [
            { from: 'client' as const, bytes: latin1(asked), segmentSize },
            { from: 'server' as const, bytes: latin1(answered), segmentSize },
          ]),
        });
        const bytes = capture.finish();
        const fast = alerts(rules, bytes, false);
        compared += fast.length;
        expect(fast).toEqual(alerts(rules, bytes, true));
      }),
      { numRuns: 600, seed: 11 },
    );
    // A test on rules that never fire would show nothing.
    expect(compared).toBeGreaterThan(300);
  });

  test('many literals at once', () => {
    const literal = fc.tuple(fc.string({ minLength: 4, maxLength: 9 }), fc.boolean(), fc.constantFrom(0, 0, 20));
    fc.assert(
      fc.property(fc.array(literal, { minLength: 1, maxLength: 30 }), fc.array(fc.oneof(fc.string(), fc.nat(29)), { maxLength: 20 }), (list, pieces) => {
        const literals: GramLiteral[] = list.map(([text, nocase, within], value) => ({ bytes: latin1(text), nocase, value, within }));
        // Literals themselves make half of the text.
        const bytes = latin1(pieces.map((piece) => (typeof piece === 'number' ? list[piece % list.length][0] : piece)).join(''));
        const found = new Set<number>();
        const tables = new LiteralTables({
          names: undefined,
          grams: buildGramTables(literals),
          headLength: 0,
          head: [],
          places: undefined,
          beginnings: undefined,
          shorts: undefined,
          lengths: undefined,
        });
        tables.scan(bytes, 0, bytes.length, 0, { add: (value) => found.add(value) });
        // Equal literals share the widest bound: more may be found than asked, never less.
        for (const value of naiveMatches(literals, bytes, 0, bytes.length, 0)) expect(found).toContain(value);
        for (const value of found) expect(naiveMatches([{ ...literals[value], within: 0 }], bytes, 0, bytes.length, 0)).toContain(value);
      }),
      { numRuns: 500, seed: 3 },
    );
  });

  test.each([
    ['evil.top', 'whole', 'evil.top', true],
    ['evil.top', 'whole', 'www.evil.top', false],
    ['evil.top', 'suffix', 'evil.top', true],
    ['evil.top', 'suffix', 'www.evil.top', true],
    ['evil.top', 'suffix', 'wwwevil.top', false],
    ['evil.top', 'suffix', 'EVIL.top', true],
    ['evil.top', 'suffix', 'evil.top.org', false],
    ['a'.repeat(300), 'whole', 'a'.repeat(300), true],
    ['a'.repeat(300), 'whole', 'a'.repeat(301), false],
    ['', 'whole', '', true],
  ] as const)('name table: %s as %s in %s', (name, shape, value, found) => {
    const table = new NameTable(buildNameTable([{ bytes: latin1(name), shape, value: 7 }]));
    const values: number[] = [];
    table.find(latin1(value), 0, value.length, { add: (one) => values.push(one) });
    expect(values).toEqual(found ? [7] : []);
  });
});
