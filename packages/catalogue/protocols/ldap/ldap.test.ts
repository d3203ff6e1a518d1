/** LDAP: requests with their answers, notices nobody asked for, the change to TLS; the same at every split. */
import { expect, test } from 'vitest';
import { der, SAMPLES } from '../../message-samples.ts';
import { everySplit, type Turns, tell, whole } from '../../session-kit.ts';
import { protocol } from './ldap.definition.ts';

const { ldap } = SAMPLES;
const dialogue: Turns = [
  ['client', ldap.bind + ldap.search],
  ['server', ldap.bound + ldap.entry + ldap.done],
  ['client', ldap.change + ldap.leave],
];
const bodies = (turns: Turns) => tell(protocol, whole(turns)).transactions.flatMap((one) => one.records.map((record) => (record as { body: unknown }).body));

test('a search and everything found are one record', () => {
  expect(bodies(dialogue)).toMatchObject([
    {
      request: { operation: 'bind_request', message_id: 1, bind_request: { version: 3, name: 'cn=reader' } },
      responses: [{ operation: 'bind_response', bind_response: { result_code: 'invalid_credentials', matched_dn: '', message: 'no' } }],
    },
    {
      request: { operation: 'search_request', search_request: { base_object: 'dc=example', scope: 2, types_only: false, attributes: ['cn', 'mail'] } },
      responses: [
        {
          operation: 'search_result_entry',
          search_result_entry: { base_object: 'cn=a,dc=example', attributes: [{ type: 'mail', values: ['a@example', 'b@example'] }] },
        },
        { operation: 'search_result_done', search_result_done: { result_code: 'success' } },
      ],
    },
    { request: { modify_request: { object: 'cn=a', changes: [{ operation: 'replace', modification_type: 'mail', modification_values: ['c'] }] } } },
    { request: { operation: 'unbind_request' } },
  ]);
});

test('passwords are not shown', () => expect(JSON.stringify(bodies(dialogue))).not.toContain('hidden'));

test('rules see names, attributes and messages', () => {
  const [bind, search] = tell(protocol, whole(dialogue)).transactions;
  expect(bind.buffers['ldap.responses.message']).toEqual(['no']);
  expect(search.buffers).toMatchObject({ 'ldap.request.dn': ['dc=example'], 'ldap.request.attribute_type': ['cn', 'mail'] });
  expect(search.buffers['ldap.responses.attribute_type']).toEqual(['mail']);
});

test('is the same at every split', () => {
  const told = tell(protocol, whole(dialogue));
  for (const pieces of everySplit(dialogue)) expect(tell(protocol, pieces)).toEqual(told);
});

test('what does not fit is said', () => {
  const anomalies = (...turns: Turns) => tell(protocol, whole(turns)).transactions.map((one) => one.anomalies);
  expect(anomalies(['server', ldap.done])).toEqual([['request_not_found']]);
  expect(anomalies(['server', der(0x30, der(0x02, '\0'), der(0x78, der(0x0a, '\x34'), der(0x04), der(0x04)))])).toEqual([[]]);
  expect(anomalies(['client', der(0x30, der(0x04, 'x'))])).toEqual([['invalid_data']]);
  expect(tell(protocol, whole([['client', 'no message']]))).toMatchObject({ broken: true, anomalies: ['malformed_data'] });
});

test('after StartTLS the conversation goes on in TLS, but only where the server agrees', () => {
  const answer = (code: string) => der(0x30, der(0x02, '\x07'), der(0x78, der(0x0a, code), der(0x04), der(0x04)));
  const next = (code: string) =>
    tell(
      protocol,
      whole([
        ['client', ldap.encrypt],
        ['server', answer(code)],
      ]),
    ).nextProtocol;
  expect(next('\0')).toBe('tls');
  expect(next('\x34')).toBeUndefined();
});
