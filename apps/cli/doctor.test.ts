/** `doctor` finds each way in which a set-up can be broken, says what to do, changes nothing, and is content with a good one. */
import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createPlainServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createServer, type Server } from 'node:tls';
import { openStore } from '@sigwright/workbench';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startNats } from '../../packages/workbench/hunt/own-nats.ts';
import { brokerFindings } from './doctor/broker.ts';
import { eveFindings } from './doctor/eve.ts';
import type { Finding } from './doctor/findings.ts';
import { machineFindings } from './doctor/machine.ts';
import { configurationFindings, repositoryFindings, rulesFindings } from './doctor/rules.ts';
import { storeFindings } from './doctor/store.ts';
import { addressFindings, listenFindings, portFindings } from './doctor/web.ts';

const folder = mkdtempSync(join(tmpdir(), 'sigwright-doctor-'));
const WEEK = join(import.meta.dirname, '..', '..', 'examples', '2024-03-08');
const nats = await startNats();
afterAll(async () => {
  await nats?.stop();
  rmSync(folder, { recursive: true, force: true });
});
const NOW = Date.parse('2024-03-08T10:00:00Z');
const RECORD = { timestamp: '2024-03-08T09:59:00Z', event_type: 'dns', flow_id: 1, community_id: '1:x=' };

/** What is not good, as `grade: says`; every one of it has a remedy. */
function troubles(findings: readonly Finding[]): string[] {
  for (const one of findings) expect(one.grade === 'good' ? '' : (one.remedy ?? ''), one.says).toMatch(one.grade === 'good' ? /^$/ : /\S/);
  return findings.filter(({ grade }) => grade !== 'good').map(({ grade, says }) => `${grade}: ${says.replaceAll(folder, '')}`);
}

function fileOf(name: string, content: string): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

describe('the store', () => {
  let good = '';
  beforeAll(async () => {
    good = join(folder, 'good.db');
    const store = await openStore({ sqlite: good }, { now: () => NOW });
    await store.people.addUser('ada', 'correct horse battery', 'admin');
    await store.ingest([new TextEncoder().encode(`${JSON.stringify(RECORD)}\n`)], 'edge');
    await store.close();
  });
  const ask = async (path: string, now = NOW): Promise<string[]> => troubles((await storeFindings({ sqlite: path }, now)).findings);

  test('a good one is praised', async () => {
    expect(await ask(good)).toEqual([]);
  });

  test('one that is not there yet is told of, and not made', async () => {
    expect(await ask(join(folder, 'none.db'))).toEqual(['note: /none.db does not exist yet']);
    expect(existsSync(join(folder, 'none.db'))).toBe(false);
    expect(await ask(join(folder, 'nowhere', 'none.db'))).toContain('wrong: the folder /nowhere does not exist');
  });

  test('a sensor that fell silent is named', async () => {
    expect(await ask(good, NOW + 3 * 86_400_000)).toEqual(['note: sensor edge was last heard 3 days ago']);
  });

  test('a store of a newer version, of an older one, and one that others may read', async () => {
    const other = join(folder, 'other.db');
    cpSync(good, other);
    chmodSync(other, 0o644);
    expect(await ask(other)).toEqual(['note: every user of the machine may read /other.db']);
    chmodSync(other, 0o600);
    let db = new DatabaseSync(other);
    db.exec(`insert into kysely_migration (name, timestamp) values ('9999 of the future', '')`);
    db.close();
    expect(await ask(other)).toEqual(['wrong: a newer version of sigwright has renewed its tables']);
    db = new DatabaseSync(other);
    db.exec(`delete from kysely_migration where name > '0002'`);
    db.close();
    expect(await ask(other)).toEqual(['note: its tables are of an older version']);
  });

  test('what is no SQLite file, and one with damaged pages', async () => {
    expect((await ask(fileOf('text.db', 'hello'.repeat(500))))[0]).toMatch(/^wrong: .*can not be opened: file is not a database/);
    const bytes = readFileSync(good);
    const damaged = join(folder, 'damaged.db');
    for (let at = 8192; at < bytes.length; at += 4096) bytes.fill(0xee, at, at + 1000);
    writeFileSync(damaged, bytes, { mode: 0o600 });
    expect((await ask(damaged))[0]).toMatch(/^wrong: .*(is damaged|can not be opened)/);
  });

  test('a database that does not answer', async () => {
    const [found] = (await storeFindings({ postgres: 'postgres://me:secret@127.0.0.1:1/x' }, NOW)).findings;
    expect(found).toMatchObject({ grade: 'wrong', remedy: expect.stringContaining('PostgreSQL runs') });
    expect(found.says).not.toContain('secret');
  });
});

