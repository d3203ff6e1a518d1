/**
 * What tests need beside Node, from Debian's packages: a browser, a NATS server, PostgreSQL. Installed where that can be done without a
 * question (as root, where apt-get is); elsewhere the tests that need them are left out and say so.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';

const NEEDED = [
  { name: 'chromium', places: ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'] },
  { name: 'nats-server', places: ['/usr/sbin/nats-server', '/usr/bin/nats-server', '/usr/local/bin/nats-server'] },
  { name: 'postgresql', places: ['/usr/lib/postgresql/*/bin/initdb'] },
] as const;

/** Milliseconds; a registry that does not answer must not hold the tests up. */
const PATIENCE = 300_000;

function isThere(place: string): boolean {
  return place.includes('*') ? globSync(place).length > 0 : existsSync(place);
}

export function installTestServers(): void {
  const missing = NEEDED.filter(({ places }) => !places.some(isThere)).map(({ name }) => name);
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    console.log(`not installed: ${missing.join(', ')}; tests that need them are left out (Debian: apt-get install ${missing.join(' ')})`);
    return;
  }
  console.log(`installing what tests need: ${missing.join(', ')}`);
  const run = (...args: readonly string[]): boolean =>
    spawnSync('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=60', ...args], {
      stdio: ['ignore', 'ignore', 'inherit'],
      timeout: PATIENCE,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    }).status === 0;
  if (!run('update') || !run('install', '-y', ...missing)) console.log('they could not be installed; tests that need them are left out');
}
