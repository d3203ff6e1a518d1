/** What a suricata.yaml says about EVE records, on a little traffic: each case one sentence of the user guide's chapters on EVE. */
import { base64, fromHex, fromLatin1 } from '@sigwright/bytes';
import { catalogue } from '@sigwright/catalogue';
import type { EveRecord } from '@sigwright/contracts';
import { buildPlan, Engine, EveWriter, usePlan } from '@sigwright/detection';
import { parseRules } from '@sigwright/rule-language';
import { type CaptureComposer, composeCapture } from '@sigwright/traffic';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { configurationOf } from './configuration.ts';

type Exchange = readonly ['client' | 'server', string];

const HTTP: readonly Exchange[] = [
  ['client', 'POST /a HTTP/1.1\r\nHost: a\r\nAccept-Language: de\r\nContent-Length: 4\r\n\r\nbo\ty'],
  ['server', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nServer: s\r\n\r\nhello'],
];
const MAIL: readonly Exchange[] = [
  ['server', '220 ready\r\n'],
  ['client', 'HELO me\r\n'],
  ['server', '250 ok\r\n'],
  ['client', 'MAIL FROM:<a@b>\r\n'],
  ['server', '250 ok\r\n'],
  ['client', 'DATA\r\n'],
  ['server', '354 go\r\n'],
  ['client', 'Subject: abc\r\nSensitivity: private\r\nBcc: c@d, e@f\r\nReceived: from a\r\nReceived: from b\r\n\r\nabc\r\n.\r\n'],
  ['server', '250 taken\r\n'],
];

function conversation(serverPort: number, exchanges: readonly Exchange[]): (capture: CaptureComposer) => void {
  const shown = exchanges.map(([from, text]) => ({ from, bytes: fromLatin1(text) }));
  return (capture) => capture.tcpConversation({ client: '10.0.0.5', server: '203.0.113.9', serverPort, exchanges: shown });
}

/** The records of one kind. */
function records(type: string, eve: string, compose: (capture: CaptureComposer) => void, rules = '', more = ''): EveRecord[] {
  const tree = parse(`${more}\noutputs:\n  - eve-log: ${eve}\n`) as Record<string, unknown>;
  const { settings, eves } = configurationOf(tree, { verifyChecksums: false, inline: false });
  const capture = composeCapture({ seed: 1 });
  compose(capture);
  const build = buildPlan([{ path: 'test', rules: parseRules(rules).rules }], catalogue, settings);
  expect(build.problems).toEqual([]);
  const all: EveRecord[] = [];
  const writer = new EveWriter((record) => all.push(record), settings, catalogue.protocols, eves[0].options);
  const engine = new Engine(usePlan(build.data, catalogue, settings), catalogue, settings, writer);
  engine.feed(capture.finish());
  engine.finish();
  return all.filter((record) => record['event_type'] === type);
}

test('an alert shows what the protocol tells where its rule looks there, and of datagrams', () => {
  const shown = (rule: string): boolean => 'http' in records('alert', '{ types: [ alert ] }', conversation(80, HTTP), rule)[0];
  expect(shown('alert http any any -> any any (http.method; content:"POST"; sid:1;)')).toBe(true);
  expect(shown('alert tcp any any -> any any (content:"POST"; sid:1;)')).toBe(false);
  const dns = 'alert udp any any -> any 53 (content:"example"; sid:1;)';
  const [record] = records(
    'alert',
    '{ types: [ alert ] }',
    (capture) => capture.dnsLookup({ client: '10.0.0.5', resolver: '203.0.113.9', name: 'a.example' }),
    dns,
  );
  expect(record).toHaveProperty('dns');
});

test('an entry of the list of types that holds nothing is passed over', () => {
  expect(records('http', '{ types: [ ~, {}, 7, http ] }', conversation(80, HTTP))).toHaveLength(1);
});

const ON_HTTP = 'alert http any any -> any any (flow:to_client; http.stat_code; content:"200"; metadata:a b; sid:1;)';

test.each<readonly [why: string, alert: string, shown: object, left: readonly string[]]>([
  ['no bodies unless asked for', '{}', { alert: { metadata: { a: ['b'] } } }, ['http.http_request_body', 'http.http_response_body_printable']],
  [
    'http-body: in base64',
    '{ http-body: yes }',
    { http: { http_request_body: base64(fromLatin1('bo\ty')), http_response_body: base64(fromLatin1('hello')) } },
    ['http.http_request_body_printable'],
  ],
  [
    'http-body-printable: dots for the rest',
    '{ http-body-printable: yes }',
    { http: { http_request_body_printable: 'bo.y', http_response_body_printable: 'hello' } },
    [],
  ],
  ['a body is part of what metadata turns off', '{ http-body: yes, metadata: no }', {}, ['http', 'alert.metadata']],
  [
    'the rule’s metadata alone may be off',
    '{ metadata: { rule: { metadata: no, raw: yes } } }',
    { alert: { rule: ON_HTTP }, http: { status: 200 } },
    ['alert.metadata'],
  ],
])('alert: %s', (_why, alert, shown, left) => {
  const [record] = records('alert', `{ types: [ { alert: ${alert} } ] }`, conversation(80, HTTP), ON_HTTP);
  expect(record).toMatchObject(shown);
  for (const path of left) expect(record).not.toHaveProperty(path);
});

test('names that objects have of their own are names like others', () => {
  const rule =
    'alert http any any -> any any (flow:to_client; http.stat_code; content:"200"; metadata:constructor a, __proto__ b, constructor c; flowint:__proto__,=,5; sid:1;)';
  const [record] = records('alert', '{ types: [ alert ] }', conversation(80, ASKED), rule);
  expect(JSON.stringify((record['alert'] as EveRecord)['metadata'])).toBe('{"constructor":["a","c"],"__proto__":["b"]}');
  expect(JSON.stringify((record['metadata'] as EveRecord)['flowints'])).toBe('{"__proto__":5}');
});

test('alerts on a stream show what the receiver acknowledged, and what was searched before only where it is kept', () => {
  const eve = '{ types: [ { alert: { payload-printable: yes, payload-length: yes } } ] }';
  const rules = 'alert http any any -> any any (flow:to_server; content:"GET"; sid:1;)';
  const [one, two] = ['GET /1 HTTP/1.1\r\n\r\n', 'GET /2 HTTP/1.1\r\n\r\n'];
  const exchanges = [
    { from: 'client', bytes: one },
    // The first packet of this direction since the request was acknowledged, with bytes that are not.
    { from: 'client', bytes: two, delay: 100_000 },
    { from: 'server', bytes: 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n' },
  ] as const;
  const shownWith = (keptOfHttp: string): unknown[] => {
    const more = `app-layer: { protocols: { http: { libhtp: { default-config: { request-body-minimal-inspect-size: ${keptOfHttp} } } } } }`;
    const compose = (capture: CaptureComposer): void => {
      capture.tcpConversation({ client: '10.0.0.5', server: '203.0.113.9', serverPort: 80, exchanges });
    };
    return records('alert', eve, compose, rules, more).map((record) => [record['payload_printable'], record['payload_length'], record['stream']]);
  };
  expect(shownWith('0')).toEqual([
    [one, one.length, 1],
    [two, two.length, 1],
  ]);
  // What is inspected as a whole stays at hand.
  expect(shownWith('32 KiB')).toEqual([
    [one, one.length, 1],
    [one + two, one.length + two.length, 1],
  ]);
});

test('a body that ends with the connection ends when both sides said so; what is searched in its bytes is found then', () => {
  const rules = 'alert http any any -> any any (flow:to_client; content:"OK"; sid:1;)';
  const talk: readonly Exchange[] = [
    ['client', 'GET / HTTP/1.1\r\n\r\n'],
    ['server', 'HTTP/1.1 200 OK\r\n\r\nhello'],
  ];
  const numbers = (type: string): unknown[] => records(type, '{ types: [ alert, http ] }', conversation(80, talk), rules).map((record) => record['pcap_cnt']);
  // Handshake, request, response, each with its acknowledgement; the client's FIN, the server's, and the last acknowledgement.
  expect(numbers('http')).toEqual([10]);
  expect(numbers('alert')).toEqual([9]);
});

test('alerts on datagrams are not of a stream', () => {
  const rules = 'alert dns any any -> any any (dns.query; content:"example"; sid:1;)';
  const [record] = records(
    'alert',
    '{ types: [ { alert: { payload: yes } } ] }',
    (capture) => capture.dnsLookup({ client: '10.0.0.5', resolver: '203.0.113.9', name: 'example.com', answers: [] }),
    rules,
  );
  expect(record['stream']).toBe(0);
});

test.each<readonly [why: string, http: string, shown: Record<string, string>]>([
  ['by the header’s name', '{ custom: [Accept-Language, server] }', { accept_language: 'de', server: 's' }],
  ['by the option’s name', '{ custom: [accept_language] }', { accept_language: 'de' }],
])('http: custom fields %s', (_why, http, shown) => {
  expect(records('http', `{ types: [ { http: ${http} } ] }`, conversation(80, HTTP))[0]['http']).toMatchObject(shown);
});

test.each([
  ['none', 'http', []],
  ['request', 'http', ['request_headers']],
  ['response', 'http', ['response_headers']],
  ['both', 'http', ['request_headers', 'response_headers']],
  // The user guide's examples of alerts and files have none, although they are dumped.
  ['both', 'alert', []],
  ['both', 'fileinfo', []],
])('http: dump-all-headers: %s, seen in %s', (written, type, names) => {
  const eve = `{ types: [ alert, files, { http: { extended: yes, dump-all-headers: ${written} } } ] }`;
  const [record] = records(type, eve, conversation(80, HTTP), ON_HTTP);
  expect(Object.keys(record['http'] as EveRecord).filter((name) => name.endsWith('_headers'))).toEqual(names);
});

const PROXIED: readonly Exchange[] = [
  ['client', 'POST /a HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.7, 192.0.2.8\r\nX-Real: 192.0.2.9\r\nContent-Length: 4\r\n\r\nbody'],
  ['server', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'],
];

test.each<readonly [why: string, xff: string, type: string, shown: object]>([
  ['the last address counts behind reverse proxies', '{ enabled: yes }', 'http', { xff: '192.0.2.8', src_ip: '10.0.0.5' }],
  ['the first behind forward proxies', '{ enabled: yes, deployment: forward }', 'http', { xff: '192.0.2.7' }],
  ['files have it, too', '{ enabled: yes }', 'fileinfo', { xff: '192.0.2.8' }],
  ['alerts have it within', '{ enabled: yes }', 'alert', { alert: { xff: '192.0.2.8' } }],
  ['another header', '{ enabled: yes, header: X-Real }', 'alert', { alert: { xff: '192.0.2.9' } }],
  ['in the client’s place', '{ enabled: yes, mode: overwrite }', 'http', { src_ip: '192.0.2.8', dest_ip: '203.0.113.9' }],
  ['which is the other one of what the server sent', '{ enabled: yes, mode: overwrite }', 'alert', { src_ip: '203.0.113.9', dest_ip: '192.0.2.8' }],
])('xff: %s', (_why, xff, type, shown) => {
  const [record] = records(type, `{ xff: ${xff}, types: [ alert, http, files ] }`, conversation(80, PROXIED), ON_HTTP);
  expect(record).toMatchObject(shown);
});

test('xff: off for all, on for one type', () => {
  const eve = '{ types: [ { alert: { xff: { enabled: yes } } }, http ] }';
  expect(records('alert', eve, conversation(80, PROXIED), ON_HTTP)[0]).toMatchObject({ alert: { xff: '192.0.2.8' } });
  expect(records('http', eve, conversation(80, PROXIED), ON_HTTP)[0]).not.toHaveProperty('xff');
});

const ABC = '900150983cd24fb0d6963f7d28e17f72';

test.each<readonly [why: string, smtp: string, application: string, shown: object | undefined, left: readonly string[]]>([
  [
    'who wrote to whom, and nothing else, unless asked for',
    '{}',
    '{ mime: { body-md5: yes } }',
    { status: 'PARSE_DONE' },
    ['subject', 'subject_md5', 'body_md5', 'sensitivity'],
  ],
  ['more in the extended form', '{ extended: yes }', '{}', { subject: 'abc', bcc: ['c@d', 'e@f'] }, ['sensitivity', 'received']],
  ['the subject’s digest', '{ md5: [subject] }', '{}', { subject_md5: ABC }, ['subject', 'body_md5']],
  ['the body’s needs the setting', '{ md5: [body] }', '{}', { status: 'PARSE_DONE' }, ['body_md5']],
  ['and is that of the text as sent', '{ md5: [body] }', '{ mime: { body-md5: yes } }', { body_md5: 'c13b6afecf97ea6b38d21a8f5167fa1e' }, []],
  ['further fields by name', '{ custom: [sensitivity, Received] }', '{}', { sensitivity: 'private', received: ['from a', 'from b'] }, ['subject']],
  ['values are cut', '{ custom: [subject] }', '{ mime: { header-value-depth: 2 } }', { subject: 'ab' }, []],
  ['mails that are not decoded show nothing', '{}', '{ mime: { decode-mime: no } }', undefined, []],
])('smtp: %s', (_why, smtp, application, shown, left) => {
  const [record] = records('smtp', `{ types: [ { smtp: ${smtp} } ] }`, conversation(25, MAIL), '', `app-layer: { protocols: { smtp: ${application} } }`);
  if (shown === undefined) expect(record).not.toHaveProperty('email');
  else expect(record['email']).toMatchObject(shown);
  for (const name of left) expect(record['email']).not.toHaveProperty(name);
});

test.each([
  ['yes', 1],
  ['auto', 1],
  ['no', 0],
])('email.body_md5 needs body-md5: %s', (written, count) => {
  const rule = 'alert smtp any any -> any any (email.body_md5; content:"c13b6afecf97ea6b38d21a8f5167fa1e"; sid:1;)';
  const more = `app-layer: { protocols: { smtp: { mime: { body-md5: ${written} } } } }`;
  expect(records('alert', '{ types: [ alert ] }', conversation(25, MAIL), rule, more)).toHaveLength(count);
});

test('smtp: raw-extraction makes one file of a mail that is not decoded', () => {
  const more = 'app-layer: { protocols: { smtp: { raw-extraction: yes, mime: { decode-mime: no } } } }';
  const [record] = records('fileinfo', '{ types: [ files ] }', conversation(25, MAIL), '', more);
  expect(record['fileinfo']).toMatchObject({ filename: 'rawmsg', size: 94, state: 'CLOSED' });
});

/** Ethernet with the type of IPv4, and a version that is none. */
const BROKEN = Uint8Array.from([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, ...new Array<number>(40).fill(0x95)]);

test.each([
  ['no', undefined],
  ['yes', base64(BROKEN.subarray(0, 32))],
])('anomaly: packethdr: %s', (written, packet) => {
  const shown = records('anomaly', `{ types: [ { anomaly: { types: { decode: yes }, packethdr: ${written} } } ] }`, (capture) => capture.frame(BROKEN));
  expect(shown.map((record) => record['packet'])).toEqual([packet]);
});

test.each([
  ['{ types: [ frame ] }', 'POST /a HTTP/1.1'],
  ['{ types: [ { frame: { payload-buffer-size: 4 } } ] }', 'POST'],
])('frame: %s', (eve, beginning) => {
  const shown = records('frame', eve, conversation(80, HTTP), ON_HTTP).map((record) => (record['frame'] as EveRecord)['payload_printable'] as string);
  expect(shown[0].slice(0, 16)).toBe(beginning);
});

test.each([
  ['none unless they are asked for', '{ types: [ anomaly ] }', []],
  [
    'once a packet',
    '{ types: [ { arp: { enabled: yes } } ] }',
    [
      ['request', '10.0.0.5', '10.0.0.9'],
      ['reply', '10.0.0.9', '10.0.0.5'],
    ],
  ],
])('arp: %s', (_why, eve, messages) => {
  const shown = records('arp', eve, (capture) => capture.arp({ sender: '10.0.0.5', target: '10.0.0.9' })).map((record) => record['arp'] as EveRecord);
  expect(shown.map(({ opcode, src_ip, dest_ip }) => [opcode, src_ip, dest_ip])).toEqual(messages);
  for (const { hw_type, proto_type, src_mac } of shown)
    expect({ hw_type, proto_type, src_mac }).toEqual({
      hw_type: 'ethernet',
      proto_type: 'ipv4',
      src_mac: expect.stringMatching(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/),
    });
});

test.each([
  ['{}', ['answers', 'grouped']],
  ['{ formats: [detailed] }', ['answers']],
  ['{ formats: [grouped] }', ['grouped']],
  ['{ version: 2, formats: [grouped] }', ['grouped']],
])('dns: %s', (dns, forms) => {
  const lookup = { client: '10.0.0.5', resolver: '10.0.0.1', name: 'a.example', answers: [{ type: 'A' as const, data: '192.0.2.1' }] };
  const shown = records('dns', `{ types: [ { dns: ${dns} } ] }`, (capture) => capture.dnsLookup(lookup)).map((record) => record['dns'] as EveRecord);
  const answer = shown.find(({ type }) => type === 'response' || type === 'answer')!;
  expect(['answers', 'grouped'].filter((form) => form in answer)).toEqual(forms);
});

test('anomaly: what an application protocol is about stands within', () => {
  const [record] = records('anomaly', '{ types: [ anomaly ] }', conversation(80, [['client', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n']]));
  expect(record).toMatchObject({ tx_id: 0, anomaly: { app_proto: 'http', type: 'applayer', layer: 'proto_parser' } });
  expect(record).not.toHaveProperty('app_proto');
});

test.each<readonly [why: string, stream: string, packets: readonly (readonly [packet: number, state: string])[]]>([
  [
    'every packet',
    '{ all: true }',
    [
      [1, 'syn_sent'],
      [2, 'syn_recv'],
      [3, 'established'],
      [4, 'established'],
    ],
  ],
  [
    'packets that bring the connection on',
    '{ state-update: true }',
    [
      [1, 'syn_sent'],
      [2, 'syn_recv'],
      [3, 'established'],
    ],
  ],
  ['none', '{}', []],
  ['none with anomalies', '{ event-set: true }', []],
])('stream: %s', (_why, stream, packets) => {
  const shown = records('stream_tcp', `{ types: [ { stream: ${stream} } ] }`, conversation(80, HTTP));
  const states = shown.map(({ pcap_cnt, stream_tcp }) => [pcap_cnt, (stream_tcp as { session: { state: string } }).session.state]);
  expect(states.slice(0, packets.length)).toEqual(packets);
  if (packets.length === 0) expect(states).toEqual([]);
  else expect(shown[0]).toMatchObject({ direction: 'to_server', stream_tcp: { packet: { syn: true, ack: false } } });
});

test.each<readonly [why: string, request: string, files: readonly string[]]>([
  ['what a path gives is a file', 'GET /a?b HTTP/1.1\r\nHost: a\r\n\r\n', ['/a']],
  ['what a proxy says of CONNECT is none: a host has no path', 'CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n', []],
  ['nor is an answer to a line without one', 'GET/HTTP/1.1\r\nHost: a\r\n\r\n', []],
  ['what stands behind a form feed may be one', 'GET\f/a\r\nHost: a\r\n\r\n', ['']],
  ['what was asked may have had one where no line came to its end', 'nothing that ends', ['']],
])('fileinfo: %s', (_why, request, files) => {
  const refused = conversation(80, [
    ['client', request],
    ['server', 'HTTP/1.1 405 No\r\nContent-Length: 2\r\n\r\nno'],
  ]);
  expect(records('fileinfo', '{ types: [ files ] }', refused).map(({ fileinfo }) => (fileinfo as { filename: string }).filename)).toEqual(files);
  // Rules read it all the same.
  const rule = 'alert http any any -> any any (flow:to_client; file.data; content:"no"; sid:1;)';
  expect(records('alert', '{ types: [ alert ] }', refused, rule).length).toBe(1);
});

test.each<readonly [why: string, layer: string, protocol: string]>([
  ['as in Suricata, unless it is named', '', 'failed'],
  ['named, it is looked for', 'app-layer: { protocols: { pgsql: { enabled: yes } } }', 'pgsql'],
])('PostgreSQL is not looked for: %s', (_why, layer, protocol) => {
  const asked = conversation(5432, [
    ['client', '\0\0\0\x08\x04\xd2\x16\x2f'],
    ['server', 'N'],
    ['client', '\0\0\0\x13\0\x03\0\0user\0alice\0\0'],
    ['server', 'R\0\0\0\x08\0\0\0\0'],
  ]);
  const [flow] = records('flow', '{ types: [ flow ] }', asked, '', layer);
  expect(flow['app_proto'] ?? 'failed').toBe(protocol);
});

test('every record names the sensor', () => {
  const [record] = records('http', '{ types: [ http ] }', conversation(80, HTTP), '', 'sensor-name: here');
  expect(record['host']).toBe('here');
});

test('what was agreed on and not spoken is told', () => {
  const exchanges: readonly Exchange[] = [
    ...MAIL.slice(0, 3),
    ['client', 'STARTTLS\r\n'],
    ['server', '220 go\r\n'],
    ['client', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
  ];
  const [record] = records('flow', '{ types: [ flow ] }', conversation(25, exchanges));
  expect(record).toMatchObject({ app_proto_orig: 'smtp', app_proto: 'http', app_proto_expected: 'tls' });
});

const LONG: readonly Exchange[] = [
  ['client', 'GET /long HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['server', `HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n${'x'.repeat(5000)}`],
];

test.each([
  ['the stream’s depth holds', 'stream: { reassembly: { depth: 3000 } }', 'TRUNCATED'],
  ['unless a protocol has its own', 'stream: { reassembly: { depth: 3000 } }\napp-layer: { protocols: { http: { stream-depth: 0 } } }', 'CLOSED'],
  ['which may be less', 'app-layer: { protocols: { http: { stream-depth: 3000 } } }', 'TRUNCATED'],
])('stream-depth: %s', (_why, more, state) => {
  const [record] = records('fileinfo', '{ types: [ files ] }', conversation(80, LONG), '', more);
  expect(record['fileinfo']).toMatchObject({ state });
});

test.each([
  ['app-layer: { protocols: { pop3: { max-tx: 2 } } }', 1],
  ['', 0],
])('max-tx: %s', (more, told) => {
  const commands: readonly Exchange[] = [['server', '+OK ready\r\n'], ...Array.from({ length: 8 }, (): Exchange => ['client', 'NOOP\r\n'])];
  const shown = records('anomaly', '{ types: [ anomaly ] }', conversation(110, commands), '', more).map((record) => (record['anomaly'] as EveRecord)['event']);
  expect(shown.filter((event) => event === 'too_many_transactions').length > 0 ? 1 : 0).toBe(told);
});

test.each([
  ['smb: { max-read-size: 0, max-write-size: 1mb }', { smb: { largestRead: 0, largestWrite: 1_048_576 } }],
  [
    'smb: { max-read-queue-size: 1mb, max-read-queue-cnt: 2, max-write-queue-cnt: 3 }',
    { smb: { readQueue: { pieces: 2, bytes: 1_048_576 }, writeQueue: { pieces: 3 } } },
  ],
  ['http2: { max-streams: 7, max-table-size: 4kb, max-reassembly-size: 5 }', { http2: { mostStreams: 7, longestBlock: 5, largestTable: 4096 } }],
  [
    'http: { libhtp: { default-config: { personality: IIS_5_0, path-convert-lowercase: yes, path-bestfit-replacement-char: "*", query-plusspace-decode: yes } } }',
    { http: { plusIsBlank: true, path: { backslashSeparates: true, decodesUnicode: true, decodesSeparators: true, lowercase: true, replacement: 0x2a } } },
  ],
  [
    'http: { libhtp: { default-config: { swf-decompression: { enabled: yes, type: deflate, compress-depth: 1kb } } } }',
    { http: { flash: { deflate: true, lzma: false, mostPacked: 1024, mostUnpacked: 1_048_576 } } },
  ],
  ['http: { libhtp: { default-config: { personality: Apache_2_2 } } }', { http: { path: { decodesSeparators: false, backslashSeparates: false } } }],
  ['http: { libhtp: { default-config: { personality: IDS, path-separators-compress: yes } } }', { http: { path: undefined } }],
  ['tls: { no-reassemble: yes }', { tls: { encryptionHandling: 'bypass' } }],
  ['tls: { no-reassemble: yes, encryption-handling: full }', { tls: { encryptionHandling: 'full' } }],
  ['tls: { encryption-handling: full }', { tls: { encryptionHandling: 'full' } }],
  // The name of releases before 8.
  ['tls: { encrypt-handling: bypass }', { tls: { encryptionHandling: 'track-only' } }],
])('app-layer.protocols: %s', (protocols, settings) => {
  const tree = parse(`app-layer: { protocols: { ${protocols} } }`) as Record<string, unknown>;
  expect(configurationOf(tree, { verifyChecksums: false, inline: false }).settings).toMatchObject(settings);
});

test.each([
  ['decoder: { max-layers: 3 }', { mostLayers: 3 }],
  ['decoder: { max-layers: 0 }', { mostLayers: 16 }],
  ['defrag: { timeout: 30, trackers: 10, memcap: 1mb }', { fragments: { timeout: 30, mostPackets: 10, bytes: 1_048_576 } }],
  ['datasets: { limits: { single-hashsize: 10 } }', { dataSetRows: { each: 10, all: 67_108_864 } }],
  ['flow-timeouts: { tcp: { new: 5 } }', { flowTimeouts: { tcp: { fresh: 5, established: 600, closed: 10 } } }],
  ['stream: { max-syn-queued: 3, max-synack-queued: 2 }', { stream: { mostSyns: 3, mostAnswers: 2 } }],
])('limits: %s', (written, settings) => {
  expect(configurationOf(parse(written) as Record<string, unknown>, { verifyChecksums: false, inline: false }).settings).toMatchObject(settings);
});

const PIPELINED: readonly Exchange[] = [['client', 'GET /a HTTP/1.1\r\nHost: a\r\nAccept: text\r\n\r\n'.repeat(4)]];

test.each([
  ['max-tx: 2', 'TOO_MANY_TRANSACTIONS'],
  ['headers-limit: 2', 'REQUEST_TOO_MANY_HEADERS'],
  ['meta-field-limit: 8', 'REQUEST_FIELD_TOO_LONG'],
])('libhtp: %s', (option, event) => {
  const told = (limits: string): unknown[] =>
    records(
      'anomaly',
      '{ types: [ anomaly ] }',
      conversation(80, PIPELINED),
      '',
      `app-layer: { protocols: { http: { libhtp: { default-config: { ${limits} } } } } }`,
    ).map((record) => (record['anomaly'] as EveRecord)['event']);
  expect(told(option)).toContain(event);
  expect(told('')).not.toContain(event);
});

const WRITTEN = 'http://user@a:8080/x/%2561/b?q=%2562';
const ASKED: readonly Exchange[] = [
  ['client', `GET ${WRITTEN} HTTP/1.1\r\nHost: a\r\n\r\n`],
  ['server', 'HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n'.concat('y'.repeat(50))],
];

test.each<readonly [why: string, libhtp: string, uri: string]>([
  ['escapes are undone once', '{}', '/x/%61/b?q=%62'],
  ['twice in the path', '{ default-config: { double-decode-path: yes } }', '/x/a/b?q=%62'],
  ['twice in the query', '{ default-config: { double-decode-query: yes } }', '/x/%61/b?q=b'],
  ['scheme and host may stand before', '{ default-config: { uri-include-all: yes } }', 'http://user@a:8080/x/%61/b?q=%62'],
  ['the server has its own', '{ server-config: [ { s: { address: [203.0.113.0/24], double-decode-path: yes } } ] }', '/x/a/b?q=%62'],
  [
    'the narrowest network counts',
    '{ server-config: [ { s: { address: [203.0.113.9], double-decode-query: yes } }, { t: { address: [203.0.113.0/24], double-decode-path: yes } } ] }',
    '/x/%61/b?q=b',
  ],
  ['another server has not', '{ server-config: [ { s: { address: [10.0.0.0/8], double-decode-path: yes } } ] }', '/x/%61/b?q=%62'],
])('libhtp: %s', (_why, libhtp, uri) => {
  const rule = `alert http any any -> any any (http.uri; content:"${uri.replace(':', '|3a|')}"; bsize:${uri.length}; sid:1;)`.replaceAll(':8080', '|3a|8080');
  expect(records('alert', '{ types: [ alert ] }', conversation(80, ASKED), rule, `app-layer: { protocols: { http: { libhtp: ${libhtp} } } }`)).toHaveLength(1);
});

test('libhtp: bodies of one server may be shorter', () => {
  const more = 'app-layer: { protocols: { http: { libhtp: { server-config: [ { s: { address: "203.0.113.9", response-body-limit: 20 } } ] } } } }';
  const [record] = records('fileinfo', '{ types: [ files ] }', conversation(80, ASKED), '', more);
  expect(record['fileinfo']).toMatchObject({ state: 'TRUNCATED' });
});

test('http-body-inline: a body is inspected as it comes, or once enough of it came', () => {
  const parts: readonly Exchange[] = [
    ['client', 'GET /a HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['server', `HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\nearly${'x'.repeat(2995)}`],
    ['server', 'x'.repeat(3000)],
    ['server', 'x'.repeat(3000)],
  ];
  const told = (libhtp: string): number => {
    const more = `app-layer: { protocols: { http: { libhtp: { ${libhtp} } } } }`;
    const [alert] = records(
      'alert',
      '{ types: [ alert ] }',
      conversation(80, parts),
      'alert http any any -> any any (file.data; content:"early"; sid:1;)',
      more,
    );
    return Number(alert['pcap_cnt']);
  };
  const [atOnce, later] = [told('default-config: { http-body-inline: yes }'), told('default-config: { http-body-inline: no }')];
  expect(atOnce).toBeLessThan(later);
  expect(told('default-config: { http-body-inline: auto }')).toBe(later);
  const forServer = (address: string, what: string): string => `server-config: [ { s: { address: ${address}, ${what} } } ]`;
  expect(told(forServer('203.0.113.9', 'http-body-inline: yes'))).toBe(atOnce);
  expect(told(forServer('203.0.113.9', 'response-body-minimal-inspect-size: 100'))).toBe(atOnce);
  expect(told(forServer('203.0.113.8', 'http-body-inline: yes'))).toBe(later);
});

const FILM = String.fromCharCode(
  ...(fromHex('4357530990000000789cab60608d6760e05fc0c0c0c3c89092efe8e4ac905a9699a3509c5c945950a290915a940a11a031010085932ddb') ?? []),
);

test.each<readonly [why: string, flash: string, rule: string, alerts: number]>([
  ['as it came', '{ enabled: no }', 'file.data; content:"doABC";', 0],
  ['as it came, the packed bytes', '{ enabled: no }', 'file.data; content:"CWS"; startswith;', 1],
  ['unpacked', '{ enabled: yes }', 'file.data; content:"doABC"; content:"FWS"; startswith;', 1],
  ['the body, too', '{ enabled: yes, type: deflate }', 'http.response_body; content:"doABC";', 1],
  ['another method alone', '{ enabled: yes, type: lzma }', 'file.data; content:"doABC";', 0],
  ['so much of it', '{ enabled: yes, decompress-depth: 10 }', 'file.data; content:"doABC";', 0],
])('swf-decompression: %s', (_why, flash, rule, alerts) => {
  const film: readonly Exchange[] = [
    ['client', 'GET /a.swf HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['server', `HTTP/1.1 200 OK\r\nContent-Length: ${FILM.length}\r\n\r\n${FILM}`],
  ];
  const more = `app-layer: { protocols: { http: { libhtp: { default-config: { swf-decompression: ${flash} } } } } }`;
  expect(records('alert', '{ types: [ alert ] }', conversation(80, film), `alert http any any -> any any (${rule} sid:1;)`, more)).toHaveLength(alerts);
});
