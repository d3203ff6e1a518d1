/**
 * `sigwright feedback new`: a report about a rule, with a slice of the traffic that shows it, redacted where asked.
 * `sigwright feedback take | list | accept | decline`: such reports in a ruleset repository, from arrival to answer.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { counted, encodeContent } from '@sigwright/bytes';
import { catalogue } from '@sigwright/catalogue';
import { type Rule, success } from '@sigwright/contracts';
import { buildPlan, Engine, explainRule, usePlan } from '@sigwright/detection';
import { parseRules } from '@sigwright/rule-language';
import { conversationKey, sliceCapture } from '@sigwright/traffic';
import {
  answerFeedback,
  becomesEvidence,
  FEEDBACK_KINDS,
  type FeedbackReport,
  feedbackStatus,
  insideOf,
  LARGEST_SLICE,
  LONGEST_TEXT,
  MOST_MATCHES,
  readFeedback,
  takeFeedback,
} from '@sigwright/workbench';
import { argumentsOf, InputProblem, sidsOf, UsageProblem } from './shared/arguments.ts';
import { ourSettings } from './shared/data-files.ts';
import { homeNetOf } from './shared/home-net.ts';
import { proofRunner } from './shared/proof-runner.ts';
import { changing, dayOf, repositoryAt } from './shared/repository.ts';

const USAGE = `sigwright feedback new --sid N -r CAPTURE -S RULES [--kind KIND] [--comment TEXT] [options]
sigwright feedback take FILE… [-C FOLDER]
sigwright feedback list [-C FOLDER] [--json]
sigwright feedback accept|decline REFERENCE [--note TEXT] [--by NAME] [-C FOLDER]

\`new\` cuts the conversations on which the rule alerts (or, for a miss, those that --packets names) out of the capture and writes a report
to send; that a rule is \`seen\` or \`sinkholed\` can be said without. \`take\` tries reports on the rule as it is now and puts them into
the review queue; \`accept\` makes the slice evidence of the rule.

      --sid N            the rule
  -r, --capture FILE     traffic that shows it
  -S, --rules FILE       the rules that were running
      --home-net NETS    what HOME_NET is where the traffic was seen (default: the private networks)
      --kind KIND        ${FEEDBACK_KINDS.join(', ')} (default: false_positive)
      --packets LIST     packet numbers of the conversations to send, with commas (default: where the rule alerts)
      --comment TEXT     what is wrong
      --reporter NAME    who says so
      --redact           map addresses, take hardware addresses away
      --mask TEXT        overwrite this text in payloads; may be given several times; means --redact
      --post URL         send the report to a server (sigwright serve-rules --take-feedback)
  -o, --output FILE      where to write the report (default: feedback-SID.json)
  -C, --folder FOLDER    a ruleset repository (default: this folder)
      --note TEXT        a word to the reporter
      --by NAME          who answers
      --today DATE       (YYYY-MM-DD, default: today)
      --json             the list as JSON
`;

export async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = argumentsOf(USAGE, argv, {
    allowPositionals: true,
    options: {
      sid: { type: 'string' },
      capture: { type: 'string', short: 'r' },
      rules: { type: 'string', short: 'S' },
      'home-net': { type: 'string' },
      kind: { type: 'string' },
      packets: { type: 'string' },
      comment: { type: 'string' },
      reporter: { type: 'string' },
      redact: { type: 'boolean' },
      mask: { type: 'string', multiple: true },
      post: { type: 'string' },
      output: { type: 'string', short: 'o' },
      folder: { type: 'string', short: 'C' },
      note: { type: 'string' },
      by: { type: 'string' },
      today: { type: 'string' },
      json: { type: 'boolean' },
    },
  });
  const [what, ...rest] = positionals;
  if (what === 'new') {
    const kind = FEEDBACK_KINDS.find((one) => one === (values.kind ?? 'false_positive'));
    if (kind === undefined) throw new UsageProblem(`kind \`${values.kind}\` is none of ${FEEDBACK_KINDS.join(', ')}`, USAGE);
    const named = [...(values.sid === undefined ? [] : [values.sid]), ...rest];
    if (named.length !== 1) throw new UsageProblem('name one rule: feedback new --sid N', USAGE);
    const [sid] = sidsOf(named, USAGE);
    // What sensors see and who owns a name now are words; what a rule does is shown.
    if ((kind === 'seen' || kind === 'sinkholed') && values.capture === undefined) {
      const rev = values.rules === undefined ? undefined : ruleIn(values.rules, sid).rule.rev;
      const said = { comment: values.comment ?? '', reporter: values.reporter ?? '', redacted: false, matched: [] };
      return send({ sid, ...(rev === undefined ? {} : { rev }), kind, ...said }, values.output, values.post);
    }
    if (values.capture === undefined || values.rules === undefined)
      throw new UsageProblem(`to report a ${kind.replace('_', ' ')} the traffic and the rules are needed: --capture and --rules`, USAGE);
    const report = newReport({
      sid,
      kind,
      capture: values.capture,
      rules: values.rules,
      homeNet: homeNetOf(values['home-net'], USAGE),
      packets: values.packets === undefined ? undefined : sidsOf(values.packets.split(','), USAGE),
      comment: values.comment ?? '',
      reporter: values.reporter ?? '',
      redact: values.redact === true || values.mask !== undefined,
      mask: values.mask ?? [],
    });
    return send(report, values.output, values.post);
  }
  const repository = repositoryAt(values.folder, 'feedback');
  if (repository === undefined) return 1;
  const today = dayOf(values.today);
  if (what === 'take' && rest.length > 0) {
    let failed = false;
    const runner = proofRunner();
    for (const path of rest) {
      const read = readFeedback(readFileSync(path, 'utf8'));
      const taken = read.ok ? await changing(repository.folder, 'feedback', (current) => takeFeedback(current, read.value, runner, today)) : read;
      if (taken.ok) process.stdout.write(`${taken.value.reference}${taken.value.fresh ? '' : ' (known)'}: ${taken.value.says}\n`);
      else process.stderr.write(`sigwright feedback: ${path}: ${taken.message}\n`);
      failed ||= !taken.ok;
    }
    return failed ? 1 : 0;
  }
  if (what === 'list' && rest.length === 0) {
    const list = repository.feedback.map((one) => ({ reference: one.file.replace(/\.yaml$/, ''), ...one, status: feedbackStatus(repository, one) }));
    if (values.json) process.stdout.write(`${JSON.stringify(list, undefined, 1)}\n`);
    else
      for (const one of list)
        process.stdout.write(
          `${one.reference}  sid ${one.sid}  ${one.kind.replace('_', ' ')}${one.reporter === '' ? '' : ` by ${one.reporter}`}\n    ${one.comment === '' ? '(no comment)' : one.comment.replace(/\s+/g, ' ')}\n    ${one.status}\n`,
        );
    if (list.length === 0 && !values.json) process.stdout.write('nothing was reported\n');
    return 0;
  }
  if ((what === 'accept' || what === 'decline') && rest.length === 1) {
    const decision = what === 'accept' ? 'accepted' : 'declined';
    const answered = await changing(
      repository.folder,
      'feedback',
      (current) => answerFeedback(current, { reference: rest[0], decision, note: values.note ?? '', by: values.by ?? '', today }) ?? success(undefined),
    );
    if (!answered.ok) throw new InputProblem(answered.message);
    const held = what === 'accept' ? repository.feedback.find((one) => one.file === `${rest[0]}.yaml` && becomesEvidence(one)) : undefined;
    process.stdout.write(`${rest[0]} is ${decision}${held === undefined ? '' : `; \`sigwright prove\` holds ${held.sid} against it from now on`}\n`);
    return 0;
  }
  throw new UsageProblem('write `feedback new`, `take`, `list`, `accept` or `decline`', USAGE);
}

/** Bytes of an address as text, `192.0.2.1` or `2001:db8:0:0:0:0:0:1`. */
function addressText(address: Uint8Array): string {
  if (address.length === 4) return address.join('.');
  return Array.from({ length: 8 }, (_, group) => ((address[2 * group] << 8) | address[2 * group + 1]).toString(16)).join(':');
}

