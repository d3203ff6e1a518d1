/** The engine in a Web Worker: rules and a capture in, diagnostics, verdicts, flows and transactions out. Nothing leaves the page. */
import { allKeywords, catalogue } from '@sigwright/catalogue';
import { DEFAULT_SETTINGS, type Diagnostic, type EveRecord } from '@sigwright/contracts';
import { buildPlan, Engine, EveWriter, Explainer, lintRules, usePlan } from '@sigwright/detection';
import { parseRules } from '@sigwright/rule-language';
import type { Answer, Ask, FromEngine, Mark, RuleVerdict } from './messages.ts';

const MOST_RECORDS = 400;
/** Rules that are explained; each is another pass over the capture. */
const MOST_EXPLAINED = 5;

let capture: Uint8Array | undefined;

self.onmessage = (event: MessageEvent<Ask>): void => {
  const ask = event.data;
  if (ask.capture !== undefined) capture = new Uint8Array(ask.capture);
  const started = performance.now();
  let answer: Answer;
  try {
    answer = work(ask, started);
  } catch (problem) {
    answer = {
      id: ask.id,
      marks: [],
      verdicts: [],
      packets: 0,
      flows: 0,
      records: [],
      milliseconds: performance.now() - started,
      problem: `the engine has a fault here: ${(problem as Error).message}`,
    };
  }
  say(answer);
};

say({ keywords: allKeywords.map(({ name, argument, summary }) => ({ name, syntax: argument.syntax, summary })) });

function say(words: FromEngine): void {
  self.postMessage(words);
}

function work(ask: Ask, started: number): Answer {
  const settings = { ...DEFAULT_SETTINGS, addressGroups: { ...DEFAULT_SETTINGS.addressGroups, ...ask.networks } };
  const parsed = parseRules(ask.rules);
  const rules = parsed.rules.map((rule) => ({ ...rule, enabled: true }));
  const build = buildPlan([{ path: 'editor', rules }], catalogue, settings);
  const marks = new Map<string, Mark>();
  const note = (diagnostic: Diagnostic): void => {
    const mark: Mark = {
      from: Math.max(0, diagnostic.at.start),
      to: Math.min(ask.rules.length, Math.max(diagnostic.at.end, diagnostic.at.start + 1)),
      severity: diagnostic.severity === 'error' || diagnostic.severity === 'warning' ? diagnostic.severity : 'info',
      message: `${diagnostic.title}${diagnostic.help === undefined ? '' : `; ${diagnostic.help}`} (${diagnostic.code})`,
      fixes: (diagnostic.fixes ?? []).map((fix) => ({
        title: fix.title,
        edits: fix.edits.map(({ span, text }) => ({ from: span.start, to: span.end, text })),
      })),
    };
    marks.set(`${mark.from} ${mark.to} ${mark.message}`, mark);
  };
  for (const diagnostic of parsed.diagnostics) note(diagnostic);
  for (const { diagnostics } of build.problems) for (const diagnostic of diagnostics) note(diagnostic);
  for (const { diagnostic } of lintRules([{ path: 'editor', parsed }], catalogue, settings, { registrableDomain: twoLabels, part: true })) note(diagnostic);
  const answer = { id: ask.id, marks: [...marks.values()] };
  if (capture === undefined) return { ...answer, verdicts: [], packets: 0, flows: 0, records: [], milliseconds: performance.now() - started };

  const plan = usePlan(build.data, catalogue, settings);
  const records: EveRecord[] = [];
  const counts = new Map<number, number>();
  const writer = new EveWriter(
    (record) => {
      if (record['event_type'] === 'alert') {
        const sid = (record['alert'] as { signature_id: number }).signature_id;
        counts.set(sid, (counts.get(sid) ?? 0) + 1);
      }
      if (records.length < MOST_RECORDS) records.push(record);
    },
    settings,
    catalogue.protocols,
  );
  const engine = new Engine(plan, catalogue, settings, writer);
  const failed = engine.feed(capture) ?? engine.finish();
  const verdicts: RuleVerdict[] = [];
  for (const rule of rules.slice(0, MOST_EXPLAINED)) {
    const index = plan.data.sids.indexOf(rule.sid);
    if (index < 0) continue;
    const explainer = new Explainer(plan.rule(index));
    const again = new Engine(plan, catalogue, settings, {});
    again.explainer = explainer;
    if (again.feed(capture) === undefined) again.finish();
    explainer.alerts = counts.get(rule.sid) ?? 0;
    const explained = explainer.result();
    const attempt = explained.fired ?? explained.nearest;
    verdicts.push({
      sid: rule.sid,
      message: rule.message,
      alerts: counts.get(rule.sid) ?? 0,
      verdict: explained.verdict,
      place:
        attempt === undefined
          ? ''
          : `${attempt.holds ? 'where it held' : 'where it came furthest'}: packet ${attempt.packet}, ${attempt.direction.replace('_', ' ')}${attempt.flow === '' ? '' : `, flow ${attempt.flow}`}`,
      steps: (attempt?.steps ?? []).map(({ where, condition, verdict, why, found }) => ({
        where,
        condition,
        verdict,
        why,
        ...(found === undefined ? {} : { found: { ...found, bytes: found.bytes.slice() } }),
      })),
    });
  }
  return {
    ...answer,
    verdicts,
    packets: engine.counters.packets,
    flows: engine.counters.flows,
    records,
    milliseconds: performance.now() - started,
    ...(failed === undefined ? {} : { problem: failed.message }),
  };
}

/** Without the public suffix list, which is larger than the engine: good enough for hints while typing. */
function twoLabels(host: string): string | undefined {
  const labels = host.split('.');
  return labels.length < 2 ? undefined : labels.slice(-2).join('.');
}
