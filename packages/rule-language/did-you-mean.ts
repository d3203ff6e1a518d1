/** The word somebody probably meant: the nearest of those that exist, by letters changed, added, left out or swapped. */

/** Words longer than this are no misspelt names. */
const LONGEST = 64;
/** One slip in three letters; more is another word. */
const LETTERS_A_SLIP = 3;

export function didYouMean(word: string, candidates: Iterable<string>): string | undefined {
  if (word === '' || word.length > LONGEST) return undefined;
  const wanted = word.toLowerCase();
  let best: string | undefined;
  let bestSlips = Math.max(1, Math.floor(wanted.length / LETTERS_A_SLIP)) + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - wanted.length) >= bestSlips) continue;
    const slips = slipsBetween(wanted, candidate.toLowerCase(), bestSlips);
    if (slips < bestSlips) {
      best = candidate;
      bestSlips = slips;
    }
  }
  return best;
}

/** Edit distance with swaps of neighbours (optimal string alignment); gives `limit` where it would be at least that. */
function slipsBetween(one: string, other: string, limit: number): number {
  let before: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let row = 1; row <= one.length; row++) {
    const current = [row];
    let least = row;
    for (let column = 1; column <= other.length; column++) {
      const same = one[row - 1] === other[column - 1];
      let slips = Math.min(last[column] + 1, current[column - 1] + 1, last[column - 1] + (same ? 0 : 1));
      if (row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1]) slips = Math.min(slips, before[column - 2] + 1);
      current.push(slips);
      if (slips < least) least = slips;
    }
    if (least >= limit) return limit;
    before = last;
    last = current;
  }
  return Math.min(last[other.length], limit);
}
