/** One line an exchange of HTTP/1 (Suricata user guide, "A line based log of HTTP requests" and "Custom http logging"). */
import { formatAddressLong, fromLatin1, latin1 } from '@sigwright/bytes';
import { HttpTransaction, hostName } from '@sigwright/catalogue';
import type { Flow, Packet, Transaction } from '@sigwright/contracts';
import { isYes, type Tree } from './configuration-tree.ts';
import { customFormat, type Field, FLOW_FIELDS, visible } from './line-format.ts';
import { lineTime } from './log-time.ts';

interface Subject {
  readonly time: number;
  readonly transaction: HttpTransaction;
  readonly flow: Flow;
}

const FIELDS: Readonly<Record<string, Field<Subject>>> = {
  h: ({ transaction }) => hostOf(transaction),
  H: ({ transaction }) => transaction.request.third,
  m: ({ transaction }) => transaction.request.first,
  u: ({ transaction }) => transaction.request.second,
  i: ({ transaction }, name) => transaction.request.headers?.get(name.toLowerCase()),
  C: ({ transaction }, name) => cookie(transaction, name),
  s: ({ transaction }) => (isRedirection(transaction) ? `${statusOf(transaction)}(${locationOf(transaction)})` : statusOf(transaction)),
  B: ({ transaction }) => String(transaction.response.wireLength),
  o: ({ transaction }, name) => transaction.response.headers?.get(name.toLowerCase()),
  ...FLOW_FIELDS,
};

export type HttpLine = (transaction: Transaction, flow: Flow, packet: Packet) => string | undefined;

/** Throws an Error with words for the user where `customformat` can not be read. */
export function httpLines(options: Tree): HttpLine {
  const extended = isYes(options['extended'], false);
  const format = customFormat('http-log', options, FIELDS) ?? ((subject: Subject): string => plain(subject, extended));
  return (transaction, flow, packet) => (transaction instanceof HttpTransaction ? format({ time: packet.time, transaction, flow }) : undefined);
}

function plain({ time, transaction, flow }: Subject, extended: boolean): string {
  const { request, response } = transaction;
  const shown = (value: Uint8Array | string | undefined, otherwise: string): string => (value === undefined || value.length === 0 ? otherwise : visible(value));
  const parts = [
    `${lineTime(time)} ${shown(hostOf(transaction), '<hostname unknown>')}`,
    shown(request.second, '<uri unknown>'),
    shown(request.headers?.get('user-agent'), '<useragent unknown>'),
  ];
  if (extended) {
    const status = shown(statusOf(transaction), '<no status>');
    parts.push(
      shown(request.headers?.get('referer'), '<no referer>'),
      shown(request.first, '<no method>'),
      shown(request.third, '<no protocol>'),
      isRedirection(transaction) ? `${status} => ${visible(locationOf(transaction) ?? '')}` : status,
      `${response.wireLength} bytes`,
    );
  }
  const client = `${formatAddressLong(flow.source, flow.ipVersion)}:${flow.sourcePort}`;
  parts.push(`${client} -> ${formatAddressLong(flow.destination, flow.ipVersion)}:${flow.destinationPort}`);
  return parts.join(' [**] ');
}

function hostOf(transaction: HttpTransaction): string | undefined {
  const host = transaction.writtenHost;
  return host === undefined ? undefined : hostName(host);
}

function statusOf({ response }: HttpTransaction): string | undefined {
  return response.seen ? latin1(response.second) : undefined;
}

/** What `301` and `302` lead to is told with them. */
function isRedirection(transaction: HttpTransaction): boolean {
  return (transaction.status === 301 || transaction.status === 302) && locationOf(transaction) !== undefined;
}

function locationOf({ response }: HttpTransaction): string | undefined {
  return response.headers?.text('location');
}

function cookie({ request }: HttpTransaction, name: string): Uint8Array | undefined {
  for (const pair of request.headers?.text('cookie')?.split(';') ?? []) {
    const equals = pair.indexOf('=');
    if (equals >= 0 && pair.slice(0, equals).trim() === name) return fromLatin1(pair.slice(equals + 1).trim());
  }
  return undefined;
}
