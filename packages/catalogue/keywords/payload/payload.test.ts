/** Payload keywords on bytes: each rule's tests, jumps and decodings run on a buffer as the engine would run them. */
import { fromLatin1, latin1 } from '@sigwright/bytes';
import { type BytesCondition, type ContentCondition, DEFAULT_SETTINGS, type Inspection } from '@sigwright/contracts';
import { type CompiledRule, compileRule, HeaderResolver } from '@sigwright/detection';
import { parseRules } from '@sigwright/rule-language';
import { describe, expect, test } from 'vitest';
import { catalogue } from '../../index.ts';
import { entropyOf } from './sizes.definition.ts';

const compiler = { catalogue, settings: DEFAULT_SETTINGS, headers: new HeaderResolver(DEFAULT_SETTINGS) };
/** The buffer stands inside other bytes, so that nothing reads past it. */
const MARGIN = 5;

function compile(options: string, header = 'tcp'): { compiled: CompiledRule | undefined; errors: readonly string[] } {
  const { rules } = parseRules(`alert ${header} any any -> any any (msg:"x"; ${options} sid:1; rev:1;)`);
  const { compiled, diagnostics } = compileRule(rules[0], compiler);
  return { compiled, errors: diagnostics.filter((one) => one.severity === 'error').map((one) => one.code) };
}

function conditionsOf(options: string): readonly BytesCondition[] {
  const { compiled, errors } = compile(options);
  expect(errors).toEqual([]);
  return compiled!.payload.length > 0 ? compiled!.payload : compiled!.bufferTests[0].conditions;
}

function inspectionOf(text: string, cursor: number, variables: readonly number[] = []): Inspection {
  const bytes = new Uint8Array(text.length + 2 * MARGIN).fill(0x39);
  bytes.set(fromLatin1(text), MARGIN);
  const values = new Float64Array(8);
  values.set(variables);
  return {
    bytes,
    start: MARGIN,
    end: MARGIN + text.length,
    cursor: MARGIN + cursor,
    variables: values,
    streamOffset: 0,
    complete: true,
    direction: 0,
    packet: undefined,
    flow: undefined,
    transaction: undefined,
    notes: undefined,
    captured: undefined,
  };
}

/** Runs the tests of a rule one behind the other. Where the cursor ends; undefined: one of them is false. */
function run(options: string, text: string, cursor = 0): number | undefined {
  const inspection = inspectionOf(text, cursor);
  for (const condition of conditionsOf(options)) {
    if (condition.kind !== 'test') throw new Error(`a ${condition.kind} can not be run here`);
    if (!condition.test(inspection)) return undefined;
  }
  return inspection.cursor - MARGIN;
}

