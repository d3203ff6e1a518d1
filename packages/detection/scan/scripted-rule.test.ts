/** Lua in rules: when scripts are asked, what they may ask, and what becomes of those that fail. */
import { catalogue } from '@sigwright/catalogue';
import { DEFAULT_SETTINGS, type EngineSettings, type ScriptSettings } from '@sigwright/contracts';
import { parseRules } from '@sigwright/rule-language';
import { composeCapture } from '@sigwright/traffic';
import { describe, expect, test } from 'vitest';
import { buildPlan, Engine, explainRule, usePlan } from '../index.ts';

const INIT = 'function init() return {} end\n';

interface Outcome {
  readonly sids: readonly number[];
  readonly said: readonly string[];
  readonly failed: readonly string[];
  readonly refused: readonly string[];
}

const ENDS = { client: '10.0.0.1', server: '10.0.0.2' };
type Compose = (capture: ReturnType<typeof composeCapture>) => void;

/** One GET and its answer, or what is composed, under these rules with these scripts. */
function run(rules: string, scripts: Readonly<Record<string, string>>, limits: Partial<ScriptSettings> = {}, compose?: Compose): Outcome {
  const said: string[] = [];
  const failed: string[] = [];
  const settings: EngineSettings = {
    ...DEFAULT_SETTINGS,
    dataFiles: { ...DEFAULT_SETTINGS.dataFiles, read: (path) => (scripts[path] === undefined ? undefined : new TextEncoder().encode(scripts[path])) },
    dataSets: new Map([['seen', { type: 'string', load: undefined, save: undefined }]]),
    scripts: {
      ...DEFAULT_SETTINGS.scripts,
      say: (level, text) => void said.push(`${level} ${text}`),
      failed: (why, text) => void failed.push(`${why} ${text}`),
      ...limits,
    },
  };
  const build = buildPlan([{ path: 'test', rules: parseRules(rules).rules }], catalogue, settings);
  const refused = build.problems.flatMap((one) => one.diagnostics.filter(({ severity }) => severity === 'error').map(({ code }) => code));
  const capture = composeCapture({ seed: 5, startTime: 1_709_888_400_123_456 });
  if (compose !== undefined) compose(capture);
  else
    capture.httpExchange({
      ...ENDS,
      serverPort: 80,
      exchanges: [
        {
          request: {
            method: 'GET',
            uri: '/a?b=1',
            headers: [
              ['Host', 'x.example'],
              ['User-Agent', 'one'],
            ],
          },
          response: { status: 200, body: 'hello' },
        },
      ],
    });
  const sids: number[] = [];
  const engine = new Engine(usePlan(build.data, catalogue, settings), catalogue, settings, { alert: ({ rule }) => sids.push(rule.sid) });
  expect(engine.feed(capture.finish())).toBeUndefined();
  engine.finish();
  return { sids, said, failed, refused };
}

const HTTP = 'alert http any any -> any any (msg:"t"; http.method; content:"GET"; lua:s.lua; sid:1; rev:1;)';