describe('eve.json', () => {
  const line = (fields: object = {}): string => `${JSON.stringify({ ...RECORD, ...fields })}\n`;
  const ask = (path: string, now = Date.now()): string[] => troubles(eveFindings(path, undefined, now));
  test.each([
    ['is not there', () => join(folder, 'nothing.json'), ['wrong: /nothing.json does not exist']],
    ['is empty', () => fileOf('empty.json', ''), ['note: /empty.json is empty']],
    ['is a folder', () => folder, ['wrong:  is no file']],
    ['is another log', () => fileOf('fast.log', '03/08/2024 [**] x\n'.repeat(9)), ['wrong: /fast.log holds no EVE records']],
    ['has no ids of flows between tools', () => fileOf('a.json', line({ community_id: undefined })), ['note: records have no community_id']],
    ['has no DNS', () => fileOf('b.json', line({ event_type: 'flow' })), ['note: there are no DNS records among them']],
    ['has broken lines', () => fileOf('c.json', `${line()}{"event_type":\n`), ['note: 1 line of them are no EVE records']],
    [
      'comes from the future',
      () => fileOf('d.json', line({ timestamp: '2999-01-01T00:00:00Z' })),
      [expect.stringMatching(/^wrong: its newest record is [\d,]+ days in the future/)],
    ],
    ['is good', () => fileOf('e.json', line().repeat(5)), []],
  ] as const)('%s', (_, make, expected) => {
    expect(ask(make())).toEqual(expected);
  });

  test('one that nobody writes any more', () => {
    expect(ask(fileOf('old.json', line()), Date.now() + 7_200_000)).toEqual(['note: it was last written 2 hours ago']);
  });

  test('how far the store has read it, and a rotation', async () => {
    const path = fileOf('followed.json', line());
    const place = { sqlite: join(folder, 'follows.db') };
    const store = await openStore(place, { now: () => NOW });
    await store.catchUp(path, 'edge');
    await store.close();
    const says = async (): Promise<string> => eveFindings(path, (await storeFindings(place, NOW)).look, Date.now()).at(-1)!.says;
    expect(await says()).toBe('the store has read it up to its end');
    appendFileSync(path, line({ flow_id: 2 }));
    expect(await says()).toMatch(/^the store has read it up to \d+ bytes before its end/);
    rmSync(path);
    fileOf('between.json', '');
    fileOf('followed.json', line());
    expect(await says()).toMatch(/rotated|shorter|before its end|its end/);
  });
});

describe('rules', () => {
  test('a folder that is no repository; one with a broken file; one that is not in git', () => {
    expect(troubles(repositoryFindings(folder))[0]).toMatch(/^wrong: .*holds no ruleset.yaml/);
    const copy = join(folder, 'ruleset');
    for (const part of ['ruleset.yaml', 'rules', 'evidence', 'reports']) cpSync(join(WEEK, part), join(copy, part), { recursive: true });
    expect(troubles(repositoryFindings(copy))).toEqual(['note: the repository is not in git']);
    execFileSync('git', ['init', '-q', copy]);
    expect(troubles(repositoryFindings(copy))[0]).toMatch(/^note: \d+ files in it are not committed/);
    appendFileSync(join(copy, 'rules', 'malware.rules'), 'alert http any any -> any any (msg:"X y"; nonsense; sid:1240349999;)\n');
    expect(troubles(repositoryFindings(copy)).join('\n')).toMatch(
      /wrong: .*malware.rules:\d+: [\s\S]*note: 1 rule can not be used; the first: .*malware.rules/,
    );
  });

  test('files that do not exist, and files of which nothing can be used', () => {
    expect(troubles(rulesFindings([join(folder, 'no.rules')]))).toEqual(['wrong: /no.rules does not exist']);
    expect(troubles(rulesFindings([fileOf('bad.rules', 'alert nonsense\n')]))).toContain('wrong: none of the rules can be used');
    const good = fileOf('good.rules', 'alert tcp any any -> any any (msg:"a"; content:"long enough"; sid:1;)\n');
    const remedies = rulesFindings([good, fileOf('half.rules', 'alert nonsense\n')]).map(({ remedy = '' }) => remedy);
    expect(remedies.join()).toContain('half.rules');
    expect(remedies.join()).not.toContain('good.rules');
  });

  test('a configuration', () => {
    const good = readFileSync(join(import.meta.dirname, 'suricata.yaml'), 'utf8');
    expect(troubles(configurationFindings(fileOf('good.yaml', good)))).toEqual([]);
    expect(troubles(configurationFindings(fileOf('size.yaml', '%YAML 1.1\n---\nflow:\n  memcap: many\n')))[0]).toMatch(/^wrong: .*flow.memcap/);
    expect(troubles(configurationFindings(fileOf('broken.yaml', 'a: [\n')))[0]).toMatch(/^wrong: .*can not be used/);
    const groups = 'vars:\n  address-groups:\n    HOME_NET: "[10.0.0.0/8"\n    EXTERNAL_NET: "!$HOME_NET"\n  port-groups:\n    HTTP_PORTS: "80:x"\n';
    const told = troubles(configurationFindings(fileOf('groups.yaml', groups))).join('\n');
    for (const words of [
      /wrong: vars.address-groups.HOME_NET: .*`\[10.0.0.0\/8`/,
      /wrong: vars.address-groups.EXTERNAL_NET: /,
      /wrong: vars.port-groups.HTTP_PORTS: /,
    ])
      expect(told).toMatch(words);
    expect(troubles(configurationFindings(fileOf('files.yaml', 'rule-files:\n  - /nowhere/x.rules\n')))).toContainEqual(
      expect.stringMatching(/^wrong: \/nowhere\/x.rules is named in it and does not exist/),
    );
  });
});

