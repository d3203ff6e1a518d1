/**
 * What server and workers say to each other about a retro-hunt (rules over an archive of captures). Everything that arrives is checked:
 * a broker may hold what an older version, or somebody else, put there.
 */
import { z } from 'zod';

const short = z.string().max(2000);

/** A capture of the archive for the rules of a hunt. */
export const HuntTask = z.object({
  hunt: z.uuid(),
  /** path inside the archive, with `/` */
  capture: short.min(1),
  /** SHA-256 of the rules, in hexadecimal digits; the rules are parts in a stream of their own */
  rules: z.string().regex(/^[0-9a-f]{64}$/),
  parts: z.number().int().min(1).max(1000),
  networks: short.optional(),
});
export type HuntTask = z.infer<typeof HuntTask>;

export const HuntHit = z.object({ sid: z.number().int(), signature: z.string().max(10_000), alerts: z.number().int().min(1) });
export type HuntHit = z.infer<typeof HuntHit>;

export const HuntOutcome = z.object({
  packets: z.number().int().min(0),
  bytes: z.number().int().min(0),
  /** every rule that fired, with how often */
  hits: z.array(HuntHit),
  /** the first alerts, as lines of EVE */
  lines: z.array(z.string()),
  /** why the capture could not be read to its end; what came before was inspected */
  problem: short.optional(),
});
export type HuntOutcome = z.infer<typeof HuntOutcome>;

export const HuntResult = z.union([
  z.object({ hunt: z.uuid(), capture: short.min(1), worker: short, outcome: HuntOutcome }),
  z.object({ hunt: z.uuid(), capture: short.min(1), worker: short, aside: short }),
]);
export type HuntResult = z.infer<typeof HuntResult>;

/** A capture's name may not lead out of the archive. */
export function staysInside(capture: string): boolean {
  return !/^(\/|[A-Za-z]:)|\\|\0/.test(capture) && !capture.split('/').some((part) => part === '..' || part === '.' || part === '');
}
