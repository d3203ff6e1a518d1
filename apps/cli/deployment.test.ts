/** What deploy/ says holds: every option exists, every path is there, secrets stand on no command line, and the image runs without node_modules. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { launcherFlags } from '../../tools/launcher-flags.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const read = (...path: readonly string[]): string => readFileSync(join(ROOT, ...path), 'utf8');
const usageOf = (verb: string): string => spawnSync(process.execPath, [join(ROOT, 'apps/cli/main.ts'), verb, '--help'], { encoding: 'utf8' }).stdout;

interface Service {
  readonly image?: string;
  readonly command?: readonly string[];
  readonly environment?: Record<string, string>;
  readonly depends_on?: Record<string, unknown> | readonly string[];
  readonly volumes?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
}
const compose = parse(read('deploy', 'compose.yaml'), { merge: true }) as { services: Record<string, Service>; volumes: Record<string, unknown> };

test('the compose file has server, workers, database and broker, and asks for what exists', () => {
  expect(Object.keys(compose.services)).toEqual(['server', 'worker', 'postgres', 'nats', 'proxy']);
  const variables = new Set(Array.from(read('deploy', 'environment.example').matchAll(/^#?([A-Z_]+)=/gm), ([, name]) => name));
  for (const [name, service] of Object.entries(compose.services)) {
    for (const other of Array.isArray(service.depends_on) ? service.depends_on : Object.keys(service.depends_on ?? {}))
      expect(compose.services, name).toHaveProperty(other);
    // A file that is not there would become an empty folder in its place.
    for (const volume of service.volumes ?? []) if (volume.startsWith('./')) expect(existsSync(join(ROOT, 'deploy', volume.split(':')[0])), volume).toBe(true);
    for (const volume of service.volumes ?? []) if (/^[a-z]+:/.test(volume)) expect(compose.volumes, name).toHaveProperty(volume.split(':')[0]);
    for (const [, variable] of JSON.stringify(service).matchAll(/\$\{([A-Z_]+)/g)) expect(variables, name).toContain(variable);
  }
});

test.each(['server', 'worker'])('%s: the verb knows every option', (name) => {
  const { command = [] } = compose.services[name];
  const [verb, ...options] = command;
  const usage = usageOf(verb);
  expect(options.length).toBeGreaterThan(1);
  for (const option of options) expect(usage, option).toContain(`${option.split('=')[0]} `);
});

// Whoever has a shell on the machine reads command lines; whoever gets the image or the repository, what lies in it.
test('passwords stand on no command line, in no image and in no commit', () => {
  for (const [name, { command = [] }] of Object.entries(compose.services)) expect(command.join(' '), name).not.toMatch(/PASSWORD/);
  expect(read('deploy', 'Containerfile.dockerignore').split('\n')).toContain('**/.env');
  expect(read('.gitignore').split('\n')).toContain('deploy/.env');
});

// The first start of PostgreSQL makes the database with a server that answers on its socket alone and is stopped again.
test('the database counts as ready once it answers over the network', () => {
  expect(compose.services['postgres'].healthcheck?.test).toContain('-h');
});

test('the unit for systemd asks for options that exist', () => {
  const [, line] = /^ExecStart=\S+ serve (.*)$/m.exec(read('deploy', 'sigwright.service'))!;
  const usage = usageOf('serve');
  for (const [option] of line.matchAll(/--[a-z-]+/g)) expect(usage).toContain(`${option} `);
});

// What V8 compiled at the build is taken only with the flags that it was compiled with.
test('the image starts Node as the launcher does', () => {
  const [, entry] = /^ENTRYPOINT (\[.*\])$/m.exec(read('deploy', 'Containerfile'))!;
  expect(JSON.parse(entry)).toEqual(['node', ...launcherFlags(), '/opt/sigwright/dist/cli/main.js']);
});

const isBuilt = existsSync(join(ROOT, 'dist', 'cli', 'main.js'));
test.skipIf(!isBuilt)('what the image holds runs without node_modules', { timeout: 60_000 }, () => {
  const image = mkdtempSync(join(tmpdir(), 'sigwright-image-'));
  try {
    const copies = [...read('deploy', 'Containerfile').matchAll(/^COPY --from=build (.+) (\S+)$/gm)].flatMap(([, from]) => from.split(' '));
    expect(copies.length).toBeGreaterThan(4);
    for (const path of copies)
      cpSync(path.replace('/src', ROOT), join(image, path.replace('/src/', '')), { recursive: true, filter: (one) => !one.includes('node_modules') });
    const week = join('examples', '2024-03-08');
    const out = execFileSync(process.execPath, ['dist/cli/main.js', 'run', '-r', join(week, 'week.pcap'), '-S', join(week, 'rules', 'malware.rules')], {
      cwd: image,
      encoding: 'utf8',
      env: { PATH: '', HOME: image },
    });
    expect(out).toContain('1 × 1240348 SW MALWARE');
  } finally {
    rmSync(image, { recursive: true, force: true });
  }
});
