import { catalogue, refang } from '@sigwright/catalogue';
import { DEFAULT_SETTINGS } from '@sigwright/contracts';
import { composeCapture } from '@sigwright/traffic';
import { describe, expect, it } from 'vitest';
import { formatRules } from '../format/format.ts';
import { draftCandidates } from './draft-candidates.ts';
import { tryRules } from './trial.ts';

const options = {
  prefix: 'SW',
  date: '2024-03-08',
  family: 'QuietRAT',
  intake: { definitions: catalogue.indicators, refang },
};

function drafted(kind: string, value: string, engine: 7 | 8 = 7) {
  let sid = 1_000_001;
  return draftCandidates([{ kind, value }], { ...options, engine, nextSid: () => sid++ });
}

describe('a candidate of a capture becomes a rule on its own buffer', () => {
  const cases: readonly (readonly [kind: string, value: string, engine: 7 | 8, role: string, match: string])[] = [
    ['dns query', 'c2.quiet.top', 7, 'lookup', 'dns.query; dotprefix; content:".c2.quiet.top";'],
    ['http url', 'http://quiet.top/gate.php?x=1', 7, 'check_in', 'http.uri; content:"/gate.php?x=1";'],
    ['tls ja3', '24bb8a3103c326995c5ab432a3b9e537', 7, 'contact', 'ja3.hash; content:"24bb8a3103c326995c5ab432a3b9e537"; fast_pattern;'],
    ['tls ja4', 't13d1512h2_8daaf6152771_0988277d4e88', 8, 'contact', 'ja4.hash; bsize:36; content:"t13d1512h2_8daaf6152771_0988277d4e88";'],
    ['http user agent', 'QuietAgent/1.0', 7, 'check_in', 'http.user_agent; bsize:14; content:"QuietAgent/1.0";'],
    ['certificate subject', 'CN=quiet', 7, 'contact', 'flow:established,to_client; tls.cert_subject; bsize:8; content:"CN=quiet";'],
    ['certificate serial', '00:AB:CD', 7, 'contact', 'tls.cert_serial; bsize:8; content:"00|3a|AB|3a|CD";'],
    ['ssh client', 'quietssh_1', 7, 'contact', 'ssh.software; bsize:10; content:"quietssh_1";'],
    [
      'smb server guid',
      '03020100-0504-0706-0908-0b0a0f0e0d0c',
      7,
      'context',
      'content:"|00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f|"; offset:76; depth:16;',
    ],
  ];
  for (const [kind, value, engine, role, match] of cases)
    it(kind, () => {
      const { rules } = drafted(kind, value, engine);
      expect(rules.map((rule) => rule.role)).toContain(role);
      const found = rules.find((rule) => rule.role === role)?.text ?? '';
      expect(found).toContain(match);
      expect(found).toContain(`role ${role},`);
      for (const { text } of rules) expect(formatRules(text)).toEqual({ text, changed: [] });
      expect(
        tryRules(
          rules.map(({ text }) => text),
          [],
          catalogue,
          DEFAULT_SETTINGS,
        ).refused.size,
      ).toBe(0);
    });

  const none: readonly (readonly [kind: string, value: string, why: RegExp])[] = [
    ['http user agent', 'Mozilla/5.0 (Windows NT 10.0; Win64; x64)', /browsers send/],
    ['tls ja4', 't13d1512h2_8daaf6152771_0988277d4e88', /--engine 8/],
    ['dns query', 'wpad', /no name of the Internet/],
    ['dns query', '9.3.8.10.in-addr.arpa', /no name of the Internet/],
    ['dns query', 'www.windowsupdate.com', /benign/],
    ['file md5', '5f4dcc3b5aa765d61d8327deb882cf99', /goes into references/],
    ['http method', 'POST', /no rule is drafted from a http method alone/],
    ['smb server guid', 'nonsense', /is no GUID/],
  ];
  for (const [kind, value, why] of none)
    it(`nothing from ${kind} ${value}`, () => {
      const { rules, skipped } = drafted(kind, value);
      expect(rules).toEqual([]);
      expect(skipped.map((one) => one.why).join()).toMatch(why);
    });

  it('a rule on a GUID fires where records show that GUID', () => {
    const composer = composeCapture();
    const serverGuid = Uint8Array.from({ length: 16 }, (_, at) => at);
    composer.smb2Negotiate({ client: '10.3.8.11', server: '10.3.8.200', serverGuid });
    const bytes = composer.finish();
    const { rules } = drafted('smb server guid', '03020100-0504-0706-0908-0b0a0f0e0d0c');
    expect(tryRules([rules[0].text], [{ name: 'smb', read: () => [bytes] }], catalogue, DEFAULT_SETTINGS).alerts).toHaveLength(1);
  });
});
