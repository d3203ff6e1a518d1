/**
 * Rules that are decided on transactions. Each buffer is scanned once, when it is there (bodies in windows as they grow);
 * the rules found, and those no literal leads to, stay pending on the transaction until they hold or can not hold any more.
 */
import {
  type BufferWindow,
  type Catalogue,
  type Direction,
  type EngineSettings,
  emptyWindow,
  type Flow,
  leastBody,
  type Packet,
  type ProtocolDefinition,
  type ProtocolSession,
  TCP,
  TO_CLIENT,
  TO_SERVER,
  type Transaction,
  type TransactionBuffer,
} from '@sigwright/contracts';
import type { TcpStream } from '@sigwright/traffic';
import type { BufferTest, CompiledRule } from '../compile/compiled-rule.ts';
import type { TransactionHook } from '../compile/hook.ts';
import { hasNeededBit, OF_TRANSACTION, type PlanUse } from '../compile/plan.ts';
import { scanKernel } from '../kernel/kernel.ts';
import type { AlertQueue } from './alert-queue.ts';
import { Candidates } from './candidates.ts';
import { HeaderRows } from './fitting-headers.ts';
import type { FlowDetection } from './flow-detection.ts';
import { applyTransforms, type RuleEvaluation } from './rule-evaluation.ts';
import type { RuleProfile } from './rule-profile.ts';
import type { Succession } from './succession.ts';
import { type ProtocolTables, type TableGroup, TransactionTables } from './transaction-tables.ts';

/** What detection keeps about one direction of one transaction. */
class DirectionState {
  /** what the lists below were made for; undefined: not begun */
  begunAs: ProtocolTables | undefined = undefined;
  /** groups whose buffers are not scanned in full; the first `openCount` of the list */
  open: number[] = NO_GROUPS;
  openCount = 0;
  /** per group: how much of the buffer was scanned, -1 nothing yet; undefined: nothing of any */
  scanned: Int32Array | undefined = undefined;
  pending: number[] = [];
  pendingSorted = true;
  decided: Set<number> | undefined = undefined;
  /** what the pending rules were last evaluated on */
  progress = -1;
  bodyBytes = 0;
  files = 0;
  /** rules on files that held before, and the first file that they were not asked about */
  again: Map<number, number> | undefined = undefined;
  payloadRules = 0;
  /** rules that any news may decide are pending: those that hold at their hook each time, those about lists that go on */
  repeating = false;
  /** those that held before */
  repeated: Set<number> | undefined = undefined;
  /** rules that took over are pending, and nothing came since */
  asksAgain = false;

  /** Other rules took over: what was found goes on for those that are still there. */
  takeOver(succession: Succession): void {
    const { directionBits } = succession.to.data;
    const next = (rule: number): readonly number[] => {
      const number = succession.successor(rule);
      return number < 0 || (directionBits[number] & OF_TRANSACTION) === 0 ? [] : [number];
    };
    this.pending = this.pending.flatMap(next);
    this.pendingSorted = false;
    if (this.decided !== undefined) this.decided = new Set([...this.decided].flatMap(next));
    if (this.repeated !== undefined) this.repeated = new Set([...this.repeated].flatMap(next));
    if (this.again !== undefined) this.again = new Map([...this.again].flatMap(([rule, file]) => next(rule).map((number) => [number, file] as const)));
  }
}

const NO_GROUPS: number[] = [];

class TransactionState {
  readonly directions: [DirectionState, DirectionState] = [new DirectionState(), new DirectionState()];
}

/** A body's window begins this far before what is new, so that a literal across the border is found. */
const OVERLAP = 1024;
/** So many rules are sorted by insertion: a call costs more. */
const FEW = 32;
const ALL = -2;
const NO = 0;
const YES = 1;
const LATER = 2;

