/** `suricata.dnp3`: a DNP3 transaction as one table. */
import type { Functions, LibraryTools } from './library-tools.ts';

export function dnp3Library(tools: LibraryTools): Functions {
  return {
    get_tx() {
      const { context } = tools.host;
      const told = context?.flow?.applicationProtocol === 'dnp3' ? context.record() : undefined;
      return told === undefined ? [undefined, 'error: no dnp3 transaction here'] : [tools.table(told)];
    },
  };
}
