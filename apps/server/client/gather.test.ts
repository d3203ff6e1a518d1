/** What a page is handed of a capture. */
import { fromLatin1 } from '@sigwright/bytes';
import { catalogue } from '@sigwright/catalogue';
import { DEFAULT_SETTINGS } from '@sigwright/contracts';
import { buildPlan, Engine, usePlan } from '@sigwright/detection';
import { composeCapture } from '@sigwright/traffic';
import { expect, test } from 'vitest';
import { FlowGatherer } from './gather.ts';

test('numbers of 64 bits have all their digits on the other side of a thread', () => {
  const session = '\x01\0\0\0\0\0\0\x80';
  // A keep-alive of SMB 2: nothing but the header, in which the session stands.
  const header = `\xfeSMB\x40\0\0\0\0\0\0\0\x0d\0\x01\0${'\0'.repeat(24)}${session}${'\0'.repeat(16)}`;
  const capture = composeCapture({ seed: 1 });
  const bytes = fromLatin1(`\0\0\0\x44${header}\x04\0\0\0`);
  capture.tcpConversation({ client: '10.0.0.5', server: '10.0.0.6', serverPort: 445, exchanges: [{ from: 'client', bytes }] });
  const gathered = new FlowGatherer(DEFAULT_SETTINGS);
  const plan = usePlan(buildPlan([], catalogue, DEFAULT_SETTINGS).data, catalogue, DEFAULT_SETTINGS);
  const engine = new Engine(plan, catalogue, DEFAULT_SETTINGS, gathered.handlers);
  engine.feed(capture.finish());
  engine.finish();
  const [{ id }] = gathered.list();
  const [{ summary, records }] = structuredClone(gathered.details(id)?.transactions ?? []);
  expect(records).toMatchObject([{ type: 'smb', text: expect.stringContaining('"session_id": 9223372036854775809') }]);
  expect(summary).toContain('session_id 9223372036854775809');
});
