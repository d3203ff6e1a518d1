/**
 * One office hour on a small network, 8 March 2024, 09:00 to 10:00 UTC: every kind of host that triage must tell apart. The
 * story says for each host what happened, which rules must fire how often, and what a careful analyst should conclude.
 */
import { type CaptureComposer, composeCapture } from '@sigwright/traffic';
import { BROWSER, FILE_SERVER, http, LOCAL_PREFIX, OUTSIDE, RESOLVER } from './evidence-case.ts';
import { MARIO_PAYLOAD, marioRequest, smartCheckIn, smartScreen } from './loader-traffic.ts';
import {
  comebackerPost,
  PYRATION_ACTION,
  PYRATION_COMMAND,
  PYRATION_CONFIGURATION,
  PYRATION_POLL,
  pyration,
  pyrationConfigurationRequest,
} from './python-traffic.ts';
import { andarLoader, IMPACKET_GUID, NUKESPED, nukeSped } from './session-traffic.ts';
import { BITTER_FIRST, BITTER_SECOND, bitterRequest, ducktailRequest, fakeExtRequest, toddlerSharkPost } from './web-traffic.ts';

export type Conclusion = 'nothing' | 'context only' | 'watch' | 'check this host for compromise';

/** Runs at a minute of the hour. */
type Step = readonly [minute: number, act: (capture: CaptureComposer) => void];

export interface HostStory {
  readonly host: string;
  /** who works there */
  readonly place: string;
  readonly happened: string;
  /** sid → alerts that belong to this host */
  readonly alerts: Readonly<Record<number, number>>;
  readonly conclusion: Conclusion;
  readonly why: string;
  readonly steps: readonly Step[];
}

const START = 1_709_888_400_000_000;
const MINUTE = 60_000_000;

function lookup(client: string, name: string, server?: string): (capture: CaptureComposer) => void {
  return (capture) => {
    const answered = server === undefined ? { responseCode: 3 } : { answers: [{ type: 'A', data: server }] as const };
    capture.dnsLookup({ client, resolver: RESOLVER, name, ...answered });
    capture.dnsLookup({ client, resolver: RESOLVER, name, type: 'AAAA', responseCode: server === undefined ? 3 : 0 });
  };
}

function tls(client: string, name: string, server: string): (capture: CaptureComposer) => void {
  return (capture) => void capture.tlsConnection({ client, server, serverName: name, version: '1.3', alpn: ['h2', 'http/1.1'] });
}

function smb(client: string, serverGuid: Uint8Array): (capture: CaptureComposer) => void {
  return (capture) => void capture.smb2Negotiate({ client, server: FILE_SERVER, serverGuid, dialect: 0x0202 });
}

const host = (last: number): string => `${LOCAL_PREFIX}${last}`;
const get = (uri: string, name: string, agent = BROWSER) => ({
  method: 'GET',
  uri,
  headers: [
    ['Host', name],
    ['User-Agent', agent],
    ['Accept', '*/*'],
  ] as [string, string][],
});
const reception = host(11);
const lab = host(12);
const books = host(13);
const design = host(14);
const dispatch = host(15);
const buying = host(16);
const marketing = host(17);
const developer = host(18);
const board = host(19);
const sales = host(20);
const tester = host(21);
const kiosk = host(22);

