/**
 * What may go wrong under a ruleset repository, tried on a small one with the command line: two at once, a kill at each write, a full
 * disk, files that break off. Nothing is lost, the message says what to do, and the next run works.
 */
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, globSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { catalogue } from '@sigwright/catalogue';
import { type Result, success } from '@sigwright/contracts';
import { buildRelease, changeRepository, decide, writeRelease } from '@sigwright/workbench';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { DEFAULT_CLASSIFICATIONS } from './shared/classifications.ts';

const SIGWRIGHT = join(import.meta.dirname, '..', '..', 'sigwright');
const KIT = join(import.meta.dirname, 'fault-kit.ts');
const home = mkdtempSync(join(tmpdir(), 'sigwright-faults-'));
const folder = join(home, 'ruleset');
afterAll(() => rmSync(home, { recursive: true, force: true }));

const SIDS = [1, 2, 3, 4, 5, 6];
const RULES = SIDS.map(
  (sid) => `alert tcp any any -> any any (msg:"SW MALWARE Threat${sid}"; content:"threat${sid}"; sid:${sid}; rev:1; metadata:created_at 2024_03_01;)\n`,
).join('');

const origin = join(home, 'origin');

beforeAll(async () => {
  mkdirSync(join(folder, 'rules'), { recursive: true });
  writeFileSync(
    join(folder, 'ruleset.yaml'),
    'name: small\ntitle: Small\nlicence: BSD-3-Clause\ncopyright: nobody\nmessage-prefix: SW\nsid-ranges: [{ from: 1, to: 99 }]\nengines: [suricata-7]\n',
  );
  writeFileSync(join(folder, 'rules', 'malware.rules'), RULES);
  expect(await release('1', '2024-03-01')).toMatchObject({ ok: true });
  cpSync(folder, origin, { recursive: true });
});
beforeEach(asItWas);

function asItWas(): void {
  rmSync(folder, { recursive: true, force: true });
  cpSync(origin, folder, { recursive: true });
}

/** What the verb does, without a process of its own. */
const release = (version = '2', date = '2024-03-02') =>
  changeRepository(folder, async (repository) => {
    const built = await buildRelease(repository, { version, date, classifications: DEFAULT_CLASSIFICATIONS, catalogue });
    return built.ok ? (writeRelease(repository, version, built.value) ?? success(undefined)) : built;
  });
const retire = () => changeRepository(folder, (repository) => decide(repository, { sid: 3, decision: 'retire', reason: 'Age', today: '2024-03-02' }));

interface Run {
  readonly status: number | null;
  readonly signal: string | null;
  readonly out: string;
  readonly error: string;
}

function sigwright(args: readonly string[], fault?: string): Run {
  const env = fault === undefined ? process.env : { ...process.env, NODE_OPTIONS: `--import ${KIT}`, FAULT: fault, FAULT_FOLDER: folder };
  const { status, signal, stdout, stderr } = spawnSync(SIGWRIGHT, [...args, '-C', folder], { encoding: 'utf8', env });
  return { status, signal, out: stdout, error: stderr };
}

