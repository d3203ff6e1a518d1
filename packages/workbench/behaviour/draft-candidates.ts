/**
 * What intake found in a capture (names, URLs, user agents, fingerprints, certificate fields, GUIDs) → draft rules. Names and URLs are
 * judged as those of a report are (benign, shared, covered); what else stands in a capture becomes a rule on its own buffer. A capture
 * says nothing about good or bad: whoever drafts from one chooses first, or gives ordinary traffic's candidates to leave out.
 */
import { entryOf, fromHex, latin1 } from '@sigwright/bytes';
import { type Draft, type DraftOptions, draftRules, twinOf } from '../draft/draft.ts';
import type { CaptureCandidate } from '../intake/capture-candidates.ts';
import { type IntakeOptions, readReport } from '../intake/intake.ts';
import type { Role } from '../repository/repository.ts';
import { type Condition, contentText, fixed } from './condition.ts';
import { ruleText } from './rule-text.ts';

export interface CandidateOptions extends DraftOptions {
  readonly intake: IntakeOptions;
}

type Named = Pick<CaptureCandidate, 'kind' | 'value'>;

/** Kinds that a report could hold, too; the others are fingerprints. */
const NAMES: ReadonlySet<string> = new Set([
  'dns query',
  'http host',
  'http url',
  'tls sni',
  'quic sni',
  'certificate name',
  'file md5',
  'file sha1',
  'file sha256',
]);
/** Names that no host of the Internet has, and the way back from an address. */
const LOCAL_NAME = /\.(?:arpa|local|lan|home|internal|localdomain)$|^[^.]+$/i;

interface Fingerprint {
  readonly protocol: string;
  readonly direction: 0 | 1;
  readonly isRaw?: boolean;
  readonly role: Role;
  readonly phrase: string;
  readonly conditions: readonly Condition[];
  /** oldest engine */
  readonly engine?: 8;
}

export function draftCandidates(candidates: readonly Named[], options: CandidateOptions): Draft {
  const isLocal = ({ kind, value }: Named): boolean => !kind.startsWith('file ') && LOCAL_NAME.test(value);
  const names = candidates.filter((one) => NAMES.has(one.kind) && !isLocal(one));
  const reading = readReport(names.map(({ value }) => `${value}\n`).join('\n'), { ...options.intake, format: 'text' });
  // In a capture nothing is said about a name; an address without its dots broken is no reference here.
  const indicators = reading.indicators.map((one) =>
    one.role === 'reference' && !one.benign ? { ...one, role: 'indicator' as const, reason: 'in the capture' } : one,
  );
  const draft = draftRules({ ...reading, title: '', references: [], credits: [], indicators }, options);
  const rules = [...draft.rules];
  const skipped = [...draft.skipped];
  const skip = (indicator: string, why: string): void => {
    skipped.push({ indicator, why });
  };
  for (const candidate of candidates) {
    const { kind, value } = candidate;
    const shown = `${kind} ${value}`;
    if (NAMES.has(kind)) {
      if (isLocal(candidate)) skip(shown, 'no name of the Internet');
      continue;
    }
    const made = fingerprintOf(kind, value);
    if (typeof made === 'string') skip(shown, made);
    else if (made.engine === 8 && options.engine !== 8) skip(shown, 'needs Suricata 8: --engine 8');
    else {
      const twin = twinOf(textOf(made, 1, options), options);
      const sid = twin === undefined ? options.nextSid() : undefined;
      if (twin !== undefined) skip(shown, twin);
      else if (sid === undefined) skip(shown, 'the ruleset has no free SID left');
      else rules.push({ sid, role: made.role, indicator: value, text: textOf(made, sid, options) });
    }
  }
  return { rules, skipped };
}

function textOf(made: Fingerprint, sid: number, options: DraftOptions): string {
  return ruleText(made.conditions, {
    sid,
    protocol: made.protocol,
    direction: made.direction,
    isRaw: made.isRaw === true,
    side: made.protocol === 'smb' ? 'anywhere' : 'from inside',
    role: made.role,
    phrase: made.phrase,
    confidence: 'Low',
    bits: [],
    words: {
      prefix: options.prefix,
      category: options.category ?? 'MALWARE',
      family: options.family,
      date: options.date,
      references: options.reference === undefined ? [] : [options.reference],
    },
  });
}

