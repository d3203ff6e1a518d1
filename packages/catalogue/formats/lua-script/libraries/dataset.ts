/** `suricata.dataset`: sets of values that rules and scripts share. */
import { fromLatin1 } from '@sigwright/bytes';
import { givenText, givenWhole } from '@sigwright/lua';
import { knownDataSet } from '../../data-set/open-data-set.ts';
import type { Functions, LibraryTools } from './library-tools.ts';

export function datasetLibrary(tools: LibraryTools): Functions {
  return {
    new: () => [
      tools.value('suricata:dataset', { name: '' }, () => ({
        get(set, args) {
          const name = givenText(args, 0, 'get');
          if (knownDataSet(name, tools.host.settings) === undefined) return [undefined, `dataset ${name} not found`];
          set.name = name;
          return [true];
        },
        add(set, args) {
          const known = knownDataSet(set.name, tools.host.settings);
          if (known === undefined) return [undefined, 'dataset is not initialized'];
          const bytes = fromLatin1(givenText(args, 0, 'add').slice(0, args[1] === undefined ? undefined : Math.max(0, givenWhole(args, 1, 'add'))));
          const isNew = !known.has(bytes);
          known.add(bytes);
          return [isNew ? 1 : 0];
        },
      })),
    ],
  };
}
