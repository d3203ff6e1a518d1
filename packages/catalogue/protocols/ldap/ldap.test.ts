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
    { request: { modify_request: { object: 'cn=a', changes: [{ operation: 'replace', modification: { attribute_type: 'mail', attribute_values: ['c'] } }] } } },
    { request: { operation: 'unbind_request' } },
  ]);
});

test.each([
  [
    'an entry is added attribute by attribute',
    der(0x68, der(0x04, 'cn=a'), der(0x30, der(0x30, der(0x04, 'sn'), der(0x31, der(0x04, 'x'), der(0x04, 'y'))))),
    { add_request: { entry: 'cn=a', attributes: [{ name: 'sn', values: ['x', 'y'] }] } },
  ],
  [
    'a bind by SASL shows its mechanism',
    der(0x60, der(0x02, '\x03'), der(0x04), der(0xa3, der(0x04, 'PLAIN'), der(0x04, 'secret'))),
    { bind_request: { version: 3, name: '', sasl: { mechanism: 'PLAIN', credentials: 'secret' } } },
  ],
  [
    'a name is changed',
    der(0x6c, der(0x04, 'cn=a'), der(0x04, 'cn=b'), der(0x01, '\xff'), der(0x80, 'dc=c')),
    {
      mod_dn_request: { entry: 'cn=a', new_rdn: 'cn=b', delete_old_rdn: true, new_superior: 'dc=c' },
    },
  ],
])('%s', (_, operation, shown) => expect(bodies([['client', der(0x30, der(0x02, '\x05'), operation)]])).toMatchObject([{ request: shown }]));

test.each([
  [
    'a server goes on with SASL',
    der(0x61, der(0x0a, '\x0e'), der(0x04), der(0x04), der(0x87, 'more')),
    {
      bind_response: { result_code: 'sasl_bind_in_progress', server_sasl_creds: 'more' },
    },
  ],
  ['a code of the registry has its name', der(0x69, der(0x0a, '\x22'), der(0x04), der(0x04)), { add_response: { result_code: 'invalid_dns_syntax' } }],
])('%s', (_, operation, shown) => expect(bodies([['server', der(0x30, der(0x02, '\x05'), operation)]])).toMatchObject([{ responses: [shown] }]));

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
  const [base, number, no] = [der(0x04), der(0x0a, '\0'), der(0x01, '\0')];
  const search = (filter: string) => der(0x30, der(0x02, '\x05'), der(0x63, base, number, number, number, number, no, filter, der(0x30)));
  expect(anomalies(['client', search(der(0x87, 'cn'))])).toEqual([[]]);
  // A filter is one of ten kinds.
  expect(anomalies(['client', search(der(0x30, der(0x30)))])).toEqual([['invalid_data']]);
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
