import { readFileSync } from 'node:fs';
import { formatAddress } from '@sigwright/bytes';
import { DEFAULT_SETTINGS } from '@sigwright/contracts';
import { parseRules } from '@sigwright/rule-language';
import { catalogue } from '../catalogue/index.ts';
import { buildPlan, Engine, usePlan } from './index.ts';

const sid = process.argv[2];
const settings = { ...DEFAULT_SETTINGS, verifyChecksums: false };
const rules = parseRules(readFileSync('/tmp/all.rules', 'utf8')).rules;
const plan = usePlan(buildPlan([{ path: 'x', rules }], catalogue, settings).data, catalogue, settings);
const e = JSON.parse(readFileSync('/work/shared/captures/expected.json', 'utf8'));
const yes = new Map<string, number>(),
  no = new Map<string, number>();
for (const n of Object.keys(e)) {
  const s = new Map<string, string>();
  const en = new Engine(plan, catalogue, settings, {
    alert(a, p) {
      s.set(formatAddress(p.source, p.ipVersion), `${p.protocol} ${formatAddress(p.destination, p.ipVersion)} ${p.flow?.state}`);
    },
  });
  en.feed(readFileSync('/work/shared/captures/files/' + n));
  en.finish();
  const m = e[n].alerts[sid] ? yes : no;
  for (const [k, v] of s) m.set(k, (m.get(k) ?? 0) + 1);
  if (!e[n].alerts[sid] && s.size) console.log(n, [...s].join(' | '));
}
console.log('NO', [...no].map(([k, v]) => k + ':' + v + '/' + (yes.get(k) ?? 0)).join(' '));
const rows: string[] = [];
for (const n of Object.keys(e)) {
  let pk = 0,
    first = '',
    t0 = 0,
    t1 = 0;
  const en = new Engine(plan, catalogue, settings, {
    packet(p) {
      pk++;
      if (pk === 1) t0 = p.time;
      t1 = p.time;
    },
    alert(a, p) {
      first += ` ${formatAddress(p.source, p.ipVersion)}>${formatAddress(p.destination, p.ipVersion)}/${p.protocol}:${p.sourcePort}>${p.destinationPort}@${p.number}`;
    },
  });
  en.feed(readFileSync('/work/shared/captures/files/' + n));
  en.finish();
  if (first)
    rows.push(
      (e[n].alerts[sid] ?? 0) +
        ' pk=' +
        pk +
        ' dur=' +
        ((t1 - t0) / 1e6).toFixed(3) +
        ' ' +
        n.split('/').pop() +
        first.slice(0, 120) +
        ' ' +
        JSON.stringify(e[n].alerts).slice(0, 80),
    );
}
rows.sort();
console.log(
  rows
    .filter((r) => r.startsWith('0'))
    .slice(0, 50)
    .join('\n'),
);
console.log(
  rows
    .filter((r) => !r.startsWith('0') && r.includes('10.0.0.'))
    .slice(0, 40)
    .join('\n'),
);