describe('machine and web', () => {
  test('a clock that was never set', () => {
    expect(troubles(machineFindings(0, [[folder, 'this']])).filter((one) => one.startsWith('wrong'))).toEqual([
      'wrong: the clock says 1970-01-01T00:00:00.000Z, before sigwright was installed',
    ]);
  });

  test('a port that is taken, addresses without TLS, and those that nobody listens at', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    expect(troubles(await portFindings(port, '127.0.0.1'))).toEqual([`note: port ${port} of 127.0.0.1 is taken`]);
    const plain = createPlainServer((socket) => void socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n')).listen(0, '127.0.0.1');
    await new Promise((resolve) => plain.once('listening', resolve));
    const other = (plain.address() as { port: number }).port;
    expect(troubles(await addressFindings(`https://127.0.0.1:${other}`, NOW))).toEqual([
      `wrong: 127.0.0.1:${other} can not be reached by TLS: what answers there does not speak TLS (wrong version number)`,
    ]);
    expect(troubles(listenFindings('0.0.0.0', undefined))).toEqual(['wrong: it is to listen on 0.0.0.0, and no address with TLS is named']);
    expect(troubles(listenFindings('0.0.0.0', 'https://alerts.example'))).toEqual([]);
    plain.close();
    server.close();
    expect(troubles(await addressFindings('http://alerts.example', NOW))).toEqual(['wrong: http://alerts.example has no TLS']);
    expect(troubles(await addressFindings('alerts', NOW))).toEqual(['wrong: alerts is no address of the web']);
    expect(troubles(await addressFindings('https://127.0.0.1:1', NOW))[0]).toMatch(/^wrong: 127.0.0.1:1 can not be reached by TLS/);
  });

  const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
  if (!hasOpenssl) console.warn('left out: certificates; there is no openssl');
  test.skipIf(!hasOpenssl)('certificates: not trusted, about to end, ended, not yet valid', async () => {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-keyout',
        key,
        '-out',
        cert,
        '-days',
        '30',
        '-subj',
        '/CN=127.0.0.1',
        '-addext',
        'subjectAltName=IP:127.0.0.1',
      ],
      { stdio: 'ignore' },
    );
    const pem = readFileSync(cert, 'utf8');
    const server: Server = createServer({ key: readFileSync(key), cert: pem }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = `https://127.0.0.1:${(server.address() as { port: number }).port}`;
    const ask = async (days: number, trusted = true): Promise<string[]> =>
      troubles(await addressFindings(address, Date.now() + days * 86_400_000, trusted ? pem : '')).map((one) => one.replace(/127.0.0.1:\d+/, 'HERE'));
    const name = 'the certificate of HERE (127.0.0.1)';
    expect(await ask(1, false)).toEqual([`wrong: ${name} is not trusted: DEPTH_ZERO_SELF_SIGNED_CERT`]);
    expect(await ask(1)).toEqual([]);
    expect(await ask(20.5)).toEqual([`note: ${name} ends in 9 days`]);
    expect(await ask(40.5)).toEqual([`wrong: ${name} ended 10 days ago`]);
    expect(await ask(-10)).toEqual([`wrong: ${name} does not hold yet`]);
    server.close();
  });
});

describe('the broker', () => {
  test('one that is away; the password is not shown', async () => {
    const [found] = await brokerFindings('nats://me:secret@127.0.0.1:1');
    expect(found.grade).toBe('wrong');
    expect(found.says).not.toContain('secret');
  });

  test.skipIf(nats === undefined)('one that is there: nothing is made by looking', async () => {
    for (let round = 0; round < 2; round++) expect(troubles(await brokerFindings(nats!.url))).toEqual(['note: 5 streams of ours are not there yet']);
  });
});

test('the verb: exit code, areas, one object a line', () => {
  mkdirSync(join(folder, 'captures'));
  const options = ['--store', join(folder, 'verb.db'), '--archive', join(folder, 'captures'), '--eve', join(folder, 'none.json'), '--home-net', '10.0.0.0/8'];
  const { stdout, status } = spawnSync(process.execPath, [join(import.meta.dirname, 'main.ts'), 'doctor', ...options, '--json'], { encoding: 'utf8' });
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Finding);
  expect(status).toBe(1);
  expect(new Set(lines.map(({ area }) => area))).toEqual(new Set(['machine', 'store', 'eve', 'archive']));
});
