/**
 * What scripts get of each `suricata.*` library: a case is an expression and what it is, written as Lua writes it, or the error that
 * it ends in. Scripts run as those of rules do, on captures; functions that no case names fail the last test.
 */
import { concatBytes, fromLatin1 } from '@sigwright/bytes';
import { catalogue } from '@sigwright/catalogue';
import { DEFAULT_SETTINGS, type EngineSettings } from '@sigwright/contracts';
import { buildPlan, Engine, usePlan } from '@sigwright/detection';
import { Interpreter } from '@sigwright/lua';
import { parseRules } from '@sigwright/rule-language';
import { type CaptureComposer, certificate, composeCapture, SeededRandom, sshKeyExchangeInit, type TcpExchange, tlsExchanges } from '@sigwright/traffic';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { SAMPLES } from '../../message-samples.ts';
import { CLIENT, CLIENT_HELLO, crypto, initial, SERVER, SERVER_HELLO } from '../../quic-samples.ts';
import { LibraryTools } from './libraries/library-tools.ts';
import { suricataLibraries } from './suricata-libraries.ts';

type Case = readonly [why: string, expression: string, told: string];

interface Scene {
  readonly why: string;
  readonly capture: (capture: CaptureComposer) => void;
  /** of a rule, up to its script; the one alert of interest */
  readonly rule: string;
  /** statements before each expression */
  readonly before: string;
  /** statements of `init` and, for what is called once a thread, of `thread_init` */
  readonly init?: string;
  readonly threadInit?: string;
  readonly settings?: Partial<EngineSettings>;
  readonly cases: readonly Case[];
}

/** Values as the cases write them; tables with their keys in order. */
const SHOWN = `local function shown(value)
  if type(value) == "string" then return '"' .. value .. '"' end
  if type(value) ~= "table" then return tostring(value) end
  local parts = {}
  for key, one in pairs(value) do parts[#parts + 1] = tostring(key) .. "=" .. shown(one) end
  table.sort(parts)
  return "{" .. table.concat(parts, " ") .. "}"
end
local function all(...)
  local parts = {}
  for at = 1, select("#", ...) do parts[at] = shown((select(at, ...))) end
  return table.concat(parts, ", ")
end`;

/** What each case of a scene is: one run, in which each is a rule with a script. `failed`: hears which limit or error ended one. */
function toldIn(scene: Scene, failed?: (why: string) => void): string[] {
  const told: string[] = scene.cases.map(() => '');
  const scripts = new Map(
    scene.cases.map(([, expression], at) => [
      `${at}.lua`,
      `${SHOWN}
function init(sig) ${scene.init ?? ''} return {} end
function thread_init() ${scene.threadInit ?? ''} end
function match() ${scene.before} require("suricata.log").notice("${at} " .. all(${expression})) return 0 end`,
    ]),
  );
  const hear = (at: string, text: string): void => {
    if (told[Number(at)] === '') told[Number(at)] = text;
  };
  const settings: EngineSettings = {
    ...DEFAULT_SETTINGS,
    ...scene.settings,
    dataFiles: { ...DEFAULT_SETTINGS.dataFiles, read: (path) => (scripts.has(path) ? fromLatin1(scripts.get(path)!) : undefined) },
    scripts: {
      ...DEFAULT_SETTINGS.scripts,
      say(level, text) {
        const found = /^(\d+) ([\s\S]*)$/.exec(text);
        if (level === 'notice' && found !== null) hear(found[1], found[2]);
        else heard.push(`${level} ${text}`);
      },
      failed(why, text) {
        failed?.(why);
        const found = /: (\d+)\.lua:\d+: ([\s\S]*)$/.exec(text);
        if (found !== null) hear(found[1], `error: ${found[2]}`);
      },
    },
  };
  const rules = scene.cases.map((_, at) => `${scene.rule} lua:${at}.lua; sid:${at + 1}; rev:3; gid:2;)`).join('\n');
  const build = buildPlan([{ path: 'cases', rules: parseRules(rules).rules }], catalogue, settings);
  expect(build.problems.flatMap(({ diagnostics }) => diagnostics.filter(({ severity }) => severity === 'error'))).toEqual([]);
  const capture = composeCapture({ seed: 5, startTime: 1_709_888_400_123_456 });
  scene.capture(capture);
  const engine = new Engine(usePlan(build.data, catalogue, settings), catalogue, settings, {});
  expect(engine.feed(capture.finish())).toBeUndefined();
  engine.finish();
  return told;
}

/** What scripts said beside what they were asked. */
const heard: string[] = [];
/** Names of functions and methods that libraries were made of. */
const made = new Set<string>();
const asked: string[] = [];
const makeLibrary = LibraryTools.prototype.library;
vi.spyOn(LibraryTools.prototype, 'library').mockImplementation(function (this: LibraryTools, functions) {
  for (const name of Object.keys(functions)) made.add(name);
  return makeLibrary.call(this, functions);
});
afterAll(() => vi.restoreAllMocks());

const ENDS = { client: '10.0.0.1', server: '10.0.0.2' };
const tcp = (serverPort: number, exchanges: readonly TcpExchange[]) => (capture: CaptureComposer) =>
  void capture.tcpConversation({ ...ENDS, clientPort: 50_000, serverPort, exchanges });

/** No protocol that is known. */
const unknownTraffic = tcp(9999, [{ from: 'client', bytes: '\x01hello' }]);

