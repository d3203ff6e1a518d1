/** What records show of a DNS message beyond questions and answers: each case one kind of record (RFC 6891). */
import { fromLatin1 } from '@sigwright/bytes';
import { TO_SERVER } from '@sigwright/contracts';
import { expect, test } from 'vitest';
import { readDnsMessage } from './dns-message.ts';
import { DnsTransaction } from './dns-transaction.ts';
import { dnsBody } from './records.ts';

/** A question for `a.`, and an OPT record with this data. */
function additional(data: string): unknown {
  const length = String.fromCharCode(data.length >> 8, data.length & 255);
  const text = `\0\x07\x01\0\0\x01\0\0\0\0\0\x01\x01a\0\0\x01\0\x01\0\0\x29\x10\0\0\0\x80\0${length}${data}`;
  const message = readDnsMessage(fromLatin1(text), 0, text.length);
  if (message === undefined) throw new Error('no message');
  return (dnsBody(new DnsTransaction(0, 0, message, TO_SERVER))['additionals'] as readonly unknown[])[0];
}

const OPT = { rrname: '', rrtype: 'OPT' };

test.each([
  ['none: most messages have only the header', '', OPT],
  ['a cookie', '\0\x0a\0\x04\x01\x02\x03\x04', { ...OPT, opt: [{ code: 10, data: '01020304' }] }],
  [
    'several, one of them empty',
    '\0\x03\0\0\0\x08\0\x02\0\x01',
    {
      ...OPT,
      opt: [
        { code: 3, data: '' },
        { code: 8, data: '0001' },
      ],
    },
  ],
  ['one that says it is longer than the record', '\0\x0a\0\x09\x01', OPT],
])('options of OPT: %s', (_why, data, shown) => expect(additional(data)).toEqual(shown));
