/** Which handshakes without a certificate are records of a session that goes on (RFC 5077: the client says that it knows tickets). */
import { DEFAULT_SETTINGS, type Direction, Flow, TO_CLIENT, TO_SERVER } from '@sigwright/contracts';
import { expect, test } from 'vitest';
import { protocol } from './tls.definition.ts';

type Extension = readonly [type: number, ...content: readonly number[]];
const TICKET: Extension = [35];
const TLS_1_3: Extension = [43, 3, 4];

const withLength = (bytes: readonly number[], size: number): number[] => [
  ...Array.from({ length: size }, (_, at) => (bytes.length >> (8 * (size - 1 - at))) & 255),
  ...bytes,
];

function hello(kind: 1 | 2, ...extensions: readonly Extension[]): Uint8Array {
  const list = extensions.flatMap(([type, ...content]) => [0, type, ...withLength(content, 2)]);
  const suites = kind === 1 ? [0, 2, 0xc0, 0x2f, 1, 0] : [0xc0, 0x2f, 0];
  const body = [3, 3, ...new Array<number>(32).fill(7), 0, ...suites, ...withLength(list, 2)];
  return Uint8Array.from([22, 3, 3, ...withLength([kind, ...withLength(body, 3)], 2)]);
}

/** Records of a conversation that ends behind these. */
function told(...turns: readonly (readonly [Direction, Uint8Array])[]): unknown[] {
  const flow = new Flow();
  const session = protocol.open(flow, DEFAULT_SETTINGS);
  for (const [direction, bytes] of turns) session.consume(direction, bytes, 0, bytes.length, false, 1);
  session.finish(2);
  return session.transactions.flatMap((one) => protocol.records(one, flow).map(({ body }) => body));
}

test.each<readonly [why: string, client: Uint8Array, server: Uint8Array | undefined, shown: readonly object[]]>([
  ['with tickets it goes on', hello(1, TICKET), hello(2), [{ session_resumed: true, version: 'TLS 1.2' }]],
  ['without tickets the certificate is missed', hello(1), hello(2), []],
  ['without an answer nothing goes on', hello(1, TICKET), undefined, [{ version: 'TLS 1.2' }]],
])('%s', (_why, client, server, shown) => {
  const records = told([TO_SERVER, client], ...(server === undefined ? [] : [[TO_CLIENT, server] as const]));
  expect(records).toMatchObject(shown);
  if (server === undefined) expect(records[0]).not.toHaveProperty('session_resumed');
});

test('TLS 1.3 hides its certificates, which says nothing of that', () => {
  const [record] = told([TO_SERVER, hello(1, TICKET)], [TO_CLIENT, hello(2, TLS_1_3)]);
  expect(record).toMatchObject({ version: 'TLS 1.3' });
  expect(record).not.toHaveProperty('session_resumed');
});