const posted = (capture: CaptureComposer): void => {
  const request =
    'POST /A%41?b=1 HTTP/1.1\r\nHost: X.example:80\r\nUser-Agent: one\r\nAccept: a/b\r\naccept: c/d\r\nX-Long: first\r\n  second\r\nContent-Length: 3\r\n\r\nyes';
  const response = 'HTTP/1.1 200 OK\r\nServer: s\r\nContent-Length: 5\r\n\r\nhello';
  tcp(80, [
    { from: 'client', bytes: request },
    { from: 'server', bytes: response },
  ])(capture);
};

const certificateOf = (subject: string, serial: number): Uint8Array =>
  certificate(
    { subject, issuer: 'Authority', serial: Uint8Array.of(0x0a, serial), notBefore: '240101000000Z', notAfter: '250101000000Z' },
    new SeededRandom(3),
  );
const long = (length: number): Uint8Array => Uint8Array.of(length >> 16, (length >> 8) & 255, length & 255);
/** A record with a handshake message of type 11 (RFC 5246 section 7.4.2). */
function certificateRecord(one: Uint8Array): Uint8Array {
  const message = concatBytes(Uint8Array.of(11), long(one.length + 6), long(one.length + 3), long(one.length), one);
  return concatBytes(Uint8Array.of(22, 3, 3, message.length >> 8, message.length & 255), message);
}

/** The client shows a certificate, too. */
const secured = (capture: CaptureComposer): void => {
  const fields = { subject: 'a.example', issuer: 'Authority', serial: Uint8Array.of(0x0a, 7), notBefore: '240101000000Z', notAfter: '250101000000Z' };
  const [hello, flight, ...rest] = tlsExchanges({ serverName: 'a.example', version: '1.2', certificate: fields }, new SeededRandom(3));
  tcp(443, [hello, flight, { from: 'client', bytes: certificateRecord(certificateOf('alice', 9)) }, ...rest])(capture);
};

const mailed = tcp(25, [
  { from: 'server', bytes: '220 mx ready\r\n' },
  { from: 'client', bytes: 'EHLO me\r\n' },
  { from: 'server', bytes: '250 mx\r\n' },
  { from: 'client', bytes: 'MAIL FROM:<a@example.org>\r\n' },
  { from: 'server', bytes: '250 ok\r\n' },
  { from: 'client', bytes: 'RCPT TO:<b@example.org>\r\n' },
  { from: 'server', bytes: '250 ok\r\n' },
  { from: 'client', bytes: 'RCPT TO:<c@example.org>\r\n' },
  { from: 'server', bytes: '250 ok\r\n' },
  { from: 'client', bytes: 'DATA\r\n' },
  { from: 'server', bytes: '354 go\r\n' },
  { from: 'client', bytes: 'Subject: Hello there\r\nContent-Type: text/plain\r\n\r\nhi\r\n.\r\n' },
  { from: 'server', bytes: '250 taken\r\n' },
  { from: 'client', bytes: 'QUIT\r\n' },
]);

const shelled = (capture: CaptureComposer): void => {
  const offer = sshKeyExchangeInit(new SeededRandom(1));
  tcp(22, [
    { from: 'server', bytes: 'SSH-2.0-server_2 words\r\n' },
    { from: 'client', bytes: 'SSH-1.99-client_1\r\n' },
    { from: 'client', bytes: offer },
    { from: 'server', bytes: offer },
  ])(capture);
};

const HTTP_RULE = 'alert http any any -> any any (http.method; content:"POST";';
const HTTP_DONE = 'alert http any any -> any any (http.stat_code; content:"200";';
const STREAM_RULE = 'alert tcp any any -> any 9999 (content:"hello";';
const of = (library: string): string => `local lib = require("suricata.${library}")`;
const transactionOf = (library: string): string => `${of(library)} local tx = lib.get_tx()`;

