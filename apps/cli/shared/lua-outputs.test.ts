/** Scripts of outputs that ask for streams: what they are told of connections and of bodies, in order and once. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromLatin1 } from '@sigwright/bytes';
import { catalogue } from '@sigwright/catalogue';
import { DEFAULT_SETTINGS } from '@sigwright/contracts';
import { buildPlan, Engine, usePlan } from '@sigwright/detection';
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

function told(needs: string): string[] {
  writeFileSync(join(folder, 's.lua'), SCRIPT(needs));
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
  const { data } = buildPlan([], catalogue, DEFAULT_SETTINGS);
  const engine = new Engine(usePlan(data, catalogue, DEFAULT_SETTINGS), catalogue, DEFAULT_SETTINGS, {
    transaction: (protocol, transaction, flow, packet) => outputs.transaction(protocol, transaction, flow, packet),
    ...(outputs.wantsStreams ? { stream: outputs.stream.bind(outputs) } : {}),
  });
  engine.feed(capture.finish());
  engine.finish();
  outputs.close();
  return readFileSync(join(folder, 'out'), 'latin1').trimEnd().split('\n');
}

test('bytes of both directions as they come, and the end of each', () => {
  expect(told('filter = "tcp"')).toEqual(['> first GET /a HTTP/1.1|Host: a||', '< first HTTP/1.1 200 OK|Content-Length: 5||hello', '> last ', '< last']);
});

test('bodies of exchanges, those that there are', () => {
  expect(told('protocol = "http"')).toEqual(['< first last hello']);
});
