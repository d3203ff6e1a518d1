/**
 * What an alert tells about a host of ours, read from its rule's metadata, message and protocol, never from its number: the phrases in which
 * Emerging Threats and those who write like it name things (`ET MALWARE X CnC Checkin`, `… Domain in DNS Lookup`, `ET PHISHING Successful …`).
 */
import type { EveRecord } from '@sigwright/contracts';

/** `lure`: a page or mail that leads to harm; `attempt`: an attack whose outcome the alert does not tell; `unwanted`: adware and its kin. */
export type AlertRole =
  | 'context'
  | 'lookup'
  | 'contact'
  | 'lure'
  | 'attempt'
  | 'payload'
  | 'check_in'
  | 'command'
  | 'config'
  | 'exfil'
  | 'behaviour'
  | 'weak'
  | 'unwanted';

/** `scan`: somebody looks around; whether that counts depends on whether it is one of ours, see `layAlert`. */
export type ToldRole = AlertRole | 'scan';

const WRITTEN_ROLES: ReadonlySet<string> = new Set(['context', 'lookup', 'contact', 'payload', 'check_in', 'command', 'config', 'exfil']);

/** Categories whose rules alone never accuse a host: information, policy, lists of addresses, and what engines say of malformed traffic. */
const CONTEXT =
  /^(SURICATA |\S+ (INFO|POLICY|CHAT|GAMES|P2P|ICMP|ICMP_INFO|DYN_DNS|FILE_SHARING|TA_ABUSED_SERVICES|REMOTE_ACCESS|INAPPROPRIATE|TOR|CINS|DROP|DSHIELD|COMPROMISED|3CORESec)\b)/;
/** Categories whose rules were put aside or are made for hunting: a single hit says little. */
const WEAK = /^\S+ (RETIRED|DELETED|HUNTING|CURRENT_EVENTS)\b/;
/** Attacks on what listens: most of what comes from outside fails. */
const ATTACK =
  /^\S+ (EXPLOIT|WEB_SERVER|WEB_SPECIFIC_APPS|SCAN|DOS|SQL|VOIP|NETBIOS|RPC|FTP|TFTP|TELNET|POP3|IMAP|SNMP|SMTP|MISC|SCADA|SHELLCODE|BAD_TRAFFIC)\b/;
/** Attacks on who browses. */
const DRIVE_BY = /^\S+ (EXPLOIT_KIT|WEB_CLIENT|ACTIVEX)\b/;

const LOOKUP = /\b(DNS (Lookup|Query)|in DNS)\b/i;
/** DNS that carries something, so that it is more than a question for a name. */
const DNS_CHANNEL = /\b(tunnel\w*|beacon\w*|exfil\w*|check-?in|channel|TXT (Reponse|Response|Record)|CnC via|command)\b/i;
const CONTACT = /\b(TLS SNI|SSL Cert|TLS Cert|Certificate|JA3|JA4|Domain in HTTP|HTTP Host)\b/i;
/** Lists of addresses of controlling servers: where something lives, not what it does. */
const LISTED = /^\S+ (Threatview\.io|BOTCC|RBN)\b/i;
const PROBE = /\b(scan\w*|probe|probing|vulnerab\w+|brute ?force|recon|enumeration|fingerprint\w*|nmap|masscan|zgrab)\b/i;
const SUCCESS = /(?<!un)\bsuccess(ful|fully)?\b|\bpost[- ]exploitation\b|\breverse shell\b/i;

export function roleOfAlert(record: EveRecord, alert: Record<string, unknown>): ToldRole {
  const [written] = values(alert, 'role');
  const signature = String(alert['signature'] ?? '');
  const says = (words: RegExp): boolean => words.test(signature);
  const [severity] = values(alert, 'signature_severity');
  // What informs raises nothing, whatever its author calls it.
  if (says(CONTEXT) || severity === 'Informational') return 'context';
  if (written !== undefined && WRITTEN_ROLES.has(written)) return written as AlertRole;
  if (says(/^\S+ USER_AGENTS\b/)) return severity !== 'Major' && severity !== 'Critical' ? 'context' : says(/\bmalicious\b/i) ? 'behaviour' : 'weak';
  if (says(/^\S+ ADWARE_PUP\b/)) return 'unwanted';
  if (record['app_proto'] === 'dns' || record['dns'] !== undefined || says(LOOKUP)) {
    if (says(ATTACK)) return says(PROBE) ? 'scan' : 'attempt';
    if (!says(DNS_CHANNEL) || says(/\bdomain\b/i)) return 'lookup';
    return says(WEAK) ? 'weak' : says(/^\S+ ATTACK_RESPONSE\b/) ? 'payload' : 'check_in';
  }
  if (says(LISTED) || (says(CONTACT) && !says(ATTACK)) || (record['app_proto'] === 'tls' && says(/\bDomain\b/i))) return 'contact';
  if (says(WEAK)) return 'weak';
  if (says(/^\S+ PHISHING\b/)) return says(/(?<!un)\bsuccessful\b|\bexfil\w*|\btheft\b|\bPOST\b|\bsent\b|\bcheck-?in\b/i) ? 'exfil' : 'lure';
  if (says(DRIVE_BY)) return says(/\b(payload|download\w*)\b/i) && !says(/\b(landing|redirect\w*)\b/i) ? 'payload' : 'lure';
  if (says(ATTACK)) return says(SUCCESS) ? 'behaviour' : says(/^\S+ SCAN\b/) || says(PROBE) || severity === 'Minor' ? 'scan' : 'attempt';
  if (says(/^\S+ ATTACK_RESPONSE\b/) && severity === 'Minor') return 'weak';
  return whatMalwareDoes(says);
}

function whatMalwareDoes(says: (words: RegExp) => boolean): AlertRole {
  if (says(/\b(exfil\w*|upload(ed|ing)?|screen ?shot|(data|info\w*|credentials?|passwords?) (post|sent|theft|stolen))\b/i)) return 'exfil';
  if (says(/\b(command|action) sent\b|\bserver response\b|\bserver command\b/i)) return 'command';
  if (says(/\bconfig(uration)?\b/i)) return 'config';
  const isCheckIn = says(/\bcheck-?in\b/i);
  if (says(/\b(payload|download|retriev\w*|dropper)\b/i) && !isCheckIn) return 'payload';
  if (isCheckIn || says(/\b(cnc|c2|beacon|activity|callback)\b/i)) return 'check_in';
  return says(/\bstealer\b/i) ? 'exfil' : 'behaviour';
}

export function familiesOf(alert: Record<string, unknown>): string[] {
  return values(alert, 'malware_family').map((family) => family.replaceAll('_', ' '));
}

function values(alert: Record<string, unknown>, key: string): string[] {
  const metadata = alert['metadata'] as Record<string, unknown> | undefined;
  const found = metadata?.[key];
  return Array.isArray(found) ? found.map(String) : typeof found === 'string' ? [found] : [];
}
