/** RFB: what each version tells up to the screen, refusals, what can not be read; the same at every split. */
import { expect, test } from 'vitest';
import { SAMPLES } from '../../message-samples.ts';
import { everySplit, type Turns, tell, whole } from '../../session-kit.ts';
import { protocol } from './rfb.definition.ts';

const { rfb } = SAMPLES;
const version = (minor: string): Turns => [
  ['server', `RFB 003.${minor}\n`],
  ['client', `RFB 003.${minor}\n`],
];
const withPassword: Turns = [
  ...version('008'),
  ['server', '\x02\x01\x02'],
  ['client', '\x02'],
  ['server', 'c'.repeat(16)],
  ['client', 'r'.repeat(16)],
  ['server', '\0\0\0\0'],
  ['client', '\x01'],
  ['server', rfb.screen],
];
const only = (turns: Turns) => {
  const { transactions } = tell(protocol, whole(turns));
  expect(transactions.length).toBe(1);
  const [record] = transactions[0].records as { body: Record<string, unknown> }[];
  return { ...transactions[0], body: record?.body };
};

test('authentication and screen of 3.8', () => {
  const { body, buffers } = only(withPassword);
  expect(body).toMatchObject({
    server_protocol_version: { major: '003', minor: '008' },
    authentication: { security_type: 2, vnc: { challenge: '63'.repeat(16), response: '72'.repeat(16) }, security_result: 'OK' },
    screen_shared: true,
    framebuffer: { width: 640, height: 480, name: 'd\\xe9sk', pixel_format: { bits_per_pixel: 32, depth: 24, true_color: true, red_max: 255, red_shift: 16 } },
  });
  expect(buffers['rfb.name']).toEqual(['d\xe9sk']);
});

test('is the same at every split', () => {
  const told = tell(protocol, whole(withPassword));
  for (const pieces of everySplit(withPassword)) expect(tell(protocol, pieces)).toEqual(told);
});

test('without authentication the result is left out before 3.8, and 3.3 has the server decide', () => {
  expect(only([...version('007'), ['server', '\x01\x01'], ['client', '\x01'], ['client', '\0'], ['server', rfb.screen]]).body).toMatchObject({
    authentication: { security_type: 1 },
    screen_shared: false,
    framebuffer: { width: 640 },
  });
  expect(only([...version('003'), ['server', '\0\0\0\x01'], ['client', '\x01'], ['server', rfb.screen]]).body).toMatchObject({ framebuffer: { width: 640 } });
});

test('refusals say why', () => {
  expect(only([...version('008'), ['server', '\0'], ['server', '\0\0\0\x04busy']]).body).toMatchObject({ server_security_failure_reason: 'busy' });
  expect(
    only([
      ...version('008'),
      ['server', '\x01\x02'],
      ['client', '\x02'],
      ['server', 'c'.repeat(16)],
      ['client', 'r'.repeat(16)],
      ['server', '\0\0\0\x01\0\0\0\x02no'],
    ]).body,
  ).toMatchObject({
    authentication: { security_result: 'FAIL' },
    server_security_failure_reason: 'no',
  });
});

test('what can not be read', () => {
  expect(only([...version('008'), ['server', '\x01\x10'], ['client', '\x10'], ['server', 'more']]).anomalies).toEqual(['unimplemented_security_type']);
  expect(only([['server', 'RFB xxx.yyy\n']]).anomalies).toEqual(['malformed_message']);
});

test('a peer that says more than it could mean before its turn is out of step', () => {
  expect(only([...version('008'), ['client', 'x'.repeat(80)]]).anomalies).toEqual(['confused_state']);
  expect(only([...version('008'), ['client', 'x'.repeat(10)], ['server', '\x01\x01']]).anomalies).not.toContain('confused_state');
});
