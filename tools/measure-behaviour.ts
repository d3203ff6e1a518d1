/**
 * How good behaviour rules from captures are. For each rule of the seed (../shared/seed) that is about behaviour: captures of it are the
 * one made for it and each conversation of the week that it fires on. Rules are drafted from them against the ordinary captures
 * (../shared/captures) and tried by leaving each capture out. Beside it: what the published rule does on the same traffic.
 * `--wild` asks the same of the ordinary captures themselves: for each ET Open rule on behaviour that fires on two conversations or
 * more there, those conversations are the threat and the captures without it are ordinary.
 * `--show` prints the rules, `--sid N` asks for one alone.
 */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalogue } from '@sigwright/catalogue';
import { DEFAULT_SETTINGS, type Rule } from '@sigwright/contracts';
import { parseRules } from '@sigwright/rule-language';
import { type BehaviourRule, type CaptureSource, draftBehaviour, insideOf, tryRules } from '@sigwright/workbench';
import { sliceCapture } from '../apps/cli/shared/slice.ts';

const shared = join(import.meta.dirname, '../../shared');
if (!existsSync(join(shared, 'seed/captures/week.pcap'))) {
  console.error('the seed at ../shared/seed is not there');
  process.exit(2);
}
const show = process.argv.includes('--show');
const asked = process.argv.includes('--sid') ? Number(process.argv[process.argv.indexOf('--sid') + 1]) : undefined;
const settings = { ...DEFAULT_SETTINGS, verifyChecksums: false };
const inside = insideOf(undefined) as (address: string) => boolean;

function source(name: string, bytes: Uint8Array): CaptureSource {
  return { name, read: () => [bytes] };
}

const seed = parseRules(readFileSync(join(shared, 'seed/et-open-seed.rules'), 'utf8')).rules;
const week = readFileSync(join(shared, 'seed/captures/week.pcap'));
const usual = globSync('**/*.{pcap,pcapng,cap}', { cwd: join(shared, 'captures/files') })
  .sort()
  .map((name) => source(name, readFileSync(join(shared, 'captures/files', name))));
const all = seed.map((rule) => rule.text).join('\n');
const ofWeek = tryRules([all], [source('week', week)], catalogue, settings);

/** Names and digests are indicators; they are drafted from reports. */
function isBehaviour(rule: Rule): boolean {
  return !rule.options.some(({ name }) => name === 'dns.query' || name === 'tls.sni');
}

function capturesOf(rule: Rule): CaptureSource[] {
  const list = [source(`positive/${rule.sid}`, readFileSync(join(shared, `seed/captures/positive/${rule.sid}.pcap`)))];
  const places = new Set(ofWeek.alerts.filter(({ sid }) => sid === rule.sid).map(({ client, server }) => `${client} ${server}`));
  for (const place of places) {
    const slice = sliceCapture(week, ...(place.split(' ') as [string, string]));
    if (slice !== undefined) list.push(source(`week ${place}`, slice));
  }
  return list;
}

/** The rule that fires where the published one does, in its direction; the one with the best figure. */
function counterpart(rules: readonly BehaviourRule[], rule: Rule): BehaviourRule | undefined {
  const wanted = rule.options.some(({ name, value }) => name === 'flow' && value?.includes('to_client')) ? 'to_client' : 'to_server';
  return rules
    .filter((one) => one.kind.endsWith(wanted) && one.setsFor === undefined)
    .sort((a, b) => (b.leaveOneOut?.fired ?? 0) - (a.leaveOneOut?.fired ?? 0) || b.bits - a.bits)[0];
}

const ANSWERED = /^ET (?:MALWARE|COINMINER|ATTACK_RESPONSE|WEB_SERVER|HUNTING|ADWARE_PUP|USER_AGENTS|POLICY|P2P|CHAT|INFO|EXPLOIT|SCAN|REMOTE_ACCESS) /;
/** Rules on names are on indicators; thresholds and bits count what one conversation does not show. */
const OTHER_OPTIONS: ReadonlySet<string> = new Set(['dns.query', 'tls.sni', 'http.host', 'threshold', 'flowbits']);
const MOST_CONVERSATIONS = 6;

