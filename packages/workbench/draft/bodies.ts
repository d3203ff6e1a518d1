/**
 * Indicator → the tests of the rules that detect it. Every match is exact or on whole labels: `xxevil.com` never fires for
 * `evil.com`, and a name below it always does where the name stands for all below it.
 *
 * Policy for names: a registrable name, a host below it and a host on a shared platform (dynamic DNS, hosting) stand for everything
 * below them (`dotprefix` and `endswith`), as whoever has a name has those below; a `www.` host stands for itself alone (`bsize`). The platform's own name becomes a rule
 * only where the category says that a rule tells something and nothing bad (INFO, POLICY): on what lies below it, and not itself. There
 * a name is looked for in HTTP, too, as Emerging Threats do.
 */
import type { Indicator } from '@sigwright/contracts';
import { registrable, sharedParent } from '../intake/intake.ts';

export type DraftRole = 'lookup' | 'contact' | 'payload' | 'check_in' | 'context';

export interface Body {
  readonly role: DraftRole;
  /** buffer by which coverage is asked: a rule on the same buffer covers it */
  readonly buffer: 'dns.query' | 'tls.sni' | 'http.host' | 'http.uri' | 'address';
  readonly header: string;
  /** message behind prefix and category */
  readonly message: string;
  readonly flow: boolean;
  /** what the server sends is looked at */
  readonly toClient?: boolean;
  readonly match: string;
  readonly threshold: string;
  readonly references: readonly string[];
  readonly tlsState: 'TLSEncrypt' | 'TLSDecrypt' | 'plaintext' | undefined;
  /** two bodies with one key match the same */
  readonly key: string;
  /** name and whether names below it match, for names */
  readonly name?: { readonly host: string; readonly suffix: boolean };
  /** how sure it is, where that is not told by how the indicator is written */
  readonly confidence?: 'Medium' | 'Low';
  /** says little alone: of use beside other alerts */
  readonly isHunting?: boolean;
  /** what is weak in it, and what would make it sturdier */
  readonly weak?: string;
}

export interface BodyStyle {
  /** in front of what is said: `QuietRAT `, or nothing */
  readonly family: string;
  readonly engine: 7 | 8;
  /** `CnC `, `Phishing ` or nothing, in front of the word Domain */
  readonly kind: string;
  /** GET or POST where the report says it */
  readonly method: 'GET' | 'POST' | undefined;
  /** the category says nothing bad: INFO, POLICY */
  readonly informs: boolean;
}

/** ET's defanging: a blank before the last dot. */
export function spaced(host: string): string {
  const dot = host.lastIndexOf('.');
  return dot === -1 ? host : `${host.slice(0, dot)} ${host.slice(dot)}`;
}

/** Names go over the wire in ASCII (IDNA); undefined where that cannot be. */
export function wireName(host: string): string | undefined {
  if (/^[\x21-\x7e]+$/.test(host)) return host;
  try {
    const { hostname } = new URL(`http://${host}/`);
    return hostname === '' ? undefined : hostname;
  } catch {
    return undefined;
  }
}

export function bodiesOf(indicator: Indicator, style: BodyStyle): readonly Body[] {
  switch (indicator.type) {
    case 'domain':
      return nameBodies(indicator.value, style);
    case 'url':
      return urlBodies(indicator.value, style);
    case 'ipv4':
    case 'ipv6':
      return [addressBody(indicator, style)];
    case 'ja3':
      return [
        indicator.of === 'server'
          ? fromServer('ja3s.hash', indicator.value, `${style.family}JA3S Hash Observed`)
          : fingerprintBody('ja3.hash', indicator.value, style),
      ];
    case 'ja4':
      return style.engine >= 8 ? [fingerprintBody('ja4.hash', indicator.value, style)] : [];
    case 'sha1':
      return indicator.of === 'tls-certificate' ? [certificateBody(indicator.value, style)] : [];
    default:
      return [];
  }
}

/** Whether a host stands for the names below it: who has a host on a shared platform has what is below it, too. */
export function standsForNamesBelow(host: string): boolean {
  if (sharedParent(host) === host) return false;
  return registrable(host) === host || !host.startsWith('www.');
}

/** Which names a rule stands for: this one · it and those below · those below alone. */
type Reach = 'itself' | 'and below' | 'below';

function nameTest(buffer: 'dns.query' | 'tls.sni' | 'http.host', host: string, reach: Reach): string {
  // http.host is lower case already; the others are as the client wrote them.
  const nocase = buffer === 'http.host' ? '' : ' nocase;';
  const fast = buffer === 'dns.query' ? '' : ' fast_pattern;';
  if (reach === 'below') return `${buffer}; content:".${host}";${nocase} endswith;${fast}`;
  return reach === 'and below'
    ? `${buffer}; dotprefix; content:".${host}";${nocase} endswith;${fast}`
    : `${buffer}; bsize:${host.length}; content:"${host}";${fast}${nocase}`;
}

