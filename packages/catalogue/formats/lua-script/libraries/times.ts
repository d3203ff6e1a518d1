/** Times as functions of the libraries give them. */
import { eveTimestamp } from '@sigwright/contracts';
import type { Value } from '@sigwright/lua';

/** Month/day/year-hour:minute:second.microsecond, as logs of old have it. */
export function legacyTime(time: number): string {
  const shown = eveTimestamp(time);
  return `${shown.slice(5, 7)}/${shown.slice(8, 10)}/${shown.slice(0, 4)}-${shown.slice(11, 26)}`;
}

/** Seconds since 1970, and the microseconds beyond. */
export function seconds(time: number): readonly Value[] {
  return [Math.floor(time / 1e6), Math.round(time % 1e6)];
}
