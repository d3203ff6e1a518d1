/** Paths without a host, as reports write them, and the many things that begin with a slash and are none. A case: why, a text, and all paths found in it. */
import { describe, expect, it } from 'vitest';
import { refang } from '../../formats/refang/refang.ts';
import { indicator } from './uri-path.definition.ts';

type Case = readonly [why: string, text: string, ...expected: string[]];

const PATHS: readonly Case[] = [
  ['a method', 'POST /x/login?phone=', '/x/login?phone='],
  ['a method in code marks', 'It sends `GET /stuffer/panel` first.', '/stuffer/panel'],
  ['a method and words', 'a POST request to the URI "/client/config" is', '/client/config'],
  ['a method behind its path', 'The bot asks /client/config (GET) every hour; the endpoint /up is for files.', '/client/config', '/up'],
  ['a method in a cell', '| POST | /api/v1/bots/ | registers |', '/api/v1/bots/'],
  ['a request as it was', 'GET /a/b HTTP/1.1\r\nHost: quiet.com', '/a/b'],
  ['a request whose path is one of files', 'GET /tmp/x.bin HTTP/1.1', '/tmp/x.bin'],
  ['a script of a server, bare', '/next.php', '/next.php'],
  ['the same in a sentence, with its full stop', 'It beacons to /gate.php.', '/gate.php'],
  ['defanged', 'It beacons to /gate[.]php', '/gate.php'],
  ['a query', '- /Validate/getid?action=up&uid=<id>&antivirus=<av_name>', '/Validate/getid?action=up&uid=<id>&antivirus=<av_name>'],
  ['a query without a value', 'The URI is /config?hash=.', '/config?hash='],
  ['a query behind a directory', '/socket.io/?EIO=3&transport=polling', '/socket.io/?EIO=3&transport=polling'],
  ['a query of the root', 'requests /?id=7f3a every minute', '/?id=7f3a'],
  ['one word, said to be requested', 'The implant beacons to /checkin every minute.', '/checkin'],
  ['one word of a C2', 'posts the data to "/upload"', '/upload'],
  ['an endpoint', 'the endpoint /api/v2/tasks', '/api/v2/tasks'],
  ['several', 'It requests /a/cfg, /a/task and /a/result in turn.', '/a/cfg', '/a/task', '/a/result'],
  ['several in code marks', 'URIs: `/one/x`, `/two/y`', '/one/x', '/two/y'],
  ['a list below its words', 'C2 endpoints:\n\n* /one\n* /two/b\n* `/three`\n', '/one', '/two/b', '/three'],
  ['a list below a heading', '## URI paths\n\n- /one/x\n- /two/y\n', '/one/x', '/two/y'],
  ['a placeholder', 'GET /u/{GUID}/tasks', '/u/{GUID}/tasks'],
  ['a file that is downloaded', 'It requests /files/update.exe from the server.', '/files/update.exe'],
  ['PUT', 'PUT /loader/screen/', '/loader/screen/'],
  ['a path of files that is asked for by a method', 'an HTTP POST to /etc/passwd', '/etc/passwd'],
];

const OTHERS: readonly Case[] = [
  ['alternatives', 'and/or, his/her, client/server, read/write, TCP/IP and I/O'],
  ['dates and parts', '03/08/2024, 2024/03/08, 1/2, 24/7, 10.0.0.0/8 and /24'],
  ['files of Unix', 'It drops /tmp/.x, /usr/bin/curl, /etc/cron.d/0x and /var/www/html/a.php; /dev/shm/x, /proc/self/exe'],
  ['files of macOS and Android', '/Library/LaunchAgents/a.plist, /Users/joe/Library/x, /data/local/tmp/x, /system/bin/sh, /sdcard/x'],
  ['files in lists', 'Paths:\n* `/dev/event-E4LgEFWIcy`\n* `/run/systemd/log`\n* /opt/x/y\n'],
  ['a file that is written', 'It writes /jffs2/x and copies itself to /srv2/data/x'],
  ['switches', 'cmd /c start, schtasks /create /tn x /tr y, msiexec /quiet, regsvr32 /s /u /i:http, shutdown /r'],
  ['the path of an address', 'http://quiet.com/gate.php and hxxps://quiet[.]com/a?b=c'],
  ['of an address without scheme', 'quiet[.]com/gate.php'],
  ['detections', 'Win32/Agent.AE, MSIL/Kryptik and JS/Redirector'],
  ['kinds of content', 'Content-Type: text/html, application/json; q=0.9, */*'],
  ['elements', '<a href="/docs/a.php">x</a></div><br/>'],
  ['targets of links', '[words](/docs/page?id=1) and [x]: /docs/y'],
  ['patterns', 'the pattern /evil[0-9]+/i and s/a/b/g, re: /^\\/gate\\.php$/'],
  ['routes of programs', "app.get('/users', f); route({ method: 'post', path: '/books' }); await app.request('/books')"],
  ['contents of rules', 'http.method; content:"POST"; http.uri; content:"/abc/"; startswith; pcre:"/gate\\.php/U"; sid:1;'],
  ['communities', 'as r/netsec and /r/netsec say; by u/joe'],
  ['comments', '// a comment /* another */ //x'],
  ['programs', 'Mozilla/5.0 (Quiet) okhttp/4.9 curl/8.0'],
  ['a share', '\\\\server/share and //server/share/x'],
  ['networks', '2001:db8::/32, 45.1.2.0/24'],
  ['Windows in other slashes', 'C:/Windows/System32/x.exe and D:/a.php'],
  ['variables', '$HOME/.ssh/id_rsa, ~/.bashrc, %TEMP%/a.php, ./run.php, ../x?y=z'],
  ['Base64', 'hd67YUvwn0DNPP2ZEuFR9DLpnJxQ7\n/hd67YUvwn0DNPP2ZEuFR9DLpnJxQ7+g79BzksupYVLJ0vcFuJvJKPPb3A7h3Y8k'],
];

function found(text: string): string[] {
  return [...indicator.find(refang(text).text, { registrableDomain: () => 'quiet.com' })].map((one) => one.value);
}

describe('a path without a host', () => {
  for (const [why, text, ...expected] of PATHS) it(why, () => expect(found(text)).toEqual(expected));
});

describe('no path of a web address', () => {
  for (const [why, text] of OTHERS) it(why, () => expect(found(text)).toEqual([]));
});
