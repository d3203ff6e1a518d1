/** QUIC on damaged datagrams. node fuzz/quic.fuzz.ts [SECONDS] [SEED] */
import { CLIENT, CLIENT_2, CLIENT_HELLO, crypto, GOOGLE, initial, retry, SERVER, SERVER_HELLO } from '../packages/catalogue/quic-samples.ts';
import { fuzzSession } from './session.ts';

const ID = 'chosen--';
const hello = initial(CLIENT, ID, ID, 0, crypto(0, CLIENT_HELLO));
const answer = initial(SERVER, ID, 'client', 0, crypto(0, SERVER_HELLO));
fuzzSession(
  'quic',
  [
    { client: hello, server: answer },
    { client: initial(CLIENT_2, ID, ID, 0, crypto(0, CLIENT_HELLO)), server: retry('given') },
    { client: GOOGLE, server: GOOGLE },
  ],
  true,
);
