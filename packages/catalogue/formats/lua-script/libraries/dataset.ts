/** `suricata.dataset`: sets of values that rules and scripts share. */
import { fromLatin1 } from '@sigwright/bytes';
import { knownDataSet } from '../../data-set/open-data-set.ts';
import { type Functions, given, type LibraryTools } from './library-tools.ts';

export function datasetLibrary(tools: LibraryTools): Functions {
  return {
    new: () => [
      tools.value('suricata:dataset', { name: '' }, () => ({
        get(set, args) {
          const name = given(args, 0, 'name of a set');
          if (knownDataSet(name, tools.host.settings) === undefined) return [undefined, `dataset ${name} not found`];
          set.name = name;
          return [true];
        },
        add(set, args) {
          const known = knownDataSet(set.name, tools.host.settings);
          if (known === undefined) return [undefined, 'dataset is not initialized'];
          const bytes = fromLatin1(given(args, 0, 'string').slice(0, Number(args[1] ?? 0xffff)));
          const isNew = !known.has(bytes);
          known.add(bytes);
          return [isNew ? 1 : 0];
        },
      })),
    ],
  };
}
