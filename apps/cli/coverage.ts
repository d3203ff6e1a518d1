/** `sigwright coverage -S RULES WHAT …`: which rules cover a domain, address, URL, digest, CVE, capture or draft rule already. */

import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { counted } from '@sigwright/bytes';
import { catalogue, refang } from '@sigwright/catalogue';
import type { EngineSettings, Rule } from '@sigwright/contracts';
import { buildPlan, Engine, type PlanUse, usePlan } from '@sigwright/detection';
import { parseRules } from '@sigwright/rule-language';
import { composeCapture } from '@sigwright/traffic';
import { buildRuleCoverage, type CoverageHit, insideOf, type RuleHit } from '@sigwright/workbench';
import { argumentsOf, UsageProblem } from './shared/arguments.ts';
import { ourSettings } from './shared/data-files.ts';
import { namedCaptures } from './shared/run-capture.ts';

const USAGE = `sigwright coverage -S RULES WHAT … [options]

Which rules cover something already: exactly, more broadly, or in part; disabled ones too. WHAT is a domain, URL, path of
URLs (/a/b.php), address, network, digest, CVE, or a draft rule in quotes; defanged forms are read. With - for WHAT, lines of standard input are answered one by one.

  -S, --rules FILE       rules; may stand several times
  -r, --capture PATH     which rules fire on a capture or folder, if all were enabled; may stand several times
      --rule FILE        the draft rules of a file
      --home-net NETS    what HOME_NET is, for captures
      --json             one JSON object a line
      --times            how long loading and each answer took, on standard error
`;

interface Answer {
  readonly what: string;
  readonly type: string;
  readonly hits: readonly (CoverageHit | RuleHit)[];
}

export async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = argumentsOf(USAGE, argv, {
    allowPositionals: true,
    options: {
      rules: { type: 'string', short: 'S', multiple: true },
      capture: { type: 'string', short: 'r', multiple: true },
      rule: { type: 'string', multiple: true },
      'home-net': { type: 'string' },
      json: { type: 'boolean' },
      times: { type: 'boolean' },
    },
  });
  if (values.rules === undefined) throw new UsageProblem('name rules (-S)', USAGE);
  if (positionals.length === 0 && values.capture === undefined && values.rule === undefined) throw new UsageProblem('name what is to be looked for', USAGE);
  const homeNet = values['home-net'];
  if (homeNet !== undefined && insideOf(homeNet) === undefined) throw new UsageProblem(`--home-net ${homeNet} is no list of networks`, USAGE);
  const clock = (what: string, started: number): void => {
    if (values.times) process.stderr.write(`${what}: ${(performance.now() - started).toFixed(1)} ms\n`);
  };
  let started = performance.now();
  const rules = values.rules.flatMap((path) => parseRules(readFileSync(path, 'utf8')).rules);
  const coverage = buildRuleCoverage(rules);
  clock(`${counted(rules.length, 'rule')}, ${coverage.rules} of them with names, addresses, paths or digests`, started);
  let found = 0;
  const answer = (make: () => Answer): void => {
    const begun = performance.now();
    const made = make();
    clock(made.what.slice(0, 60), begun);
    if (made.hits.length > 0) found++;
    process.stdout.write(values.json ? jsonOf(made) : textOf(made));
  };
  const ask = (what: string): void => answer(() => asked(what, coverage));
  for (const what of positionals) {
    if (what !== '-') ask(what);
    else for await (const line of createInterface({ input: process.stdin })) if (line.trim() !== '') ask(line.trim());
  }
  for (const path of values.rule ?? [])
    for (const draft of parseRules(readFileSync(path, 'utf8')).rules)
      answer(() => ({ what: `${draft.sid} ${draft.message}`, type: 'rule', hits: coverage.findRule(draft) }));
  const captures = (values.capture ?? []).flatMap((path) => namedCaptures(path));
  if (captures.length > 0) {
    started = performance.now();
    const plan = planOf(rules, values.rules ?? [], homeNet);
    firingOn(everydayTraffic(), plan, rules);
    clock('rules compiled', started);
    for (const path of captures) {
      const bytes = readFileSync(path);
      answer(() => ({ what: path, type: 'capture', hits: firingOn(bytes, plan, rules) }));
    }
  }
  return found > 0 ? 0 : 1;
}

