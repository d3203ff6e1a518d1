/**
 * Indicators of a report → draft rules by the conventions of Emerging Threats: a DNS and a TLS rule for a domain, HTTP for a URL,
 * an address rule for an address with a port. Matches are exact or on whole labels, so that `xxevil.com` never fires for
 * `evil.com`. What is covered already, or must not become a rule, is left out and said.
 */
import type { Indicator } from '@sigwright/contracts';
import type { Coverage } from '../coverage/coverage.ts';
import { type ReportReading, registrable, sharedParent } from '../intake/intake.ts';

export interface DraftOptions {
  readonly prefix: string;
  /** next free number; undefined where the range is used up */
  nextSid(): number | undefined;
  /** ISO date */
  readonly date: string;
  readonly family?: string;
  readonly reference?: string;
  readonly coverage?: Coverage;
}

export interface DraftRule {
  readonly sid: number;
  readonly text: string;
  readonly role: string;
  readonly indicator: string;
}

export interface Draft {
  readonly rules: readonly DraftRule[];
  readonly skipped: readonly { readonly indicator: string; readonly why: string }[];
}

export function draftRules(reading: ReportReading, options: DraftOptions): Draft {
  const rules: DraftRule[] = [];
  const skipped: { indicator: string; why: string }[] = [];
  const seen = new Set<string>();
  const family = options.family ?? reading.families[0] ?? reading.actors[0] ?? 'Unattributed Malware';
  const reference = withoutScheme(options.reference ?? reading.references[0]);
  for (const indicator of reading.indicators) {
    const shown = `${indicator.type} ${indicator.value}`;
    if (seen.has(shown)) continue;
    seen.add(shown);
    const why = reasonAgainst(indicator);
    if (why !== undefined) {
      skipped.push({ indicator: shown, why });
      continue;
    }
    const covered = options.coverage?.find(indicator).filter((hit) => hit.enabled) ?? [];
    if (covered.length > 0) {
      skipped.push({ indicator: shown, why: `covered already by ${[...new Set(covered.map((hit) => hit.sid))].slice(0, 4).join(', ')}` });
      continue;
    }
    const bodies = bodiesOf(indicator, family);
    if (bodies.length === 0) {
      skipped.push({ indicator: shown, why: 'goes into references, not into a rule of its own' });
      continue;
    }
    for (const body of bodies) {
      const sid = options.nextSid();
      if (sid === undefined) {
        skipped.push({ indicator: shown, why: 'the ruleset has no free SID left' });
        break;
      }
      rules.push({ sid, role: body.role, indicator: indicator.value, text: ruleText(body, options, family, reference, sid) });
    }
  }
  return { rules, skipped };
}

function reasonAgainst(indicator: Indicator): string | undefined {
  if (indicator.role !== 'indicator') return indicator.reason;
  return undefined;
}

interface Body {
  readonly role: 'lookup' | 'contact' | 'check_in';
  readonly header: string;
  readonly message: string;
  readonly flow: boolean;
  readonly match: string;
  readonly classtype: string;
  readonly state: string;
}

function bodiesOf(indicator: Indicator, family: string): readonly Body[] {
  switch (indicator.type) {
    case 'domain':
      return domainBodies(indicator.value, family);
    case 'url':
      return urlBodies(indicator.value, family);
    case 'ipv4':
    case 'ipv6':
      return [
        {
          role: 'contact',
          header: `alert ${indicator.port === undefined ? 'ip' : 'tcp'} $HOME_NET any -> ${indicator.type === 'ipv6' ? `[${indicator.value}]` : indicator.value} ${indicator.port ?? 'any'}`,
          message: `Connection to ${family} Server (${indicator.value})`,
          flow: indicator.port !== undefined,
          match: '',
          classtype: 'command-and-control',
          state: '',
        },
      ];
    default:
      return [];
  }
}

