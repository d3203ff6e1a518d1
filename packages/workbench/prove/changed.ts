/** What a change of a ruleset repository can affect: the rules that must be proved again, by number. */
import type { Rule } from '@sigwright/contracts';
import { rulesAffected } from './related.ts';

/** Their verdict ends the inspection of a packet or flow for others. */
const DECIDING = /^(?:pass|drop|reject)/;

/**
 * `paths`: files that changed, relative to the repository's folder, with `/`. Undefined: everything, because settings changed or a rule
 * that decides about traffic for all others.
 */
export function affectedByChange(before: readonly Rule[], after: readonly Rule[], paths: readonly string[]): ReadonlySet<number> | undefined {
  if (paths.includes('ruleset.yaml')) return undefined;
  const sids = new Set<number>();
  for (const path of paths) {
    const evidence = /^evidence\/(\d+)\//.exec(path);
    if (evidence !== null) sids.add(Number(evidence[1]));
    // A script or a list that rules bring along: those that name it.
    const file = /^rules\/(.+)$/.exec(path)?.[1];
    if (file === undefined || file.endsWith('.rules')) continue;
    for (const rule of after) if (rule.text.includes(file)) sids.add(rule.sid);
  }
  const changed = changedRules(before, after);
  if (changed.some((rule) => DECIDING.test(rule.action))) return undefined;
  for (const rule of changed) sids.add(rule.sid);
  // Bits of the old text count as well as those of the new.
  const affected = new Set([...rulesAffected(after, sids), ...rulesAffected([...changed, ...after], sids)]);
  return new Set(after.flatMap(({ sid }) => (affected.has(sid) ? [sid] : [])));
}

/** As they are now, and as they were. */
function changedRules(before: readonly Rule[], after: readonly Rule[]): Rule[] {
  // A change of a few lines leaves the same objects before and behind it.
  let start = 0;
  let [oldEnd, end] = [before.length, after.length];
  while (start < Math.min(oldEnd, end) && before[start] === after[start]) start++;
  for (; oldEnd > start && end > start && before[oldEnd - 1] === after[end - 1]; oldEnd--) end--;
  const known = new Map(before.slice(start, oldEnd).map((rule) => [rule.sid, rule]));
  const changed: Rule[] = [];
  for (const rule of after.slice(start, end)) {
    const old = known.get(rule.sid);
    known.delete(rule.sid);
    if (old === rule || (old !== undefined && old.text === rule.text && old.enabled === rule.enabled)) continue;
    changed.push(rule, ...(old === undefined ? [] : [old]));
  }
  return [...changed, ...known.values()];
}