describe('byte_test', () => {
  const cases: readonly (readonly [why: string, argument: string, bytes: string, cursor: number, holds: boolean])[] = [
    ['big end first', '2,=,0x0102,0', '\x01\x02', 0, true],
    ['little end first', '2,=,0x0201,0,little', '\x01\x02', 0, true],
    ['three bytes', '3,=,66051,0', '\x01\x02\x03', 0, true],
    ['eight bytes', '8,=,0x0000000100000002,0', '\0\0\0\x01\0\0\0\x02', 0, true],
    ['above', '1,>,4,0', '\x05', 0, true],
    ['not above its own value', '1,>,5,0', '\x05', 0, false],
    ['below', '1,<,6,0', '\x05', 0, true],
    ['at most', '1,<=,5,0', '\x05', 0, true],
    ['at least', '1,>=,5,0', '\x05', 0, true],
    ['differs', '1,!=,4,0', '\x05', 0, true],
    ['not above', '1,!>,4,0', '\x05', 0, false],
    ['a bare mark means not equal', '1,!,4,0', '\x05', 0, true],
    ['some bit is set', '1,&,0x0c,0', '\x04', 0, true],
    ['no bit is set', '1,!&,0x0c,0', '\x03', 0, true],
    ['a bit beyond 32', '8,&,0x8000000000000000,0', '\x80\0\0\0\0\0\0\0', 0, true],
    ['some bit differs', '1,^,5,0', '\x05', 0, false],
    ['offset', '1,=,3,2', '\x01\x02\x03', 0, true],
    ['relative', '1,=,3,1,relative', '\x01\x02\x03', 1, true],
    ['relative, backwards', '1,=,1,-2,relative', '\x01\x02\x03', 2, true],
    ['before the buffer', '1,=,0x39,-1,relative', '\x01', 0, false],
    ['behind the buffer', '1,=,0x39,1', '\x01', 0, false],
    ['half behind the buffer', '2,=,0x0139,0', '\x01', 0, false],
    ['outside, not even negated', '1,!=,0,7', '\x01', 0, false],
    ['decimal text', '3,=,443,0,string,dec', '443', 0, true],
    ['text of fewer digits', '5,=,80,0,string,dec', '80 HT', 0, true],
    ['text with white space and sign', '5,=,80,0,string,dec', ' \t+80', 0, true],
    ['text is read up to its length', '2,=,44,0,string,dec', '443', 0, true],
    ['text must lie in the buffer', '5,=,443,0,string,dec', '443', 0, false],
    ['no length: all digits', '0,>,82642,0,string,dec', '90000 bytes', 0, true],
    ['no digits', '3,=,0,0,string,dec', 'abc', 0, false],
    ['hex text', '4,=,255,0,string,hex', '0xff', 0, true],
    ['hex text without prefix', '2,=,255,0,string,hex', 'fF', 0, true],
    ['octal text', '3,=,8,0,string,oct', '010', 0, true],
    ['negative text is a large number', '2,>,1000,0,string,dec', '-1', 0, true],
    ['a mask, shifted down', '1,=,5,0,bitmask 0xf0', '\x5f', 0, true],
    ['a mask in the middle', '2,=,3,0,bitmask 0x0180', '\x01\x80', 0, true],
  ];
  test.each(cases)('%s: %s', (_why, argument, bytes, cursor, holds) => {
    expect(run(`byte_test:${argument};`, bytes, cursor) !== undefined).toBe(holds);
  });

  test('value, offset and size may be variables', () => {
    expect(run('byte_extract:1,0,a; byte_test:1,=,a,1;', '\x07\x07')).toBe(1);
    expect(run('byte_extract:1,0,a; byte_test:1,=,9,a;', '\x02\x00\x09')).toBe(1);
    expect(run('byte_extract:1,0,a; byte_test:a,=,0x0304,1;', '\x02\x03\x04')).toBe(1);
    expect(run('byte_extract:1,0,a; byte_test:a,=,0,1;', '\x20\x03\x04')).toBeUndefined();
  });

  test('the cursor stays', () => expect(run('byte_test:1,=,1,0;', '\x01\x02', 1)).toBe(1));
});

describe('byte_jump', () => {
  const cases: readonly (readonly [why: string, argument: string, bytes: string, cursor: number, to: number | undefined])[] = [
    ['from behind the number', '1,0', '\x02abcd', 0, 3],
    ['relative', '1,1,relative', 'ab\x01cdef', 1, 4],
    ['from the beginning', '1,0,from_beginning', '\x02abcd', 0, 2],
    ['from the end', '1,0,from_end,post_offset -3', '\x00abcd', 0, 2],
    ['no number at all', '0,0,relative,post_offset -2', 'abcd', 3, 1],
    ['multiplied', '1,0,multiplier 2', '\x02abcdefg', 0, 5],
    ['aligned to four', '1,0,align', '\x01abcdefg', 0, 5],
    ['behind it', '1,0,post_offset 1', '\x01abcdefg', 0, 3],
    ['back again', '1,0,post_offset -1', '\x01abcdefg', 0, 1],
    ['little end first', '2,0,little', '\x01\x00abc', 0, 3],
    ['text takes its digits', '4,0,string,dec', '2  abcdefg', 0, 3],
    ['hex text takes its prefix too', '4,0,string,hex', '0x02abcdefg', 0, 6],
    ['masked', '1,0,bitmask 0x30', '\x2fabcdefg', 0, 3],
    ['the very end is outside', '1,0', '\x02ab', 0, undefined],
    ['but one before is not', '1,0,post_offset -1', '\x02ab', 0, 2],
    ['far outside', '4,0', '\xff\xff\xff\xffab', 0, undefined],
    ['before the buffer', '1,0,post_offset -9', '\x01ab', 0, undefined],
  ];
  test.each(cases)('%s: %s', (_why, argument, bytes, cursor, to) => {
    expect(run(`byte_jump:${argument};`, bytes, cursor)).toBe(to);
  });

  test('the length field of the whole rest', () => {
    const options = 'byte_jump:1,0,post_offset -1; isdataat:!2,relative;';
    expect(run(options, '\x03abc')).toBe(3);
    expect(run(options, '\x03abcd')).toBeUndefined();
  });
});

