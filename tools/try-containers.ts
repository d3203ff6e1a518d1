/**
 * deploy/Containerfile and deploy/compose.yaml, used as docs/deployment.md says: the image is built, everything is started, the first admin
 * signs in through the proxy, lines of EVE come in, workers hunt, a rule is changed; then every container is started anew and killed,
 * everything is taken down and brought up again, and the database is put back from its copy. Prints what was seen; exit 1 where something
 * was not, 2 where there is no container engine. Wants the ports 80 and 443, and the images that the two files name (or stand-ins of
 * these names); what it makes is called sigwright-trial and taken away at the end.
 *
 *     node tools/try-containers.ts [docker|podman]
 */
import { spawnSync } from 'node:child_process';
import { chownSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const WEEK = join(ROOT, 'examples', '2024-03-08');
const ENGINE = process.argv[2] ?? 'docker';
const COMPOSE = ENGINE === 'podman' ? ['podman-compose'] : [ENGINE, 'compose'];
const PROJECT = 'sigwright-trial';
/** The user of the image. */
const NODE_USER = 1000;
const MOST_SECONDS = 60;
const SERVICES = ['server', 'worker', 'postgres', 'nats', 'proxy'];
const PASSWORD = 'correct horse battery';

if (
  spawnSync(ENGINE, ['info'], { stdio: 'ignore' }).status !== 0 ||
  spawnSync(COMPOSE[0], [...COMPOSE.slice(1), 'version'], { stdio: 'ignore' }).status !== 0
) {
  console.log(`left out: there is no ${ENGINE} with compose that answers`);
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), 'sigwright-containers-'));
const ruleset = join(folder, 'ruleset');
const archive = join(folder, 'archive');
let bad = 0;

function seen(what: string, is: boolean, said: unknown = ''): void {
  if (!is) bad++;
  console.log(`${is ? 'ok   ' : 'FAIL '} ${what}${is ? '' : `: ${typeof said === 'string' ? said : JSON.stringify(said)}`}`);
}

function run(command: string, args: readonly string[], input?: Uint8Array): { status: number | null; out: string; error: string } {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    env: { ...process.env, ...SET_UP },
    ...(input === undefined ? {} : { input }),
  });
  return { status, out: stdout ?? '', error: stderr ?? '' };
}
/** What deploy/.env would say; passwords that begin like numbers. */
const SET_UP = {
  SIGWRIGHT_HOST: 'localhost',
  SIGWRIGHT_RULESET: ruleset,
  SIGWRIGHT_ARCHIVE: archive,
  POSTGRES_PASSWORD: '12e4'.repeat(8),
  NATS_PASSWORD: '12e4'.repeat(8),
};
const compose = (...args: readonly string[]): ReturnType<typeof run> =>
  run(COMPOSE[0], [...COMPOSE.slice(1), '-p', PROJECT, '-f', 'deploy/compose.yaml', ...args]);
const must = ({ status, out, error }: ReturnType<typeof run>): string => {
  if (status !== 0) throw new Error(`${out}\n${error}`);
  return out;
};
/** By label, since names differ between engines. */
const containersOf = (service: string): string[] =>
  must(run(ENGINE, ['ps', '-q', '--filter', `label=com.docker.compose.project=${PROJECT}`, '--filter', `label=com.docker.compose.service=${service}`]))
    .split('\n')
    .filter((id) => id !== '');
const inside = (service: string, ...args: readonly string[]): ReturnType<typeof run> => run(ENGINE, ['exec', containersOf(service)[0] ?? service, ...args]);
const logOf = (service: string): string =>
  containersOf(service)
    .map((id) => run(ENGINE, ['logs', id]))
    .map(({ out, error }) => out + error)
    .join('');

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}
/** Through the proxy, whose certificate for `localhost` is its own. */
function ask(
  path: string,
  { method = 'GET', headers = {}, body = '' }: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: 'localhost', path, method, headers: { ...headers, 'content-length': Buffer.byteLength(body) }, rejectUnauthorized: false, timeout: 20_000 },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (part: string) => {
          text += part;
        });
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
        answer.on('error', reject);
      },
    );
    asked.on('error', reject);
    asked.on('timeout', () => asked.destroy(new Error('no answer in time')));
    asked.end(body);
  });
}
async function until<Value>(look: () => Promise<Value | undefined> | Value | undefined): Promise<Value | undefined> {
  for (const end = Date.now() + MOST_SECONDS * 1000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 500))) {
    const value = await Promise.resolve(look()).catch(() => undefined);
    if (value !== undefined) return value;
  }
  return undefined;
}
const isReady = (): Promise<boolean | undefined> => until(async () => ((await ask('/ready')).status === 200 ? true : undefined));

