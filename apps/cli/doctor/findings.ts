/** What `sigwright doctor` says: in which area, how bad, what is so, and what to do. */
import { counted } from '@sigwright/bytes';

/** good · note: works, and somebody should know · wrong: something does not work, or will not */
export type Grade = 'good' | 'note' | 'wrong';

export interface Finding {
  readonly area: string;
  readonly grade: Grade;
  readonly says: string;
  /** what to do about it */
  readonly remedy?: string;
}

/** One area's findings, in the order in which they were made. */
export class Findings {
  readonly all: Finding[] = [];
  readonly #area: string;

  constructor(area: string) {
    this.#area = area;
  }

  good(says: string): void {
    this.all.push({ area: this.#area, grade: 'good', says });
  }

  note(says: string, remedy: string): void {
    this.all.push({ area: this.#area, grade: 'note', says, remedy });
  }

  wrong(says: string, remedy: string): void {
    this.all.push({ area: this.#area, grade: 'wrong', says, remedy });
  }
}

/** `1.5 GB` */
export function sizeWords(bytes: number): string {
  const units = ['bytes', 'KB', 'MB', 'GB', 'TB'];
  let [value, unit] = [bytes, 0];
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000;
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** `3 days`, `2 hours`, `5 minutes`, `10 seconds` */
export function timeWords(milliseconds: number): string {
  const seconds = Math.round(Math.abs(milliseconds) / 1000);
  for (const [length, word] of [
    [86_400, 'day'],
    [3600, 'hour'],
    [60, 'minute'],
  ] as const)
    if (seconds >= length) return counted(Math.floor(seconds / length), word);
  return counted(seconds, 'second');
}
