import { catalogue } from '@sigwright/catalogue';
import { DEFAULT_SETTINGS } from '@sigwright/contracts';
import { parseRules } from '@sigwright/rule-language';
import { type CaptureComposer, composeCapture } from '@sigwright/traffic';
import { describe, expect, it } from 'vitest';
import { formatRules } from '../format/format.ts';
import { shape } from './condition.ts';
import { type BehaviourDraft, draftBehaviour } from './draft-behaviour.ts';
import type { CaptureSource } from './observe.ts';
import { templateOf } from './template.ts';
import { tryRules } from './trial.ts';
import { volatileSpans } from './volatile.ts';

describe('what several values share', () => {
  const cases: readonly (readonly [why: string, values: readonly string[], only: boolean, expected: string])[] = [
    ['a number in a path', ['/u/17/gate.php', '/u/4711/gate.php'], false, '`/u/<digits, any number>/gate.php`'],
    ['a word before a number', ['/bot12', '/bot34'], false, '`/bot<digits, any number>`'],
    ['an identifier', ['id=9f86d081884c7d65', 'id=2c26b46b68ffc68f'], false, '`id=<a long number in hexadecimal, 16>`'],
    [
      'fields in order',
      ['{"task":"run","n":1}', '{"task":"sleep","n":22}'],
      false,
      '`{"task":"<letters, digits and few signs, any number>","n":<digits, any number>}`',
    ],
    ['many values show lengths', ['/a/10', '/a/20', '/a/30', '/a/40', '/a/50'], false, '`/a/<digits, 2>`'],
    ['all of it', ['POST', 'POST'], false, '`POST`'],
    ['nothing', ['abc', 'xyz'], false, '`<letters, digits and few signs, any number>`'],
    ['an identifier that never changed is none to keep', ['/x/550e8400-e29b-41d4-a716-446655440000/y'], false, '`/x/<a UUID>/y`'],
    ['alone: what looks new is not kept', ['/gate.php?user=WIN-1&k=ok'], true, '`/gate.php?user=<the value of a parameter, any number>&k=ok`'],
    ['alone: a time', ['t=1709888400&go'], true, '`t=<a time in seconds or milliseconds, 10>&go`'],
  ];
  for (const [why, values, only, expected] of cases) it(why, () => expect(shape(templateOf(values, { only }).parts)).toBe(expected));

  it('long values end in bounded time', () => {
    const values = [1, 2, 3].map((seed) => `${'ab '.repeat(3000)}${seed}${'x=1&'.repeat(3000)}`);
    expect(templateOf(values, { only: true }).parts.length).toBeGreaterThan(0);
  });
});

describe('what is volatile', () => {
  const cases: readonly (readonly [text: string, only: boolean, ...spans: string[]])[] = [
    ['/a/2024-03-08T09:00:01/b', false, '2024-03-08T09:00:01'],
    ['ip=203.0.113.7&x', false, '203.0.113.7'],
    ['d41d8cd98f00b204e9800998ecf8427e', false, 'd41d8cd98f00b204e9800998ecf8427e'],
    ['session=8812&page=2', false, '8812'],
    ['{"hwid": "AB12", "os": "win"}', false, 'AB12'],
    ['Windows NT 10.0; Win64', false],
    ['/config/update', true],
    ['{"pool":"eu1.quiet.top:3333"}', false, 'eu1.quiet.top'],
    ['/a/hello.php', false],
    ['/x/12345', true, '12345'],
  ];
  for (const [text, only, ...spans] of cases)
    it(text, () => expect(volatileSpans(text, only, []).map(({ start, end }) => text.slice(start, end))).toEqual(spans));
  it('hosts of the conversation', () => expect(volatileSpans('u=evil.test/x', false, ['evil.test'])).toMatchObject([{ start: 2, end: 11 }]));
});

function capture(name: string, fill: (composer: CaptureComposer) => void, seed = 1): CaptureSource {
  const composer = composeCapture({ seed });
  fill(composer);
  const bytes = composer.finish();
  return { name, read: () => [bytes] };
}

