/** Keys of the Windows registry: from the hive to the end of the path, as written. */
import type { IndicatorDefinition } from '@sigwright/contracts';

const SHAPE =
  /(?<![\w\\])(?:HKEY_(?:LOCAL_MACHINE|CURRENT_USER|CLASSES_ROOT|USERS|CURRENT_CONFIG)|HK(?:LM|CU|CR|U|CC)):?\\[^\s"'`|<>*]{1,400}(?: [^\s"'`|<>*\\]{1,40}\\[^\s"'`|<>*]{1,200}){0,4}/g;

export const indicator: IndicatorDefinition = {
  type: 'registry',
  summary: 'key of the Windows registry',
  refanged: false,
  precedence: 65,
  *find(text) {
    for (const match of text.matchAll(SHAPE)) {
      const value = match[0].replace(/[.,;:)\]]+$/, '');
      yield { value, start: match.index, end: match.index + value.length };
    }
  },
};