interface NewReport {
  readonly sid: number;
  readonly kind: FeedbackReport['kind'];
  readonly capture: string;
  readonly rules: string;
  readonly homeNet: string | undefined;
  readonly packets: readonly number[] | undefined;
  readonly comment: string;
  readonly reporter: string;
  readonly redact: boolean;
  readonly mask: readonly string[];
}

function ruleIn(path: string, sid: number): { readonly rules: readonly Rule[]; readonly rule: Rule } {
  const { rules } = parseRules(readFileSync(path, 'utf8'));
  const rule = rules.find((one) => one.sid === sid);
  if (rule === undefined) throw new InputProblem(`${path} has no rule with sid ${sid}`);
  return { rules, rule };
}

function newReport(request: NewReport): FeedbackReport {
  const { sid, kind } = request;
  const { rules, rule } = ruleIn(request.rules, sid);
  const capture = readFileSync(request.capture);
  const alerting = (bytes: Uint8Array, homeNet: string | undefined): Set<number> => {
    const settings = ourSettings([request.rules], { verifyChecksums: false, homeNet });
    // With all rules: one may wait for a flowbit that another sets.
    const build = buildPlan([{ path: request.rules, rules: rules.map((one) => (one === rule ? { ...one, enabled: true } : one)) }], catalogue, settings);
    const numbers = new Set<number>();
    const engine = new Engine(usePlan(build.data, catalogue, settings), catalogue, settings, {
      alert: (alert, packet) => {
        if (alert.rule.sid === sid) numbers.add(packet.number);
      },
    });
    const broken = engine.feed(bytes) ?? engine.finish();
    if (broken !== undefined && numbers.size === 0) throw new InputProblem(`${request.capture}: ${broken.message}`);
    return numbers;
  };
  const fired = alerting(capture, request.homeNet);
  const wanted = request.packets === undefined ? fired : new Set(request.packets);
  if (kind === 'false_positive' && fired.size === 0)
    throw new InputProblem(
      `${sid} does not alert on ${request.capture}, so there is no false positive to show${request.homeNet === undefined ? '; was HOME_NET another (--home-net)?' : ''}`,
    );
  if (wanted.size === 0) throw new InputProblem(`say with --packets which conversation ${sid} should alert on`);
  const keys = new Set<string>();
  const found = sliceCapture(capture, (packet) => {
    if (wanted.has(packet.number)) keys.add(conversationKey(packet));
    return false;
  });
  if (!found.ok) throw new InputProblem(`${request.capture}: ${found.message}`);
  const inside = request.homeNet === undefined ? undefined : insideOf(request.homeNet);
  const redaction = request.redact
    ? {
        mask: request.mask.map((text) => new TextEncoder().encode(text)),
        ...(inside === undefined ? {} : { home: (address: Uint8Array) => inside(addressText(address)) }),
      }
    : undefined;
  // Redacted, what was at home has private addresses.
  const sliceHome = request.redact ? undefined : request.homeNet;
  const slice = sliceCapture(capture, (packet) => keys.has(conversationKey(packet)), redaction);
  if (!slice.ok) throw new InputProblem(`${request.capture}: ${slice.message}`);
  if (slice.value.capture.length > LARGEST_SLICE)
    throw new InputProblem(`the slice has ${slice.value.capture.length} bytes, more than ${LARGEST_SLICE}; name fewer conversations with --packets`);
  if (slice.value.leftOut > 0)
    process.stderr.write(
      `sigwright feedback: ${counted(slice.value.leftOut, 'packet')} could not be redacted and ${slice.value.leftOut === 1 ? 'is' : 'are'} left out\n`,
    );
  const still = alerting(slice.value.capture, sliceHome).size > 0;
  if (still !== fired.size > 0)
    process.stderr.write(
      `sigwright feedback: on the ${request.redact ? 'redacted ' : ''}slice the rule ${still ? 'alerts' : 'does not alert any more'}; look whether it still shows what you mean\n`,
    );
  process.stderr.write(
    `the slice has ${counted(slice.value.packets, 'packet')} of ${counted(keys.size, 'conversation')}${request.redact ? '' : ', as they are; --redact hides addresses'}\n`,
  );
  return {
    sid,
    rev: rule.rev,
    kind,
    comment: request.comment,
    reporter: request.reporter,
    slice: Buffer.from(slice.value.capture).toString('base64'),
    redacted: request.redact,
    matched: matchedIn(request.rules, rules, sid, slice.value.capture, sliceHome),
  };
}