function wild(): void {
  const expected = JSON.parse(readFileSync(join(shared, 'captures/expected.json'), 'utf8')) as Record<string, { alerts?: Record<string, number> }>;
  const files = new Map<number, string[]>();
  for (const [file, { alerts }] of Object.entries(expected))
    for (const sid of Object.keys(alerts ?? {})) files.set(Number(sid), [...(files.get(Number(sid)) ?? []), file]);
  for (const rule of parseRules(readFileSync(join(shared, 'rules/etopen.rules'), 'utf8')).rules) {
    const names = rule.options.map(({ name }) => name);
    const fires = files.get(rule.sid);
    if (fires === undefined || !ANSWERED.test(rule.message) || !names.includes('content') || !names.includes('flow')) continue;
    if (names.some((name) => OTHER_OPTIONS.has(name)) || (asked !== undefined && rule.sid !== asked)) continue;
    const whole = usual.filter(({ name }) => fires.includes(name));
    const places = new Map<string, CaptureSource>();
    for (const { capture, client, server } of tryRules([rule.text.replace(/^#\s*/, '')], whole, catalogue, settings).alerts) {
      const place = `${whole[capture].name} ${client} ${server}`;
      if (places.size >= MOST_CONVERSATIONS || places.has(place)) continue;
      const slice = sliceCapture([...whole[capture].read()][0], client, server);
      if (slice !== undefined) places.set(place, source(place, slice));
    }
    if (places.size < 2) continue;
    let sid = 9_000_001;
    const ordinary = usual.filter(({ name }) => !fires.includes(name));
    const draft = draftBehaviour([...places.values()], ordinary, {
      catalogue,
      settings,
      prefix: 'SW',
      nextSid: () => sid++,
      date: '2024-03-08',
      family: 'Wild',
      inside,
    });
    const [best] = draft.rules.toSorted((a, b) => (b.leaveOneOut?.fired ?? 0) - (a.leaveOneOut?.fired ?? 0) || b.bits - a.bits);
    tried++;
    const figure = best?.leaveOneOut;
    const isWhole = figure !== undefined && figure.fired === figure.of && best.ordinary.alerts + best.ordinary.leftOutAlerts === 0;
    if (isWhole) good++;
    console.log(
      `${rule.sid} ${isWhole ? 'ok  ' : 'FAIL'} ${places.size} conversations; ${best === undefined ? 'no rule' : `${best.kind}, leave-one-out ${figure === undefined ? '-' : `${figure.fired}/${figure.of}`}, ordinary ${best.ordinary.alerts} + ${best.ordinary.leftOutAlerts}`}  ${rule.message}`,
    );
    if (show) for (const one of draft.rules) console.log(`    ${one.text}`);
  }
  console.log(`${good} of ${tried} rules of ET Open that fire there have a drafted one that holds on every conversation left out and is silent on the rest`);
}

let good = 0;
let tried = 0;
if (process.argv.includes('--wild')) wild();
else
  for (const rule of seed.filter(isBehaviour)) {
    if (asked !== undefined && rule.sid !== asked) continue;
    const captures = capturesOf(rule);
    let sid = 9_000_001;
    const draft = draftBehaviour(captures, usual, { catalogue, settings, prefix: 'SW', nextSid: () => sid++, date: '2024-03-08', family: 'Seed', inside });
    const own = counterpart(draft.rules, rule);
    const near = source('near', readFileSync(join(shared, `seed/captures/near-miss/${rule.sid}.pcap`)));
    const texts = draft.rules.map(({ text }) => text);
    const nearAlerts = own === undefined ? 0 : tryRules(texts, [near], catalogue, settings).alerts.filter((one) => one.sid === own.sid).length;
    const theirs = tryRules([all], usual, catalogue, settings).alerts.filter((one) => one.sid === rule.sid).length;
    tried++;
    const holds =
      own !== undefined &&
      own.ordinary.alerts === 0 &&
      (own.leaveOneOut === undefined || (own.leaveOneOut.fired === own.leaveOneOut.of && own.ordinary.leftOutAlerts === 0));
    if (holds) good++;
    console.log(
      `${rule.sid} ${holds ? 'ok  ' : 'FAIL'} ${captures.length} captures, ${draft.rules.length} rules; ${own === undefined ? 'none for its direction' : `leave-one-out ${own.leaveOneOut === undefined ? '-' : `${own.leaveOneOut.fired}/${own.leaveOneOut.of}`}, ordinary ${own.ordinary.alerts} + ${own.ordinary.leftOutAlerts} (published ${theirs}), near miss ${nearAlerts === 0 ? 'silent' : 'fires'}, ${own.bits} bits, ${own.confidence}`}  ${rule.message}`,
    );
    if (!show) continue;
    for (const one of draft.rules) {
      console.log(`  ${one === own ? '→' : ' '} ${one.text}`);
      for (const words of one.weak) console.log(`      weak: ${words}`);
    }
    for (const { what, why } of draft.skipped) console.log(`    left out: ${what}: ${why}`);
  }
if (!process.argv.includes('--wild'))
  console.log(
    `${good} of ${tried} published behaviour rules have a drafted one that holds on every capture left out and is silent on ${usual.length} ordinary captures`,
  );
