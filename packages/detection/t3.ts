import { readFileSync } from 'node:fs';
import { formatAddress } from '@sigwright/bytes';
import { DEFAULT_SETTINGS } from '@sigwright/contracts';
import { parseRules } from '@sigwright/rule-language';
import { catalogue } from '../catalogue/index.ts';
import { buildPlan, Engine, usePlan } from './index.ts';

const settings = { ...DEFAULT_SETTINGS, verifyChecksums: false };
const rules = parseRules(readFileSync('/tmp/all.rules', 'utf8')).rules;
const plan = usePlan(buildPlan([{ path: 'x', rules }], catalogue, settings).data, catalogue, settings);
const e = JSON.parse(readFileSync('/work/shared/captures/expected.json', 'utf8'));
type H = { src: string; t: number };
const hits: Record<string, H[]> = {};
for (const n of Object.keys(e)) {
  const h: H[] = [];
  const en = new Engine(plan, catalogue, settings, {
    alert(a, p) {
      h.push({ src: formatAddress(p.source, p.ipVersion), t: p.time / 1e6 });
    },
  });
  en.feed(readFileSync('/work/shared/captures/files/' + n));
  en.finish();
  hits[n] = h;
}
function sim(order: string[], shared: boolean, mode: number) {
  let tv = new Map<string, number>();
  let ok = 0,
    bad = 0,
    exact = 0;
  for (const n of order) {
    if (!shared) tv = new Map();
    let c = 0;
    for (const { src, t } of hits[n]) {
      const v = tv.get(src);
      const d = v === undefined ? Infinity : t - v;
      const within = mode === 0 ? d < 360 : Math.abs(d) < 360;
      if (v === undefined || !within) {
        tv.set(src, t);
        c++;
      }
    }
    const want = e[n].alerts['2002752'] ?? 0;
    if (want > 0 === c > 0) ok++;
    else bad++;
    if (want === c) exact++;
  }
  return { ok, bad, exact };
}
const names = Object.keys(e);
console.log('alone', sim(names, false, 0));
for (const m of [0, 1]) {
  console.log('sorted', m, sim([...names].sort(), true, m));
  console.log('given', m, sim(names, true, m));
  console.log('reverse', m, sim([...names].reverse(), true, m));
}
const rows: [number, number, string, string][] = [];
names.forEach((n, i) => {
  for (const h of hits[n].slice(0, 1)) if (h.src === '10.0.0.1' || h.src === '10.0.0.2') rows.push([i, h.t, h.src, (e[n].alerts['2002752'] ?? 0) + ' ' + n]);
});
for (const r of rows) console.log(r[0], r[1].toFixed(0), r[2], r[3]);
