import { describe, expect, it } from 'vitest';
import { catalogue } from '../catalogue.ts';
import { refang } from '../formats/refang/refang.ts';

/** A small stand-in for the public suffix list. */
const SUFFIXES = new Set(
  'com net org info top xyz su ru uk co.uk io ml ae cr sh md so zip mov app pl py рф onion live online site it in cc me name run post'.split(' '),
);

function registrableDomain(host: string): string | undefined {
  const labels = host.split('.');
  for (let from = 1; from < labels.length; from++) if (SUFFIXES.has(labels.slice(from).join('.'))) return labels.slice(from - 1).join('.');
  return undefined;
}

function found(text: string): string[] {
  const plain = refang(text);
  const all: { type: string; value: string; start: number; end: number; precedence: number; port?: number }[] = [];
  for (const definition of catalogue.indicators) {
    for (const one of definition.find(definition.refanged ? plain.text : text, { registrableDomain, defanged: plain.changed })) {
      const start = definition.refanged ? plain.startOf(one.start) : one.start;
      const end = definition.refanged ? plain.endOf(one.end) : one.end;
      expect(end).toBeGreaterThan(start);
      all.push({
        type: one.type ?? definition.type,
        value: one.value,
        start,
        end,
        precedence: definition.precedence,
        ...(one.port === undefined ? {} : { port: one.port }),
      });
    }
  }
  return all
    .filter((one) => !all.some((other) => other !== one && other.precedence > one.precedence && other.start < one.end && one.start < other.end))
    .sort((a, b) => a.start - b.start)
    .map((one) => `${one.type} ${one.value}${one.port === undefined ? '' : ` port ${one.port}`}`);
}

const A32 = '0123456789abcdef0123456789abcdef';
const A40 = `${A32}01234567`;
const A64 = A32 + A32;

