/**
 * Can a regular expression run away on an engine that backtracks without a limit, as PCRE does? Asked of `recheck`, which answers
 * with the text that makes it do so; our own reading of patterns (fast, everywhere) errs on the side of caution.
 */
import type { VulnerableDiagnostics } from 'recheck';

export interface PatternRisk {
  readonly growth: 'linear' | 'polynomial' | 'exponential';
  /** of a polynomial: 2 is quadratic */
  readonly degree: number | undefined;
  /** how a text is made that shows it, in words of JavaScript: `'x' + 'a'.repeat(31) + '!'` */
  readonly attack: string | undefined;
}

/** Milliseconds for one pattern; few need more than a tenth of it. */
const USUAL_TIME = 2000;
const LONGEST_SHOWN = 160;

/** `script`: the pattern as JavaScript writes it. Undefined where it could not be decided in time. */
export async function patternRisk(script: string, milliseconds = USUAL_TIME): Promise<PatternRisk | undefined> {
  const { check } = await import('recheck');
  const found = await check(script, '', { timeout: milliseconds });
  if (found.status === 'unknown') return undefined;
  if (found.status === 'safe') return { growth: 'linear', degree: undefined, attack: undefined };
  const { complexity } = found;
  return { growth: complexity.type, degree: complexity.type === 'polynomial' ? complexity.degree : undefined, attack: attackOf(found) };
}

function attackOf({ attack }: VulnerableDiagnostics): string {
  const text = attack.pattern;
  return text.length <= LONGEST_SHOWN ? text : `${text.slice(0, LONGEST_SHOWN)}…`;
}