describe('byte_extract and byte_math', () => {
  const seen = (options: string, bytes: string, cursor = 0): number | undefined => {
    const inspection = inspectionOf(bytes, cursor);
    for (const condition of conditionsOf(options)) if (condition.kind !== 'test' || !condition.test(inspection)) return undefined;
    return inspection.variables[conditionsOf(options).length - 1];
  };
  test.each([
    ['byte_extract:2,0,v;', '\x01\x02', 258],
    ['byte_extract:1,0,v,multiplier 3;', '\x05', 15],
    ['byte_extract:1,0,v,align 4;', '\x05', 8],
    ['byte_extract:1,0,v,align 2;', '\x05', 6],
    ['byte_extract:2,0,v,string,dec;', '42', 42],
    ['byte_math:bytes 1, offset 0, oper +, rvalue 10, result v;', '\x05', 15],
    ['byte_math:bytes 1, offset 0, oper -, rvalue 2, result v;', '\x05', 3],
    ['byte_math:bytes 1, offset 0, oper *, rvalue 2, result v;', '\x05', 10],
    ['byte_math:bytes 1, offset 0, oper /, rvalue 2, result v;', '\x05', 2],
    ['byte_math:bytes 1, offset 0, oper <<, rvalue 4, result v;', '\x05', 80],
    ['byte_math:bytes 1, offset 0, oper >>, rvalue 1, result v;', '\x05', 2],
    ['byte_math:bytes 2, offset 0, oper +, rvalue 0, result v, endian little;', '\x01\x02', 513],
    ['byte_math:bytes 2, offset 0, oper +, rvalue 0, result v, string dec;', '42', 42],
    ['byte_extract:1,0,a; byte_math:bytes 1, offset 1, oper +, rvalue a, result v;', '\x05\x06', 11],
    ['byte_extract:1,0,a; byte_math:bytes a, offset 1, oper +, rvalue 0, result v;', '\x02\x01\x02', 258],
  ])('%s', (options, bytes, value) => {
    expect(seen(options, bytes)).toBe(value);
  });

  test('nothing is divided by a variable that is zero', () => {
    expect(seen('byte_extract:1,0,a; byte_math:bytes 1, offset 1, oper /, rvalue a, result v;', '\x00\x06')).toBeUndefined();
  });

  test('a difference below zero is compared as a large number', () => {
    const options = 'byte_extract:1,0,a; byte_math:bytes 1, offset 1, oper -, rvalue a, result v; byte_test:1,<,v,0;';
    expect(run(options, '\x45\x00')).toBe(2);
  });
});

describe('isdataat', () => {
  // The table of the user guide: absolute places lie before the end, relative ones may be the end itself.
  test.each([
    ['7', 0, true],
    ['8', 0, false],
    ['!8', 0, true],
    ['7,relative', 0, true],
    ['8,relative', 0, true],
    ['9,relative', 0, false],
    ['5,relative', 3, true],
    ['6,relative', 3, false],
    ['!1,relative', 8, true],
    ['!1,relative', 7, false],
    ['7,rawbytes', 0, true],
  ])('%s from %i', (argument, cursor, holds) => {
    expect(run(`isdataat:${argument};`, 'abcdefgh', cursor) !== undefined).toBe(holds);
  });

  test('a variable', () => expect(run('byte_extract:1,0,a; isdataat:a;', '\x03abc')).toBe(1));
});

