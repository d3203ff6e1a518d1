/** SMTP and FTP: what is read of a dialogue, and that it is the same at every split. */
import { describe, expect, test } from 'vitest';
import { catalogue } from '../index.ts';
import { everySplit, type ToldTransaction, type Turns, tell, whole } from '../session-kit.ts';

const lines = (...all: readonly string[]): string => all.map((line) => `${line}\r\n`).join('');

const MAIL = lines(
  'From: Alice <alice@example.org>',
  'To: bob@example.com,',
  ' carol@example.com',
  'Subject: two parts',
  'Content-Type: multipart/mixed; boundary="cut"',
  '',
  'preamble',
  '--cut',
  '',
  'words',
  '--cut',
  'Content-Disposition: attachment; filename="a.bin"',
  'Content-Transfer-Encoding: base64',
  '',
  'AAEC',
  'Aw==',
  '--cut',
  'Content-Type: text/plain; name=b.txt',
  'Content-Transfer-Encoding: quoted-printable',
  '',
  '=41=',
  'B',
  '..dots',
  '--cut--',
);

const cases: readonly (readonly [why: string, protocol: string, turns: Turns, transactions: readonly Partial<ToldTransaction>[]])[] = [
  [
    'a mail with attachments of both encodings',
    'smtp',
    [
      ['server', lines('220 mail.example ESMTP')],
      ['client', lines('EHLO client.example')],
      ['server', lines('250-mail.example', '250 8BITMIME')],
      ['client', lines('MAIL FROM:<alice@example.org> SIZE=9', 'RCPT TO:<bob@example.com>', 'DATA')],
      ['server', lines('250 ok', '250 ok', '354 go on')],
      ['client', `${MAIL}${lines('.', 'QUIT')}`],
      ['server', lines('250 taken', '221 bye')],
    ],
    [
      {
        anomalies: [],
        files: [
          ['a.bin', 4, 'CLOSED'],
          ['b.txt', 9, 'CLOSED'],
        ],
        records: [
          {
            type: 'smtp',
            direction: 0,
            body: { helo: 'client.example', mail_from: '<alice@example.org>', rcpt_to: ['<bob@example.com>'] },
            beside: {
              email: {
                status: 'PARSE_DONE',
                from: 'Alice <alice@example.org>',
                to: ['bob@example.com', 'carol@example.com'],
                subject: 'two parts',
                attachment: ['a.bin', 'b.txt'],
              },
            },
          },
        ],
      },
    ],
  ],
  [
    'addresses in the text, the last first; a message in a message has headers and files of its own',
    'smtp',
    [
      [
        'client',
        lines(
          'EHLO a',
          'MAIL FROM:<a@b>',
          'DATA',
          'Content-Type: multipart/mixed; boundary=x',
          '',
          '--x',
          'Content-Type: text/html',
          'Content-Transfer-Encoding: quoted-printable',
          '',
          '<a href=3D"http://one.exam=',
          'ple/?a">http://two.example</a>',
          '--x',
          'Content-Type: message/rfc822',
          'Content-Transfer-Encoding: base64',
          '',
          'Content-Disposition: attachment; filename=inner.bin',
          '',
          'as it is',
          '--x--',
          '.',
        ),
      ],
      ['server', lines('220 mail.example', '250 ok', '250 ok', '354 go on', '250 taken')],
    ],
    [
      {
        anomalies: ['invalid_pipelined_sequence'],
        files: [['inner.bin', 8, 'CLOSED']],
        buffers: { 'email.url': ['two.example', 'one.example/?a'] },
        progress: [2, 2],
      },
    ],
  ],
  [
    'a line longer than is kept at once loses nothing; damaged codings and long names are told',
    'smtp',
    [
      [
        'client',
        lines(
          'EHLO a',
          'DATA',
          `Content-Disposition: attachment; filename="${'n'.repeat(300)}"`,
          'Content-Transfer-Encoding: base64',
          '',
          'AAEC'.repeat(1100),
          'AA!=',
          '.',
        ),
      ],
    ],
    [
      {
        anomalies: ['mime_long_filename', 'mime_long_line', 'mime_long_enc_line', 'mime_invalid_base64', 'invalid_pipelined_sequence'],
        files: [['n'.repeat(255), 3301, 'CLOSED']],
      },
    ],
  ],
  [
    'a second sender, a sender without content and a reply without a command',
    'smtp',
    [
      ['client', lines('HELO a', 'MAIL FROM:<a@b>', 'MAIL FROM:<c@d>', 'RCPT bob')],
      ['server', lines('220 mail.example', '250 ok', '250 ok', '503 no', '501 no', '421 too long')],
    ],
    [{ anomalies: ['duplicate_fields', 'unparsable_content', 'unable_to_match_reply_with_request'] }],
  ],
  [
    'a text that the server does not want is no text',
    'smtp',
    [
      ['server', lines('220 mail.example')],
      ['client', lines('HELO a', 'DATA')],
      ['server', lines('250 ok', '503 no')],
      ['client', lines('QUIT')],
    ],
    [{ anomalies: ['data_command_rejected'], files: [] }],
  ],
  [
    'without an offer to pipeline, the text begins with its permission; a refused chunk and greeting change nothing',
    'smtp',
    [
      ['server', lines('220 mail.example')],
      ['client', lines('EHLO a')],
      ['server', lines('250 ok')],
      ['client', lines('BDAT 5 X', 'EHLO', 'MAIL FROM:<a@b>', 'RCPT TO:<c@d>', 'DATA')],
      ['server', lines('501 no', '501 no', '250 ok', '250 ok', '354 go on')],
      ['client', lines('From: x@y', '', 'text', '.')],
      ['server', lines('250 taken')],
    ],
    [
      {
        anomalies: ['invalid_bdat', 'unparsable_content'],
        progress: [2, 2],
        buffers: { 'smtp.helo': ['a'], 'smtp.mail_from': ['<a@b>'], 'smtp.rcpt_to': ['<c@d>'], 'email.from': ['x@y'] },
      },
    ],
  ],
  [
    'a server that offers pipelining may get everything at once, but nothing behind DATA before its permission',
    'smtp',
    [
      ['server', lines('220 mail.example')],
      ['client', lines('EHLO a')],
      ['server', lines('250-mail.example', '250 PIPELINING')],
      ['client', lines('RSET', 'MAIL FROM:<a@b>', 'DATA', 'From: x@y', '', '.')],
      ['server', lines('250 ok', '250 ok', '354 go on', '250 taken')],
    ],
    [{ anomalies: ['invalid_pipelined_sequence'], progress: [2, 2], buffers: { 'smtp.helo': ['a'], 'smtp.mail_from': ['<a@b>'], 'email.from': ['x@y'] } }],
  ],
  [
    'chunks by count need no dot at their end',
    'smtp',
    [['client', `${lines('EHLO a', 'MAIL FROM:<a@b>', 'RCPT TO:<c@d>', 'BDAT 10')}From: x@y\r${lines('BDAT 3 LAST').replace(/\r\n$/, '\r\n')}\n\r\n`]],
    [{ anomalies: [] }],
  ],
  [
    'two mails in one connection',
    'smtp',
    [['client', lines('EHLO a', 'MAIL FROM:<a@b>', 'DATA', 'x: y', '', 'z', '.', 'MAIL FROM:<c@d>', 'QUIT')]],
    [{ buffers: { 'smtp.helo': ['a'], 'smtp.mail_from': ['<a@b>'] } }, { buffers: { 'smtp.helo': ['a'], 'smtp.mail_from': ['<c@d>'] } }],
  ],
  [
    'an empty line behind a mail begins none',
    'smtp',
    [['client', lines('EHLO a', 'MAIL FROM:<a@b>', 'DATA', 'x: y', '', 'z', '.', '')]],
    [{ buffers: { 'smtp.helo': ['a'], 'smtp.mail_from': ['<a@b>'] } }],
  ],
  [
    'FTP: a greeting, commands, replies',
    'ftp',
    [
      ['server', lines('220 here')],
      ['client', lines('USER anonymous')],
      ['server', lines('331 second')],
      ['client', lines('PORT 10,0,0,5,4,1')],
      ['server', lines('200 ok')],
      ['client', lines('RETR file')],
      ['server', lines('150 opening', '226 done')],
      ['client', lines('EPSV')],
      ['server', lines('229 Entering (|||6446|)')],
    ],
    [
      { records: [{ type: 'ftp', direction: 0, body: { reply: ['here'], completion_code: ['220'], reply_received: 'yes', reply_truncated: false } }] },
      { buffers: { 'ftp.command': ['USER'], 'ftp.command_data': ['anonymous'], 'ftp.reply<': ['second'], 'ftp.completion_code<': ['331'] } as never },
      {},
      {},
      {},
    ],
  ],
  [
    'FTP: a line longer than is read',
    'ftp',
    [['client', lines(`USER ${'x'.repeat(5000)}`, 'QUIT')]],
    [{ anomalies: ['request_command_too_long'] }, { anomalies: [] }],
  ],
];

