/** A word that somebody else chose, looked up in a table of ours. */

/** What the table says of it; undefined: nothing. `constructor` and whatever else every object has are no entries. */
export function entryOf<Value>(table: Readonly<Record<string, Value>>, word: string): Value | undefined {
  return Object.hasOwn(table, word) ? table[word] : undefined;
}
