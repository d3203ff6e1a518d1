/**
 * The worker `traffic`: a capture as flows, transactions and named buffers; the rules of the editor over it after every change; a whole
 * ruleset beside them, once. Long work goes piece by piece, so that it tells how far it is and gives way to what is newer.
 */
import { catalogue } from '@sigwright/catalogue';
import type { EngineSettings, Rule } from '@sigwright/contracts';
import { buildPlan, Engine, type PlanUse, relevantRules, usePlan } from '@sigwright/detection';
import { parseRules } from '@sigwright/rule-language';
import { FlowGatherer } from './gather.ts';
import type { FromTraffic, ShownAlert, ToTraffic } from './messages.ts';
import { engineSettings } from './settings.ts';

/** Bytes of a capture between two looks at what is new. */
const PIECE = 256 * 1024;
/** Characters of a ruleset between two looks. */
const RULES_PIECE = 512 * 1024;
const MOST_PLACES = 20;
/** Rules with alerts that are listed. */
const MOST_LISTED = 500;
const BETWEEN_WORDS = 100;

const say = (words: FromTraffic): void => self.postMessage(words);

/** Lets messages in: a message to oneself waits behind those that are there. */
const channel = new MessageChannel();
const waiting: (() => void)[] = [];
channel.port1.onmessage = () => waiting.shift()?.();
function pause(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    channel.port2.postMessage(undefined);
  });
}

class Superseded extends Error {}

interface Ruleset {
  readonly rules: readonly Rule[];
  readonly plan: PlanUse;
}

let settings: EngineSettings | undefined;
let captureFile: Blob | undefined;
let capture: Uint8Array | undefined;
let flows: FlowGatherer | undefined;
let rulesetFile: Blob | undefined;
let ruleset: Ruleset | undefined;
let text = '';
let version = 0;
/** what has to be done again */
const due = { capture: false, ruleset: false, rules: false, rulesetRun: false };
let isWorking = false;
/** when the ruleset, or the capture it runs over, was handed in */
let handedIn = 0;
let lastWord = 0;

export function traffic(): void {
  self.onmessage = ({ data }: MessageEvent<ToTraffic>): void => {
    switch (data.tell) {
      case 'settings':
        settings = engineSettings(data.settings);
        break;
      case 'capture':
        captureFile = data.file;
        due.capture = true;
        handedIn = performance.now();
        break;
      case 'ruleset':
        rulesetFile = data.file;
        due.ruleset = true;
        handedIn = performance.now();
        break;
      case 'rules':
        text = data.text;
        version = data.version;
        due.rules = true;
        break;
      case 'flow': {
        const details = flows?.details(data.id);
        if (details !== undefined) say({ say: 'flow', details });
        return;
      }
    }
    void work();
  };
  say({ say: 'ready' });
}

async function work(): Promise<void> {
  if (isWorking) return;
  isWorking = true;
  while (settings !== undefined && (due.capture || due.ruleset || (due.rules && capture !== undefined) || (due.rulesetRun && capture !== undefined))) {
    try {
      if (due.capture) await takeCapture(settings);
      else if (due.rules && capture !== undefined) await runRules(settings, capture);
      else if (due.ruleset) await takeRuleset(settings);
      else if (capture !== undefined) await runRuleset(settings, capture);
    } catch (problem) {
      // A file that is gone or was written anew since it was handed in.
      if (problem instanceof DOMException) say({ say: 'fault', problem: 'The file could not be read: it is gone, or it changed. Hand it in again.' });
      else if (!(problem instanceof Superseded)) say({ say: 'fault', problem: `The engine has a fault here: ${(problem as Error).message}` });
    }
  }
  isWorking = false;
}

function progress(doing: string, done: number, total: number): void {
  const now = performance.now();
  if (now - lastWord < BETWEEN_WORDS && done < total) return;
  lastWord = now;
  say({ say: 'progress', doing, done, total });
}

/** Feeds a capture piece by piece; `check` between them may throw Superseded. Gives the failure, if any. */
async function feed(engine: Engine, bytes: Uint8Array, doing: string, check: () => Promise<void> | void): Promise<string | undefined> {
  for (let at = 0; at < bytes.length; at += PIECE) {
    const failure = engine.feed(bytes.subarray(at, at + PIECE));
    if (failure !== undefined) return failure.message;
    progress(doing, Math.min(bytes.length, at + PIECE), bytes.length);
    await pause();
    await check();
  }
  return engine.finish()?.message;
}

async function takeCapture(settings: EngineSettings): Promise<void> {
  due.capture = false;
  const started = performance.now();
  const bytes = new Uint8Array(await captureFile!.arrayBuffer());
  const gathered = new FlowGatherer(settings);
  const plan = usePlan(buildPlan([], catalogue, settings).data, catalogue, settings);
  const engine = new Engine(plan, catalogue, settings, gathered.handlers);
  const problem = await feed(engine, bytes, 'reading the capture', () => {
    if (due.capture) throw new Superseded();
  });
  capture = bytes;
  flows = gathered;
  due.rules = true;
  due.rulesetRun = ruleset !== undefined;
  const { packets, flows: count, bytes: seen, transactions } = engine.counters;
  say({
    say: 'capture',
    flows: gathered.list(),
    count: { packets, flows: count, bytes: seen, transactions },
    milliseconds: performance.now() - started,
    problem,
  });
}