describe.each(cases)('%s', (_why, name, turns, transactions) => {
  const definition = catalogue.protocols.get(name);
  if (definition === undefined) throw new Error(`no protocol ${name}`);
  const told = tell(definition, whole(turns));

  test('is read', () => {
    expect(told.transactions.length).toBe(transactions.length);
    told.transactions.forEach((transaction, index) => {
      for (const [key, value] of Object.entries(transactions[index])) {
        if (key === 'buffers') expect(Object.values(transaction.buffers).flat()).toEqual(expect.arrayContaining(Object.values(value).flat()));
        else expect(transaction[key as keyof ToldTransaction]).toEqual(value);
      }
    });
  });

  test('is the same at every split', () => {
    for (const pieces of everySplit(turns)) expect(tell(definition, pieces)).toEqual(told);
  });
});

test('SMTP: mails without a reply are bounded, and that is told', () => {
  const definition = catalogue.protocols.get('smtp');
  if (definition === undefined) throw new Error('no smtp');
  const told = tell(
    definition,
    whole([
      ['server', lines('220 ready')],
      ['client', lines('MAIL FROM:<a@b>', 'RSET').repeat(258)],
    ]),
  );
  const crowded = told.transactions.map(({ anomalies }) => anomalies.includes('too_many_transactions'));
  expect([crowded.indexOf(true), crowded.length]).toEqual([256, 258]);
});
