/**
 * How well intake reads published reports: precision and recall by type on ../shared/intel/reports, context values that would have
 * become rules, and speed. Exit code 1 below the figures asked for. `node tools/measure-intake.ts` with
 *
 *   --show           prints each difference
 *   --warning-lists  reads with the lists at ../shared/intel/warninglists
 *   --peer           measures the npm package ioc-extractor on the same reports instead, which knows no roles; never exits with 1
 *
 * Found values are compared by (type, value), hosts of any depth as one type. Values listed as tolerated count neither way; values
 * listed as context are right only with another role than `indicator`.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readReport } from '@sigwright/workbench';
import { extractIOC } from 'ioc-extractor';
import { intakeOptions } from '../apps/cli/shared/report.ts';

const folder = join(import.meta.dirname, '../../shared/intel/reports');
const show = process.argv.includes('--show');
const peer = process.argv.includes('--peer');
const warningLists = process.argv.includes('--warning-lists') ? join(import.meta.dirname, '../../shared/intel/warninglists') : undefined;

/** Precision and recall asked for, by group. */
const ASKED: Readonly<Record<string, number>> = { hash: 0.97, address: 0.97, url: 0.97, domain: 0.95 };
const GROUPS: Readonly<Record<string, string>> = {
  cve: 'cve',
  md5: 'hash',
  sha1: 'hash',
  sha256: 'hash',
  ipv4: 'address',
  ipv6: 'address',
  url: 'url',
  domain: 'domain',
  hostname: 'domain',
  email: 'email',
};
/** Differences that were looked at and are the publisher's, not ours; counted apart. */
const EXPLAINED: Readonly<Record<string, string>> = {
  'url //cointrazer.app/contents/macos/cointrazer': 'a path inside a macOS bundle',
  'url //cointrazer.app/contents/resources/nytyntrun.sh': 'a path inside a macOS bundle',
  'url //licatrade.app/contents/macos/licatrade': 'a path inside a macOS bundle',
  'url //licatrade.app/contents/resources/run.sh': 'a path inside a macOS bundle',
  'url //stockfolio.app/contents/macos/stockfoli': 'a path inside a macOS bundle',
  'url //stockfolio.app/contents/resources/run.sh': 'a path inside a macOS bundle',
  'url //adtiomtardecessd.zapto.org': 'the text has the host alone, which is found',
  'url //updates.microsoft.com': 'the text has the host alone',
};

const BYTES_FOR_SPEED = 10_000_000;
const ROUNDS = 4;

interface Expected {
  readonly indicators: readonly { type: string; value: string }[];
  readonly tolerated: readonly { type: string; value: string }[];
  readonly context: readonly { type: string; value: string; why: string }[];
}

interface Tally {
  right: number;
  missed: number;
  invented: number;
  /** context values handed out as indicators */
  context: number;
}

const tallies = new Map<string, Tally>();
const tallyOf = (group: string): Tally => {
  let tally = tallies.get(group);
  if (tally === undefined) {
    tally = { right: 0, missed: 0, invented: 0, context: 0 };
    tallies.set(group, tally);
  }
  return tally;
};

