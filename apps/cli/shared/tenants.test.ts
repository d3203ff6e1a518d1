/** Tenants by virtual network: whose packet it is, and a run in which each has rules and variables of its own. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { composeCapture } from '@sigwright/traffic';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { suricata } from '../suricata.ts';
import { tenantsOf } from './tenants.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sigwright-tenants-'));
  for (const [name, home] of [
    ['one', '10.0.0.0/8'],
    ['two', '192.0.2.0/24'],
  ]) {
    writeFileSync(
      join(folder, `${name}.yaml`),
      `default-rule-path: ${folder}\nrule-files: [${name}.rules]\nvars: { address-groups: { HOME_NET: "${home}" } }\n`,
    );
    writeFileSync(
      join(folder, `${name}.rules`),
      `alert udp $HOME_NET any -> any any (msg:"${name}"; content:"hello"; sid:1;)\nalert udp any any -> any any (msg:"any ${name}"; content:"hello"; sid:2;)\n`,
    );
  }
  writeFileSync(join(folder, 'all.rules'), 'alert udp any any -> any any (msg:"nobody"; content:"hello"; sid:3;)\n');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PCAP_HEADER = 24;
const RECORD_HEADER = 16;
const MACS = 12;

/** The frames of a capture, each with these tags behind its addresses. */
function tagged(capture: Uint8Array, tags: readonly number[]): Uint8Array[] {
  const view = new DataView(capture.buffer, capture.byteOffset, capture.length);
  const frames: Uint8Array[] = [];
  for (let at = PCAP_HEADER; at < capture.length; ) {
    const length = view.getUint32(at + 8, true);
    const frame = capture.subarray(at + RECORD_HEADER, at + RECORD_HEADER + length);
    frames.push(Uint8Array.from([...frame.subarray(0, MACS), ...tags.flatMap((id) => [0x81, 0x00, id >> 8, id & 0xff]), ...frame.subarray(MACS)]));
    at += RECORD_HEADER + length;
  }
  return frames;
}

function greeting(tags: readonly number[]): Uint8Array[] {
  const capture = composeCapture({ seed: 1 });
  capture.udpExchange({ client: '10.0.0.5', server: '203.0.113.9', serverPort: 9999, exchanges: [{ from: 'client', bytes: 'hello' }] });
  return tagged(capture.finish(), tags);
}

test.each<readonly [why: string, selector: string, mapping: string, tags: readonly number[], owned: boolean]>([
  ['the outermost number', 'vlan', 'vlan-id: 10', [10], true],
  ['another number', 'vlan', 'vlan-id: 10', [11], false],
  ['no number at all', 'vlan', 'vlan-id: 10', [], false],
  ['more tags inside', 'vlan', 'vlan-id: 10', [10, 20], true],
  ['the inner number does not count', 'vlan', 'vlan-id: 20', [10, 20], false],
  ['both of a tuple', 'vlan-tuple', 'vlan-tuple: [10, 20]', [10, 20], true],
  ['one of a tuple', 'vlan-tuple', 'vlan-tuple: [10, 20]', [10, 21], false],
  ['any outside', 'vlan-tuple', 'vlan-tuple: [0, 20]', [10, 20], true],
  ['as many tags as the tuple has', 'vlan-tuple', 'vlan-tuple: [10]', [10, 20], false],
])('%s', (_why, selector, mapping, tags, owned) => {
  const [tenant] = tenantsOf(
    parse(
      `multi-detect: { enabled: yes, config-path: ${folder}, selector: ${selector}, tenants: [ { id: 1, yaml: one.yaml } ], mappings: [ { tenant-id: 1, ${mapping} } ] }`,
    ),
  );
  const [frame] = greeting(tags);
  expect(tenant.owns.keeps(frame, 0, frame.length, 1, frame.length)).toBe(owned);
});

test.each<readonly [why: string, given: string, owner: number | undefined]>([
  ['the tenant that the configuration names', 'tenant-id: 2', 2],
  ['nobody', 'tenant-id: none', undefined],
  ['nobody where nothing is said', '', undefined],
])('selector direct: all captures are those of %s', (_why, given, owner) => {
  const tenants = tenantsOf(
    parse(
      `multi-detect: { enabled: yes, config-path: ${folder}, selector: direct, tenants: [ { id: 1, yaml: one.yaml }, { id: 2, yaml: two.yaml } ] }\npcap-file: { ${given} }`,
    ),
  );
  const [frame] = greeting([]);
  expect(tenants.find(({ owns }) => owns.keeps(frame, 0, frame.length, 1, frame.length))?.id).toBe(owner);
});

test.each([
  ['a selector that is none', 'selector: colour', /selector: colour/],
  ['a number that is none', 'selector: vlan, mappings: [ { tenant-id: 1, vlan-id: 5000 } ]', /vlan 5000/],
  ['a tenant of captures that is no number', 'selector: direct }, pcap-file: { tenant-id: two', /pcap-file.tenant-id: two/],
  ['a file that is not there', 'selector: vlan, tenants: [ { id: 1, yaml: gone.yaml } ]', /gone.yaml of tenant 1 is not there/],
])('%s is told', (_why, options, message) => {
  expect(() => tenantsOf(parse(`{ multi-detect: { enabled: yes, config-path: ${folder}, ${options} } }`))).toThrow(message);
});

test('each tenant has its rules and variables, and records name it', async () => {
  const capture = composeCapture({ seed: 1 });
  for (const frame of [...greeting([10]), ...greeting([20]), ...greeting([])]) capture.frame(frame);
  writeFileSync(join(folder, 'x.pcap'), capture.finish());
  writeFileSync(
    join(folder, 'main.yaml'),
    `multi-detect:
  enabled: yes
  selector: vlan
  config-path: ${folder}
  tenants: [ { tenant: , id: 1, yaml: one.yaml }, { tenant: , id: 2, yaml: two.yaml } ]
  mappings: [ { vlan: , vlan-id: 10, tenant-id: 1 }, { vlan-id: 20, tenant-id: 2 } ]
default-rule-path: ${folder}
rule-files: [ "al*.rules" ]
outputs: [ { eve-log: { types: [ alert, flow, stats ] } } ]
`,
  );
  expect(await suricata(['-c', join(folder, 'main.yaml'), '-r', join(folder, 'x.pcap'), '-l', folder, '-k', 'none'])).toBe(0);
  const records = readFileSync(join(folder, 'eve.json'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const alerts = records.filter((one) => one.event_type === 'alert').map((one) => [one.pcap_cnt, one.tenant_id, one.vlan?.[0], one.alert.signature]);
  expect(alerts.sort()).toEqual([
    [1, 1, 10, 'any one'],
    [1, 1, 10, 'one'],
    [2, 2, 20, 'any two'],
    [3, undefined, undefined, 'nobody'],
  ]);
  expect(records.filter((one) => one.event_type === 'flow').map((one) => one.tenant_id)).toEqual([undefined, 1, 2]);
  const [{ stats }] = records.filter((one) => one.event_type === 'stats');
  expect(stats.decoder.pkts).toBe(3);
  expect(stats.detect.alert).toBe(4);
  const last_reload = expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as string;
  expect(stats.detect.engines).toEqual([
    { id: 0, last_reload, rules_loaded: 1, rules_failed: 0, rules_skipped: 0 },
    { id: 1, last_reload, rules_loaded: 2, rules_failed: 0, rules_skipped: 0 },
    { id: 2, last_reload, rules_loaded: 2, rules_failed: 0, rules_skipped: 0 },
  ]);
});
