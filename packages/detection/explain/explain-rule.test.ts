/** Ways for a rule to stay silent on traffic that it was meant for: each is named rightly, and the change that is proposed does make it fire. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalogue } from '@sigwright/catalogue';
import { DEFAULT_SETTINGS } from '@sigwright/contracts';
import { parseRules } from '@sigwright/rule-language';
import { composeCapture } from '@sigwright/traffic';
import { describe, expect, it } from 'vitest';
import { explainRule } from './explain-rule.ts';
import type { NotFiredReason, RuleExplanation } from './rule-explanation.ts';

const WEEK = join(import.meta.dirname, '..', '..', '..', 'examples', '2024-03-08');
/** POST /bot/data with a browser's name, from 10.3.8.31 to port 80 of 203.0.113.11 */
const REQUEST = readFileSync(join(WEEK, 'evidence', '1240301', 'request.pcap'));
const SILENT = readFileSync(join(WEEK, 'evidence', '1240301', 'other-uri.pcap'));
const settings = { ...DEFAULT_SETTINGS, addressGroups: { ...DEFAULT_SETTINGS.addressGroups, HOME_NET: '10.3.8.0/24', ELSEWHERE: '192.0.2.0/24' } };

function explained(text: string, capture: Uint8Array = REQUEST): RuleExplanation {
  return explainRule({ rules: parseRules(text).rules, sid: 1, capture, others: [{ name: 'silent', bytes: SILENT }] }, catalogue, settings)!;
}

const HEAD = 'alert http $HOME_NET any -> $EXTERNAL_NET any (msg:"x"; flow:established,to_server; ';

