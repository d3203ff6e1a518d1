/**
 * What server and workers say to each other about work that many can share: a retro-hunt (rules over an archive of captures), proofs
 * (rules against their evidence), evidence to be made (traffic for rules). Everything that arrives is checked: a broker may hold what
 * an older version, or somebody else, put there.
 */
import { z } from 'zod';

const short = z.string().max(2000);

export const WORK_KINDS = ['hunt', 'prove', 'synthesize'] as const;
export type WorkKind = (typeof WORK_KINDS)[number];

/** Items of one message: more than this is split by whoever sends. */
export const MOST_ITEMS = 1000;

/** Some captures of the archive for the rules of a hunt; or some rules of a repository. */
export const HuntTask = z.object({
  hunt: z.uuid(),
  kind: z.enum(WORK_KINDS),
  /** the store that waits for what comes out */
  store: z.string().regex(/^[0-9a-f]{16}$/),
  /** hunt: paths inside the archive, with `/`; else numbers of rules */
  items: z.array(short.min(1)).min(1).max(MOST_ITEMS),
  /** SHA-256 of the rules (or of the bundle of files), in hexadecimal digits; they are parts in a stream of their own */
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
  hits: z.array(HuntHit).refine((hits) => new Set(hits.map(({ sid }) => sid)).size === hits.length, 'a rule stands twice'),
  /** hunt: the first alerts, as lines of EVE; else what was made, as JSON */
  lines: z.array(z.string()),
  /** why the capture could not be read to its end; what came before was inspected */
  problem: short.optional(),
});
export type HuntOutcome = z.infer<typeof HuntOutcome>;

/** Of one item. */
export const HuntResult = z.union([
  z.object({ hunt: z.uuid(), item: short.min(1), worker: short, outcome: HuntOutcome }),
  z.object({ hunt: z.uuid(), item: short.min(1), worker: short, aside: short }),
]);
export type HuntResult = z.infer<typeof HuntResult>;

/** As a message carries them. */
export const HuntResults = z.array(HuntResult).min(1).max(MOST_ITEMS);
export type HuntResults = z.infer<typeof HuntResults>;

/** A capture's name may not lead out of the archive. */
export function staysInside(capture: string): boolean {
  return !/^(\/|[A-Za-z]:)|\\|\0/.test(capture) && !capture.split('/').some((part) => part === '..' || part === '.' || part === '');
}