describe('sizes', () => {
  test.each([
    ['5', 'abcde', true],
    ['5', 'abcd', false],
    ['!5', 'abcd', true],
    ['<5', 'abcd', true],
    ['<=5', 'abcde', true],
    ['>5', 'abcde', false],
    ['>=5', 'abcde', true],
    ['4<>6', 'abcde', true],
    ['5<>7', 'abcde', false],
    ['0', '', true],
  ])('bsize:%s on %j', (argument, text, holds) => {
    expect(run(`http.uri; bsize:${argument};`, text) !== undefined).toBe(holds);
  });

  test('a length that may still grow is only compared upwards', () => {
    for (const [argument, holds] of [
      ['3', false],
      ['<9', false],
      ['>2', true],
      ['>=3', true],
      ['>3', false],
    ] as const) {
      const [condition] = conditionsOf(`http.request_body; bsize:${argument};`);
      const inspection = inspectionOf('abc', 0);
      inspection.complete = false;
      expect(condition.kind === 'test' && condition.test(inspection), argument).toBe(holds);
    }
  });

  test('bytes before the window count', () => {
    const [condition] = conditionsOf('http.request_body; bsize:10;');
    const inspection = inspectionOf('abc', 0);
    inspection.streamOffset = 7;
    expect(condition.kind === 'test' && condition.test(inspection)).toBe(true);
  });

  test('plain lengths can be looked up', () => {
    expect(conditionsOf('http.uri; bsize:10;')[0]).toMatchObject({ exactLength: 10 });
    expect(conditionsOf('http.uri; bsize:<10;')[0]).not.toHaveProperty('exactLength');
  });

  test('urilen means the normalised URI', () => {
    expect(compile('urilen:10;').compiled!.bufferTests[0].buffer.name).toBe('http.uri');
    expect(compile('urilen:10,norm;').compiled!.bufferTests[0].buffer.name).toBe('http.uri');
    expect(compile('urilen:10, raw;').compiled!.bufferTests[0].buffer.name).toBe('http.uri.raw');
  });
});

describe('entropy', () => {
  const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  test('known values', () => {
    expect(entropyOf(all, 0, 256)).toBe(8);
    expect(entropyOf(new Uint8Array(50), 0, 50)).toBe(0);
    expect(entropyOf(fromLatin1('abab'), 0, 4)).toBe(1);
    expect(entropyOf(all, 3, 3)).toBe(0);
  });
  test.each([
    ['value = 1', true],
    ['1', true],
    ['value != 1', false],
    ['value > 0.99', true],
    ['value < 1', false],
    ['value <= 1', true],
    ['value 0.5-1.5', true],
    ['value 1-2', false],
    ['value !1-2', true],
    ['bytes 1, value = 0', true],
    ['offset 3, value 0', true],
    ['offset 4, value 0', false],
  ])('%s', (argument, holds) => {
    expect(run(`file.data; entropy:${argument};`, 'abab') !== undefined).toBe(holds);
  });
});

describe('base64_decode', () => {
  const decodedBy = (argument: string, text: string, cursor = 0): string | undefined => {
    const [condition] = conditionsOf(`base64_decode${argument}; base64_data; content:"x";`);
    if (condition.kind !== 'decode') throw new Error('no decoding');
    expect(condition.conditions.length).toBe(1);
    const bytes = condition.decode(inspectionOf(text, cursor));
    return bytes === undefined ? undefined : latin1(bytes);
  };
  test.each([
    ['', 'Zm9vYmFy', 0, 'foobar'],
    [':bytes 4', 'Zm9vYmFy', 0, 'foo'],
    [':offset 4', 'Zm9vYmFy', 0, 'bar'],
    [':relative', 'x=Zm9v', 2, 'foo'],
    [':offset 1, relative', 'x=Zm9v', 1, 'foo'],
    [':relative', 'x=Zm9v&y=1', 2, 'foo'],
    ['', '%%%%', 0, undefined],
    [':offset 8', 'Zm9vYmFy', 0, undefined],
  ])('%s on %j', (argument, text, cursor, expected) => {
    expect(decodedBy(argument, text, cursor)).toBe(expected);
  });
});