/** A URL written without scheme is listed with `//` in front; both forms are one. */
function key(type: string, value: string): string {
  const group = GROUPS[type] ?? type;
  const plain = group === 'url' ? value.replace(/^[a-z]*:?\/\//i, '//').replace(/\/$/, '') : value;
  return `${group} ${plain.toLowerCase()}`;
}

interface Value {
  readonly type: string;
  readonly value: string;
  readonly written: string;
  readonly role: string;
  readonly reason: string;
}

/** Ours, or the peer's under our names for types. */
function valuesIn(text: string): readonly Value[] {
  if (!peer) return readReport(text, options).indicators;
  const { md5s, sha1s, sha256s, ipv4s, ipv6s, urls, domains, emails, cves } = extractIOC(text);
  const lists = { md5: md5s, sha1: sha1s, sha256: sha256s, ipv4: ipv4s, ipv6: ipv6s, url: urls, domain: domains, email: emails, cve: cves };
  return Object.entries(lists).flatMap(([type, values]) => values.map((value) => ({ type, value, written: value, role: 'indicator', reason: '' })));
}

if (!existsSync(folder)) {
  console.error('the reports at ../shared/intel/reports are not there');
  process.exit(2);
}

const texts: string[] = [];
let explained = 0;
const options = intakeOptions({ warningLists });
for (const name of readdirSync(folder).sort()) {
  const path = join(folder, name, 'expected.json');
  if (!existsSync(path)) continue;
  const expected = JSON.parse(readFileSync(path, 'utf8')) as Expected;
  const text = readFileSync(join(folder, name, 'report.adoc'), 'utf8');
  texts.push(text);
  const wanted = new Set(expected.indicators.map((one) => key(one.type, one.value)));
  const tolerated = new Set(expected.tolerated.map((one) => key(one.type, one.value)));
  const context = new Map(expected.context.map((one) => [key(one.type, one.value), one.why]));
  const got = new Map<string, string>();
  const withRole = new Set<string>();
  for (const one of valuesIn(text)) {
    if (GROUPS[one.type] === undefined) continue;
    // A CVE number is no indicator of its own, but must be found.
    if (one.role === 'indicator' || one.type === 'cve') got.set(key(one.type, one.value), one.written);
    else withRole.add(`${key(one.type, one.value)} (as ${one.role}: ${one.reason})`);
  }
  const note = (what: string, one: string, more = ''): void => {
    if (show) console.log(`${name}: ${what} ${one}${more === '' ? '' : ` [${more}]`}`);
  };
  for (const one of wanted) {
    const tally = tallyOf(one.slice(0, one.indexOf(' ')));
    if (got.has(one)) tally.right++;
    else if (EXPLAINED[one] !== undefined) {
      explained++;
      note('explained', one, EXPLAINED[one]);
    } else {
      tally.missed++;
      note('missed', one, [...withRole].find((other) => other.startsWith(`${one} `)) ?? '');
    }
  }
  for (const [one, written] of got) {
    if (wanted.has(one) || tolerated.has(one)) continue;
    const tally = tallyOf(one.slice(0, one.indexOf(' ')));
    const why = context.get(one);
    if (why === undefined) tally.invented++;
    else tally.context++;
    note(why === undefined ? 'invented' : 'context as indicator', one, why ?? written);
  }
}

let short = false;
console.log('type      right missed invented context  precision recall');
for (const [group, tally] of [...tallies].sort()) {
  const precision = tally.right / Math.max(1, tally.right + tally.invented + tally.context);
  const recall = tally.right / Math.max(1, tally.right + tally.missed);
  const asked = ASKED[group] ?? 0;
  if (precision < asked || recall < asked) short = true;
  console.log(
    `${group.padEnd(9)} ${String(tally.right).padStart(5)} ${String(tally.missed).padStart(6)} ${String(tally.invented).padStart(8)} ${String(tally.context).padStart(7)}  ${precision.toFixed(4).padStart(9)} ${recall.toFixed(4)}${asked === 0 ? '' : `  (asked: ${asked})`}`,
  );
}

console.log(`${explained} missing values are explained in this file and counted in no column`);
const all = texts.join('\n\n');
const long = all.repeat(Math.max(1, Math.ceil(BYTES_FOR_SPEED / all.length)));
const found = valuesIn(all).length;
/** Megabytes (UTF-16 units) a second: of CPU time of this thread, of CPU time of the whole process (its collectors and compilers, too), and of the clock. */
function speedOf(read: () => void, length: number): { readonly thread: number; readonly process: number; readonly wall: number } {
  const before = { thread: process.threadCpuUsage(), process: process.cpuUsage(), wall: performance.now() };
  read();
  const thread = process.threadCpuUsage(before.thread);
  const all = process.cpuUsage(before.process);
  return { thread: length / (thread.user + thread.system), process: length / (all.user + all.system), wall: length / 1000 / (performance.now() - before.wall) };
}

const words = (speeds: readonly ReturnType<typeof speedOf>[]): string => {
  const best = (of: 'thread' | 'process' | 'wall'): string =>
    `${speeds[0][of].toFixed(1)} at first, ${Math.max(...speeds.map((one) => one[of])).toFixed(1)} once compiled`;
  return `${best('thread')} (CPU of the thread); ${best('process')} (CPU of the process); ${best('wall')} (clock)`;
};
console.log(`${texts.length} reports with a value every ${Math.round(all.length / found)} characters; MB a second`);
console.log(
  `  one text of ${(long.length / 1e6).toFixed(1)} MB: ${words(Array.from({ length: ROUNDS }, () => speedOf(() => void valuesIn(long), long.length)))}`,
);
const times = Math.ceil(BYTES_FOR_SPEED / all.length);
const oneByOne = (): void => {
  for (let time = 0; time < times; time++) for (const text of texts) valuesIn(text);
};
const total = times * texts.reduce((sum, text) => sum + text.length, 0);
console.log(`  the reports one by one, ${(total / 1e6).toFixed(1)} MB: ${words(Array.from({ length: ROUNDS }, () => speedOf(oneByOne, total)))}`);
if (short && !peer) console.log('BELOW what is asked');
process.exit(short && !peer ? 1 : 0);
