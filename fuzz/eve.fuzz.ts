/**
 * Damaged EVE lines through triage, as they come from other programs: any JSON is judged or passed over, in bounded time, and the
 * judgement can be written down. node fuzz/eve.fuzz.ts [SECONDS] [SEED]
 */
import { renderTriage, triage } from '@sigwright/workbench';
import { eveRecords } from '../apps/cli/shared/eve-lines.ts';
import { fuzz, fuzzArguments, mutateText } from './harness.ts';

const ALERT = {
  timestamp: '2024-03-08T09:00:00.000000+0000',
  flow_id: 1,
  event_type: 'alert',
  src_ip: '10.0.0.1',
  src_port: 1025,
  dest_ip: '198.51.100.7',
  dest_port: 80,
  proto: 'TCP',
  app_proto: 'http',
  alert: {
    action: 'allowed',
    signature_id: 1,
    rev: 1,
    signature: 'ET MALWARE Win32/Quiet CnC Checkin',
    category: 'Malware Command and Control Activity Detected',
    severity: 1,
    metadata: { malware_family: ['Quiet'], signature_severity: ['Critical'], role: ['check_in'], confidence: ['High'] },
  },
  flow: { pkts_toserver: 3, pkts_toclient: 4, bytes_toserver: 300, bytes_toclient: 400, start: '2024-03-08T08:59:59.000000+0000' },
};
const LOOKUP = {
  ...ALERT,
  dest_port: 53,
  proto: 'UDP',
  app_proto: 'dns',
  alert: { ...ALERT.alert, signature_id: 2, signature: 'ET MALWARE Quiet Domain in DNS Lookup (quiet .top)' },
  dns: { query: [{ type: 'query', rrname: 'quiet.top', rrtype: 'A' }] },
};
const DNS = { ...LOOKUP, event_type: 'dns', alert: undefined };
const FLOW = { ...ALERT, event_type: 'flow', alert: undefined };
const SEEDS = [ALERT, LOOKUP, DNS, FLOW].map((record) => JSON.stringify(record));
const WORDS = 'null true 0 -1 1e999 "" [] {} [[]] {"a":[]} "::1" "10.0.0.1" "__proto__": "alert": "dns": \n , : [ ] { } " \\u0000'.split(' ');
const LONGEST = 50_000;

const { seconds, seed } = fuzzArguments();
process.exit(
  fuzz(
    'eve',
    seconds,
    seed,
    (random) => {
      const lines = Array.from({ length: 1 + random.below(6) }, () => random.pick(SEEDS));
      // Values of another kind in a record that is JSON still: text that is damaged is mostly no JSON any more.
      const changed = lines.map((line) => line.replace(/:("[^"]*"|\d+)/g, (whole) => (random.once(12) ? `:${random.pick(WORDS.slice(0, 12))}` : whole)));
      const nested = changed.map((line) => (random.once(4) ? line.replace(/"(alert|flow|dns|metadata)":\{/, (_whole, name) => `"${name}":null,"x":{`) : line));
      const text = nested.join('\n');
      return (random.once(2) ? text : mutateText(random, text, WORDS, LONGEST)).slice(0, LONGEST);
    },
    (text) => {
      const { records } = eveRecords(text);
      const hosts = triage(records, { isInside: (address) => address.startsWith('10.') });
      const written = renderTriage(hosts);
      for (const host of hosts) {
        if (!host.host.startsWith('10.')) return `a judgement about ${host.host}, which is not ours`;
        if (host.judgement !== 'nothing' && host.reasons.length === 0) return 'a judgement without a reason';
      }
      return JSON.stringify(hosts) === undefined || written === undefined ? 'nothing was written' : undefined;
    },
  ),
);
