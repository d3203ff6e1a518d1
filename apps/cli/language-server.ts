/** `sigwright language-server`: the language server protocol over standard input and output, for any editor that speaks it. */
import { createConnection, ProposedFeatures } from 'vscode-languageserver/node';
import { serve } from '../language-server/server.ts';
import { argumentsOf } from './shared/arguments.ts';

const USAGE = `sigwright language-server [options]

The language server protocol over standard input and output: diagnostics as you type, completion, hover, names over the whole set.
An editor starts it for files that end in .rules; see editors/README.md.

      --stdio            what editors say by habit; the default and the only way
`;

export function run(argv: readonly string[]): Promise<number> {
  argumentsOf(USAGE, argv, { options: { stdio: { type: 'boolean' }, clientProcessId: { type: 'string' } } });
  const connection = createConnection(ProposedFeatures.all, process.stdin, process.stdout);
  serve(connection);
  connection.listen();
  // Lives until the client says `exit` or goes away: the library ends the process then.
  return new Promise(() => {});
}