function nameBodies(written: string, style: BodyStyle): readonly Body[] {
  const host = wireName(written);
  if (host === undefined || host.length > 253) return [];
  const isPlatform = style.informs && sharedParent(written) === written;
  const suffix = isPlatform || standsForNamesBelow(written);
  const reach = isPlatform ? 'below' : suffix ? 'and below' : 'itself';
  const shown = isPlatform ? `*.${spaced(host)}` : spaced(host);
  const name = { host, suffix };
  return [
    {
      role: 'lookup',
      buffer: 'dns.query',
      header: 'alert dns $HOME_NET any -> any any',
      message: `${style.family}${style.kind}Domain in DNS Lookup (${shown})`,
      flow: false,
      match: nameTest('dns.query', host, reach),
      threshold: '',
      references: [],
      tlsState: undefined,
      key: `dns ${host}`,
      name,
    },
    {
      role: 'contact',
      buffer: 'tls.sni',
      header: `alert tls $HOME_NET any -> ${style.engine >= 8 ? 'any' : '$EXTERNAL_NET'} any`,
      message: `Observed ${style.family}${style.kind}Domain (${shown} in TLS SNI)`,
      flow: true,
      match: nameTest('tls.sni', host, reach),
      threshold: '',
      references: [],
      tlsState: 'TLSEncrypt',
      key: `tls ${host}`,
      name,
    },
    ...(style.informs
      ? [
          {
            role: 'contact' as const,
            buffer: 'http.host' as const,
            header: 'alert http $HOME_NET any -> $EXTERNAL_NET any',
            message: `HTTP Request to ${style.family}${style.kind}Domain (${shown})`,
            flow: true,
            match: nameTest('http.host', host, reach),
            threshold: '',
            references: [],
            tlsState: 'plaintext' as const,
            key: `host ${host}`,
            name,
          },
        ]
      : []),
  ];
}

/** Bytes of a content as text: printable ASCII as it is, the rest and `" ; : \ |` in hex. */
export function contentOf(text: string): string {
  const bytes = new TextEncoder().encode(text);
  let result = '';
  let hex: string[] = [];
  const flush = (): void => {
    if (hex.length > 0) result += `|${hex.join(' ')}|`;
    hex = [];
  };
  for (const byte of bytes) {
    if (byte >= 0x20 && byte <= 0x7e && !'";:\\|'.includes(String.fromCharCode(byte))) {
      flush();
      result += String.fromCharCode(byte);
    } else hex.push(byte.toString(16).padStart(2, '0'));
  }
  flush();
  return result;
}

