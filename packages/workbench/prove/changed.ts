/** What a change of a ruleset repository can affect: the rules that must be proved again, by number. */
import type { Rule } from '@sigwright/contracts';
import { RuleRelations } from './related.ts';

/** Their verdict ends the inspection of a packet or flow for others. */
const DECIDING = /^(?:pass|drop|reject)/;

/**
 * `paths`: files that changed, relative to the repository's folder, with `/`. Undefined: everything, because settings changed or a rule
 * that decides about traffic for all others. `relations`: of the rules before; of those after, once this returns.
 */
export function affectedByChange(
  before: readonly Rule[],
  after: readonly Rule[],
  paths: readonly string[],
  relations = new RuleRelations(before),
): ReadonlySet<number> | undefined {
  const { gone, come, changed } = changedRules(before, after);
  relations.add(come);
  const sids = new Set<number>();
  for (const path of paths) {
    const evidence = /^evidence\/(\d+)\//.exec(path);
    if (evidence !== null) sids.add(Number(evidence[1]));
    // A script or a list that rules bring along: those that name it.
    const file = /^rules\/(.+)$/.exec(path)?.[1];
    if (file === undefined || file.endsWith('.rules')) continue;
    for (const rule of after) if (rule.text.includes(file)) sids.add(rule.sid);
  }
  for (const rule of changed) sids.add(rule.sid);
  // Bits of the old text count as well as those of the new.
  const affected = relations.affected(sids);
  relations.remove(gone);
  if (paths.includes('ruleset.yaml') || changed.some((rule) => DECIDING.test(rule.action))) return undefined;
  return new Set([...affected].filter((sid) => relations.has(sid)));
}

interface Changes {
  /** objects that are no more, and those in their place */
  readonly gone: readonly Rule[];
  readonly come: readonly Rule[];
  /** those of both with another text */
  readonly changed: readonly Rule[];
}

function changedRules(before: readonly Rule[], after: readonly Rule[]): Changes {
  // A change of a few lines leaves the same objects before and behind it.
  let start = 0;
  let [oldEnd, end] = [before.length, after.length];
  while (start < Math.min(oldEnd, end) && before[start] === after[start]) start++;
  for (; oldEnd > start && end > start && before[oldEnd - 1] === after[end - 1]; oldEnd--) end--;
  const gone = before.slice(start, oldEnd);
  const come = after.slice(start, end);
  const known = new Map(gone.map((rule) => [rule.sid, rule]));
  const changed: Rule[] = [];
  for (const rule of come) {
    const old = known.get(rule.sid);
    known.delete(rule.sid);
    if (old === rule || (old !== undefined && old.text === rule.text && old.enabled === rule.enabled)) continue;
    changed.push(rule, ...(old === undefined ? [] : [old]));
  }
  const kept = new Set(come);
  const left = new Set(gone);
  return { gone: gone.filter((rule) => !kept.has(rule)), come: come.filter((rule) => !left.has(rule)), changed: [...changed, ...known.values()] };
}