export class TransactionInspector {
  readonly #plan: PlanUse;
  readonly #catalogue: Catalogue;
  /** bytes of a body that are inspected before it is whole, by direction */
  readonly #leastBody: readonly [number, number];
  /** undefined: servers do not differ in that */
  readonly #byServer: EngineSettings | undefined;
  readonly #evaluation: RuleEvaluation;
  readonly #alerts: AlertQueue;
  readonly #candidates: Candidates;
  readonly #window: BufferWindow = emptyWindow();
  /** the first file of the transaction that the rule being evaluated is asked about */
  #firstFile = 0;
  /** the rule just evaluated waits for what may still join a list */
  #unsettled = false;
  /** of the transaction being looked at */
  #spoken: ProtocolDefinition | undefined = undefined;
  /** set while rules are profiled */
  profile: RuleProfile | undefined = undefined;
  readonly #tables: TransactionTables;
  readonly #headers: HeaderRows;
  readonly #kernel = scanKernel();

  constructor(plan: PlanUse, catalogue: Catalogue, settings: EngineSettings, evaluation: RuleEvaluation, alerts: AlertQueue) {
    this.#plan = plan;
    this.#catalogue = catalogue;
    this.#leastBody = leastBody(settings);
    this.#byServer = settings.httpServers.length === 0 ? undefined : settings;
    this.#evaluation = evaluation;
    this.#alerts = alerts;
    this.#candidates = new Candidates(plan.data.ruleCount);
    this.#tables = TransactionTables.of(plan, catalogue);
    this.#headers = HeaderRows.of(plan);
  }

  #least(flow: Flow, direction: Direction): number {
    const own = this.#byServer === undefined ? undefined : this.#spoken?.leastBody?.(this.#byServer, flow);
    return (own ?? this.#leastBody)[direction];
  }

