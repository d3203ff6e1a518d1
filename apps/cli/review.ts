/**
 * `sigwright review [-C FOLDER] [--today DATE] [--store STORE] [--eve FILE]`: what is due and why.
 * `sigwright review keep|revise|disable|retire|delete SID… --reason REASON`: decide.
 */

import { createReadStream, existsSync } from 'node:fs';
import { append, counted } from '@sigwright/bytes';
import { alertsInEve, DECISIONS, type Decision, decide, REASONS, type Reason, reviewQueue, type Sightings, sightingsOf } from '@sigwright/workbench';
import { argumentsOf, InputProblem, sidsOf, UsageProblem } from './shared/arguments.ts';
import { changing, dayOf, repositoryAt } from './shared/repository.ts';
import { placeOf, storeAt } from './shared/store-place.ts';

const USAGE = `sigwright review [-C FOLDER] [--today DATE] [--store STORE] [--eve FILE…] [--all] [--json]
sigwright review keep SID… [--note TEXT] [--by NAME] [-C FOLDER] [--today DATE]
sigwright review revise SID --rule TEXT [--note TEXT] [--by NAME] [-C FOLDER] [--today DATE]
sigwright review disable|retire|delete SID… --reason REASON [--note TEXT] [--by NAME] [-C FOLDER] [--today DATE]

Which rules are due and why; or what is decided about them, recorded in the rule's metadata and in rules.lock.

  -C, --folder FOLDER    a ruleset repository (default: this folder)
      --today DATE       the day of the review (YYYY-MM-DD, default: today)
      --store STORE      the workbench's store (a SQLite file, or postgres://…): when sensors last saw each rule moves its day
      --eve FILE         the same from EVE JSON lines (- for standard input); may be given several times
      --all              rules that are not due yet as well
      --reason REASON    ${REASONS.join(', ')}
      --rule TEXT        the rule as it is to be; its rev is raised
      --note TEXT        words for the record
      --by NAME          who decides; where ruleset.yaml asks for four eyes, a second person has to decide the same
      --json             the queue as JSON
`;

const DONE: Record<Decision, string> = { keep: 'reviewed, stays', revise: 'revised', disable: 'disabled', retire: 'retired', delete: 'deleted' };

export async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = argumentsOf(USAGE, argv, {
    allowPositionals: true,
    options: {
      folder: { type: 'string', short: 'C' },
      today: { type: 'string' },
      reason: { type: 'string' },
      rule: { type: 'string' },
      note: { type: 'string' },
      by: { type: 'string' },
      store: { type: 'string' },
      eve: { type: 'string', multiple: true },
      all: { type: 'boolean' },
      json: { type: 'boolean' },
    },
  });
  const repository = repositoryAt(values.folder, 'review');
  if (repository === undefined) return 1;
  const today = dayOf(values.today);
  const [decision, ...sids] = positionals;
  if (decision !== undefined) {
    if (!(DECISIONS as readonly string[]).includes(decision) || sids.length === 0) {
      throw new UsageProblem(`write \`review ${DECISIONS.join('|')} SID… --reason REASON\``, USAGE);
    }
    if (values.reason !== undefined && !(REASONS as readonly string[]).includes(values.reason)) {
      throw new UsageProblem(`reason \`${values.reason}\` is none of ${REASONS.join(', ')}`, USAGE);
    }
    for (const sid of sidsOf(sids, USAGE)) {
      const decided = await changing(repository.folder, 'review', (current) =>
        decide(current, {
          sid,
          decision: decision as Decision,
          reason: (values.reason ?? '') as Reason | '',
          today,
          ...(values.note === undefined ? {} : { note: values.note }),
          ...(values.by === undefined ? {} : { by: values.by }),
          ...(values.rule === undefined ? {} : { rule: values.rule }),
        }),
      );
      if (!decided.ok) {
        process.stderr.write(`sigwright review: ${decided.message}\n`);
        return 1;
      }
      process.stdout.write(`${sid}: ${decided.value === 'done' ? DONE[decision as Decision] : `${decision} proposed; somebody else has to decide the same`}\n`);
    }
    return 0;
  }
  const queue = reviewQueue(repository, today, await sightings(values.store, values.eve));
  if (values.json) {
    process.stdout.write(`${JSON.stringify(queue, undefined, 1)}\n`);
    return 0;
  }
  const due = queue.filter((item) => item.overdue >= 0);
  for (const item of values.all ? queue : due) {
    const when = item.overdue > 0 ? `${counted(item.overdue, 'day')} overdue` : item.overdue === 0 ? 'due today' : `due ${item.due}`;
    process.stdout.write(
      `${item.sid}  ${when.padEnd(18)}  ${item.message}\n${' '.repeat(9)}${item.why}\n${item.proposed === undefined ? '' : `${' '.repeat(9)}proposed: ${item.proposed}\n`}`,
    );
  }
  const next = queue.find((item) => item.overdue < 0);
  process.stdout.write(
    `${due.length} of ${counted(queue.length, 'rule')} ${due.length === 1 ? 'is' : 'are'} due on ${today}${next === undefined ? '' : `; the next on ${next.due}`}\n`,
  );
  return 0;
}

/** What sensors saw, from wherever it is asked for; undefined where it is not. */
async function sightings(store: string | undefined, eve: readonly string[] | undefined): Promise<Sightings | undefined> {
  if (store === undefined && eve === undefined) return undefined;
  const rows: { readonly sid: number; readonly last: number }[] = store === undefined ? [] : [...(await seenByStore(store))];
  for (const path of eve ?? []) append(rows, await alertsInEve(createReadStream(path, path === '-' ? { fd: 0 } : {}) as AsyncIterable<Uint8Array>));
  return sightingsOf(rows);
}

async function seenByStore(named: string): Promise<readonly { readonly sid: number; readonly last: number }[]> {
  const place = placeOf(named, USAGE);
  // A store that is not there would be made.
  if ('sqlite' in place && !existsSync(place.sqlite)) throw new InputProblem(`${place.sqlite} does not exist`);
  const store = await storeAt(place);
  try {
    return await store.signatures();
  } finally {
    await store.close();
  }
}