const form = (fields: Record<string, string>): { method: string; headers: Record<string, string>; body: string } => ({
  method: 'POST',
  headers: { 'content-type': 'application/x-www-form-urlencoded', origin: 'https://localhost' },
  body: new URLSearchParams(fields).toString(),
});
let token = '';
async function api<Value>(path: string, body?: unknown): Promise<Value> {
  const answer = await ask(`/api/v1${path}`, {
    headers: { authorization: `Bearer ${token}`, 'content-type': typeof body === 'string' ? 'application/x-ndjson' : 'application/json' },
    ...(body === undefined ? {} : { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${answer.text}`);
  return JSON.parse(answer.text) as Value;
}
/** What must not change, whatever is killed. */
async function kept(): Promise<string> {
  const { alerts } = await api<{ alerts: readonly unknown[] }>('/alerts');
  const { jobs } = await api<{ jobs: readonly { readonly id: number; readonly state: string; readonly done: number }[] }>('/jobs');
  return JSON.stringify({ alerts: alerts.length, jobs: jobs.map(({ id, state, done }) => `${id} ${state} ${done}`) });
}

async function trial(): Promise<void> {
  cpSync(WEEK, ruleset, { recursive: true });
  mkdirSync(archive);
  for (let at = 0; at < 12; at++) cpSync(join(WEEK, 'week.pcap'), join(archive, `hour-${at}.pcap`));
  const git = ['-C', ruleset, '-c', 'user.name=trial', '-c', 'user.email=trial@example.org'];
  must(run('git', ['-C', ruleset, 'init', '-q']));
  must(run('git', [...git, 'add', '-A']));
  must(run('git', [...git, 'commit', '-qm', 'A week']));
  if (process.getuid?.() === 0)
    for (const path of [ruleset, ...readdirSync(ruleset, { recursive: true, encoding: 'utf8' }).map((name) => join(ruleset, name))])
      chownSync(path, NODE_USER, NODE_USER);

  // The image by itself.
  must(run(ENGINE, ['build', '-f', 'deploy/Containerfile', '-t', 'sigwright', '.']));
  const alone = (...args: readonly string[]): ReturnType<typeof run> =>
    run(ENGINE, ['run', '--rm', '--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges:true', '--tmpfs', '/tmp', ...args]);
  const doctor = alone('sigwright', 'doctor');
  seen('doctor finds nothing wrong in the image', doctor.status === 0 && doctor.out.includes('nothing is wrong'), doctor.out + doctor.error);
  seen('without a verb it says what there is', alone('sigwright').out.includes('language-server'));
  const week = '/opt/sigwright/examples/2024-03-08';
  const detected = alone('sigwright', 'run', '-r', `${week}/week.pcap`, '-S', `${week}/rules/malware.rules`);
  seen('a capture is inspected on a read-only file system', detected.out.includes('1 × 1240348 SW MALWARE'), detected.error);

  // The first start.
  must(compose('up', '-d'));
  seen('the server answers through the proxy', (await isReady()) === true, logOf('server') + logOf('proxy'));
  const [server] = containersOf('server');
  // podman-compose 1.0 does not wait for a database that is healthy: the server ends, and is started again.
  if (ENGINE !== 'podman') seen('it came up at the first try', run(ENGINE, ['inspect', '-f', '{{.RestartCount}}', server]).out.trim() === '0', logOf('server'));
  const link = await until(() => /\/set-up\/[\w-]+/.exec(logOf('server'))?.[0]);
  if (link === undefined) throw new Error(`no link: ${logOf('server')}`);
  const setUp = await ask(link, form({ name: 'trial', password: PASSWORD }));
  const cookie = /__Host-sigwright=[^;]+/.exec(String(setUp.headers['set-cookie']))?.[0];
  seen('the link in the log makes the first admin', setUp.status === 303 && cookie !== undefined, setUp.text);
  seen('and does so once', (await ask(link, form({ name: 'other', password: PASSWORD }))).status === 404);
  const signedIn = await ask('/sign-in', form({ name: 'trial', password: PASSWORD }));
  const session = /__Host-sigwright=[^;]+/.exec(String(signedIn.headers['set-cookie']))?.[0] ?? '';
  const settings = await ask('/settings', { headers: { cookie: session } });
  const csrf = /name="csrf" value="([^"]+)"/.exec(settings.text)?.[1] ?? '';
  const made = await ask('/api/v1/tokens', {
    method: 'POST',
    headers: { cookie: session, 'x-csrf-token': csrf, 'content-type': 'application/json', origin: 'https://localhost' },
    body: JSON.stringify({ name: 'trial', scopes: ['read', 'triage', 'write', 'ingest', 'admin'] }),
  });
  seen('a session makes a token', made.status === 201, made.text);
  token = (JSON.parse(made.text) as { token: string }).token;

  // Rights.
  const status = inside('server', 'cat', '/proc/self/status').out;
  seen(
    'the server is a user without rights',
    /^Uid:\s+1000\s/m.test(status) && /^CapEff:\s+0{16}$/m.test(status) && /^CapBnd:\s+0{16}$/m.test(status) && /^NoNewPrivs:\s+1$/m.test(status),
    status,
  );
  for (const [path, may] of [
    ['/opt/sigwright/x', false],
    ['/data/x', false],
    ['/home/node/x', false],
    ['/archive/x', false],
    ['/tmp/x', true],
    ['/data/cache/x', true],
    ['/data/ruleset/x', true],
  ] as const)
    seen(`${path} can ${may ? '' : 'not '}be written`, (inside('server', 'sh', '-c', `touch ${path} && rm ${path}`).status === 0) === may);
  const commands = containersOf('nats')
    .concat(server)
    .map((id) => run(ENGINE, ['top', id]).out)
    .join('');
  seen('no password stands on a command line', !commands.includes('12e412e4'), commands);
  const asked = inside('server', 'node', '/opt/sigwright/dist/cli/main.js', 'doctor', '-C', '/data/ruleset', '--archive', '/archive');
  seen('doctor finds nothing wrong beside the server', asked.status === 0, asked.out + asked.error);

  // What it is for.
  const eve = alone(
    '-v',
    `${folder}:/out`,
    '--user',
    String(process.getuid?.() ?? 0),
    '--cap-add',
    'DAC_OVERRIDE',
    'sigwright',
    'run',
    '-r',
    `${week}/week.pcap`,
    '-S',
    `${week}/rules/malware.rules`,
    '--home-net',
    '10.3.8.0/24',
    '-l',
    '/out/log',
  );
  // Of this minute: what is older than is kept would be forgotten at the next start.
  const lines = readFileSync(join(folder, 'log', 'eve.json'), 'utf8').replace(
    /"timestamp":"[^"]+"/g,
    `"timestamp":"${new Date().toISOString().replace('Z', '000+0000')}"`,
  );
  const taken = await api<{ added: number }>('/events?sensor=trial', lines);
  seen('lines of EVE come in over HTTP', taken.added > 100, eve.error);
  seen('the same lines count once', (await api<{ added: number }>('/events?sensor=trial', lines)).added === 0);
  const rules = readFileSync(join(ruleset, 'rules', 'malware.rules'), 'utf8');
  const { job } = await api<{ job: number }>('/hunts', { title: 'trial', rules, networks: '10.3.8.0/24' });
  interface Hunt {
    readonly state: string;
    readonly hits: readonly { readonly captures: number }[];
    readonly captures: readonly { readonly state: string; readonly worker: string }[];
  }
  const hunted = await until(async () => {
    const hunt = await api<Hunt>(`/hunts/${job}`);
    return hunt.state === 'done' ? hunt : undefined;
  });
  seen('a hunt goes over the archive', hunted?.hits.some((hit) => hit.captures === 12) === true, (await api<Hunt>(`/hunts/${job}`)) ?? logOf('worker'));
  seen('by both workers', new Set(hunted?.captures.map((one) => one.worker)).size === 2, hunted);
  await api('/rules/1240348/decisions', { decision: 'keep', reason: '', note: 'trial' }).catch((problem: Error) =>
    seen('a rule is kept', false, problem.message),
  );
  const last = run('git', ['-c', `safe.directory=${ruleset}`, '-C', ruleset, 'log', '-1', '--format=%an %s']).out;
  seen('a decision is a commit in the name of who made it', last.startsWith('trial '), last + logOf('server').slice(-2000));
  const told = logOf('server');
  seen(
    'logs name who asks, and tell no secret',
    told.includes('"user":"trial"') && !told.includes(token) && !told.includes(session.split('=')[1]) && !told.includes('12e412e4'),
  );

  // Whatever dies comes back.
  const before = await kept();
  for (const service of SERVICES) {
    for (const id of containersOf(service)) must(run(ENGINE, ['restart', id]));
    seen(`${service} was started anew`, (await isReady()) === true && (await kept()) === before, await kept());
  }
  for (const service of SERVICES) {
    for (const id of containersOf(service)) {
      try {
        process.kill(Number(run(ENGINE, ['inspect', '-f', '{{.State.Pid}}', id]).out), 'SIGKILL');
      } catch {
        // Not ours to kill from here: the engine does, and then does not start it again by itself.
        must(run(ENGINE, ['kill', id]));
        must(run(ENGINE, ['start', id]));
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 2000));
    const isBack = await until(async () =>
      (await isReady()) === true && containersOf(service).length === (service === 'worker' ? 2 : 1) && (await kept()) === before ? true : undefined,
    );
    seen(`${service} was killed and came back by itself`, isBack === true, logOf('server').slice(-2000));
  }
  const { job: second } = await api<{ job: number }>('/hunts', { title: 'after', rules, networks: '10.3.8.0/24' });
  seen(
    'hunts go on after all that',
    (await until(async () => ((await api<Hunt>(`/hunts/${second}`)).state === 'done' ? true : undefined))) === true,
    logOf('worker').slice(-2000),
  );

  // Backup, down, up, return.
  const after = await kept();
  const copy = spawnSync(ENGINE, ['exec', containersOf('postgres')[0], 'pg_dump', '-U', 'sigwright', '-Fc', 'sigwright'], { maxBuffer: 2 ** 28 });
  seen('pg_dump makes a copy', copy.status === 0 && copy.stdout.length > 1000, String(copy.stderr));
  must(compose('down'));
  must(compose('up', '-d'));
  seen('after down and up everything is there', (await isReady()) === true && (await kept()) === after);
  must(compose('down'));
  for (const name of ['database', 'broker']) must(run(ENGINE, ['volume', 'rm', `${PROJECT}_${name}`]));
  must(compose('up', '-d', 'postgres'));
  const isThere = await until(() => (inside('postgres', 'pg_isready', '-h', '127.0.0.1', '-U', 'sigwright').status === 0 ? true : undefined));
  const put = run(
    ENGINE,
    ['exec', '-i', containersOf('postgres')[0], 'pg_restore', '-U', 'sigwright', '--dbname', 'sigwright', '--exit-on-error'],
    copy.stdout,
  );
  seen('pg_restore puts it into an empty database', isThere === true && put.status === 0, put.error);
  must(compose('up', '-d'));
  seen(
    'after the return everything is there, though the broker was lost',
    (await isReady()) === true && (await kept()) === after,
    logOf('server').slice(-2000),
  );
}

try {
  await trial();
} catch (problem) {
  seen('the trial went to its end', false, (problem as Error).stack ?? String(problem));
} finally {
  const { status, error } = compose('down', '--volumes');
  if (status !== 0) console.log(error);
  rmSync(folder, { recursive: true, force: true });
}
console.log(bad === 0 ? 'everything was seen' : `${bad} of it was not`);
process.exitCode = bad === 0 ? 0 : 1;
