/**
 * `npm test`: what tests need beside Node is installed where it may be; cheap gates come first (format, types, import rules), then the
 * tests, then short fuzz runs. Ends with a line `N passed, N failed`; a gate counts as one.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installTestServers } from './install-test-servers.ts';

const root = join(import.meta.dirname, '..');
const node = process.execPath;
let passed = 0;
let failed = 0;

function gate(name: string, command: string, args: readonly string[]): void {
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  if (status === 0) {
    passed++;
    console.log(`ok    ${name} (${seconds} s)`);
  } else {
    failed++;
    console.log(`FAIL  ${name} (${seconds} s)\n${stdout}\n${stderr}`);
  }
}

const bin = (name: string): string => join(root, 'node_modules', '.bin', name);

installTestServers();
gate('catalogue index', node, ['tools/generate-catalogue-index.ts']);
gate('format and lint', bin('biome'), ['check', '.']);
gate('types', bin('tsc'), ['--noEmit']);
gate('types of the scripts in pages', bin('tsc'), ['--noEmit', '-p', 'apps/server/client']);
gate('import rules', node, ['tools/check-imports.ts']);
gate('compiled kernel', node, ['tools/build-kernel.ts', '--check']);

const report = join(tmpdir(), `sigwright-tests-${process.pid}.json`);
const run = spawnSync(bin('vitest'), ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`], {
  cwd: root,
  stdio: ['ignore', 'inherit', 'inherit'],
});
if (existsSync(report)) {
  const { numPassedTests, numFailedTests, numFailedTestSuites } = JSON.parse(readFileSync(report, 'utf8')) as {
    numPassedTests: number;
    numFailedTests: number;
    numFailedTestSuites: number;
  };
  passed += numPassedTests;
  failed += numFailedTests === 0 && (numFailedTestSuites > 0 || run.status !== 0) ? 1 : numFailedTests;
  rmSync(report);
} else failed++;

/** Seconds each fuzzer gets here; ten minutes each are for releases. */
const FUZZ_SECONDS = '3';
for (const fuzzer of globSync('fuzz/*.fuzz.ts', { cwd: root }).sort()) gate(`fuzz ${fuzzer}`, node, [fuzzer, FUZZ_SECONDS]);

if (!existsSync(join(root, '..', 'shared')))
  console.log('\nleft out: what needs the shared reference data (npm run check:shared), since ../shared is not there');
else console.log('\nleft out: what needs the shared reference data; run it with npm run check:shared');
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
