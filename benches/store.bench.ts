/**
 * How fast EVE lines come into the store, and how long pages' questions take then. Prints counts that must not change, and figures.
 *
 *     node benches/store.bench.ts [EVENTS] [--minutes N] [--postgres] [--alerts]
 *
 * One event in twenty is an alert; with --alerts each is one. With --minutes lines come for so long, and each minute has its figure.
 * A second thread makes the lines: it stands for the sensor, and its time is not the store's.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { openStore } from '@sigwright/workbench';
import { startPostgres } from '../packages/workbench/store/own-postgres.ts';

const argument = (name: string): string | undefined => {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
};
const minutes = Number(argument('--minutes') ?? 0);
const events = minutes > 0 ? Number.MAX_SAFE_INTEGER : Number(process.argv.slice(2).find((one) => /^\d+$/.test(one)) ?? 200_000);
const onlyAlerts = isMainThread ? process.argv.includes('--alerts') : (workerData as { onlyAlerts: boolean }).onlyAlerts;
const START = Date.parse('2024-03-08T00:00:00Z');
const HOSTS = 1000;
const RULES = 400;

/** All over the numbers, as those of sensors are. */
function flowOf(at: number): string {
  return String((BigInt(at >> 2) * 0x9e3779b97f4a7c15n) & 0x3ffffffffffffn);
}

/** The same lines in every run. */
function line(at: number): string {
  const inside = `10.0.${(at * 7) % (HOSTS / 250)}.${1 + ((at * 31) % 250)}`;
  const base = `{"timestamp":"${new Date(START + at * 100).toISOString().slice(0, -1)}000+0000","flow_id":${flowOf(at)},"event_type":`;
  const ends = `"src_ip":"${inside}","src_port":${1024 + (at % 60_000)},"dest_ip":"198.51.100.${at % 250}","dest_port":`;
  if (onlyAlerts || at % 20 === 0) {
    const sid = 2_000_000 + ((at * 13) % RULES);
    return `${base}"alert",${ends}80,"proto":"TCP","app_proto":"http","alert":{"action":"allowed","gid":1,"signature_id":${sid},"rev":2,"signature":"ET MALWARE Family${sid % 50} CnC Checkin M${sid % 7}","category":"Malware Command and Control Activity Detected","severity":1,"metadata":{"malware_family":["Family${sid % 50}"],"signature_severity":["Major"],"confidence":["High"]}},"http":{"hostname":"c2-${sid}.example","url":"/gate.php","http_user_agent":"Mozilla/5.0","http_method":"POST","protocol":"HTTP/1.1","status":200,"length":10},"flow":{"pkts_toserver":4,"pkts_toclient":3,"bytes_toserver":475,"bytes_toclient":253,"start":"2024-03-08T09:03:00.000000+0000"}}\n`;
  }
  if (at % 3 === 0)
    return `${base}"dns",${ends}53,"proto":"UDP","dns":{"version":3,"type":"request","tx_id":0,"id":${at % 65_536},"flags":"100","rd":true,"opcode":0,"rcode":"NOERROR","queries":[{"rrname":"www${at % 5000}.example.com","rrtype":"A"}]}}\n`;
  if (at % 3 === 1)
    return `${base}"http",${ends}80,"proto":"TCP","app_proto":"http","tx_id":0,"http":{"hostname":"www${at % 3000}.example.org","url":"/index${at % 100}.html","http_user_agent":"Mozilla/5.0 (X11; Linux x86_64)","http_content_type":"text/html","http_method":"GET","protocol":"HTTP/1.1","status":200,"length":${at % 9999}}}\n`;
  return `${base}"flow",${ends}443,"proto":"TCP","app_proto":"tls","flow":{"pkts_toserver":10,"pkts_toclient":12,"bytes_toserver":1475,"bytes_toclient":9253,"start":"2024-03-08T09:03:00.000000+0000","end":"2024-03-08T09:03:01.000000+0000","age":1,"state":"closed","reason":"timeout","alerted":false}}\n`;
}

const encoder = new TextEncoder();
const LINES = 500;
/** Chunks that are made ahead. */
const AHEAD = 200;

function chunk(from: number, to: number): Uint8Array<ArrayBuffer> {
  let text = '';
  for (let at = from; at < to; at++) text += line(at);
  return encoder.encode(text);
}

/** In the second thread: chunks as long as they are asked for. */
function make(): void {
  let [at, wanted] = [0, AHEAD];
  const more = (): void => {
    for (; wanted > 0; wanted--, at += LINES) {
      const made = chunk(at, at + LINES);
      parentPort!.postMessage(made, [made.buffer]);
    }
  };
  parentPort!.on('message', () => {
    wanted++;
    more();
  });
  more();
}

async function* chunks(most: number, until: () => boolean): AsyncGenerator<Uint8Array> {
  const sensor = new Worker(import.meta.filename, { workerData: { onlyAlerts } });
  const ready: Uint8Array[] = [];
  let wake = (): void => {};
  sensor.on('message', (made: Uint8Array) => {
    ready.push(made);
    wake();
  });
  for (let at = 0; at < most && !until(); at += LINES) {
    while (ready.length === 0)
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    yield ready.shift()!;
    sensor.postMessage('more');
  }
  await sensor.terminate();
}