function asked(what: string, coverage: ReturnType<typeof buildRuleCoverage>): Answer {
  const draft = /^#?\s*(?:alert|drop|pass|reject\w*)\s.*\(/s.test(what) ? parseRules(what).rules[0] : undefined;
  if (draft !== undefined) return { what, type: 'rule', hits: coverage.findRule(draft) };
  // A port changes nothing about the host that is asked for.
  const value = refang(what)
    .text.trim()
    .replace(/^([^\s/:[\]]+):\d{1,5}$/, '$1');
  const type = typeOf(value);
  return { what, type, hits: coverage.find({ type, value }) };
}

function typeOf(value: string): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(value)) return 'url';
  if (/^[0-9a-f]+$/i.test(value)) {
    const type = ({ 32: 'md5', 40: 'sha1', 64: 'sha256' } as Record<number, string>)[value.length];
    if (type !== undefined) return type;
  }
  if (/^\/[^/]/.test(value)) return 'uri-path';
  if (/^cve-\d{4}-\d{4,}$/i.test(value)) return 'cve';
  if (/^\d{1,3}(?:\.\d{1,3}){3}(?:\/\d{1,2})?$/.test(value)) return 'ipv4';
  if (/^[0-9a-f:.]*:[0-9a-f:.]*$/i.test(value)) return 'ipv6';
  // A path behind a host makes it an address of the web, scheme or not.
  return /^[^/\s]+\.[^/\s]+\/./.test(value) ? 'url' : 'domain';
}

interface Loaded {
  readonly plan: PlanUse;
  readonly settings: EngineSettings;
}

function planOf(rules: readonly Rule[], paths: readonly string[], homeNet: string | undefined): Loaded {
  const settings = ourSettings(paths, { verifyChecksums: false, homeNet });
  const all = rules.map((rule) => ({ ...rule, enabled: true }));
  return { plan: usePlan(buildPlan([{ path: 'rules', rules: all }], catalogue, settings).data, catalogue, settings), settings };
}

const EVERYDAY_PORTS = [21, 22, 25, 80, 110, 139, 143, 443, 445, 587, 993, 1433, 3306, 3389, 5432, 8080, 9000];

/** Tables for ports and protocols are made when the first packet asks for them: this one asks, so that no capture waits for it. */
function everydayTraffic(): Uint8Array {
  const capture = composeCapture({ seed: 1 });
  const [client, server] = ['10.0.0.5', '203.0.113.9'];
  const words = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  for (const serverPort of EVERYDAY_PORTS) {
    const exchanges = [
      { from: 'client' as const, bytes: words('GET / HTTP/1.1\r\nHost: a.example\r\n\r\n') },
      { from: 'server' as const, bytes: words('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok') },
    ];
    capture.tcpConversation({ client, server, serverPort, exchanges });
    capture.tcpConversation({ client, server, serverPort, exchanges: exchanges.map(({ from }) => ({ from, bytes: words('- nothing that is known -') })) });
    capture.udpExchange({ client, server, serverPort, exchanges: exchanges.map(({ from }) => ({ from, bytes: words('nothing') })) });
  }
  capture.dnsLookup({ client, resolver: '10.0.0.53', name: 'a.example' });
  return capture.finish();
}

function firingOn(bytes: Uint8Array, { plan, settings }: Loaded, rules: readonly Rule[]): CoverageHit[] {
  const sids = new Set<number>();
  const engine = new Engine(plan, catalogue, settings, { alert: ({ rule }) => sids.add(rule.sid) });
  engine.feed(bytes);
  engine.finish();
  return rules
    .filter((rule) => sids.has(rule.sid))
    .map((rule) => ({ sid: rule.sid, how: 'exact' as const, enabled: rule.enabled, message: rule.message, buffer: 'capture', rule }));
}

function jsonOf({ what, type, hits }: Answer): string {
  const shown = hits.map(({ rule: _, ...hit }) => hit);
  return `${JSON.stringify({ what, type, covered: hits.length > 0, hits: shown })}\n`;
}

function textOf({ what, type, hits }: Answer): string {
  const lines = hits.map((hit) => {
    const where = 'by' in hit ? hit.by : hit.buffer;
    return `  ${(type === 'capture' ? 'fires' : hit.how).padEnd(12)}${hit.sid}  ${hit.message}${hit.enabled ? '' : ' (disabled)'}${where === '' || type === 'capture' ? '' : `, ${where}`}`;
  });
  return `${[`${what} (${type}): ${hits.length === 0 ? 'not covered' : `${counted(hits.length, 'rule')}`}`, ...lines].join('\n').replace(/[^\P{Cc}\n]/gu, '·')}\n`;
}
