/** Scripts of outputs: what they are told of streams and bodies, in order and once, and what libraries give where there is an alert or a file. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromLatin1 } from '@sigwright/bytes';
import { catalogue } from '@sigwright/catalogue';
import { DEFAULT_SETTINGS } from '@sigwright/contracts';
import { buildPlan, Engine, usePlan } from '@sigwright/detection';
import { parseRules } from '@sigwright/rule-language';
import { composeCapture } from '@sigwright/traffic';
import { afterAll, expect, test } from 'vitest';
import { LuaOutputs } from './lua-outputs.ts';

const folder = mkdtempSync(join(tmpdir(), 'sigwright-lua-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A line a chunk: where it goes, whether it is the first or the last, its bytes. */
const SCRIPT = (needs: string): string => `local config = require("suricata.config")
function init() return { type = "streaming", ${needs} } end
function setup() file = io.open(config.log_path() .. "/out", "w") end
function log(args) local s = args.stream
  file:write((s.toserver and "> " or "< ") .. (s.open and "first " or "") .. (s.close and "last " or "") .. (s.data:gsub("\\r\\n", "|")) .. "\\n") end
function deinit() file:close() end`;

const RULE = 'alert http any any -> any any (msg:"one"; http.stat_code; content:"200"; classtype:bad; sid:4; rev:2;)';

/** What is known of files beside what the wire says. */
const DETAILS = { file_id: 3, stored: true, md5: 'aa', sha256: 'bb' };

function told(script: string): string[] {
  writeFileSync(join(folder, 's.lua'), script);
  const tree = { outputs: [{ lua: { enabled: 'yes', 'scripts-dir': folder, scripts: ['s.lua'] } }] };
  const outputs = new LuaOutputs(tree, undefined, folder, DEFAULT_SETTINGS, catalogue);
  const capture = composeCapture({ seed: 1 });
  capture.tcpConversation({
    client: '10.0.0.1',
    server: '10.0.0.2',
    serverPort: 80,
    exchanges: [
      { from: 'client', bytes: fromLatin1('GET /a HTTP/1.1\r\nHost: a\r\n\r\n') },
      { from: 'server', bytes: fromLatin1('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello') },
    ],
  });
  const { data } = buildPlan([{ path: 'rules', rules: parseRules(RULE).rules }], catalogue, DEFAULT_SETTINGS);
  const engine = new Engine(usePlan(data, catalogue, DEFAULT_SETTINGS), catalogue, DEFAULT_SETTINGS, {
    alert: (alert, packet) => outputs.alert(alert, packet, 'Bad things'),
    flow: (flow) => outputs.flow(flow),
    file: (_protocol, file, transaction, flow, packet) => outputs.file(file, DETAILS, transaction, flow, packet),
    transaction: (protocol, transaction, flow, packet) => outputs.transaction(protocol, transaction, flow, packet),
    ...(outputs.wantsStreams ? { stream: outputs.stream.bind(outputs) } : {}),
  });
  engine.feed(capture.finish());
  engine.finish();
  outputs.close();
  return readFileSync(join(folder, 'out'), 'latin1').trimEnd().split('\n');
}

test('bytes of both directions as they come, and the end of each', () => {
  expect(told(SCRIPT('filter = "tcp"'))).toEqual([
    '> first GET /a HTTP/1.1|Host: a||',
    '< first HTTP/1.1 200 OK|Content-Length: 5||hello',
    '> last ',
    '< last',
  ]);
});

test('bodies of exchanges, those that there are', () => {
  expect(told(SCRIPT('protocol = "http"'))).toEqual(['< first last hello']);
});

/** A line each time it is asked: the values of an expression. */
const ASKING = (
  needs: string,
  library: string,
  value: string,
  expression: string,
): string => `local config, lib = require("suricata.config"), require("suricata.${library}")
function init() return { ${needs} } end
function setup() file = io.open(config.log_path() .. "/out", "w") end
function log() local one = ${value}
  local function shown(...) local parts = {} for at = 1, select("#", ...) do parts[at] = tostring((select(at, ...))) end return table.concat(parts, " ") end
  file:write(shown(${expression}) .. "\\n") end
function deinit() file:close() end`;

test.each<readonly [why: string, expression: string, line: string]>([
  ['its number, and that of its transaction', 'one:file_id(), one:tx_id()', '3 0'],
  ['its name and size', 'one:name(), one:size()', '/a 5'],
  ['how it ended', 'one:get_state(), one:is_stored()', 'CLOSED true'],
  ['digests that were made, and nil for others', 'one:md5(), one:sha1(), one:sha256(), one:magic()', 'aa nil bb nil'],
])('a file: %s', (_why, expression, line) => {
  expect(told(ASKING('type = "file"', 'file', 'lib.get_file()', expression))).toEqual([line]);
});

test.each<readonly [why: string, expression: string, line: string]>([
  ['its numbers', 'one:sid(), one:rev(), one:gid()', '4 2 1'],
  ['what it says of itself', 'one:msg(), one:action(), one:class_description()', 'one alert Bad things'],
  ['class and priority', 'one:class()', 'Bad things 3'],
])('the rule of an alert: %s', (_why, expression, line) => {
  expect(told(ASKING('type = "packet", filter = "alerts"', 'rule', 'lib.get_rule()', expression))).toEqual([line]);
});

test('where there is no alert there is no rule, where there is no file none, and why', () => {
  expect(told(ASKING('protocol = "http"', 'rule', 'nil', 'lib.get_rule()'))).toEqual(['nil error: no rule']);
  expect(told(ASKING('protocol = "http"', 'file', 'nil', 'lib.get_file()'))).toEqual(['nil error: no file here']);
  expect(told(ASKING('type = "flow"', 'packet', 'nil', 'lib.get()'))).toEqual(['nil error: no packet']);
});

test('a flow that alerted says so', () => {
  expect(told(ASKING('type = "flow"', 'flow', 'lib.get()', 'one:has_alerts(), one:app_layer_proto()'))).toEqual(['true http http http unknown unknown']);
});