export const HOST_STORIES: readonly HostStory[] = [
  {
    host: reception,
    place: 'reception desk',
    happened: 'Three connections to the file server, which answers with the GUID of an Impacket SMB server; two within five minutes.',
    alerts: { 1240325: 2 },
    conclusion: 'context only',
    why: 'An INFO rule and nothing else. It says what the server is, not that anything bad happened; ask who runs it.',
    steps: [
      [4, smb(reception, IMPACKET_GUID)],
      [6, smb(reception, IMPACKET_GUID)],
      [31, smb(reception, IMPACKET_GUID)],
    ],
  },
  {
    host: lab,
    place: 'laboratory',
    happened: 'One lookup (A and AAAA) of mafiakorea.com, which does not exist any more. No connection follows.',
    alerts: { 1240317: 2 },
    conclusion: 'watch',
    why: 'A name was asked for, nothing was reached. The two alerts are one event.',
    steps: [[12, lookup(lab, 'mafiakorea.com')]],
  },
  {
    host: books,
    place: 'bookkeeping',
    happened: 'Lookup and TLS to jschecks.com, then three form fields of a bank login sent with FakeExt.',
    alerts: { 1240343: 2, 1240346: 1, 1240341: 3 },
    conclusion: 'check this host for compromise',
    why: 'Typed fields left the host; lookup and TLS name say where to.',
    steps: [
      [17, lookup(books, 'jschecks.com', OUTSIDE.fakeExt)],
      [17.1, tls(books, 'jschecks.com', OUTSIDE.fakeExt)],
      [21, (capture) => void http(capture, OUTSIDE.fakeExt, fakeExtRequest(), undefined, books)],
      [21.2, (capture) => void http(capture, OUTSIDE.fakeExt, fakeExtRequest(), undefined, books)],
      [21.5, (capture) => void http(capture, OUTSIDE.fakeExt, fakeExtRequest(), undefined, books)],
    ],
  },
  {
    host: design,
    place: 'construction office',
    happened: 'Lookup and TLS to privacy.hopto.org, an AndarLoader greeting, then NukeSped: opening and known answer, both forms.',
    alerts: { 1240330: 2, 1240331: 1, 1240334: 1, 1240337: 1, 1240338: 1, 1240339: 1, 1240340: 1 },
    conclusion: 'check this host for compromise',
    why: 'Names and behaviour agree, and the server answered in the protocol of the backdoor: somebody is at the other end.',
    steps: [
      [8, lookup(design, 'privacy.hopto.org', OUTSIDE.andariel)],
      [8.1, tls(design, 'privacy.hopto.org', OUTSIDE.andariel)],
      [9, (capture) => void andarLoader(capture, 'Alibaba', { client: design })],
      [
        25,
        (capture) =>
          void nukeSped(
            capture,
            [
              { from: 'client', bytes: NUKESPED.shortHello },
              { from: 'server', bytes: NUKESPED.shortHello },
            ],
            design,
          ),
      ],
      [
        26,
        (capture) =>
          void nukeSped(
            capture,
            [
              { from: 'client', bytes: NUKESPED.longHello },
              { from: 'server', bytes: NUKESPED.longAnswer },
            ],
            design,
          ),
      ],
    ],
  },
  {
    host: dispatch,
    place: 'dispatch',
    happened: 'PyRation asks for its configuration and gets it, then two commands and one action arrive.',
    alerts: { 1240304: 2, 1240305: 1, 1240306: 1, 1240307: 1 },
    conclusion: 'check this host for compromise',
    why: 'Four behaviours of one family, and commands were delivered.',
    steps: [
      [14, (capture) => void pyration(capture, pyrationConfigurationRequest(), PYRATION_CONFIGURATION, dispatch)],
      [19, (capture) => void pyration(capture, PYRATION_POLL, PYRATION_COMMAND, dispatch)],
      [24, (capture) => void pyration(capture, PYRATION_POLL, PYRATION_COMMAND, dispatch)],
      [29, (capture) => void pyration(capture, PYRATION_POLL, PYRATION_ACTION, dispatch)],
    ],
  },
  {
    host: buying,
    place: 'purchasing',
    happened:
      'MarioLoader checks in three times, twenty minutes apart, fetches a payload and reports; SmartLoader follows with a check-in and a screen picture.',
    alerts: { 1240301: 3, 1240302: 1, 1240303: 1, 1240326: 1, 1240327: 1 },
    conclusion: 'check this host for compromise',
    why: 'A loader with a steady rhythm fetched something, and a second family appeared; a picture of the screen left the host.',
    steps: [
      [3, (capture) => void http(capture, OUTSIDE.marioLoader, marioRequest('POST', '/bot/data'), undefined, buying)],
      [3.5, (capture) => void http(capture, OUTSIDE.marioLoader, marioRequest('GET', '/bot/uploads/setup7.exe'), MARIO_PAYLOAD, buying)],
      [4, (capture) => void http(capture, OUTSIDE.marioLoader, marioRequest('POST', '/bot/report'), undefined, buying)],
      [23, (capture) => void http(capture, OUTSIDE.marioLoader, marioRequest('POST', '/bot/data'), undefined, buying)],
      [34, (capture) => void http(capture, OUTSIDE.smartLoader, smartCheckIn(), undefined, buying)],
      [34.5, (capture) => void http(capture, OUTSIDE.smartLoader, smartScreen(), undefined, buying)],
      [43, (capture) => void http(capture, OUTSIDE.marioLoader, marioRequest('POST', '/bot/data'), undefined, buying)],
    ],
  },
  {
    host: marketing,
    place: 'marketing',
    happened: 'Lookup of dailyfasterauto.info, PowerShell fetches a script named as a picture, then the program mainbot.exe.',
    alerts: { 1240318: 2, 1240323: 1, 1240324: 1 },
    conclusion: 'check this host for compromise',
    why: 'The script ran: it fetched the program.',
    steps: [
      [27, lookup(marketing, 'dailyfasterauto.info', OUTSIDE.ducktail)],
      [27.1, (capture) => void http(capture, OUTSIDE.ducktail, ducktailRequest(), undefined, marketing)],
      [27.3, (capture) => void http(capture, OUTSIDE.ducktail, ducktailRequest({ uri: '/file/t/mainbot.exe' }), MARIO_PAYLOAD, marketing)],
    ],
  },
  {
    host: developer,
    place: 'software development',
    happened: 'Lookup of chaingrown.com and fasttet.com, then two Comebacker check-ins.',
    alerts: { 1240309: 2, 1240310: 2, 1240314: 2 },
    conclusion: 'check this host for compromise',
    why: 'Lookups of two names of one campaign, and its backdoor reported with its opening. Look for the packages that were installed.',
    steps: [
      [36, lookup(developer, 'fasttet.com')],
      [36.1, lookup(developer, 'chaingrown.com', OUTSIDE.comebacker)],
      [36.3, (capture) => void http(capture, OUTSIDE.comebacker, comebackerPost(), undefined, developer)],
      [46, (capture) => void http(capture, OUTSIDE.comebacker, comebackerPost(), undefined, developer)],
    ],
  },
  {
    host: board,
    place: 'management',
    happened: 'A scheduled task asks with curl for a page, host name in the URI, and fetches a second stage.',
    alerts: { 1240349: 1, 1240350: 1 },
    conclusion: 'check this host for compromise',
    why: 'A host that names itself in the URI and fetches a second stage is run by somebody else.',
    steps: [
      [38, (capture) => void http(capture, OUTSIDE.bitter, bitterRequest(BITTER_FIRST), undefined, board)],
      [39, (capture) => void http(capture, OUTSIDE.bitter, bitterRequest(BITTER_SECOND), MARIO_PAYLOAD, board)],
    ],
  },
  {
    host: sales,
    place: 'sales',
    happened: 'ToddlerShark posts facts about the host.',
    alerts: { 1240348: 1 },
    conclusion: 'check this host for compromise',
    why: 'Facts about the host left it. Look whether its ScreenConnect server is patched (CVE-2024-1708, CVE-2024-1709).',
    steps: [[41, (capture) => void http(capture, OUTSIDE.toddlerShark, toddlerSharkPost(), undefined, sales)]],
  },
  {
    host: tester,
    place: 'software testing',
    happened: 'Ordinary traffic and eight look-alikes, each one condition away from a rule.',
    alerts: {},
    conclusion: 'nothing',
    why: 'No look-alike meets every condition of its rule.',
    steps: [
      [5, lookup(tester, 'mymafiakorea.com')],
      [10, tls(tester, 'myjschecks.com', OUTSIDE.web)],
      [15, (capture) => void http(capture, OUTSIDE.web, bitterRequest('/mml.php?id=7', { more: ['X-Token', '1'] }), undefined, tester)],
      [20, (capture) => void http(capture, OUTSIDE.web, pyrationConfigurationRequest({ header: 'X-Trace' }), undefined, tester)],
      [25, (capture) => void http(capture, OUTSIDE.web, get('/bot/data', 'api.example.org'), undefined, tester)],
      [30, smb(tester, Uint8Array.of(...IMPACKET_GUID.subarray(0, 15), 0x42))],
      [35, tls(tester, 'sslclient', OUTSIDE.web)],
      [40, (capture) => void http(capture, OUTSIDE.web, get('/file/t/maintenance.exe', 'files.example.org'), undefined, tester)],
    ],
  },
  {
    host: kiosk,
    place: 'meeting room',
    happened: 'One TLS connection whose server name is the placeholder sslClient.',
    alerts: { 1240329: 1 },
    conclusion: 'watch',
    why: 'A hunting rule of low confidence, once. Sloppy programs leave such names too; look what else this host does.',
    steps: [[44, tls(kiosk, 'sslClient', '198.51.100.77')]],
  },
];

