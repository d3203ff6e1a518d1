/** MarioLoader and SmartLoader: what they send, by the facts in reports/. Used by the evidence and by the week. */
import type { HttpRequest, HttpResponse } from '@sigwright/traffic';
import { type EvidenceCase, http, OUTSIDE } from './evidence-case.ts';

const MARIO_AGENT = 'Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; Win64; x64; Trident/7.0)';
const MARIO_UUID = '4f1c9a7e-02bd-4d6a-9c11-7be0d35a91f2';

export function marioRequest(method: string, uri: string, change: { agent?: string; uuid?: string; body?: string } = {}): HttpRequest {
  const headers: [string, string][] = [
    ['Host', OUTSIDE.marioLoader],
    ['User-Agent', change.agent ?? MARIO_AGENT],
  ];
  if (change.uuid !== '') headers.push(['X-Client-Uuid', change.uuid ?? MARIO_UUID]);
  headers.push(['Accept', '*/*']);
  return { method, uri, headers, body: method === 'POST' ? (change.body ?? 'os=10.0&arch=x64&build=7') : undefined };
}

export const MARIO_PAYLOAD: HttpResponse = {
  status: 200,
  headers: [
    ['Server', 'nginx'],
    ['Content-Type', 'application/octet-stream'],
  ],
  body: `MZ\x90\x00\x03${'\x00'.repeat(120)}This program cannot be run in DOS mode.${'\x00'.repeat(200)}`,
};

function marioCases(sid: number, method: 'POST' | 'GET', uri: string, wrongUri: string, uriReason: string): EvidenceCase[] {
  const response = method === 'GET' ? MARIO_PAYLOAD : undefined;
  const send = (request: HttpRequest) => (capture: Parameters<EvidenceCase['compose']>[0]) => void http(capture, OUTSIDE.marioLoader, request, response);
  return [
    { sid, name: 'request', alerts: 1, shows: `MarioLoader sends ${method} ${uri} with its client UUID`, compose: send(marioRequest(method, uri)) },
    {
      sid,
      name: 'no-uuid',
      alerts: 0,
      shows: `${method} ${uri} from the same kind of client, without a client UUID`,
      broken: 'the X-Client-Uuid header is missing',
      compose: send(marioRequest(method, uri, { uuid: '' })),
    },
    {
      sid,
      name: 'short-uuid',
      alerts: 0,
      shows: `${method} ${uri} with a client number in place of the UUID`,
      broken: 'the value of X-Client-Uuid has no UUID form',
      compose: send(marioRequest(method, uri, { uuid: '4f1c9a7e-02bd-4d6a' })),
    },
    {
      sid,
      name: 'other-agent',
      alerts: 0,
      shows: `${method} ${uri} from a client that calls itself curl`,
      broken: 'the user agent is not the MSIE 7.0 text',
      compose: send(marioRequest(method, uri, { agent: 'curl/8.6.0' })),
    },
    { sid, name: 'other-uri', alerts: 0, shows: `${method} ${wrongUri}, all else alike`, broken: uriReason, compose: send(marioRequest(method, wrongUri)) },
    {
      sid,
      name: 'other-method',
      alerts: 0,
      shows: `PUT ${uri}, all else alike`,
      broken: `the method is PUT, not ${method}`,
      compose: send(marioRequest('PUT', uri)),
    },
  ];
}

const SMART_ID = 'OWUsODYsODIsOWUsOWUsODcsOGQsOTIsNjQsN2Qs';

export function smartCheckIn(change: { method?: string; id?: string; host?: string; type?: string; body?: string } = {}): HttpRequest {
  return {
    method: change.method ?? 'PUT',
    uri: `/loader/${change.id ?? SMART_ID}`,
    headers: [
      ['Host', change.host ?? OUTSIDE.smartLoader],
      ['User-Agent', BROWSERLESS_AGENT],
      ['Content-Type', change.type ?? 'application/json'],
      ['Cache-Control', 'no-cache'],
    ],
    body: change.body ?? '{"data": "YTEsN2UsN2YsOWEsYTAsODEsODgsOTMsNmIs"}',
  };
}

