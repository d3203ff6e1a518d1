/** `sigwright explain -r CAPTURE -S RULES --sid N`: every condition with its verdict and bytes, for a rule that fired or did not. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalogue } from '@sigwright/catalogue';
import { buildPlan, Engine, type ExplainedAttempt, type ExplainedBytes, Explainer, usePlan } from '@sigwright/detection';
import { parseRules } from '@sigwright/rule-language';
import { argumentsOf, sidsOf, UsageProblem } from './shared/arguments.ts';
import { configurationOf, readYaml, setValue } from './shared/configuration.ts';
import { insideOf } from './shared/home-net.ts';
import { runCapture, stopOnSignals } from './shared/run-capture.ts';

const USAGE = `sigwright explain -r CAPTURE -S RULES --sid N [options]

Every condition of a rule with its verdict and bytes on a capture, whether the rule fired or not.

  -r, --capture FILE     pcap or pcapng, or - for standard input
  -S, --rules FILE       rules
      --sid N            which of them
  -c, --config FILE      a suricata.yaml
  -k, --checksums MODE   all (default) or none
      --home-net NETS    what HOME_NET is
      --json             the explanation as JSON, bytes in base64
`;

export async function run(argv: readonly string[]): Promise<number> {
  const { values } = argumentsOf(USAGE, argv, {
    options: {
      capture: { type: 'string', short: 'r' },
      rules: { type: 'string', short: 'S' },
      sid: { type: 'string' },
      'home-net': { type: 'string' },
      config: { type: 'string', short: 'c' },
      checksums: { type: 'string', short: 'k' },
      json: { type: 'boolean' },
    },
  });
  if (values.capture === undefined || values.rules === undefined || values.sid === undefined) {
    throw new UsageProblem('name a capture (-r), rules (-S) and a rule (--sid)', USAGE);
  }
  const [sid] = sidsOf([values.sid], USAGE);
  const homeNet = values['home-net'];
  if (homeNet !== undefined && insideOf(homeNet) === undefined) throw new UsageProblem(`--home-net ${homeNet} is no list of networks`, USAGE);
  const tree = readYaml(values.config ?? join(import.meta.dirname, 'suricata.yaml'));
  if (homeNet !== undefined) setValue(tree, `vars.address-groups.HOME_NET=${homeNet}`);
  const { settings } = configurationOf(tree, { verifyChecksums: values.checksums !== 'none', inline: false });
  const { rules } = parseRules(readFileSync(values.rules, 'utf8'));
  const wanted = rules.find((rule) => rule.sid === sid);
  if (wanted === undefined) {
    process.stderr.write(`sigwright explain: no rule of ${values.rules} has sid ${values.sid}\n`);
    return 1;
  }
  const build = buildPlan([{ path: values.rules, rules: rules.map((rule) => (rule.sid === sid ? { ...rule, enabled: true } : rule)) }], catalogue, settings);
  const refused = build.problems.find(({ rule }) => rule.sid === sid)?.diagnostics.filter((one) => one.severity === 'error') ?? [];
  if (refused.length > 0) {
    process.stdout.write(
      `${sid} ${wanted.message}\n\nthe rule is refused, so it can never fire:\n${refused.map((one) => `  ${one.title} (${one.code})${one.help === undefined ? '' : `; ${one.help}`}`).join('\n')}\n`,
    );
    return 1;
  }
  const plan = usePlan(build.data, catalogue, settings);
  const index = plan.data.sids.indexOf(sid);
  const explainer = new Explainer(plan.rule(index));
  const engine = new Engine(plan, catalogue, settings, {
    alert: ({ rule }) => {
      if (rule.sid === sid) explainer.alerts++;
    },
  });
  engine.explainer = explainer;
  const problem = await runCapture(engine, values.capture, stopOnSignals());
  if (problem !== undefined) process.stderr.write(`sigwright explain: ${problem.message}\n`);
  const explanation = explainer.result();
  if (values.json) {
    process.stdout.write(
      `${JSON.stringify(explanation, (_key, value: unknown) => (value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value), 1)}\n`,
    );
    return 0;
  }
  process.stdout.write(`${sid} ${explanation.message}\n\n${explanation.verdict}\n`);
  if (!wanted.enabled) process.stdout.write('the rule is disabled in its file; it was enabled for this\n');
  const attempt = explanation.fired ?? explanation.nearest;
  if (attempt !== undefined) process.stdout.write(renderAttempt(attempt));
  return 0;
}

const MARKS = { holds: 'ok  ', fails: 'FAIL', 'not reached': '  - ' };

function renderAttempt(attempt: ExplainedAttempt): string {
  const lines = [
    '',
    `${attempt.holds ? 'where it held' : 'where it came furthest'}: packet ${attempt.packet === 0 ? '(end of flow)' : attempt.packet}, ${attempt.direction}${attempt.flow === '' ? '' : `, flow ${attempt.flow}`}${attempt.transaction === undefined ? '' : `, transaction ${attempt.transaction}`}`,
    '',
  ];
  for (const step of attempt.steps) {
    lines.push(`${MARKS[step.verdict]}  ${step.where}: ${step.condition}${step.why === '' ? '' : ` — ${step.why}`}`);
    if (step.found !== undefined && step.found.bytes.length > 0 && step.verdict !== 'not reached')
      lines.push(...renderBytes(step.found, step.verdict === 'holds'));
  }
  return `${lines.join('\n')}\n`;
}

/** Lines of sixteen bytes around the match; what matched stands in brackets. */
function renderBytes(found: ExplainedBytes, matched: boolean): string[] {
  const lines: string[] = [];
  const first = Math.max(0, matched ? found.start - found.from - 16 : 0);
  const last = Math.min(found.bytes.length, matched ? found.end - found.from + 16 : 48);
  for (let at = first - (first % 16); at < last && lines.length < 6; at += 16) {
    let hex = '';
    let text = '';
    for (let one = at; one < Math.min(at + 16, found.bytes.length); one++) {
      const inside = matched && found.from + one >= found.start && found.from + one < found.end;
      hex += `${inside ? '[' : ' '}${found.bytes[one].toString(16).padStart(2, '0')}${inside ? ']' : ' '}`;
      text += found.bytes[one] >= 0x20 && found.bytes[one] < 0x7f ? String.fromCharCode(found.bytes[one]) : '.';
    }
    lines.push(`        ${String(found.from + at).padStart(6)}  ${hex.padEnd(64)}  ${text}`);
  }
  return lines;
}
