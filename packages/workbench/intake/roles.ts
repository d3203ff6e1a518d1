/**
 * What a value is in its report: indicator, reference, victim, benign or credit, with the reason in a few words. Knowledge comes from
 * three sides: how it is written (defanged, linked, listed), where it stands (heading, words before it), and what is known about it
 * (own lists, warning lists).
 */
import type { IndicatorRole, IndicatorSubject, IndicatorType } from '@sigwright/contracts';
import type { Surroundings } from './surroundings.ts';
import type { WarningIndex } from './warning-lists.ts';
import { EMPTY_DIGESTS, RESOLVERS } from './well-known.ts';

export interface Judged {
  readonly role: IndicatorRole;
  readonly benign: boolean;
  readonly reason: string;
  readonly of?: IndicatorSubject;
}

export interface Candidate {
  readonly type: IndicatorType;
  readonly value: string;
  readonly written: string;
  readonly defanged: boolean;
}

export interface ReportHabits {
  /** the author defangs what is dangerous, so what is written live is meant to be read, not blocked */
  readonly defangs: boolean;
  readonly warnings: WarningIndex | undefined;
  readonly senders: ReadonlySet<string>;
  readonly hosts: (host: string) => HostFacts;
  readonly headings: (heading: string) => HeadingKinds;
}

/** What a heading says about what stands below it. */
export interface HeadingKinds {
  readonly victims: boolean;
  readonly harmless: boolean;
  readonly references: boolean;
  readonly indicators: boolean;
}

export function kindsOfHeading(heading: string): HeadingKinds {
  return {
    victims: VICTIM_HEADING.test(heading),
    harmless: BENIGN_HEADING.test(heading) && !/(?:but|though|however)/.test(heading),
    references: REFERENCE_HEADING.test(heading),
    indicators: INDICATOR_HEADING.test(heading),
  };
}

/** The listed name that a host equals or lies below, by list. */
export interface HostFacts {
  readonly shared: string | undefined;
  readonly publishes: string | undefined;
  readonly everybody: string | undefined;
  /** kept for examples and private use */
  readonly reserved: boolean;
  /** its ending is a public or a reserved one */
  readonly exists: boolean;
}

const indicator = (reason: string, benign = false): Judged => ({ role: 'indicator', benign, reason });
const benign = (reason: string): Judged => ({ role: 'benign', benign: true, reason });
const reference = (reason: string, known = false): Judged => ({ role: 'reference', benign: known, reason });
const victim = (reason: string): Judged => ({ role: 'victim', benign: false, reason });

const VICTIM_HEADING =
  /\bvictims?\b|\b(?:services?|web ?sites?|sites|domains?|banks?|banking|organi[sz]ations?|compan(?:y|ies)|institutions?|brands?|apps?|applications?|wallets?|exchanges|entities|urls?)\b.{0,20}\b(?:targeted|targets|impersonated|spoofed|monitored|attacked)\b|\b(?:targeted|impersonated|spoofed|monitored|attacked|affected)\b.{0,30}\b(?:services?|web ?sites?|sites|domains?|banks?|organi[sz]ations?|compan(?:y|ies)|institutions?|brands?|apps?|applications?|wallets?|entities|urls?)\b|^targets\b/;
const BENIGN_HEADING = /\b(?:legitimate|abused|benign|clean|false positives?|whitelist|allow ?list|not malicious|third[- ]party services?)\b/;
const REFERENCE_HEADING =
  /\b(?:references?|sources?|further reading|read more|links|see also|acknowledge?ments?|credits?|related (?:work|articles?|research|posts?)|bibliography|about|contact)\b/;
const LEGITIMATE_BEFORE = /\b(?:legitimate|legit|benign|harmless|genuine|official|real|clean)\b[^.;|]{0,40}$/i;
const VICTIM_BEFORE =
  /\b(?:impersonat(?:es|ed|ing)|mimic(?:s|ked|king)|masquerad(?:es|ed|ing) as|pos(?:es|ed|ing) as|pretend(?:s|ed|ing) to be|spoof(?:s|ed|ing)|lookalike of|victims?(?: is| was| site| website)?|compromised customers?|login page of|branded as)\b[^.;|]{0,25}$/i;
/** Words of descriptions of interfaces, and of attacks on a service, about a path. */
const DOCUMENTED =
  /\b(?:documentation|documented|docs|swagger|openapi|api (?:reference|guide|docs)|(?:graph|rest|slack|github|telegram bot|cloud) api|changelog|release notes)\b/i;
