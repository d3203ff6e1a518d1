/** What lints need from outside the engine: the public suffix list, and the release before. */
import { parseRules } from '@sigwright/rule-language';
import { registrable } from '../intake/find-indicators.ts';

const MOST_REMEMBERED = 100_000;

/** Answers of the public suffix list, remembered: rules name the same endings over and over. */
export function suffixList(): (host: string) => string | undefined {
  const remembered = new Map<string, string | undefined>();
  return (host) => {
    if (remembered.has(host)) return remembered.get(host);
    const answer = registrable(host);
    if (remembered.size < MOST_REMEMBERED) remembered.set(host, answer);
    return answer;
  };
}

/** Rules as they were released before, by number. */
export function rulesBefore(texts: readonly string[]): (gid: number, sid: number) => { rev: number; text: string } | undefined {
  const known = new Map<string, { rev: number; text: string }>();
  for (const text of texts) for (const { gid, sid, rev, text: written } of parseRules(text).rules) known.set(`${gid}:${sid}`, { rev, text: written });
  return (gid, sid) => known.get(`${gid}:${sid}`);
}
