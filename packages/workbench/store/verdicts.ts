/** What analysts decided about alerts: true, a false positive, or expected here; for a story on a host, a rule, a host, or a rule on a host. */
import type { Kysely } from 'kysely';
import type { StoreSchema } from './schema.ts';

export const VERDICTS = ['true', 'false_positive', 'expected'] as const;
export type VerdictWord = (typeof VERDICTS)[number];

/** From the narrowest to the widest: the narrowest that fits counts. */
export const VERDICT_SCOPES = ['pair', 'story', 'rule', 'host'] as const;
export type VerdictScope = (typeof VERDICT_SCOPES)[number];

export interface Verdict {
  readonly id: number;
  readonly scope: VerdictScope;
  readonly host?: string;
  readonly sid?: number;
  readonly story?: string;
  readonly verdict: VerdictWord;
  readonly note: string;
  readonly by: string;
  readonly created: number;
  readonly expires?: number;
  readonly takenBack?: { readonly at: number; readonly by: string };
}

export interface VerdictRequest {
  readonly scope: VerdictScope;
  readonly host?: string;
  readonly sid?: number;
  readonly story?: string;
  readonly verdict: VerdictWord;
  readonly note: string;
  readonly by: string;
  /** milliseconds since 1970 */
  readonly expires?: number;
}

/** What a scope must name. */
const NAMES: Readonly<Record<VerdictScope, readonly ('host' | 'sid' | 'story')[]>> = {
  pair: ['host', 'sid'],
  story: ['host', 'story'],
  rule: ['sid'],
  host: ['host'],
};

/** Undefined, or what is missing. */
export function verdictLacks(request: Pick<VerdictRequest, 'scope' | 'host' | 'sid' | 'story'>): string | undefined {
  const missing = NAMES[request.scope].filter((name) => request[name] === undefined || request[name] === '');
  return missing.length === 0 ? undefined : `a verdict on a ${request.scope} names ${NAMES[request.scope].join(' and ')}; ${missing.join(' and ')} is missing`;
}

export async function addVerdict(db: Kysely<StoreSchema>, request: VerdictRequest, now: number): Promise<number> {
  const of = (name: 'host' | 'sid' | 'story'): boolean => NAMES[request.scope].includes(name);
  const { id } = await db
    .insertInto('verdicts')
    .values({
      scope: request.scope,
      host: of('host') ? request.host! : '',
      sid: of('sid') ? request.sid! : 0,
      story: of('story') ? request.story! : '',
      verdict: request.verdict,
      note: request.note,
      by: request.by,
      created: now,
      expires: request.expires ?? null,
      taken_back: null,
      taken_back_by: null,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

/** False: there is none, or it was taken back before. */
export async function takeBackVerdict(db: Kysely<StoreSchema>, id: number, by: string, now: number): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('verdicts')
    .set({ taken_back: now, taken_back_by: by })
    .where('id', '=', id)
    .where('taken_back', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Newest first. `now`: those that hold then; without: all. */
export async function listVerdicts(db: Kysely<StoreSchema>, now?: number): Promise<readonly Verdict[]> {
  let query = db.selectFrom('verdicts').selectAll().orderBy('id', 'desc');
  if (now !== undefined) query = query.where('taken_back', 'is', null).where((one) => one.or([one('expires', 'is', null), one('expires', '>', now)]));
  return (await query.execute()).map((row) => ({
    id: row.id,
    scope: row.scope as VerdictScope,
    ...(row.host === '' ? {} : { host: row.host }),
    ...(row.sid === 0 ? {} : { sid: row.sid }),
    ...(row.story === '' ? {} : { story: row.story }),
    verdict: row.verdict as VerdictWord,
    note: row.note,
    by: row.by,
    created: row.created,
    ...(row.expires === null ? {} : { expires: row.expires }),
    ...(row.taken_back === null ? {} : { takenBack: { at: row.taken_back, by: row.taken_back_by ?? '' } }),
  }));
}

/** The verdict that counts for a rule on a host: the narrowest, and of two alike the newer. `verdicts`: newest first, those that hold. */
export function verdictOn(verdicts: readonly Verdict[], host: string, sid: number, story: string | undefined): Verdict | undefined {
  for (const scope of VERDICT_SCOPES) {
    const found = verdicts.find(
      (one) =>
        one.scope === scope &&
        (one.host === undefined || one.host === host) &&
        (one.sid === undefined || one.sid === sid) &&
        (one.story === undefined || one.story === story),
    );
    if (found !== undefined) return found;
  }
  return undefined;
}