const scenes: readonly Scene[] = [
  {
    why: 'base64',
    capture: posted,
    rule: HTTP_RULE,
    before: of('base64'),
    cases: [
      ['filled up to four letters', 'lib.encode("hi"), lib.encode("")', '"aGk=", ""'],
      ['any bytes', 'lib.encode("\\0\\255\\254")', '"AP/+"'],
      ['a number is a text, as in Lua', 'lib.encode(12)', '"MTI="'],
      ['not filled up', 'lib.encode_nopad("hi"), lib.encode_nopad("h"), lib.encode_nopad("hid")', '"aGk", "aA", "aGlk"'],
      ['padding must be there', 'lib.decode("aGk="), lib.decode("aGlk"), lib.decode(""), lib.decode("aGk")', '"hi", "hid", "", nil'],
      ['no letter beyond the alphabet, no blank', 'lib.decode("aG-_"), lib.decode("aGlk\\n"), lib.decode("=aGk")', 'nil, nil, nil'],
      ['as the engine STANDARD has it: no bits left over', 'lib.decode("aGl="), lib.decode_nopad("aGl"), lib.decode_padopt("aGl=")', 'nil, nil, nil'],
      ['padding must not be there', 'lib.decode_nopad("aGk"), lib.decode_nopad("aGk=")', '"hi", nil'],
      ['as one likes', 'lib.decode_padopt("aGk"), lib.decode_padopt("aGk="), lib.decode_padopt("a")', '"hi", "hi", nil'],
      ['RFC 2045: other letters are passed over', 'lib.decode_rfc2045("a G\\r\\nk=") , lib.decode_rfc2045("--")', '"hi", nil'],
      ['RFC 4648: other letters end it', 'lib.decode_rfc4648("aGlk aGlk"), lib.decode_rfc4648("aGk="), lib.decode_rfc4648("-")', '"hid", "hi", nil'],
      ['nothing', 'lib.encode()', "error: bad argument #1 to 'encode' (string expected, got no value)"],
      ['what is no text', 'lib.encode_nopad({})', "error: bad argument #1 to 'encode_nopad' (string expected, got table)"],
      ['nil', 'lib.decode(nil)', "error: bad argument #1 to 'decode' (string expected, got nil)"],
      ['nothing, without padding', 'lib.decode_nopad()', "error: bad argument #1 to 'decode_nopad' (string expected, got no value)"],
      ['a boolean', 'lib.decode_padopt(true)', "error: bad argument #1 to 'decode_padopt' (string expected, got boolean)"],
      ['nothing, of RFC 2045', 'lib.decode_rfc2045()', "error: bad argument #1 to 'decode_rfc2045' (string expected, got no value)"],
      ['nothing, of RFC 4648', 'lib.decode_rfc4648()', "error: bad argument #1 to 'decode_rfc4648' (string expected, got no value)"],
    ],
  },
  {
    why: 'hashing; digests of "abc" as RFC 1321 and FIPS 180 give them',
    capture: posted,
    rule: HTTP_RULE,
    before: `${of('hashlib')} local function begun(kind) local one = lib[kind]() one:update("a") one:update("") one:update("bc") return one end`,
    cases: [
      ['MD5', 'lib.md5_hexdigest("abc"), lib.md5_hex_digest("abc")', '"900150983cd24fb0d6963f7d28e17f72", "900150983cd24fb0d6963f7d28e17f72"'],
      [
        'SHA-1',
        'lib.sha1_hexdigest("abc"), lib.sha1_hex_digest("abc")',
        '"a9993e364706816aba3e25717850c26c9cd0d89d", "a9993e364706816aba3e25717850c26c9cd0d89d"',
      ],
      [
        'SHA-256',
        'lib.sha256_hexdigest("abc"), lib.sha256_hexdigest("abc") == lib.sha256_hex_digest("abc")',
        '"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", true',
      ],
      ['as bytes', '#lib.md5_digest("abc"), #lib.sha1_digest("abc"), #lib.sha256_digest("abc"), lib.md5_digest("abc"):byte(1)', '16, 20, 32, 144'],
      ['of nothing', 'lib.md5_hexdigest("")', '"d41d8cd98f00b204e9800998ecf8427e"'],
      ['piece by piece: MD5', 'begun("md5"):finalize_to_hex() == lib.md5_hexdigest("abc"), begun("md5"):finalize() == lib.md5_digest("abc")', 'true, true'],
      ['SHA-1 likewise', 'begun("sha1"):finalize_to_hex() == lib.sha1_hexdigest("abc"), begun("sha1"):finalize() == lib.sha1_digest("abc")', 'true, true'],
      [
        'SHA-256 likewise',
        'begun("sha256"):finalize_to_hex() == lib.sha256_hexdigest("abc"), begun("sha256"):finalize() == lib.sha256_digest("abc")',
        'true, true',
      ],
      ['by the name that the guide has', 'require("suricata.hashing").sha256_hex_digest("abc") == lib.sha256_hexdigest("abc")', 'true'],
      [
        'two at once are two',
        '(function() local a, b = lib.md5(), lib.md5() a:update("x") return b:finalize_to_hex() end)()',
        '"d41d8cd98f00b204e9800998ecf8427e"',
      ],
      ['a digest is told once', '(function() local one = begun("md5") one:finalize() return one:finalize_to_hex() end)()', 'error: the hasher was finalized'],
      ['and takes no more', '(function() local one = begun("sha1") one:finalize() one:update("d") end)()', 'error: the hasher was finalized'],
      ['nothing', 'lib.sha256_hexdigest()', "error: bad argument #1 to 'sha256_hexdigest' (string expected, got no value)"],
      ['a table', 'lib.md5_digest({})', "error: bad argument #1 to 'md5_digest' (string expected, got table)"],
      ['a piece that is none', 'lib.sha1():update(nil)', "error: bad argument #1 to 'update' (string expected, got nil)"],
      ['a method without its value', 'lib.sha1().finalize()', "error: bad argument #1 to 'finalize' (suricata:hashlib:hasher expected)"],
    ],
  },
  {
    why: 'the engine: log, config, util',
    capture: posted,
    rule: HTTP_RULE,
    before: 'local log, config, util = require("suricata.log"), require("suricata.config"), require("suricata.util")',
    cases: [
      [
        'each level says its text and gives nothing',
        'log.error("e"), log.warning("w"), log.notice("n"), log.info("i"), log.perf("p"), log.config("c"), log.debug("d")',
        'nil, nil, nil, nil, nil, nil',
      ],
      ['a rule has no folder of logs, and is told so in a second value', 'config.log_path()', 'nil, "error: no log folder here"'],
      ['the thread', 'util.thread_info().id, util.thread_info().name, util.thread_info().group_name', '1, "W#01", "W#01"'],
    ],
  },
  {
    why: 'sets',
    capture: posted,
    rule: HTTP_RULE,
    before: `${of('dataset')} local set = lib.new() local function open() assert(set:get("seen")) return set end`,
    settings: { dataSets: new Map([['seen', { type: 'string', load: undefined, save: undefined }]]) },
    cases: [
      ['one that the configuration has', 'set:get("seen")', 'true'],
      ['one that nobody has', 'set:get("unseen")', 'nil, "dataset unseen not found"'],
      ['what is new is told from what was there', 'open():add("x", 1), open():add("x", 1)', '1, 0'],
      ['as much of it as is said', 'open():add("longer", 3), open():add("lon")', '1, 0'],
      ['a length as a float', 'open():add("float", 5.0), open():add("float")', '1, 0'],
      ['before a set is named', 'set:add("x", 1)', 'nil, "dataset is not initialized"'],
      ['no name', 'set:get()', "error: bad argument #1 to 'get' (string expected, got no value)"],
      ['no value', 'open():add({}, 1)', "error: bad argument #1 to 'add' (string expected, got table)"],
      ['a length that is none', 'open():add("x", "y")', "error: bad argument #2 to 'add' (number expected, got string)"],
      ['a value of another library', 'set.add(require("suricata.flow").get(), "x", 1)', "error: bad argument #1 to 'add' (suricata:dataset expected)"],
    ],
  },
  {
    why: 'numbers and texts of flows',
    capture: posted,
    rule: HTTP_RULE,
    before: 'local ints, vars = require("suricata.flowint"), require("suricata.flowvar")',
    init: 'local ints, vars = require("suricata.flowint"), require("suricata.flowvar") ints.register("i") vars.register("v")',
    cases: [
      ['nil before there is one', 'ints.get("none"):value(), vars.get("none"):value()', 'nil, nil'],
      ['counted from nothing', 'ints.get("up"):incr(), ints.get("up"):incr(), ints.get("up"):value()', '1, 2, 2'],
      ['0 stays 0', 'ints.get("down"):set(1), ints.get("down"):decr(), ints.get("down"):decr()', '1, 0, 0'],
      ['32 bits are the most', 'ints.get("most"):set(4294967295), ints.get("most"):incr()', '4294967295, 4294967295'],
      ['a float that is whole, and a text that is a number', 'ints.get("float"):set(3.0), ints.get("text"):set("4")', '3, 4'],
      ['a registered one is the same as one by name', 'ints.register("same"):set(5), ints.get("same"):value()', '5, 5'],
      ['a fraction', 'ints.get("f"):set(1.5)', "error: bad argument #1 to 'set' (number has no integer representation)"],
      ['no number', 'ints.get("f"):set()', "error: bad argument #1 to 'set' (number expected, got no value)"],
      ['no name of a number', 'ints.get()', "error: bad argument #1 to 'get' (string expected, got no value)"],
      ['nothing to register', 'ints.register({})', "error: bad argument #1 to 'register' (string expected, got table)"],
      ['more than are kept', '(function() for at = 1, 64 do ints.register("n" .. at) end end)()', 'error: too many flow integers registered'],
      ['a text, for whoever asks next', '(function() vars.get("t"):set("abc", 3) return vars.get("t"):value() end)()', '"abc"'],
      ['as much of it as is said', '(function() vars.get("p"):set("abc", 2.0) return vars.get("p"):value() end)()', '"ab"'],
      ['more than there is', '(function() vars.get("q"):set("abc", 9) return vars.get("q"):value() end)()', '"abc"'],
      ['the length must be said', 'vars.get("l"):set("abc")', "error: bad argument #2 to 'set' (number expected, got no value)"],
      ['no text', 'vars.get("l"):set(nil, 1)', "error: bad argument #1 to 'set' (string expected, got nil)"],
      ['no name of a text', 'vars.get({})', "error: bad argument #1 to 'get' (string expected, got table)"],
      ['no text to register', 'vars.register()', "error: bad argument #1 to 'register' (string expected, got no value)"],
      ['more texts than are kept', '(function() for at = 1, 64 do vars.register("n" .. at) end end)()', 'error: too many flow variables registered'],
    ],
  },
  {
    why: 'variables of the rule',
    capture: unknownTraffic,
    rule: 'alert tcp any any -> any 9999 (content:"h"; byte_extract:1,0,v,relative; byte_math:bytes 1, offset 0, oper *, rvalue 2, result twice, relative;',
    before: of('bytevar'),
    init: `${of('bytevar')} lib.map(sig, "v") lib.map(sig, "twice")`,
    threadInit: `${of('bytevar')} one, two = lib.get("v"), lib.get("twice")`,
    cases: [
      ['what was taken and reckoned', 'one:value(), two:value()', '101, 216'],
      ['asked for while it runs', 'lib.get("v"):value()', '101'],
      ['one that was not mapped', 'lib.get("w")', 'error: unknown byte variable: w'],
      ['mapped too late', 'lib.map({}, "v")', 'error: unknown byte variable: v'],
      ['no name', 'lib.get()', "error: bad argument #1 to 'get' (string expected, got no value)"],
      ['the first argument is the rule', 'lib.map("v")', "error: bad argument #2 to 'map' (string expected, got no value)"],
    ],
  },
  {
    why: 'an exchange of HTTP',
    capture: posted,
    rule: HTTP_DONE,
    before: transactionOf('http'),
    cases: [
      ['first lines', 'tx:request_line(), tx:response_line()', '"POST /A%41?b=1 HTTP/1.1", "HTTP/1.1 200 OK"'],
      ['the address as it came and as it is read', 'tx:request_uri_raw(), tx:request_uri_normalized()', '"/A%41?b=1", "/AA?b=1"'],
      ['the host, without its port', 'tx:request_host()', '"x.example"'],
      ['a header, however its name is written', 'tx:request_header("user-AGENT"), tx:response_header("server")', '"one", "s"'],
      ['one that comes twice', 'tx:request_header("Accept")', '"a/b, c/d"'],
      ['one over two lines', 'tx:request_header("X-Long")', '"first second"'],
      ['one that is not there', 'tx:request_header("Cookie"), tx:response_header("Cookie")', 'nil, nil'],
      ['all of the request', 'tx:request_headers()', '{Accept="a/b, c/d" Content-Length="3" Host="X.example:80" User-Agent="one" X-Long="first second"}'],
      ['all of the response', 'tx:response_headers()', '{Content-Length="5" Server="s"}'],
      ['as they came', 'tx:response_headers_raw(), tx:request_headers_raw():sub(1, 20)', '"Server: s\r\nContent-Length: 5\r\n\r\n", "Host: X.example:80\r\n"'],
      ['bodies in pieces', 'tx:request_body(), tx:response_body()', '{1="yes"}, {1="hello"}'],
      ['a header without a name', 'tx:request_header()', "error: bad argument #1 to 'request_header' (string expected, got no value)"],
      ['and of the response', 'tx:response_header({})', "error: bad argument #1 to 'response_header' (string expected, got table)"],
      ['a method without its value', 'tx.request_line()', "error: bad argument #1 to 'request_line' (suricata:http:tx expected)"],
      ['a method that there is not', 'tx:cookie()', "error: attempt to call a nil value (method 'cookie')"],
    ],
  },
  {
    why: 'a request of HTTP that was not answered',
    capture: tcp(80, [{ from: 'client', bytes: 'POST / HTTP/1.0\r\n\r\n' }]),
    rule: HTTP_RULE,
    before: transactionOf('http'),
    cases: [
      [
        'nothing of a response',
        'tx:response_line(), tx:response_headers_raw(), tx:response_headers(), tx:response_body(), tx:response_header("a")',
        'nil, nil, nil, nil, nil',
      ],
      ['no body, no host', 'tx:request_body(), tx:request_host(), tx:request_header("Host")', 'nil, nil, nil'],
    ],
  },
  {
    why: 'a question of DNS',
    capture: (capture) => capture.dnsLookup({ client: '10.0.0.1', resolver: '10.0.0.2', name: 'A.example', answers: [] }),
    rule: 'alert dns any any -> any any (flow:to_server; dns.query; content:"example";',
    before: transactionOf('dns'),
    cases: [
      ['who is asked for', 'tx:rrname(), tx:queries()', '"A.example", {0={rrname="A.example" rrtype="A" type="A"}}'],
      ['no response code', 'tx:rcode(), tx:rcode_string()', 'nil, nil'],
      ['flags', 'tx:flags(), tx:recursion_desired()', '256, true'],
      ['tables without entries', 'tx:answers(), tx:authorities()', '{}, {}'],
      ['the number of the message', 'math.type(tx:txid())', '"integer"'],
    ],
  },
  {
    why: 'an answer of DNS',
    capture: (capture) => {
      const answers = [{ type: 'CNAME', data: 'b.example', timeToLive: 60 } as const, { type: 'A', data: '192.0.2.7', name: 'b.example' } as const];
      capture.dnsLookup({ client: '10.0.0.1', resolver: '10.0.0.2', name: 'a.example', answers, responseCode: 3 });
    },
    rule: 'alert dns any any -> any any (flow:to_client; dns.answer.name; content:"a.example";',
    before: transactionOf('dns'),
    cases: [
      ['its entries from 0 on', 'tx:answers()[0]', '{addr="b.example" rdata="b.example" rrname="a.example" rrtype="CNAME" ttl=60 type="CNAME"}'],
      [
        'each as the guide takes it',
        'tx:answers()[1].rrname, tx:answers()[1].type, tx:answers()[1].ttl, tx:answers()[1].addr',
        '"b.example", "A", 300, "192.0.2.7"',
      ],
      ['its code as a number and in words', 'tx:rcode(), tx:rcode_string()', '3, "NXDOMAIN"'],
      ['the question comes with it', 'tx:queries()[0].rrname, tx:rrname(), tx:flags()', '"a.example", "a.example", 33155'],
      ['nothing of authorities', 'tx:authorities()', '{}'],
    ],
  },
  {
    why: 'a connection of TLS with certificates of both sides',
    capture: secured,
    rule: 'alert tls any any -> any any (flow:to_server; tls.cert_subject; content:"alice";',
    before: transactionOf('tls'),
    cases: [
      ['the version, told by either name', 'tx:get_client_version(), tx:get_server_version()', '"TLS 1.2", "TLS 1.2"'],
      ['the name that is asked for', 'tx:get_client_sni(), tx:get_sni()', '"a.example", "a.example"'],
      ['serial numbers', 'tx:get_client_serial(), tx:get_server_serial()', '"0A:09", "0A:07"'],
      ['subjects', 'tx:get_client_subject(), tx:get_server_subject()', '"CN=alice", "CN=a.example"'],
      [
        'when they begin and end, in seconds since 1970',
        'tx:get_client_cert_not_before(), tx:get_client_cert_not_after(), tx:get_server_cert_not_before(), tx:get_server_cert_not_after()',
        '1704067200, 1735689600, 1704067200, 1735689600',
      ],
      [
        'version, subject, issuer',
        '(function(...) return (select(1, ...)), (select(2, ...)), (select(3, ...)) end)(tx:get_server_cert_info())',
        '"TLS 1.2", "CN=a.example", "CN=Authority"',
      ],
      ['and fingerprint', 'select(4, tx:get_client_cert_info()):gsub("%x%x", "##")', `"${Array(20).fill('##').join(':')}", 20`],
      ['chains', '#tx:get_client_cert_chain(), #tx:get_server_cert_chain()', '1, 1'],
      [
        'each with its bytes and their number',
        '(function(one) return one.length == #one.data, one.data:byte(1) end)(tx:get_server_cert_chain()[1])',
        'true, 48',
      ],
      ['a method of another value', 'tx.get_sni(require("suricata.flow").get())', "error: bad argument #1 to 'get_sni' (suricata:tls:tx expected)"],
    ],
  },
  {
    why: 'a connection of TLS 1.3, whose certificates nobody sees',
    capture: (capture) => capture.tlsConnection({ ...ENDS, version: '1.3' }),
    rule: 'alert tls any any -> any any (flow:to_client; tls.version:1.3;',
    before: transactionOf('tls'),
    cases: [
      ['no name asked for', 'tx:get_client_sni()', 'nil'],
      ['no chains', 'tx:get_client_cert_chain(), tx:get_server_cert_chain()', 'nil, nil'],
      [
        'nothing of a certificate',
        'tx:get_server_serial(), tx:get_server_subject(), tx:get_server_cert_not_before(), tx:get_server_cert_not_after()',
        'nil, nil, nil, nil',
      ],
      [
        'and why',
        'select(2, tx:get_server_cert_info()), select(2, tx:get_client_cert_info())',
        '"error: no certificate of the server here", "error: no certificate of the client here"',
      ],
    ],
  },
  {
    why: 'fingerprints of TLS',
    capture: secured,
    rule: 'alert tls any any -> any any (flow:to_client; tls.cert_subject; content:"a.example";',
    before: transactionOf('ja3'),
    init: `${of('ja3')} lib.enable_ja3()`,
    cases: [
      [
        'of the client, and the digest is that of the text',
        'tx:ja3_get_string(), require("suricata.hashlib").md5_hexdigest(tx:ja3_get_string()) == tx:ja3_get_hash()',
        '"771,49195-49199-49196-49200-52393-52392-49171-49172-156-157-47-53,0-23-65281-10-11-13,29-23-24,0", true',
      ],
      [
        'of the server',
        'tx:ja3s_get_string(), require("suricata.hashlib").md5_hexdigest(tx:ja3s_get_string()) == tx:ja3s_get_hash()',
        '"771,49195,65281", true',
      ],
    ],
  },
  {
    why: 'fingerprints of QUIC',
    capture: (capture) =>
      capture.udpExchange({
        ...ENDS,
        serverPort: 443,
        exchanges: [
          { from: 'client', bytes: initial(CLIENT, 'chosen-1', 'chosen-1', 1, crypto(0, CLIENT_HELLO)) },
          { from: 'server', bytes: initial(SERVER, 'chosen-1', 'server-1', 1, crypto(0, SERVER_HELLO)) },
        ],
      }),
    rule: 'alert quic any any -> any any (quic.sni; content:"www";',
    before: transactionOf('ja3'),
    cases: [['of the client; the server is another transaction', 'tx:ja3_get_string(), tx:ja3s_get_hash()', '"771,4865-4866,0-16-43-13,,", nil']],
  },
  {
    why: 'SSH',
    capture: shelled,
    rule: 'alert ssh any any -> any any (flow:to_client; ssh.hassh.server.string; content:"sha";',
    before: `${transactionOf('ssh')} local md5 = require("suricata.hashlib").md5_hexdigest`,
    init: `${of('ssh')} lib.enable_hassh()`,
    cases: [
      ['versions', 'tx:client_proto(), tx:server_proto()', '"1.99", "2.0"'],
      ['software, without the words behind it', 'tx:client_software(), tx:server_software()', '"client_1", "server_2"'],
      ['HASSH', 'tx:client_hassh() == md5(tx:client_hassh_string()), tx:server_hassh() == md5(tx:server_hassh_string())', 'true, true'],
      [
        'its text: exchange, ciphers, codes, compression',
        'select(2, tx:client_hassh_string():gsub(";", "")), tx:server_hassh_string():sub(1, 17)',
        '3, "curve25519-sha256"',
      ],
    ],
  },
  {
    why: 'SSH of which only the client spoke',
    capture: tcp(22, [{ from: 'client', bytes: 'SSH-2.0-client_1\r\n' }]),
    rule: 'alert ssh any any -> any any (flow:to_server; ssh.software; content:"client";',
    before: transactionOf('ssh'),
    cases: [
      ['nothing of the server', 'tx:server_proto(), tx:server_software(), tx:server_hassh(), tx:server_hassh_string()', 'nil, nil, nil, nil'],
      ['no offer yet', 'tx:client_software(), tx:client_hassh(), tx:client_hassh_string()', '"client_1", nil, nil'],
    ],
  },
  {
    why: 'a mail',
    capture: mailed,
    rule: 'alert smtp any any -> any any (email.subject; content:"Hello";',
    before: transactionOf('smtp'),
    cases: [
      ['who sent it, to whom, as it was written', 'tx:get_mail_from(), tx:get_rcpt_list()', '"<a@example.org>", {1="<b@example.org>" 2="<c@example.org>"}'],
      ['a field, however its name is written', 'tx:get_mime_field("SUBJECT"), tx:get_mime_field("To")', '"Hello there", nil'],
      ['names of fields in order', 'tx:get_mime_list()', '{1="Subject" 2="Content-Type"}'],
      ['no name of a field', 'tx:get_mime_field()', "error: bad argument #1 to 'get_mime_field' (string expected, got no value)"],
    ],
  },
  {
    why: 'SMTP without a mail',
    capture: tcp(25, [
      { from: 'server', bytes: '220 mx ready\r\n' },
      { from: 'client', bytes: 'EHLO me\r\n' },
      { from: 'server', bytes: '250 mx\r\n' },
    ]),
    rule: 'alert smtp any any -> any any (flow:to_server; smtp.helo; content:"me";',
    before: transactionOf('smtp'),
    cases: [['nothing of it', 'tx:get_mail_from(), tx:get_rcpt_list(), tx:get_mime_list(), tx:get_mime_field("Subject")', 'nil, nil, nil, nil']],
  },
  {
    why: 'a message of NTP',
    capture: (capture) => capture.ntp(ENDS),
    rule: 'alert ntp any any -> any any (flow:to_client; ntp.stratum:2;',
    before: transactionOf('ntp'),
    cases: [
      ['numbers', 'tx:version(), tx:mode(), tx:stratum()', '4, 4, 2'],
      ['four bytes', 'tx:reference_id():byte(1, 4)', '192, 0, 2, 123'],
    ],
  },
  {
    why: 'a message of NTP that is not about time',
    capture: (capture) => capture.udpExchange({ ...ENDS, serverPort: 123, exchanges: [{ from: 'client', bytes: '\x16\x01\0\x01\0\0\0\0\0\0\0\0' }] }),
    rule: 'alert ntp any any -> any any (flow:to_server; ntp.mode:6;',
    before: transactionOf('ntp'),
    cases: [['has no stratum and no reference', 'tx:version(), tx:mode(), tx:stratum(), tx:reference_id()', '2, 6, nil, nil']],
  },
  {
    why: 'a request of DNP3',
    capture: tcp(20_000, [
      { from: 'client', bytes: SAMPLES.dnp3.write },
      { from: 'server', bytes: SAMPLES.dnp3.response },
    ]),
    rule: 'alert dnp3 any any -> any any (flow:to_server; dnp3_func:2;',
    before: transactionOf('dnp3'),
    cases: [
      ['whose it is', 'tx.tx_num, tx.is_request, tx.response', '0, true, nil'],
      [
        'headers',
        'tx.request.link_header.len, tx.request.link_header.src, tx.request.link_header.dst, tx.request.application_header',
        '18, 3, 4, {control=193 function_code=2}',
      ],
      [
        'the parts of the link, and the byte of transport',
        'math.type(tx.request.link_header.crc), tx.request.link_header.control, math.type(tx.request.transport_header)',
        '"integer", 196, "integer"',
      ],
      ['whole', 'tx.request.done, tx.request.complete, tx.request.indicators', 'true, true, nil'],
      ['objects and their points', 'tx.request.objects[1].group, tx.request.objects[1].variation, tx.request.objects[1].points[1].index', '50, 1, 0'],
    ],
  },
  {
    why: 'a response of DNP3',
    capture: tcp(20_000, [
      { from: 'client', bytes: SAMPLES.dnp3.write },
      { from: 'server', bytes: SAMPLES.dnp3.response },
    ]),
    rule: 'alert dnp3 any any -> any any (flow:to_client; dnp3_func:129;',
    before: transactionOf('dnp3'),
    cases: [
      ['is told with its indications', 'tx.is_request, tx.request, tx.response.indicators, tx.response.objects[1].points[1].state', 'false, nil, 36866, 1'],
    ],
  },
  {
    why: 'a packet of TCP',
    capture: unknownTraffic,
    rule: 'alert tcp any any -> any 9999 (dsize:6;',
    before: 'local p = require("suricata.packet").get()',
    cases: [
      ['bytes of its payload', 'p:payload()', '"\x01hello"'],
      ['all of its bytes', '#p:packet(), p:packet_len(), p:packet():sub(-6) == p:payload(), p:packet():byte(13, 14)', '60, 60, true, 8, 0'],
      ['its number in the capture', 'p:pcap_cnt()', '4'],
      ['its time in seconds and beyond', '(function(s, u) return s, u > 123456, math.type(u) end)(p:timestamp())', '1709888400, true, "integer"'],
      ['as old logs have it', 'p:timestring_legacy():gsub("%.%d%d%d%d%d%d$", "")', '"03/08/2024-09:00:00", 1'],
      ['as EVE has it', 'p:timestring_iso8601():gsub("%.%d%d%d%d%d%d", "")', '"2024-03-08T09:00:00+0000", 1'],
      ['its ends', 'p:tuple()', '4, "10.0.0.1", "10.0.0.2", 6, 50000, 9999'],
      ['its ports', 'p:sp(), p:dp()', '50000, 9999'],
      ['a method without its value', 'p.payload()', "error: bad argument #1 to 'payload' (suricata:packet expected)"],
    ],
  },
  {
    why: 'a packet of ICMP over IPv6',
    capture: (capture) => capture.icmpEcho({ client: '2001:db8::1', server: '2001:db8::2' }),
    rule: 'alert icmp any any -> any any (itype:129;',
    before: 'local p = require("suricata.packet").get()',
    cases: [
      [
        'kind and code in the place of ports',
        'p:tuple()',
        '6, "2001:0db8:0000:0000:0000:0000:0000:0002", "2001:0db8:0000:0000:0000:0000:0000:0001", 58, 129, 0',
      ],
      ['no ports', '(p:sp()), (p:dp())', 'nil, nil'],
      ['and why', 'select(2, p:sp()), select(2, p:dp())', '"sp only available for tcp, udp and sctp", "dp only available for tcp, udp and sctp"'],
    ],
  },
  {
    why: 'a flow',
    capture: posted,
    rule: HTTP_DONE,
    before: 'local f = require("suricata.flow").get()',
    cases: [
      ['its ends', 'f:tuple()', '4, "10.0.0.1", "10.0.0.2", 6, 50000, 80'],
      ['with its virtual networks', 'select(7, f:tuple_with_vlan())', '0, 0'],
      [
        'packets and bytes to the server, then to the client',
        '(function(a, b, c, d) return a > 1, b > 200, c > 1, d > 100 end)(f:stats())',
        'true, true, true, true',
      ],
      [
        'seconds of the first and the last packet, then what is beyond',
        '(function(a, b, c, d) return a, b, c, d > c, d < 1000000 end)(f:timestamps())',
        '1709888400, 1709888400, 123456, true, true',
      ],
      ['the first packet as old logs have it', 'f:timestring_legacy()', '"03/08/2024-09:00:00.123456"'],
      ['and as EVE has it', 'f:timestring_iso8601()', '"2024-03-08T09:00:00.123456+0000"'],
      ['what is spoken: to each side, first, and expected', 'f:app_layer_proto()', '"http", "http", "http", "unknown", "unknown"'],
      ['its number is whole', 'math.type(f:id()), f:id() > 0', '"integer", true'],
      ['no alert yet', 'f:has_alerts()', 'false'],
      ['a method without its value', 'f.id({})', "error: bad argument #1 to 'id' (suricata:flow expected)"],
    ],
  },
  {
    why: 'a flow in which nothing is known',
    capture: unknownTraffic,
    rule: STREAM_RULE,
    before: 'local f = require("suricata.flow").get()',
    cases: [['says so', 'f:app_layer_proto()', '"unknown", "unknown", "unknown", "unknown", "unknown"']],
  },
  {
    why: 'the rule',
    capture: unknownTraffic,
    rule: 'drop tcp any any -> any 9999 (msg:"one two"; content:"hello"; classtype:bad; priority:7;',
    settings: { classifications: new Map([['bad', { name: 'bad', description: 'Bad things', priority: 2 }]]) },
    before: 'local r = require("suricata.rule").get_rule()',
    cases: [
      ['its numbers', 'r:sid(), r:rev(), r:gid(), r:priority()', '1, 3, 2, 7'],
      ['what it says and does', 'r:msg(), r:action()', '"one two", "drop"'],
      ['its class in the words of the classification file', 'r:class_description()', '"Bad things"'],
      ['class and priority', 'r:class()', '"Bad things", 7'],
      ['a method without its value', 'r.sid()', "error: bad argument #1 to 'sid' (suricata:rule expected)"],
    ],
  },
  {
    why: 'a rule without a class',
    capture: unknownTraffic,
    rule: STREAM_RULE,
    before: 'local r = require("suricata.rule").get_rule()',
    cases: [['has no words for it', 'r:class_description(), r:class()', 'nil, nil, 3']],
  },
  {
    why: 'where nothing of it is',
    capture: unknownTraffic,
    rule: STREAM_RULE,
    before: '',
    cases: [
      ...['dns', 'http', 'ntp', 'smtp', 'ssh', 'tls', 'dnp3'].map(
        (name): Case => [`${name}: nil, and why`, `require("suricata.${name}").get_tx()`, `nil, "error: no ${name} transaction here"`],
      ),
      ['ja3 likewise', 'require("suricata.ja3").get_tx()', 'nil, "error: no tls or quic transaction here"'],
      ['rules have no files, as the guide says', 'require("suricata.file").get_file()', 'nil, "error: no file here"'],
      ['a library that there is not', 'require("suricata.none")', "error: module 'suricata.none' not found"],
      ['nor is a file of Lua one', 'require("os")', "error: module 'os' not found"],
    ],
  },
];