export const PROGRAM =
  /\.(?:exe|dll|msi|zip|rar|7z|iso|img|jar|apk|ps1|vbs|js|hta|bat|cmd|lnk|scr|bin|dat|sh|elf|py|docm?|xlsm?|rtf|cab|gz|tgz|dmg|pkg)(?:$|[?#])/i;
const PLACEHOLDER = /<[^<>]{1,60}>|\{[A-Za-z][^{}/]{0,40}\}/;
/** Paths that every site has, and what no rule can be built on. */
export const SAYS_NOTHING = /^\/(?:index\.(?:html?|php|aspx?)|home|login|favicon\.ico|robots\.txt)?$/i;

function urlBodies(url: string, style: BodyStyle): readonly Body[] {
  const match = /^([a-z0-9]*):?\/\/(?:[^/?#]*@)?(\[[^\]]*\]|[^/?#:]*)(?::(\d+))?([^#]*)/i.exec(url);
  if (match === null) return [];
  const [, scheme, writtenHost, , path] = match;
  const isAddress = /^[\d.]+$/.test(writtenHost) || writtenHost.startsWith('[');
  const host = isAddress ? writtenHost : wireName(writtenHost);
  if (host === undefined) return [];
  const bodies: Body[] = isAddress || sharedPlatform(writtenHost) ? [] : [...nameBodies(writtenHost, style)];
  if (!/^(?:https?|)$/i.test(scheme) || path.length < 2 || SAYS_NOTHING.test(path)) return bodies;
  const pathTest = uriTest(path);
  if (pathTest === undefined) return bodies;
  const payload = PROGRAM.test(path);
  const secure = /^https$/i.test(scheme);
  bodies.push({
    role: payload ? 'payload' : 'check_in',
    buffer: 'http.host',
    header: 'alert http $HOME_NET any -> $EXTERNAL_NET any',
    message: `${style.family}${payload ? 'Payload Request' : style.family === '' ? `${style.kind}URL Requested` : 'Related URL Requested'}${style.method === undefined ? '' : ` (${style.method})`} (${isAddress ? host : spaced(host)})`,
    flow: true,
    match: `${style.method === undefined ? '' : `http.method; content:"${style.method}"; `}${pathTest} http.host; bsize:${host.length}; content:"${contentOf(host)}";`,
    threshold: '',
    references: [],
    tlsState: secure ? 'TLSDecrypt' : 'plaintext',
    key: `http ${host}${path}`,
  });
  return bodies;
}

function sharedPlatform(host: string): boolean {
  const shared = sharedParent(host);
  return shared !== undefined && (shared === host || `www.${shared}` === host);
}

/** Which part of what is requested a path is, where that is told. */
export type PathPart = 'starts' | 'ends' | 'contains';

/**
 * A whole path is matched whole; one with a query, or that ends in a slash, by its beginning; one with placeholders by its fixed
 * parts in order; `part` says otherwise. Undefined where nothing is fixed.
 */
export function uriTest(path: string, part?: PathPart): string | undefined {
  // Percent signs are decoded in http.uri, not in http.uri.raw.
  const buffer = path.includes('%') ? 'http.uri.raw' : 'http.uri';
  const start = path.startsWith('/') ? path : `/${path}`;
  if (PLACEHOLDER.test(start)) {
    const parts = start.replaceAll('\\', '').split(PLACEHOLDER);
    const longest = parts.reduce((best, one, index) => (one.length > parts[best].length ? index : best), 0);
    if (parts[longest].length < 4) return undefined;
    const tests = parts.map((one, index) =>
      one === ''
        ? ''
        : `content:"${contentOf(one)}";${index === 0 ? ' startswith;' : ' distance:0;'}${index === longest ? ' fast_pattern;' : ''}${index === parts.length - 1 ? ' endswith;' : ''}`,
    );
    return `${buffer}; ${tests.filter((one) => one !== '').join(' ')}`;
  }
  const content = `content:"${contentOf(start)}"; fast_pattern;`;
  if (part === 'contains') return `${buffer}; ${content}`;
  if (part === 'ends') return `${buffer}; ${content} endswith;`;
  return part === 'starts' || start.includes('?') || start.endsWith('/')
    ? `${buffer}; ${content} startswith;`
    : `${buffer}; bsize:${new TextEncoder().encode(start).length}; ${content}`;
}

function addressBody(indicator: Indicator, style: BodyStyle): Body {
  const { value, port } = indicator;
  const address = indicator.type === 'ipv6' ? `[${value}]` : value;
  return {
    role: 'contact',
    buffer: 'address',
    header: `alert ${port === undefined ? 'ip' : 'tcp'} $HOME_NET any -> ${address} ${port ?? 'any'}`,
    message: `Connection to ${style.family}${style.kind}Server (${value}${port === undefined ? '' : ` port ${port}`})`,
    flow: port !== undefined,
    match: '',
    // Every packet would alert otherwise.
    threshold: 'threshold:type limit, track by_src, count 1, seconds 3600;',
    references: [],
    tlsState: undefined,
    key: `ip ${value} ${port ?? ''}`,
  };
}

/** The name of a client's fingerprint, and the protocol it is of: JA4 says it by its first letter. */
function fingerprintBody(buffer: 'ja3.hash' | 'ja4.hash', digest: string, style: BodyStyle): Body {
  const isJa4 = buffer === 'ja4.hash';
  return {
    role: 'contact',
    buffer: 'tls.sni',
    header: `alert ${isJa4 && digest.startsWith('q') ? 'quic' : 'tls'} $HOME_NET any -> $EXTERNAL_NET any`,
    message: `${style.family}${isJa4 ? 'JA4' : 'JA3'} Hash Observed`,
    flow: !digest.startsWith('q'),
    // Older engines pass over a rule that says so, where they would refuse the keyword.
    match: `${isJa4 ? 'requires:version >= 8.0.0; ' : ''}${buffer}; content:"${digest}"; fast_pattern;`,
    threshold: '',
    references: [],
    tlsState: 'TLSEncrypt',
    key: `${buffer} ${digest}`,
  };
}

/** What the server shows in its hello or certificate. */
function fromServer(buffer: 'ja3s.hash' | 'tls.cert_fingerprint', content: string, message: string): Body {
  return {
    role: 'contact',
    buffer: 'tls.sni',
    header: 'alert tls $EXTERNAL_NET any -> $HOME_NET any',
    message,
    flow: true,
    toClient: true,
    match: `${buffer}; content:"${content}"; fast_pattern;`,
    threshold: '',
    references: [],
    tlsState: 'TLSEncrypt',
    key: `${buffer} ${content}`,
  };
}

/** The engine writes the SHA-1 of a certificate as pairs of digits with colons between. */
function certificateBody(sha1: string, style: BodyStyle): Body {
  return fromServer(
    'tls.cert_fingerprint',
    sha1.match(/../g)?.join(':') ?? sha1,
    `Observed ${style.family}${style.kind}TLS Certificate (SHA1 ${sha1.slice(0, 8)})`,
  );
}
