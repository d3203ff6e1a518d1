/**
 * `sigwright update` from a server to a sensor's file: wishes, previews, sources, signatures, and what goes wrong with the rules left as
 * they were. Beside it the real suricata-update, where it is installed: equal sets from equal wishes.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { newSigningKey, signBytes, tar } from '@sigwright/workbench';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

const SIGWRIGHT = join(import.meta.dirname, '..', '..', 'sigwright');
const installed = spawnSync('suricata-update', ['--version']).error === undefined;
if (!installed) console.log('left out: suricata-update is not installed, so its sets are not compared with those of update');

const folder = mkdtempSync(join(tmpdir(), 'sigwright-update-'));
const at = (name: string): string => join(folder, name);
const served = new Map<string, Buffer>();
/** Content-Location of a path. */
const stays = new Map<string, string>();
let asked: string[] = [];
let server: Server;
let base = '';

beforeAll(async () => {
  server = createServer((request, response) => {
    const path = request.url ?? '';
    const bytes = served.get(path);
    if (bytes === undefined) {
      response.writeHead(404).end();
      return;
    }
    const tag = `"${bytes.length}-${bytes.at(-1)}"`;
    if (request.headers['if-none-match'] === tag) {
      response.writeHead(304).end();
      return;
    }
    asked.push(path);
    const place = stays.get(path);
    response.writeHead(200, { etag: tag, 'content-length': bytes.length, ...(place === undefined ? {} : { 'content-location': place }) }).end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => {
  served.clear();
  stays.clear();
  asked = [];
  for (const name of ['data', 'out', 'theirs', 'their-data']) rmSync(at(name), { recursive: true, force: true });
});

const RULES = [
  'alert http any any -> any any (msg:"EXAMPLE MALWARE one"; http.uri; content:"/one"; sid:1; rev:1; metadata:deployment Perimeter, signature_severity Major;)',
  '# alert tcp any any -> any any (msg:"EXAMPLE sets a bit"; content:"a"; flowbits:set,bit; sid:2; rev:1;)',
  'alert tcp any any -> any any (msg:"EXAMPLE MALWARE waits for it"; content:"b"; flowbits:isset,bit; sid:3; rev:4;)',
  'alert tcp any any -> any any (msg:"EXAMPLE HUNTING quiet"; content:"c"; noalert; sid:4; rev:1;)',
  '# alert dns any any -> any any (msg:"EXAMPLE MALWARE lookup"; dns.query; content:"evil.example"; sid:5; rev:2; metadata:deployment Internal;)',
  'alert tcp $EXTERNAL_NET any -> $HOME_NET any (msg:"EXAMPLE MALWARE six"; content:"six"; sid:6; rev:1;)',
  'alert tcp any any -> any any (msg:"EXAMPLE MALWARE six newer"; content:"six"; sid:6; rev:2;)',
];

async function serveArchive(path: string, rules: readonly string[] = RULES): Promise<Buffer> {
  const files: [string, Uint8Array][] = [
    ['rules/example-malware.rules', Buffer.from(`${rules.join('\n')}\n`)],
    ['rules/example-deleted.rules', Buffer.from('alert tcp any any -> any any (msg:"EXAMPLE DELETED"; content:"x"; sid:90; rev:1;)\n')],
    ['rules/classification.config', Buffer.from('config classification: bad,Bad,1\n')],
  ];
  const bytes = Buffer.from(gzipSync(await tar(files, '2026-11-26')));
  served.set(path, bytes);
  return bytes;
}

function wishes(given: Readonly<Record<string, string>>): string[] {
  return ['disable', 'enable', 'drop', 'modify'].flatMap((kind) => {
    writeFileSync(at(`${kind}.conf`), given[kind] ?? '');
    return [`--${kind}-conf`, at(`${kind}.conf`)];
  });
}

interface Run {
  readonly status: number | null;
  readonly out: string;
  readonly told: string;
}

/** Not the waiting kind of spawn: the server answers from this process. */
async function spawned(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Run> {
  const child = spawn(command, args, { env: { ...process.env, ...env } });
  let out = '';
  let told = '';
  child.stdout.on('data', (chunk) => (out += String(chunk)));
  child.stderr.on('data', (chunk) => (told += String(chunk)));
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { status, out, told };
}

const update = (...args: readonly string[]): Promise<Run> =>
  spawned(SIGWRIGHT, ['update', '-D', at('data'), ...args], { SOURCE_INDEX_URL: `${base}/index.yaml` });
const written = (name = 'out'): string => readFileSync(join(at(name), 'suricata.rules'), 'utf8');

describe('sigwright update', () => {
  test('fetches, does what is wished, and fetches nothing when nothing changed', async () => {
    await serveArchive('/rules.tar.gz');
    const args = [
      '--url',
      `${base}/rules.tar.gz`,
      '-o',
      at('out'),
      ...wishes({ disable: '1\n999 # not ours\n', enable: 're:lookup', drop: '*', modify: '6 "newer" "newest"' }),
    ];
    const first = await update(...args);
    expect(first.status).toBe(0);
    expect(first.out).toContain('wrote 6 rules (5 enabled)');
    expect(first.told).toContain('line 2 `999` means no rule');
    expect(first.told).toContain('1 rule with noalert not made to drop');
    expect(written()).toContain('# drop http any any -> any any (msg:"EXAMPLE MALWARE one"');
    expect(written()).toContain('alert tcp any any -> any any (msg:"EXAMPLE sets a bit"; content:"a"; flowbits:set,bit; noalert; sid:2;');
    expect(written()).toContain('six newest');
    expect(readFileSync(join(at('out'), 'classification.config'), 'utf8')).toContain('Bad');
    const second = await update(...args);
    expect(second.told).toContain('not changed');
    expect(second.out).toContain('nothing changed');
    expect(asked).toEqual(['/rules.tar.gz']);
  });

  test('a preview names every change and writes nothing', async () => {
    await serveArchive('/rules.tar.gz');
    const args = ['--url', `${base}/rules.tar.gz`, '-o', at('out')];
    await update(...args);
    const before = written();
    await serveArchive('/rules.tar.gz', [
      ...RULES.slice(1),
      RULES[0].replace('"/one"', '"/uno"').replace('rev:1', 'rev:2'),
      RULES[2].replace('sid:3', 'sid:7'),
    ]);
    const { out } = await update(...args, '--preview');
    expect(out).toContain('added (1)\n  7  ');
    expect(out).toContain('changed (1)\n  1  EXAMPLE MALWARE one\n      content');
    expect(out).toContain('would write');
    expect(written()).toBe(before);
  });

  test('takes only what the key signed', async () => {
    const bytes = await serveArchive('/rules.tar.gz');
    const key = newSigningKey();
    writeFileSync(at('key.pub'), key.public);
    const args = ['--url', `${base}/rules.tar.gz`, '-o', at('out'), '--public-key', at('key.pub')];
    const unsigned = await update(...args);
    expect([unsigned.status, existsSync(at('out'))]).toEqual([1, false]);
    expect(unsigned.told).toContain('has no signature');
    const other = signBytes(bytes, newSigningKey().secret, 'x');
    served.set('/rules.tar.gz.minisig', Buffer.from(other.ok ? other.value : ''));
    expect((await update(...args)).told).toContain('another key');
    const right = signBytes(bytes, key.secret, 'x');
    served.set('/rules.tar.gz.minisig', Buffer.from(right.ok ? right.value : ''));
    expect((await update(...args)).status).toBe(0);
  });

  test("a release that comes between an archive and its signature does no harm; a place on another server is nobody's word", async () => {
    const bytes = await serveArchive('/rules.tar.gz');
    const key = newSigningKey();
    writeFileSync(at('key.pub'), key.public);
    const args = ['--url', `${base}/rules.tar.gz`, '-o', at('out'), '--public-key', at('key.pub')];
    const [now, next] = [bytes, Buffer.from('the next release')].map((one) => signBytes(one, key.secret, 'x'));
    served.set('/rules.tar.gz.minisig', Buffer.from(next.ok ? next.value : ''));
    served.set('/releases/1/rules.tar.gz.minisig', Buffer.from(now.ok ? now.value : ''));
    stays.set('/rules.tar.gz', 'http://127.0.0.2/releases/1/rules.tar.gz');
    expect((await update(...args)).status).toBe(1);
    stays.set('/rules.tar.gz', '/releases/1/rules.tar.gz');
    expect((await update(...args)).status).toBe(0);
  });

  test.each<readonly [why: string, serve: () => void, says: string]>([
    ['the server has nothing', () => served.clear(), 'answers 404'],
    ['the archive is cut off', () => served.set('/rules.tar.gz', served.get('/rules.tar.gz')!.subarray(0, 200)), 'damaged'],
    ['the archive holds no rules', () => served.set('/rules.tar.gz', gzipSync('no rule here')), 'holds no rules'],
  ])('%s: the rules stay as they are', async (_why, serve, says) => {
    await serveArchive('/rules.tar.gz');
    const args = ['--url', `${base}/rules.tar.gz`, '-o', at('out')];
    await update(...args);
    const before = written();
    serve();
    const { status, told } = await update(...args);
    expect(status).toBe(1);
    expect(told).toContain(says);
    expect(written()).toBe(before);
    // And what was fetched before is still good.
    expect((await update(...args, '--offline')).status).toBe(0);
  });

  test('a wish that is not understood stops all', async () => {
    await serveArchive('/rules.tar.gz');
    const { status, told } = await update('--url', `${base}/rules.tar.gz`, '-o', at('out'), ...wishes({ disable: '1\nheartbleed\n' }));
    expect(status).toBe(1);
    expect(told).toContain('line 2: `heartbleed` is no signature number');
    expect(existsSync(at('out'))).toBe(false);
  });

  test('sources are listed, enabled with their parameters, added and disabled', async () => {
    await serveArchive('/abc/7/rules.tar.gz');
    served.set(
      '/index.yaml',
      Buffer.from(
        `version: 1\nsources:\n  me/keyed:\n    summary: Rules with a key\n    vendor: Me\n    license: BSD\n    url: ${base}/%(code)s/%(__version__)s/rules.tar.gz\n    parameters:\n      code:\n        prompt: Code\n`,
      ),
    );
    expect((await update('list')).told).toContain('no list of sources is there yet');
    expect((await update('sources')).out).toContain('1 source known');
    expect((await update('enable', 'me/keyed')).told).toContain('me/keyed needs code=');
    expect((await update('enable', 'me/other')).told).toContain('no source is called');
    expect((await update('enable', 'me/keyed', 'code=abc')).out).toContain('enabled');
    expect((await update('list')).out).toContain('me/keyed  (enabled; needs code)\n    Rules with a key\n    Me, BSD');
    expect((await update('-o', at('out'), '--suricata-version', '7')).status).toBe(0);
    expect(asked).toContain('/abc/7/rules.tar.gz');
    expect((await update('disable', 'me/keyed')).status).toBe(0);
    expect((await update('add', 'own', `${base}/abc/7/rules.tar.gz`)).status).toBe(0);
    expect((await update('list')).out).toMatch(/me\/keyed {2}\(needs code\)[\s\S]*own {2}\(enabled\)/);
  });

  test('rules that do not load are named, and with --fail nothing is written', async () => {
    await serveArchive('/rules.tar.gz', ['alert tcp any any -> any any (msg:"x"; nonsense:1; sid:1; rev:1;)']);
    const args = ['--url', `${base}/rules.tar.gz`, '-o', at('out')];
    const failing = await update(...args, '--fail');
    expect([failing.status, existsSync(at('out'))]).toEqual([1, false]);
    expect(failing.told).toContain('1 does not load');
    expect((await update(...args)).status).toBe(0);
  });
});

describe.runIf(installed)('beside suricata-update', () => {
  /** sid → the rule without what tells nothing: where metadata stand, blanks */
  const setOf = (name: string): Record<string, string> =>
    Object.fromEntries(
      written(name)
        .split('\n')
        .filter((line) => /\bsid:/.test(line))
        .map((line) => [/\bsid:(\d+)/.exec(line)![1], line.replace(/;\s*metadata:\s*/g, ', ').replace(/metadata:\s*/, '')]),
    );

  test.each<readonly [why: string, given: Readonly<Record<string, string>>]>([
    ['nothing wished', {}],
    ['numbers, patterns, files', { disable: '1, 1:3\nre:HUNTING\n', enable: 're:lookup\n', drop: 'group:example-malware\n' }],
    ['metadata and order', { disable: 'metadata: deployment perimeter\n', enable: '1\n', drop: '1\n', modify: '1 "^drop" "reject"\n' }],
    [
      'modifications',
      {
        modify: '6 "\\\\$EXTERNAL_NET" "any"\nre:MALWARE "EXAMPLE (\\w+)" "OWN \\\\1"\nmodifysid 5,3 "content" | "content"\nmetadata-add 6 "reviewed" "yes"\n',
      },
    ],
    ['everything off', { disable: '*\n', enable: '3\n' }],
  ])(
    '%s',
    async (_why, given) => {
      await serveArchive('/rules.tar.gz');
      const common = ['--url', `${base}/rules.tar.gz`, ...wishes(given)];
      expect((await update(...common, '-o', at('out'), '--no-test')).status).toBe(0);
      const theirs = [
        'update',
        ...common,
        '-o',
        at('theirs'),
        '-D',
        at('their-data'),
        '--suricata-version',
        '7.0.3',
        '--no-test',
        '--no-reload',
        '--now',
        '--force',
      ];
      expect((await spawned('suricata-update', theirs)).status).toBe(0);
      expect(setOf('out')).toEqual(setOf('theirs'));
    },
    30_000,
  );
});