describe('content', () => {
  const content = (options: string): ContentCondition => {
    const last = conditionsOf(options).at(-1)!;
    if (last.kind !== 'content') throw new Error('no content');
    return last;
  };

  test('modifiers are noted', () => {
    expect(content('content:!"a|42|c"; nocase; offset:3; depth:9;')).toMatchObject({ negated: true, nocase: true, offset: 3, depth: 9 });
    expect(content('content:"a"; content:"b"; distance:-2; within:4;')).toMatchObject({ distance: -2, within: 4 });
    expect(content('content:"abcd"; fast_pattern:1,2;')).toMatchObject({ fastPattern: true, fastPatternSlice: { offset: 1, length: 2 } });
    expect(content('content:"abcd"; fast_pattern:only;')).toMatchObject({ fastPatternOnly: true });
    expect(content('content:"abcd"; startswith; endswith;')).toMatchObject({ startsWith: true, endsWith: true });
    expect(content('byte_extract:1,0,a; content:"b"; within:a; distance:0;')).toMatchObject({ within: { variable: 0 }, distance: 0 });
  });

  test.each([
    ['content:"";', 'content/empty'],
    ['content:"|0 01|";', 'content/text'],
    ['content:"|0g|";', 'content/text'],
    ['content:"|00";', 'content/text'],
    ['content:"a\\b";', 'content/text'],
    ['content:"a"; offset:-1;', 'offset/negative'],
    ['content:"abc"; depth:2;', 'depth/too-small'],
    ['content:"a"; content:"abc"; within:2;', 'within/too-small'],
    ['content:"a"; content:"b"; depth:50; distance:5;', 'distance/mixed'],
    ['content:"a"; content:"b"; depth:50; within:5;', 'within/mixed'],
    ['content:"a"; content:"b"; offset:10; within:5;', 'within/mixed'],
    ['content:"a"; offset:20; offset:20;', 'offset/twice'],
    ['content:"a"; nocase; nocase;', 'nocase/twice'],
    ['content:"a"; depth:5; startswith;', 'startswith/position'],
    ['content:"a"; startswith; depth:5;', 'depth/with-startswith'],
    ['content:"first"; content:!"second"; fast_pattern; offset:6;', 'offset/negated-fast-pattern'],
    ['content:"first"; content:!"second"; offset:6; fast_pattern;', 'fast_pattern/negated'],
    ['content:!"a"; fast_pattern:only;', 'fast_pattern/only'],
    ['depth:50; within:5;', 'depth/without-content'],
    ['content:"a"; within:b;', 'within/unknown-variable'],
    ['file.data; base64_data; content:"a";', 'base64_data/without-decode'],
    ['byte_math:bytes 1, offset 1, oper <<, rvalue 2, result v, relative;', 'byte_math/relative'],
    ['byte_test:2,=,1,0,dce,little;', 'byte_test/argument'],
    ['byte_test:2,=,1,0,dce,string,hex;', 'byte_test/argument'],
    ['byte_test:2,=,1,0,hex;', 'byte_test/argument'],
    ['byte_test:2,=,1,0,little,big;', 'byte_test/argument'],
    ['byte_test:2,=,1,0,bitmask 0;', 'byte_test/argument'],
    ['byte_test:21,=,1,0,string,dec;', 'byte_test/argument'],
    ['byte_jump:2,70000;', 'byte_jump/argument'],
    ['byte_jump:2,0,multiplier 0;', 'byte_jump/argument'],
  ])('%s is refused', (options, code) => {
    expect(compile(options).errors).toContain(code);
  });
});

