/**
 * How fast EVE lines come into the store, and how long pages' questions take then. Prints counts that must not change, and figures.
 * node benches/store.bench.ts [EVENTS] [--postgres] [--alerts]: one event in twenty is an alert; with --alerts each is one.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '@sigwright/workbench';
import { startPostgres } from '../packages/workbench/store/own-postgres.ts';

const events = Number(process.argv.find((one) => /^\d+$/.test(one)) ?? 200_000);
const onlyAlerts = process.argv.includes('--alerts');
const folder = mkdtempSync(join(tmpdir(), 'sigwright-bench-'));
const postgres = process.argv.includes('--postgres') ? await startPostgres() : undefined;
const START = Date.parse('2024-03-08T00:00:00Z');
const HOSTS = 1000;
const RULES = 400;

/** The same lines in every run. */
function line(at: number): string {
  const inside = `10.0.${(at * 7) % (HOSTS / 250)}.${1 + ((at * 31) % 250)}`;
  const base = `{"timestamp":"${new Date(START + at * 100).toISOString().slice(0, -1)}000+0000","flow_id":${1e15 + (at >> 2)},"event_type":`;
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

function* chunks(): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  for (let at = 0; at < events; at += 500) {
    let text = '';
    for (let one = at; one < Math.min(at + 500, events); one++) text += line(one);
    yield encoder.encode(text);
  }
}

const path = join(folder, 'store.db');
const whole = [...chunks()];
const store = await openStore(postgres === undefined ? { sqlite: path } : { postgres: postgres.address });
let began = performance.now();
const cpuBefore = process.cpuUsage();
const first = await store.ingest(whole, 'bench');
const seconds = (performance.now() - began) / 1000;
const cpuUsed = process.cpuUsage(cpuBefore);
const cpuSeconds = (cpuUsed.user + cpuUsed.system) / 1e6;
began = performance.now();
const repeated = Math.min(events, 100_000);
const second = await store.ingest(whole.slice(0, repeated / 500), 'bench');
const again = (performance.now() - began) / 1000;
const alerts = onlyAlerts ? events : Math.ceil(events / 20);
if (first.added !== events || first.alerts !== alerts || second.added !== 0 || second.known !== repeated) {
  console.error('the counts are wrong', first, second);
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
  'alerts an hour': () => store.alertHours(),
  flow: () => store.flow(String(1e15)),
  signatures: () => store.signatures(),
};
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
      eventsACpuSecond: Math.round(events / cpuSeconds),
      eventsASecond: Math.round(events / seconds),
      repeatedASecond: Math.round(repeated / again),
      ...(postgres === undefined ? { bytesAnEvent: Math.round(statSync(path).size / events) } : {}),
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
