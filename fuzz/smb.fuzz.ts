/** SMB 1 and 2 with files and pipes on damaged bytes. node fuzz/smb.fuzz.ts [SECONDS] [SEED] */
import { SMB1_FILES, SMB2_FILES, SMB2_PIPE } from '../packages/catalogue/smb-samples.ts';
import { bytesOf, fuzzSession } from './session.ts';

fuzzSession(
  'smb',
  [SMB1_FILES, SMB2_FILES, SMB2_PIPE].map(({ client, server }) => ({ client: bytesOf(client.join('')), server: bytesOf(server.join('')) })),
);
