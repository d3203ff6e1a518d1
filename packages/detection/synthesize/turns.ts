/**
 * One rule with its buffers solved → what one side says (a turn), and turns → conversations in a capture. Turns of HTTP and of raw
 * TCP share one connection in the order of the rules, so that what one rule leaves on the flow is there for the next.
 */
import { concatBytes, fromLatin1, latin1 } from '@sigwright/bytes';
import {
  type CaptureComposer,
  type CertificateFields,
  type DistinguishedName,
  SeededRandom,
  sshKeyExchangeInit,
  type TcpExchange,
  tlsExchanges,
} from '@sigwright/traffic';
import { smallTalk } from './datagram.ts';
import { idleWord } from './datagram-messages.ts';
import { dnsQuestion } from './datagram-names.ts';
import type { Endpoints } from './endpoints.ts';
import { type HttpParts, requestOf, responseOf } from './http-parts.ts';
import { helloOf } from './ja3.ts';
import { negotiate } from './smb-frame.ts';

export interface Turn {
  readonly kind: 'http' | 'tcp' | 'udp' | 'dns' | 'dns-raw' | 'tls' | 'smtp' | 'ftp' | 'ssh' | 'smb' | 'icmp' | 'packet';
  readonly from: 'client' | 'server';
  readonly parts: HttpParts;
  /** what must be said before an established flow is one */
  readonly needsEstablished: boolean;
  readonly icmp?: { readonly type: number; readonly code: number };
}

export const USUAL_PORTS: Readonly<Record<Turn['kind'], number>> = {
  http: 80,
  tcp: 4444,
  udp: 4444,
  dns: 53,
  'dns-raw': 53,
  tls: 443,
  smtp: 25,
  ftp: 21,
  ssh: 22,
  smb: 445,
  icmp: 0,
  packet: 4444,
};

const SECOND = 1_000_000;

export function composeTurns(capture: CaptureComposer, turns: readonly Turn[], ends: Endpoints, count: number): void {
  for (let time = 0; time < count; time++) {
    const clientPort = ends.clientPort + (time % 1000);
    composeOnce(capture, turns, { ...ends, clientPort: ends.clientPort >= 1024 && ends.clientPort < 60_000 ? clientPort : ends.clientPort });
    capture.wait(20_000);
  }
}

function composeOnce(capture: CaptureComposer, turns: readonly Turn[], ends: Endpoints): void {
  const stream: TcpExchange[] = [];
  const flush = (): void => {
    if (stream.length > 0) capture.tcpConversation({ ...ends, exchanges: stream.splice(0) });
  };
  let unanswered = false;
  for (const turn of turns) {
    const payload = turn.parts.payload ?? new Uint8Array(0);
    switch (turn.kind) {
      case 'http':
        if (turn.from === 'client') {
          if (unanswered) stream.push({ from: 'server', bytes: responseOf({ buffers: new Map(), payload: undefined, variant: 0 }) });
          stream.push({ from: 'client', bytes: requestOf(turn.parts) });
          unanswered = true;
        } else {
          if (!unanswered) stream.push({ from: 'client', bytes: requestOf({ buffers: new Map(), payload: undefined, variant: 0 }) });
          stream.push({ from: 'server', bytes: responseOf(turn.parts) });
          unanswered = false;
        }
        break;
      case 'tcp':
        if (turn.from === 'server' && stream.length === 0) stream.push({ from: 'client', bytes: idleWord(ends.serverPort) });
        if (payload.length > 0) stream.push({ from: turn.from, bytes: payload });
        stream.push({ from: turn.from === 'client' ? 'server' : 'client', bytes: idleWord(ends.serverPort) });
        break;
      case 'udp':
      case 'dns-raw': {
        flush();
        const [asked, answered] = smallTalk(ends);
        const exchanges: { from: 'client' | 'server'; bytes: Uint8Array | string }[] = [];
        if (turn.from === 'server') exchanges.push({ from: 'client', bytes: turn.kind === 'udp' ? asked : dnsQuestion() });
        else if (turn.needsEstablished && turn.kind === 'udp') exchanges.push({ from: 'client', bytes: asked }, { from: 'server', bytes: answered });
        exchanges.push({ from: turn.from, bytes: payload });
        capture.udpExchange({ ...ends, exchanges });
        break;
      }
      case 'dns':
        flush();
        capture.udpExchange({
          ...ends,
          exchanges: [{ from: 'client', bytes: dnsQuestion(turn.parts.buffers.get('dns.query') ?? turn.parts.buffers.get('dns.queries.rrname')) }],
        });
        break;
      case 'tls':
        flush();
        capture.tcpConversation({ ...ends, exchanges: tlsTurn(turn) });
        break;
      case 'smtp':
        stream.push(...smtpTurn(turn, payload));
        break;
      case 'ftp':
        stream.push({ from: 'server', bytes: '220 ready\r\n' }, { from: 'client', bytes: 'USER anonymous\r\n' }, { from: 'server', bytes: '331 password\r\n' });
        stream.push({ from: turn.from, bytes: latin1(payload).endsWith('\n') ? payload : concatBytes(payload, fromLatin1('\r\n')) });
        stream.push({ from: turn.from === 'client' ? 'server' : 'client', bytes: turn.from === 'client' ? '200 ok\r\n' : 'NOOP\r\n' });
        break;
      case 'ssh': {
        const software = turn.parts.buffers.get('ssh.software') ?? fromLatin1('OpenSSH_9.6');
        const line = concatBytes(fromLatin1('SSH-2.0-'), software, fromLatin1('\r\n'));
        const other = fromLatin1('SSH-2.0-OpenSSH_9.6\r\n');
        const random = new SeededRandom(22);
        stream.push({ from: 'server', bytes: turn.from === 'server' ? line : other }, { from: 'client', bytes: turn.from === 'client' ? line : other });
        stream.push({ from: 'client', bytes: sshKeyExchangeInit(random) }, { from: 'server', bytes: sshKeyExchangeInit(random) });
        break;
      }
      case 'smb':
        stream.push({ from: 'client', bytes: turn.from === 'client' && payload.length > 0 ? payload : negotiate(false) });
        stream.push({ from: 'server', bytes: turn.from === 'server' && payload.length > 0 ? payload : negotiate(true) });
        break;
      case 'icmp':
        flush();
        capture.icmpMessage({
          source: turn.from === 'client' ? ends.client : ends.server,
          destination: turn.from === 'client' ? ends.server : ends.client,
          type: turn.icmp?.type ?? 8,
          code: turn.icmp?.code ?? 0,
          payload,
        });
        break;
      case 'packet': {
        flush();
        const line = idleWord(ends.serverPort);
        capture.tcpConversation({
          ...ends,
          exchanges: [
            { from: 'client', bytes: line },
            { from: 'server', bytes: line },
          ],
          startTime: capture.time + SECOND,
        });
        break;
      }
    }
  }
  if (unanswered) stream.push({ from: 'server', bytes: responseOf({ buffers: new Map(), payload: undefined, variant: 0 }) });
  flush();
}

