/** What the server works on, and the changes that people make by it. Pages and API do the same thing through here; every change is noted. */
import { execFileSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { catalogue, refang } from '@sigwright/catalogue';
import { type Classification, type Failure, failure, type Result, success } from '@sigwright/contracts';
import type { ExplainedAttempt, RuleCost } from '@sigwright/detection';
import * as workbench from '@sigwright/workbench';
import {
  addRules,
  answerFeedback,
  beginProof,
  buildRelease,
  buildRuleCoverage,
  changeRepository,
  type Decided,
  type DecisionRequest,
  type DialOptions,
  type Draft,
  decide,
  draftRules,
  type FeedbackReceipt,
  type FeedbackReport,
  feedbackStatus,
  freeSids,
  type HuntItem,
  insideOf,
  LARGEST_SLICE,
  openRepository,
  type Principal,
  type ProofReport,
  type ProofRunner,
  proofOf,
  prove,
  type ReportReading,
  type Repository,
  type ReviewItem,
  readReport,
  releasedVersions,
  reviewQueue,
  type Store,
  type StoredRecord,
  sightingsOf,
  takeFeedback,
  type VerdictRequest,
  verdictLacks,
  type WebhookEvent,
  webhookAddressLacks,
  writeRelease,
  writeWhole,
} from '@sigwright/workbench';
import { keptPacket } from './alert-bytes.ts';
import { type Grader, type GraderWanted, type KnownCost, RuleCosts } from './rule-costs.ts';

export interface MatchWanted {
  readonly rule: string;
  readonly capture: Uint8Array;
  /** where lists and scripts of rules are: `rules` of the repository */
  readonly folder: string;
  readonly networks: Readonly<Record<string, string>>;
}

export interface SliceWanted {
  /** address and port: `10.0.0.1:80`, `[2001:db8::1]:80` */
  readonly source: string;
  readonly destination: string;
  /** of the alert: milliseconds since 1970 */
  readonly time?: number;
  /** the capture that the sensor was writing, where the record names it */
  readonly file?: string;
  /** bytes of captures that may be read for it: any number where left out */
  readonly most?: number;
}

export interface DeskOptions {
  readonly title: string;
  readonly store: Store;
  /** a ruleset repository; without one the pages about rules say so */
  readonly folder?: string;
  readonly classifications: ReadonlyMap<string, Classification>;
  /** milliseconds since 1970 */
  readonly now?: () => number;
  /** ISO date of reviews and releases; today where left out */
  readonly today?: () => string;
  /** where the conditions of a rule held on the capture at hand */
  readonly explain?: (sid: number) => ExplainedAttempt | undefined;
  /** the engine, for proofs and for what is reported; compiled rules are kept in it, so that each piece of work has its own */
  readonly runner?: () => ProofRunner;
  /** the capture of an example, for the rule workbench */
  readonly example?: Uint8Array;
  /** packets of a flow, as a capture */
  readonly slice?: (wanted: SliceWanted) => Uint8Array | undefined | Promise<Uint8Array | undefined>;
  /** where the conditions of a rule of the repository held on a capture */
  readonly match?: (wanted: MatchWanted) => ExplainedAttempt | undefined;
  /** what a rule of the repository costs; undefined: the engine does not load it */
  readonly cost?: (wanted: Omit<MatchWanted, 'capture'>) => RuleCost | undefined;
  /** grades of what rules cost, many at once */
  readonly grader?: (wanted: GraderWanted) => Grader;
  /** captures of the archive, where hunts are minded */
  readonly archive?: () => readonly HuntItem[] | Promise<readonly HuntItem[]>;
  /** proofs go to workers, as hunts do */
  readonly workers?: boolean;
  /** how webhooks are dialled: which addresses may be, although they are not public */
  readonly dial?: DialOptions;
  /** proxies in front, whose word counts on who asks */
  readonly isProxy?: (address: string) => boolean;
  /** who did not sign in may read: for an example, never for real alerts */
  readonly guests?: boolean;
}

export interface WebhookWanted {
  readonly name: string;
  readonly url: string;
  readonly events: readonly WebhookEvent[];
}

export interface Release {
  readonly version: string;
  readonly changelog: string;
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
}

/** A report as its reporter and the reviewers see it. */
export interface FeedbackEntry {
  readonly reference: string;
  readonly sid: number;
  readonly rev?: number;
  readonly kind: string;
  readonly reporter: string;
  /** ISO day */
  readonly date: string;
  readonly comment: string;
  /** of trying it */
  readonly outcome: string;
  /** what came of it */
  readonly status: string;
  readonly answered: boolean;
}

/** Milliseconds for which the repository on disk is taken to be as it was read. */
const FRESH = 10_000;
/** Milliseconds between looks at a job that workers do. */
const LOOK_EVERY = 1000;
const FILE_NAME = /^\w[\w.-]{0,100}$/;
const DAY = /^\d{4}-\d\d-\d\d$/;
const LONGEST_CHANGELOG = 200_000;
/** Milliseconds that somebody at a page waits for another's change. */
const PATIENCE = 20_000;

/** What a file's bytes can not change without: by its name. */
function stampsOf(folder: string): ReadonlyMap<string, string> {
  const stamps = new Map<string, string>();
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const { size, mtimeNs, ctimeNs, ino } = statSync(join(folder, name), { bigint: true });
    stamps.set(name, `${size} ${mtimeNs} ${ctimeNs} ${ino}`);
  }
  return stamps;
}

