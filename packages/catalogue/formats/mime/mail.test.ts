/** Names of attachments in the ways of RFC 2231, and the headers of the part at hand. */
import { fromLatin1 } from '@sigwright/bytes';
import { DEFAULT_SETTINGS, TO_SERVER } from '@sigwright/contracts';
import { expect, test } from 'vitest';
import { MailReader } from './mail.ts';

function read(...lines: readonly string[]): MailReader {
  const mail = new MailReader(TO_SERVER, { fileLimit: 1000, mail: { ...DEFAULT_SETTINGS.mail, digest: true } }, () => {});
  for (const line of lines) mail.line(fromLatin1(line), 0, line.length, '\r\n');
  return mail;
}

test.each([
  ['one value', 'attachment; filename="a b.bin"', 'a b.bin'],
  ['pieces', 'attachment;\r\n filename*0=one-;\r\n filename*1="two .bin"', 'one-two .bin'],
  ['pieces in any order, one missing', 'attachment; filename*1=b; filename*0=a; filename*3=d', 'ab'],
  ['charset and language', "attachment; filename*=utf-8'en'name.bin", 'name.bin'],
  ['pieces with a charset', "attachment; filename*0*=us-ascii''na; filename*1=me", 'name'],
  ['the plain form counts where both are there', 'attachment; filename*0=x; filename=plain', 'plain'],
])('%s', (_why, disposition, name) => {
  expect(read('Content-Type: application/zip', ...`Content-Disposition: ${disposition}`.split('\r\n'), '').attachments).toEqual([name]);
});

test('the headers of the part that is read, as they were written', () => {
  const mail = read('Subject: s', 'Content-Type: multipart/mixed; boundary=b', '');
  expect(mail.fields).toEqual([
    ['Subject', 's'],
    ['Content-Type', 'multipart/mixed; boundary=b'],
  ]);
  for (const line of ['--b', 'Content-Transfer-ENCODING: base64', '', 'QUJD', '--b--']) mail.line(fromLatin1(line), 0, line.length, '\r\n');
  expect(mail.fields).toEqual([['Content-Transfer-ENCODING', 'base64']]);
  expect(mail.headers).toHaveLength(2);
});