/** ET's defanging: a blank before the last dot. */
function spaced(host: string): string {
  const dot = host.lastIndexOf('.');
  return `${host.slice(0, dot)} ${host.slice(dot)}`;
}

function domainBodies(host: string, family: string): readonly Body[] {
  // Below a shared name, or written as a full host, only that host is meant; a registrable name stands for all below it.
  const exact = sharedParent(host) !== undefined || registrable(host) !== host;
  const match = (buffer: string, dns: boolean): string =>
    exact
      ? `${buffer}; bsize:${host.length}; content:"${host}";${dns ? ' nocase;' : ' fast_pattern; nocase;'}`
      : `${buffer}; dotprefix; content:".${host}";${dns ? ' nocase; endswith;' : ' nocase; endswith; fast_pattern;'}`;
  return [
    {
      role: 'lookup',
      header: 'alert dns $HOME_NET any -> any any',
      message: `${family} Domain in DNS Lookup (${spaced(host)})`,
      flow: false,
      match: match('dns.query', true),
      classtype: 'domain-c2',
      state: '',
    },
    {
      role: 'contact',
      header: 'alert tls $HOME_NET any -> $EXTERNAL_NET any',
      message: `Observed ${family} Domain (${spaced(host)} in TLS SNI)`,
      flow: true,
      match: match('tls.sni', false),
      classtype: 'domain-c2',
      state: 'TLSEncrypt',
    },
  ];
}

function escaped(text: string): string {
  return text.replace(
    /[^\x20-\x7e]|[;:"\\|]/g,
    (character) => `|${[...new TextEncoder().encode(character)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')}|`,
  );
}

function urlBodies(url: string, family: string): readonly Body[] {
  const match = /^([a-z]+):\/\/([^/?#:]*)(?::\d+)?([^#]*)/.exec(url);
  if (match === null || match[1] === 'ftp') return [];
  const [, , host, path] = match;
  const isAddress = /^\d+(\.\d+){3}$/.test(host);
  if (path.length < 2) return isAddress ? [] : domainBodies(host, family);
  const hostPart = `http.host; bsize:${host.length}; content:"${host}";`;
  const body: Body = {
    role: 'check_in',
    header: 'alert http $HOME_NET any -> $EXTERNAL_NET any',
    message: `${family} Related URL Requested (${isAddress ? host : spaced(host)})`,
    flow: true,
    match: `http.uri; content:"${escaped(path)}"; startswith; fast_pattern; ${hostPart}`,
    classtype: 'trojan-activity',
    state: 'plaintext',
  };
  return isAddress || sharedParent(host) !== undefined ? [body] : [...domainBodies(host, family), body];
}

function ruleText(body: Body, options: DraftOptions, family: string, reference: string | undefined, sid: number): string {
  const stamp = options.date.replaceAll('-', '_');
  const metadata = [
    'attack_target Client_Endpoint',
    ...(body.state === '' ? [] : [`tls_state ${body.state}`]),
    `created_at ${stamp}`,
    'deployment Perimeter',
    `malware_family ${family.replaceAll(' ', '_')}`,
    'performance_impact Low',
    'confidence Medium',
    `role ${body.role}`,
    `signature_severity ${body.role === 'check_in' ? 'Critical' : 'Major'}`,
    `updated_at ${stamp}`,
  ];
  const parts = [
    `msg:"${options.prefix} MALWARE ${body.message}";`,
    ...(body.flow ? ['flow:established,to_server;'] : []),
    ...(body.match === '' ? [] : [body.match]),
    ...(reference === undefined ? [] : [`reference:url,${reference};`]),
    `classtype:${body.classtype};`,
    `sid:${sid};`,
    'rev:1;',
    `metadata:${metadata.join(', ')};`,
    'target:src_ip;',
  ];
  return `${body.header} (${parts.join(' ')})`;
}

function withoutScheme(url: string | undefined): string | undefined {
  return url?.replace(/^https?:\/\//i, '').replace(/[;"\s]/g, (character) => encodeURIComponent(character));
}
