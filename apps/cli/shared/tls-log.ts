/** One line a TLS connection (Suricata user guide, "TLS parameters and certificates logging" and "Custom tls logging"). */
import { formatAddressLong, fromUtf8 } from '@sigwright/bytes';
import type { Flow, Packet, ProtocolDefinition, RecordOptions, Transaction } from '@sigwright/contracts';
import { isYes, type Tree } from './configuration-tree.ts';
import { customFormat, type Field, FLOW_FIELDS, visible } from './line-format.ts';
import { lineTime } from './log-time.ts';

/** The `tls` object of its EVE record. */
type Told = Readonly<Record<string, unknown>>;

interface Subject {
  readonly time: number;
  readonly told: Told;
  readonly flow: Flow;
}

const EVERYTHING: RecordOptions = { extended: 'yes', 'session-resumption': 'yes' };

/** Label, and what of the record stands behind it, between quotation marks. */
const SUBJECT_AND_ISSUER = [
  ['Subject', 'subject'],
  ['Issuerdn', 'issuerdn'],
] as const;
const EXTENDED = [
  ['SHA1', 'fingerprint'],
  ['VERSION', 'version'],
  ['SNI', 'sni'],
  ['SERIAL', 'serial'],
  ['NOTBEFORE', 'notbefore'],
  ['NOTAFTER', 'notafter'],
] as const;

const FIELDS: Readonly<Record<string, Field<Subject>>> = {
  n: ({ told }) => text(told, 'sni'),
  v: ({ told }) => labelled(told, 'VERSION', 'version'),
  d: ({ told }) => labelled(told, 'NOTBEFORE', 'notbefore'),
  D: ({ told }) => labelled(told, 'NOTAFTER', 'notafter'),
  f: ({ told }) => labelled(told, 'SHA1', 'fingerprint'),
  s: ({ told }) => text(told, 'subject'),
  i: ({ told }) => text(told, 'issuerdn'),
  E: ({ told }) => all(told, [...SUBJECT_AND_ISSUER, ...EXTENDED]),
  ...FLOW_FIELDS,
};

export type TlsLine = (protocol: ProtocolDefinition, transaction: Transaction, flow: Flow, packet: Packet) => string | undefined;

/** Throws an Error with words for the user where `customformat` can not be read. */
export function tlsLines(options: Tree): TlsLine {
  const extended = isYes(options['extended'], false);
  const resumed = isYes(options['session-resumption'], false);
  const format = customFormat('tls-log', options, FIELDS) ?? ((subject: Subject): string => plain(subject, extended));
  return (protocol, transaction, flow, packet) => {
    if (protocol.name !== 'tls') return undefined;
    const told = protocol.records(transaction, flow, EVERYTHING)[0]?.body as Told | undefined;
    // Without a certificate there is only a resumed session to tell of, and that has to be asked for.
    if (told === undefined || (told['session_resumed'] === true && !resumed)) return undefined;
    return format({ time: packet.time, told, flow });
  };
}

function plain({ time, told, flow }: Subject, extended: boolean): string {
  const client = `${formatAddressLong(flow.source, flow.ipVersion)}:${flow.sourcePort}`;
  const ends = `${client} -> ${formatAddressLong(flow.destination, flow.ipVersion)}:${flow.destinationPort}`;
  const parts = [all(told, SUBJECT_AND_ISSUER), ...(told['session_resumed'] === true ? ["Session='resumed'"] : []), ...(extended ? [all(told, EXTENDED)] : [])];
  const shown = parts.flatMap((part) => (part === undefined ? [] : [visible(part)]));
  return `${lineTime(time)} ${ends}  TLS: ${shown.join(' ')}`.trimEnd();
}

/** As bytes: what is no ASCII is shown byte by byte. */
function text(told: Told, key: string): Uint8Array | undefined {
  const value = told[key];
  return typeof value === 'string' ? fromUtf8(value) : undefined;
}

function labelled(told: Told, label: string, key: string): Uint8Array | undefined {
  const value = told[key];
  return typeof value === 'string' ? fromUtf8(`${label}='${value}'`) : undefined;
}

function all(told: Told, fields: readonly (readonly [label: string, key: string])[]): Uint8Array | undefined {
  const shown = fields.filter(([, key]) => typeof told[key] === 'string').map(([label, key]) => `${label}='${String(told[key])}'`);
  return shown.length === 0 ? undefined : fromUtf8(shown.join(' '));
}