/** Every file of the repository that git would see. */
function contents(of = folder): Map<string, string> {
  const names = readdirSync(of, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const list = names.map((entry) => join(entry.parentPath, entry.name).slice(of.length + 1));
  return new Map(
    list
      .filter((name) => !name.startsWith('.sigwright/'))
      .sort()
      .map((name) => [name, readFileSync(join(of, name), 'latin1')]),
  );
}

const RELEASE = ['release', '--version', '2', '--date', '2024-03-02'];
const RETIRE = ['review', 'retire', '3', '--reason', 'Age', '--today', '2024-03-02'];
/** Moments tried of each change: the first, one in the midst, and the last ones, in which what is visible changes. */
function moments(writes: number): number[] {
  return [...new Set([1, writes >> 1, ...[6, 5, 4, 3, 2, 1, 0].map((before) => writes - before)])].filter((at) => at >= 1);
}

describe.each<readonly [what: string, args: readonly string[], next: () => Promise<Result<unknown>>]>([
  ['a release', RELEASE, () => release()],
  ['a decision', RETIRE, retire],
])('%s', (_what, args, next) => {
  let before = new Map<string, string>();
  let after = new Map<string, string>();
  let writes = 0;

  /** A rule that is new, so that the release has something to lock. */
  function prepare(): void {
    asItWas();
    writeFileSync(join(folder, 'rules', 'malware.rules'), `${RULES}${RULES.split('\n')[0].replaceAll('1', '7').replace('rev:7', 'rev:1')}\n`);
  }

  beforeAll(() => {
    prepare();
    before = contents();
    const whole = sigwright(args, 'count');
    expect(whole.status).toBe(0);
    after = contents();
    writes = Number(/writes: (\d+)/.exec(whole.error)?.[1]);
    expect(writes).toBeGreaterThan(4);
  });

  test('killed at any write, the next run ends as if nothing had been', async () => {
    for (const at of moments(writes)) {
      prepare();
      expect(sigwright(args, `kill:${at}`).signal, `write ${at}`).toBe('SIGKILL');
      // What stood there stands there still, or is what was to be.
      for (const [name, text] of contents())
        if (!name.includes('.tmp')) expect([before.get(name), after.get(name)], `${name} after a kill at ${at}`).toContain(text);
      const again = await next();
      // A decision that was made before the kill can not be made twice.
      if (!again.ok) expect(again.message, `write ${at}`).toContain('sid 3 is retired');
      expect(contents(), `write ${at}`).toEqual(after);
    }
  }, 120_000);

  test('on a full disk nothing changes, and with room the next run works', async () => {
    // The last writes of all are renames, which take no room and are not counted here.
    for (const at of [1, writes >> 1]) {
      prepare();
      const full = sigwright(args, `full:${at}`);
      expect(full.status, `write ${at}`).toBe(1);
      expect(full.error).toMatch(/can not be written: ENOSPC|could not be written.*ENOSPC/);
      expect(contents(), `write ${at}`).toEqual(before);
      expect((await next()).ok).toBe(true);
      expect(contents()).toEqual(after);
    }
  }, 120_000);
});

test('the same release again changes no byte', async () => {
  const before = contents();
  expect((await release('1', '2024-03-01')).ok).toBe(true);
  expect(contents()).toEqual(before);
});

test('decisions and releases at the same time wait for each other, and none is lost', async () => {
  const runs = [...SIDS.map((sid) => ['review', 'retire', String(sid), '--reason', 'Age', '--today', '2024-03-02']), RELEASE].map(
    (args) => new Promise<number | null>((resolve) => spawn(SIGWRIGHT, [...args, '-C', folder], { stdio: 'ignore' }).once('exit', resolve)),
  );
  expect(await Promise.all(runs)).toEqual(runs.map(() => 0));
  const after = contents();
  for (const sid of SIDS) expect(after.get('rules/retired.rules')).toContain(`sid:${sid}; rev:2;`);
  expect(after.get('rules.lock')!.match(/decision: retire/g)).toHaveLength(SIDS.length);
  expect(existsSync(join(folder, 'releases', '2', 'version.txt'))).toBe(true);
  expect((await release('3', '2024-03-03')).ok).toBe(true);
}, 60_000);

describe('a file that breaks off', () => {
  test.each<readonly [why: string, harm: () => void, says: RegExp]>([
    ['a lock that is no YAML', () => writeFileSync(join(folder, 'rules.lock'), '{{{'), /rules\.lock:1: .*take it back from git/],
    ['a lock of another shape', () => writeFileSync(join(folder, 'rules.lock'), 'rules: [1]\n...\n'), /rules\.lock:1: rules: .*take it back from git/],
    [
      'a lock cut at the end of a line',
      () => cut('rules.lock', (text) => text.slice(0, text.indexOf('"4":')).trimEnd().concat('\n')),
      /rules\.lock:\d+: rules\.lock breaks off/,
    ],
    ['a lock cut to nothing', () => writeFileSync(join(folder, 'rules.lock'), ''), /rules\.lock/],
    ['a lock that is gone', () => rmSync(join(folder, 'rules.lock')), /rules\.lock is gone, and 1 was released/],
    ['rules cut within one', () => cut('rules/malware.rules', (text) => text.slice(0, -70)), /malware\.rules:6: .*|sid 6 \(.*\) was released and is gone/],
    [
      'rules cut behind one',
      () => cut('rules/malware.rules', (text) => `${text.split('\n').slice(0, 4).join('\n')}\n`),
      /rules\.lock:\d\d: sid 5 \(SW MALWARE Threat5\) was released and is gone/,
    ],
    [
      'a merge that left its marks in the rules',
      () => cut('rules/malware.rules', (text) => text.replace(/^.*sid:2;.*$/m, (rule) => `<<<<<<< HEAD\n${rule}\n=======\n${rule}\n>>>>>>> other`)),
      /^\S*malware\.rules:2: a merge is not settled here.*\n\S*malware\.rules:5: sid 2 is already used at \S*malware\.rules:3$/,
    ],
    [
      'a merge that left its marks in the lock',
      () => cut('rules.lock', (text) => text.replace(/^ {4}rev: 1$/m, '<<<<<<< HEAD\n    rev: 1\n=======\n    rev: 2\n>>>>>>> other')),
      /rules\.lock:4: a merge is not settled here.*of each number the higher rev/,
    ],
    ['settings cut', () => cut('ruleset.yaml', (text) => text.slice(0, 30)), /ruleset\.yaml:\d+: /],
  ])('%s: no release, and not a byte is changed', async (_why, harm, says) => {
    harm();
    const before = contents();
    const released = await release();
    expect(released).toMatchObject({ ok: false, message: expect.stringMatching(says) });
    expect(contents()).toEqual(before);
  });

  test.each<readonly [why: string, harm: (lock: Buffer) => void]>([
    ['can not be read', (lock) => writeFileSync(join(folder, 'rules.lock'), lock.subarray(0, lock.length >> 1))],
    ['is gone', () => rmSync(join(folder, 'rules.lock'))],
  ])('nothing is decided over a lock that %s; put right, it is', async (_why, harm) => {
    const lock = readFileSync(join(folder, 'rules.lock'));
    harm(lock);
    const before = contents();
    const decided = sigwright(RETIRE);
    expect(decided.status).toBe(1);
    expect(decided.error).toContain('take it back from git');
    expect(contents()).toEqual(before);
    writeFileSync(join(folder, 'rules.lock'), lock);
    expect((await retire()).ok).toBe(true);
  });
});

function cut(name: string, how: (text: string) => string): void {
  writeFileSync(join(folder, name), how(readFileSync(join(folder, name), 'utf8')));
}

test('what a killed run left lying is cleared away by the next', async () => {
  mkdirSync(join(folder, 'releases', '2.99999.tmp'));
  writeFileSync(join(folder, 'rules', 'malware.rules.99999.tmp'), 'half');
  expect((await release()).ok).toBe(true);
  expect(globSync('**/*.tmp', { cwd: folder })).toEqual([]);
});
