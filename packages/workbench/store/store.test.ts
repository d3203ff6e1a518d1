/** The store on both engines: what is counted once, what survives a stop, what verdicts do, what is forgotten. */
import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openDatabase } from './engines.ts';
import { openStore, type Store, type StorePlace } from './index.ts';
import { LineCutter } from './lines.ts';
import { type Postgres, startPostgres } from './own-postgres.ts';

const folder = mkdtempSync(join(tmpdir(), 'sigwright-store-'));
const postgres: Postgres | undefined = await startPostgres();
if (postgres === undefined) console.warn('left out: the store on PostgreSQL, which could not be started (Debian: apt-get install postgresql)');
afterAll(async () => {
  await postgres?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const START = Date.parse('2024-03-08T09:00:00Z');
let clock = START;
const encoder = new TextEncoder();

interface Fields {
  readonly at?: number;
  readonly sid?: number;
  readonly signature?: string;
  readonly from?: string;
  readonly to?: string;
  readonly name?: string;
  readonly metadata?: Record<string, string[]>;
  readonly port?: number;
}

function eve(
  type: 'alert' | 'dns' | 'http',
  { at = 0, sid = 1, signature, from = '10.0.0.5', to = '203.0.113.1', name, metadata, port = 80 }: Fields = {},
): string {
  const base = {
    timestamp: new Date(START + at * 1000).toISOString(),
    flow_id: 1000 + at,
    event_type: type,
    src_ip: from,
    src_port: 5000,
    dest_ip: to,
    dest_port: port,
    proto: 'TCP',
  };
  const alert =
    type === 'alert'
      ? { alert: { signature_id: sid, rev: 1, signature: signature ?? `ET MALWARE Thing ${sid} CnC Checkin`, category: 'x', severity: 1, metadata } }
      : {};
  return `${JSON.stringify({ ...base, ...alert, ...(name === undefined ? {} : { dns: { queries: [{ rrname: name }] } }) })}\n`;
}

/** One message of a single byte a chunk, or whole. */
async function put(store: Store, text: string, bytewise = false): Promise<ReturnType<Store['ingest']>> {
  const bytes = encoder.encode(text);
  return store.ingest(bytewise ? Array.from(bytes, (_, at) => bytes.subarray(at, at + 1)) : [bytes], 'sensor');
}

const places: [string, () => StorePlace][] = [['SQLite', () => ({ sqlite: join(folder, `${Math.random()}.db`) })]];
if (postgres !== undefined) places.push(['PostgreSQL', () => ({ postgres: postgres.address })]);

describe.each(places)('%s', (engine, placeOf) => {
  let place: StorePlace;
  let store: Store;
  const open = async (): Promise<Store> => {
    store = await openStore(place, {
      now: () => clock,
      factsOf: (sid) => (sid === 21 || sid === 22 ? { report: { slug: 'week', title: 'A week', playbook: 'Reset its passwords.', correlate: '' } } : undefined),
    });
    return store;
  };
  beforeAll(() => {
    place = placeOf();
  });
  beforeEach(async () => {
    if (engine === 'SQLite') place = placeOf();
    else {
      const { default: pg } = await import('pg');
      const client = new pg.Client(postgres!.address);
      await client.connect();
      await client.query('drop schema public cascade; create schema public');
      await client.end();
    }
    clock = START;
    await open();
  });
  afterEach(() => store.close());

  test('the same line counts once: twice in one batch, later, after a restart, from another sensor', async () => {
    const line = eve('alert');
    expect(await put(store, line + line)).toEqual({ added: 1, known: 1, broken: 0, alerts: 1 });
    expect(await put(store, line)).toMatchObject({ added: 0, known: 1 });
    await store.close();
    await open();
    expect(await store.ingest([encoder.encode(line)], 'other')).toMatchObject({ added: 0, known: 1 });
    expect((await store.hosts()).hosts).toMatchObject([{ host: '10.0.0.5', alerts: 1 }]);
    expect((await store.signatures()).map((one) => one.alerts)).toEqual([1]);
    expect(await store.alertHours()).toEqual([{ hour: START, alerts: 1 }]);
  });

  test('what is no record is counted as broken, and the rest is kept', async () => {
    const text = `not json\n{"event_type":1}\n[]\nnull\n\n${eve('alert')}{"event_type":"stats"}`;
    expect(await put(store, text, true)).toEqual({ added: 2, known: 0, broken: 4, alerts: 1 });
  });

  test('fields of any kind and size are kept or left out, never fatal', async () => {
    const odd = [
      { event_type: 'alert', alert: { signature_id: 'x' }, src_ip: 5, src_port: 'http', timestamp: 'yesterday' },
      {
        event_type: 'alert',
        alert: { signature_id: 7, signature: 'a\u0000b\ud800', rev: 1e300, severity: -1, metadata: { malware_family: 'x' } },
        src_ip: '10.0.0.1',
      },
      { event_type: 'dns', dns: { queries: 'x' }, dest_port: 99999, flow_id: 'x', src_ip: 'z'.repeat(5000) },
      { event_type: 'alert', alert: [], tls: null, http: null, dns: null },
      { event_type: 'tls', tls: { sni: 'a\u0000.example' }, timestamp: '2024-03-08T09:00:00.000000+0000' },
    ];
    expect(await put(store, odd.map((one) => JSON.stringify(one)).join('\n'))).toMatchObject({ added: 5, broken: 0 });
    expect((await store.alerts({})).alerts.map((one) => one.signature)).toEqual(['a\ufffdb\ufffd']);
  });

  test('flow ids that JavaScript can not count are kept digit by digit', async () => {
    await put(store, eve('alert').replace('"flow_id":1000', '"flow_id":9223372036854775807'));
    expect((await store.flow('9223372036854775807', START)).length).toBe(1);
  });

  test('a flow is shown with what it did within half a day, and with nothing of another flow that has its number later', async () => {
    await put(store, [0, 5, 43_000, 90_000].map((at) => eve('http', { at }).replace(/"flow_id":\d+/, '"flow_id":77')).join(''));
    expect((await store.flow('77', START + 5000)).map((one) => one.time - START)).toEqual([0, 5000, 43_000_000]);
    expect(await store.flow('77', START - 50_000_000)).toEqual([]);
  });

  test('lines that a store of an earlier version has count once, still', async () => {
    const text = [0, 1, 2].map((at) => eve('alert', { at })).join('');
    await put(store, text);
    await store.close();
    const db = await openDatabase(place);
    await sql`update events set key = substr(key, 11)`.execute(db);
    for (const name of ['events_flow_time', 'alerts_flow']) await sql`drop index ${sql.ref(name)}`.execute(db);
    await sql`create index events_flow on events (flow)`.execute(db);
    await sql`delete from kysely_migration where name >= '0006'`.execute(db);
    await sql`drop index alerts_sensor`.execute(db);
    await db.schema.alterTable('webhooks').dropColumn('gone').execute();
    await db.destroy();
    await open();
    expect(await put(store, text)).toMatchObject({ added: 0, known: 3 });
    expect((await store.flow('1001', START + 1000)).length).toBe(1);
  });

  test('repeats within a minute are one event; alerts stay counted', async () => {
    await put(store, [0, 5, 10, 70].map((at) => eve('alert', { at })).join(''));
    const [host] = (await store.hosts()).hosts;
    expect(host).toMatchObject({ alerts: 4, judgement: 'check this host for compromise' });
    expect(host.rules).toMatchObject([{ alerts: 4, events: 2 }]);
  });

  test.each([
    ['the client asked before the resolver did', false],
    ['the client is heard of after the alert', true],
  ])('a lookup by a resolver is laid to its client: %s', async (_, later) => {
    const known = eve('dns', { at: 0, from: '10.0.0.9', to: '10.0.0.2', name: 'other.example', port: 53 });
    const question = eve('dns', { at: 1, from: '10.0.0.7', to: '10.0.0.2', name: 'Evil.example', port: 53 });
    const alert = eve('alert', {
      at: 2,
      from: '10.0.0.2',
      to: '198.51.100.1',
      name: 'evil.example',
      port: 53,
      signature: 'ET MALWARE Evil Domain in DNS Lookup',
    });
    await put(store, known);
    await put(store, later ? alert : question);
    await put(store, later ? question : alert);
    const { hosts } = await store.hosts();
    expect(hosts.map(({ host, judgement, alerts }) => [host, judgement, alerts])).toEqual([['10.0.0.7', 'watch', 1]]);
    expect(await store.alertHours({ host: '10.0.0.7' })).toEqual([{ hour: START, alerts: 1 }]);
    expect(await store.alertHours({ host: '10.0.0.2' })).toEqual([]);
  });

  test('a lookup by a resolver is laid by flows where questions are not written down, if one client alone spoke with it then', async () => {
    const flow = (from: string, start: number): string => {
      const fields = { src_ip: from, src_port: 4000, dest_ip: '10.0.0.2', dest_port: 53, proto: 'UDP', app_proto: 'dns' };
      const at = (seconds: number): string => new Date(START + seconds * 1000).toISOString();
      return `${JSON.stringify({ timestamp: at(start + 330), event_type: 'flow', flow_id: start, ...fields, flow: { start: at(start), end: at(start + 1) } })}\n`;
    };
    const asks = (at: number, name: string): string =>
      eve('alert', { at, from: '10.0.0.2', to: '198.51.100.1', name, port: 53, signature: 'ET MALWARE Evil Domain in DNS Lookup' });
    await put(store, eve('dns', { at: 0, from: '10.0.0.9', to: '10.0.0.2', name: 'other.example', port: 53 }));
    await put(store, asks(2, 'one.example') + asks(100, 'two.example'));
    await put(store, flow('10.0.0.7', 1) + flow('10.0.0.8', 50) + flow('10.0.0.8', 99) + flow('10.0.0.6', 99));
    const hosts = async (): Promise<unknown> => (await store.hosts()).hosts.map(({ host, alerts }) => [host, alerts]);
    expect(await hosts()).toEqual([['10.0.0.2', 2]]);
    await put(store, eve('http', { at: 800 }));
    expect(await hosts()).toEqual(
      expect.arrayContaining([
        ['10.0.0.7', 1],
        ['10.0.0.2', 1],
      ]),
    );
    expect(await store.alertHours({ host: '10.0.0.7' })).toEqual([{ hour: START, alerts: 1 }]);
  });

  test('filters, words and pages of alerts', async () => {
    await put(store, Array.from({ length: 30 }, (_, at) => eve('alert', { at: at >> 1, sid: 1 + (at % 3), from: `10.0.0.${1 + (at % 2)}` })).join(''));
    const count = async (filter: Parameters<Store['alerts']>[0]): Promise<number> => (await store.alerts(filter)).alerts.length;
    expect(await count({ sid: 2 })).toBe(10);
    expect(await count({ host: '10.0.0.1' })).toBe(15);
    expect(await count({ address: '203.0.113.1' })).toBe(30);
    expect(await count({ words: 'thing 2 checkin' })).toBe(10);
    expect(await count({ words: "%'; drop table events" })).toBe(0);
    expect(await count({ from: START + 5000, to: START + 6000 })).toBe(2);
    expect(await count({ sensor: 'nobody' })).toBe(0);
    const seen: number[] = [];
    for (let after: string | undefined, page = 0; page < 10; page++) {
      const { alerts, next } = await store.alerts({ limit: 7, ...(after === undefined ? {} : { after }) });
      seen.push(...alerts.map((one) => one.id));
      if (next === undefined) break;
      after = next;
    }
    expect(seen.length).toBe(30);
    expect(new Set(seen).size).toBe(30);
  });

  describe('verdicts', () => {
    beforeEach(async () => {
      await put(
        store,
        [
          eve('alert', { sid: 21 }),
          eve('alert', { sid: 22, at: 100, signature: 'ET MALWARE Thing Domain in DNS Lookup', metadata: { malware_family: ['Thing'] } }),
          eve('alert', { sid: 30, at: 5000, signature: 'ET INFO Something' }),
          eve('alert', { sid: 21, from: '10.0.0.6' }),
        ].join(''),
      );
    });
    const judgements = async (): Promise<Record<string, string>> =>
      Object.fromEntries((await store.hosts()).hosts.map(({ host, judgement }) => [host, judgement]));
    const CHECK = 'check this host for compromise';
    const set = async (verdict: Partial<Parameters<Store['addVerdict']>[0]>): Promise<number> =>
      store.addVerdict({ scope: 'rule', verdict: 'false_positive', note: '', by: 'ada', ...verdict });

    test.each([
      ['rule', { scope: 'rule', sid: 21 }, { '10.0.0.5': 'watch', '10.0.0.6': 'nothing' }],
      ['host', { scope: 'host', host: '10.0.0.5' }, { '10.0.0.5': 'nothing', '10.0.0.6': CHECK }],
      ['pair', { scope: 'pair', host: '10.0.0.5', sid: 21 }, { '10.0.0.5': 'watch', '10.0.0.6': CHECK }],
      ['story', { scope: 'story', host: '10.0.0.5', story: 'report:week' }, { '10.0.0.5': 'context only', '10.0.0.6': CHECK }],
    ] as const)('on a %s set aside just that, until taken back', async (_, verdict, expected) => {
      const id = await set(verdict);
      expect(await judgements()).toEqual(expected);
      expect(await store.takeBackVerdict(id, 'bob')).toBe(true);
      expect(await store.takeBackVerdict(id, 'bob')).toBe(false);
      expect(await judgements()).toEqual({ '10.0.0.5': CHECK, '10.0.0.6': CHECK });
      expect((await store.verdicts(true))[0]).toMatchObject({ by: 'ada', takenBack: { by: 'bob' } });
    });

    test('end when they expire', async () => {
      await set({ sid: 21, expires: START + 1000 });
      expect((await judgements())['10.0.0.6']).toBe('nothing');
      clock = START + 2000;
      expect((await judgements())['10.0.0.6']).toBe(CHECK);
    });

    test('true puts a host first and says by whom; the narrower verdict counts', async () => {
      await set({ scope: 'rule', sid: 22, verdict: 'expected' });
      await set({ scope: 'pair', host: '10.0.0.5', sid: 22, verdict: 'true', by: 'bob' });
      const { hosts } = await store.hosts();
      expect(hosts[0].host).toBe('10.0.0.5');
      expect(hosts[0].reasons[0]).toBe('bob judged an alert here to be true');
    });

    test('a host tells its stories, what would change the judgement and what is next', async () => {
      const picture = (await store.host('10.0.0.5'))!;
      expect(picture.stories.map((story) => [story.key, story.rules.map((rule) => rule.sid)])).toEqual([
        ['report:week', [21, 22]],
        ['rule:30', [30]],
      ]);
      expect(picture.stories[0].stages.map((stage) => stage.role)).toEqual(['check_in', 'lookup']);
      expect(picture.next).toContain('Reset its passwords.');
      expect(picture.wouldChange.length).toBeGreaterThan(0);
      expect(await store.host('10.9.9.9')).toBeUndefined();
    });
  });

  test('a followed file is read on from its offset: half lines wait, restarts and rotation lose and double nothing', async () => {
    const path = join(folder, `follow-${engine}.json`);
    rmSync(path, { force: true });
    const [one, two, three, four] = [1, 2, 3, 4].map((at) => eve('alert', { at }));
    writeFileSync(path, one + two.slice(0, 40));
    expect(await store.catchUp(path, 's')).toMatchObject({ added: 1, broken: 0 });
    await store.close();
    await open();
    appendFileSync(path, two.slice(40));
    expect(await store.catchUp(path, 's')).toMatchObject({ added: 1, known: 0 });
    expect(await store.catchUp(path, 's')).toMatchObject({ added: 0, known: 0 });
    appendFileSync(path, three);
    renameSync(path, `${path}.1`);
    writeFileSync(path, four);
    expect(await store.catchUp(path, 's')).toMatchObject({ added: 2, known: 0 });
    truncateSync(path, 0);
    expect(await store.catchUp(path, 's')).toMatchObject({ added: 0, known: 0 });
    appendFileSync(path, eve('alert', { at: 5 }));
    expect(await store.catchUp(path, 's')).toMatchObject({ added: 1 });
    // Cut off in place and grown beyond where it was left, before anybody looked.
    writeFileSync(path, eve('http', { at: 6, name: 'a'.repeat(100) }) + eve('http', { at: 7 }));
    expect(await store.catchUp(path, 's')).toMatchObject({ added: 2 });
  });

  test('stopped after any batch, a file is read on without loss', async () => {
    const path = join(folder, `stop-${engine}.json`);
    writeFileSync(path, Array.from({ length: 7000 }, (_, at) => eve('http', { at })).join(''));
    let added = 0;
    for (let tries = 0; tries < 20 && added < 7000; tries++) {
      let calls = 0;
      added += (await store.catchUp(path, 's', () => calls++ > 2)).added;
      await store.close();
      await open();
    }
    expect(added).toBe(7000);
    expect((await store.sensors())[0].events).toBe(7000);
  });

  test('old events go by age, and sums with them', async () => {
    await put(store, [eve('alert', { at: 0 }), eve('alert', { at: 86_400 * 9 }), eve('http', { at: 1 })].join(''));
    clock = START + 86_400_000 * 10;
    expect(await store.forget({ days: 5 })).toBe(2);
    expect((await store.hosts()).hosts).toMatchObject([{ alerts: 1, rules: [{ alerts: 1, first: '2024-03-17T09:00:00.000Z' }] }]);
    expect(await store.alertHours()).toEqual([{ hour: START + 86_400_000 * 9, alerts: 1 }]);
    expect(await store.forget({ bytes: 1 })).toBe(1);
    expect((await store.hosts()).hosts).toEqual([]);
  });

  test('people: passwords, sessions, tokens with scopes, the last admin', async () => {
    const { people } = store;
    const ada = (await people.addUser('ada', 'correct horse battery', 'admin'))!;
    expect(await people.addUser('ada', 'another long password', 'reader')).toBeUndefined();
    expect(await people.signIn('ada', 'wrong')).toBeUndefined();
    expect(await people.signIn('eve', 'correct horse battery')).toBeUndefined();
    const secret = (await people.signIn('ada', 'correct horse battery'))!;
    expect(await people.bySession(secret)).toMatchObject({ name: 'ada', role: 'admin' });
    const { token, id } = await people.addToken(ada, 'sensor', ['ingest'], START + 1000);
    expect([...(await people.byToken(token))!.scopes]).toEqual(['ingest']);
    expect(await people.byToken(`${token}x`)).toBeUndefined();
    clock = START + 2000;
    expect(await people.byToken(token)).toBeUndefined();
    expect(await people.dropToken(id)).toBe(true);
    expect(await people.changeUser(ada, { role: 'reader' })).toBe(false);
    const bob = (await people.addUser('bob', 'correct horse battery', 'admin'))!;
    const wide = await people.addToken(ada, 'all', ['admin', 'read']);
    expect(await people.changeUser(ada, { role: 'reader' })).toBe(true);
    expect(await people.bySession(secret)).toBeUndefined();
    expect([...(await people.byToken(wide.token))!.scopes]).toEqual(['read']);
    expect(await people.changeUser(bob, { disabled: true })).toBe(false);
    const again = await people.openSession(bob);
    clock += 13 * 3_600_000;
    expect(await people.bySession(again)).toBeUndefined();
    await people.note('ada', 'did', 'something', { x: 1 });
    expect(await people.audit(5)).toMatchObject([{ who: 'ada', action: 'did', detail: '{"x":1}' }]);
  });

  test('jobs say how far they are; those of an ended process were broken off', async () => {
    const job = await store.job('count', 'ada', async (progress) => {
      await progress(1, 2);
      return 'counted';
    });
    await job.done;
    const never = await store.job('wait', 'ada', () => new Promise(() => {}));
    expect((await store.jobs()).map(({ kind, state, said }) => [kind, state, said])).toEqual([
      ['wait', 'running', ''],
      ['count', 'done', 'counted'],
    ]);
    const stateOf = async (): Promise<string | undefined> => (await store.jobs()).find(({ id }) => id === never.id)?.state;
    await store.close();
    // Another process that opens the store does not end the work of the first.
    await open();
    expect(await stateOf()).toBe('running');
    clock += 61_000;
    expect(await stateOf()).toBe('broken off');
  });

  test('alerts of one sensor, and of one that never was', async () => {
    await put(store, eve('alert'));
    await store.ingest([encoder.encode(eve('alert', { at: 5, sid: 9 }))], 'other');
    expect((await store.alerts({ sensor: 'other' })).alerts.map(({ sid, sensor }) => [sid, sensor])).toEqual([[9, 'other']]);
    expect((await store.alerts({ sensor: 'none' })).alerts).toEqual([]);
  });

  test('a capture of a hunt is settled once: twice in one message, in another, unknown ones, and after it was given up', async () => {
    const [key, other] = [crypto.randomUUID(), crypto.randomUUID()];
    const outcome = (alerts: number) => ({ packets: 10, bytes: 100, hits: [{ sid: 7, signature: 's', alerts }], lines: ['{}', '{"a":1}'] });
    const result = (item: string, alerts: number, hunt = key) => ({ hunt, item, worker: 'w', outcome: outcome(alerts) });
    const { hunts } = store;
    const job = await hunts.begin({ key, by: 'me', title: 't', rules: '', items: ['a', 'b', 'c'] });
    const given = await hunts.begin({ key: other, by: 'me', title: 't', rules: '', items: ['a'] });
    await hunts.cancel(given);
    const unknown = [result('z', 9), result('a', 9, crypto.randomUUID()), result('a', 9, other)];
    expect(await hunts.settle([result('a', 1), result('a', 9), { hunt: key, item: 'b', worker: 'w', aside: 'broken' }, ...unknown])).toBe(2);
    expect(await hunts.settle([result('a', 9), result('b', 9), result('c', 2)])).toBe(1);
    expect((await hunts.list()).map(({ state, done, total }) => [state, done, total])).toEqual([
      ['cancelled', 0, 1],
      ['done', 3, 3],
    ]);
    expect(await hunts.hits(job)).toMatchObject([{ sid: 7, captures: 2, alerts: 3 }]);
    expect((await hunts.captures(job)).map(({ capture, state, alerts, said }) => [capture, state, alerts, said])).toEqual([
      ['c', 'done', 2, ''],
      ['a', 'done', 1, ''],
      ['b', 'aside', 0, 'broken'],
    ]);
    const lines: string[] = [];
    for await (const { capture, line } of hunts.lines(job)) lines.push(`${capture} ${line}`);
    expect(lines).toEqual(['a {}', 'a {"a":1}', 'c {}', 'c {"a":1}']);
    expect(await hunts.hits(given)).toEqual([]);
  });

  test('captures of a hunt may be called anything, and words about them be cut anywhere', async () => {
    const { hunts } = store;
    const hunt = crypto.randomUUID();
    const names = ['"quoted" \\ {}.pcap', "o'clock/%s ?.pcap", 'Ж/日本/𝄞.pcap', ' \n\t.pcap', `${'long/'.repeat(300)}.pcap`].sort();
    const job = await hunts.begin({ key: hunt, by: 'me', title: 't', rules: '', items: names.map((name, at) => ({ name, bytes: 3_000_000_000 + at })) });
    expect((await hunts.waiting(job, 10)).map(({ capture, bytes }) => [capture, bytes]).sort()).toEqual(names.map((name, at) => [name, 3_000_000_000 + at]));
    await hunts.sent(job, names.slice(0, 2));
    // The letter is of two halves, of which one is left.
    const aside = '𝄞'.slice(0, 1);
    expect(await hunts.settle(names.map((item) => ({ hunt, item, worker: aside, aside })))).toBe(names.length);
    expect([...(await hunts.states(job))].sort()).toEqual(names.map((name) => [name, { state: 'aside', said: '\ufffd' }]));
  });
});

describe('lines of chunks', () => {
  const text = 'one\r\n\ntwo ä\nthree';
  test('are the same at every split', () => {
    const bytes = encoder.encode(text);
    for (let split = 0; split <= bytes.length; split++) {
      const cutter = new LineCutter();
      cutter.push(bytes.subarray(0, split));
      cutter.push(bytes.subarray(split));
      cutter.finish();
      expect(cutter.take(10)).toEqual({ lines: ['one', 'two ä', 'three'], end: bytes.length, tooLong: 0 });
    }
  });

  test('a line without end is passed over and counted, in bounded memory', () => {
    const cutter = new LineCutter();
    const chunk = new Uint8Array(1024 * 1024).fill(65);
    for (let at = 0; at < 12; at++) cutter.push(chunk);
    cutter.push(encoder.encode('\nnext\n'));
    expect(cutter.take(10)).toEqual({ lines: ['next'], end: 12 * 1024 * 1024 + 6, tooLong: 1 });
  });
});