describe('pcre', () => {
  const matchIn = (options: string, text: string): boolean => {
    const condition = conditionsOf(options).at(-1)!;
    if (condition.kind !== 'pattern') throw new Error('no pattern');
    const { bytes, start, end } = inspectionOf(text, 0);
    return condition.pattern.match(bytes, start, end, start) !== undefined;
  };
  test.each([
    ['pcre:"/a\\/b/";', 'a/b', true],
    ['pcre:"/a\\;b/";', 'a;b', true],
    ['pcre:"/a\\x3bb/";', 'a;b', true],
    ['pcre:"/^ABC$/i";', 'abc\n', true],
    ['pcre:"/^abc$/E";', 'abc\n', false],
    ['pcre:"/a.b/s";', 'a\nb', true],
    ['pcre:"/a/b/";', 'a/b', true],
    ['pcre:"/abc/RBO";', 'abc', true],
  ])('%s on %j', (options, text, expected) => {
    expect(matchIn(options, text)).toBe(expected);
  });

  test.each([
    ['U', 'http.uri'],
    ['I', 'http.uri.raw'],
    ['P', 'http.request_body'],
    ['Q', 'http.response_body'],
    ['H', 'http.header'],
    ['D', 'http.header.raw'],
    ['M', 'http.method'],
    ['C', 'http.cookie'],
    ['S', 'http.stat_code'],
    ['Y', 'http.stat_msg'],
    ['V', 'http.user_agent'],
    ['W', 'http.host'],
    ['Z', 'http.host.raw'],
  ])('letter %s looks at %s', (letter, buffer) => {
    const { compiled, errors } = compile(`pcre:"/a/${letter}";`);
    expect(errors).toEqual([]);
    expect(compiled!.bufferTests.map((one) => one.buffer.name)).toEqual([buffer]);
  });

  test.each([
    [
      'pcre:"/a(b)(c)/, flow:one, pkt:some/two";',
      [
        [1, 'flow', 'one'],
        [2, 'packet', 'some/two'],
      ],
      'names in the order of the groups',
    ],
    [
      'pcre:"/a(?P<flow_one>b)/, alert:other";',
      [
        [1, 'alert', 'other'],
        [1, 'flow', 'one'],
      ],
      'groups that are named for it',
    ],
    ['pcre:"/a(b)/";', [], 'nothing is kept unasked'],
  ])('%s keeps %j: %s', (options, kept) => {
    const condition = conditionsOf(options).at(-1)!;
    if (condition.kind !== 'pattern') throw new Error('no pattern');
    expect(condition.captures.map(({ group, scope, name }) => [group, scope, name])).toEqual(kept);
  });

  test('a problem says where it lies', () => {
    const { rules } = parseRules('alert tcp any any -> any any (msg:"x"; pcre:"/abc[z-a]d/"; sid:1;)');
    expect(compileRule(rules[0], compiler).diagnostics[0]).toMatchObject({ code: 'pcre/pattern', help: 'at `-a]d`' });
  });
});

describe('asn1', () => {
  const long = `\x09\x82\x01\x01\x03${'1'.repeat(256)}`;
  test.each<[why: string, options: string, text: string, cursor: number, holds: boolean]>([
    ['a bit string that leaves a whole byte unused', 'asn1:bitstring_overflow,absolute_offset 0;', '\x03\x02\x08\xff', 0, true],
    ['seven bits unused', 'asn1:bitstring_overflow,absolute_offset 0;', '\x03\x02\x07\xff', 0, false],
    ['within a sequence, behind another element', 'asn1:bitstring_overflow;', '\x30\x07\x02\x01\x05\x03\x02\x09\xff', 0, true],
    ['at a place', 'asn1:bitstring_overflow,absolute_offset 2;', 'xx\x03\x02\x08\xff', 0, true],
    ['behind the match', 'content:"x"; asn1:bitstring_overflow,relative_offset 1;', 'x\x00\x03\x02\x08\xff', 1, true],
    ['more digits than there was room for', 'asn1:double_overflow;', long, 0, true],
    ['a length', 'asn1:oversize_length 500;', '\x04\x82\x02\x00abc', 0, true],
    ['a length that is allowed', 'asn1:oversize_length 512;', '\x04\x82\x02\x00abc', 0, false],
    ['no ASN.1', 'asn1:oversize_length 500;', '\x04', 0, false],
    ['depth without end', 'asn1:bitstring_overflow;', '\x30\x80'.repeat(400), 0, false],
  ])('%s', (_why, options, text, cursor, holds) => {
    const conditions = conditionsOf(options);
    const one = conditions[conditions.length - 1];
    if (one.kind !== 'test') throw new Error('no test');
    expect(one.test(inspectionOf(text, cursor))).toBe(holds);
  });
});