/** Every browser sends it. */
const BROWSER = /^Mozilla\/5\.0 /;
const FIELDS: Readonly<Record<string, readonly [buffer: string, phrase: string]>> = {
  'certificate subject': ['tls.cert_subject', 'Certificate Subject Observed'],
  'certificate issuer': ['tls.cert_issuer', 'Certificate Issuer Observed'],
  'certificate serial': ['tls.cert_serial', 'Certificate Serial Observed'],
  'certificate sha1': ['tls.cert_fingerprint', 'Certificate Fingerprint Observed'],
};

/** A reason where nothing is drafted. */
function fingerprintOf(kind: string, value: string): Fingerprint | string {
  if (value.length > 255) return 'too long to be matched whole';
  const tls = (buffer: string, direction: 0 | 1, phrase: string): Fingerprint => ({
    protocol: 'tls',
    direction,
    role: 'contact',
    phrase,
    conditions: [fixed(phrase, buffer, value)],
  });
  const field = entryOf(FIELDS, kind);
  if (field !== undefined) return tls(field[0], 1, field[1]);
  switch (kind) {
    case 'tls ja3':
      return digest(tls('ja3.hash', 0, 'JA3 Hash Observed'), value);
    case 'tls ja3s':
      return digest(tls('ja3s.hash', 1, 'JA3S Hash Observed'), value);
    case 'tls ja4':
      return { ...tls('ja4.hash', 0, 'JA4 Hash Observed'), engine: 8 };
    case 'http user agent':
      if (BROWSER.test(value)) return 'browsers send such a user agent: it tells something only beside other parts (--captures)';
      return { protocol: 'http', direction: 0, role: 'check_in', phrase: 'User-Agent Observed', conditions: [fixed('user agent', 'http.user_agent', value)] };
    case 'ssh client':
    case 'ssh server':
      return {
        protocol: 'ssh',
        direction: kind === 'ssh client' ? 0 : 1,
        role: 'contact',
        phrase: 'SSH Software Observed',
        conditions: [fixed('software', 'ssh.software', value)],
      };
    case 'smb client guid':
    case 'smb server guid':
      return guid(value, kind === 'smb client guid');
    default:
      return `no rule is drafted from ${/^[aeiou]/.test(kind) ? 'an' : 'a'} ${kind} alone`;
  }
}

/** Digests are compared without their length, as is the custom. */
function digest(made: Fingerprint, value: string): Fingerprint {
  return { ...made, conditions: made.conditions.map((one) => ({ ...one, pieces: [{ text: `content:"${value}";`, literal: value }] })) };
}

/** Places in NEGOTIATE of SMB 2 (MS-SMB2 2.2.3, 2.2.4), behind four bytes of NetBIOS and 64 of the header. */
const CLIENT_GUID_AT = 80;
const SERVER_GUID_AT = 76;

function guid(value: string, isClient: boolean): Fingerprint | string {
  const bytes = fromHex(value.replaceAll('-', ''));
  if (bytes?.length !== 16) return 'is no GUID';
  const at = isClient ? CLIENT_GUID_AT : SERVER_GUID_AT;
  const text = latin1(wireOrder(bytes));
  const plain = (offset: number, content: string): Condition => ({
    part: 'GUID',
    buffer: 'payload',
    pieces: [{ text: `content:"${contentText(content)}"; offset:${offset}; depth:${content.length};`, literal: content }],
    says: '',
    prior: 0,
    sturdy: 1,
    holds: () => false,
  });
  return {
    protocol: 'smb',
    direction: isClient ? 0 : 1,
    isRaw: true,
    role: 'context',
    phrase: `SMB ${isClient ? 'Client' : 'Server'} GUID Observed`,
    conditions: [plain(4, '\xfeSMB'), plain(at, text)],
  };
}

/** Records show each group of a GUID most significant byte first; on the wire it is the other way round, the last group in two parts. */
const GROUPS = [4, 2, 2, 2, 2, 4];

function wireOrder(shown: Uint8Array): Uint8Array {
  const bytes: number[] = [];
  for (const length of GROUPS) bytes.push(...shown.subarray(bytes.length, bytes.length + length).toReversed());
  return Uint8Array.from(bytes);
}
