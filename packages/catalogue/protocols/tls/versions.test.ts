/** What `tls.version` holds against while a hello is on its way, and when it is there. */
import { DEFAULT_SETTINGS, Flow, type RuleBuilder, TO_SERVER, type TransactionCondition } from '@sigwright/contracts';
import { expect, test } from 'vitest';
import { conditionKeywords } from './conditions.ts';
import { TlsSession } from './transactions.ts';

/** A ClientHello that offers TLS 1.2, in a record of TLS 1.0 as clients send it. */
const HELLO = Uint8Array.of(22, 3, 1, 0, 45, 1, 0, 0, 41, 3, 3, ...new Array<number>(32).fill(7), 0, 0, 2, 0x13, 1, 1, 0);

function holds(version: number, length: number): boolean {
  const conditions: TransactionCondition[] = [];
  const builder = { addTransaction: (condition: TransactionCondition) => conditions.push(condition) } as unknown as RuleBuilder;
  conditionKeywords.find(({ name }) => name === 'tls.version')?.apply({ negated: false, version } as never, builder);
  const session = new TlsSession(DEFAULT_SETTINGS, 0);
  session.consume(TO_SERVER, HELLO, 0, length);
  return conditions[0].test(session.transactions[0], TO_SERVER, new Flow());
}

test.each<readonly [why: string, version: number, length: number, expected: boolean]>([
  ['before the record nothing is known', 0x0301, 4, false],
  ['a hello that is not whole has the version of its record', 0x0301, 20, true],
  ['and not the one that it will offer', 0x0303, 20, false],
  ['a whole one has its own', 0x0303, HELLO.length, true],
  ['and that of its record no longer', 0x0301, HELLO.length, false],
])('%s', (_why, version, length, expected) => {
  expect(holds(version, length)).toBe(expected);
});
