/** DCE/RPC over TCP on damaged bytes. node fuzz/dcerpc.fuzz.ts [SECONDS] [SEED] */
import { RPC } from '../packages/catalogue/smb-samples.ts';
import { bytesOf, fuzzSession } from './session.ts';

fuzzSession('dcerpc', [
  {
    client: bytesOf(RPC.bind + RPC.request(2, 7, 'ab', 1) + RPC.request(2, 7, 'cd', 2)),
    server: bytesOf(RPC.bound + RPC.response(2, 'results')),
  },
]);
