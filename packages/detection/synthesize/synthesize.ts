/**
 * Rule → traffic that fires it, and traffic that does not because one condition is broken. Everything is tried with the engine
 * itself before it is given out; what could not be solved is said with the condition that defeats it.
 */
import { type BytesCondition, type Catalogue, DEFAULT_SETTINGS, type EngineSettings, type Rule, type RuleOption } from '@sigwright/contracts';
import { alertingOptions, parseRules, printRule } from '@sigwright/rule-language';
import { composeCapture, SeededRandom } from '@sigwright/traffic';
import { compileRule } from '../compile/compile-rule.ts';
import type { CompiledRule } from '../compile/compiled-rule.ts';
import { HeaderResolver } from '../compile/header.ts';
import { buildPlan, usePlan } from '../compile/plan.ts';
import { Explainer } from '../explain/explainer.ts';
import { describe } from '../explain/words.ts';
import { Engine } from '../scan/engine.ts';
import { Inspector } from '../scan/inspector.ts';
import { type Endpoints, endpointsFor, outsideOf } from './endpoints.ts';
import { type Part, partOf, type Solution, solvePart, turnOf, type Unsolved } from './part.ts';
import { inspectionOf } from './solve-bytes.ts';
import { composeTurns, USUAL_PORTS } from './turns.ts';

export interface SilentCapture {
  readonly capture: Uint8Array;
  /** which condition is broken, and how */
  readonly because: string;
}

export interface Synthesis {
  readonly sid: number;
  readonly fires: Uint8Array;
  readonly alerts: number;
  /** in words: what the capture shows */
  readonly shows: string;
  readonly silent: readonly SilentCapture[];
}

export interface SynthesisOptions {
  readonly silent?: boolean;
}

const MOST_VARIANTS = 18;
/** Of these, the first are laid out as whole messages of their protocol. */
const FRAMED_VARIANTS = 9;
const MOST_SETTERS = 4;
const DEEPEST_CHAIN = 4;
const MOST_REPEATS = 600;
const MOST_SILENT = 24;

export class Synthesizer {
  readonly #catalogue: Catalogue;
  readonly #settings: EngineSettings;
  readonly #headers: HeaderResolver;
  readonly #rules: readonly Rule[];
  #setters: Map<string, Rule[]> | undefined = undefined;

  constructor(rules: readonly Rule[], catalogue: Catalogue, settings: EngineSettings = DEFAULT_SETTINGS) {
    this.#rules = rules;
    this.#catalogue = catalogue;
    this.#settings = settings;
    this.#headers = new HeaderResolver(settings);
  }

  synthesize(rule: Rule, options: SynthesisOptions = {}): Synthesis | Unsolved {
    const chains = this.#chains(rule, 0);
    if ('problem' in chains) return chains;
    let unsolved: Unsolved | undefined;
    for (const chain of chains.slice(0, MOST_SETTERS)) {
      const attempt = this.#attempt(chain, options);
      if (!('problem' in attempt)) return attempt;
      unsolved ??= attempt;
    }
    return unsolved ?? { problem: 'nothing was tried' };
  }

  /** The rule alone, or behind the rules that set the bits it waits for, in the ways there are. */
  #chains(rule: Rule, depth: number): readonly (readonly Part[])[] | Unsolved {
    const part = this.#part(rule);
    if ('problem' in part) return part;
    let chains: (readonly Part[])[] = [[]];
    for (const check of part.compiled.checks) {
      if (check.kind === 'integer') {
        if (check.operation === 'notset' || check.operation === 'isnotset' || check.operation === '<' || check.operation === '<=') continue;
        return { problem: `it counts with flowint ${check.name}` };
      }
      if (check.operation !== 'isset') continue;
      if (depth >= DEEPEST_CHAIN) return { problem: `the chain of bits before it is longer than ${DEEPEST_CHAIN} rules` };
      const setters = check.names.flatMap((name) => this.#settersOf(name)).filter((setter) => setter.sid !== rule.sid);
      if (setters.length === 0) return { problem: `no rule sets ${check.names.join(' or ')}` };
      const before: (readonly Part[])[] = [];
      let problem: Unsolved | undefined;
      for (const setter of setters.slice(0, MOST_SETTERS * 2)) {
        const found = this.#chains(setter, depth + 1);
        if ('problem' in found) problem ??= { problem: `${setter.sid}, which sets ${check.names.join(' or ')}: ${found.problem}` };
        else before.push(...found.slice(0, 2));
      }
      if (before.length === 0) return problem!;
      chains = chains.flatMap((chain) => before.map((one) => [...chain, ...one.filter((part) => !chain.some((known) => known.rule.sid === part.rule.sid))]));
    }
    return chains.map((chain) => [...chain, part]);
  }

