/** Chosen conditions → a rule by the conventions of Emerging Threats: order of options, role, class, metadata. */
import { entryOf } from '@sigwright/bytes';
import { TO_SERVER } from '@sigwright/contracts';
import { CATEGORIES, familyInMessage, familyMetadata, MALWARE, withoutScheme } from '../draft/conventions.ts';
import { formatRules } from '../format/format.ts';
import type { Role } from '../repository/repository.ts';
import { type Condition, priorOf } from './condition.ts';
import { bufferText, type Observation } from './observe.ts';

/** Style guide's order of buffers; others follow by name. Payload comes first, since it belongs to no buffer. */
const ORDER: readonly string[] = [
  'payload',
  'http.method',
  'http.uri',
  'http.stat_code',
  'http.server',
  'http.user_agent',
  'http.header_names',
  'http.header',
  'http.content_type',
  'http.accept',
  'http.cookie',
  'http.protocol',
  'http.request_body',
  'http.response_body',
];

export interface RuleWords {
  readonly prefix: string;
  readonly category: string;
  readonly family: string | undefined;
  readonly date: string;
  readonly references: readonly string[];
}

/** Who begins the conversation, seen from the network that is protected. */
export type Side = 'from inside' | 'from outside' | 'within' | 'anywhere';

export interface RuleFrame {
  readonly sid: number;
  readonly protocol: string;
  readonly direction: 0 | 1;
  readonly isRaw: boolean;
  readonly side: Side;
  readonly role: Role;
  /** behind the family in the message */
  readonly phrase: string;
  readonly confidence: 'High' | 'Medium' | 'Low';
  /** between flow and the conditions: flowbits */
  readonly bits: readonly string[];
  readonly words: RuleWords;
}

export function ruleText(conditions: readonly Condition[], frame: RuleFrame): string {
  const { words } = frame;
  const stamp = words.date.slice(0, 10).replaceAll('-', '_');
  const kind = entryOf(CATEGORIES, words.category) ?? MALWARE;
  const isOurs = frame.side === 'from outside' ? frame.direction !== TO_SERVER : frame.direction === TO_SERVER;
  const isContext = frame.role === 'context';
  const classtype = isContext
    ? CATEGORIES['INFO'].classtype
    : frame.role === 'payload' && kind === MALWARE
      ? 'trojan-activity'
      : frame.role === 'lookup'
        ? kind.classtype
        : kind.trafficClasstype;
  const isBehaviour = frame.role !== 'lookup' && frame.role !== 'contact';
  const severity = isContext ? CATEGORIES['INFO'].severity : kind.severity === 'Major' && isBehaviour ? 'Critical' : kind.severity;
  const metadata = [
    ...(kind.product === undefined ? [] : [`affected_product ${kind.product}`]),
    `attack_target ${frame.side === 'from outside' ? 'Server' : kind.target}`,
    `tls_state ${frame.protocol === 'tls' ? 'TLSEncrypt' : 'plaintext'}`,
    `created_at ${stamp}`,
    'deployment Perimeter',
    ...(frame.side === 'within' ? ['deployment Internal'] : []),
    ...familyMetadata(words.family),
    'performance_impact Low',
    `confidence ${frame.confidence}`,
    `role ${frame.role}`,
    `signature_severity ${severity}`,
    `updated_at ${stamp}`,
  ];
  const isUdp = frame.protocol === 'udp' || frame.protocol === 'dns';
  const way = frame.direction === TO_SERVER ? 'to_server' : 'to_client';
  const options = [
    `msg:"${words.prefix} ${words.category} ${familyInMessage(words.family, kind)}${frame.phrase}";`,
    ...(frame.protocol === 'dns' ? [] : [`flow:${isUdp ? '' : 'established,'}${way};`]),
    ...frame.bits,
    ...(frame.isRaw && frame.direction !== TO_SERVER && !['tcp', 'udp'].includes(frame.protocol) ? [`app-layer-protocol:${frame.protocol};`] : []),
    ...bufferOptions(conditions),
    ...words.references.map((one) => `reference:${one.startsWith('url,') || /^(?:md5|cve),/.test(one) ? one : `url,${withoutScheme(one)}`};`),
    `classtype:${classtype};`,
    `sid:${frame.sid};`,
    'rev:1;',
    `metadata:${metadata.join(', ')};`,
    `target:${isOurs ? 'src_ip' : 'dest_ip'};`,
  ];
  return formatRules(`alert ${headerOf(frame)} (${options.join(' ')})`).text;
}

