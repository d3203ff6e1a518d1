/** IKE: proposals of both versions, what was chosen, and what is weak about them. */
import { fromLatin1 } from '@sigwright/bytes';
import { DEFAULT_SETTINGS, type Direction, Flow } from '@sigwright/contracts';
import { describe, expect, test } from 'vitest';
import { tell } from '../../session-kit.ts';
import { protocol } from './ike.definition.ts';

const two = (value: number): string => String.fromCharCode(value >>> 8, value & 255);
const payload = (next: number, content: string): string => `${String.fromCharCode(next)}\0${two(content.length + 4)}${content}`;
const message = (first: number, version: number, exchange: number, content: string): string =>
  `initiato${'\0'.repeat(8)}${String.fromCharCode(first, version, exchange, 0)}${'\0'.repeat(4)}\0\0${two(28 + content.length)}${content}`;
const proposal = (transforms: readonly string[]): string =>
  payload(
    0,
    `\x01\x01\0${String.fromCharCode(transforms.length)}${transforms.map((one, index) => payload(index + 1 < transforms.length ? 3 : 0, one)).join('')}`,
  );

/** type, number */
const second = (type: number, number: number): string => `${String.fromCharCode(type)}\0${two(number)}`;
/** attributes with short values */
const first = (...attributes: readonly (readonly [number, number])[]): string =>
  `\x01\x01\0\0${attributes.map(([type, value]) => two(0x8000 | type) + two(value)).join('')}`;

function conversation(...messages: readonly (readonly [Direction, string])[]) {
  const flow = new Flow();
  const session = protocol.open(flow, DEFAULT_SETTINGS);
  for (const [direction, text] of messages) {
    const bytes = fromLatin1(text);
    session.consume(direction, bytes, 0, bytes.length, true, 1);
  }
  return session.transactions.map((transaction) => ({ anomalies: transaction.anomalies ?? [], ...protocol.records(transaction, flow)[0].body }));
}

describe('version 2', () => {
  test.each<[why: string, transforms: readonly string[], anomalies: readonly string[]]>([
    ['strong methods', [second(1, 12), second(2, 5), second(3, 12), second(4, 14)], []],
    ['encryption that proves integrity needs no other', [second(1, 20), second(2, 5), second(4, 19)], []],
    [
      'every method weak',
      [second(1, 2), second(2, 1), second(3, 1), second(4, 2)],
      ['weak_crypto_enc', 'weak_crypto_prf', 'weak_crypto_auth', 'weak_crypto_dh'],
    ],
    ['each weak method is told', [second(1, 12), second(2, 5), second(3, 12), second(4, 1), second(4, 2)], ['weak_crypto_dh', 'weak_crypto_dh']],
    ['methods are missing', [second(2, 5)], ['weak_crypto_no_auth', 'weak_crypto_no_dh']],
    ['encryption that does nothing', [second(1, 11), second(2, 5), second(3, 12), second(4, 14)], ['weak_crypto_enc', 'no_encryption']],
  ])('%s', (_why, transforms, anomalies) => {
    expect(conversation([0, message(33, 0x20, 34, payload(0, proposal(transforms)))])[0].anomalies).toEqual(anomalies);
  });

  test('a responder chooses one', () => {
    const both = payload(0, proposal([second(1, 20), second(4, 19)]).repeat(2));
    expect(conversation([1, message(33, 0x20, 34, both)])[0].anomalies).toContain('multiple_server_proposal');
  });
});

test.each<[why: string, proposals: string, anomalies: readonly string[]]>([
  [
    'a transform is announced and not there',
    proposal([second(1, 20), second(2, 5), second(4, 19)]).replace('\x01\x01\0\x03', '\x01\x01\0\x04'),
    ['invalid_proposal'],
  ],
  ['a proposal ends beyond its payload, of which nothing is said then', proposal([second(1, 2)]).replace(/^(..)../s, '$1\x7f\0'), []],
  [
    'a transform ends beyond its proposal',
    proposal([second(1, 2), second(2, 1)])
      .slice(0, -1)
      .replace(/^(..)../s, '$1\0\x17'),
    [],
  ],
  ['a protocol that there is not', proposal([second(1, 20), second(2, 5), second(4, 19)]).replace('\x01\x01\0\x03', '\x01\x63\0\x03'), ['unknown_proposal']],
])('%s', (_why, proposals, anomalies) => {
  expect(conversation([0, message(33, 0x20, 34, payload(0, proposals))])[0].anomalies).toEqual(anomalies);
});

