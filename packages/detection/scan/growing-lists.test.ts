/** Rules on lists of a transaction that grow while it goes on: when each form is decided, and that what comes later still counts. */
import { catalogue } from '@sigwright/catalogue';
import { DEFAULT_SETTINGS } from '@sigwright/contracts';
import { parseRules } from '@sigwright/rule-language';
import { composeCapture } from '@sigwright/traffic';
import { expect, test } from 'vitest';
import { buildPlan, Engine, usePlan } from '../index.ts';

const bytesOf = (...octets: readonly number[]): Uint8Array => Uint8Array.from(octets);
/** LDAP (RFC 4511): a search with identifier 2, an entry, a reference and the end of its answer. */
const SEARCH = bytesOf(
  ...[0x30, 0x25, 0x02, 0x01, 0x02, 0x63, 0x20, 0x04, 0x00, 0x0a, 0x01, 0x02, 0x0a, 0x01, 0x00, 0x02, 0x01, 0x00, 0x02, 0x01, 0x00],
  ...[0x01, 0x01, 0x00, 0x87, 0x0b, ...bytesOf(...'objectClass'.split('').map((letter) => letter.charCodeAt(0))), 0x30, 0x00],
);
const ENTRY = bytesOf(0x30, 0x0a, 0x02, 0x01, 0x02, 0x64, 0x05, 0x04, 0x01, 0x61, 0x30, 0x00);
const REFERENCE = bytesOf(0x30, 0x09, 0x02, 0x01, 0x02, 0x73, 0x04, 0x04, 0x02, 0x6c, 0x3a);
const DONE = bytesOf(0x30, 0x0c, 0x02, 0x01, 0x02, 0x65, 0x07, 0x0a, 0x01, 0x00, 0x04, 0x00, 0x04, 0x00);

function raisedBy(options: string): number | undefined {
  const settings = { ...DEFAULT_SETTINGS, inline: true };
  const build = buildPlan([{ path: 'test', rules: parseRules(`alert ldap any any -> any any (${options} sid:1;)`).rules }], catalogue, settings);
  expect(build.problems.flatMap((one) => one.diagnostics.filter(({ severity }) => severity === 'error'))).toEqual([]);
  const capture = composeCapture({ seed: 7 });
  capture.tcpConversation({
    client: '10.0.0.5',
    server: '203.0.113.9',
    serverPort: 389,
    exchanges: [
      { from: 'client', bytes: SEARCH },
      { from: 'server', bytes: ENTRY },
      { from: 'server', bytes: REFERENCE },
      { from: 'server', bytes: DONE },
    ],
  });
  const answers: number[] = [];
  let alerted: number | undefined;
  const engine = new Engine(usePlan(build.data, catalogue, settings), catalogue, settings, {
    alert: (_alert, packet) => {
      alerted ??= packet.number;
    },
    packet: (packet) => {
      if (packet.sourcePort === 389 && packet.payloadEnd > packet.payloadStart) answers.push(packet.number);
    },
  });
  expect(engine.feed(capture.finish())).toBeUndefined();
  expect(engine.finish()).toBeUndefined();
  expect(answers.length).toBe(3);
  return alerted === undefined ? undefined : answers.indexOf(alerted);
}

test.each<readonly [why: string, options: string, answer: number | undefined]>([
  ['the first entry is one', 'ldap.responses.operation:search_result_entry;', 0],
  ['one that comes later, before the end', 'ldap.responses.operation:search_result_reference;', 1],
  ['the last one', 'ldap.responses.operation:search_result_done;', 2],
  ['by place, once it is there', 'ldap.responses.operation:search_result_reference,1;', 1],
  ['the last place is known at the end alone', 'ldap.responses.operation:search_result_done,-1;', 2],
  ['and is not the first for the time being', 'ldap.responses.operation:search_result_entry,-1;', undefined],
  ['all of them: one entry is not all', 'ldap.responses.operation:search_result_entry,all;', undefined],
  ['how many there are', 'ldap.responses.count:3;', 2],
  ['a count on the way is none', 'ldap.responses.count:1;', undefined],
  ['a code in the last one', 'ldap.responses.result_code:success;', 2],
])('%s', (_why, options, answer) => expect(raisedBy(options)).toBe(answer));

test('rules on files ask about each file of a form as it begins, and alert with it', () => {
  const part = (name: string): string => `--b\r\nContent-Disposition: form-data; name="f"; filename="${name}"\r\n\r\n${'x'.repeat(80)}\r\n`;
  const head = 'POST /u HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 400\r\n\r\n';
  const capture = composeCapture({ seed: 7 });
  const pieces = [head + part('one.jpg'), part('two.jpg'), part('three.gif'), '--b--\r\n'.padEnd(20, '.')];
  const exchanges = pieces.map((text) => ({ from: 'client', bytes: Uint8Array.from(text, (letter) => letter.charCodeAt(0)) }) as const);
  capture.tcpConversation({ client: '10.0.0.5', server: '203.0.113.9', serverPort: 80, exchanges });
  const settings = { ...DEFAULT_SETTINGS, inline: true };
  const rules = parseRules('alert http any any -> any any (fileext:"jpg"; filestore; sid:1;)').rules;
  const build = buildPlan([{ path: 'test', rules }], catalogue, settings);
  const alerted: [packet: number, firstFile: number | undefined][] = [];
  const engine = new Engine(usePlan(build.data, catalogue, settings), catalogue, settings, {
    alert: ({ firstFile }, packet) => alerted.push([packet.number, firstFile]),
  });
  engine.feed(capture.finish());
  engine.finish();
  expect(alerted.map(([, firstFile]) => firstFile)).toEqual([undefined, 1]);
  expect(alerted[1][0]).toBeGreaterThan(alerted[0][0]);
});