const BROWSER: readonly (readonly [string, string])[] = [
  ['User-Agent', 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/122.0.0.0 Safari/537.36'],
  ['Accept', 'text/html,*/*;q=0.8'],
  ['Accept-Language', 'en-US,en;q=0.5'],
  ['Referer', 'http://intranet.test/'],
];

/** Browsing, and a form that is posted. */
const OFFICE = capture('office', (composer) => {
  for (let at = 0; at < 120; at++)
    composer.httpExchange({
      client: `10.0.0.${20 + (at % 9)}`,
      server: '198.51.100.20',
      exchanges: [
        {
          request: { method: 'GET', uri: `/news/${at}.html?page=${at}`, headers: [['Host', 'news.test'], ...BROWSER] },
          response: {
            status: 200,
            headers: [
              ['Server', 'nginx'],
              ['Content-Type', 'text/html'],
            ],
            body: `<html><p>${at}</p></html>`,
          },
        },
        ...(at % 6 === 0
          ? [
              {
                request: {
                  method: 'POST',
                  uri: '/search',
                  headers: [['Host', 'news.test'], ...BROWSER, ['Content-Type', 'application/x-www-form-urlencoded']] as const,
                  body: `q=word${at}`,
                },
                response: { status: 200, headers: [['Content-Type', 'text/html']] as const, body: '<html></html>' },
              },
            ]
          : []),
      ],
    });
});

interface Bot {
  readonly host: string;
  readonly server: string;
  readonly id: string;
  readonly computer: string;
  readonly time: number;
}
const BOTS: readonly Bot[] = [
  { host: 'quiet.test', server: '203.0.113.5', id: '9f86d081884c7d659a2feaa0c55ad015', computer: 'DESKTOP-7', time: 1709888400 },
  { host: 'cold.test', server: '203.0.113.9', id: '2c26b46b68ffc68ff99b453c1d304134', computer: 'LAPTOP-ANNA', time: 1709974811 },
  { host: 'still.test', server: '203.0.113.77', id: 'fcde2b2edba56bf408601fb721fe9b5c', computer: 'PC', time: 1710061222 },
];

function checkIn(bot: Bot): CaptureSource {
  return capture(`run of ${bot.host}`, (composer) => {
    composer.httpExchange({
      client: '10.0.0.9',
      server: bot.server,
      exchanges: [
        {
          request: {
            method: 'POST',
            uri: `/api/v2/hello.php?bid=${bot.id}`,
            headers: [
              ['Host', bot.host],
              ['User-Agent', 'QuietAgent/1.4'],
              ['X-Run', 'first'],
            ],
            body: `{"pc":"${bot.computer}","when":${bot.time},"mods":["kl","sc"]}`,
          },
          response: { status: 200, headers: [['Content-Type', 'application/json']], body: '{"quiet_task":"none","wait":300}' },
        },
      ],
    });
  });
}

function draft(threat: readonly CaptureSource[], usual: readonly CaptureSource[], more: { readonly engine?: 7 | 8 } = {}): BehaviourDraft {
  let sid = 1_000_001;
  const made = draftBehaviour(threat, usual, {
    catalogue,
    settings: { ...DEFAULT_SETTINGS, verifyChecksums: false },
    prefix: 'SW',
    nextSid: () => sid++,
    date: '2024-03-08',
    family: 'QuietRAT',
    inside: (address) => address.startsWith('10.'),
    ...more,
  });
  // Whatever is drafted has the form that `sigwright format` gives.
  for (const { text } of made.rules) expect(formatRules(text)).toEqual({ text, changed: [] });
  return made;
}

describe('HTTP', () => {
  const made = draft(BOTS.map(checkIn), [OFFICE]);
  const [request] = made.rules.filter(({ kind }) => kind === 'http to_server');

  it('one rule for the request, that holds with each capture left out and is silent on ordinary traffic', () => {
    expect(request).toMatchObject({ role: 'check_in', confidence: 'High', captures: { seen: 3, of: 3 }, leaveOneOut: { fired: 3, of: 3 } });
    expect(request.ordinary).toMatchObject({ alerts: 0, leftOutAlerts: 0, observations: 140 });
  });

  it('asks for what is behaviour', () => {
    expect(request.text).toContain('http.method; content:"POST";');
    expect(request.text).toContain('content:"/api/v2/hello.php?bid="; fast_pattern; startswith;');
    expect(request.text).toMatch(/pcre:"\/\^\\\/api\\\/v2\\\/hello\\\.php\\\?bid=\[a-f0-9\]\{32\}\$\/"/);
    expect(request.text).toContain('classtype:command-and-control; sid:1000001; rev:1;');
    expect(request.text).toContain('malware_family QuietRAT');
    expect(request.text).toContain('role check_in');
  });

  it('never holds an indicator', () => {
    for (const { text } of made.rules)
      for (const bot of BOTS) for (const word of [bot.host, bot.server, bot.id, bot.computer, String(bot.time)]) expect(text).not.toContain(word);
  });

  it('every rule loads, as it is written', () => {
    const { rules, diagnostics } = parseRules(made.rules.map(({ text }) => text).join('\n'));
    expect(diagnostics).toEqual([]);
    expect(rules.map(({ sid }) => sid)).toEqual(made.rules.map(({ sid }) => sid));
    expect(
      tryRules(
        made.rules.map(({ text }) => text),
        [],
        catalogue,
        DEFAULT_SETTINGS,
      ).refused.size,
    ).toBe(0);
  });

  it('fires on a victim that it was not made of', () => {
    const other = checkIn({ host: 'new.test', server: '203.0.113.200', id: '0123456789abcdef0123456789abcdef', computer: 'BOSS', time: 1712000000 });
    expect(
      tryRules(
        made.rules.map(({ text }) => text),
        [other],
        catalogue,
        DEFAULT_SETTINGS,
      ).alerts.map(({ sid }) => sid),
    ).toContain(request.sid);
  });

  it('each part says how often ordinary traffic has it', () => {
    const method = request.parts.find(({ part }) => part === 'method');
    expect(method).toMatchObject({ used: true, seen: 20, of: 140 });
  });

  it('one capture alone says so, and keeps no identifier', () => {
    const alone = draft([checkIn(BOTS[0])], [OFFICE]);
    const [rule] = alone.rules.filter(({ kind }) => kind === 'http to_server');
    expect(rule.leaveOneOut).toBeUndefined();
    expect(rule.confidence).toBe('Low');
    expect(rule.weak.join()).toContain('only one capture');
    expect(rule.text).not.toContain(BOTS[0].id);
    expect(rule.text).not.toContain(BOTS[0].computer);
  });

  it('what ordinary traffic does, too, is left out and said', () => {
    const browsing = draft([capture('a', (one) => browse(one, 7)), capture('b', (one) => browse(one, 8))], [OFFICE]);
    expect(browsing.rules).toEqual([]);
    expect(browsing.skipped.map(({ why }) => why).join()).toMatch(/ordinary traffic does the same|not rare enough/);
  });

  it('names the capture that comes nearest in ordinary traffic', () => expect(request.near).toMatchObject({ capture: 'office' }));
});

function browse(composer: CaptureComposer, number: number): void {
  composer.httpExchange({
    client: '10.0.0.9',
    server: '198.51.100.20',
    exchanges: [{ request: { method: 'GET', uri: `/news/${number}.html?page=${number}`, headers: [['Host', 'news.test'], ...BROWSER] } }],
  });
}

describe('raw TCP', () => {
  /** magic, little-endian length of the rest, a key that changes, and an answer of four bytes */
  const run = (name: string, key: number, padding: number): CaptureSource =>
    capture(
      name,
      (composer) => {
        const body = Uint8Array.from({ length: 8 + padding }, (_, at) => (key * 31 + at * 97) & 0xff);
        const message = Uint8Array.of(0xde, 0xc0, 0xad, 0x0b, body.length, 0, 0, 0, ...body);
        composer.tcpConversation({
          client: '10.0.0.9',
          server: '203.0.113.5',
          serverPort: 4443,
          exchanges: [
            { from: 'client', bytes: message },
            { from: 'server', bytes: Uint8Array.of(0x4f, 0x4b, 0x01, 0x00) },
          ],
        });
      },
      key,
    );
  const made = draft([run('a', 3, 4), run('b', 90, 9), run('c', 141, 20)], [OFFICE]);

  it('bytes at fixed places and the length that the message tells', () => {
    const [rule] = made.rules.filter(({ kind }) => kind === 'raw tcp to_server');
    expect(rule.text).toMatch(/^alert tcp-pkt \$HOME_NET any -> \$EXTERNAL_NET any /);
    expect(rule.text).toContain('content:"|de c0 ad 0b|"; fast_pattern; startswith;');
    expect(rule.text).toContain('byte_jump:4,4,little,post_offset -1; isdataat:!2,relative;');
    expect(rule.leaveOneOut).toEqual({ fired: 3, of: 3 });
  });

  it('the answer waits for the bit of the request', () => {
    const [first] = made.rules.filter(({ kind }) => kind === 'raw tcp to_server');
    const [second] = made.rules.filter(({ kind }) => kind === 'raw tcp to_client');
    expect(first.text).toContain(`flowbits:set,SW.QuietRAT.${first.sid};`);
    expect(second.text).toContain(`flowbits:isset,SW.QuietRAT.${first.sid};`);
    expect(second.role).toBe('command');
    expect(second.leaveOneOut).toEqual({ fired: 3, of: 3 });
  });
});

describe('TLS and DNS', () => {
  const hello = (name: string, seed: number, serverName: string): CaptureSource =>
    capture(
      name,
      (composer) => {
        composer.tlsConnection({
          client: '10.0.0.9',
          server: `203.0.113.${seed}`,
          version: '1.2',
          serverName,
          cipherSuites: [0xc02f, 0x0035],
          certificate: { subject: serverName, subjectOrganization: 'Quiet Works Unlimited', issuer: 'Quiet Works Unlimited' },
        });
      },
      seed,
    );
  const browsing = capture('browsing', (composer) => {
    for (let at = 0; at < 120; at++)
      composer.tlsConnection({
        client: '10.0.0.20',
        server: '198.51.100.7',
        version: '1.2',
        serverName: `shop${at}.test`,
        certificate: { subject: `shop${at}.test`, issuer: 'Common CA' },
      });
  });
  const made = draft([hello('a', 5, 'kqzjvhwplmxt.top'), hello('b', 6, 'bnrfgtyuiokd.top'), hello('c', 7, 'zzqwertplkjh.top')], [browsing]);

  it('the certificate by what is not a name', () => {
    const [rule] = made.rules.filter(({ kind }) => kind === 'tls to_client');
    expect(rule.text).toContain('Quiet Works Unlimited');
    expect(rule).toMatchObject({ role: 'contact', leaveOneOut: { fired: 3, of: 3 }, ordinary: { alerts: 0 } });
  });

  it('the client by its fingerprint and the form of the names it asks for', () => {
    const [rule] = made.rules.filter(({ kind }) => kind === 'tls to_server');
    expect(rule.text).toContain('ja3.hash; content:"');
    expect(rule.leaveOneOut).toEqual({ fired: 3, of: 3 });
  });

  it('no rule holds a name', () => {
    for (const { text } of made.rules) expect(text).not.toMatch(/kqzj|bnrf|zzqw/);
  });

  it('one name looked up is an indicator, and said to be one', () => {
    const lookup = (name: string): CaptureSource =>
      capture(name, (composer) => composer.dnsLookup({ client: '10.0.0.9', resolver: '10.0.0.1', name: 'c2.quiet.top', answers: [] }));
    const { rules, skipped } = draft([lookup('a'), lookup('b')], []);
    expect(rules).toEqual([]);
    expect(skipped.map(({ why }) => why).join()).toMatch(/an indicator and no behaviour/);
  });
});

describe('raw text', () => {
  const run = (name: string, host: string): CaptureSource =>
    capture(name, (composer) => {
      composer.tcpConversation({
        client: '10.0.0.9',
        server: '203.0.113.5',
        serverPort: 3333,
        exchanges: [
          { from: 'client', bytes: 'QCAP REQ :multi\r\n' },
          { from: 'client', bytes: `{"m":"quiet.subscribe","pool":"${host}"}\n` },
        ],
      });
    });
  it('says the size once, and keeps no host', () => {
    const { rules } = draft([run('a', 'eu1.quiet.top'), run('b', 'us.quiet.top')], [OFFICE]);
    const [hello, subscribe] = rules.filter(({ kind }) => kind === 'raw tcp to_server').sort((a, b) => b.text.indexOf('QCAP') - a.text.indexOf('QCAP'));
    expect(hello.text.match(/dsize/g)).toHaveLength(1);
    expect(hello.text).toContain('dsize:17; content:"QCAP REQ |3a|multi|0d 0a|"');
    expect(subscribe.text).toContain('quiet.subscribe');
    expect(subscribe.text).not.toContain('quiet.top');
    expect(rules.map(({ leaveOneOut }) => leaveOneOut)).toEqual(rules.map(() => ({ fired: 2, of: 2 })));
  });
});

describe('captures that are not whole', () => {
  const whole = [...checkIn(BOTS[0]).read()][0];
  it('cut off at any place: told or used, never thrown', () => {
    for (const end of [0, 3, 23, 24, 30, 90, whole.length - 1]) {
      const made = draft([{ name: 'cut', read: () => [whole.subarray(0, end)] }], []);
      expect(made.problems.length + made.rules.length + made.skipped.length).toBeGreaterThanOrEqual(end === 24 ? 0 : 1);
    }
  });
  it('bytes that are no capture', () => {
    const made = draft([{ name: 'noise', read: () => [new Uint8Array(300).fill(7)] }], [OFFICE]);
    expect(made.rules).toEqual([]);
    expect(made.problems).toMatchObject([{ capture: 'noise', packets: 0 }]);
  });
  it('a source that can not be read', () => {
    const made = draft(
      [
        {
          name: 'gone',
          read: () => {
            throw new Error('it is gone');
          },
        },
      ],
      [],
    );
    expect(made.problems).toMatchObject([{ capture: 'gone', message: 'it is gone' }]);
  });
});
