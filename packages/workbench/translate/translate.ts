/**
 * One master rule → the dialects of several engines. Every emission is read again and held against evidence: what fires the master
 * must fire it, what does not must not. Evidence is given, or made by the synthesizer. What can not be said is refused with the reason.
 */
import { counted } from '@sigwright/bytes';
import { type Catalogue, DEFAULT_SETTINGS, type EngineSettings, type Rule } from '@sigwright/contracts';
import { buildPlan, Engine, Synthesizer, usePlan } from '@sigwright/detection';
import { alertingOptions, parseRule, printRule } from '@sigwright/rule-language';
import { type Dialect, type Emission, Unsayable, VERSIONS } from './dialects.ts';
import { toSnort } from './to-snort.ts';
import { toSuricata } from './to-suricata.ts';

export interface Evidence {
  readonly name: string;
  readonly capture: Uint8Array;
}

export interface TranslateOptions {
  readonly catalogue: Catalogue;
  readonly settings?: EngineSettings;
  /** rules that set what the master waits for, and captures; made up where left out */
  readonly others?: readonly Rule[];
  readonly evidence?: readonly Evidence[];
}

export function translate(rule: Rule, dialects: readonly Dialect[], options: TranslateOptions): Emission[] {
  const settings = options.settings ?? DEFAULT_SETTINGS;
  let evidence: readonly Evidence[] | string | undefined = options.evidence;
  const master = { plain: memo(() => runner(rule, options, settings)), snort: memo(() => runner(rule, options, withSnortPorts(settings))) };
  return dialects.map((dialect) => {
    const said = sayIn(rule, dialect, options.catalogue);
    if (said.text === undefined) return said;
    evidence ??= madeUp(rule, options, settings);
    if (typeof evidence === 'string') return { ...said, notes: [...said.notes, `not proved: ${evidence}`] };
    const isSnort = dialect === 'snort-2.9';
    const before = isSnort ? master.snort() : master.plain();
    const verdict = proofOf(rule, before, said.text, evidence, options, isSnort ? withSnortPorts(settings) : settings);
    if ('fault' in verdict) return { ...said, text: undefined, refused: verdict.fault };
    return { ...said, proof: verdict.proof, notes: [...said.notes, ...verdict.notes] };
  });
}

/** The rule in the dialect's words, not proved yet; or why it has none for it. */
export function sayIn(rule: Rule, dialect: Dialect, catalogue: Catalogue): Emission {
  try {
    const said = dialect === 'snort-2.9' ? toSnort(rule, catalogue) : toSuricata(rule, VERSIONS[dialect], catalogue.keywords);
    return { dialect, text: said.text, refused: undefined, notes: said.notes, proof: undefined };
  } catch (problem) {
    if (!(problem instanceof Unsayable)) throw problem;
    return { dialect, text: undefined, refused: problem.message, notes: [], proof: undefined };
  }
}

function madeUp(rule: Rule, { others, catalogue }: TranslateOptions, settings: EngineSettings): readonly Evidence[] | string {
  const made = new Synthesizer([rule, ...settersFor(rule, others ?? [])], catalogue, settings).synthesize(rule);
  if ('problem' in made) return made.problem;
  return [{ name: made.shows, capture: made.fires }, ...made.silent.map(({ because, capture }) => ({ name: because, capture }))];
}

/** Where Snort looks for HTTP unless its owner says otherwise (snort.conf of 2.9). */
const SNORT_HTTP_PORTS =
  '[80,81,311,383,591,593,901,1220,1414,1741,1830,2301,2381,2809,3037,3128,3702,4343,4848,5250,6988,7000,7001,7144,7145,7510,7777,7779,8000,8008,8014,8028,8080,8085,8088,8090,8118,8123,8180,8181,8243,8280,8300,8800,8888,8899,9000,9060,9080,9090,9091,9443,9999,11371,34443,34444,41080,50002,55555]';

function withSnortPorts(settings: EngineSettings): EngineSettings {
  return { ...settings, portGroups: { ...settings.portGroups, HTTP_PORTS: SNORT_HTTP_PORTS } };
}

/**
 * The emission must do on each capture what the master does. Where its header looks at less (a protocol became ports), it is held
 * against the master within that header, and the captures that lie beyond are named.
 */