function nameOf(text: string): DistinguishedName {
  const pairs = text.split(', ').flatMap((part) => {
    const equals = part.indexOf('=');
    return equals <= 0 ? (part === '' ? [] : [['CN', part] as const]) : [[part.slice(0, equals), part.slice(equals + 1)] as const];
  });
  return pairs.some(([attribute]) => attribute === 'CN') ? pairs : [...pairs, ['CN', 'www.example.net'] as const];
}

const MOST_NAMES = 4;

function tlsTurn(turn: Turn): TcpExchange[] {
  const { buffers, payload, variant } = turn.parts;
  const text = (name: string): string | undefined => {
    const bytes = buffers.get(name);
    return bytes === undefined ? undefined : latin1(bytes);
  };
  const sni = text('tls.sni');
  const subject = text('tls.cert_subject');
  const issuer = text('tls.cert_issuer');
  const serial = text('tls.cert_serial');
  const certs = buffers.get('tls.certs') ?? (turn.from === 'server' ? payload : undefined);
  const fields: CertificateFields = {
    subject: sni ?? 'www.example.net',
    ...(subject === undefined ? {} : { subjectName: nameOf(subject) }),
    ...(issuer === undefined ? {} : { issuerName: nameOf(issuer) }),
    ...(serial === undefined ? {} : { serial: Uint8Array.from(serial.split(':').slice(0, 20), (pair) => Number.parseInt(pair, 16) || 0) }),
    ...(certs === undefined ? {} : { extension: certs }),
    alternativeNames: [sni ?? 'www.example.net'].slice(0, MOST_NAMES),
  };
  const hello = helloOf(text('ja3.string') ?? '');
  const version = variant % 3 === 1 ? '1.0' : variant % 3 === 2 ? '1.1' : '1.2';
  const exchanges = tlsExchanges(
    {
      ...(buffers.has('ja3.string') ? hello : {}),
      ...(sni === undefined && turn.from === 'server' && variant % 2 === 1 ? {} : { serverName: sni ?? 'www.example.net' }),
      version,
      certificate: fields,
    },
    new SeededRandom(7),
  );
  if (payload !== undefined && turn.from === 'client') exchanges.push({ from: 'client', bytes: payload });
  return exchanges;
}

function smtpTurn(turn: Turn, payload: Uint8Array): TcpExchange[] {
  const greeting: TcpExchange[] = [
    { from: 'server', bytes: '220 mail.example.net ESMTP\r\n' },
    { from: 'client', bytes: 'EHLO host.example.org\r\n' },
    { from: 'server', bytes: '250 mail.example.net\r\n' },
  ];
  const file = turn.parts.buffers.get('file.data');
  if (turn.from === 'server') return [...greeting, { from: 'client', bytes: 'NOOP\r\n' }, { from: 'server', bytes: payload }];
  const first = latin1(payload, 0, Math.min(payload.length, 12)).toUpperCase();
  if (file === undefined && /^(?:MAIL|RCPT|EHLO|HELO|VRFY|EXPN|AUTH|STARTTLS|ETRN)/.test(first))
    return [...greeting, { from: 'client', bytes: lineOf(payload) }, { from: 'server', bytes: '250 ok\r\n' }];
  const message =
    file === undefined
      ? concatBytes(fromLatin1('From: a@example.org\r\nTo: b@example.net\r\n'), payload)
      : concatBytes(
          fromLatin1(
            'From: a@example.org\r\nTo: b@example.net\r\nMIME-Version: 1.0\r\nContent-Type: application/octet-stream; name="note.bin"\r\nContent-Disposition: attachment; filename="note.bin"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n',
          ),
          file,
        );
  return [
    ...greeting,
    { from: 'client', bytes: 'MAIL FROM:<a@example.org>\r\n' },
    { from: 'server', bytes: '250 ok\r\n' },
    { from: 'client', bytes: 'RCPT TO:<b@example.net>\r\n' },
    { from: 'server', bytes: '250 ok\r\n' },
    { from: 'client', bytes: 'DATA\r\n' },
    { from: 'server', bytes: '354 go on\r\n' },
    { from: 'client', bytes: concatBytes(message, fromLatin1('\r\n.\r\n')) },
    { from: 'server', bytes: '250 ok\r\n' },
  ];
}

function lineOf(payload: Uint8Array): Uint8Array {
  return latin1(payload).endsWith('\r\n') ? payload : concatBytes(payload, fromLatin1('\r\n'));
}