const CASES: readonly (readonly [why: string, rules: string, reason: NotFiredReason | undefined, verdict: RegExp, change: RegExp | undefined])[] = [
  ['it fires', `${HEAD}http.uri; content:"/bot/data"; sid:1;)`, undefined, /fired 1 time/, undefined],
  ['disabled', `#${HEAD}http.uri; content:"/bot/data"; sid:1;)`, 'disabled', /disabled in its file/, /^enable the rule$/],
  ['refused: a mistyped keyword', `${HEAD}http.uri; contnt:"/bot/data"; sid:1;)`, 'refused', /refused/, /^write `content`$/],
  [
    'a variable excludes the flow',
    `alert http $ELSEWHERE any -> any any (http.uri; content:"/bot/data"; sid:1;)`,
    'variables',
    /its source is not in \$ELSEWHERE/,
    /`any` for the source/,
  ],
  [
    'the port excludes the flow',
    'alert http any any -> any 8080 (http.uri; content:"/bot/data"; sid:1;)',
    'ports',
    /destination port is not in 8080/,
    /`any` for the destination ports/,
  ],
  [
    'the header runs the other way',
    'alert tcp $EXTERNAL_NET any -> $HOME_NET any (flow:to_server; content:"/bot/data"; sid:1;)',
    'direction',
    /other direction/,
    /both directions/,
  ],
  [
    'flow asks for the other direction',
    'alert tcp any any -> any any (flow:established,to_client; content:"/bot/data"; sid:1;)',
    'direction',
    /runs to_server/,
    /flow:established,to_server/,
  ],
  [
    'a short content that stands somewhere by chance leads nowhere',
    `${HEAD}http.referer; content:"/"; sid:1;)`,
    'buffer-absent',
    /has no `http\.referer`/,
    /^take out/,
  ],
  [
    'what stands in a buffer of the protocol and in one of any is of the protocol',
    `${HEAD}http.referer; content:"/bot/data"; sid:1;)`,
    'other-buffer',
    /another buffer: `http\./,
    /http\./,
  ],
  [
    'taken for another protocol',
    'alert tls any any -> any any (flow:established,to_server; content:"/bot/data"; sid:1;)',
    'other-protocol',
    /taken for http/,
    /`http` for the protocol/,
  ],
  [
    'outside of its window',
    `${HEAD}http.uri; content:"data"; depth:5; sid:1;)`,
    'outside-window',
    /there from offset 5 to 9; the rule looks from offset 0 to 5 only \(depth 5\)/,
    /^write `depth:9` instead of `depth:5`$/,
  ],
  [
    'not at the beginning',
    `${HEAD}http.uri; content:"data"; startswith; sid:1;)`,
    'outside-window',
    /at offset 5, not at the beginning/,
    /take out `startswith`/,
  ],
  [
    'not at the end',
    `${HEAD}http.uri; content:"/bot"; endswith; sid:1;)`,
    'outside-window',
    /from offset 0 to 4 of 9 bytes, not at the end/,
    /take out `endswith`/,
  ],
  [
    'too far from the match before it',
    `${HEAD}http.uri; content:"bot"; content:"data"; distance:0; within:4; sid:1;)`,
    'outside-window',
    /from offset 5 to 9; the rule looks from offset 4 to 8 only/,
    /^write `within:5` instead of `within:4`$/,
  ],
  ['other letters', `${HEAD}http.uri; content:"/BOT/data"; sid:1;)`, 'other-case', /capitals/, /nocase/],
  ['in another buffer', `${HEAD}http.uri; content:"MSIE 7.0"; sid:1;)`, 'other-buffer', /`http\.user_agent`/, /http\.user_agent/],
  ['nowhere at all', `${HEAD}http.uri; content:"/bot/data"; content:"/other"; sid:1;)`, 'not-there', /not found/, /take out `content:"\/other"`/],
  ['a negated content is there', `${HEAD}http.uri; content:!"/bot"; sid:1;)`, 'is-there', /it is there/, /take out/],
  ['the regular expression gives up', `${HEAD}http.user_agent; pcre:"/^(?:[^\\x00]+)+\\x01(.)\\1/"; sid:1;)`, 'gave-up', /given up/, /take out .*`pcre/],
  [
    'nobody sets the bit',
    `${HEAD}flowbits:isset,EX.seen; http.uri; content:"/bot/data"; sid:1;)`,
    'bit',
    /no rule of the set would set it/,
    /take out `flowbits/,
  ],
  [
    'the rule that would set the bit is silent',
    `${HEAD}flowbits:isset,EX.seen; http.uri; content:"/bot/data"; sid:1;)\n${HEAD}http.uri; content:"/none"; flowbits:set,EX.seen; flowbits:noalert; sid:2;)`,
    'bit',
    /would be set by 2/,
    /take out `flowbits/,
  ],
  [
    'the rule that would set the bit is disabled',
    `${HEAD}flowbits:isset,EX.seen; http.uri; content:"/bot/data"; sid:1;)\n#${HEAD}http.method; content:"POST"; flowbits:set,EX.seen; flowbits:noalert; sid:2;)`,
    'bit',
    /would be set by 2 \(disabled\)/,
    /^enable rule 2, which sets it$/,
  ],
  [
    'the direction of the flow and of the buffer contradict',
    'alert http any any -> any any (flow:established,to_client; http.uri; content:"/bot/data"; sid:1;)',
    'refused',
    /`http\.uri` does not exist in the direction/,
    /^write `flow:established,to_server`$/,
  ],
  [
    'a threshold',
    `${HEAD}http.uri; content:"/bot/data"; threshold:type threshold, track by_src, count 5, seconds 60; sid:1;)`,
    'threshold',
    /held once, and its `threshold:type threshold, track by_src, count 5, seconds 60` kept it silent/,
    /take out `threshold/,
  ],
  ['it never alerts', `${HEAD}http.uri; content:"/bot/data"; noalert; sid:1;)`, 'no-alert', /noalert/, /take out `noalert`/],
  [
    'a pass rule',
    `pass http any any -> any any (http.method; content:"POST"; sid:9;)\n${HEAD}http.uri; content:"/bot/data"; sid:1;)`,
    'passed',
    /rule 9 passes/,
    /disable the pass rule 9/,
  ],
  ['the buffer is not there', `${HEAD}http.cookie; content:"404"; sid:1;)`, 'buffer-absent', /has no `http\.cookie`/, /take out/],
];

describe('why a rule stays silent', () => {
  for (const [why, rules, reason, verdict, change] of CASES)
    it(why, () => {
      const found = explained(rules);
      expect(found.reason).toBe(reason);
      expect(found.verdict).toMatch(verdict);
      if (change === undefined) expect(found.change).toBeUndefined();
      else expect(found.change?.steps.join(', ')).toMatch(change);
      if (found.change === undefined) return;
      expect(found.change.alerts).toBeGreaterThan(0);
      expect(found.change.elsewhere).toHaveLength(1);
    });

  // The first three packets are the handshake: the records behind them begin at the fourth.
  const behindHandshake = (): Uint8Array => {
    let at = 24;
    for (let packet = 0; packet < 3; packet++) at += 16 + new DataView(REQUEST.buffer, REQUEST.byteOffset).getUint32(at + 8, true);
    return Buffer.concat([REQUEST.subarray(0, 24), REQUEST.subarray(at)]);
  };

  it.each([
    ['of packets', 'alert tcp any any -> any any (flow:established; content:"/bot/data"; sid:1;)'],
    ['of transactions', `${HEAD}http.uri; content:"/bot/data"; sid:1;)`],
    ['without the keyword `flow`', 'alert http any any -> any any (http.uri; content:"/bot/data"; sid:1;)'],
  ])('the handshake is missing: a rule %s', (_why, rule) => {
    const found = explained(rule, behindHandshake());
    expect(found.reason).toBe('no-handshake');
    expect(found.verdict).toContain('no handshake was seen');
    expect(found.change?.steps.join()).toMatch(/^set `stream\.midstream: true`/);
    expect(found.change?.alerts).toBeGreaterThan(0);
  });

  it('a protocol that was never recognised: what was sent is told, and that nothing small helps', () => {
    const capture = composeCapture({ seed: 5 });
    const exchanges = [{ from: 'client' as const, bytes: new Uint8Array([1, 2, 3, 0x41, 0x3b, 0x42]) }];
    capture.tcpConversation({ client: '10.3.8.31', server: '203.0.113.11', serverPort: 80, exchanges });
    const found = explained(`${HEAD}http.uri; content:"/bot/data"; sid:1;)`, capture.finish());
    expect(found.reason).toBe('not-recognised');
    expect(found.verdict).toMatch(/never recognised: .*; it carries 6 bytes to_server, which begin "\|01 02 03\|A\|3b\|B"/);
    expect(found.change).toBeUndefined();
    expect(found.tried).toBeGreaterThan(0);
  });

  it('a buffer that is there, but empty', () => {
    const capture = composeCapture({ seed: 5 });
    const request = { method: 'GET', uri: '/a', headers: [['Cookie', '']] as [string, string][] };
    capture.httpExchange({ client: '10.3.8.31', server: '203.0.113.11', exchanges: [{ request }] });
    const found = explained(`${HEAD}http.uri; content:"/a"; http.cookie; content:"session"; sid:1;)`, capture.finish());
    expect(found.reason).toBe('buffer-empty');
    expect(found.verdict).toContain('`http.cookie` is there, but empty');
    expect(found.change?.steps).toEqual(['take out `http.cookie`, `content:"session"`']);
  });

  it('a buffer that was asked for before it came is there later', () => {
    const capture = composeCapture({ seed: 5 });
    const response = { status: 200, headers: [['Server', 'other']] as [string, string][], body: '<title>one</title>' };
    capture.httpExchange({ client: '10.3.8.31', server: '203.0.113.11', exchanges: [{ request: { method: 'GET', uri: '/a', headers: [] }, response }] });
    const rule = 'http.stat_code; content:"200"; http.server; content:"Microsoft-IIS/"; file.data; content:"<title>one";';
    const found = explained(`alert http any any -> any any (msg:"x"; flow:established,to_client; ${rule} sid:1;)`, capture.finish());
    expect(found.verdict).toMatch(/http\.server .* stood in the way/);
    expect(found.change?.steps).toEqual(['take out `http.server`, `content:"Microsoft-IIS/"`']);
  });

  it('an empty capture holds nothing', () => {
    const found = explained(`${HEAD}http.uri; content:"/bot/data"; sid:1;)`, REQUEST.subarray(0, 24));
    expect(found.reason).toBe('nothing');
    expect(found.change).toBeUndefined();
  });

  it('two things in the way: both are changed', () => {
    const found = explained(`alert http any any -> any 8080 (http.uri; content:"/BOT"; sid:1;)`);
    expect(found.change?.steps).toHaveLength(2);
    expect(found.change?.alerts).toBe(1);
  });

  it('marks say which option failed, in the text of the rule', () => {
    const found = explained(`# words before\n${HEAD}http.uri; content:"/bot"; content:"/BOT"; sid:1;)`);
    const failed = found.marks.filter((one) => one.verdict === 'fails').map(({ span }) => found.text.slice(span.start, span.end));
    expect(failed).toEqual(['content:"/BOT"']);
  });
});
