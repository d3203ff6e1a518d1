/** An alert's page without an example's capture, as real sensors have it: bytes from the record, packets from the sensor's captures. */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { packetsFrom } from '../cli/shared/packets.ts';
import { explainMatch } from '../cli/shared/rule-explainer.ts';
import { alertLine, type Trial, trial, WEEK } from './test-kit.ts';

let here: Trial;
afterEach(() => here.close());

const CAPTURE = join(WEEK, 'evidence', '1240301', 'request.pcap');
/** As the capture of the evidence has it. */
const ENDS = { src_ip: '10.3.8.31', src_port: 63_574, dest_ip: '203.0.113.11', dest_port: 80 };

async function pageOf(line: string): Promise<string> {
  await here.store.ingest([new TextEncoder().encode(line)], 'sensor');
  const { cookie } = await here.signedIn('reader');
  return (await here.ask('/alerts/1', { cookie })).text();
}

test("the payload that the sensor kept is shown with the rule's contents marked, and its packet is handed out", async () => {
  here = await trial();
  const payload = Buffer.from('POST /bot/data HTTP/1.1\r\n\r\n').toString('base64');
  const packet = Buffer.from(Uint8Array.from({ length: 60 }, (_, at) => at));
  const more = { payload, packet: packet.toString('base64'), packet_info: { linktype: 1 }, tx_id: 0, http: { url: '/bot/data', http_method: 'POST' } };
  const page = await pageOf(alertLine(more));
  expect(page).toContain('<mark>50</mark> <mark>4f</mark> <mark>53</mark> <mark>54</mark>');
  expect(page).toContain('27 bytes of payload');
  expect(page).toMatch(/<dt>http\.url<\/dt><dd>\/bot\/data<\/dd>/);
  const { cookie } = await here.signedIn('reader');
  const handed = Buffer.from(await (await here.ask('/alerts/1/packets.pcap', { cookie })).arrayBuffer());
  expect(handed.subarray(-60).equals(packet)).toBe(true);
});

test('an alert without any bytes says what would bring them, and has no capture', async () => {
  here = await trial();
  expect(await pageOf(alertLine({ payload: 7, packet: '%%%', packet_info: 'x' }))).toContain('No packets are at hand');
  const { cookie } = await here.signedIn('reader');
  expect((await here.ask('/alerts/1/packets.pcap', { cookie })).status).toBe(404);
});

test('packets come from the captures of the sensor: the one that is named, else the last that began before; what matched is marked', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sigwright-captures-'));
  try {
    mkdirSync(join(folder, 'log'));
    copyFileSync(CAPTURE, join(folder, 'log', 'log.pcap.1'));
    copyFileSync(join(WEEK, 'evidence', '1240302', 'request.pcap'), join(folder, 'other.pcap'));
    writeFileSync(join(folder, 'broken.pcap'), 'no capture');
    writeFileSync(join(folder, 'empty.pcap'), '');
    copyFileSync(CAPTURE, join(folder, 'cut.pcap'));
    truncateSync(join(folder, 'cut.pcap'), 60);
    here = await trial({ slice: packetsFrom(folder), match: explainMatch });
    const page = await pageOf(alertLine({ ...ENDS, capture_file: '/var/log/suricata/log.pcap.1' }));
    expect(page).toContain('What the rule matched');
    expect(page).toContain('<mark>');
    const { cookie } = await here.signedIn('reader');
    const named = Buffer.from(await (await here.ask('/alerts/1/packets.pcap', { cookie })).arrayBuffer());
    expect(named.length).toBe(readFileSync(CAPTURE).length);
    const looked = packetsFrom(folder);
    const wanted = { source: '10.3.8.31:63574', destination: '203.0.113.11:80', time: Date.parse('2030-01-01T00:00:00Z') };
    expect((await looked(wanted))?.length).toBe(named.length);
    expect(await looked({ ...wanted, time: 0 })).toBeUndefined();
    expect(await looked({ ...wanted, source: '10.9.9.9:1' })).toBeUndefined();
    expect(await looked({ ...wanted, most: 10 })).toBeUndefined();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
