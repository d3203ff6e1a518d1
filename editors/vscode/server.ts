/** The server that the extension brings: the one of `sigwright language-server`. */
import { run } from '../../apps/cli/language-server.ts';

await run([]);
