/** The engine's verbs as the bundled command line has them: one script, with what V8 compiled of it beside. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { launcherFlags } from '../../tools/launcher-flags.ts';
import { COMPILED } from './shared/engine-script.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const BUILT = join(ROOT, 'dist', 'cli');
const EXAMPLE = join(ROOT, 'examples', '2024-03-08');
const folder = mkdtempSync(join(tmpdir(), 'sigwright-script-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const flags = launcherFlags();

/** Whether V8 takes what lies beside the script, under these flags. */
function isTaken(file: string, underFlags: readonly string[]): boolean {
  const ask = `const { engineScript } = await import(${JSON.stringify(join(import.meta.dirname, 'shared', 'engine-script.ts'))});
console.log(engineScript(${JSON.stringify(file)}).script.cachedDataRejected === false);`;
  const { stdout, stderr } = spawnSync(process.execPath, [...underFlags, '--input-type=module', '-e', ask], { encoding: 'utf8' });
  expect(stderr).toBe('');
  return stdout === 'true\n';
}

// Where nothing is built (sources alone), there is nothing to try.
describe.skipIf(!existsSync(join(BUILT, 'engine.cjs')))('the engine as a script', () => {
  test('with the flags of the launcher V8 takes what was compiled, so that it need not do it again', () => {
    expect(flags.length).toBeGreaterThan(0);
    expect(isTaken(join(BUILT, 'engine.cjs'), flags)).toBe(true);
  });

  // Whatever lies there, a run is the same.
  test.each<readonly [what: string, change: (compiled: Buffer) => Buffer | undefined]>([
    ['nothing', () => undefined],
    ['half of it', (compiled) => compiled.subarray(0, compiled.length / 2)],
    ['an empty file', () => Buffer.alloc(0)],
    ['something else', (compiled) => Buffer.alloc(compiled.length, 0x5a)],
    ['one with a wrong bit', (compiled) => Buffer.from(compiled.map((byte, at) => (at === compiled.length >>> 1 ? byte ^ 1 : byte)))],
    ['that of another script', (compiled) => Buffer.concat([compiled.subarray(0, -4), Buffer.of(1, 2, 3, 4)])],
    ['that of another V8', (compiled) => Buffer.from(compiled.map((byte, at) => (at >= 4 && at < 8 ? byte ^ 0xff : byte)))],
  ])('%s beside it: it is compiled as ever', (what, change) => {
    const place = join(folder, what.replaceAll(' ', '-'));
    cpSync(BUILT, join(place, 'dist', 'cli'), { recursive: true });
    cpSync(join(ROOT, 'apps', 'cli', 'suricata.yaml'), join(place, 'apps', 'cli', 'suricata.yaml'));
    const file = join(place, 'dist', 'cli', 'engine.cjs');
    const changed = change(readFileSync(`${file}${COMPILED}`));
    if (changed === undefined) rmSync(`${file}${COMPILED}`);
    else writeFileSync(`${file}${COMPILED}`, changed);
    const options = ['run', '-r', join(EXAMPLE, 'week.pcap'), '-S', join(EXAMPLE, 'rules', 'malware.rules'), '--json'];
    const ran = spawnSync(process.execPath, [join(place, 'dist', 'cli', 'main.js'), ...options], { encoding: 'utf8', maxBuffer: 1e8 });
    const other = spawnSync(process.execPath, [join(import.meta.dirname, 'main.ts'), ...options], { encoding: 'utf8', maxBuffer: 1e8 });
    expect(ran.stderr).toBe(other.stderr);
    expect(ran.stdout).toBe(other.stdout);
    expect(ran.stdout.length).toBeGreaterThan(1000);
  });

  test.each<readonly [what: string, words: readonly string[]]>([
    ['a module that is loaded when it is asked for', ['--home-net', '10.3.8.0/24']],
    ['threads, which load the script once more', ['--threads', '2']],
    ['a rule whose transform is a program of its own', ['-S', 'transform.rules']],
  ])('%s: the same, and nothing of Node itself on standard error', (_, words) => {
    writeFileSync(join(folder, 'upper.lua'), 'function init(args) return {} end function transform(input, args) return string.upper(input), #input end');
    writeFileSync(
      join(folder, 'transform.rules'),
      'alert http any any -> any any (msg:"t"; flow:to_server; http.method; luaxform:upper.lua; content:"GET"; sid:9; metadata:signature_severity Minor;)\n',
    );
    const options = ['run', '-r', join(EXAMPLE, 'week.pcap'), '-S', join(EXAMPLE, 'rules', 'malware.rules'), '--json', ...words];
    const by = (main: string) => spawnSync(process.execPath, [main, ...options], { cwd: folder, encoding: 'utf8', maxBuffer: 1e8 });
    const ran = by(join(BUILT, 'main.js'));
    expect([ran.status, ran.stderr]).toEqual([0, '']);
    expect(ran.stdout).toBe(by(join(import.meta.dirname, 'main.ts')).stdout);
    if (words[0] === '-S') expect(ran.stdout).toContain('"signature_id":9,');
  });

  test('what goes wrong is said as by every other verb', () => {
    const ran = spawnSync(process.execPath, [join(BUILT, 'main.js'), 'run', '-r', join(folder, 'no-such.pcap')], { encoding: 'utf8' });
    expect([ran.status, ran.stderr]).toEqual([1, expect.stringContaining('no-such.pcap')]);
    const wrong = spawnSync(process.execPath, [join(BUILT, 'main.js'), 'run', '--no-such-option'], { encoding: 'utf8' });
    expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringContaining('sigwright run:')]);
  });
});