const ATTACKED = /\b(?:vulnerab\w+|cve-\d{4}|exploit(?:s|ed|ing|ation|able)?|traversal|injection|unauthenticated|pre-?auth|authentication bypass)\b/i;
const LOADING_COMMAND = /\b(?:wget|curl|certutil|bitsadmin|mshta|iwr|invoke-webrequest|downloadstring|downloadfile|start-bitstransfer)\b[^|;\n]{0,80}$/i;
const OTHER_DIGEST_BEFORE =
  /\b(?:serial(?: number)?|key id(?:entifier)?|keyid|commit|revision|uuid|guid|imphash|hassh(?:server)?(?:-md5)?|authentihash|telfhash|tlsh|vhash|build id|(?:encryption|decryption|aes|des|rc4|xor|private|public|api|session) key|iv|nonce|salt)\b[^.;|]{0,24}$/i;
const THUMBPRINT_BEFORE = /\b(?:thumbprint|fingerprint|certificate)s?\b[^.;|]{0,24}$/i;
/** A certificate that a server shows; the one below signs programs, and is not seen on the wire. */
const TLS_CERTIFICATE =
  /\b(?:x\.?509|(?:tls|ssl|https)\b.{0,24}\b(?:cert(?:ificate)?s?|fingerprints?|thumbprints?|sha-?1)|(?:server|c2|c&c|leaf|self-signed|let's encrypt) (?:cert|certificate)s?|cert(?:ificate)?s? (?:of|on|from) (?:the )?(?:c2|c&c|server|host))\b/i;
const CERTIFICATE = /\b(?:cert(?:ificate)?s?)\b/i;
const SIGNS_PROGRAMS = /\b(?:code[- ]?sign\w*|sign(?:ed|er|ing|s)\b|signature|authenticode|driver|publisher)/i;
/** A digest's own label before it, or the end of what is said of another one. */
const OF_ANOTHER = /\b(?:md5|sha-?256|sample|file|payload|dropper|loader)\b[^|]{0,40}$/i;
const CONTACT_BEFORE =
  /\b(?:contact(?: us)?|e-?mail us|mail(?: us)? (?:to|at)|report(?:ed)? to|write to|reach (?:us|out)|send (?:us|feedback|samples?)|feedback|inquir(?:y|ies)|questions?|support)\b(?!@)[^;|]{0,60}$/i;
const READ_BEFORE =
  /\b(?:source|sources|reference|references|via|link|url of (?:the )?(?:report|article|post)|original|blog|article|post|report|write-?up|read|see|more|details?|published|from)\s*(?:at|:|on|here:?|=)?\s*[<("'`]?$/i;
/** Lines of a certificate as tools print it. */
const CERTIFICATE_LINE = /^\s*(?:URI:|CPS:|Policy|CA Issuers|OCSP - URI|email:|DNS:|Subject:|Issuer:|X509v3)|(?:CA Issuers|OCSP) - URI:\s*$/;

/** Hosts below which anybody has a mail address. */
const FREE_MAIL =
  /^(?:gmail|googlemail|outlook|hotmail|live|msn|yahoo|ymail|aol|icloud|me|qq|163|126|sina|mail|inbox|list|bk|rambler|yandex|ya|naver|daum|hanmail|proton|protonmail|pm|gmx|web|t-online|libero|orange|zoho|zohomail|tutanota|tuta|keemail|163|foxmail|india|rediffmail|usa|email|post)\./;
/** Words of a sentence about what is loaded from, or sent to, a shared platform, and endings of what is loaded. */
const DOES_HARM =
  /\b(?:payloads?|malware|malicious|(?:down)?loads?|download(?:ed|s|ing)|drop(?:s|ped|per)|stages?d?|c2|c&c|exfiltrat\w*|stealer|loader|fetch(?:es|ed)|retriev\w+|deliver\w*|posts? to|sends?|host(?:s|ed) the|dead ?drop)\b/i;
const LOADED = /\/releases\/download\/|\/raw\/|\.(?:exe|dll|zip|rar|7z|msi|ps1|bat|vbs|js|hta|scr|jar|apk|iso|img|lnk|bin)(?:$|[?#])/i;

/** Companies named as their hosts: `Booking.com`. */
const COMPANY = /^[A-Z][a-z]+\.(?:com|net|org|io|ru|de)$/;

export function hostOf(type: IndicatorType, value: string): string | undefined {
  if (type === 'domain') return value;
  if (type === 'url') return /^[a-z0-9]*:?\/\/(?:[^/?#]*@)?(\[[^\]]*\]|[^/?#:]*)/.exec(value)?.[1];
  if (type === 'email') return value.slice(value.indexOf('@') + 1);
  return undefined;
}

export function judge(one: Candidate, around: Surroundings, habits: ReportHabits): Judged {
  switch (one.type) {
    case 'handle':
      return { role: 'credit', benign: false, reason: 'a handle' };
    case 'ja3':
      return fingerprintOf(around);
    case 'cve':
    case 'attack':
      return reference('names a weakness or technique');
    case 'md5':
    case 'sha1':
    case 'sha256':
      return judgeDigest(one, around, habits);
    case 'ipv4':
    case 'ipv6':
      return judgeAddress(one.value, around, habits);
    case 'uri-path':
      return judgePath(around, habits);
    case 'email':
      return judgeMail(one, around, habits);
    case 'domain':
    case 'url':
      return judgeHost(one, around, habits);
    default:
      return indicator('named in the report');
  }
}

function judgeDigest(one: Candidate, around: Surroundings, habits: ReportHabits): Judged {
  if (EMPTY_DIGESTS.has(one.value)) return benign('the digest of an empty or test file');
  const hit = habits.warnings?.find(one.value);
  if (hit !== undefined) return benign(`on the list "${hit.list}"`);
  if (/\bbtih[:=]$/i.test(around.before)) return reference('identifies a torrent, not a file');
  if (OTHER_DIGEST_BEFORE.test(around.before.slice(-60))) return reference('identifies a key, commit or part of a file, not a file');
  const of = certificateOf(one, around);
  if (of === 'tls-certificate') return { ...indicator('the SHA-1 of a TLS certificate, not of a file'), of };
  if (of === 'certificate') return { ...indicator('the thumbprint of a certificate, not of a file'), of };
  return indicator('a digest of a file');
}

/** Words before a digest on its line, and the heading above, tell that it is of a certificate, and of which kind. */
function certificateOf(one: Candidate, around: Surroundings): IndicatorSubject | undefined {
  const near = around.before.slice(-80);
  const isThumbprint = THUMBPRINT_BEFORE.test(near.slice(-60));
  const isBelow = CERTIFICATE.test(around.heading) || TLS_CERTIFICATE.test(around.heading);
  if (!isThumbprint && !isBelow && !CERTIFICATE.test(near) && !TLS_CERTIFICATE.test(near)) return undefined;
  if (!isThumbprint && OF_ANOTHER.test(near) && !/\bcert(?:ificate)?s?\b[^|]{0,24}$/i.test(near)) return undefined;
  const isTls = one.type === 'sha1' && (TLS_CERTIFICATE.test(near) || TLS_CERTIFICATE.test(around.heading) || isPlainCertificate(near) || isBelow);
  return isTls && !SIGNS_PROGRAMS.test(around.line) && !SIGNS_PROGRAMS.test(around.heading) ? 'tls-certificate' : 'certificate';
}

/** `certificate`, or `cert fingerprint`, with the digest soon behind; `thumbprint` alone is said of signed programs. */
function isPlainCertificate(near: string): boolean {
  return /\bcert(?:ificate)?s?\b[^.;]{0,32}$/i.test(near);
}

/** JA3S is of a server; the last of the two names before the digest counts. */
function fingerprintOf(around: Surroundings): Judged {
  const label = /\bja3(s?)\b(?![\s\S]*\bja3)/i.exec(around.before) ?? /\bja3(s?)\b/.exec(around.heading);
  return label !== null && label[1] !== '' ? { ...indicator('a fingerprint of a server'), of: 'server' } : indicator('a fingerprint of a client');
}

function judgeAddress(value: string, around: Surroundings, habits: ReportHabits): Judged {
  const slash = value.indexOf('/');
  const address = slash === -1 ? value : value.slice(0, slash);
  if (isReserved(address)) return benign('an address of a reserved range');
  if (RESOLVERS.has(address)) return benign('a resolver that anybody may ask');
  const hit = habits.warnings?.find(address);
  if (hit !== undefined) {
    if (hit.effect === 'infrastructure') return indicator(`an address that many share, on the list "${hit.list}"`, true);
    return benign(`on the list "${hit.list}"`);
  }
  if (habits.headings(around.heading).victims) return victim(`named under "${around.heading}"`);
  return indicator('an address named in the report');
}

/** A path without a host: of the enemy's server, unless what stands around says that it is of a service that is attacked, or described. */
function judgePath(around: Surroundings, habits: ReportHabits): Judged {
  const kinds = habits.headings(around.heading);
  const said = `${around.before
    .slice(-200)
    .split(/[.!?]\s/)
    .at(-1)} ${around.after.slice(0, 200).split(/[.!?]\s/, 1)[0]}`;
  if (kinds.harmless) return benign(`named under "${around.heading}"`);
  if (kinds.victims) return victim(`named under "${around.heading}"`);
  if (LEGITIMATE_BEFORE.test(around.before.slice(-80))) return benign('said to be legitimate');
  if (kinds.references || DOCUMENTED.test(around.heading) || DOCUMENTED.test(said)) return reference('of an interface that is described');
  if (ATTACKED.test(around.heading) || ATTACKED.test(said)) return victim('the path of a service that is attacked');
  return indicator('a path without its host, named in the report');
}

function judgeMail(one: Candidate, around: Surroundings, habits: ReportHabits): Judged {
  if (habits.senders.has(one.value)) return reference('who sent this mail');
  const host = hostOf('email', one.value) ?? '';
  const { publishes: vendor, everybody, reserved } = habits.hosts(host);
  if (vendor !== undefined && everybody === undefined) return reference(`an address at ${vendor}, who publish or help`, true);
  if (reserved) return benign('a name kept for examples and private use');
  if (!one.defanged && everybody !== undefined && !FREE_MAIL.test(host)) return benign(`${everybody} is used by everybody`);
  if (!one.defanged && CONTACT_BEFORE.test(around.before)) return reference('where to write to');
  if (CERTIFICATE_LINE.test(around.before)) return reference('stands in a certificate');
  if (habits.headings(around.heading).victims) return victim(`named under "${around.heading}"`);
  const hit = habits.warnings?.find(one.value);
  if (hit !== undefined && (hit.effect === 'benign' || hit.effect === 'reserved') && hit.entry.includes('@')) return benign(`on the list "${hit.list}"`);
  return indicator(one.defanged ? 'written so that nobody clicks it' : 'a mail address named in the report');
}

function judgeHost(one: Candidate, around: Surroundings, habits: ReportHabits): Judged {
  const host = hostOf(one.type, one.value) ?? '';
  const isUrl = one.type === 'url';
  const path = isUrl ? one.value.replace(/^[a-z0-9]*:?\/\/[^/?#]*/, '') : '';
  if (/^[\d.]+$/.test(host)) {
    if (isReserved(host)) return benign('an address of a reserved range');
    if (RESOLVERS.has(host)) return benign('a resolver that anybody may ask');
    return indicator(one.defanged ? 'written so that nobody clicks it' : 'an address with a path, named in the report');
  }
  const { shared, publishes, everybody, reserved, exists } = habits.hosts(host);
  if (!exists) return benign(`there is no ending .${host.slice(host.lastIndexOf('.') + 1)}: misspelt, or of a network of its own`);
  if (reserved) return benign('a name kept for examples and private use');
  const hit = habits.warnings?.find(host);
  if (!one.defanged) {
    if (isUrl && around.linked) return reference('a link to be clicked', publishes !== undefined || everybody !== undefined);
    if (around.linkWords) return reference('the words of a link', publishes !== undefined || everybody !== undefined);
    // A live address of a shared platform from which something is loaded: in a list, or in a sentence that says so.
    const isLoaded = isUrl && shared !== undefined && path.length > 1 && !habits.defangs && !habits.headings(around.heading).references;
    if (isLoaded && ((around.listed && LOADED.test(path)) || (host !== 'github.com' && DOES_HARM.test(`${around.before} ${around.after}`))))
      return indicator(`a path on ${shared}, which many share: only host and path together`);
    if (
      publishes !== undefined &&
      (isUrl || everybody === undefined) &&
      !(shared !== undefined && isUrl && around.listed && !habits.headings(around.heading).references && habits.headings(around.heading).indicators)
    )
      return reference(`${publishes} is where researchers publish`, true);
    if (CERTIFICATE_LINE.test(around.before)) return reference('stands in a certificate', everybody !== undefined);
    if (isUrl && READ_BEFORE.test(around.before)) return reference('where the report says it comes from, or what to read', everybody !== undefined);
    if (isUrl && habits.defangs && !one.value.startsWith('//') && !habits.headings(around.heading).indicators)
      return reference('a live link in a report that defangs what is dangerous', everybody !== undefined);
    if (isUrl && habits.headings(around.heading).references) return reference(`named under "${around.heading}"`, everybody !== undefined);
  } else if (publishes !== undefined && shared === undefined && everybody === undefined) return reference(`${publishes} is where researchers publish`, true);
  if (shared !== undefined) {
    if (isUrl && path.length > 1 && (one.defanged || around.listed)) return indicator(`a path on ${shared}, which many share: only host and path together`);
    if (host === shared || host === `www.${shared}`)
      return isUrl && path.length > 1 ? reference('a live link in running text', true) : benign(`${shared} is shared by many`);
  } else {
    if (everybody !== undefined) return benign(`${everybody} is used by everybody`);
    if (hit !== undefined) {
      if (hit.effect === 'shared') {
        if (host === hit.entry.replace(/^\.+/, '')) return benign(`shared by many, on the list "${hit.list}"`);
        return indicator(`a host below ${hit.entry.replace(/^\.+/, '')}, which many share`);
      }
      if (hit.effect === 'sinkhole') return benign(`taken over or lapsed, on the list "${hit.list}"`);
      if (hit.effect === 'reference' && !one.defanged) return reference(`on the list "${hit.list}"`, true);
      if (hit.effect !== 'infrastructure') return benign(`on the list "${hit.list}"`);
    }
  }
  const near = around.before.slice(-80);
  if (habits.headings(around.heading).harmless) return benign(`named under "${around.heading}"`);
  if (habits.headings(around.heading).victims) return victim(`named under "${around.heading}"`);
  if (LEGITIMATE_BEFORE.test(near)) return benign('said to be legitimate');
  if (!one.defanged && VICTIM_BEFORE.test(near)) return victim('whom it pretends to be, or who was hit');
  if (!one.defanged && !isUrl && !around.listed && COMPANY.test(one.written)) return reference('written live and as a company is');
  if (!one.defanged && habits.defangs && !around.listed) return reference('written live in a report that defangs what is dangerous');
  if (!one.defanged && isUrl && LOADING_COMMAND.test(around.before.slice(-120))) return indicator('loaded by a command');
  if (!one.defanged && isUrl && one.value.startsWith('http') && !around.listed) return reference('a live link in running text');
  if (one.defanged) return indicator(shared === undefined ? 'written so that nobody clicks it' : `a host on ${shared}, which many share`);
  return indicator(shared !== undefined ? `a host on ${shared}, which many share` : around.listed ? 'an entry of a list or table' : 'named in the report');
}

const INDICATOR_HEADING = /\b(?:iocs?|indicators?|network|c2|c&c|cnc|command|payloads?|downloads?|urls?|domains?|infrastructure|dead ?drop|hosts?|servers?)\b/;

/** RFC 1122, 1918, 3927, 5735, 5737, 6598; RFC 4291, 4193, 3849 for IPv6. */
export function isReserved(address: string): boolean {
  if (address.includes(':')) return /^(?:::1?$|f[cd][0-9a-f]{2}:|fe[89ab][0-9a-f]:|ff[0-9a-f]{2}:|2001:0?db8:|100::)/.test(address);
  const first = address.indexOf('.');
  const second = address.indexOf('.', first + 1);
  const a = Number(address.slice(0, first));
  const b = Number(address.slice(first + 1, second));
  const c = Number(address.slice(second + 1, address.indexOf('.', second + 1)));
  return (
    a === 0 ||
    a === 10 ||
    a === 127 ||
    a >= 224 ||
    (a === 172 && b >= 16 && b <= 31) ||
    (a === 192 && b === 168) ||
    (a === 169 && b === 254) ||
    (a === 100 && b >= 64 && b <= 127) ||
    (a === 198 && (b === 18 || b === 19)) ||
    (a === 192 && b === 0 && (c === 0 || c === 2)) ||
    (a === 198 && b === 51 && c === 100) ||
    (a === 203 && b === 0 && c === 113)
  );
}
