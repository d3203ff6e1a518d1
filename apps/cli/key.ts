/**
 * `sigwright key new FILE`: a secret key (FILE, readable by its owner alone) and its public one (FILE.pub, minisign's form).
 * `sigwright key check FILE… --public KEY`: is FILE what FILE.minisig says was signed? Exit 1 where one is not.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { newSigningKey, verifyBytes } from '@sigwright/workbench';
import { argumentsOf, UsageProblem } from './shared/arguments.ts';

const USAGE = `sigwright key new FILE
sigwright key check FILE… --public KEY

A key to sign releases with (FILE) and the public key that others check them with (FILE.pub, in minisign's form); or whether each FILE
is what its FILE.minisig says was signed.

  -p, --public KEY       the public key: a file in minisign's form
`;

/** Owner reads and writes. */
const SECRET_MODE = 0o600;

export async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = argumentsOf(USAGE, argv, { allowPositionals: true, options: { public: { type: 'string', short: 'p' } } });
  const [what, ...paths] = positionals;
  if (what === 'new' && paths.length === 1) return make(paths[0]);
  if (what === 'check' && paths.length > 0 && values.public !== undefined) return check(paths, values.public);
  throw new UsageProblem('write `key new FILE` or `key check FILE… --public KEY`', USAGE);
}

function make(path: string): number {
  const key = newSigningKey();
  try {
    // `wx`: a key that is there is never written over.
    writeFileSync(path, key.secret, { mode: SECRET_MODE, flag: 'wx' });
    writeFileSync(`${path}.pub`, key.public, { flag: 'wx' });
  } catch (cause) {
    process.stderr.write(`sigwright key: ${(cause as Error).message}\n`);
    return 1;
  }
  process.stdout.write(`secret key: ${path} (keep it out of the repository)\npublic key: ${path}.pub\n`);
  return 0;
}

function check(paths: readonly string[], publicPath: string): number {
  let wrong = 0;
  for (const path of [publicPath, ...paths, ...paths.map((one) => `${one}.minisig`)]) {
    if (existsSync(path)) continue;
    process.stderr.write(`sigwright key: ${path} does not exist\n`);
    wrong++;
  }
  if (wrong > 0) return 1;
  const publicKey = readFileSync(publicPath, 'utf8');
  for (const path of paths) {
    const verdict = verifyBytes(readFileSync(path), readFileSync(`${path}.minisig`, 'utf8'), publicKey);
    process.stdout.write(verdict.ok ? `ok    ${path}: ${verdict.value}\n` : `FAIL  ${path}: ${verdict.message}\n`);
    if (!verdict.ok) wrong++;
  }
  return wrong === 0 ? 0 : 1;
}
