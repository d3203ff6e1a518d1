/** SMTP with mails, and FTP, on damaged bytes. node fuzz/text.fuzz.ts [SECONDS for each] [SEED] */
import { bytesOf, fuzzSession } from './session.ts';

const mail =
  'EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nFrom: a\r\n b\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Disposition: attachment; filename="f"\r\nContent-Transfer-Encoding: base64\r\n\r\nAAEC\r\n--x\r\nContent-Type: text/plain; name=g\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=41=\r\n--x--\r\n.\r\nQUIT\r\n';
fuzzSession('smtp', [
  { client: bytesOf(mail), server: bytesOf('220 a\r\n250-b\r\n250 c\r\n250 d\r\n250 e\r\n354 f\r\n250 g\r\n221 h\r\n') },
  { client: bytesOf('EHLO a\r\nBDAT 12\r\nFrom: a\r\n\r\nbBDAT 0 LAST\r\nSTARTTLS\r\n\x16\x03\x01'), server: bytesOf('220 a\r\n250 b\r\n250 c\r\n220 d\r\n') },
]);
fuzzSession(
  'ftp',
  [
    {
      client: bytesOf('USER a\r\nPORT 10,0,0,5,4,1\r\nEPRT |2|::1|6446|\r\nRETR f\r\n'),
      server: bytesOf('220-a\r\n220 b\r\n331 c\r\n227 (1,2,3,4,5,6)\r\n229 (|||6446|)\r\n'),
    },
  ],
  false,
  true,
);
