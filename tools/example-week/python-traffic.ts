/** PyRation and the Lazarus PyPI packages' Comebacker: what they send, by the facts in reports/. */
import type { HttpRequest, HttpResponse } from '@sigwright/traffic';
import { type EvidenceCase, http, OUTSIDE } from './evidence-case.ts';

const PYRATION_PORT = 8000;
const PYTHON_AGENT = 'python-requests/2.31.0';

/** A poll of the socket.io session; commands come in its answer. */
export const PYRATION_POLL: HttpRequest = {
  method: 'GET',
  uri: '/socket.io/?transport=polling&EIO=4&sid=Zk3vW1tQbYc0AAAC&t=1709888400.5',
  headers: [
    ['Host', `${OUTSIDE.pyration}:${PYRATION_PORT}`],
    ['User-Agent', PYTHON_AGENT],
    ['Accept', '*/*'],
    ['Connection', 'keep-alive'],
  ],
};

function json(body: string, status = 200): HttpResponse {
  return {
    status,
    headers: [
      ['Server', 'Werkzeug/2.3.7 Python/3.11.5'],
      ['Content-Type', 'application/json'],
    ],
    body,
  };
}

export const PYRATION_COMMAND = json('42["command",{"hi":"whoami /all","id":"7d1f"}]');
export const PYRATION_ACTION = json('42["action",{"action_number":4,"file_name":"a.bat","file_data":"ZWNobyBvZmY="}]');
const CONFIGURATION = '{"base_url": "http://203.0.113.12:8000/", "key_logs_minutes": 5, "screen_shots_minutes": 10, "cookies": true}';
export const PYRATION_CONFIGURATION = json(CONFIGURATION);

export function pyrationConfigurationRequest(change: { method?: string; uri?: string; agent?: string; header?: string } = {}): HttpRequest {
  return {
    method: change.method ?? 'GET',
    uri: change.uri ?? '/client/config',
    headers: [
      ['Host', `${OUTSIDE.pyration}:${PYRATION_PORT}`],
      ['User-Agent', change.agent ?? PYTHON_AGENT],
      ['Accept-Encoding', 'gzip, deflate'],
      ['Accept', '*/*'],
      ['Connection', 'keep-alive'],
      [change.header ?? 'identity', 'c1f0a9d27b'],
    ],
  };
}

export function pyration(capture: Parameters<EvidenceCase['compose']>[0], request: HttpRequest, response: HttpResponse, client?: string): number {
  return http(capture, OUTSIDE.pyration, request, response, client, PYRATION_PORT);
}

function answer(sid: number, name: string, alerts: number, shows: string, response: HttpResponse, broken?: string): EvidenceCase {
  return { sid, name, alerts, shows, broken, compose: (capture) => void pyration(capture, PYRATION_POLL, response) };
}

function request(name: string, alerts: number, shows: string, sent: HttpRequest, broken?: string): EvidenceCase {
  return { sid: 1240307, name, alerts, shows, broken, compose: (capture) => void pyration(capture, sent, { status: 404, body: '' }) };
}

export function comebackerPost(change: { method?: string; uri?: string; value?: string; host?: string } = {}): HttpRequest {
  return {
    method: change.method ?? 'POST',
    uri: change.uri ?? '/manage/manage.asp',
    headers: [
      ['Host', change.host ?? 'chaingrown.com'],
      ['Content-Type', 'application/x-www-form-urlencoded'],
      ['User-Agent', 'Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0)'],
      ['Connection', 'Keep-Alive'],
    ],
    // The value is base64 of a date in UTF-16: 2024…
    body: `uqt=Zq1&kmd=${change.value ?? 'MgAwADIANAAwADMAMAA4AA=='}&jwr=k3A5`,
  };
}

function comebacker(name: string, alerts: number, shows: string, sent: HttpRequest, broken?: string): EvidenceCase {
  return { sid: 1240314, name, alerts, shows, broken, compose: (capture) => void http(capture, OUTSIDE.comebacker, sent) };
}

