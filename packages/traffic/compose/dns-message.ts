/** DNS messages (RFC 1035 section 4), as far as lookups need them. Answers point back at the question's name. */

import { ByteWriter } from './byte-writer.ts';
import { addressBytes } from './frames.ts';

export const DNS_TYPES = { A: 1, NS: 2, CNAME: 5, SOA: 6, PTR: 12, MX: 15, TXT: 16, AAAA: 28, SRV: 33, ANY: 255 } as const;
export type DnsType = keyof typeof DNS_TYPES;

export interface DnsAnswer {
  readonly type: DnsType;
  /** address, name or text; MX is written with preference 10 */
  readonly data: string;
  /** owner; the name asked for where left out */
  readonly name?: string;
  readonly timeToLive?: number;
}

export interface DnsMessage {
  readonly id: number;
  readonly name: string;
  readonly type: DnsType;
  /** undefined: this is the query */
  readonly answers?: readonly DnsAnswer[];
  /** 0 no error, 2 server failure, 3 no such name, 5 refused */
  readonly responseCode?: number;
}

const QUESTION_NAME = 0xc00c;
const USUAL_TIME_TO_LIVE = 300;

function writeName(writer: ByteWriter, name: string): void {
  for (const label of name.split('.')) if (label.length > 0) writer.counted(1, (inner) => inner.text(label));
  writer.uint8(0);
}

function writeData(writer: ByteWriter, answer: DnsAnswer): void {
  if (answer.type === 'A' || answer.type === 'AAAA') writer.append(addressBytes(answer.data).bytes);
  else if (answer.type === 'TXT')
    for (let at = 0; at < Math.max(1, answer.data.length); at += 255) writer.counted(1, (inner) => inner.text(answer.data.slice(at, at + 255)));
  else {
    if (answer.type === 'MX') writer.uint16(10);
    writeName(writer, answer.data);
  }
}

export function dnsMessage(message: DnsMessage): Uint8Array {
  const writer = new ByteWriter().uint16(message.id);
  const answers = message.answers;
  // Query: recursion desired. Response: response, recursion desired and available.
  writer.uint16(answers === undefined ? 0x0100 : 0x8180 | (message.responseCode ?? 0));
  writer
    .uint16(1)
    .uint16(answers?.length ?? 0)
    .uint32(0);
  writeName(writer, message.name);
  writer.uint16(DNS_TYPES[message.type]).uint16(1);
  for (const answer of answers ?? []) {
    if (answer.name === undefined) writer.uint16(QUESTION_NAME);
    else writeName(writer, answer.name);
    writer
      .uint16(DNS_TYPES[answer.type])
      .uint16(1)
      .uint32(answer.timeToLive ?? USUAL_TIME_TO_LIVE);
    writer.counted(2, (inner) => writeData(inner, answer));
  }
  return writer.finish();
}