async function runRules(settings: EngineSettings, capture: Uint8Array): Promise<void> {
  due.rules = false;
  const started = performance.now();
  const asked = version;
  const written = parseRules(text).rules;
  const rules = written.filter((rule) => rule.enabled);
  const own = new Set(rules.map((rule) => rule.sid));
  const behind = new Set<Rule>();
  for (const rule of ruleset === undefined ? [] : rules) for (const other of relevantRules(rule, ruleset!.rules)) if (!own.has(other.sid)) behind.add(other);
  const build = buildPlan(
    [
      { path: 'editor', rules },
      { path: 'ruleset', rules: [...behind] },
    ],
    catalogue,
    settings,
  );
  const plan = usePlan(build.data, catalogue, settings);
  const counted = new AlertCount();
  const engine = new Engine(plan, catalogue, settings, counted.handlers);
  await feed(engine, capture, 'running the rules', () => {
    if (due.rules || due.capture) throw new Superseded();
  });
  const loaded = new Set(plan.data.sids);
  const alerts = new Map(counted.list().map((one) => [one.sid, one]));
  say({
    say: 'verdicts',
    version: asked,
    rules: written.slice(0, MOST_LISTED).map(({ sid, message, enabled }) => ({
      sid,
      message,
      state: !enabled ? 'disabled' : loaded.has(sid) ? 'loaded' : 'refused',
      alerts: alerts.get(sid),
    })),
    behind: [...behind].map((rule) => rule.text).join('\n'),
    milliseconds: performance.now() - started,
  });
}

async function takeRuleset(settings: EngineSettings): Promise<void> {
  due.ruleset = false;
  due.rulesetRun = false;
  ruleset = undefined;
  due.rules = true;
  if (rulesetFile === undefined) return;
  const started = performance.now();
  const whole = await rulesetFile.text();
  const rules: Rule[] = [];
  for (let at = 0; at < whole.length; ) {
    // Ends with a line that does not go on in the next one.
    let end = at + RULES_PIECE >= whole.length ? whole.length : whole.indexOf('\n', at + RULES_PIECE) + 1;
    while (end > 1 && end < whole.length && /\\\r?$/.test(whole.slice(Math.max(at, end - 3), end - 1))) end = whole.indexOf('\n', end) + 1 || whole.length;
    if (end <= at) end = whole.length;
    for (const rule of parseRules(whole.slice(at, end)).rules) if (rule.enabled) rules.push(rule);
    at = end;
    progress('reading the ruleset', at, whole.length);
    await pause();
    if (due.ruleset) throw new Superseded();
  }
  say({ say: 'progress', doing: `compiling ${rules.length.toLocaleString('en')} rules`, done: 0, total: 0 });
  await pause();
  const build = buildPlan([{ path: 'ruleset', rules }], catalogue, settings);
  ruleset = { rules, plan: usePlan(build.data, catalogue, settings) };
  due.rulesetRun = true;
  say({ say: 'ruleset', rules: build.loaded, refused: build.refused, milliseconds: performance.now() - started });
}

async function runRuleset(settings: EngineSettings, capture: Uint8Array): Promise<void> {
  due.rulesetRun = false;
  if (ruleset === undefined) return;
  const counted = new AlertCount();
  const engine = new Engine(ruleset.plan, catalogue, settings, counted.handlers);
  await feed(engine, capture, 'running the ruleset', async () => {
    if (due.capture || due.ruleset) throw new Superseded();
    // Who writes does not wait for a whole ruleset.
    if (!due.rules) return;
    try {
      await runRules(settings, capture);
    } catch (problem) {
      if (!(problem instanceof Superseded)) throw problem;
    }
  });
  say({
    say: 'ruleset alerts',
    alerts: counted.list().slice(0, MOST_LISTED),
    first: counted.first === undefined ? undefined : counted.first - handedIn,
    milliseconds: performance.now() - handedIn,
  });
}

class AlertCount {
  readonly #counts = new Map<number, { sid: number; message: string; count: number; places: { packet: number; flow: number }[] }>();
  /** when the first one came, in the clock of the page */
  first: number | undefined = undefined;

  readonly handlers = {
    // Flows are told by their numbers.
    remembersFlows: true,
    alert: (
      { rule, flow }: { readonly rule: { readonly sid: number; readonly message: string }; readonly flow: { readonly id: number } | undefined },
      packet: { readonly number: number },
    ): void => {
      this.first ??= performance.now();
      const known = this.#counts.get(rule.sid) ?? { sid: rule.sid, message: rule.message, count: 0, places: [] };
      this.#counts.set(rule.sid, known);
      known.count++;
      if (known.places.length < MOST_PLACES) known.places.push({ packet: packet.number, flow: flow?.id ?? 0 });
    },
  };

  /** most alerts first */
  list(): ShownAlert[] {
    return [...this.#counts.values()].sort((a, b) => b.count - a.count || a.sid - b.sid);
  }
}