const CASES: readonly (readonly [why: string, text: string, ...expected: string[]])[] = [
  // names
  ['a name in a sentence', 'It asked quiet-harbor.com, then left.', 'domain quiet-harbor.com'],
  ['at the end of a sentence', 'It asked quiet-harbor.com.', 'domain quiet-harbor.com'],
  ['sentence glued behind', 'It asked quiet-harbor.com.Then it left.', 'domain quiet-harbor.com'],
  ['an ending that does not exist', 'see section.four and config.local'],
  ['two labels of ending', 'panel.old-shop[.]co[.]uk', 'domain panel.old-shop.co.uk'],
  ['capitals become small', 'Panel.Quiet[.]COM', 'domain panel.quiet.com'],
  ['shouted', 'QUIET.COM', 'domain quiet.com'],
  ['underscore in a label', 'dl_one.quiet[.]com', 'domain dl_one.quiet.com'],
  ['of another script, kept exact', 'вход-сюда[.]рф', 'domain вход-сюда.рф'],
  ['a look-alike with one foreign letter', 'qui\u0435t[.]com', 'domain qui\u0435t.com'],
  ['wildcard', '*.quiet[.]com', 'domain quiet.com'],
  ['emphasis', '_quiet.com_ and **loud.com**', 'domain quiet.com', 'domain loud.com'],
  ['ET style in brackets', '(quiet .su)', 'domain quiet.su'],
  ['ET style with several blanks', 'lookup (a .quiet-harbor .com in TLS SNI)', 'domain a.quiet-harbor.com'],
  ['ET style in a sentence', 'seen with northpost .com today', 'domain northpost.com'],
  ['talk about an ending', 'uses the .com ending, a .NET loader and .net core'],
  ['not part of a mail address', 'mail joe@quiet.com', 'email joe@quiet.com'],
  ['a detection name', 'Win32/Agent.AE and Trojan.Agent.ML'],
  ['a file whose ending is a country', 'readme.md, libpanel.so, run.sh, tool.py and main.pl'],
  ['the same defanged', 'updates[.]sh', 'domain updates.sh'],
  ['a file with a version and an ending that exists', 'coloramax-4.5-py3-none-any.zip', 'file coloramax-4.5-py3-none-any.zip'],
  ['a bundle', 'Trader.app/Contents/MacOS/Trader'],
  ['random case before a country', 'et2z7q0FREZ.cr'],
  ['code', 'session.post(data) and subprocess.run(cmd)'],
  ['a version is no name', 'v1.2.3 and 10.2'],
  ['ellipsis', 'wait...com'],
  ['DOMAIN\\user', 'CORP.COM\\joe'],
  // addresses of the web
  ['plain', 'http://quiet.com/a', 'url http://quiet.com/a'],
  ['defanged three ways at once', 'hxxps[:]//quiet[.]com/a/b?c=d', 'url https://quiet.com/a/b?c=d'],
  ['host small, path as written', 'HXXP://QUIET[.]COM/AbC', 'url http://quiet.com/AbC'],
  ['port', 'hxxp://quiet[.]com:8443/x', 'url http://quiet.com:8443/x'],
  ['address as host', 'hxxp://198.18.7[.]9/x', 'url http://198.18.7.9/x'],
  ['end of a sentence', 'It loads http://quiet.com/a.', 'url http://quiet.com/a'],
  ['round brackets around', '(http://quiet.com/a)', 'url http://quiet.com/a'],
  ['round brackets inside', 'http://quiet.com/a_(b)', 'url http://quiet.com/a_(b)'],
  ['Markdown link', '[words](http://quiet.com/a) more', 'url http://quiet.com/a'],
  ['AsciiDoc link', 'http://quiet.com/a[words]', 'url http://quiet.com/a'],
  ['AsciiDoc literal', '`++http://quiet[.]com/a.php++`', 'url http://quiet.com/a.php'],
  ['HTML around', '<a href="http://quiet.com/a">x</a>', 'url http://quiet.com/a'],
  ['line break element behind', 'http://quiet.com/a<br>', 'url http://quiet.com/a'],
  ['placeholder kept', 'hxxp://quiet[.]com/p?u=<user_id>&v=2', 'url http://quiet.com/p?u=<user_id>&v=2'],
  ['two glued by a comma', 'http://quiet.com/a,http://loud.com/b', 'url http://quiet.com/a', 'url http://loud.com/b'],
  ['table rule', '|http://quiet.com/a|x', 'url http://quiet.com/a'],
  ['without scheme', 'quiet[.]com/gate.php', 'url //quiet.com/gate.php'],
  ['without scheme, a placeholder', 'quiet[.]com/<id>/up', 'url //quiet.com/<id>/up'],
  ['two names with a slash', 'quiet.com/loud.com', 'domain quiet.com'],
  ['hidden service', 'hxxp://abcdefghijklmnop[.]onion', 'url http://abcdefghijklmnop.onion'],
  ['not a web address', 'http://localhost:80/x and https://nothing'],
  // numbers
  ['IPv4', 'from 198.18.7.9 today', 'ipv4 198.18.7.9'],
  ['IPv4 defanged', '198[.]18.7[.]9 and 198[.]18[.]7[.]10', 'ipv4 198.18.7.9', 'ipv4 198.18.7.10'],
  ['port behind', '198.18.7[.]9:4443', 'ipv4 198.18.7.9 port 4443'],
  ['port defanged', '198.18.7[.]9[:]443', 'ipv4 198.18.7.9 port 443'],
  ['network', '198.18.7.0/24', 'ipv4 198.18.7.0/24'],
  ['a version', 'version 198.18.7.9 and v4.3.2.1'],
  ['small parts among words', 'Ashes Slideshow 4.0.9.3 Pro'],
  ['five parts', '1.2.3.4.5'],
  ['too large', '300.1.2.3'],
  ['part of a name', '198.18.7.9.quiet[.]com', 'domain 198.18.7.9.quiet.com'],
  ['IPv6', 'at 2001:db8::1 now', 'ipv6 2001:db8::1'],
  ['IPv6 defanged', '2001[:]db8[:]0:0:0:0:0:1', 'ipv6 2001:db8::1'],
  ['a time is no address', 'at 12:30:45 and 00:1b:44:11:3a:b7'],
  ['mail defanged', 'joe[at]quiet[.]com and ann(@)loud(dot)com', 'email joe@quiet.com', 'email ann@loud.com'],
  // digests and numbers of others
  ['digests', `${A32} ${A40.toUpperCase()} ${A64}`, `md5 ${A32}`, `sha1 ${A40}`, `sha256 ${A64}`],
  ['other lengths are none', `${A32}a ${A64}${A64}`],
  ['one digit over and over', '0'.repeat(32)],
  ['CVE with dashes of all kinds', 'CVE-2024-1708, CVE_2024_1709 and cve\u20132023\u201312345', 'cve CVE-2024-1708', 'cve CVE-2024-1709', 'cve CVE-2023-12345'],
  ['CVE in a detection name', 'Win32/Exploit.CVE-2017-11882.F', 'cve CVE-2017-11882'],
  ['techniques', 'T1071.001, TA0011 and T9999', 'attack T1071.001', 'attack TA0011'],
  ['JA3 by its name', `JA3: ${A32}`, `ja3 ${A32}`],
  ['JA4 by its shape', 't13d1516h2_8daaf6152771_b186095e22b6', 'ja4 t13d1516h2_8daaf6152771_b186095e22b6'],
  ['handles', 'thanks @palefinch and @tin_otter@infosec.exchange!', 'handle @palefinch', 'handle @tin_otter@infosec.exchange'],
  ['no handles', '@media x, name@scope and @scope/package'],
  ['files', 'drops Update-Tool.exe and notes_7.docx.', 'file Update-Tool.exe', 'file notes_7.docx'],
  ['registry', 'writes HKCU\\Software\\Run\\Quiet.', 'registry HKCU\\Software\\Run\\Quiet'],
  ['user agent', 'User-Agent: QuietClient/1.0\n', 'user-agent QuietClient/1.0'],
  ['quotation marks around blanks are no user agent', 'User-Agent: `    "x`'],
];

describe('indicators in a text', () => {
  for (const [why, text, ...expected] of CASES) it(why, () => expect(found(text)).toEqual(expected));

  it('offsets are those of the original text', () => {
    const text = 'Früher: hxxp://quiet[.]com/a und 198[.]18[.]7[.]9:80.';
    const plain = refang(text);
    const written: string[] = [];
    for (const definition of catalogue.indicators) {
      if (definition.type !== 'url' && definition.type !== 'ipv4') continue;
      for (const one of definition.find(plain.text, { registrableDomain, defanged: plain.changed }))
        written.push(text.slice(plain.startOf(one.start), plain.endOf(one.end)));
    }
    expect(written.sort()).toEqual(['198[.]18[.]7[.]9:80', 'hxxp://quiet[.]com/a']);
  });

  it('every type has a summary and its own precedence band', () => {
    expect(catalogue.indicators.length).toBeGreaterThanOrEqual(10);
    for (const one of catalogue.indicators) expect(one.summary).not.toBe('');
  });
});