  /** The transaction that buffers and conditions of `protocol` read. */
  #subject(transaction: Transaction, protocol: string | undefined, direction: Direction): Transaction | undefined {
    const spoken = this.#spoken;
    return protocol === undefined || spoken?.inner === undefined ? transaction : spoken.inner(transaction, protocol, direction);
  }

  /** Rules that literals led to, until now. */
  get candidates(): number {
    return this.#candidates.total;
  }

  anyChanged(transactions: readonly Transaction[], direction: Direction): boolean {
    for (let at = 0; at < transactions.length; at++) if (transactions[at].changed[direction]) return true;
    return false;
  }

  /** Did anything happen that was not looked at, in either direction? */
  anyNews(transactions: readonly Transaction[]): boolean {
    for (let at = 0; at < transactions.length; at++) if (transactions[at].changed[TO_SERVER] || transactions[at].changed[TO_CLIENT]) return true;
    return false;
  }

  /** Nothing of this direction is inspected any more. */
  passOver(transactions: readonly Transaction[], direction: Direction): void {
    for (const transaction of transactions) transaction.changed[direction] = false;
  }

  /** Something outside the transactions changed (a payload part was found): look at them again. */
  touch(session: ProtocolSession, direction: Direction): void {
    for (const transaction of session.transactions) if (transaction.inspected[direction]) transaction.changed[direction] = true;
  }

  /**
   * The rules of this plan took over from those that looked at the transaction before. Rules that are as they were go on where they are.
   * Those that are new, or have another text, are looked for in all that came until now, and asked with the next packet of this direction,
   * for which `packet` stands; a rule that held is not asked again, whatever its text says now.
   */
  takeOver(transaction: Transaction, packet: Packet, flow: Flow, direction: Direction, detection: FlowDetection, succession: Succession): void {
    const definition = this.#catalogue.protocols.get(flow.applicationProtocol ?? flow.originalProtocol ?? '');
    const state = (transaction.detection as TransactionState | undefined)?.directions[direction];
    state?.takeOver(succession);
    const before = state?.begunAs;
    if (state !== undefined) state.begunAs = undefined;
    if (definition === undefined || !transaction.inspected[direction]) return;
    if (transaction.progress[direction] === 0 && transaction.files === undefined) return;
    // Nothing of it was looked at, and all of it will be.
    if (before === undefined && transaction.changed[direction]) return;
    this.#spoken = definition;
    const headers = detection.of(direction).headers(this.#headers, packet);
    const prepared = this.#tables.for(definition, direction, headers);
    if (state === undefined && prepared.all.length === 0 && prepared.always.length === 0) return;
    transaction.detection ??= new TransactionState();
    const current = (transaction.detection as TransactionState).directions[direction];
    this.#candidates.clear();
    this.#candidates.addAll(prepared.always);
    this.#kernel?.hold();
    try {
      this.#scanAll(current, before, prepared, transaction, flow, direction, definition.complete[direction], succession);
    } finally {
      this.#kernel?.letGo();
    }
    const count = current.pending.length;
    this.#take(current, headers.flags, succession);
    if (current.pending.length === count) return;
    current.asksAgain = true;
    current.progress = -1;
    detection.asksAgain |= 1 << direction;
  }

  /** What is there now is searched. What was not searched in full for the rules before is open still, and searched further from where they were. */
  #scanAll(
    state: DirectionState,
    before: ProtocolTables | undefined,
    prepared: ProtocolTables,
    transaction: Transaction,
    flow: Flow,
    direction: Direction,
    completeAt: number,
    succession: Succession,
  ): void {
    const { groups } = prepared;
    const { scanned } = state;
    const wasOpen = new Set(state.open.slice(0, state.openCount));
    state.begunAs = prepared;
    state.scanned = undefined;
    state.open = [];
    const complete = transaction.progress[direction] >= completeAt;
    for (const number of prepared.all) {
      const group = groups[number];
      let reached = transaction.progress[direction] < group.progress ? -1 : this.#scan(group, transaction, flow, direction, -1, complete);
      const old = before?.all.find((one) => isSameGroup(before.groups[one], succession.from, group, this.#plan));
      // More may have come than was looked at.
      if (old !== undefined) reached = wasOpen.has(old) ? (scanned?.[old] ?? -1) : ALL;
      if (reached === ALL) continue;
      if (reached !== -1) {
        state.scanned ??= new Int32Array(groups.length).fill(-1);
        state.scanned[number] = reached;
      }
      state.open.push(number);
    }
    state.openCount = state.open.length;
  }

  inspect(transactions: readonly Transaction[], packet: Packet, flow: Flow, direction: Direction, detection: FlowDetection): void {
    if (transactions.length === 0) return;
    const asksAgain = (detection.asksAgain & (1 << direction)) !== 0;
    detection.asksAgain &= ~(1 << direction);
    let definition: ProtocolDefinition | undefined;
    for (let at = 0; at < transactions.length; at++) {
      const transaction = transactions[at];
      if (!transaction.changed[direction] && !(asksAgain && isAskedAgain(transaction, direction))) continue;
      definition ??= this.#catalogue.protocols.get(flow.applicationProtocol ?? flow.originalProtocol ?? '');
      if (definition === undefined) return;
      transaction.changed[direction] = false;
      transaction.inspected[direction] = true;
      this.#kernel?.hold();
      try {
        this.#transaction(definition, transaction, packet, flow, direction, detection);
      } finally {
        this.#kernel?.letGo();
      }
    }
  }

  #transaction(definition: ProtocolDefinition, transaction: Transaction, packet: Packet, flow: Flow, direction: Direction, detection: FlowDetection): void {
    this.#spoken = definition;
    const payloadFound = detection.known(direction)?.payloadFound;
    // No rule asks for anything of it.
    if (transaction.detection === undefined && payloadFound === undefined && this.#tables.isEmpty(definition, direction)) return;
    const headers = detection.of(direction).headers(this.#headers, packet);
    const prepared = this.#tables.for(definition, direction, headers);
    if (transaction.progress[direction] === 0 && transaction.files === undefined && !(prepared.early && saidAnything(flow, direction))) return;
    if (transaction.detection === undefined && payloadFound === undefined && prepared.all.length === 0 && prepared.always.length === 0) return;
    transaction.detection ??= new TransactionState();
    const state = (transaction.detection as TransactionState).directions[direction];
    state.asksAgain = false;
    const complete = transaction.progress[direction] >= definition.complete[direction];
    const bodyBytes = bytesKept(transaction);
    const payloadRules = payloadFound?.count ?? 0;
    const files = filesBegun(transaction);
    // A body that grew by a packet decides nothing: it is looked at when a window's worth came, or something else changed.
    const least = this.#least(flow, direction);
    const quiet =
      !complete &&
      !state.repeating &&
      transaction.progress[direction] === state.progress &&
      bodyBytes - state.bodyBytes < least &&
      payloadRules === state.payloadRules &&
      files === state.files &&
      transaction.anomalies === undefined;
    if (quiet && files > 0) return;
    const candidates = this.#candidates;
    candidates.clear();
    // The conversation may get another name while it is read, and its ends may change places; then other rules look at it, too.
    if (state.begunAs !== prepared) {
      state.begunAs = prepared;
      candidates.addAll(prepared.always);
      state.scanned = undefined;
      state.open = prepared.all.slice();
      state.openCount = state.open.length;
    }
    this.#scanOpen(state, prepared.groups, transaction, flow, direction, complete);
    if (payloadFound !== undefined) for (let at = 0; at < payloadFound.leading.length; at++) candidates.add(payloadFound.leading[at]);
    const before = state.pending.length;
    if (candidates.count > 0) this.#take(state, headers.flags);
    if (quiet && state.pending.length === before) return;
    if (files > state.files && state.decided !== undefined) this.#askAgain(state, filesIn(transaction, direction) - (files - state.files));
    state.progress = transaction.progress[direction];
    state.bodyBytes = bodyBytes;
    state.files = files;
    state.payloadRules = payloadRules;
    this.#evaluate(state, transaction, packet, flow, direction, detection, complete);
  }

  #scanOpen(state: DirectionState, groups: readonly TableGroup[], transaction: Transaction, flow: Flow, direction: Direction, complete: boolean): void {
    const { open } = state;
    let kept = 0;
    for (let at = 0; at < state.openCount; at++) {
      const number = open[at];
      const group = groups[number];
      if (transaction.progress[direction] >= group.progress) {
        const reached = this.#scan(group, transaction, flow, direction, state.scanned?.[number] ?? -1, complete);
        if (reached === ALL) continue;
        if (reached !== -1) {
          state.scanned ??= new Int32Array(groups.length).fill(-1);
          state.scanned[number] = reached;
        }
      }
      open[kept++] = number;
    }
    state.openCount = kept;
  }

  /** Adds the candidates that are new to the pending rules; where rules took over, only those that are new themselves. */
  #take(state: DirectionState, fits: Uint8Array, succession: Succession | undefined = undefined): void {
    const candidates = this.#candidates;
    const { headerNumbers } = this.#plan.data;
    for (let at = 0; at < candidates.count; at++) {
      const rule = candidates.at(at);
      if (fits[headerNumbers[rule]] === 0 || state.decided?.has(rule) === true || (state.pending.length > 0 && state.pending.includes(rule))) continue;
      if (succession !== undefined && !succession.isNew(rule)) continue;
      state.pending.push(rule);
      state.pendingSorted = false;
    }
    if (!state.pendingSorted) {
      if (state.pending.length <= FEW) sortFew(state.pending);
      else state.pending.sort((a, b) => a - b);
      state.pendingSorted = true;
    }
  }

  /** Rules on files that held are asked about each file that comes later, as if it were the first. */
  #askAgain(state: DirectionState, firstFile: number): void {
    for (const index of state.decided!) {
      if (!this.#plan.rule(index).bufferTests.some((test) => test.buffer.ofFiles === true)) continue;
      state.decided!.delete(index);
      state.again ??= new Map();
      state.again.set(index, firstFile);
      state.pending.push(index);
      state.pendingSorted = false;
    }
    if (!state.pendingSorted) state.pending.sort((a, b) => a - b);
    state.pendingSorted = true;
  }

  #evaluate(
    state: DirectionState,
    transaction: Transaction,
    packet: Packet,
    flow: Flow,
    direction: Direction,
    detection: FlowDetection,
    complete: boolean,
  ): void {
    let kept = 0;
    const { pending } = state;
    state.repeating = false;
    for (let at = 0; at < pending.length; at++) {
      if (!hasNeededBit(this.#plan.data, pending[at], flow)) {
        // It may be set before the transaction ends.
        if (!complete) pending[kept++] = pending[at];
        continue;
      }
      const rule = this.#plan.rule(pending[at]);
      this.profile?.begin();
      const wasLeft = rule.repeats && state.repeated?.has(rule.index) === true && transaction.progress[direction] > (rule.hook as TransactionHook).progress;
      this.#unsettled = false;
      this.#firstFile = state.again?.get(rule.index) ?? 0;
      const answer = wasLeft ? NO : this.#rule(rule, transaction, packet, flow, direction, detection, complete);
      this.profile?.end(rule, answer === YES);
      if (answer === LATER && !complete) {
        if (this.#unsettled) state.repeating = true;
        pending[kept++] = rule.index;
        continue;
      }
      if (answer !== YES) {
        // A window of a body may still bring what was missing: only rules that held are done with.
        continue;
      }
      if (rule.repeats && !complete && transaction.progress[direction] <= (rule.hook as TransactionHook).progress) {
        // It asks for the hook alone: with the next news there, it holds again.
        pending[kept++] = rule.index;
        state.repeating = true;
        state.repeated ??= new Set();
        state.repeated.add(rule.index);
      } else {
        state.decided ??= new Set();
        state.decided.add(rule.index);
      }
      // An anomaly is seen from both directions, but not where all is over at once.
      if (packet.isPseudo && rule.anomalies.length > 0) {
        const other = (transaction.detection as TransactionState).directions[direction === TO_SERVER ? TO_CLIENT : TO_SERVER];
        other.decided ??= new Set();
        other.decided.add(rule.index);
      }
      this.#evaluation.matched(rule, packet, flow, transaction);
      this.#alerts.add({
        rule,
        direction,
        transaction,
        guess: undefined,
        inStream: packet.protocol === TCP,
        flow,
        action: rule.action,
        changed: false,
        notes: this.#evaluation.notes,
        ...(this.#firstFile > 0 ? { firstFile: this.#firstFile } : {}),
      });
    }
    this.#firstFile = 0;
    if (kept < pending.length) pending.length = kept;
  }

  #scan(group: TableGroup, whole: Transaction, flow: Flow, direction: Direction, before: number, complete: boolean): number {
    const { buffer } = group;
    const window = this.#window;
    const transaction = this.#subject(whole, buffer.protocol, direction);
    if (transaction === undefined) return complete ? ALL : -1;
    if (buffer.shape === 'body') return this.#scanBody(group, transaction, flow, direction, before, complete);
    for (let index = 0; buffer.read(transaction, direction, index, window, flow); index++) {
      this.#find(group, window);
      if (!buffer.multiple) return ALL;
    }
    // A buffer that is not there yet may still come while the transaction goes on.
    return complete || !buffer.multiple ? ALL : -1;
  }

  #scanBody(group: TableGroup, transaction: Transaction, flow: Flow, direction: Direction, before: number, complete: boolean): number {
    const window = this.#window;
    const done = Math.max(0, before);
    let total = 0;
    let whole = complete;
    let allComplete = true;
    for (let index = 0; group.buffer.read(transaction, direction, index, window, flow); index++) {
      const length = window.end - window.start;
      const ready = window.complete || complete;
      total += length;
      if (!ready) allComplete = false;
      if (!group.buffer.multiple || index === 0) {
        const least = this.#least(flow, direction);
        if (!ready && length - done < least) return before;
        if (length === done && done > 0) break;
        if (group.transformed === undefined && done > OVERLAP) {
          window.start += done - OVERLAP;
          window.offset += done - OVERLAP;
        }
        this.#find(group, window);
      } else this.#find(group, window);
      if (!group.buffer.multiple) break;
    }
    whole ||= allComplete && total > 0;
    return whole && (complete || !group.buffer.multiple) ? ALL : Math.max(done, total);
  }

  #find(group: TableGroup, window: BufferWindow): void {
    if (group.transformed !== undefined) applyTransforms(this.#plan.rule(group.transformed.rule).bufferTests[group.transformed.test], window);
    group.literals.scan(window.bytes, window.start, window.end, window.offset, this.#candidates);
  }

  /** Does the rule hold on this direction, as far as it has come? */
  holds(rule: CompiledRule, transaction: Transaction, packet: Packet, flow: Flow, direction: Direction, detection: FlowDetection, complete: boolean): boolean {
    return this.#rule(rule, transaction, packet, flow, direction, detection, complete) === YES;
  }

  /** One rule on one direction of one transaction. */
  #rule(
    rule: CompiledRule,
    transaction: Transaction,
    packet: Packet,
    flow: Flow,
    direction: Direction,
    detection: FlowDetection,
    complete: boolean,
  ): 0 | 1 | 2 {
    const evaluation = this.#evaluation;
    evaluation.count++;
    evaluation.forgetNotes();
    if (!isIn(rule.directions, direction) || !evaluation.headerAndFlow(rule, packet, flow)) return NO;
    if (!evaluation.packetConditions(rule, packet, flow) || !evaluation.stateHolds(rule, packet, flow, transaction)) return LATER;
    if (rule.payload.length > 0 && detection.known(direction)?.payloadFound?.has(rule.index) !== true) return LATER;
    let later = false;
    const { transactionConditions, bufferTests, anomalies } = rule;
    for (let at = 0; at < transactionConditions.length; at++) {
      const condition = transactionConditions[at];
      if (transaction.progress[direction] < condition.progress && !complete) later = true;
      else {
        const subject = this.#subject(transaction, condition.protocol, direction);
        if (subject === undefined && !complete) later = true;
        else if (subject !== undefined && condition.test(subject, direction, flow)) continue;
        else if (complete || condition.settledAt === undefined || transaction.progress[direction] >= condition.settledAt) return NO;
        else later = this.#unsettled = true;
      }
    }
    for (let at = 0; at < bufferTests.length; at++) {
      const answer = this.#buffer(bufferTests[at], transaction, packet, flow, direction, complete);
      if (answer === NO) return NO;
      if (answer === LATER) later = true;
    }
    for (let at = 0; at < anomalies.length; at++) {
      const demand = anomalies[at];
      if (demand.owner !== 'application') continue;
      const dot = demand.name.indexOf('.');
      const subject = this.#subject(transaction, demand.name.slice(0, dot), direction);
      if (subject?.anomalies?.includes(demand.name.slice(dot + 1)) !== true) later = true;
    }
    if (!later && rule.packetBufferTests.length > 0 && !evaluation.packetBuffersHold(rule, packet, flow)) return LATER;
    if (later) return LATER;
    return rule.scripts.length === 0 || evaluation.scriptsHold(rule, packet, flow, transaction, direction) ? YES : NO;
  }

  #buffer(test: BufferTest<TransactionBuffer>, whole: Transaction, packet: Packet, flow: Flow, direction: Direction, complete: boolean): 0 | 1 | 2 {
    const { buffer } = test;
    const side = isIn(buffer.directions, direction) ? direction : direction === TO_SERVER ? TO_CLIENT : TO_SERVER;
    const transaction = this.#subject(whole, buffer.protocol, side);
    if (transaction === undefined) return side === direction && !complete ? LATER : NO;
    if (side !== direction) return this.#otherSide(test, transaction, packet, flow, side);
    const window = this.#window;
    if (transaction.progress[direction] < buffer.progress(direction) && !complete) return LATER;
    let open = false;
    let found = false;
    for (let index = buffer.ofFiles === true ? this.#firstFile : 0; buffer.read(transaction, direction, index, window, flow); index++) {
      found = true;
      if (complete) window.complete = true;
      if (buffer.shape === 'body' && !window.complete) {
        const least = this.#least(flow, direction);
        if (window.end - window.start < least) {
          open = true;
          if (!buffer.multiple) break;
          continue;
        }
        open = true;
      }
      applyTransforms(test, window);
      if (test.absent !== 'only' && this.#evaluation.windowHolds(test.conditions, window, packet, flow, transaction, direction)) return YES;
      if (!buffer.multiple) break;
    }
    if (found) return open || (buffer.multiple && !complete) ? LATER : NO;
    if (test.absent !== 'no') return complete || transaction.progress[direction] > buffer.progress(direction) ? YES : LATER;
    // Not there (yet): bodies and files may still begin.
    return (buffer.shape === 'body' || buffer.multiple || buffer.protocol === undefined) && !complete ? LATER : NO;
  }

  /** A buffer of the other direction, for rules on both sides of a transaction. */
  #otherSide(test: BufferTest<TransactionBuffer>, transaction: Transaction, packet: Packet, flow: Flow, direction: Direction): 0 | 1 | 2 {
    const window = this.#window;
    for (let index = 0; test.buffer.read(transaction, direction, index, window, flow); index++) {
      applyTransforms(test, window);
      if (this.#evaluation.windowHolds(test.conditions, window, packet, flow, transaction, direction)) return YES;
      if (!test.buffer.multiple) break;
    }
    return NO;
  }
}

