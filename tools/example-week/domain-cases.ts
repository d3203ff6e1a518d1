/**
 * Evidence for the rules on names: every domain has a DNS and a TLS rule, and each must know the name itself and, where the
 * rule covers them, names below it; it must not know a longer name that only ends alike, nor the name at the front of another.
 */
import { CLIENT, type EvidenceCase, OUTSIDE, RESOLVER } from './evidence-case.ts';

export interface WatchedDomain {
  readonly domain: string;
  readonly dnsSid: number;
  readonly tlsSid: number;
  readonly server: string;
  /** are names below it covered? Not where the parent is a service that many share */
  readonly below: boolean;
}

export const WATCHED_DOMAINS: readonly WatchedDomain[] = [
  { domain: 'blockchain-newtech.com', dnsSid: 1240308, tlsSid: 1240311, server: OUTSIDE.comebacker, below: true },
  { domain: 'fasttet.com', dnsSid: 1240309, tlsSid: 1240312, server: OUTSIDE.comebacker, below: true },
  { domain: 'chaingrown.com', dnsSid: 1240310, tlsSid: 1240313, server: OUTSIDE.comebacker, below: true },
  { domain: '123online.uk', dnsSid: 1240315, tlsSid: 1240319, server: OUTSIDE.ducktail, below: true },
  { domain: 'mountainseagroup3.top', dnsSid: 1240316, tlsSid: 1240320, server: OUTSIDE.ducktail, below: true },
  { domain: 'mafiakorea.com', dnsSid: 1240317, tlsSid: 1240321, server: OUTSIDE.ducktail, below: true },
  { domain: 'dailyfasterauto.info', dnsSid: 1240318, tlsSid: 1240322, server: OUTSIDE.ducktail, below: true },
  { domain: 'privacy.hopto.org', dnsSid: 1240330, tlsSid: 1240331, server: OUTSIDE.andariel, below: false },
  { domain: 'privatemake.bounceme.net', dnsSid: 1240332, tlsSid: 1240333, server: OUTSIDE.andariel, below: false },
  { domain: 'fastify.sbs', dnsSid: 1240342, tlsSid: 1240345, server: OUTSIDE.fakeExt, below: true },
  { domain: 'jschecks.com', dnsSid: 1240343, tlsSid: 1240346, server: OUTSIDE.fakeExt, below: true },
  { domain: 'javascrip12.com', dnsSid: 1240344, tlsSid: 1240347, server: OUTSIDE.fakeExt, below: true },
];

/** Small, to keep the committed captures small. */
const SHORT_TALK = [{ from: 'client', length: 96 }] as const;

function dnsCases(watched: WatchedDomain): EvidenceCase[] {
  const { domain, dnsSid: sid } = watched;
  const answers = [{ type: 'A', data: watched.server }] as const;
  const below = `cdn.${domain}`;
  const cases: EvidenceCase[] = [
    {
      sid,
      name: 'lookup',
      alerts: 2,
      shows: `a host asks for the A and the AAAA record of ${domain}`,
      compose(capture) {
        capture.dnsLookup({ client: CLIENT, resolver: RESOLVER, name: domain, answers });
        capture.dnsLookup({ client: CLIENT, resolver: RESOLVER, name: domain, type: 'AAAA' });
      },
    },
    {
      sid,
      name: 'longer-name',
      alerts: 0,
      shows: `a host asks for my${domain}`,
      broken: `the name only ends in the same letters as ${domain}; it is another name`,
      compose(capture) {
        capture.dnsLookup({ client: CLIENT, resolver: RESOLVER, name: `my${domain}`, responseCode: 3 });
      },
    },
    {
      sid,
      name: 'front-of-another',
      alerts: 0,
      shows: `a host asks for ${domain}.example.net`,
      broken: `${domain} is not the end of the name`,
      compose(capture) {
        capture.dnsLookup({ client: CLIENT, resolver: RESOLVER, name: `${domain}.example.net`, responseCode: 3 });
      },
    },
    {
      sid,
      name: 'only-in-answer',
      alerts: 0,
      shows: `a host asks for www.example.org, whose answer is an alias of ${domain}`,
      broken: 'the name stands in the answer, not in the question',
      compose(capture) {
        capture.dnsLookup({ client: CLIENT, resolver: RESOLVER, name: 'www.example.org', answers: [{ type: 'CNAME', data: domain }] });
      },
    },
  ];
  if (watched.below)
    cases.push({
      sid,
      name: 'below-mixed-case',
      alerts: 1,
      shows: `a host asks for ${below} in mixed letter case, over TCP, and gets NXDOMAIN`,
      compose(capture) {
        capture.dnsLookup({ client: CLIENT, resolver: RESOLVER, name: mixCase(below), responseCode: 3, transport: 'tcp' });
      },
    });
  else
    cases.push({
      sid,
      name: 'below',
      alerts: 0,
      shows: `a host asks for ${below}`,
      broken: 'a name below the host: the parent is a dynamic DNS service, and only this one host name was reported',
      compose(capture) {
        capture.dnsLookup({ client: CLIENT, resolver: RESOLVER, name: below, responseCode: 3 });
      },
    });
  return cases;
}

/** Every second letter upper case, as resolvers do that guard against forged answers. */
function mixCase(name: string): string {
  return Array.from(name, (letter, at) => (at % 2 === 0 ? letter.toUpperCase() : letter)).join('');
}

function tlsCases(watched: WatchedDomain): EvidenceCase[] {
  const { domain, tlsSid: sid, server } = watched;
  const cases: EvidenceCase[] = [
    {
      sid,
      name: 'client-hello',
      alerts: 1,
      shows: `a host opens TLS with the server name ${domain}`,
      compose(capture) {
        capture.tlsConnection({ client: CLIENT, server, serverName: domain, alpn: ['http/1.1'], applicationData: SHORT_TALK });
      },
    },
    {
      sid,
      name: 'longer-name',
      alerts: 0,
      shows: `a host opens TLS with the server name my${domain}`,
      broken: `the name only ends in the same letters as ${domain}; it is another name`,
      compose(capture) {
        capture.tlsConnection({ client: CLIENT, server: OUTSIDE.web, serverName: `my${domain}`, version: '1.3', applicationData: SHORT_TALK });
      },
    },
    {
      sid,
      name: 'only-in-certificate',
      alerts: 0,
      shows: `a host opens TLS without a server name; the certificate is for ${domain}`,
      broken: 'there is no server name: the name stands in the certificate only',
      compose(capture) {
        capture.tlsConnection({ client: CLIENT, server, certificate: { subject: domain }, applicationData: SHORT_TALK });
      },
    },
  ];
  if (watched.below)
    cases.push({
      sid,
      name: 'below-tls13',
      alerts: 1,
      shows: `a host opens TLS 1.3 with the server name prod.${domain}`,
      compose(capture) {
        capture.tlsConnection({ client: CLIENT, server, serverName: `prod.${domain}`, version: '1.3', alpn: ['h2', 'http/1.1'], applicationData: SHORT_TALK });
      },
    });
  return cases;
}

export const DOMAIN_CASES: readonly EvidenceCase[] = WATCHED_DOMAINS.flatMap((watched) => [...dnsCases(watched), ...tlsCases(watched)]);
