/**
 * How well synthesize does on a ruleset: how many rules fire on what was made for them, why the others do not, and whether another
 * dissector (tshark, where it is installed) finds anything broken in what fires.
 *
 *     node tools/measure-synthesis.ts RULES [--every N]                what is solved, and why the rest is not
 *     node tools/measure-synthesis.ts RULES --tshark [--seed N] [SID…] a random sample of each kind of traffic, or rules, before tshark
 *
 * A capture counts as broken where tshark calls one of its packets malformed or raises an expert note of severity error. All captures
 * of a kind go through one run of tshark, each with addresses of its own.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { catalogue } from '@sigwright/catalogue';
import type { Rule } from '@sigwright/contracts';
import { Synthesizer } from '@sigwright/detection';
import { parseRules } from '@sigwright/rule-language';
import { SeededRandom } from '@sigwright/traffic';
import { configurationOf } from '../apps/cli/shared/configuration.ts';
import { readYaml } from '../apps/cli/shared/configuration-tree.ts';
import { withFilesOfRules } from '../apps/cli/shared/data-files.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { every: { type: 'string', default: '1' }, tshark: { type: 'boolean' }, seed: { type: 'string', default: '1' }, keep: { type: 'string' } },
});
const [path, ...sids] = positionals;
if (path === undefined) throw new Error('name a file of rules');
const tree = readYaml(`${import.meta.dirname}/../apps/cli/suricata.yaml`);
const settings = withFilesOfRules(configurationOf(tree, { verifyChecksums: true, inline: false }).settings, tree, [path]);
const { rules } = parseRules(readFileSync(path, 'utf8'));
const synthesizer = new Synthesizer(rules, catalogue, settings);
function solved(chosen: readonly Rule[]): void {
  const reasons = new Map<string, number[]>();
  const noSilent: number[] = [];
  let fires = 0;
  let enabled = 0;
  let enabledFires = 0;
  for (const rule of chosen) {
    if (rule.enabled) enabled++;
    const made = synthesizer.synthesize(rule);
    if ('problem' in made) {
      const reason = made.problem
        .replace(/\b\d{5,}\b/g, 'N')
        .replace(/no rule sets .*/, 'no rule sets its bit')
        .slice(0, 150);
      reasons.set(reason, [...(reasons.get(reason) ?? []), rule.sid]);
      continue;
    }
    fires++;
    if (rule.enabled) enabledFires++;
    if (made.silent.length === 0) noSilent.push(rule.sid);
  }
  const percent = (part: number, of: number): string => `${((100 * part) / Math.max(1, of)).toFixed(1)} %`;
  console.log(`${fires} of ${chosen.length} rules fire on what was made for them (${percent(fires, chosen.length)})`);
  console.log(`enabled ones: ${enabledFires} of ${enabled} (${percent(enabledFires, enabled)})`);
  console.log(`without a silent capture: ${noSilent.length}${noSilent.length === 0 ? '' : ` (${noSilent.slice(0, 20).join(', ')})`}\n`);
  for (const [reason, sids] of [...reasons].sort(([, a], [, b]) => b.length - a.length))
    console.log(`${String(sids.length).padStart(6)}  ${reason}  (${sids.slice(0, 3).join(', ')})`);
}

const GLOBAL_HEADER = 24;
const PACKET_HEADER = 16;
const ETHERNET_HEADER = 14;

/** Captures → one, the addresses of each replaced by ones that no other has (192.168.0.17 of the 300th: 10.1.44.1). Multicast stays. */
function merged(captures: readonly Uint8Array[]): { capture: Uint8Array; owners: number[] } {
  const parts: Uint8Array[] = [captures[0].subarray(0, GLOBAL_HEADER)];
  const owners: number[] = [];
  for (const [index, capture] of captures.entries()) {
    const bytes = Uint8Array.from(capture);
    const view = new DataView(bytes.buffer);
    const known = new Map<number, number>();
    for (let at = GLOBAL_HEADER; at + PACKET_HEADER <= bytes.length; at += PACKET_HEADER + view.getUint32(at + 8, true)) {
      owners.push(index);
      const ip = at + PACKET_HEADER + ETHERNET_HEADER;
      if (view.getUint16(ip - 2) !== 0x0800) continue;
      for (const place of [ip + 12, ip + 16]) {
        const address = view.getUint32(place);
        if (address >>> 28 === 0xe || address === 0xffffffff) continue;
        if (!known.has(address)) known.set(address, 0x0a000000 + index * 256 + known.size + 1);
        view.setUint32(place, known.get(address)!);
      }
    }
    parts.push(bytes.subarray(GLOBAL_HEADER));
  }
  return { capture: Buffer.concat(parts), owners };
}