describe.each(scenes.map((scene) => [scene.why, scene] as const))('%s', (_why, scene) => {
  const told = toldIn(scene);
  for (const [, expression] of scene.cases) asked.push(scene.before, expression, scene.init ?? '');
  test.each(scene.cases.map(([why, , wanted], at) => [why, at, wanted] as const))('%s', (_case, at, wanted) => expect(told[at]).toBe(wanted));
});

test('what scripts say is said at its level', () => {
  expect(heard).toEqual(['error e', 'warning w', 'notice n', 'info i', 'performance p', 'config c', 'debug d']);
});

test('what libraries make counts as memory, what they read as steps', () => {
  const cases: readonly Case[] = [
    ['', '(function() local one = "abcd" for at = 1, 90 do one = lib.encode(one) end end)()', 'memory'],
    ['', '(function() local one = ("x"):rep(100000) for at = 1, 300 do hash.md5_digest(one) end end)()', 'instructions'],
  ];
  const before = 'local lib, hash = require("suricata.base64"), require("suricata.hashlib")';
  const limits: string[] = [];
  toldIn({ why: '', capture: posted, rule: HTTP_RULE, before, cases }, (why) => limits.push(why));
  expect(limits).toEqual(['memory', 'instructions']);
});

/** Functions of files are asked where there are files: in scripts of outputs. */
const OF_FILES = ['file_id', 'tx_id', 'name', 'size', 'magic', 'md5', 'sha1', 'sha256', 'get_state', 'is_stored'];

test('every library has cases, and each of its functions and methods', () => {
  const text = asked.join('\n');
  const libraries = Object.keys(suricataLibraries(new Interpreter({ instructions: 0, bytes: 0 }), undefined as never));
  const written = (library: string): boolean => text.includes(`"${library}"`);
  expect(libraries.filter((library) => !written(library))).toEqual([]);
  const functions = [...made].filter((name) => !OF_FILES.includes(name));
  expect(functions.length).toBeGreaterThan(100);
  expect(functions.filter((name) => !new RegExp(`[.:]${name}\\b|begun\\("${name}"\\)`).test(text))).toEqual([]);
});