export const PYTHON_CASES: readonly EvidenceCase[] = [
  answer(1240304, 'command', 1, 'a PyRation server hands a shell command to its client in a polling answer', PYRATION_COMMAND),
  answer(
    1240304,
    'other-event',
    0,
    'a socket.io answer with the same object under another event',
    json('42["message",{"hi":"whoami /all","id":"7d1f"}]'),
    'the event is called message, not command',
  ),
  answer(1240304, 'no-id', 0, 'a command event without an id', json('42["command",{"hi":"whoami /all"}]'), 'the key id is missing'),
  answer(
    1240304,
    'acknowledgement',
    0,
    'a socket.io acknowledgement that carries the same text',
    json('43["command",{"hi":"whoami /all","id":"7d1f"}]'),
    'the packet type is 43 (acknowledgement), not 42 (event)',
  ),
  answer(1240305, 'action', 1, 'a PyRation server hands an action with file data to its client', PYRATION_ACTION),
  answer(
    1240305,
    'no-file-data',
    0,
    'an action without file data',
    json('42["action",{"action_number":4,"file_name":"a.bat"}]'),
    'the key file_data is missing',
  ),
  answer(
    1240305,
    'other-key',
    0,
    'an action event with another first key',
    json('42["action",{"action_name":"x","file_data":"ZWNobyBvZmY="}]'),
    'the first key is action_name, not action_number',
  ),
  answer(1240306, 'configuration', 1, 'a PyRation server answers with the configuration', PYRATION_CONFIGURATION),
  answer(1240306, 'chunked', 1, 'the same configuration in chunks of 40 bytes', { ...PYRATION_CONFIGURATION, chunkSize: 40 }),
  answer(1240306, 'error-status', 0, 'the same text in an answer of status 404', json(CONFIGURATION, 404), 'the status is 404, not 200'),
  answer(
    1240306,
    'one-key-less',
    0,
    'a configuration without screen shots',
    json(CONFIGURATION.replace('screen_shots_minutes', 'clip_board_minutes')),
    'the key screen_shots_minutes is missing',
  ),
  request('request', 1, 'a PyRation client asks for its configuration', pyrationConfigurationRequest()),
  request(
    'no-identity',
    0,
    'a Python program asks for /client/config, as many would',
    pyrationConfigurationRequest({ header: 'X-Trace' }),
    'the header identity is missing',
  ),
  request(
    'longer-uri',
    0,
    'the same request for /client/config2',
    pyrationConfigurationRequest({ uri: '/client/config2' }),
    'the URI is one character too long',
  ),
  request(
    'other-agent',
    0,
    'the same request from a browser',
    pyrationConfigurationRequest({ agent: 'Mozilla/5.0 python-requests/2.31.0' }),
    'the user agent does not begin with python-requests/',
  ),
  request('other-method', 0, 'the same request as POST', pyrationConfigurationRequest({ method: 'POST' }), 'the method is POST, not GET'),
  comebacker('post', 1, 'Comebacker posts its opening to /manage/manage.asp', comebackerPost()),
  comebacker('post-agency', 1, 'Comebacker posts its opening to /user/agency.asp', comebackerPost({ uri: '/user/agency.asp', host: 'fasttet.com' })),
  comebacker(
    'other-value',
    0,
    'the same form with a value that is no date',
    comebackerPost({ value: 'QQBCAEMA' }),
    'no value begins with the base64 of 202 in UTF-16',
  ),
  comebacker(
    'other-uri',
    0,
    'the same form to another page of the same folder',
    comebackerPost({ uri: '/manage/manager.asp' }),
    'the path is none of the four known ones',
  ),
  comebacker('aspx', 0, 'the same form to a page that ends in .aspx', comebackerPost({ uri: '/manage/manage.aspx' }), 'the path goes on behind .asp'),
  comebacker('other-method', 0, 'the same form sent with PUT', comebackerPost({ method: 'PUT' }), 'the method is PUT, not POST'),
];
