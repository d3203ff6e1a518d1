/** Rules on traffic, each line a meaning that a rule writer relies on. Every case runs on a fresh plan and on a saved one. */
import { catalogue } from '@sigwright/catalogue';
import { DEFAULT_SETTINGS, type EngineSettings } from '@sigwright/contracts';
import { parseRules } from '@sigwright/rule-language';
import { composeCapture } from '@sigwright/traffic';
import { describe, expect, test } from 'vitest';
import { buildPlan, Engine, loadPlan, savePlan, textsInMemory, usePlan } from './index.ts';

const CLIENT = '10.0.0.5';
const SERVER = '203.0.113.9';
const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

function alertsOf(rules: string, capture: Uint8Array, settings: EngineSettings = DEFAULT_SETTINGS): number[] {
  const build = buildPlan([{ path: 'test', rules: parseRules(rules).rules }], catalogue, settings);
  const refused = build.problems.flatMap((one) => one.diagnostics.filter((diagnostic) => diagnostic.severity === 'error'));
  expect(refused).toEqual([]);
  const saved = savePlan(build.data, 'key');
  const loaded = loadPlan(saved.tables, textsInMemory(saved.texts), 'key');
  if (!loaded.ok) throw new Error(loaded.message);
  const runs = [build.data, loaded.value].map((data) => {
    const sids: number[] = [];
    const engine = new Engine(usePlan(data, catalogue, settings), catalogue, settings, { alert: ({ rule }) => sids.push(rule.sid) });
    expect(engine.feed(capture)).toBeUndefined();
    expect(engine.finish()).toBeUndefined();
    return sids.sort((a, b) => a - b);
  });
  expect(runs[1]).toEqual(runs[0]);
  return runs[0];
}

function tcp(port: number, ...exchanges: readonly (readonly ['client' | 'server', string])[]): Uint8Array {
  const capture = composeCapture({ seed: 1 });
  capture.tcpConversation({ client: CLIENT, server: SERVER, serverPort: port, exchanges: exchanges.map(([from, text]) => ({ from, bytes: latin1(text) })) });
  return capture.finish();
}

