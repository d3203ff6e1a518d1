/** Rules that look into frames: each frame of their kind and direction is asked once, and told where somebody listens. */
import { catalogue } from '@sigwright/catalogue';
import { DEFAULT_SETTINGS } from '@sigwright/contracts';
import { parseRules } from '@sigwright/rule-language';
import { composeCapture } from '@sigwright/traffic';
import { expect, test } from 'vitest';
import { buildPlan, Engine, EveWriter, usePlan } from '../index.ts';

const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

function capture(): Uint8Array {
  const made = composeCapture({ seed: 5 });
  made.tcpConversation({
    client: '10.0.0.5',
    server: '203.0.113.9',
    serverPort: 23,
    exchanges: [
      { from: 'server', bytes: bytesOf('\xff\xfd\x18') },
      { from: 'client', bytes: bytesOf('\xff\xfb\x18') },
      { from: 'server', bytes: bytesOf('user name\r\n') },
      { from: 'client', bytes: bytesOf('alice\r\nls alice\r\n') },
      { from: 'server', bytes: bytesOf('nothing\r\n') },
    ],
  });
  return made.finish();
}

function run(rules: readonly string[], types?: ReadonlySet<string>) {
  const build = buildPlan([{ path: 'test', rules: parseRules(rules.join('\n')).rules }], catalogue, DEFAULT_SETTINGS);
  const records: Record<string, unknown>[] = [];
  const writer = new EveWriter((record) => records.push(record), DEFAULT_SETTINGS, catalogue.protocols);
  const frames: string[] = [];
  const engine = new Engine(usePlan(build.data, catalogue, DEFAULT_SETTINGS), catalogue, DEFAULT_SETTINGS, {
    alert: (alert, packet) => writer.alert(alert, packet),
    ...(types === undefined ? {} : { frame: (_packet, _flow, frame) => frames.push(`${frame.type} ${frame.id} ${frame.offset} ${frame.length}`) }),
  });
  engine.feed(capture());
  engine.finish();
  return { records, frames, errors: build.problems.flatMap((one) => one.diagnostics.map(({ code }) => code)) };
}

const rule = (options: string, sid: number, protocol = 'telnet'): string => `alert ${protocol} any any -> any any (msg:"t"; ${options} sid:${sid};)`;

test('contents hold within one frame', () => {
  const { records } = run([
    rule('flow:to_server; frame:data; content:"alice"; startswith;', 1),
    rule('frame:data; content:"alice|0d 0a|ls";', 2),
    rule('flow:to_client; frame:telnet.data; content:"alice";', 3),
    rule('frame:telnet.ctl; content:"|ff fb|"; bsize:3;', 4, 'tcp'),
    rule('frame:data; strip_whitespace; content:"username"; bsize:8;', 5),
  ]);
  expect(records.map((record) => [(record['alert'] as { signature_id: number }).signature_id, record['frame']])).toEqual([
    [4, { type: 'ctl', id: 1, direction: 'toserver', stream_offset: 0, length: 3, complete: true }],
    [5, { type: 'data', id: 2, direction: 'toclient', stream_offset: 3, length: 11, complete: true }],
    [1, { type: 'data', id: 2, direction: 'toserver', stream_offset: 3, length: 7, complete: true }],
  ]);
});

test('frames are told where somebody listens', () => {
  expect(run([], new Set(['frame'])).frames).toEqual(['ctl 1 0 3', 'ctl 1 0 3', 'data 2 3 11', 'data 2 3 7', 'data 3 10 10', 'data 3 14 9']);
});

test('frames that do not exist, and frames beside transactions, are refused', () => {
  expect(run([rule('frame:letters; content:"a";', 1)]).errors).toEqual(['frame/unknown']);
  expect(run([rule('frame:mqtt.pdu; content:"a"; mqtt.publish.topic; content:"b";', 1, 'mqtt')]).errors).toEqual(['rule/frame-and-transaction']);
});
