/** What a match does beside telling of it: `filestore` stores files. Suricata user guide, "File keywords". */
import { entryOf } from '@sigwright/bytes';
import { asKeywords, type Direction, keyword, TO_CLIENT, TO_SERVER, type Transaction } from '@sigwright/contracts';

type Scope = 'file' | 'tx' | 'flow';

interface Storing {
  /** undefined: the direction of the match */
  readonly directions: readonly Direction[] | undefined;
  readonly scope: Scope;
}

const DIRECTIONS: Readonly<Record<string, readonly Direction[]>> = {
  request: [TO_SERVER],
  to_server: [TO_SERVER],
  response: [TO_CLIENT],
  to_client: [TO_CLIENT],
  both: [TO_SERVER, TO_CLIENT],
};
const SCOPES: Readonly<Record<string, Scope>> = { file: 'file', tx: 'tx', ssn: 'flow', flow: 'flow' };

function readStoring(written: string): { value: Storing } | { problem: string } {
  const words = written.split(',').map((word) => word.trim());
  if (words.length > 2) return { problem: 'more than a direction and a scope are given' };
  const directions = entryOf(DIRECTIONS, words[0]);
  if (directions === undefined) return { problem: `\`${words[0]}\` is no direction` };
  const scope = words.length === 1 ? 'file' : entryOf(SCOPES, words[1]);
  return scope === undefined ? { problem: `\`${words[1]}\` is no scope` } : { value: { directions, scope } };
}

function store(transaction: Transaction | undefined, directions: readonly Direction[]): void {
  for (const file of transaction?.files ?? []) if (directions.includes(file.direction)) file.stored = true;
}

export const keywords = asKeywords(
  keyword({
    name: 'filestore',
    family: 'file',
    since: '1.1',
    summary: 'the file, or those of a direction of its transaction or flow, are stored',
    kind: 'state',
    argument: {
      optional: true,
      words: Object.keys(DIRECTIONS),
      syntax: '[<request|response|both>[,<file|tx|flow>]]',
      samples: ['request', 'both,flow'],
      read: (written) => (written === undefined ? { value: { directions: undefined, scope: 'file' as const } } : readStoring(written)),
    },
    examples: ['filename:"report"; filestore;', 'filestore:response,flow;'],
    broken: [
      { options: 'filestore:sideways;', code: 'filestore/argument' },
      { options: 'filestore:both,ever;', code: 'filestore/argument' },
    ],
    apply({ directions, scope }, builder) {
      // Without a file there is nothing to store, and nothing to tell of.
      const before = builder.currentBuffer;
      builder.selectBuffer('files');
      builder.addBytes({ kind: 'test', keyword: 'filestore', relative: false, describes: 'there is a file', test: () => true });
      builder.selectBuffer(before);
      builder.addEffect({
        keyword: 'filestore',
        describes: `store files of the ${scope}`,
        apply(flow, transaction, direction) {
          const wanted = directions ?? [direction];
          store(transaction, wanted);
          if (scope !== 'flow') return;
          // Files that began before were not asked for.
          for (const other of flow.session?.transactions ?? [])
            for (const file of other.files ?? []) if (wanted.includes(file.direction)) file.stored ??= false;
          for (const one of wanted) flow.filesStored |= 1 << one;
        },
      });
    },
  }),
);