const BROWSERLESS_AGENT = 'Winhttp 1.0';
const BOUNDARY = '----974767299852498929531610575';

export function smartScreen(change: { method?: string; uri?: string; fileName?: string; picture?: string } = {}): HttpRequest {
  const picture = change.picture ?? `BM6\x00\x00\x00\x00\x00\x00\x006\x00\x00\x00(\x00\x00\x00${'\xff\x7f\x00'.repeat(300)}`;
  const body = [
    `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="${change.fileName ?? 'screen.bmp'}"\r\n\r\n${picture}\r\n`,
    `--${BOUNDARY}\r\nContent-Disposition: form-data; name="data"\r\n\r\n{"data": "NmIsN2Us"}\r\n--${BOUNDARY}--\r\n`,
  ].join('');
  return {
    method: change.method ?? 'PUT',
    uri: change.uri ?? `/loader/screen/${SMART_ID}`,
    headers: [
      ['Host', OUTSIDE.smartLoader],
      ['User-Agent', BROWSERLESS_AGENT],
      ['Content-Type', `multipart/form-data; boundary=${BOUNDARY}`],
    ],
    body,
  };
}

function smart(sid: number, name: string, alerts: number, shows: string, request: HttpRequest, broken?: string): EvidenceCase {
  return { sid, name, alerts, shows, broken, compose: (capture) => void http(capture, OUTSIDE.smartLoader, request) };
}

export const LOADER_CASES: readonly EvidenceCase[] = [
  ...marioCases(1240301, 'POST', '/bot/data', '/bot/data/', 'the URI is one character too long'),
  ...marioCases(1240302, 'POST', '/bot/report', '/bot/reports', 'the URI is one character too long'),
  ...marioCases(1240303, 'GET', '/bot/uploads/setup7.exe', '/my/bot/uploads/setup7.exe', 'the URI does not begin with /bot/uploads/'),
  smart(1240326, 'check-in', 1, 'SmartLoader puts its JSON data to /loader/ and its identifier, on a bare address', smartCheckIn()),
  smart(
    1240326,
    'host-name',
    0,
    'the same request to a server with a name',
    smartCheckIn({ host: 'cdn.example.org' }),
    'the Host header is a name, not an address',
  ),
  smart(
    1240326,
    'short-identifier',
    0,
    'the same request with an identifier of 20 letters',
    smartCheckIn({ id: SMART_ID.slice(0, 20) }),
    'the identifier is too short',
  ),
  smart(1240326, 'other-type', 0, 'the same request as text/plain', smartCheckIn({ type: 'text/plain; v=1' }), 'the content type is not application/json'),
  smart(
    1240326,
    'other-body',
    0,
    'the same request with another JSON object',
    smartCheckIn({ body: '{"items": "YTEsN2UsN2Ys"}' }),
    'the body does not begin with the key data',
  ),
  smart(1240326, 'other-method', 0, 'the same request as POST', smartCheckIn({ method: 'POST' }), 'the method is POST, not PUT'),
  smart(1240327, 'screen', 1, 'SmartLoader uploads a picture of the screen', smartScreen()),
  smart(1240327, 'other-file', 0, 'the same upload with a file called scan.bmp', smartScreen({ fileName: 'scan.bmp' }), 'the file name is not screen.bmp'),
  smart(
    1240327,
    'not-a-bitmap',
    0,
    'the same upload whose file is a PNG',
    smartScreen({ picture: '\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR' }),
    'the file does not begin as a bitmap',
  ),
  smart(
    1240327,
    'other-uri',
    0,
    'the same upload to /uploads/screen/',
    smartScreen({ uri: '/uploads/screen/1' }),
    'the URI does not begin with /loader/screen/',
  ),
  smart(1240327, 'other-method', 0, 'the same upload as POST', smartScreen({ method: 'POST' }), 'the method is POST, not PUT'),
];
