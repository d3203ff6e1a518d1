/** The real suricata-update against `sigwright serve-rules`: sources, enable, update with policies, and a second update that fetches nothing. */
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const SIGWRIGHT = join(import.meta.dirname, 'main.ts');
const installed = spawnSync('suricata-update', ['--version']).error === undefined;
if (!installed) console.log('left out: suricata-update is not installed, so it is not shown to work with serve-rules');

describe.runIf(installed)('suricata-update', () => {
  test('fetches the release, applies its policies, and fetches nothing when nothing changed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sigwright-serve-'));
    const at = (name: string): string => join(folder, name);
    cpSync(join(ROOT, 'examples', '2024-03-08'), at('week'), { recursive: true });
    expect(spawnSync(process.execPath, [SIGWRIGHT, 'release', '-C', at('week'), '--version', '1', '--date', '2024-03-08']).status).toBe(0);
    const server = spawn(process.execPath, [SIGWRIGHT, 'serve-rules', '-C', at('week'), '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const address = await new Promise<string>((resolve, reject) => {
        server.once('exit', () => reject(new Error('serve-rules ended')));
        server.stdout.on('data', (chunk) => {
          const match = /http:\/\/[\d.:]+/.exec(String(chunk));
          if (match !== null) resolve(match[0]);
        });
      });
      const update = (...args: readonly string[]): string => {
        const run = spawnSync('suricata-update', [...args, '-D', at('data')], {
          encoding: 'utf8',
          env: { ...process.env, SOURCE_INDEX_URL: `${address}/index.yaml` },
        });
        return run.stdout + run.stderr;
      };
      update('update-sources');
      expect(update('enable-source', 'example-week/open')).toContain('example-week/open enabled');
      writeFileSync(at('disable.conf'), '1240301\nre:Ducktail\n');
      const again = (): string =>
        update('update', '--suricata-version', '7.0.3', '-o', at('out'), '--no-test', '--no-reload', '--now', '--disable-conf', at('disable.conf'));
      expect(again()).toMatch(/total: 50; enabled: 39/);
      expect(again()).toContain('Not fetching');
      expect(readFileSync(at('out/suricata.rules'), 'utf8')).toMatch(/^# alert .*sid:1240301;/m);
    } finally {
      server.kill();
      rmSync(folder, { recursive: true, force: true });
    }
  }, 60_000);
});
