/**
 * What a link for reading is about: the sample that a page of an analysis service shows, a technique, a vulnerability. The link is a
 * reference, its subject is worth more.
 */
import type { IndicatorType } from '@sigwright/contracts';
import type { Judged } from './roles.ts';

export interface LinkSubject extends Judged {
  readonly type: IndicatorType;
  readonly value: string;
  /** place within the address as written */
  readonly at: number;
  readonly length: number;
}

/** Services with a page for a sample, named in its address by digest. */
const SAMPLES =
  /^[a-z]*:?\/\/(?:[\w-]+\.)*(?:virustotal\.com|abuse\.ch|tria\.ge|hybrid-analysis\.com|joesandbox\.com|malshare\.com|virusshare\.com|alienvault\.com|intezer\.com|polyswarm\.network|filescan\.io|unpac\.me|kaspersky\.com|threatbook\.(?:cn|io|com)|any\.run|vx-underground\.org|metadefender\.(?:opswat\.)?com|cape\w*\.\w+)\//i;
const DIGEST = /(?<![0-9a-z])(?:[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32})(?![0-9a-z])/i;
const HOST = /\/(?:domain|hostname|ip-address|ip|ipv4|host)\/((?:\d{1,3}\.){3}\d{1,3}|(?:[a-z0-9-]{1,63}\.){1,8}[a-z][a-z0-9-]{1,62})(?=$|[/?#])/i;
const TECHNIQUE = /\/(?:techniques|tactics)\/(T[A0-9]\d{3}(?:\/(\d{3}))?|TA\d{4})/;
const CVE = /CVE-(?:19|20)\d{2}-\d{4,7}/i;

export function subjectsOf(value: string, written: string): readonly LinkSubject[] {
  if (SAMPLES.test(value)) {
    const match = DIGEST.exec(written);
    if (match === null) return hostOf(written);
    const type = match[0].length === 64 ? 'sha256' : match[0].length === 40 ? 'sha1' : 'md5';
    return [
      {
        type,
        value: match[0].toLowerCase(),
        at: match.index,
        length: match[0].length,
        role: 'indicator',
        benign: false,
        reason: 'the sample that a link is about',
      },
    ];
  }
  const technique = value.includes('attack.mitre.org/') ? TECHNIQUE.exec(written) : null;
  if (technique !== null) {
    const [, id, sub] = technique;
    return [{ ...placed(written, id), type: 'attack', value: sub === undefined ? id : `${id.slice(0, 5)}.${sub}`, ...NAMED }];
  }
  const cve = CVE.exec(written);
  return cve === null ? [] : [{ ...placed(written, cve[0]), type: 'cve', value: cve[0].toUpperCase(), ...NAMED }];
}

/** A page about a name or an address. */
function hostOf(written: string): readonly LinkSubject[] {
  const host = HOST.exec(written)?.[1];
  if (host === undefined) return [];
  const type = /^[\d.]+$/.test(host) ? 'ipv4' : 'domain';
  return [{ ...placed(written, host), type, value: host.toLowerCase(), role: 'indicator', benign: false, reason: 'the host that a link is about' }];
}

const NAMED: Judged = { role: 'reference', benign: false, reason: 'names a weakness or technique' };

function placed(written: string, part: string): { readonly at: number; readonly length: number } {
  return { at: written.indexOf(part), length: part.length };
}
