import { describe, expect, it } from 'vitest';
import { refang } from './refang.ts';

describe('defanging is undone', () => {
  const cases: readonly (readonly [why: string, written: string, plain: string, accident?: 'accident'])[] = [
    ['nothing to do', 'plain words, a.b and (c)', 'plain words, a.b and (c)'],
    ['square brackets', 'one[.]two[.]test', 'one.two.test'],
    ['round brackets', 'one(.)two', 'one.two'],
    ['curly brackets', 'one{.}two', 'one.two'],
    ['angle brackets', 'one<.>two', 'one.two'],
    ['the word', 'one[dot]two(dot)three{DOT}four', 'one.two.three.four'],
    ['blanks inside and around', 'one [ . ] two ( dot ) three', 'one.two.three'],
    ['brackets twice', 'one[[.]]two((dot))three{{.}}four', 'one.two.three.four'],
    ['brackets twice, closed once', 'one[[.]two', 'one[.two'],
    ['the opening bracket twice', 'one[.[two(.(test', 'one.two.test'],
    ['only the opening bracket', 'one[.two', 'one.two'],
    ['only the closing bracket', 'one.]two', 'one.two'],
    ['a backslash, as in patterns', 'one\\.two', 'one.two'],
    ['spoken, before a common ending', 'quiet dot com', 'quiet.com'],
    ['spoken, in plain English', 'the dot com years, one dot com firm', 'the dot com years, one dot com firm'],
    ['spoken, before a word that is no ending', 'one dot is enough', 'one dot is enough'],
    ['scheme with x', 'hxxp://a hXXps://b HXXP://c', 'http://a https://b http://c'],
    ['scheme with stars and other signs', 'h**p://a h__ps://b htxp://c hxtp://d', 'http://a https://b http://c http://d'],
    ['meow', 'meow://a meows://b', 'http://a https://b'],
    ['a scheme that is none', 'hxxp is a word', 'hxxp is a word'],
    ['colon', 'hxxp[:]//a', 'http://a'],
    ['colon and slashes', 'hxxps[://]a', 'https://a'],
    ['slash', 'a[/]b', 'a/b'],
    ['at sign', 'a[@]b c[at]d e(at)f g {at} h', 'a@b c@d e@f g@h'],
    ['full stops of other scripts', 'one。two．three', 'one.two.three'],
    ['invisible characters', 'one\u200b.two\u00ad.three', 'one.two.three', 'accident'],
    ['typographic hyphens', 'cold\u2011rain.test and cold\u2010wind.test', 'cold-rain.test and cold-wind.test', 'accident'],
    ['JSON: escaped slashes', 'http:\\/\\/a.test\\/b', 'http://a.test/b', 'accident'],
    ['JSON: code points', 'http:\\u002f\\u002fa.test\\u002Fb', 'http://a.test/b', 'accident'],
    ['slashes turned around', 'http:\\\\a.test', 'http://a.test', 'accident'],
    ['a name divided at its hyphen', 'cold-\nrain.test', 'cold-rain.test', 'accident'],
    ['the same, defanged', 'cold-\r\nrain[.]test', 'cold-rain.test'],
    ['a word divided at its hyphen', 'well-\nknown words.', 'well-\nknown words.'],
    ['a soft hyphen that was needed', 'cold\u00ad\nrain.test', 'coldrain.test', 'accident'],
    ['a line that ends in a defanged dot', 'cold[.]\nrain[.]test', 'cold.rain.test'],
    [
      'a long address divided at a slash',
      `${'x'.repeat(40)} http://cold.test/a/b/c/d/e/f/\ngate.php end`,
      `${'x'.repeat(40)} http://cold.test/a/b/c/d/e/f/gate.php end`,
      'accident',
    ],
    ['two short addresses, one a line', 'http://a.test/\nhttp://b.test/', 'http://a.test/\nhttp://b.test/'],
    ['two long addresses, one a line', `${'x'.repeat(60)} http://a.test/\nb.test/c`, `${'x'.repeat(60)} http://a.test/\nb.test/c`],
    ['closed behind the label', 'one[.test] two(.co.uk)', 'one.test two.co.uk'],
    ['a port in brackets', '192.0.2.1[:8080]', '192.0.2.1:8080'],
    ['IPv6', '2001[:]db8[:]1[::]9', '2001:db8:1::9'],
    ['a comma for the dot', 'one[,]test', 'one.test'],
    ['a hyphen in brackets', 'cold[-]rain[.]test', 'cold-rain.test'],
    ['words of other languages', 'one[punkt]two(punto)three[d0t]four[period]five', 'one.two.three.four.five'],
    ['brackets of East Asia', 'one【.】two（。）three', 'one.two.three'],
    ['no-break blanks', 'one\u00a0[.]\u00a0two', 'one.two'],
    ['a blank before an ending', 'one [.]com', 'one.com'],
    ['a wildcard behind a word', 'under [.]cold[.]test', 'under .cold.test'],
    ['spoken, several', 'panel dot cold dot co dot uk', 'panel.cold.co.uk'],
    ['a dot that ends more than the name', 'cold[.]com[.] and more', 'cold.com. and more'],
    ['a blank behind, more labels', 'panel[.] cold[.] com', 'panel.cold.com'],
    ['spoken in capitals', 'joe AT cold DOT com', 'joe@cold.com'],
    ['capitals that are none', 'LOOK AT this one', 'LOOK AT this one'],
    ['an ampersand of a page', 'a?b=c&amp;d=e', 'a?b=c&d=e', 'accident'],
    ['spaced', 'panel . cold . com', 'panel.cold.com'],
    ['spaced, not a name', 'that is all . next one', 'that is all . next one'],
    ['a blank behind the dot', 'cold. com', 'cold.com'],
    ['the end of a sentence', 'It was cold. The net result. Com', 'It was cold. The net result. Com'],
    ['in quotation marks', `one"."two and three'.'four`, 'one.two and three.four'],
    ['entities', 'hxxp&#58;//one&#46;two&#x2e;three&period;four', 'http://one.two.three.four'],
    ['a full-width colon and slashes', 'hxxp：／／one。test', 'http://one.test'],
    ['scheme in odd dresses', 'hxxp[s]://a h[tt]p://b hxp://c ttps://d xttp://e hzzp://f', 'https://a http://b http://c https://d http://e http://f'],
    ['scheme with a foreign letter', 'h\u0445\u0445p://a', 'http://a'],
    ['scheme glued to a word', 'addresshxxps://a', 'addresshttps://a'],
    [
      'colon and slashes in all brackets',
      'http[:]//a http[:/]/b http:[//]c hxxp{:}//d hxxp(:)//e https[:]\\/\\/f',
      'http://a http://b http://c http://d http://e https://f',
    ],
    ['no colon', 'hxxps//a', 'https://a'],
    ['one slash', 'hxxp:/a', 'http://a'],
    ['blanks around', 'hxxp [:] //a hxxps:// b', 'http://a https://b'],
    ['other schemes', 'fxp://a f*p://b ws[:]//c wss[://]d tcp[:]//e', 'ftp://a ftp://b ws://c wss://d tcp://e'],
    ['twice escaped', 'one\\\\.two', 'one.two'],
    ['slices and scopes', 'list[:] map[:-1] std::string a::b [::1]', 'list: map[:-1] std::string a::b [::1]'],
    ['prose in brackets', '(at home) [slash] [a-z] (p. 3) [-] x[.a-z]', '(at home) [slash] [a-z] (p. 3) [-] x.a-z'],
    ['a look-alike stays what it is', 'р\u0430ypal[.]test', 'р\u0430ypal.test'],
    ['brackets that hold something else', '[link](http://a) [1] (see)', '[link](http://a) [1] (see)'],
    ['a line break ends it', 'one\n[.]two', 'one\n.two'],
  ];
  for (const [why, written, plain, accident] of cases) {
    it(why, () => {
      const result = refang(written);
      expect(result.text).toBe(plain);
      // Ways back never cross, whatever order they are asked in, and a character that was not changed is the one it came from.
      for (let at = plain.length; at > 0; at--) {
        expect(result.startOf(at)).toBeGreaterThanOrEqual(result.startOf(at - 1));
        expect(result.endOf(at)).toBeGreaterThanOrEqual(result.startOf(at - 1));
        const start = result.startOf(at - 1);
        if (result.endOf(at) === start + 1 && !result.changed(at - 1, at) && /[a-z]/.test(plain[at - 1])) expect(plain[at - 1]).toBe(written[start]);
      }
      expect(result.startOf(0)).toBe(0);
      expect(result.endOf(plain.length)).toBe(written.length);
      expect(result.changed(0, plain.length)).toBe(written !== plain && accident === undefined);
    });
  }

  it('says where something was changed', () => {
    const { text, changed } = refang('safe.test and evil[.]test');
    expect(changed(0, 9)).toBe(false);
    expect(changed(text.indexOf('evil'), text.length)).toBe(true);
  });
});
