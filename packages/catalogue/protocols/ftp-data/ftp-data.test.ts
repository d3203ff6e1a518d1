/** Data connections of FTP: one file, whatever its direction. */
import { DEFAULT_SETTINGS, Flow } from '@sigwright/contracts';
import { describe, expect, test } from 'vitest';
import { everySplit, type Turns, tell, whole } from '../../session-kit.ts';
import { protocol } from './ftp-data.definition.ts';

describe('a data connection', () => {
  test('is one file, in whichever direction it goes, at every split', () => {
    for (const from of ['client', 'server'] as const) {
      const turns: Turns = [[from, 'some bytes of a file']];
      const told = tell(protocol, whole(turns));
      expect(told.transactions[0].files).toEqual([['', 20, 'CLOSED']]);
      for (const pieces of everySplit(turns)) expect(tell(protocol, pieces)).toEqual(told);
    }
  });

  test('a listing is no file, and ends all the same', () => {
    const flow = new Flow();
    flow.expected = { command: 'LIST', fileName: '' };
    const session = protocol.open(flow, DEFAULT_SETTINGS);
    session.consume(1, new Uint8Array(5), 0, 5, true, 1);
    expect(session.transactions[0].files).toBeUndefined();
    expect(session.transactions[0].progress).toEqual(protocol.complete);
  });

  test('knows what it was announced as; lost bytes count', () => {
    const flow = new Flow();
    flow.expected = { command: 'STOR', fileName: 'a.bin' };
    const session = protocol.open(flow, DEFAULT_SETTINGS);
    session.consume(0, new Uint8Array(5), 0, 5, false, 1);
    expect(session.skip(0, 7)).toBe(false);
    session.finish(2);
    const [transaction] = session.transactions;
    expect(protocol.records(transaction, flow)).toEqual([{ type: 'ftp_data', direction: 0, body: { filename: 'a.bin', command: 'STOR' } }]);
    expect(transaction.files).toMatchObject([{ name: 'a.bin', size: 12, gaps: true, state: 'TRUNCATED' }]);
  });
});