function isIn(directions: readonly Direction[], direction: Direction): boolean {
  return directions[0] === direction || directions[1] === direction;
}

function isAskedAgain(transaction: Transaction, direction: Direction): boolean {
  return (transaction.detection as TransactionState | undefined)?.directions[direction].asksAgain === true;
}

/** The same buffer, transformed in the same way? */
function isSameGroup(one: TableGroup, itsPlan: PlanUse, other: TableGroup, plan: PlanUse): boolean {
  return one.buffer === other.buffer && transformsOf(one, itsPlan) === transformsOf(other, plan);
}

function transformsOf({ transformed }: TableGroup, plan: PlanUse): string {
  if (transformed === undefined) return '';
  return plan.rule(transformed.rule).bufferTests[transformed.test].key;
}

/** By insertion. */
function sortFew(rules: number[]): void {
  for (let next = 1; next < rules.length; next++) {
    const rule = rules[next];
    let at = next;
    for (; at > 0 && rules[at - 1] > rule; at--) rules[at] = rules[at - 1];
    rules[at] = rule;
  }
}

function bytesKept(transaction: Transaction): number {
  let bytes = 0;
  const { files } = transaction;
  if (files !== undefined) for (let at = 0; at < files.length; at++) bytes += files[at].kept;
  return bytes;
}

/** Files of which there is something. */
function filesBegun(transaction: Transaction): number {
  let begun = 0;
  const { files } = transaction;
  if (files !== undefined) for (let at = 0; at < files.length; at++) if (files[at].size > 0) begun++;
  return begun;
}

function filesIn(transaction: Transaction, direction: Direction): number {
  let count = 0;
  if (transaction.files !== undefined) for (const file of transaction.files) if (file.direction === direction) count++;
  return count;
}

function saidAnything(flow: Flow, direction: Direction): boolean {
  return (flow.stream as TcpStream | undefined)?.sides[direction].available !== 0;
}