function done(failed: Failure | undefined): Result<undefined> {
  return failed ?? success(undefined);
}

export class Desk {
  readonly options: DeskOptions;
  readonly store: Store;
  #repository: { readonly at: number; readonly value: Repository | undefined; readonly stamps: ReadonlyMap<string, string> } | undefined = undefined;
  #proofs: ProofReport | undefined = undefined;
  readonly #costs: RuleCosts | undefined;
  #queue: { readonly repository: Repository; readonly key: string; readonly items: readonly ReviewItem[] } | undefined = undefined;

  constructor(options: DeskOptions) {
    this.options = options;
    this.store = options.store;
    const { grader } = options;
    if (grader !== undefined)
      this.#costs = new RuleCosts((repository) => grader({ folder: join(repository.folder, 'rules'), networks: repository.settings.networks }));
  }

  /** What the repository's rules cost, by their text, as far as it is known by now; undefined: nobody can tell. */
  costs(repository: Repository): ReadonlyMap<string, KnownCost> | undefined {
    return this.#costs?.of(repository);
  }

  now(): number {
    return (this.options.now ?? Date.now)();
  }

  today(): string {
    return this.options.today?.() ?? new Date(this.now()).toISOString().slice(0, 10);
  }

  repository(): Repository | undefined {
    const { folder } = this.options;
    if (folder === undefined) return undefined;
    if (this.#repository === undefined || this.now() - this.#repository.at > FRESH) {
      const stamps = stampsOf(join(folder, 'rules'));
      const { value: before, stamps: known } = this.#repository ?? {};
      // Files of rules that did not change are not read again: they may be of many megabytes.
      const changed = [...stamps].filter(([name, stamp]) => known?.get(name) !== stamp).map(([name]) => `rules/${name}`);
      const evidence = [...(before?.evidence.keys() ?? [])].map((sid) => `evidence/${sid}`);
      const opened = openRepository(folder, before === undefined ? undefined : { before, changed: [...changed, ...evidence] });
      this.#repository = { at: this.now(), value: opened.ok ? opened.value : undefined, stamps };
    }
    return this.#repository.value;
  }