describe('lua', () => {
  test('asked once everything else holds, on the transaction', () => {
    const script = `${INIT}local http = require("suricata.http")
      function match() local tx = http.get_tx()
        if tx:request_uri_raw() == "/a?b=1" and tx:request_header("user-agent") == "one" and tx:request_line():find("^GET ") then return 1 end return 0 end`;
    expect(run(HTTP, { 's.lua': script })).toEqual({ sids: [1], said: [], failed: [], refused: [] });
    expect(run(HTTP.replace('content:"GET"', 'content:"PUT"'), { 's.lua': script }).sids).toEqual([]);
    expect(run(HTTP.replace('lua:', 'lua:!'), { 's.lua': script }).sids).toEqual([]);
    expect(run(HTTP.replace('lua:', 'lua:!'), { 's.lua': `${INIT}function match() return 0 end` }).sids).toEqual([1]);
  });

  test('packets, flows, rules, variables and logs', () => {
    const script = `local packet, flow, rule, log, bytes = require("suricata.packet"), require("suricata.flow"), require("suricata.rule"), require("suricata.log"), require("suricata.bytevar")
      function init(sig) bytes.map(sig, "v") return {} end
      function thread_init() v = bytes.get("v") end
      function match() local p = packet.get() local version, from, to, protocol, sp, dp = p:tuple()
        log.notice(version.." "..from.." "..to.." "..protocol.." "..dp.." "..p:timestring_iso8601():sub(1, 19).." "..flow.get():app_layer_proto().." "..rule.get_rule():sid().." "..v:value())
        return 1 end`;
    const { sids, said } = run('alert tcp any any -> any 80 (msg:"t"; content:"GET "; byte_extract:1,0,v,relative; lua:s.lua; sid:7; rev:1;)', {
      's.lua': script,
    });
    expect(sids).toEqual([7]);
    expect(said).toEqual(['notice 4 10.0.0.1 10.0.0.2 6 80 2024-03-08T09:00:00 http 7 47']);
  });

  test('base64 with and without signs that fill it up', () => {
    const script = `${INIT}local base64, log = require("suricata.base64"), require("suricata.log")
      function match()
        local function show(value) return value == nil and "nil" or value end
        log.notice(base64.encode("hi").." "..base64.encode_nopad("hi").." "..show(base64.decode("aGk=")).." "..show(base64.decode("aGk"))
          .." "..show(base64.decode_nopad("aGk")).." "..show(base64.decode_nopad("aGk="))) return 0 end`;
    expect(run(HTTP, { 's.lua': script }).said).toEqual(['notice aGk= aGk hi nil hi nil']);
  });

  test.each<readonly [needs: string, value: string, count: number]>([
    ['http.uri', '/a?b=1', 1],
    ['http.request_line', 'GET /a?b=1 HTTP/1.1', 1],
    ['http.request_user_agent', 'one', 1],
    ['http.request_headers', 'Host: x.example\\r\\nUser-Agent: one\\r\\n', 1],
    ['http.response_body', 'hello', 1],
    ['http.request_body', '', 0],
  ])('a script that needs %s has it, and is asked where it is there', (needs, value, count) => {
    const script = `function init() return { ["${needs}"] = tostring(true) } end
      function match(args) return args["${needs}"] == "${value}" and 1 or 0 end`;
    expect(run('alert http any any -> any any (msg:"t"; lua:s.lua; sid:1;)', { 's.lua': script }).sids).toHaveLength(count);
  });

  test('the buffer of the rule as it was transformed, and the stream', () => {
    const script = (name: string, value: string): string => `function init() return { ${name} = tostring(true) } end
      function match(args) return args.${name}:find("${value}", 1, true) and 1 or 0 end`;
    const rules = `alert http any any -> any any (msg:"t"; http.uri; to_uppercase; lua:buffer.lua; sid:1;)
alert tcp any any -> any any (msg:"t"; flow:to_client; lua:stream.lua; sid:2;)`;
    expect(new Set(run(rules, { 'buffer.lua': script('buffer', '/A?B=1'), 'stream.lua': script('stream', 'hello') }).sids)).toEqual(new Set([1, 2]));
  });

  test('two buffers are one too many', () => {
    const script = 'function init() return { ["http.uri"] = true, ["http.uri.raw"] = true } end function match() return 1 end';
    expect(run(HTTP, { 's.lua': script }).refused).toEqual(['lua/buffers']);
  });

  test('DNS: entries are counted from 0, tables are there without entries, a question has no response code', () => {
    const script = (need: string): string => `local dns = require("suricata.dns") local log = require("suricata.log")
      function init() return { ["${need}"] = tostring(true) } end
      function match() local tx = dns.get_tx() local question, answer = tx:queries()[0], tx:answers()[0] or {}
        log.notice(question.rrname.." "..question.type.." "..tostring(answer.type).." "..tostring(answer.addr).." "..#tx:authorities().." "..tostring(tx:rcode()).." "..tostring(tx:rcode_string()).." "..tostring(tx:recursion_desired()))
        return 1 end`;
    const rules = `alert dns any any -> any any (msg:"t"; lua:question.lua; sid:1;)
alert dns any any -> any any (msg:"t"; lua:answer.lua; sid:2;)`;
    const told = run(rules, { 'question.lua': script('dns.request'), 'answer.lua': script('dns.response') }, {}, (capture) =>
      capture.dnsLookup({ client: '10.0.0.1', resolver: '10.0.0.2', name: 'a.example', answers: [{ type: 'A', data: '192.0.2.7' }] }),
    );
    expect(told).toMatchObject({
      sids: [1, 2],
      said: ['notice a.example A nil nil 0 nil nil true', 'notice a.example A A 192.0.2.7 0 0 NOERROR true'],
      failed: [],
    });
  });

  const secure: Compose = (capture) => {
    capture.tlsConnection({ ...ENDS, serverName: 'a.example', version: '1.2', certificate: { subject: 'a.example', issuer: 'Authority' } });
  };
  const quiet: Partial<ScriptSettings> = {};

  test('certificates of a connection, and who alerted', () => {
    const script = `local tls, rule, log = require("suricata.tls"), require("suricata.rule"), require("suricata.log")
      ${INIT}function match() local tx = tls.get_tx() local version, subject, issuer, print = tx:get_server_cert_info() local chain = tx:get_server_cert_chain()
        log.notice(version..' '..subject..' '..issuer..' '..#print..' '..(chain[1].length == #chain[1].data and #chain or 0)..' '..tx:get_server_cert_not_before()..' '..tx:get_sni()..' '..tostring(tx:get_client_serial())..' '..rule.get_rule():action())
        return 1 end`;
    const told = run('alert tls any any -> any any (msg:"t"; tls.cert_subject; content:"a.example"; lua:s.lua; sid:1;)', { 's.lua': script }, quiet, secure);
    expect(told).toMatchObject({ sids: [1], said: ['notice TLS 1.2 CN=a.example CN=Authority 59 1 1704067200 a.example nil alert'], failed: [] });
  });

  test('a script that needs a transaction has the one that the flow is at, once', () => {
    const script = `local tls = require("suricata.tls") function init() return { tls = tostring(true) } end
      function match() local tx = tls.get_tx() return tx ~= nil and tx:get_client_version() ~= nil and 1 or 0 end`;
    expect(run('alert tls any any -> any any (msg:"t"; lua:s.lua; sid:1;)', { 's.lua': script }, quiet, secure)).toMatchObject({ sids: [1], failed: [] });
  });

  test('a script that needs a fingerprint is asked whatever the rule is about, and holds once', () => {
    const script = `local ja3 = require("suricata.ja3") function init() return { ja3 = true } end
      function match() local tx = ja3.get_tx() return tx ~= nil and tx:ja3_get_hash() ~= nil and #tx:ja3_get_hash() == 32 and 1 or 0 end`;
    expect(run('alert ip any any -> any any (msg:"t"; lua:s.lua; sid:1;)', { 's.lua': script }, quiet, secure)).toMatchObject({ sids: [1], failed: [] });
    expect(run('alert ip any any -> any any (msg:"t"; lua:s.lua; sid:1;)', { 's.lua': script })).toMatchObject({ sids: [], failed: [] });
  });

  test('what a script sets of a flow another one reads', () => {
    const set = `${INIT}local vars = require("suricata.flowvar") function match() vars.get("n"):set("one", 3) return 1 end`;
    const get = `${INIT}local vars = require("suricata.flowvar") function match() return vars.get("n"):value() == "one" and 1 or 0 end`;
    const rules = `${HTTP.replace('s.lua', 'set.lua')}\nalert http any any -> any any (msg:"u"; http.stat_code; content:"200"; lua:get.lua; sid:2; rev:1;)`;
    expect(run(rules, { 'set.lua': set, 'get.lua': get }).sids).toEqual([1, 2]);
  });

  test('sets of the configuration', () => {
    const script = `local sets = require("suricata.dataset") function init() return {} end
      function thread_init() s = sets.new() assert(s:get("seen")) end
      function match() return s:add("x", 1) end`;
    expect(run(HTTP, { 's.lua': script }).sids).toEqual([1]);
  });

  test.each<readonly [why: string, body: string, limits: Partial<ScriptSettings>, failure: RegExp]>([
    ['an error', 'nothing()', {}, /^error Lua script failed.*attempt to call a nil value \(global 'nothing'\)/],
    ['an endless loop', 'while true do end', {}, /^instructions .*instruction limit exceeded/],
    ['memory', 'local s = ("x"):rep(400000)', { bytes: 20_000 }, /^memory .*memory limit exceeded/],
    ['what is kept from rules', 'os.execute("true")', {}, /^blocked .*os/],
    ['what could catch limits', 'pcall(nothing)', {}, /^blocked .*pcall/],
    ['files', 'io.open("/etc/passwd")', {}, /^blocked .*io/],
  ])('a script that fails decides nothing: %s', (_why, body, limits, failure) => {
    for (const rule of [HTTP, HTTP.replace('lua:', 'lua:!')]) {
      const { sids, failed } = run(rule, { 's.lua': `${INIT}function match() ${body} return 1 end` }, limits);
      expect(sids).toEqual([]);
      expect(failed).toEqual([expect.stringMatching(failure)]);
    }
  });

  test.each<readonly [why: string, limits: Partial<ScriptSettings>, sids: readonly number[], failed: RegExp]>([
    ['rules have no coroutines', {}, [], /^blocked .*Blocked Lua function called: coroutine/],
    ['unless the configuration lets them', { unrestricted: true }, [1], /^$/],
    ['and then they are limited, too', { unrestricted: true, instructions: 3 }, [], /^instructions /],
  ])('%s', (_why, limits, sids, failed) => {
    const script = `${INIT}function match() local next = coroutine.wrap(function() coroutine.yield(0) return 1 end) next() return next() end`;
    const outcome = run(HTTP, { 's.lua': script }, limits);
    expect(outcome.sids).toEqual(sids);
    expect(outcome.failed.join('\n')).toMatch(failed);
  });

  test('what lets a rule be refused', () => {
    expect(run(HTTP, {}).refused).toEqual(['lua/no-script']);
    expect(run(HTTP, { 's.lua': 'function init() return {} end' }).refused).toEqual(['lua/no-function']);
    expect(run(HTTP, { 's.lua': 'function' }).refused).toEqual(['lua/script']);
    expect(run(HTTP, { 's.lua': `${INIT}function match() end` }, { mayRun: false }).refused).toEqual(['lua/not-allowed']);
  });

  test('a rule of no protocol is asked for each packet', () => {
    expect(
      run('alert tcp any any -> any 80 (msg:"t"; lua:s.lua; sid:1; rev:1;)', { 's.lua': `${INIT}function match() return 1 end` }).sids.length,
    ).toBeGreaterThan(3);
  });
});