function http(uri: string, headers: string, body = ''): Uint8Array {
  const length = body === '' ? '' : `Content-Length: ${body.length}\r\n`;
  return tcp(
    80,
    ['client', `${body === '' ? 'GET' : 'POST'} ${uri} HTTP/1.1\r\nHost: www.Example.com\r\n${headers}${length}\r\n${body}`],
    ['server', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nServer: test\r\n\r\nhello'],
  );
}

/** The capture as if some of its packets, which are told by their record, were lost. */
function without(capture: Uint8Array, isLost: (packet: Buffer) => boolean): Uint8Array {
  const bytes = Buffer.from(capture);
  const kept: Buffer[] = [bytes.subarray(0, 24)];
  for (let at = 24; at < bytes.length; at += 16 + bytes.readUInt32LE(at + 8)) {
    const packet = bytes.subarray(at, at + 16 + bytes.readUInt32LE(at + 8));
    if (!isLost(packet)) kept.push(packet);
  }
  return Buffer.concat(kept);
}

const rule = (header: string, options: string, sid = 1): string => `alert ${header} (msg:"test"; ${options} sid:${sid}; rev:1;)`;
const TCP = 'tcp any any -> any any';
const STREAM = tcp(9000, ['client', 'abcdefghij0123456789'], ['server', 'response with words']);

describe('contents in the stream', () => {
  test.each([
    ['found', 'content:"def";', true],
    ['not found', 'content:"dfe";', false],
    ['case matters', 'content:"DEF";', false],
    ['unless nocase', 'content:"DEF"; nocase;', true],
    ['absent as asked', 'content:"abc"; content:!"xyz";', true],
    ['present against the wish', 'content:"abc"; content:!"hij";', false],
    ['what is to be replaced is found', 'content:"def"; replace:"xyz";', true],
    ['offset at the place', 'content:"def"; offset:3;', true],
    ['offset behind the place', 'content:"def"; offset:4;', false],
    ['depth reaches', 'content:"def"; depth:6;', true],
    ['depth does not', 'content:"def"; depth:5;', false],
    ['distance', 'content:"abc"; content:"ghi"; distance:3;', true],
    ['distance too far', 'content:"abc"; content:"ghi"; distance:4;', false],
    ['within', 'content:"abc"; content:"ghi"; within:6;', true],
    ['within too short', 'content:"abc"; content:"ghi"; within:5;', false],
    ['within counts from distance', 'content:"abc"; content:"ghi"; distance:3; within:3;', true],
    ['startswith', 'content:"abc"; startswith;', true],
    ['startswith elsewhere', 'content:"bcd"; startswith;', false],
    ['the first place fails, the second holds', 'content:"5"; content:"6"; distance:0; within:1;', true],
    ['a short literal', 'content:"j0";', true],
    ['hex', 'content:"|61 62 63|";', true],
    ['pcre', 'content:"abc"; pcre:"/[0-9]{10}/";', true],
    ['pcre relative', 'content:"abc"; pcre:"/^def/R";', true],
    ['pcre relative fails', 'content:"abc"; pcre:"/^ghi/R";', false],
    ['pcre negated', 'content:"abc"; pcre:!"/zzz/";', true],
    ['byte_test', 'content:"j"; byte_test:1,=,0x30,0,relative;', true],
    ['byte_test string', 'content:"j"; byte_test:3,=,12,0,relative,string,dec;', true],
    ['byte_jump', 'content:"a"; byte_jump:1,9,relative,string,dec; content:"1"; within:1;', true],
    ['byte_extract', 'content:"j0"; byte_extract:1,2,n,relative,string,dec; content:"9"; offset:n;', true],
    ['isdataat', 'content:"j"; isdataat:10,relative;', true],
    ['no data there', 'content:"789"; isdataat:!1,relative;', true],
    ['base64', 'content:"j"; base64_decode:bytes 4, relative; base64_data; content:"|d3 5d b7|";', true],
  ])('%s', (_why, options, fires) => {
    // Contents with a position look at packets and at the stream, and so does Suricata: once for each.
    expect([...new Set(alertsOf(rule(TCP, `flow:established,to_server; ${options}`), STREAM))]).toEqual(fires ? [1] : []);
  });
});

describe('flow', () => {
  test.each([
    ['to_server', 'content:"abc"', 'flow:to_server;', true],
    ['other direction', 'content:"abc"', 'flow:to_client;', false],
    ['response', 'content:"words"', 'flow:established,to_client;', true],
    ['not established at the end', 'content:"abc"', 'flow:not_established;', false],
  ])('%s', (_why, content, flow, fires) => {
    expect(alertsOf(rule(TCP, `${flow} ${content};`), STREAM)).toEqual(fires ? [1] : []);
  });

  test('without a handshake nothing is established, but packets are looked at', () => {
    const capture = composeCapture({ seed: 2 });
    capture.tcpConversation({ client: CLIENT, server: SERVER, serverPort: 9000, midstream: true, exchanges: [{ from: 'client', bytes: latin1('abcdef') }] });
    const bytes = capture.finish();
    expect(alertsOf(rule(TCP, 'flow:established; content:"abc";'), bytes)).toEqual([]);
    expect(alertsOf(rule(TCP, 'content:"abc";'), bytes).length).toBeGreaterThan(0);
  });

  test('a literal across segments', () => {
    const capture = composeCapture({ seed: 3 });
    capture.tcpConversation({
      client: CLIENT,
      server: SERVER,
      serverPort: 9000,
      exchanges: [{ from: 'client', bytes: latin1('xxxxneedlexxxx'), segmentSize: 5 }],
    });
    expect(alertsOf(rule(TCP, 'content:"needle";'), capture.finish())).toEqual([1]);
  });

  test.each([
    ['ports', 'tcp any any -> any 9000', true],
    ['other port', 'tcp any any -> any 9001', false],
    ['negated', 'tcp any any -> any !9000', false],
    ['variables', 'tcp $HOME_NET any -> $EXTERNAL_NET any', true],
    ['wrong way', 'tcp $EXTERNAL_NET any -> $HOME_NET any', false],
    ['both ways', 'tcp $EXTERNAL_NET any <> $HOME_NET any', true],
  ])('header: %s', (_why, header, fires) => {
    expect(alertsOf(rule(header, 'flow:to_server; content:"abc";'), STREAM)).toEqual(fires ? [1] : []);
  });
});

describe('state', () => {
  test('flow bits go from setter to reader, and noalert says nothing', () => {
    const rules = `${rule(TCP, 'flow:to_client; content:"words"; flowbits:isset,a.b;', 2)}\n${rule(TCP, 'flow:to_server; content:"abc"; flowbits:set,a.b; flowbits:noalert;', 1)}`;
    expect(alertsOf(rules, STREAM)).toEqual([2]);
    expect(alertsOf(rule(TCP, 'content:"words"; flowbits:isset,a.b;', 2), STREAM)).toEqual([]);
    expect(alertsOf(rule(TCP, 'content:"words"; flowbits:isnotset,a.b;', 2), STREAM)).toEqual([2]);
  });

  test('xbits go from one flow to another of the same host', () => {
    const capture = composeCapture({ seed: 4 });
    for (const text of ['first', 'second'])
      capture.tcpConversation({ client: CLIENT, server: SERVER, serverPort: 9000, exchanges: [{ from: 'client', bytes: latin1(text) }] });
    const rules = `${rule(TCP, 'flow:to_server; content:"first"; xbits:set,seen,track ip_src,expire 600; noalert;', 1)}\n${rule(TCP, 'flow:to_server; content:"second"; xbits:isset,seen,track ip_src;', 2)}`;
    expect(alertsOf(rules, capture.finish())).toEqual([2]);
  });

  test('an answer is no question, whatever else a rule finds in the stream with it', () => {
    const capture = composeCapture({ seed: 5 });
    capture.dnsLookup({ client: '10.0.0.1', resolver: '10.0.0.2', name: 'one.example', answers: [], transport: 'tcp' });
    const asked = 'alert dns any any -> any any (dns.query; content:"one.example"; sid:1;)';
    const beside = 'alert dns any any -> any any (content:!"nothing"; dns.query; content:"other.example"; sid:2;)';
    expect(alertsOf(`${asked}\n${beside}`, capture.finish())).toHaveLength(1);
  });

  test.each([
    ['limit', 'type limit, track by_src, count 2, seconds 600', 2],
    ['threshold', 'type threshold, track by_src, count 2, seconds 600', 2],
    ['both', 'type both, track by_src, count 3, seconds 600', 1],
    ['text behind it, for want of a semicolon, is left out', 'type threshold, count 2, seconds 600, track by_src reference:url,www.example.com/a', 2],
  ])('threshold: %s', (_type, threshold, count) => {
    const capture = composeCapture({ seed: 5 });
    for (let turn = 0; turn < 5; turn++)
      capture.tcpConversation({ client: CLIENT, server: SERVER, serverPort: 9000, exchanges: [{ from: 'client', bytes: latin1('again') }] });
    expect(alertsOf(rule(TCP, `flow:to_server; content:"again"; threshold:${threshold};`), capture.finish())).toHaveLength(count);
  });

  test('a pass rule silences the others', () => {
    expect(alertsOf(`${rule(TCP, 'content:"abc";', 1)}\n${rule(TCP, 'content:"abc";', 2).replace('alert', 'pass')}`, STREAM)).toEqual([]);
  });
});

describe('HTTP buffers', () => {
  const capture = http('/a/../b%41/index.php?x=%20y', 'User-Agent: curl/8.5.0\r\nCookie: id=1\r\nAccept: */*\r\n', 'name=value');
  test.each([
    ['http.method; content:"POST";', true],
    ['http.uri; content:"/bA/index.php?x= y";', true],
    ['http.uri; bsize:18; content:"/bA/index.php";', true],
    ['http.uri.raw; content:"/a/../b%41";', true],
    ['http.host; content:"www.example.com"; bsize:15;', true],
    ['http.host; dotprefix; content:".example.com"; endswith;', true],
    ['http.host; dotprefix; content:".ample.com"; endswith;', false],
    ['http.user_agent; content:"curl/"; startswith;', true],
    ['http.cookie; content:"id=1";', true],
    ['http.header; content:"Cookie";', false],
    ['http.header; content:"Accept|3a 20|*/*|0d 0a|";', true],
    ['http.header_names; content:"|0d 0a|Host|0d 0a|User-Agent|0d 0a|";', true],
    ['http.request_body; content:"name=value";', true],
    ['http.request_line; content:"POST /a/../b%41";', true],
    ['http.stat_code; content:"200";', true],
    ['http.server; content:"test";', true],
    ['file.data; content:"hello"; startswith;', true],
    ['http.referer; absent;', true],
    ['content:"POST"; http_method; content:"/index.php"; http_uri;', true],
    ['uricontent:"/index.php";', true],
    ['urilen:18;', true],
    ['urilen:27;', false],
    ['urilen:27,raw;', true],
  ])('%s', (options, fires) => {
    expect(alertsOf(rule('http any any -> any any', options), capture)).toEqual(fires ? [1] : []);
  });
});

describe('names', () => {
  const capture = composeCapture({ seed: 6 });
  capture.dnsLookup({
    client: CLIENT,
    resolver: '10.0.0.2',
    name: 'www.Evil.example',
    answers: [{ name: 'www.Evil.example', type: 'A', data: '203.0.113.77' }],
  });
  capture.tlsConnection({ client: CLIENT, server: SERVER, serverName: 'cdn.evil.example' });
  const bytes = capture.finish();
  test.each([
    ['dns any any -> any any', 'dns.query; dotprefix; content:".evil.example"; nocase; endswith;', true],
    ['dns any any -> any any', 'dns.query; content:"www.evil.example"; nocase; bsize:16;', true],
    ['dns any any -> any any', 'dns.query; dotprefix; content:".vil.example"; nocase; endswith;', false],
    ['tls any any -> any any', 'tls.sni; dotprefix; content:".evil.example"; endswith;', true],
    ['tls any any -> any any', 'tls.sni; content:"cdn.evil.example"; bsize:16;', true],
    ['tls any any -> any any', 'tls.sni; content:"evil.example"; bsize:12;', false],
  ])('%s %s', (header, options, fires) => {
    expect(alertsOf(rule(header, options), bytes)).toEqual(fires ? [1] : []);
  });
});

describe('a protocol that was agreed on and is not what follows', () => {
  const STARTTLS: readonly (readonly ['client' | 'server', string])[] = [
    ['server', '220 mail.example ESMTP\r\n'],
    ['client', 'EHLO client.example\r\n'],
    ['server', '250-mail.example\r\n250 STARTTLS\r\n'],
    ['client', 'STARTTLS\r\n'],
    ['server', '220 Ready\r\n'],
  ];
  // A mail gateway's decrypted side is captured like this.
  const decrypted = tcp(
    25,
    ...STARTTLS,
    ['client', 'EHLO inside.example\r\n'],
    ['server', '250 mail.example\r\n'],
    ['client', 'MAIL FROM:<a@inside.example>\r\n'],
  );
  // Neither TLS nor anything else that is known: it stays what was agreed on.
  const unknown = tcp(25, ...STARTTLS, ['client', '\x00\x01\x02\x03\x04\x05\x06\x07']);
  // Nor is what is agreed on next believed.
  const again = tcp(
    25,
    ...STARTTLS,
    ['client', 'EHLO inside.example\r\n'],
    ['server', '250 STARTTLS\r\n'],
    ['client', 'STARTTLS\r\n'],
    ['server', '220 Ready\r\n'],
  );
  test.each([
    ['a second change is refused', again, 'smtp any any -> any any', 'app-layer-event:smtp.failed_protocol_change;', true],
    ['one change is not refused', decrypted, 'smtp any any -> any any', 'app-layer-event:smtp.failed_protocol_change;', false],
    ['the dialogue goes on', decrypted, 'smtp any any -> any any', 'smtp.mail_from; content:"inside.example";', true],
    ['and that is an anomaly', decrypted, 'tcp any any -> any any', 'app-layer-event:applayer_no_tls_after_starttls;', true],
    ['but the welcome was seen', decrypted, 'smtp any any -> any any', 'app-layer-event:smtp.no_server_welcome_message;', false],
    ['unknown bytes are no other protocol', unknown, 'tcp any any -> any any', 'app-layer-event:applayer_no_tls_after_starttls;', false],
    [
      'only one side is known',
      tcp(80, ['client', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'], ['server', '\x01'.repeat(64)]),
      'tcp any any -> any any',
      'app-layer-event:applayer_detect_protocol_only_one_direction;',
      true,
    ],
  ])('%s', (_why, capture, header, options, fires) => {
    expect(alertsOf(rule(header, options), capture).length > 0).toBe(fires);
  });
});

describe('app-layer-protocol alone', () => {
  // Long enough that each side sends several packets.
  const capture = composeCapture({ seed: 3 });
  const exchange = { request: { method: 'GET', uri: '/', headers: [['Host', 'a.example']] as const }, response: { status: 200, body: 'x'.repeat(8000) } };
  capture.httpExchange({ client: '10.0.0.1', server: '10.0.0.2', exchanges: [exchange, exchange, exchange] });
  const bytes = capture.finish();
  test.each([
    ['once for each direction', 'app-layer-protocol:http;', 2],
    ['of the direction asked for', 'flow:to_server; app-layer-protocol:!tls;', 1],
    ['what it sets changes nothing', 'flow:to_client; app-layer-protocol:http; flowbits:set,seen;', 1],
    ['another protocol', 'app-layer-protocol:tls;', 0],
    ['one of several', 'app-layer-protocol:tls|http;', 2],
    ['none of several', 'app-layer-protocol:!tls|dns;', 2],
    ['not none of several', 'app-layer-protocol:!tls|http;', 0],
    ['what does not stand for others', 'app-layer-protocol:http1,exact;', 2],
    ['found on either side', 'app-layer-protocol:dns|http,either;', 2],
  ])('is asked %s', (_why, options, count) => {
    expect(alertsOf(rule('tcp any any -> any any', options), bytes)).toHaveLength(count);
  });

  test('is asked for each packet beside what may change with each', () => {
    expect(alertsOf(rule('tcp any any -> any any', 'flow:established; app-layer-protocol:http;'), bytes).length).toBeGreaterThan(4);
    expect(alertsOf(rule('tcp any any -> any any', 'app-layer-protocol:http; ttl:>1;'), bytes).length).toBeGreaterThan(4);
  });
});

describe('states of a transaction', () => {
  // The hello comes in two parts: after the first one the transaction is there and nothing of it is read.
  const whole = composeCapture({ seed: 9 });
  whole.tlsConnection({ client: CLIENT, server: SERVER, serverName: 'cdn.evil.example' });
  const once = whole.finish();
  test.each([
    ['at the state, once in each direction', 'app-layer-state:client_hello_done;', 1],
    ['beyond it', 'app-layer-state:>client_hello_done;', 1],
    ['a state of the server', 'app-layer-state:>server_cert_done;', 1],
    ['never', 'flow:to_client; app-layer-state:<client_in_progress;', 0],
  ])('%s', (_why, options, least) => {
    expect(alertsOf(rule('tls any any -> any any', options), once).length >= least).toBe(true);
    if (least === 0) expect(alertsOf(rule('tls any any -> any any', options), once)).toEqual([]);
  });
  test('before a state that is still being read', () => {
    const hello = `\x16\x03\x01\x00\x40\x01\x00\x00\x3c${'\x03\x03'}${'r'.repeat(32)}\x00\x00\x04\x13\x01\x13\x02\x01\x00${'\x00'.repeat(19)}`;
    const parts = tcp(443, ['client', hello.slice(0, 20)], ['server', ''], ['client', hello.slice(20)]);
    expect(alertsOf(rule('tls any any -> any any', 'flow:to_server; app-layer-state:<client_hello_done;'), parts)).toEqual([1]);
  });
});

test('a file that came in ranges over two connections is one more file, which rules see whole', () => {
  const capture = composeCapture({ seed: 12 });
  const text = 'here begins evil and here it ends';
  for (const [from, to] of [
    [17, 32],
    [0, 16],
  ]) {
    const body = text.slice(from, to + 1);
    capture.tcpConversation({
      client: CLIENT,
      server: SERVER,
      serverPort: 80,
      exchanges: [
        { from: 'client', bytes: latin1(`GET /f HTTP/1.1\r\nHost: a.example\r\nRange: bytes=${from}-${to}\r\n\r\n`) },
        {
          from: 'server',
          bytes: latin1(`HTTP/1.1 206 Partial\r\nContent-Range: bytes ${from}-${to}/${text.length}\r\nContent-Length: ${body.length}\r\n\r\n${body}`),
        },
      ],
    });
  }
  expect(alertsOf(rule('http any any -> any any', 'file.data; content:"begins evil and here it ends";'), capture.finish())).toEqual([1]);
});

test('contents in mail text are found across its packets', () => {
  const mail = tcp(
    25,
    ['server', '220 mail.example\r\n'],
    ['client', 'HELO a\r\n'],
    ['server', '250 ok\r\n'],
    ['client', 'MAIL FROM:<a@a.example>\r\n'],
    ['server', '250 ok\r\n'],
    ['client', 'RCPT TO:<b@a.example>\r\n'],
    ['server', '250 ok\r\n'],
    ['client', 'DATA\r\n'],
    ['server', '354 go on\r\n'],
    ['client', 'Subject: a\r\n\r\n'],
    ['client', 'TVqQAAAA\r\n.\r\n'],
    ['server', '250 ok\r\n'],
  );
  expect(alertsOf(rule('smtp any any -> any any', 'flow:established; content:"|0d 0a 0d 0a|TV"; content:"AAAA"; distance:2; within:200;'), mail)).toEqual([1]);
});

describe('a wrong checksum', () => {
  // Sensors that see what the host's own card sends on see such packets: the card fills the checksum in later.
  const bytes = tcp(9000, ['client', 'hello'], ['server', 'hello'], ['client', 'EVIL words'], ['server', 'bye']);
  const at = Buffer.from(bytes).indexOf('EVIL');
  bytes[at - 4] ^= 0xff;
  test.each([
    ['the packet is looked at, as part of its connection', 'flow:established,to_server; content:"EVIL"; dsize:10;', DEFAULT_SETTINGS, true],
    ['the stream does not have it', 'flow:only_stream; content:"EVIL";', DEFAULT_SETTINGS, false],
    ['unless checksums do not count', 'flow:only_stream; content:"EVIL";', { ...DEFAULT_SETTINGS, verifyChecksums: false }, true],
  ])('%s', (_why, options, settings, fires) => {
    expect(alertsOf(rule(TCP, options), bytes, settings)).toEqual(fires ? [1] : []);
  });
});

test.each([
  ['a protocol that is off over TCP alone', new Set(['http/tcp']), []],
  ['over UDP', new Set(['http/udp']), [1]],
])('%s', (_why, protocolsOff, sids) => {
  expect(alertsOf(rule('http any any -> any any', 'http.method; content:"GET";'), http('/', ''), { ...DEFAULT_SETTINGS, protocolsOff })).toEqual(sids);
});

describe('an answer of DNS without its question', () => {
  // Response, recursion available, one question: a.example, address.
  const answer = latin1('\x12\x34\x81\x80\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x07example\x00\x00\x01\x00\x01');
  const midstream: EngineSettings = { ...DEFAULT_SETTINGS, stream: { ...DEFAULT_SETTINGS.stream, midstream: true } };
  test.each([
    ['to a port where nobody listens: who sent it may be a client', 40_000, DEFAULT_SETTINGS, false],
    ['unless flows are taken up in the middle, then the server spoke first', 40_000, midstream, true],
    ['to where name servers listen', 53, DEFAULT_SETTINGS, true],
  ])('%s', (_why, port, settings, fires) => {
    const capture = composeCapture({ seed: 1 });
    capture.udpExchange({ client: SERVER, clientPort: 53, server: CLIENT, serverPort: port, exchanges: [{ from: 'client', bytes: answer }] });
    expect(alertsOf(rule('dns any any -> any any', 'flow:to_client; dns.rcode:0;'), capture.finish(), settings)).toEqual(fires ? [1] : []);
  });
});

test('what came before lost bytes is searched, however little it was', () => {
  const head = 'HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Length: 90000\r\n\r\n';
  const capture = composeCapture({ seed: 1 });
  capture.tcpConversation({
    client: CLIENT,
    server: SERVER,
    serverPort: 80,
    exchanges: [
      { from: 'client', bytes: latin1('GET / HTTP/1.1\r\nHost: a\r\n\r\n') },
      { from: 'server', bytes: latin1(head) },
      { from: 'server', bytes: latin1('lost'.repeat(200)) },
      { from: 'server', bytes: latin1('seen'.repeat(200)) },
    ],
  });
  const options = 'flow:established,to_client,only_stream; content:"|0d 0a|Server|3a| nginx|0d 0a|";';
  expect(
    alertsOf(
      rule('http any any -> any any', options),
      without(capture.finish(), (packet) => packet.includes('lostlost')),
    ),
  ).toEqual([1]);
});

test('of a server that alone was heard, its packets are told of', () => {
  const destinationPort = 16 + 14 + 20 + 2;
  const capture = without(http('/', ''), (packet) => packet.readUInt16BE(destinationPort) === 80);
  const settings: EngineSettings = { ...DEFAULT_SETTINGS, stream: { ...DEFAULT_SETTINGS.stream, midstream: true } };
  const told: (readonly [string, number])[] = [];
  const plan = usePlan(buildPlan([], catalogue, settings).data, catalogue, settings);
  const engine = new Engine(plan, catalogue, settings, { anomaly: (packet, _flow, _transaction, name) => told.push([name, packet.sourcePort]) });
  engine.feed(capture);
  engine.finish();
  expect(told).toContainEqual(['http.unable_to_match_response_to_request', 80]);
});

test.each([
  ['is seen from both directions', '', [1, 1]],
  ['is seen from one where the rule says so', 'flow:to_server; ', [1]],
])('an anomaly of a transaction %s', (_why, flow, sids) => {
  const capture = tcp(80, ['client', 'GET / HTTP/1.1\r\n\r\n'], ['server', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello']);
  expect(alertsOf(rule('http any any -> any any', `${flow}app-layer-event:http.missing_host_header;`), capture)).toEqual(sids);
});