  #settersOf(name: string): readonly Rule[] {
    if (this.#setters === undefined) {
      this.#setters = new Map();
      for (const rule of [...this.#rules].sort((a, b) => Number(b.enabled) - Number(a.enabled))) {
        for (const option of rule.options) {
          const match = /^(?:flow|x|host)bits$/.test(option.name) ? /^\s*(?:set|toggle)\s*,\s*([^,\s]+)/.exec(option.value ?? '') : null;
          if (match !== null) this.#setters.set(match[1], [...(this.#setters.get(match[1]) ?? []), rule]);
        }
      }
    }
    return this.#setters.get(name) ?? [];
  }

  #part(rule: Rule): Part | Unsolved {
    const origins = new Map<object, RuleOption>();
    const { compiled, diagnostics } = compileRule(rule, { catalogue: this.#catalogue, settings: this.#settings, headers: this.#headers, origins });
    if (compiled === undefined) return { problem: `the rule is refused: ${diagnostics[0]?.title ?? 'for a reason not said'}` };
    return partOf(rule, compiled, origins, this.#catalogue);
  }

  #attempt(chain: readonly Part[], options: SynthesisOptions): Synthesis | Unsolved {
    const target = chain[chain.length - 1];
    const ends = endpointsFor(
      chain.map((part) => ({ header: part.compiled.header, sourceIsClient: part.from === 'client' })),
      USUAL_PORTS[target.kind],
    );
    if (typeof ends === 'string') return { problem: ends };
    const repeats = repeatsOf(target.compiled);
    if (repeats > MOST_REPEATS) return { problem: `its threshold asks for ${repeats} repetitions` };
    const run = new Trial(chain, this.#catalogue, this.#settings);
    let last: { solutions: Solution[]; variant: number } | undefined;
    for (let variant = 0; variant < MOST_VARIANTS; variant++) {
      const random = new SeededRandom(variant * 7919 + target.rule.sid);
      const below = (limit: number): number => random.below(limit);
      const solutions: Solution[] = [];
      for (const part of chain) {
        const solution = solvePart(part, below, ends, variant >= FRAMED_VARIANTS);
        if ('problem' in solution) return part === target ? solution : { problem: `${part.rule.sid}, which sets its bit: ${solution.problem}` };
        solutions.push(solution);
      }
      last = { solutions, variant };
      const capture = compose(chain, solutions, ends, repeats, variant, target.rule.sid);
      const alerts = run.alerts(capture);
      if (alerts === 0) continue;
      const silent = options.silent === false ? [] : silentCaptures(chain, solutions, ends, repeats, variant, run);
      return { sid: target.rule.sid, fires: capture, alerts, shows: showsOf(chain, solutions, repeats), silent };
    }
    return { problem: run.why(compose(chain, last!.solutions, ends, repeats, 0, target.rule.sid)) };
  }
}

function compose(chain: readonly Part[], solutions: readonly Solution[], ends: Endpoints, repeats: number, variant: number, seed: number): Uint8Array {
  const capture = composeCapture({ seed });
  const turns = chain.map((part, at) => turnOf(part, solutions[at], variant));
  composeTurns(capture, turns, ends, repeats);
  return capture.finish();
}

function repeatsOf(compiled: CompiledRule): number {
  let repeats = 1;
  for (const { type, count } of compiled.thresholds) {
    if (type === 'threshold' || type === 'both') repeats = Math.max(repeats, count);
    else if (type === 'detection') repeats = Math.max(repeats, count + 1);
  }
  return repeats;
}

function showsOf(chain: readonly Part[], solutions: readonly Solution[], repeats: number): string {
  const target = chain[chain.length - 1];
  const before = chain.slice(0, -1).map((part) => part.rule.sid);
  const remarks = [...new Set(solutions.flatMap(({ remark }) => (remark === undefined ? [] : [`; ${remark}`])))].join('');
  const says = `${target.kind} from the ${target.from} that fulfils every condition`;
  return `${says}${before.length > 0 ? `, behind what ${before.join(' and ')} ${before.length > 1 ? 'ask' : 'asks'} for` : ''}${repeats > 1 ? `, ${repeats} times` : ''}${remarks}`;
}

/** Runs captures against the rules of a chain. A rule that never alerts is asked without its `noalert`. */
class Trial {
  readonly #sid: number;
  readonly #plan: ReturnType<typeof usePlan>;
  readonly #catalogue: Catalogue;
  readonly #settings: EngineSettings;
  readonly #target: CompiledRule;

  constructor(chain: readonly Part[], catalogue: Catalogue, settings: EngineSettings) {
    const target = chain[chain.length - 1];
    this.#sid = target.rule.sid;
    this.#target = target.compiled;
    this.#catalogue = catalogue;
    this.#settings = settings;
    const text = chain.map(({ rule }) => (rule === target.rule ? loud(rule) : printRule({ ...rule, enabled: true, action: 'alert' }))).join('\n');
    this.#plan = usePlan(buildPlan([{ path: 'chain', rules: parseRules(text).rules }], catalogue, settings).data, catalogue, settings);
  }

  alerts(capture: Uint8Array): number {
    let count = 0;
    const engine = new Engine(this.#plan, this.#catalogue, this.#settings, {
      alert: ({ rule }) => {
        if (rule.sid === this.#sid) count++;
      },
    });
    engine.feed(capture);
    engine.finish();
    return count;
  }

  why(capture: Uint8Array): string {
    const engine = new Engine(this.#plan, this.#catalogue, this.#settings, {});
    const explainer = new Explainer(this.#target);
    engine.explainer = explainer;
    engine.feed(capture);
    engine.finish();
    return explainer.result().verdict;
  }
}

function loud(rule: Rule): string {
  return printRule({ ...rule, enabled: true, action: 'alert', options: alertingOptions(rule) });
}

/** One condition broken in each: a content's or a pattern's bytes, a bit that is not set, one repetition less, another port. */
function silentCaptures(
  chain: readonly Part[],
  solutions: readonly Solution[],
  ends: Endpoints,
  repeats: number,
  variant: number,
  run: Trial,
): SilentCapture[] {
  const found: SilentCapture[] = [];
  const target = chain[chain.length - 1];
  const last = solutions[solutions.length - 1];
  const offer = (because: string, make: () => Uint8Array): boolean => {
    if (found.length >= MOST_SILENT) return true;
    const capture = make();
    if (run.alerts(capture) > 0) return false;
    found.push({ capture, because });
    return true;
  };
  const seed = target.rule.sid;
  const withSolution = (solution: Solution): Uint8Array => compose(chain, [...solutions.slice(0, -1), solution], ends, repeats, variant, seed);
  const places: (readonly [name: string, bytes: Uint8Array, conditions: readonly BytesCondition[]])[] = [...target.buffers].map(
    ([name, { conditions }]) => [name, last.seen.get(name)!, conditions] as const,
  );
  if (last.payload !== undefined && target.compiled.payload.length > 0) places.push(['payload', last.payload, target.compiled.payload]);
  for (const [name, bytes, conditions] of places) {
    for (const { condition, start, end } of matchesOf(conditions, bytes, target.compiled.variableCount)) {
      for (const whole of [false, true]) {
        const broken = brokenAt(bytes, whole ? start : end - 1, end);
        const solution = name === 'payload' ? { ...last, payload: broken } : { ...last, seen: new Map([...last.seen, [name, broken]]) };
        const says = `${name}: ${describe(condition)} is broken: ${whole ? 'all its bytes differ' : 'its last byte differs'}`;
        if (offer(says, () => withSolution(solution))) break;
      }
    }
  }
  if (chain.length > 1)
    offer(`the bit of ${chain[chain.length - 2].rule.sid} is not set before`, () => compose([target], [last], ends, repeats, variant, seed));
  if (repeats > 1)
    offer(`it happens ${repeats - 1} times, once less than the threshold asks for`, () => compose(chain, solutions, ends, repeats - 1, variant, seed));
  const { header } = target.compiled;
  const [serverSet, clientSet] = target.from === 'client' ? [header.destination, header.source] : [header.source, header.destination];
  const otherServer = header.bidirectional ? undefined : outsideOf(serverSet, ends.client);
  const otherClient = header.bidirectional ? undefined : outsideOf(clientSet, ends.server);
  if (otherServer !== undefined)
    offer(`the server's address is ${otherServer}, which the header leaves out`, () =>
      compose(chain, solutions, { ...ends, server: otherServer }, repeats, variant, seed),
    );
  if (otherClient !== undefined)
    offer(`the client's address is ${otherClient}, which the header leaves out`, () =>
      compose(chain, solutions, { ...ends, client: otherClient }, repeats, variant, seed),
    );
  const serverPorts = target.from === 'client' ? header.destinationPorts : header.sourcePorts;
  const other = [40_404, 80, 4040].find((port) => serverPorts !== undefined && !serverPorts.contains(port));
  if (other !== undefined && !header.bidirectional)
    offer(`the server's port is ${other}`, () => compose(chain, solutions, { ...ends, serverPort: other }, repeats, variant, seed));
  return found;
}

function matchesOf(conditions: readonly BytesCondition[], bytes: Uint8Array, variables: number): { condition: BytesCondition; start: number; end: number }[] {
  const found = new Map<BytesCondition, { condition: BytesCondition; start: number; end: number }>();
  new Inspector().inspect(conditions, inspectionOf(bytes, variables), {
    condition(condition, _position, outcome, start, end) {
      const plain = (condition.kind === 'content' || condition.kind === 'pattern') && !condition.negated;
      if (outcome === 'matched' && plain && end > start) found.set(condition, { condition, start, end });
    },
  });
  return [...found.values()];
}

/** Letters become other letters, so that the rest stays what it is. */
function brokenAt(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return bytes.map((byte, at) => {
    if (at < start || at >= end) return byte;
    const lower = byte | 0x20;
    if (lower >= 0x61 && lower <= 0x7a) return lower === 0x7a ? byte - 25 : byte + 1;
    if (byte >= 0x30 && byte <= 0x39) return byte === 0x39 ? 0x30 : byte + 1;
    return byte === 0x71 ? 0x72 : 0x71;
  });
}
