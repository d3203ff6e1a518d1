/** Reputation files: categories (`id,name,words`) and lists (`address or network,id,score`). Lines that are neither are passed over. */
import { readFileSync } from 'node:fs';
import { type AddressRange, compareWords, parseRange } from '@sigwright/bytes';
import type { Reputation } from '@sigwright/contracts';

interface Entry {
  readonly range: AddressRange;
  readonly score: number;
}

/** Throws where a file can not be read. */
export function readReputation(categoriesFile: string, lists: readonly string[]): Reputation {
  const names = new Map<number, string>();
  for (const line of readFileSync(categoriesFile, 'utf8').split(/\r?\n/)) {
    const match = /^\s*(\d+)\s*,\s*([^,]+)/.exec(line);
    if (match !== null) names.set(Number(match[1]), match[2].trim());
  }
  const single = new Map<string, number>();
  const networks = new Map<string, Entry[]>();
  for (const list of lists) {
    for (const line of readFileSync(list, 'utf8').split(/\r?\n/)) {
      const match = /^\s*([0-9a-fA-F.:/]+)\s*,\s*(\d+)\s*,\s*(\d+)\s*$/.exec(line);
      const range = match === null ? undefined : parseRange(match[1]);
      const name = match === null ? undefined : names.get(Number(match[2]));
      if (match === null || range === undefined || name === undefined) continue;
      const score = Number(match[3]);
      if (compareWords(range.from, range.to) === 0) single.set(`${name} ${range.from.join('.')} ${range.version}`, score);
      else networks.set(name, [...(networks.get(name) ?? []), { range, score }]);
    }
  }
  return {
    categories: new Set(names.values()),
    score(words, version, category) {
      const exact = single.get(`${category} ${words.join('.')} ${version}`);
      if (exact !== undefined) return exact;
      let best: Entry | undefined;
      for (const entry of networks.get(category) ?? []) {
        if (entry.range.version !== version || compareWords(words, entry.range.from) < 0 || compareWords(words, entry.range.to) > 0) continue;
        if (best === undefined || compareWords(entry.range.from, best.range.from) > 0) best = entry;
      }
      return best?.score;
    },
  };
}
