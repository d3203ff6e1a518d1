/** Sticky buffers over one text of a transaction: the buffer and the keyword that selects it, from one line each. */
import {
  type BufferDefinition,
  type Direction,
  fillWindow,
  type KeywordDefinition,
  keyword,
  TO_CLIENT,
  TO_SERVER,
  type Transaction,
} from '@sigwright/contracts';
import { none } from '../../arguments/index.ts';
import { MESSAGE_COMPLETE } from './framed-session.ts';

export interface TextBuffer<Kind extends Transaction> {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly summary: string;
  readonly since: string;
  readonly directions?: readonly Direction[];
  /** from which it can be read; else the protocol's first */
  readonly progress?: number;
  /** there may be several; `read` is asked with growing indices until it gives undefined */
  readonly multiple?: boolean;
  read(transaction: Kind, index: number, direction: Direction): Uint8Array | undefined;
}

const BOTH: readonly Direction[] = [TO_SERVER, TO_CLIENT];

export function textBuffers<Kind extends Transaction>(
  protocol: string,
  list: readonly TextBuffer<Kind>[],
): { readonly buffers: readonly BufferDefinition[]; readonly keywords: readonly KeywordDefinition<never>[] } {
  const buffers = list.map(
    (one): BufferDefinition => ({
      of: 'transaction',
      name: one.name,
      summary: one.summary,
      shape: 'text',
      protocol,
      directions: one.directions ?? BOTH,
      multiple: one.multiple === true,
      progress: () => one.progress ?? MESSAGE_COMPLETE,
      read: (transaction, direction, index, window) =>
        (index === 0 || one.multiple === true) && fillWindow(window, one.read(transaction as Kind, index, direction) ?? undefined),
    }),
  );
  const keywords = list.map((one) =>
    keyword({
      name: one.name,
      ...(one.aliases === undefined ? {} : { aliases: one.aliases }),
      family: protocol,
      since: one.since,
      summary: one.summary,
      kind: 'sticky-buffer' as const,
      protocol,
      argument: none(),
      examples: [`${one.name}; content:"abc";`],
      broken: [{ options: `${one.name}:1;`, code: `${one.name}/argument` }],
      apply(_none, builder) {
        builder.selectBuffer(one.name);
      },
    }),
  );
  return { buffers, keywords: keywords as unknown as readonly KeywordDefinition<never>[] };
}
