/**
 * Unicode properties of the characters that one byte can be, U+0000 to U+00FF: what `\p` and `\P` of pcre2pattern(3) mean without UTF mode.
 * Scripts are those by which no character there is told apart from others, but for Latin and Common.
 */
import { type ByteSet, setOf } from './byte-sets.ts';

const CATEGORIES = 'C Cc Cf Cn Co Cs L Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps S Sc Sk Sm So Z Zl Zp Zs';
const BINARY =
  'Alphabetic Alpha ASCII ASCII_Hex_Digit AHex Cased Case_Ignorable CI Dash Diacritic Dia Emoji Extended_Pictographic ExtPict Hex_Digit Hex ' +
  'ID_Continue IDC ID_Start IDS Lowercase Lower Math Uppercase Upper White_Space space XID_Continue XIDC XID_Start XIDS';
const SCRIPTS =
  'Arabic Arab Armenian Armn Bengali Beng Bopomofo Bopo Common Zyyy Cyrillic Cyrl Devanagari Deva Ethiopic Ethi Georgian Geor Greek Grek ' +
  'Gujarati Gujr Gurmukhi Guru Han Hani Hangul Hang Hebrew Hebr Hiragana Hira Inherited Zinh Kannada Knda Katakana Kana Khmer Khmr Lao Laoo ' +
  'Latin Latn Malayalam Mlym Mongolian Mong Myanmar Mymr Sinhala Sinh Syriac Syrc Tamil Taml Telugu Telu Thaana Thaa Thai Tibetan Tibt';

/** By name as PCRE2 compares names: without regard to case, blanks, `-` and `_`. */
const EXPRESSIONS: ReadonlyMap<string, RegExp> = new Map([
  ...`${CATEGORIES} ${BINARY}`.split(' ').map((name) => [plain(name), new RegExp(`\\p{${name}}`, 'u')] as const),
  ...SCRIPTS.split(' ').map((name) => [plain(name), new RegExp(`\\p{Script=${name}}`, 'u')] as const),
  // Those that no other language has.
  ['any', /[\s\S]/],
  ['l&', /\p{LC}/u],
  ['lc', /\p{LC}/u],
  ['xan', /[\p{L}\p{N}]/u],
  ['xps', /[\p{Z}\t-\r\x85]/u],
  ['xsp', /[\p{Z}\t-\r\x85]/u],
  ['xuc', /[$@`\xa0-\xff]/],
  ['xwd', /[\p{L}\p{N}_]/u],
]);

function plain(name: string): string {
  return name.replace(/[\s_-]/g, '').toLowerCase();
}

/** Undefined: no property has this name. */
export function propertySet(written: string): ByteSet | undefined {
  const name = plain(written).replace(/^(?:script|sc|scriptextensions|scx)[:=]/, '');
  const expression = EXPRESSIONS.get(name);
  return expression === undefined ? undefined : setOf((byte) => expression.test(String.fromCharCode(byte)));
}