/** How many of each kind are asked for; those that are not named: 150. */
const SAMPLE: Readonly<Record<string, number>> = { udp: 600, tcp: 250, 'dns-raw': 200 };
const USUAL_SAMPLE = 150;

function beforeTshark(): void {
  const random = new SeededRandom(Number(values.seed));
  const left = rules.filter((rule) => sids.length === 0 || sids.includes(String(rule.sid)));
  const kinds = new Map<string, { rule: Rule; capture: Uint8Array; shows: string }[]>();
  const full = (kind: string): boolean => (kinds.get(kind)?.length ?? 0) >= (SAMPLE[kind] ?? USUAL_SAMPLE);
  // Most rules are about HTTP, TLS and DNS: when those have enough, their rules are passed over unread.
  const enough = (rule: Rule): boolean => full(rule.protocol) && !['tcp', 'udp', 'ip', 'icmp', 'dns'].includes(rule.protocol);
  while (left.length > 0) {
    const at = random.below(left.length);
    const rule = left[at];
    left[at] = left[left.length - 1];
    left.pop();
    if (enough(rule)) continue;
    const made = synthesizer.synthesize(rule, { silent: false });
    if ('problem' in made) continue;
    const kind = made.shows.split(' ')[0];
    if (full(kind)) continue;
    kinds.set(kind, [...(kinds.get(kind) ?? []), { rule, capture: made.fires, shows: made.shows }]);
  }
  const folder = mkdtempSync(join(tmpdir(), 'sigwright-tshark-'));
  let allSaid = true;
  console.log('kind       captures   sound   broken   of these said to be so');
  const lines: string[] = [];
  for (const [kind, samples] of [...kinds].sort(([, a], [, b]) => b.length - a.length)) {
    const { capture, owners } = merged(samples.map((one) => one.capture));
    const file = join(values.keep ?? folder, `${kind}.pcap`);
    writeFileSync(file, capture);
    const fields = ['frame.number', '_ws.malformed', '_ws.expert.message', 'frame.protocols'].flatMap((name) => ['-e', name]);
    const filter = '_ws.malformed or _ws.expert.severity == "Error"';
    const { stdout, status, error, stderr } = spawnSync('tshark', ['-n', '-r', file, '-Y', filter, '-T', 'fields', ...fields], {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    });
    if (error !== undefined || status !== 0) throw new Error(`tshark: ${error?.message ?? stderr}`);
    const broken = new Map<number, string>();
    for (const line of stdout.split('\n').filter((one) => one !== '')) {
      const [frame, malformed, messages, protocols] = line.split('\t');
      const owner = owners[Number(frame) - 1];
      if (!broken.has(owner)) broken.set(owner, `${protocols.split(':').slice(3).join(':')}: ${(malformed || messages || '').slice(0, 100)}`);
    }
    let said = 0;
    for (const [owner, reason] of broken) {
      const { rule, shows } = samples[owner];
      const isSaid = shows.includes('; ');
      if (isSaid) said++;
      lines.push(`${kind.padEnd(8)} ${rule.sid} ${isSaid ? 'said ' : '     '} ${reason}`);
    }
    if (said < broken.size) allSaid = false;
    const sound = samples.length - broken.size;
    console.log(
      `${kind.padEnd(10)} ${String(samples.length).padStart(8)} ${String(sound).padStart(7)} ${String(broken.size).padStart(8)} ${String(said).padStart(6)}`,
    );
  }
  console.log(`\n${lines.sort().join('\n')}`);
  rmSync(folder, { recursive: true });
  process.exitCode = allSaid ? 0 : 1;
}

if (values.tshark) beforeTshark();
else solved(rules.filter((_rule, at) => at % Number(values.every) === 0));
