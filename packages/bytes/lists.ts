/** Lists as long as their input: what is spread into a call has to fit on the stack, which ends at some 125,000. */

/** Adds all of `more` at the end of a list. */
export function append<One>(list: One[], more: Iterable<One>): void {
  for (const one of more) list.push(one);
}

/** Infinity where there is none. */
export function smallest(numbers: Iterable<number>): number {
  let least = Number.POSITIVE_INFINITY;
  for (const one of numbers) if (one < least) least = one;
  return least;
}

/** -Infinity where there is none. */
export function largest(numbers: Iterable<number>): number {
  let most = Number.NEGATIVE_INFINITY;
  for (const one of numbers) if (one > most) most = one;
  return most;
}