describe('explain', () => {
  test.each<readonly [why: string, answer: string, steps: readonly string[]]>([
    ['yes', 'return 1', ['holds', 'holds']],
    ['no', 'return 0', ['holds', 'fails']],
    ['an error', 'error("no")', ['holds', 'fails']],
  ])('what a script answered: %s', (_why, answer, steps) => {
    const text = `${INIT}function match() ${answer} end`;
    const settings: EngineSettings = { ...DEFAULT_SETTINGS, dataFiles: { ...DEFAULT_SETTINGS.dataFiles, read: () => new TextEncoder().encode(text) } };
    const capture = composeCapture({ seed: 5 });
    capture.httpExchange({ client: '10.0.0.1', server: '10.0.0.2', exchanges: [{ request: { method: 'GET', uri: '/', headers: [] } }] });
    const told = explainRule({ rules: parseRules(HTTP).rules, sid: 1, capture: capture.finish(), others: [] }, catalogue, settings);
    const attempt = told?.fired ?? told?.nearest;
    expect(attempt?.steps.slice(-2).map(({ verdict }) => verdict)).toEqual(steps);
  });
});

describe('luaxform', () => {
  const rule = 'alert http any any -> any any (msg:"t"; http.uri; luaxform:s.lua,first, second; content:"/A?B=1 FIRST  SECOND"; sid:1; rev:1;)';
  test('the buffer is what the script gives, with its length', () => {
    expect(run(rule, { 's.lua': 'function transform(input, args) local s = (input.." "..args[1].." "..args[2]):upper() return s, #s end' }).sids).toEqual([1]);
  });
  test('without a length, or after an error, it stays as it was', () => {
    const same = rule.replace(/content:"[^"]*"/, 'content:"/a?b=1"');
    expect(run(same, { 's.lua': 'function transform(input) return input:upper() end' }).sids).toEqual([1]);
    expect(run(same, { 's.lua': 'function transform(input) error("no") end' }).sids).toEqual([1]);
    expect(run(same, { 's.lua': 'function match() end' }).refused).toEqual(['luaxform/no-function']);
  });
});