  /** Which rules are due and why; when sensors last saw them is what the store knows. */
  async reviewQueue(repository: Repository): Promise<readonly ReviewItem[]> {
    const today = this.today();
    const sightings = sightingsOf(await this.store.signatures());
    const key = `${today} ${[...sightings].join(' ')}`;
    // Of thousands of rules it takes a while, and hardly anything that it is made of changes between two pages.
    if (this.#queue?.repository !== repository || this.#queue.key !== key) this.#queue = { repository, key, items: reviewQueue(repository, today, sightings) };
    return this.#queue.items;
  }

  proofs(): ProofReport | undefined {
    return this.#proofs;
  }

  /** Proves every rule against its evidence, as a job. */
  async prove(who: Principal): Promise<Result<number>> {
    const repository = this.repository();
    const { runner } = this.options;
    if (repository === undefined || runner === undefined) return failure('desk/no-repository', 'there is no ruleset repository to prove');
    await this.store.people.note(who.name, 'prove', repository.settings.name);
    if (this.options.workers === true) {
      const job = await beginProof(this.store, repository, { by: who.name });
      void this.#awaitProof(job, repository);
      return success(job);
    }
    const { id } = await this.store.job('prove', who.name, async () => {
      this.#proofs = prove(repository, runner());
      const good = this.#proofs.rules.filter((one) => one.ok).length;
      return `${good} of ${this.#proofs.rules.length} rules proved on ${this.#proofs.captures} captures`;
    });
    return success(id);
  }

  /** A job whose end another server saw, or that was given up, changes nothing here. */
  async #awaitProof(job: number, repository: Repository): Promise<void> {
    try {
      while (await this.store.hunts.anyRuns(job)) await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY).unref());
      if ((await this.store.hunts.list()).find((one) => one.job === job)?.state === 'done') this.#proofs = await proofOf(this.store, job, repository);
    } catch {
      // The store was closed: the server ends.
    }
  }

  /** Proofs that were made elsewhere. */
  setProofs(proofs: ProofReport): void {
    this.#proofs = proofs;
  }

  // Verdicts and feedback

  async setVerdict(who: Principal, request: Omit<VerdictRequest, 'by' | 'expires'> & { readonly days?: number }): Promise<Result<number>> {
    const lacks = verdictLacks(request);
    if (lacks !== undefined) return failure('verdict/incomplete', lacks);
    const { days, ...rest } = request;
    const id = await this.store.addVerdict({ ...rest, by: who.name, ...(days === undefined ? {} : { expires: this.now() + days * 86_400_000 }) });
    await this.store.people.note(who.name, 'verdict', String(id), request);
    return success(id);
  }

  async takeBackVerdict(who: Principal, id: number): Promise<Result<undefined>> {
    if (!(await this.store.takeBackVerdict(id, who.name))) return failure('verdict/none', `there is no verdict ${id} that could be taken back`);
    await this.store.people.note(who.name, 'verdict taken back', String(id));
    return success(undefined);
  }

  /**
   * A report about a rule: tried on the slice that came with it, or on the packets of the newest alert of `host`, and kept in the
   * repository, where the review queue sees it.
   */
  async addFeedback(who: Principal, { host, ...report }: Omit<FeedbackReport, 'reporter'> & { readonly host?: string }): Promise<Result<FeedbackReceipt>> {
    const { runner } = this.options;
    if (runner === undefined) return failure('desk/no-repository', 'there is no engine to try reports with');
    const slice = report.slice ?? (host === undefined ? undefined : await this.#packetsOf(report.sid, host));
    const taken = await this.#change(who, `Feedback on ${report.sid}: ${report.kind.replaceAll('_', ' ')}`, (repository) =>
      takeFeedback(repository, { ...report, ...(slice === undefined ? {} : { slice }), reporter: who.name }, runner(), this.today(), { sliceNeeded: false }),
    );
    if (taken.ok) await this.store.people.note(who.name, 'feedback', String(report.sid), { ...report, slice: slice?.length ?? 0 });
    return taken;
  }

  /** Told of what happens from now on; its secret is told once. */
  async addWebhook(who: Principal, { name, url, events }: WebhookWanted): Promise<Result<{ readonly id: number; readonly secret: string }>> {
    const lacks = await webhookAddressLacks(url, this.options.dial ?? {});
    if (lacks !== undefined) return lacks;
    const made = await this.store.webhooks.add(name, url, events);
    await this.store.people.note(who.name, 'webhook added', name, { host: new URL(url).host, events });
    return success(made);
  }

  /** Newest first. */
  feedback(): readonly FeedbackEntry[] {
    const repository = this.repository();
    return (repository?.feedback ?? [])
      .map((one) => ({
        reference: one.file.replace(/\.yaml$/, ''),
        sid: one.sid,
        ...(one.rev === undefined ? {} : { rev: one.rev }),
        kind: one.kind,
        reporter: one.reporter,
        date: one.date,
        comment: one.comment,
        outcome: one.outcome ?? 'not tried',
        status: feedbackStatus(repository!, one),
        answered: one.answer !== undefined,
      }))
      .reverse();
  }

  /** base64 */
  async #packetsOf(sid: number, host: string): Promise<string | undefined> {
    const [alert] = (await this.store.alertRecords({ sid, host }, 1)).slice(0, 1);
    const packets = alert === undefined ? undefined : await this.packets(alert);
    return packets === undefined || packets.length > LARGEST_SLICE ? undefined : Buffer.from(packets).toString('base64');
  }

  /** Packets of an alert's flow, as a capture: out of the captures at hand, else the one packet that the sensor wrote into the record. */
  async packets(alert: StoredRecord, most?: number): Promise<Uint8Array | undefined> {
    const file = alert.record['capture_file'];
    const { source, destination, time } = alert;
    const found = await this.options.slice?.({
      source,
      destination,
      time,
      ...(typeof file === 'string' ? { file } : {}),
      ...(most === undefined ? {} : { most }),
    });
    return found ?? keptPacket(alert.record, time);
  }

  /** Names of the captures that are a rule's evidence and lie beside it. What a name says is not followed elsewhere. */
  evidenceOf(sid: number): readonly string[] {
    const repository = this.repository();
    const { fires = [], silent = [] } = repository?.evidence.get(sid) ?? {};
    const names = new Set([...fires, ...silent].map(({ capture }) => capture));
    return [...names].filter((name) => FILE_NAME.test(name) && existsSync(join(repository!.folder, 'evidence', String(sid), name)));
  }

  /** A capture of a rule's evidence; undefined: it has none of that name. */
  evidence(sid: number, name: string): Uint8Array | undefined {
    if (!this.evidenceOf(sid).includes(name)) return undefined;
    return readFileSync(join(this.repository()!.folder, 'evidence', String(sid), name));
  }

  /** Where the rule's conditions held on an alert's packets; undefined: there are none, or it can not be told. */
  matchOf(alert: StoredRecord, packets: Uint8Array | undefined): ExplainedAttempt | undefined {
    const known = this.options.explain?.(alert.sid);
    if (known !== undefined || packets === undefined || this.options.folder === undefined) return known;
    const repository = this.repository();
    const rule = repository?.rules.find((one) => one.rule.sid === alert.sid)?.rule;
    if (repository === undefined || rule === undefined) return undefined;
    return this.options.match?.({ rule: rule.text, capture: packets, folder: join(this.options.folder, 'rules'), networks: repository.settings.networks });
  }

  /** Accepted, a slice becomes evidence of the rule; either way whoever reported it can read what came of it. */
  async answerFeedback(who: Principal, reference: string, decision: 'accepted' | 'declined', note: string): Promise<Result<undefined>> {
    const answered = await this.#change(who, `Feedback ${reference} ${decision}`, (repository) =>
      done(answerFeedback(repository, { reference, decision, note, by: who.name, today: this.today() })),
    );
    if (answered.ok) await this.store.people.note(who.name, `feedback ${decision}`, reference);
    return answered;
  }

  // Rules

  /** `seen`: the text that the person decided about; where the rule is another one by now, nothing is done. */
  async decide(who: Principal, request: Omit<DecisionRequest, 'by' | 'today'> & { readonly seen?: string }): Promise<Result<Decided>> {
    const { seen, ...rest } = request;
    const decided = await this.#change(who, `${request.decision} ${request.sid}${request.reason === '' ? '' : `: ${request.reason}`}`, (repository) => {
      const now = repository.rules.find(({ rule }) => rule.sid === request.sid)?.rule.text;
      if (seen !== undefined && now !== undefined && seen.trim() !== now.trim())
        return failure('rule/conflict', `sid ${request.sid} was changed meanwhile; it reads now: ${now}`);
      return decide(repository, { ...rest, by: who.name, today: this.today() });
    });
    if (!decided.ok) return decided;
    await this.store.people.note(who.name, `rule ${request.decision}`, String(request.sid), {
      reason: request.reason,
      note: request.note ?? '',
      state: decided.value,
    });
    return decided;
  }

  /** Adds drafts to a file of the repository; what is no rule, or has a number that is taken, is refused and changes nothing. */
  async addRules(who: Principal, category: string, text: string): Promise<Result<number>> {
    if (!/^[a-z][a-z0-9_-]{0,40}$/.test(category)) return failure('rule/category', `\`${category}\` is no name of a category`);
    const { parseRules } = await import('@sigwright/rule-language');
    const { rules, diagnostics } = parseRules(text);
    const broken = diagnostics.find((one) => one.severity === 'error');
    if (rules.length === 0 || broken !== undefined) return failure('rule/broken', broken?.title ?? 'there is no rule in it');
    const added = await this.#change(who, `${rules.length} new ${rules.length === 1 ? 'rule' : 'rules'} in ${category}`, (repository) => {
      return done(addRules(repository, category, rules));
    });
    if (!added.ok) return added;
    await this.store.people.note(who.name, 'rules added', category, { sids: rules.map((rule) => rule.sid) });
    return success(rules.length);
  }

  /** What a report says, and rules drafted from it. Nothing is written, no link is followed. */
  readReport(text: string): { readonly reading: ReportReading; readonly draft: Draft } {
    const reading = readReport(text, { definitions: catalogue.indicators, refang });
    const repository = this.repository();
    if (repository === undefined) return { reading, draft: { rules: [], skipped: [] } };
    const sids = freeSids(repository);
    const draft = draftRules(reading, {
      prefix: repository.settings['message-prefix'],
      nextSid: () => sids.next().value ?? undefined,
      date: this.today(),
      coverage: buildRuleCoverage(repository.rules.map(({ rule }) => rule)),
    });
    return { reading, draft };
  }

  // Hunts

  /** Rules over the archive; workers do it. */
  async hunt(who: Principal, request: { readonly title: string; readonly rules: string; readonly networks?: string }): Promise<Result<number>> {
    const { archive } = this.options;
    if (archive === undefined) return failure('hunt/no-archive', 'there is no archive to hunt in: start the server with --nats and --archive');
    const { parseRules } = await import('@sigwright/rule-language');
    const { rules, diagnostics } = parseRules(request.rules);
    const broken = diagnostics.find((one) => one.severity === 'error');
    if (rules.length === 0 || broken !== undefined) return failure('rule/broken', broken?.title ?? 'there is no rule in it');
    if (request.networks !== undefined && insideOf(request.networks) === undefined)
      return failure('hunt/networks', `\`${request.networks}\` is no list of networks`);
    let captures: readonly HuntItem[];
    try {
      captures = await archive();
    } catch (problem) {
      return failure('hunt/archive', (problem as Error).message);
    }
    const job = await this.store.hunts.begin({ ...request, key: randomUUID(), by: who.name, items: captures });
    await this.store.people.note(who.name, 'hunt', String(job), { title: request.title, rules: rules.length, captures: captures.length });
    return success(job);
  }

  async cancelHunt(who: Principal, job: number): Promise<Result<undefined>> {
    if ((await this.store.hunts.cancel(job)) === undefined) return failure('hunt/none', `hunt ${job} does not run`);
    await this.store.people.note(who.name, 'hunt cancelled', String(job));
    return success(undefined);
  }

  // Releases

  /** Newest first. */
  releases(): readonly Release[] {
    if (this.options.folder === undefined) return [];
    const folder = join(this.options.folder, 'releases');
    return releasedVersions(this.options.folder).map((name) => {
      const changelog = join(folder, name, 'changelog.txt');
      const files = readdirSync(join(folder, name), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => {
          const path = join(entry.parentPath, entry.name);
          return { path: path.slice(join(folder, name).length + 1), bytes: statSync(path).size };
        });
      return {
        version: name,
        changelog: existsSync(changelog) ? readFileSync(changelog, 'utf8').slice(0, LONGEST_CHANGELOG) : '',
        files: files.sort((a, b) => a.path.localeCompare(b.path)),
      };
    });
  }

  /** Rules of a release, or of `today`; undefined: there is no such release. */
  rulesOf(version: string): readonly workbench.ReleaseRule[] | undefined {
    if (version === 'today') {
      const repository = this.repository();
      return repository === undefined ? undefined : workbench.writtenRules(repository);
    }
    if (!this.releases().some((one) => one.version === version)) return undefined;
    return workbench.rulesOfRelease(join(this.options.folder!, 'releases', version));
  }

  // The weekly review

  /** Undefined: `day` is no day. `digest`: of what is kept; '' where nobody kept it yet. */
  post(day: string): { readonly day: string; readonly text: string; readonly isKept: boolean; readonly digest: string } | undefined {
    const repository = this.repository();
    if (repository === undefined || !DAY.test(day) || Number.isNaN(Date.parse(day))) return undefined;
    const isKept = existsSync(workbench.postFile(repository.folder, day));
    const text = workbench.communityReview(repository, day);
    return { day, text, isKept, digest: isKept ? createHash('sha256').update(text).digest('hex') : '' };
  }

  /** Days of which a post is kept, newest first. */
  posts(): readonly string[] {
    const folder = this.options.folder === undefined ? undefined : join(this.options.folder, 'community');
    if (folder === undefined || !existsSync(folder)) return [];
    const days = readdirSync(folder).flatMap((name) => /^(\d{4}-\d\d-\d\d)\.md$/.exec(name)?.[1] ?? []);
    return days.sort().reverse();
  }

  /** `text` undefined: the edited one goes, and the reports write it again. `seen`: digest of what was edited. */
  async keepPost(who: Principal, day: string, text: string | undefined, seen: string): Promise<Result<undefined>> {
    const before = this.post(day);
    if (before === undefined) return failure('post/day', `\`${day.slice(0, 20)}\` is no day, or there is no ruleset repository`);
    if (before.digest !== seen) return failure('post/conflict', `somebody else changed the review of ${day} meanwhile`);
    const file = workbench.postFile(this.options.folder!, day);
    if (text === undefined) rmSync(file, { force: true });
    const failed =
      (text === undefined ? undefined : writeWhole(file, `${text.replaceAll('\r\n', '\n').trimEnd()}\n`)) ?? this.#commit(who, `Community review of ${day}`);
    if (failed !== undefined) return failed;
    await this.store.people.note(who.name, text === undefined ? 'review written anew' : 'review edited', day);
    return success(undefined);
  }

  async release(who: Principal, version: string): Promise<Result<undefined>> {
    const made = await this.#change(who, `Release ${version}`, async (repository) => {
      const built = await buildRelease(repository, { version, date: this.today(), classifications: this.options.classifications, catalogue });
      return built.ok ? (writeRelease(repository, version, built.value) ?? built) : built;
    });
    if (!made.ok) return made;
    await this.store.people.note(who.name, 'release', version, { rules: made.value.rules });
    return success(undefined);
  }

  /** Nobody else changes the repository meanwhile; what `change` did is committed. */
  async #change<Value>(who: Principal, message: string, change: (repository: Repository) => Result<Value> | Promise<Result<Value>>): Promise<Result<Value>> {
    const { folder } = this.options;
    if (folder === undefined) return failure('desk/no-repository', 'there is no ruleset repository');
    try {
      return await changeRepository(
        folder,
        async (repository) => {
          const changed = await change(repository);
          return changed.ok ? (this.#commit(who, message) ?? changed) : changed;
        },
        { patience: PATIENCE },
      );
    } finally {
      this.#repository = undefined;
      this.#proofs = undefined;
    }
  }

  /** Where the repository is in git, a change becomes a commit in the name of who made it. */
  #commit(who: Principal, message: string): Failure | undefined {
    const { folder } = this.options;
    if (folder === undefined || !existsSync(join(folder, '.git'))) return undefined;
    const name = who.name.replace(/[<>\n]/g, '');
    const git = (...args: readonly string[]): string =>
      execFileSync('git', ['-C', folder, '-c', `user.name=${name}`, '-c', `user.email=${encodeURIComponent(name)}@sigwright.invalid`, ...args], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    try {
      git('add', '-A');
      if (git('status', '--porcelain').trim() !== '') git('commit', '-q', '-m', message);
      return undefined;
    } catch (cause) {
      return failure('desk/commit', `the change is on disk and could not be committed: ${(cause as Error).message.split('\n')[0]}`, { cause });
    }
  }
}
