/**
 * `npm run week [-- FOLDER]`: the week of 8 March 2024 through every step of the chain with the verbs that a team uses, from reports to
 * drafts, proof, review, releases, distribution, a sensor's update, the weekly post, the site, detection, triage and feedback. Each
 * artefact is kept in FOLDER (a new one where none is named) and looked at; the first that is not as it must be ends it with exit 1.
 * suricata-update, minisign and git take their part where they are installed.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const EXAMPLE = join(ROOT, 'examples', '2024-03-08');
const DAY = '2024-03-08';
const REVIEW_DAY = '2024-04-10';
const CAPTURE = join(EXAMPLE, 'week.pcap');

const home = process.argv[2] === undefined ? mkdtempSync(join(tmpdir(), 'sigwright-week-')) : resolve(process.argv[2]);
mkdirSync(home, { recursive: true });
if (readdirSync(home).length > 0) throw new Error(`${home} is not empty`);
const at = (...names: readonly string[]): string => join(home, ...names);

function program(command: string, args: readonly string[], wanted = 0, env: NodeJS.ProcessEnv = {}): { out: string; error: string } {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', env: { ...process.env, ...env }, maxBuffer: 1 << 28 });
  if (error !== undefined || status !== wanted)
    throw new Error(`${command} ${args.join(' ')} gives ${status ?? error?.message}, not ${wanted}:\n${stdout}${stderr}`);
  return { out: stdout, error: stderr };
}
const sigwright = (...args: readonly string[]): { out: string; error: string } => program(join(ROOT, 'sigwright'), args);
const has = (command: string): boolean => spawnSync(command, ['--help']).error === undefined;

function look(what: string, holds: boolean): void {
  if (!holds) throw new Error(`${what}: it is not so`);
}

/** Lines of a long answer that are shown. */
const MOST_LINES = 6;

let number = 0;
function step(title: string): void {
  process.stdout.write(`${number === 0 ? '' : '\n'}${++number}. ${title}\n`);
}
const say = (text: string): void => void process.stdout.write(`   ${text.trim().split('\n').join('\n   ')}\n`);
const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? '';
const linesOf = (path: string): string[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '');

function intakeAndDraft(): void {
  const slugs = readdirSync(join(EXAMPLE, 'reports')).sort();
  step(`Intake: ${slugs.length} reports`);
  mkdirSync(at('intake'));
  let indicators = 0;
  /** reports that name a host, an address, a URL or a path as an indicator: the others tell of behaviour, or of files */
  const withHosts: string[] = [];
  for (const slug of slugs) {
    const { out } = sigwright('intake', '--json', join(EXAMPLE, 'reports', slug, 'source.md'));
    writeFileSync(at('intake', `${slug}.json`), out);
    const reading = JSON.parse(out) as { indicators: { type: string; role: string }[] };
    const found = reading.indicators.filter(({ role }) => role === 'indicator');
    say(`${slug}: ${found.length} indicators`);
    indicators += found.length;
    if (found.some(({ type }) => ['domain', 'host', 'url', 'ipv4', 'ipv6', 'uri-path'].includes(type))) withHosts.push(slug);
  }
  look('reports name indicators', indicators >= slugs.length);

  step('Draft: rules for them, in a ruleset that has none yet');
  mkdirSync(at('drafts'));
  mkdirSync(at('empty', 'rules'), { recursive: true });
  cpSync(join(EXAMPLE, 'ruleset.yaml'), at('empty', 'ruleset.yaml'));
  for (const slug of slugs) {
    const { out, error } = sigwright('draft', join(EXAMPLE, 'reports', slug, 'source.md'), '-C', at('empty'), '--date', DAY);
    writeFileSync(at('drafts', `${slug}.rules`), out);
    say(`${slug}: ${lastLine(error)}`);
  }
  const drafted = slugs.filter((slug) => linesOf(at('drafts', `${slug}.rules`)).length > 0);
  look('a report that names hosts or paths gives drafts, and no other one', drafted.length > 0 && drafted.join() === withHosts.join());
  sigwright('lint', '--part', ...drafted.map((slug) => at('drafts', `${slug}.rules`)));
  say('lint finds nothing that can not work');
}

