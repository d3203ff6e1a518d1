/** `sigwright prove` on a repository that changes: what is proved again, what is reported, how soon. */
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';

const root = join(import.meta.dirname, '..', '..');
const MAIN = join(root, 'apps', 'cli', 'main.ts');
const folder = mkdtempSync(join(tmpdir(), 'sigwright-prove-'));
const rules = join(folder, 'rules', 'malware.rules');
const WRONG = 'http.uri; bsize:9; content:"/bot/date"';
const RIGHT = 'http.uri; bsize:9; content:"/bot/data"';
let text: string;

const git = (...words: string[]) => spawnSync('git', ['-C', folder, '-c', 'user.name=t', '-c', 'user.email=t@example.com', ...words]);

function prove(...options: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, 'prove', '-C', folder, ...options], { encoding: 'utf8', cwd: folder });
  return { status, out: stdout, error: stderr };
}

beforeAll(() => {
  cpSync(join(root, 'examples', '2024-03-08'), folder, { recursive: true });
  text = readFileSync(rules, 'utf8');
  git('init', '-q');
  git('add', '-A');
  git('commit', '-qm', 'first');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('--changed: nothing, then the rule that changed alone', () => {
  expect(prove('--changed', 'HEAD')).toMatchObject({ status: 0, out: expect.stringMatching(/^0 of 0 rules proved/) });
  writeFileSync(rules, text.replace(RIGHT, WRONG));
  const sarif = join(folder, 'proof.sarif');
  const { status, out } = prove('--changed', 'HEAD', '--sarif', sarif, '--github');
  writeFileSync(rules, text);
  expect(status).toBe(1);
  expect(out).toMatch(/must fire once, but stayed silent/);
  expect(out).toMatch(/::error file=rules\/malware\.rules,line=\d+,title=rule 1240301::/);
  expect(out).toMatch(/0 of 1 rule proved.*not affected/);
  const { runs } = JSON.parse(readFileSync(sarif, 'utf8')) as {
    runs: { results: { ruleId: string; locations: { physicalLocation: { artifactLocation: { uri: string } } }[] }[] }[];
  };
  expect(runs[0].results[0].ruleId).toBe('proof/fires');
  expect(runs[0].results[0].locations[0].physicalLocation.artifactLocation.uri).toBe('rules/malware.rules');
  rmSync(sarif);
});

test('a script beside the rules is found, and proves its rule again where it changed', () => {
  const script = join(folder, 'rules', 'gate.lua');
  const answers = (answer: number) =>
    writeFileSync(
      script,
      `function init(args) local needs = {} needs["http.uri"] = tostring(true) return needs end\nfunction match(args) return ${answer} end\n`,
    );
  answers(1);
  writeFileSync(rules, text.replace(RIGHT, `${RIGHT}; lua:gate.lua`));
  expect(prove('1240301')).toMatchObject({ status: 0, out: expect.stringMatching(/^1 of 1 rule proved/) });
  answers(0);
  expect(prove('--changed', 'HEAD')).toMatchObject({ status: 1, out: expect.stringMatching(/1240301[\s\S]*must fire once, but stayed silent/) });
  writeFileSync(rules, text);
  rmSync(script);
});

test('--changed: before the first commit, and after a commit of zeros, everything is new', () => {
  // What pre-commit meets in a new ruleset, and a build server on a new branch.
  rmSync(join(folder, '.git'), { recursive: true });
  git('init', '-q');
  expect(prove('--changed', 'HEAD')).toMatchObject({ status: 0, out: expect.stringMatching(/^50 of 50 rules proved/) });
  git('add', '.');
  git('commit', '-q', '-m', 'again');
  expect(prove('--changed', 'HEAD').out).toMatch(/^0 of 0 rules/);
  expect(prove('--changed', '0'.repeat(40)).out).toMatch(/^50 of 50 rules proved/);
});

test('--changed says what git says', () => {
  expect(prove('--changed', 'nowhere')).toMatchObject({ status: 1, error: expect.stringMatching(/git says/) });
});

test('--benign: a rule that fires on ordinary traffic fails, unless its evidence allows it', () => {
  const ordinary = join(folder, 'evidence', '1240301', 'request.pcap');
  const loud = prove('1240301', '--benign', ordinary);
  expect(loud).toMatchObject({ status: 1, out: expect.stringMatching(/fired once on ordinary traffic .* none is allowed/) });
  const path = join(folder, 'evidence', '1240301', 'expect.yaml');
  const before = readFileSync(path, 'utf8');
  writeFileSync(path, `${before}benign: { alerts: 1, because: "a test asks so" }\n`);
  const allowed = prove('1240301', '--benign', ordinary);
  writeFileSync(path, before);
  expect(allowed.status).toBe(0);
});

test('--watch: a verdict follows each save', async () => {
  const watching = spawn(process.execPath, [MAIN, 'prove', '-C', folder, '--watch'], { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  watching.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  const said = async (pattern: RegExp): Promise<RegExpMatchArray> => {
    for (;;) {
      const found = pattern.exec(out);
      if (found !== null) return found;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  await said(/watching/);
  writeFileSync(rules, text.replace(RIGHT, WRONG));
  await said(/FAIL {2}1240301/);
  out = '';
  writeFileSync(rules, text);
  const [, milliseconds] = await said(/1 of 1 rule proved.*, (\d+) ms/);
  // 100 ms on a machine that does nothing else; this one may be as busy as it likes.
  expect(Number(milliseconds)).toBeLessThan(10_000);
  watching.kill();
  await new Promise((resolve) => watching.once('exit', resolve));
});

test('the action and the hooks name verbs and options that exist', () => {
  const hooks = parse(readFileSync(join(root, '.pre-commit-hooks.yaml'), 'utf8')) as { entry: string }[];
  const action = parse(readFileSync(join(root, 'editors', 'continuous-integration', 'action.yml'), 'utf8')) as { runs: { steps: { run: string }[] } };
  const commands = [...hooks.map(({ entry }) => entry), ...action.runs.steps.flatMap(({ run }) => run.match(/(?<="\$sigwright" ).*/g) ?? [])];
  expect(commands.length).toBeGreaterThanOrEqual(5);
  for (const command of commands) {
    const verb = /^(?:sigwright )?(\w+)/.exec(command)![1];
    const usage = spawnSync(process.execPath, [MAIN, verb, '--help'], { encoding: 'utf8' }).stdout;
    for (const [option] of command.matchAll(/--[a-z]+/g)) expect(usage, command).toContain(option);
  }
});