function headerOf({ protocol, isRaw, direction, side }: RuleFrame): string {
  const word = isRaw ? (protocol === 'udp' ? 'udp' : 'tcp-pkt') : protocol;
  if (protocol === 'dns' && !isRaw) return 'dns $HOME_NET any -> any any';
  const [client, server] =
    side === 'from inside'
      ? ['$HOME_NET', '$EXTERNAL_NET']
      : side === 'from outside'
        ? ['$EXTERNAL_NET', '$HOME_NET']
        : side === 'within'
          ? ['$HOME_NET', '$HOME_NET']
          : ['any', 'any'];
  return direction === TO_SERVER ? `${word} ${client} any -> ${server} any` : `${word} ${server} any -> ${client} any`;
}

/** The rarest content is searched first; it is marked where there are several. */
function bufferOptions(conditions: readonly Condition[]): string[] {
  const rank = (buffer: string): number => (ORDER.includes(buffer) ? ORDER.indexOf(buffer) : ORDER.length);
  const ordered = [...conditions].sort(
    (a, b) => rank(a.buffer) - rank(b.buffer) || a.buffer.localeCompare(b.buffer) || Number(b.part === 'size') - Number(a.part === 'size'),
  );
  let rarest: { readonly text: string; readonly literal?: string } | undefined;
  for (const { pieces } of ordered)
    for (const piece of pieces)
      if (piece.literal !== undefined && (rarest?.literal === undefined || priorOf(piece.literal) > priorOf(rarest.literal))) rarest = piece;
  const options: string[] = [];
  let buffer = 'payload';
  for (const condition of ordered) {
    if (condition.buffer !== buffer) {
      buffer = condition.buffer;
      options.push(`${buffer};`);
    }
    for (const piece of condition.pieces) options.push(piece === rarest ? `${piece.text} fast_pattern;` : piece.text);
  }
  return options;
}

const PROGRAM = /\.(?:exe|dll|msi|zip|rar|7z|iso|img|jar|apk|ps1|vbs|js|hta|bat|cmd|lnk|scr|bin|sh|elf|py|docm|xlsm|cab|gz|tgz|dmg|pkg)(?:$|\?)/i;
const EXFIL = /screen|upload|grab|steal|password|cookies|wallet|filename="|\bexfil|\bput\b/i;
const CONFIG = /\bconf(?:ig)?\b|settings/i;
const LARGE_BODY = 2000;

/** What a group does, and how ET say so. `answer`: what came back, where it is known. */
export function roleOfGroup(observations: readonly Observation[], answers: readonly Observation[]): { readonly role: Role; readonly phrase: string } {
  const [first] = observations;
  const all = (test: (observation: Observation) => boolean): boolean => observations.every(test);
  if (first.kind === 'http to_server') {
    const method = bufferText(first, 'http.method') ?? '';
    const uri = (one: Observation): string => bufferText(one, 'http.uri') ?? '';
    const body = (one: Observation): string => bufferText(one, 'http.request_body') ?? '';
    if (method === 'GET' && (all((one) => PROGRAM.test(uri(one))) || (answers.length > 0 && answers.every(isProgram))))
      return { role: 'payload', phrase: 'Payload Request (GET)' };
    if (all((one) => EXFIL.test(uri(one)) || (method !== 'GET' && (EXFIL.test(body(one).slice(0, 400)) || body(one).length > LARGE_BODY))))
      return { role: 'exfil', phrase: `CnC Exfil (${method})` };
    if (method === 'GET' && all((one) => CONFIG.test(uri(one)))) return { role: 'config', phrase: 'CnC Configuration Request (GET)' };
    return { role: 'check_in', phrase: `CnC Checkin (${method})` };
  }
  if (first.kind === 'http to_client') {
    if (all((one) => CONFIG.test(bufferText(one, 'http.response_body') ?? ''))) return { role: 'config', phrase: 'CnC Configuration Inbound' };
    return { role: 'command', phrase: 'CnC Server Response' };
  }
  if (first.protocol === 'tls')
    return first.direction === TO_SERVER ? { role: 'contact', phrase: 'TLS Client Hello Observed' } : { role: 'contact', phrase: 'Certificate Observed' };
  if (first.protocol === 'dns') return { role: 'lookup', phrase: 'Generated Name in DNS Lookup' };
  const named = first.isRaw && ['tcp', 'udp'].includes(first.protocol) ? '' : ` (${first.protocol.toUpperCase()})`;
  return first.direction === TO_SERVER ? { role: 'check_in', phrase: `CnC Checkin${named}` } : { role: 'command', phrase: `CnC Server Response${named}` };
}

/** PE, ZIP, ELF, Java and both orders of Mach-O */
const PROGRAM_STARTS: readonly string[] = ['MZ', 'PK\x03\x04', '\x7fELF', '\xca\xfe\xba\xbe', '\xcf\xfa\xed\xfe', '\xfe\xed\xfa\xcf'];

/** By the first bytes of a response. */
export function isProgram(answer: Observation): boolean {
  const body = bufferText(answer, 'http.response_body') ?? '';
  return PROGRAM_STARTS.some((start) => body.startsWith(start));
}