/** What the rule's conditions matched in the slice, as it is sent: `buffer: bytes as content text`. */
function matchedIn(path: string, rules: readonly Rule[], sid: number, capture: Uint8Array, homeNet: string | undefined): string[] {
  const fired = explainRule({ rules, sid, capture }, catalogue, ourSettings([path], { verifyChecksums: false, homeNet }))?.fired;
  return (fired?.steps ?? [])
    .flatMap(({ where, found }) =>
      found === undefined || found.end <= found.start
        ? []
        : [`${where}: ${encodeContent(found.bytes.subarray(found.start - found.from, found.end - found.from))}`],
    )
    .slice(0, MOST_MATCHES)
    .map((line) => line.slice(0, LONGEST_TEXT));
}

async function send(report: FeedbackReport, output: string | undefined, address: string | undefined): Promise<number> {
  const text = `${JSON.stringify(report, undefined, 1)}\n`;
  if (address === undefined || output !== undefined) {
    const path = output ?? `feedback-${report.sid}.json`;
    writeFileSync(path, text);
    process.stdout.write(`${path} is the report; look at it before you send it\n`);
  }
  if (address === undefined) return 0;
  if (!/^https?:\/\//.test(address)) throw new InputProblem(`\`${address}\` is no http or https address`);
  let answer: Response;
  try {
    answer = await fetch(new URL('/feedback', address), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: text,
      signal: AbortSignal.timeout(60_000),
    });
  } catch (cause) {
    throw new InputProblem(`${address} can not be reached: ${((cause as { cause?: Error }).cause ?? (cause as Error)).message}`);
  }
  const told = await answer.text();
  if (!answer.ok) throw new InputProblem(`${address} answers ${answer.status}: ${told.trim()}`);
  const { reference, says } = JSON.parse(told) as { reference: string; says: string };
  process.stdout.write(`${reference}: ${says}\nask later: ${new URL(`/feedback/${reference}`, address)}\n`);
  return 0;
}
