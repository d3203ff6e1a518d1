import { describe, expect, it } from 'vitest';
import { refang } from './refang.ts';

describe('defanging is undone', () => {
  const cases: readonly (readonly [why: string, written: string, plain: string])[] = [
    ['nothing to do', 'plain words, a.b and (c)', 'plain words, a.b and (c)'],
    ['square brackets', 'one[.]two[.]test', 'one.two.test'],
    ['round brackets', 'one(.)two', 'one.two'],
    ['curly brackets', 'one{.}two', 'one.two'],
    ['angle brackets', 'one<.>two', 'one.two'],
    ['the word', 'one[dot]two(dot)three{DOT}four', 'one.two.three.four'],
    ['blanks inside and around', 'one [ . ] two ( dot ) three', 'one.two.three'],
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
    ['invisible characters', 'one\u200b.two\u00ad.three', 'one.two.three'],
    ['a look-alike stays what it is', 'р\u0430ypal[.]test', 'р\u0430ypal.test'],
    ['brackets that hold something else', '[link](http://a) [1] (see)', '[link](http://a) [1] (see)'],
    ['a line break ends it', 'one\n[.]two', 'one\n.two'],
  ];
  for (const [why, written, plain] of cases) {
    it(why, () => {
      const result = refang(written);
      expect(result.text).toBe(plain);
      expect(result.offsets.length).toBe(plain.length + 1);
      // Offsets never go back, and a character that was not changed is the one it came from.
      for (let at = 1; at < result.offsets.length; at++) expect(result.offsets[at]).toBeGreaterThanOrEqual(result.offsets[at - 1]);
      expect(result.offsets[plain.length]).toBe(written.length);
      // Invisible characters are an accident of copying, not a warning.
      if (!/[\u200b\u00ad]/.test(written)) expect(result.changed(0, plain.length + 1)).toBe(written !== plain);
    });
  }

  it('says where something was changed', () => {
    const { text, changed } = refang('safe.test and evil[.]test');
    expect(changed(0, 9)).toBe(false);
    expect(changed(text.indexOf('evil'), text.length)).toBe(true);
  });
});