function rulesetToReleases(): void {
  const ruleset = at('ruleset');
  cpSync(EXAMPLE, ruleset, { recursive: true });
  const commit = (message: string): void => {
    if (!has('git')) return;
    if (!existsSync(join(ruleset, '.git'))) program('git', ['-C', ruleset, 'init', '-q']);
    program('git', ['-C', ruleset, 'add', '-A']);
    program('git', ['-C', ruleset, '-c', 'user.name=week', '-c', 'user.email=week@example.org', 'commit', '-qm', message]);
  };
  commit('The week of 8 March 2024');

  step('Prove: every rule against its evidence');
  const proved = sigwright('prove', '-C', ruleset);
  say(lastLine(proved.out));

  step('Release 1, signed');
  sigwright('key', 'new', at('release.key'));
  const publicKey = at('release.key.pub');
  look('a public key lies beside the secret one', existsSync(publicKey));
  say(sigwright('release', '-C', ruleset, '--version', '1', '--date', DAY, '--key', at('release.key')).out);
  commit('Release 1');
  const signed = readdirSync(at('ruleset', 'releases', '1'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.minisig'));
  look('every engine has signed files', signed.length > 20);
  if (has('minisign')) {
    for (const name of signed) program('minisign', ['-V', '-q', '-p', publicKey, '-m', at('ruleset', 'releases', '1', name.replace(/\.minisig$/, ''))]);
    say(`minisign accepts ${signed.length} signatures`);
  } else say('minisign is not installed: left out');

  step(`Review on ${REVIEW_DAY}, a rule disabled, release 2`);
  say(lastLine(sigwright('review', '-C', ruleset, '--today', REVIEW_DAY).out));
  const queue = JSON.parse(sigwright('review', '-C', ruleset, '--today', REVIEW_DAY, '--json').out) as { sid: number; overdue: number; why: string }[];
  look('infrastructure is due after a month', queue[0].overdue > 0);
  const sid = String(queue[0].sid);
  say(sigwright('review', 'disable', sid, '--reason', 'Age', '-C', ruleset, '--today', REVIEW_DAY, '--by', 'week').out);
  sigwright('release', '-C', ruleset, '--version', '2', '--date', REVIEW_DAY, '--key', at('release.key'));
  commit('Release 2');
  const compared = sigwright('compare', at('ruleset', 'releases', '1'), at('ruleset', 'releases', '2'), '--traffic', CAPTURE);
  writeFileSync(at('compare.txt'), compared.out);
  look('the comparison names the rule that is off', compared.out.includes(sid));
  say(compared.out);
  if (has('git')) {
    writeFileSync(at('history.txt'), sigwright('history', sid, '-C', ruleset).out);
    look('git tells the rule’s history', linesOf(at('history.txt')).length > 1);
  }
}

async function distribution(address: string): Promise<void> {
  step('Distribution: a sensor updates');
  const source = `${address}/suricata-7.0.3/example-week.rules.tar.gz`;
  const update = (): { out: string } =>
    sigwright('update', '--url', source, '-D', at('sensor'), '-o', at('sensor', 'rules'), '--public-key', at('release.key.pub'), '--suricata-version', '7.0.3');
  say(update().out);
  look('the sensor has the week’s rules', linesOf(at('sensor', 'rules', 'suricata.rules')).filter((line) => line.startsWith('alert')).length === 49);
  say(`again: ${lastLine(update().out)}`);
  look('what has changed since release 1 is one rule', ((await (await fetch(`${address}/delta/1`)).json()) as { put: unknown[] }).put.length === 1);
  if (!has('suricata-update')) {
    say('suricata-update is not installed: left out');
    return;
  }
  const theirs = (...args: readonly string[]): string => {
    const { out, error } = program('suricata-update', [...args, '-D', at('suricata')], 0, { SOURCE_INDEX_URL: `${address}/index.yaml` });
    return out + error;
  };
  theirs('update-sources');
  theirs('enable-source', 'example-week/open');
  const again = (): string => theirs('update', '--suricata-version', '7.0.3', '-o', at('suricata', 'rules'), '--no-test', '--no-reload', '--now');
  look('suricata-update enables as many', /enabled: 49/.test(again()));
  look('suricata-update fetches nothing the second time', again().includes('Not fetching'));
  const enabled = (path: string): string =>
    linesOf(path)
      .filter((line) => line.startsWith('alert'))
      .map((line) => /sid:\d+; rev:\d+/.exec(line)?.[0])
      .sort()
      .join();
  look('both have the same rules', enabled(at('suricata', 'rules', 'suricata.rules')) === enabled(at('sensor', 'rules', 'suricata.rules')));
  say('suricata-update has the same 49 rules and fetches nothing the second time');
}

function publish(): void {
  step('Community review and site');
  sigwright('community-review', '-C', at('ruleset'), '--date', DAY, '-o', at('community-review.md'));
  const post = readFileSync(at('community-review.md'), 'utf8');
  for (const slug of readdirSync(join(EXAMPLE, 'reports'))) {
    const title = /^title: (.*)$/m.exec(readFileSync(join(EXAMPLE, 'reports', slug, 'report.yaml'), 'utf8'))?.[1].replace(/^["']|["']$/g, '') ?? '';
    look(`the post names ${title}`, post.includes(title));
  }
  say(`${post.length} characters of Markdown`);
  say(sigwright('site', '-C', at('ruleset'), '-o', at('site'), '--base', 'https://rules.example.org/', '--date', DAY).out);
  for (const name of ['feed.rss', 'feed.atom', 'feed.json', 'playbook.json']) look(`the site has ${name}`, existsSync(at('site', name)));
}

function detect(): void {
  step('Detection on an office hour with the sensor’s rules, and triage');
  const seen = sigwright('run', '-r', CAPTURE, '-S', at('sensor', 'rules', 'suricata.rules'), '--home-net', '10.3.8.0/24', '-l', at('run')).out;
  say(seen.split('\n').slice(0, MOST_LINES).join('\n'));
  const judged = sigwright('triage', at('run', 'eve.json'), '--home-net', '10.3.8.0/24', '--playbook', at('site', 'playbook.json')).out;
  writeFileSync(at('triage.txt'), judged);
  look('hosts are to be checked', judged.includes('check this host for compromise'));
  say(
    judged
      .split('\n')
      .filter((line) => /^\d+\.\d+.* alerts?\)/.test(line))
      .join('\n'),
  );
}

async function feedback(address: string): Promise<void> {
  step('Feedback: a false positive from the sensor');
  const sent = sigwright(
    'feedback',
    'new',
    '--sid',
    '1240301',
    '-r',
    CAPTURE,
    '-S',
    at('sensor', 'rules', 'suricata.rules'),
    '--redact',
    '--comment',
    'our own updater',
    '--reporter',
    '@sensor',
    '--post',
    address,
  );
  say(sent.out);
  const [reference] = sent.out.split(':');
  look('the rule is due', sigwright('review', '-C', at('ruleset'), '--today', new Date().toISOString().slice(0, 10)).out.includes('our own updater'));
  sigwright('feedback', 'decline', reference, '-C', at('ruleset'), '--note', 'this is the loader, look at the host', '--by', 'week');
  const { status } = (await (await fetch(`${address}/feedback/${reference}`)).json()) as { status: string };
  look('the reporter is told', status.includes('look at the host'));
  say(`the reporter reads: ${status}`);
}

function serving(): Promise<{ server: ChildProcess; address: string }> {
  const server = spawn(join(ROOT, 'sigwright'), ['serve-rules', '-C', at('ruleset'), '--port', '0', '--take-feedback'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return new Promise((done, fail) => {
    server.once('exit', () => fail(new Error('serve-rules ended')));
    server.stdout.on('data', (chunk) => {
      const address = /http:\/\/[\d.:]+/.exec(String(chunk))?.[0];
      if (address !== undefined) done({ server, address });
    });
  });
}

try {
  intakeAndDraft();
  rulesetToReleases();
  const { server, address } = await serving();
  try {
    await distribution(address);
    publish();
    detect();
    await feedback(address);
  } finally {
    server.removeAllListeners('exit');
    server.kill();
  }
  process.stdout.write(`\nEvery artefact was looked at; they lie in ${home}\n`);
} catch (problem) {
  process.stderr.write(`\nweek: ${(problem as Error).message}\nwhat was made lies in ${home}\n`);
  process.exitCode = 1;
}