/** Names that every office asks for; none is in a rule. */
const ORDINARY = ['www.example.com', 'mail.example.org', 'update.example.net', 'news.example.com', 'cdn.example.net'];

/** Time, mail, web: every host does the same kind of thing at other minutes. */
function ordinaryTraffic(capture: CaptureComposer, client: string, number: number): void {
  capture.at(START + (1 + number * 0.37) * MINUTE);
  capture.arp({ sender: client, target: RESOLVER });
  capture.ntp({ client, server: OUTSIDE.timeServer });
  for (let round = 0; round < 4; round++) {
    const name = ORDINARY[(number + round) % ORDINARY.length];
    capture.at(START + (2 + number * 0.53 + round * 13.4) * MINUTE);
    lookup(client, name, OUTSIDE.web)(capture);
    if (round === 2)
      http(
        capture,
        OUTSIDE.web,
        get('/', name),
        {
          status: 200,
          headers: [
            ['Server', 'nginx'],
            ['Content-Type', 'text/html'],
          ],
          body: '<!doctype html><title>Intranet</title><p>Good morning',
        },
        client,
      );
    else tls(client, name, OUTSIDE.web)(capture);
  }
  if (number % 4 === 0) capture.icmpEcho({ client, server: OUTSIDE.web, count: 3 });
}

export function composeOfficeHour(): Uint8Array {
  const capture = composeCapture({ seed: 20_240_308, startTime: START, localPrefix: LOCAL_PREFIX });
  for (const [number, story] of HOST_STORIES.entries()) {
    ordinaryTraffic(capture, story.host, number);
    for (const [minute, act] of story.steps) {
      capture.at(START + minute * MINUTE);
      act(capture);
    }
  }
  return capture.finish();
}