test('version 1: records know what came before them in the conversation', () => {
  const offered = payload(0, `\0\0\0\x01\0\0\0\x01${proposal([first([1, 7], [2, 2]), first([1, 5], [2, 1])])}`);
  const chosen = payload(0, `\0\0\0\x01\0\0\0\x01${proposal([first([1, 5], [2, 1], [3, 1], [4, 2])])}`);
  const [, answer, nonce] = conversation([0, message(1, 0x10, 2, offered)], [1, message(1, 0x10, 2, chosen)], [0, message(10, 0x10, 2, payload(0, 'nonce'))]);
  expect(answer).toMatchObject({ alg_enc: 'Enc3desCbc', alg_hash: 'HashMd5', alg_auth: 'AuthPreSharedKey', alg_dh: 'GroupAlternate1024BitModpGroup' });
  expect(nonce).toMatchObject({
    alg_enc: 'Enc3desCbc',
    ikev1: { client: { nonce_payload: '6e6f6e6365', nonce_payload_length: 5, proposals: [{ alg_enc: 'EncAesCbc' }, { alg_enc: 'Enc3desCbc' }] } },
  });
});

test('version 1: kinds of payloads, names of what was chosen, numbers without names', () => {
  const chosen = payload(13, `\0\0\0\x01\0\0\0\x01${proposal([first([1, 7], [4, 14], [11, 1], [12, 900], [14, 256])])}`);
  const text = message(1, 0x10, 2, chosen + payload(0, 'vendor'));
  expect(conversation([1, text])[0]).toMatchObject({
    payload: ['VendorID', 'Transform', 'Proposal', 'SecurityAssociation'],
    alg_enc: 'EncAesCbc',
    alg_dh: 'GroupModp2048Bit',
    alg_dh_raw: 14,
    sa_life_type: 'LifeTypeSeconds',
    sa_life_duration: 'Unknown',
    sa_life_duration_raw: 900,
    sa_key_length: 'Unknown',
    sa_key_length_raw: 256,
  });
});

test.each([
  ['the exchange by name only in the extended form', undefined, undefined],
  ['extended: yes', { extended: true }, 'Identity Protection'],
])('%s', (_why, options, name) => {
  const session = protocol.open(new Flow(), DEFAULT_SETTINGS);
  const bytes = fromLatin1(message(10, 0x10, 2, payload(0, 'nonce')));
  session.consume(0, bytes, 0, bytes.length, true, 1);
  expect(protocol.records(session.transactions[0], new Flow(), options)[0].body['exchange_type_verbose']).toBe(name);
});

test('version 2: the responder’s messages say what it chose', () => {
  const answered = proposal([second(1, 12), second(2, 5), second(3, 12), second(4, 14), second(5, 0)]);
  const [offer, answer] = conversation(
    [0, message(33, 0x20, 34, payload(0, proposal([second(1, 12)])))],
    [1, message(33, 0x20, 34, payload(0, answered)).replace('\x21\x20\x22\0', '\x21\x20\x22\x20')],
  );
  expect(offer).toMatchObject({ role: 'initiator' });
  expect(offer).not.toHaveProperty('alg_enc');
  expect(answer).toMatchObject({
    role: 'responder',
    alg_enc: 'ENCR_AES_CBC',
    alg_prf: 'PRF_HMAC_SHA2_256',
    alg_auth: 'AUTH_HMAC_SHA2_256_128',
    alg_dh: 'Modp2048',
    alg_esn: 'NoESN',
  });
});

test('cut anywhere, nothing throws', () => {
  const whole = message(33, 0x20, 34, payload(0, proposal([second(1, 12), second(2, 5)])));
  for (let length = 0; length < whole.length; length++) conversation([0, whole.slice(0, length)]);
});

test('rules read nonces and keys as bytes and in hex, vendors and indices in hex', () => {
  const [{ buffers }] = tell(protocol, [[0, fromLatin1(message(10, 0x10, 2, payload(13, 'nonce') + payload(0, 'vendor')))]]).transactions;
  expect(buffers).toMatchObject({
    'ike.nonce_payload': ['nonce', '6e6f6e6365'],
    'ike.vendor': ['76656e646f72'],
    'ike.init_spi': ['696e69746961746f'],
  });
});