function proofOf(
  rule: Rule,
  before: Runner | string,
  text: string,
  evidence: readonly Evidence[],
  options: TranslateOptions,
  settings: EngineSettings,
): { readonly fault: string } | { readonly proof: string | undefined; readonly notes: readonly string[] } {
  const { rule: emitted, diagnostics } = parseRule(text);
  if (emitted === undefined) return { fault: `what was written can not be read again: ${diagnostics[0]?.title}` };
  const after = runner(emitted, options, settings);
  if (typeof after === 'string') return { fault: `what was written does not load: ${after}` };
  if (typeof before === 'string') return { fault: `the master does not load: ${before}` };
  const { protocol, sourcePorts, destinationPorts } = emitted;
  const within = runner({ ...rule, protocol, sourcePorts, destinationPorts }, options, settings);
  let fires = 0;
  let silent = 0;
  const beyond: string[] = [];
  for (const { name, capture } of evidence) {
    const wanted = before(capture) > 0;
    if (after(capture) > 0 === wanted) {
      if (wanted) fires++;
      else silent++;
    } else if (wanted && typeof within !== 'string' && within(capture) === 0) beyond.push(name);
    else return { fault: `on evidence it is not the same: it ${wanted ? 'stays silent' : 'fires'} on \`${name}\`` };
  }
  const notes = beyond.map((name) => `looks only at ${protocol}, ports ${sourcePorts.text} to ${destinationPorts.text}: silent on \`${name}\``);
  if (fires === 0 && beyond.length > 0) return { proof: undefined, notes: [...notes, 'not proved: no evidence lies where it looks'] };
  return { proof: `fires on ${fires}, silent on ${counted(silent, 'capture')}, as the master`, notes };
}

type Runner = (capture: Uint8Array) => number;

function memo<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** Alerts of one rule on a capture, beside the rules that set its bits; its own `noalert` is taken off. Text where it does not load. */
function runner(rule: Rule, { catalogue, others }: TranslateOptions, settings: EngineSettings): Runner | string {
  const loud = {
    ...rule,
    enabled: true,
    action: 'alert' as const,
    options: alertingOptions(rule),
  };
  const again = parseRule(printRule(loud)).rule;
  if (again === undefined) return 'it can not be read';
  const helpers = settersFor(rule, others ?? []).map((one) => ({ ...one, enabled: true }));
  const build = buildPlan([{ path: 'translated', rules: [again, ...helpers] }], catalogue, settings);
  const problem = build.problems.find((one) => one.rule === again)?.diagnostics.find((one) => one.severity === 'error');
  if (problem !== undefined) return problem.title;
  const plan = usePlan(build.data, catalogue, settings);
  return (capture) => {
    let alerts = 0;
    const engine = new Engine(plan, catalogue, settings, {
      alert: ({ rule: fired }) => {
        if (fired.sid === rule.sid) alerts++;
      },
    });
    engine.feed(capture);
    engine.finish();
    return alerts;
  };
}

/** Names of the bits that a rule's options work on with this operation. */
export function bitsOf(rule: Rule, operation: RegExp): string[] {
  return rule.options.flatMap(({ name, value }) => {
    const [word, names] = /^(?:flow|x|host)bits$/.test(name) ? (value ?? '').split(',').map((part) => part.trim()) : [];
    return word !== undefined && operation.test(word) && names !== undefined ? names.split('|') : [];
  });
}

/** Bit → the rules that set it; kept for as long as the rules are, since a whole ruleset is asked rule by rule. */
const SETTERS = new WeakMap<readonly Rule[], ReadonlyMap<string, readonly Rule[]>>();

function settersIn(rules: readonly Rule[]): ReadonlyMap<string, readonly Rule[]> {
  const known = SETTERS.get(rules);
  if (known !== undefined) return known;
  const setters = new Map<string, Rule[]>();
  for (const rule of rules) {
    for (const name of bitsOf(rule, /^(?:set|toggle)$/)) {
      const found = setters.get(name);
      if (found === undefined) setters.set(name, [rule]);
      else found.push(rule);
    }
  }
  SETTERS.set(rules, setters);
  return setters;
}

/** Rules that set what it waits for, and what those wait for. */
function settersFor(rule: Rule, others: readonly Rule[]): readonly Rule[] {
  const wanted = bitsOf(rule, /^isset$/);
  if (wanted.length === 0) return [];
  const setters = settersIn(others);
  const found = new Set<Rule>();
  for (let at = 0; at < wanted.length; at++) {
    for (const other of setters.get(wanted[at]) ?? []) {
      if (other.sid === rule.sid || found.has(other)) continue;
      found.add(other);
      wanted.push(...bitsOf(other, /^isset$/).filter((name) => !wanted.includes(name)));
    }
  }
  return [...found];
}