async function measure(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sigwright-bench-'));
  const postgres = process.argv.includes('--postgres') ? await startPostgres() : undefined;
  const path = join(folder, 'store.db');
  const store = await openStore(postgres === undefined ? { sqlite: path } : { postgres: postgres.address });
  let began = performance.now();
  const cpuBefore = process.threadCpuUsage();
  let came = 0;
  const each: number[] = [];
  const eachCpu: number[] = [];
  async function* counted(): AsyncGenerator<Uint8Array> {
    let [minute, before, usedBefore] = [1, 0, 0];
    for await (const one of chunks(events, () => minutes > 0 && performance.now() - began > minutes * 60_000)) {
      if (performance.now() - began > minute * 60_000) {
        each.push(Math.round((came - before) / 60));
        const cpu = process.threadCpuUsage(cpuBefore);
        const used = (cpu.user + cpu.system) / 1e6;
        eachCpu.push(Math.round((came - before) / (used - usedBefore)));
        if (minutes > 0) console.error(`minute ${minute}: ${each.at(-1)} events/s, ${eachCpu.at(-1)} a second of processor time`);
        [minute, before, usedBefore] = [minute + 1, came, used];
      }
      came += LINES;
      yield one;
    }
  }
  const first = await store.ingest(counted(), 'bench');
  const seconds = (performance.now() - began) / 1000;
  const cpuUsed = process.threadCpuUsage(cpuBefore);
  const cpuSeconds = (cpuUsed.user + cpuUsed.system) / 1e6;
  const repeated = Math.min(came, 100_000);
  const again: Uint8Array[] = [];
  for (let at = 0; at < repeated; at += LINES) again.push(chunk(at, at + LINES));
  began = performance.now();
  const second = await store.ingest(again, 'bench');
  const repeatedSeconds = (performance.now() - began) / 1000;
  const alerts = onlyAlerts ? came : Math.ceil(came / 20);
  if (first.added !== came || first.alerts !== alerts || second.added !== 0 || second.known !== repeated) {
    console.error('the counts are wrong', came, first, second);
    process.exitCode = 1;
  }

  const questions: Record<string, () => Promise<unknown>> = {
    hosts: () => store.hosts(),
    host: () => store.host('10.0.0.32'),
    'newest alerts': () => store.alerts({}),
    'alerts of a rule': () => store.alerts({ sid: 2_000_013 }),
    'alerts of a host': () => store.alerts({ host: '10.0.0.32' }),
    'alerts of an address': () => store.alerts({ address: '198.51.100.20' }),
    'alerts by words': () => store.alerts({ words: 'family7 checkin' }),
    'alerts of a sensor with one': () => store.alerts({ sensor: 'quiet' }),
    'alerts of a role with one': () => store.alerts({ role: 'exfil' }),
    'alerts of a host and a role with none': () => store.alerts({ host: '10.0.0.32', role: 'exfil' }),
    'alerts of a rule before a time': () => store.alerts({ sid: 2_000_013, to: START + 3_600_000 }),
    'hosts of a rule': () => store.hostsOfRule(2_000_013),
    'a record': () => store.record(1),
    timeline: () => store.alertTimeline(),
    'timeline of a host': () => store.alertTimeline({ host: '10.0.0.32' }),
    sensors: () => store.sensors(),
    'alerts an hour': () => store.alertHours(),
    flow: () => store.flow(flowOf(0), START),
    signatures: () => store.signatures(),
  };
  // The oldest of all, of a sensor that has no other.
  await store.ingest([new TextEncoder().encode(line(-1_000_000).replace('CnC Checkin', 'Data Exfiltration'))], 'quiet');
  const milliseconds: Record<string, number> = {};
  for (const [name, ask] of Object.entries(questions)) {
    await ask();
    const times: number[] = [];
    for (let at = 0; at < 5; at++) {
      const started = performance.now();
      await ask();
      times.push(performance.now() - started);
    }
    milliseconds[name] = Math.round(times.sort((a, b) => a - b)[2] * 10) / 10;
  }
  console.log(
    JSON.stringify(
      {
        engine: postgres === undefined ? 'SQLite' : 'PostgreSQL',
        events: first.added,
        alerts: first.alerts,
        knownAgain: second.known,
        eventsACpuSecond: Math.round(came / cpuSeconds),
        eventsASecond: Math.round(came / seconds),
        ...(minutes > 0 ? { eachMinute: each, eachMinuteACpuSecond: eachCpu } : {}),
        repeatedASecond: Math.round(repeated / repeatedSeconds),
        ...(postgres === undefined ? { bytesAnEvent: Math.round(statSync(path).size / came) } : {}),
        peakMegabytes: Math.round(process.resourceUsage().maxRSS / 1024),
        milliseconds,
      },
      undefined,
      1,
    ),
  );
  await store.close();
  await postgres?.stop();
  rmSync(folder, { recursive: true, force: true });
}

if (isMainThread) await measure();
else make();
