/** Numbers read out of bytes: byte_test, byte_jump, byte_extract, byte_math, isdataat, bsize, urilen, base64. Suricata user guide, "Payload keywords". */
import { asKeywords, type BytesDecode, type Comparison, type Inspection, keyword, type RuleBuilder } from '@sigwright/contracts';
import { compares, comparison, custom, describeComparison, none, numberIn, optional } from '../../arguments/index.ts';
import { decodeBase64 } from '../../formats/base64.ts';

interface Reading {
  readonly bytes: number;
  readonly offset: number | string;
  readonly relative: boolean;
  readonly little: boolean;
  /** digits in text, with their base; 0: binary */
  readonly base: number;
  readonly mask: number | undefined;
}

interface Resolved extends Omit<Reading, 'offset'> {
  readonly offset: number | { readonly variable: number };
}

const MOST_TEXT_BYTES = 23;

/** Flag words shared by all four. Undefined: not one of them. */
function flagWord(word: string, into: { relative: boolean; little: boolean; base: number; text: boolean }): boolean {
  switch (word) {
    case 'relative':
      into.relative = true;
      return true;
    case 'big':
      into.little = false;
      return true;
    case 'little':
      into.little = true;
      return true;
    case 'string':
      into.text = true;
      into.base ||= 10;
      return true;
    case 'hex':
      into.base = 16;
      return true;
    case 'dec':
      into.base = 10;
      return true;
    case 'oct':
      into.base = 8;
      return true;
    default:
      return false;
  }
}

interface NumberSyntax {
  readonly reading: Reading;
  /** words that were no flags, as name → value */
  readonly named: ReadonlyMap<string, string>;
}

function readFlags(parts: readonly string[], bytes: number, offset: number | string): NumberSyntax | { problem: string; help?: string } {
  const flags = { relative: false, little: false, base: 0, text: false };
  const named = new Map<string, string>();
  for (const part of parts) {
    const [word, ...rest] = part.split(/\s+/);
    if (rest.length === 0 && flagWord(word, flags)) continue;
    named.set(word, rest.join(' '));
  }
  if (flags.base !== 0 && !flags.text) return { problem: 'hex, dec and oct go with `string`' };
  if (flags.text ? bytes < 0 || bytes > MOST_TEXT_BYTES : bytes < 0 || bytes > 8)
    return { problem: `${bytes} bytes can not be read as a number`, help: 'from 1 to 8, as text up to 23' };
  const maskText = named.get('bitmask');
  const mask = maskText === undefined ? undefined : Number.parseInt(maskText.replace(/^0x/i, ''), 16);
  if (mask !== undefined && Number.isNaN(mask)) return { problem: `\`${maskText}\` is not a hex mask` };
  named.delete('bitmask');
  return { reading: { bytes, offset, relative: flags.relative, little: flags.little, base: flags.text ? flags.base : 0, mask }, named };
}

function resolve(reading: Reading, builder: RuleBuilder): Resolved | undefined {
  if (typeof reading.offset === 'number') return { ...reading, offset: reading.offset };
  const variable = builder.useVariable(reading.offset);
  return variable === undefined ? undefined : { ...reading, offset: { variable } };
}

/** Where the number lies; -1 where it does not lie wholly in the buffer. */
function placeOf(reading: Resolved, inspection: Inspection): number {
  const offset = typeof reading.offset === 'number' ? reading.offset : inspection.variables[reading.offset.variable];
  const at = (reading.relative ? inspection.cursor : inspection.start) + offset;
  if (at < inspection.start || at + (reading.base === 0 ? reading.bytes : 1) > inspection.end) return -1;
  return at;
}

/** The number, or NaN where the text holds none. Beyond 2^53 it is rounded. `used` bytes were taken. */
let used = 0;

function numberAt(reading: Resolved, inspection: Inspection, at: number): number {
  const { bytes } = inspection;
  let value = 0;
  if (reading.base === 0) {
    used = reading.bytes;
    if (reading.little) for (let index = reading.bytes - 1; index >= 0; index--) value = value * 256 + bytes[at + index];
    else for (let index = 0; index < reading.bytes; index++) value = value * 256 + bytes[at + index];
  } else {
    const end = Math.min(inspection.end, at + reading.bytes);
    let index = at;
    while (index < end && (bytes[index] === 32 || bytes[index] === 9)) index++;
    const sign = bytes[index] === 45 ? -1 : 1;
    if (bytes[index] === 45 || bytes[index] === 43) index++;
    if (reading.base === 16 && bytes[index] === 48 && (bytes[index + 1] | 32) === 120) index += 2;
    const first = index;
    for (; index < end; index++) {
      const byte = bytes[index];
      const digit = byte >= 48 && byte <= 57 ? byte - 48 : (byte | 32) >= 97 && (byte | 32) <= 102 ? (byte | 32) - 87 : 99;
      if (digit >= reading.base) break;
      value = value * reading.base + digit;
    }
    if (index === first) return Number.NaN;
    value *= sign;
    used = reading.bytes;
  }
  return reading.mask === undefined ? value : masked(value, reading.mask);
}

/** And with the mask, then shifted down by its trailing zeros. */
function masked(value: number, mask: number): number {
  const result = BigInt(value) & BigInt(mask);
  let shift = 0n;
  while (mask !== 0 && ((BigInt(mask) >> shift) & 1n) === 0n) shift++;
  return Number(result >> shift);
}

const TEST_OPERATORS = ['<', '>', '=', '<=', '>=', '&', '^'] as const;

interface ByteTest {
  readonly reading: Reading;
  readonly negated: boolean;
  readonly operator: (typeof TEST_OPERATORS)[number];
  readonly value: number | string;
}

function bits(one: number, other: number, and: boolean): number {
  if (one <= 0x7fffffff && other <= 0x7fffffff) return and ? one & other : one ^ other;
  return Number(and ? BigInt(one) & BigInt(other) : BigInt(one) ^ BigInt(other));
}

function holds(operator: ByteTest['operator'], value: number, wanted: number): boolean {
  switch (operator) {
    case '<':
      return value < wanted;
    case '>':
      return value > wanted;
    case '=':
      return value === wanted;
    case '<=':
      return value <= wanted;
    case '>=':
      return value >= wanted;
    case '&':
      return bits(value, wanted, true) !== 0;
    case '^':
      return bits(value, wanted, false) !== 0;
  }
}

const NAME = /^[A-Za-z_][\w.-]*$/;

function numberOrName(text: string): number | string | undefined {
  const value = numberIn(text);
  if (value !== undefined) return value;
  return NAME.test(text) ? text : undefined;
}

interface ByteJump {
  readonly reading: Reading;
  readonly multiplier: number;
  readonly align: boolean;
  readonly from: 'cursor' | 'beginning' | 'end';
  readonly after: number | string;
}

interface ByteExtract {
  readonly reading: Reading;
  readonly name: string;
  readonly multiplier: number;
  readonly align: number;
}

interface ByteMath {
  readonly reading: Reading;
  readonly operator: '+' | '-' | '*' | '/' | '<<' | '>>';
  readonly operand: number | string;
  readonly result: string;
}

const MATH_OPERATORS = ['+', '-', '*', '/', '<<', '>>'];

function lengthTest(name: string, wanted: Comparison) {
  return {
    kind: 'test' as const,
    keyword: name,
    relative: false,
    describes: `the buffer has ${describeComparison(wanted)} bytes`,
    ...(wanted.operator === '=' ? { exactLength: wanted.value, minimumLength: wanted.value } : {}),
    test: (inspection: Inspection) =>
      (inspection.complete || wanted.operator === '>') && compares(wanted, inspection.streamOffset + inspection.end - inspection.start),
  };
}

export const keywords = asKeywords(
  keyword<ByteTest>({
    name: 'byte_test',
    family: 'payload',
    since: '1.0',
    summary: 'compare a number in the bytes',
    kind: 'condition',
    argument: custom(
      '<bytes>,[!]<operator>,<value>,<offset>[,relative][,little][,string,<hex|dec|oct>][,bitmask <mask>]',
      ['2,>,1000,4', '4,!&,0x80,0,relative,little', '3,=,443,0,string,dec'],
      (written) => {
        const parts = written.split(',').map((part) => part.trim());
        if (parts.length < 4) return { problem: 'bytes, operator, value and offset are needed' };
        const count = numberIn(parts[0]);
        const negated = parts[1].startsWith('!');
        const operatorText = parts[1].slice(negated ? 1 : 0).trim() || '=';
        const value = numberOrName(parts[2]);
        const offset = numberOrName(parts[3]);
        if (count === undefined) return { problem: `\`${parts[0]}\` is not a number of bytes` };
        if (!TEST_OPERATORS.includes(operatorText as '<'))
          return { problem: `\`${parts[1]}\` is no operator`, help: `operators are ${TEST_OPERATORS.join(' ')}` };
        if (value === undefined) return { problem: `\`${parts[2]}\` is neither a number nor a variable` };
        if (offset === undefined) return { problem: `\`${parts[3]}\` is neither a number nor a variable` };
        const flags = readFlags(parts.slice(4), count, offset);
        if ('problem' in flags) return flags;
        const [unknown] = flags.named.keys();
        if (unknown !== undefined) return { problem: unknown === 'dce' ? '`dce` is not built yet' : `\`${unknown}\` is not known` };
        return { value: { reading: flags.reading, negated, operator: operatorText as '<', value } };
      },
    ),
    examples: ['byte_test:2,>,1000,4;'],
    broken: [{ options: 'byte_test:2,>,1000;', code: 'byte_test/argument' }],
    apply({ reading, negated, operator, value }, builder) {
      const place = resolve(reading, builder);
      const variable = typeof value === 'string' ? builder.useVariable(value) : undefined;
      if (place === undefined || (typeof value === 'string' && variable === undefined)) return;
      builder.addBytes({
        kind: 'test',
        keyword: 'byte_test',
        relative: reading.relative,
        describes: `${reading.bytes} bytes at ${reading.offset} ${negated ? 'not ' : ''}${operator} ${value}`,
        test(inspection) {
          const at = placeOf(place, inspection);
          if (at < 0) return false;
          const number = numberAt(place, inspection, at);
          if (Number.isNaN(number)) return false;
          return holds(operator, number, variable === undefined ? (value as number) : inspection.variables[variable]) !== negated;
        },
      });
    },
  }),
  keyword<ByteJump>({
    name: 'byte_jump',
    family: 'payload',
    since: '1.0',
    summary: 'read a number and go on that many bytes further',
    kind: 'condition',
    argument: custom(
      '<bytes>,<offset>[,relative][,multiplier <n>][,little][,string,<base>][,align][,from_beginning][,from_end][,post_offset <n>][,bitmask <mask>]',
      ['2,0', '4,-10,relative,little,post_offset 2'],
      (written) => {
        const parts = written.split(',').map((part) => part.trim());
        const count = numberIn(parts[0]);
        const offset = parts[1] === undefined ? undefined : numberOrName(parts[1]);
        if (count === undefined || offset === undefined) return { problem: 'bytes and offset are needed' };
        const flags = readFlags(parts.slice(2), count, offset);
        if ('problem' in flags) return flags;
        const named = new Map(flags.named);
        const multiplier = numberIn(named.get('multiplier') ?? '1');
        const after = numberOrName(named.get('post_offset') ?? '0');
        const align = named.has('align');
        const from: ByteJump['from'] = named.has('from_beginning') ? 'beginning' : named.has('from_end') ? 'end' : 'cursor';
        for (const known of ['multiplier', 'post_offset', 'align', 'from_beginning', 'from_end']) named.delete(known);
        const [unknown] = named.keys();
        if (unknown !== undefined) return { problem: unknown === 'dce' ? '`dce` is not built yet' : `\`${unknown}\` is not known` };
        if (multiplier === undefined || multiplier < 1 || multiplier > 65535) return { problem: 'the multiplier is not between 1 and 65535' };
        if (after === undefined) return { problem: 'post_offset is neither a number nor a variable' };
        const jump: ByteJump = { reading: flags.reading, multiplier, align, from, after };
        return { value: jump };
      },
    ),
    examples: ['byte_jump:2,0;'],
    broken: [{ options: 'byte_jump:2;', code: 'byte_jump/argument' }],
    apply({ reading, multiplier, align, from, after }, builder) {
      const place = resolve(reading, builder);
      const variable = typeof after === 'string' ? builder.useVariable(after) : undefined;
      if (place === undefined || (typeof after === 'string' && variable === undefined)) return;
      builder.addBytes({
        kind: 'test',
        keyword: 'byte_jump',
        relative: reading.relative,
        describes: `jump by ${reading.bytes} bytes at ${reading.offset}`,
        test(inspection) {
          const at = placeOf(place, inspection);
          if (at < 0) return false;
          let number = numberAt(place, inspection, at);
          if (Number.isNaN(number)) return false;
          number *= multiplier;
          if (align) number = Math.ceil(number / 4) * 4;
          const begin = from === 'beginning' ? inspection.start : from === 'end' ? inspection.end : at + used;
          const target = begin + number + (variable === undefined ? (after as number) : inspection.variables[variable]);
          if (target < inspection.start || target > inspection.end) return false;
          inspection.cursor = target;
          return true;
        },
      });
    },
  }),
  keyword<ByteExtract>({
    name: 'byte_extract',
    family: 'payload',
    since: '1.0',
    summary: 'read a number into a variable',
    kind: 'condition',
    argument: custom(
      '<bytes>,<offset>,<variable>[,relative][,multiplier <n>][,little][,string,<base>][,align <2|4>][,bitmask <mask>]',
      ['2,0,length', '1,2,count,relative'],
      (written) => {
        const parts = written.split(',').map((part) => part.trim());
        const count = numberIn(parts[0]);
        const offset = parts[1] === undefined ? undefined : numberOrName(parts[1]);
        if (count === undefined || offset === undefined || parts[2] === undefined || !NAME.test(parts[2]))
          return { problem: 'bytes, offset and the name of a variable are needed' };
        const flags = readFlags(parts.slice(3), count, offset);
        if ('problem' in flags) return flags;
        const named = new Map(flags.named);
        const multiplier = numberIn(named.get('multiplier') ?? '1');
        const align = numberIn(named.get('align') ?? '1');
        named.delete('multiplier');
        named.delete('align');
        const [unknown] = named.keys();
        if (unknown !== undefined) return { problem: unknown === 'dce' ? '`dce` is not built yet' : `\`${unknown}\` is not known` };
        if (multiplier === undefined || align === undefined || (align !== 1 && align !== 2 && align !== 4))
          return { problem: 'multiplier or align is no valid number' };
        return { value: { reading: flags.reading, name: parts[2], multiplier, align } };
      },
    ),
    examples: ['byte_extract:2,0,length;'],
    broken: [{ options: 'byte_extract:2,0;', code: 'byte_extract/argument' }],
    apply({ reading, name, multiplier, align }, builder) {
      const place = resolve(reading, builder);
      if (place === undefined) return;
      const variable = builder.defineVariable(name);
      builder.addBytes({
        kind: 'test',
        keyword: 'byte_extract',
        relative: reading.relative,
        describes: `${name} is ${reading.bytes} bytes at ${reading.offset}`,
        test(inspection) {
          const at = placeOf(place, inspection);
          if (at < 0) return false;
          const number = numberAt(place, inspection, at);
          if (Number.isNaN(number)) return false;
          inspection.variables[variable] = Math.ceil((number * multiplier) / align) * align;
          inspection.cursor = at + used;
          return true;
        },
      });
    },
  }),
  keyword<ByteMath>({
    name: 'byte_math',
    family: 'payload',
    since: '4.1',
    summary: 'read a number, calculate with it, keep the result in a variable',
    kind: 'condition',
    argument: custom(
      'bytes <n>, offset <n>, oper <operator>, rvalue <number or variable>, result <variable>[, relative][, endian <big|little>][, string <base>][, bitmask <mask>]',
      ['bytes 2, offset 0, oper +, rvalue 10, result total'],
      (written) => {
        const fields = new Map<string, string>();
        for (const part of written.split(',')) {
          const [word, ...rest] = part.trim().split(/\s+/);
          if (fields.has(word)) return { problem: `\`${word}\` stands twice` };
          fields.set(word, rest.join(' '));
        }
        const count = numberIn(fields.get('bytes') ?? '');
        const offset = numberOrName(fields.get('offset') ?? '');
        const operand = numberOrName(fields.get('rvalue') ?? '');
        const operator = fields.get('oper') ?? '';
        const result = fields.get('result') ?? '';
        if (count === undefined) return { problem: '`bytes` is missing or not a number' };
        if (offset === undefined) return { problem: '`offset` is missing' };
        if (!MATH_OPERATORS.includes(operator)) return { problem: `\`${operator}\` is no operator`, help: `operators are ${MATH_OPERATORS.join(' ')}` };
        if (operand === undefined || (operator === '/' && operand === 0)) return { problem: '`rvalue` is missing or can not be used' };
        if (!NAME.test(result)) return { problem: '`result` is missing or no name' };
        const words: string[] = [];
        if (fields.has('relative')) words.push('relative');
        if (fields.has('endian')) words.push(fields.get('endian')!);
        if (fields.has('string')) words.push('string', fields.get('string')!);
        if (fields.has('bitmask')) words.push(`bitmask ${fields.get('bitmask')}`);
        const flags = readFlags(words, count, offset);
        if ('problem' in flags) return flags;
        for (const known of ['bytes', 'offset', 'oper', 'rvalue', 'result', 'relative', 'endian', 'string', 'bitmask']) fields.delete(known);
        const [unknown] = [...fields.keys(), ...flags.named.keys()];
        if (unknown !== undefined) return { problem: unknown === 'dce' ? '`dce` is not built yet' : `\`${unknown}\` is not known` };
        return { value: { reading: flags.reading, operator: operator as '+', operand, result } };
      },
    ),
    examples: ['byte_math:bytes 2, offset 0, oper +, rvalue 10, result total;'],
    broken: [{ options: 'byte_math:bytes 2;', code: 'byte_math/argument' }],
    apply({ reading, operator, operand, result }, builder) {
      const place = resolve(reading, builder);
      const variable = typeof operand === 'string' ? builder.useVariable(operand) : undefined;
      if (place === undefined || (typeof operand === 'string' && variable === undefined)) return;
      const target = builder.defineVariable(result);
      builder.addBytes({
        kind: 'test',
        keyword: 'byte_math',
        relative: reading.relative,
        describes: `${result} is ${reading.bytes} bytes at ${reading.offset} ${operator} ${operand}`,
        test(inspection) {
          const at = placeOf(place, inspection);
          if (at < 0) return false;
          const number = numberAt(place, inspection, at);
          const other = variable === undefined ? (operand as number) : inspection.variables[variable];
          if (Number.isNaN(number) || (operator === '/' && other === 0)) return false;
          inspection.variables[target] =
            operator === '+'
              ? number + other
              : operator === '-'
                ? number - other
                : operator === '*'
                  ? number * other
                  : operator === '/'
                    ? Math.floor(number / other)
                    : operator === '<<'
                      ? number * 2 ** other
                      : Math.floor(number / 2 ** other);
          inspection.cursor = at + used;
          return true;
        },
      });
    },
  }),
  keyword({
    name: 'isdataat',
    family: 'payload',
    since: '1.0',
    summary: 'is there, or is there not, data at this place?',
    kind: 'condition',
    argument: custom('[!]<number or variable>[,relative][,rawbytes]', ['10', '!1,relative'], (written) => {
      const parts = written.split(',').map((part) => part.trim());
      const negated = parts[0].startsWith('!');
      const amount = numberOrName(parts[0].replace(/^!\s*/, ''));
      if (amount === undefined || (typeof amount === 'number' && (amount < 0 || amount > 65535))) return { problem: `\`${parts[0]}\` is no place` };
      for (const word of parts.slice(1)) if (word !== 'relative' && word !== 'rawbytes') return { problem: `\`${word}\` is not known` };
      return { value: { negated, amount, relative: parts.includes('relative') } };
    }),
    examples: ['content:"abc"; isdataat:!1,relative;'],
    broken: [{ options: 'isdataat:x y;', code: 'isdataat/argument' }],
    apply({ negated, amount, relative }, builder) {
      const variable = typeof amount === 'string' ? builder.useVariable(amount) : undefined;
      if (typeof amount === 'string' && variable === undefined) return;
      builder.addBytes({
        kind: 'test',
        keyword: 'isdataat',
        relative,
        describes: `${negated ? 'no ' : ''}data at ${amount}${relative ? ' behind the match' : ''}`,
        test(inspection) {
          const wanted = variable === undefined ? (amount as number) : inspection.variables[variable];
          const at = relative ? inspection.cursor + wanted : inspection.start + wanted - inspection.streamOffset;
          return (relative ? at <= inspection.end : at < inspection.end) !== negated;
        },
      });
    },
  }),
  keyword({
    name: 'bsize',
    family: 'payload',
    since: '5.0',
    summary: 'length of the buffer',
    kind: 'condition',
    argument: comparison(),
    examples: ['http.uri; bsize:10; content:"/abc";'],
    broken: [
      { options: 'bsize:10;', code: 'bsize/without-buffer' },
      { options: 'http.uri; bsize:x y;', code: 'bsize/argument' },
    ],
    apply(wanted, builder) {
      if (builder.currentBuffer === 'payload') builder.problem('without-buffer', 'no sticky buffer stands before it', 'use `dsize` for the length of a packet');
      else builder.addBytes(lengthTest('bsize', wanted));
    },
  }),
  keyword({
    name: 'urilen',
    family: 'payload',
    since: '1.0',
    summary: 'length of the URI',
    kind: 'condition',
    protocol: 'http',
    argument: custom('<comparison>[,norm|raw]', ['10', '>20', '5<>10,norm'], (written) => {
      const [first, form] = written.split(',').map((part) => part.trim());
      if (form !== undefined && form !== 'norm' && form !== 'raw') return { problem: `\`${form}\` is neither norm nor raw` };
      const wanted = comparison(0, 65535).read(first);
      return 'problem' in wanted ? wanted : { value: { wanted: wanted.value, raw: form !== 'norm' } };
    }),
    examples: ['urilen:10;'],
    broken: [{ options: 'urilen:x y;', code: 'urilen/argument' }],
    apply({ wanted, raw }, builder) {
      const before = builder.currentBuffer;
      builder.selectBuffer(raw ? 'http.uri.raw' : 'http.uri');
      builder.addBytes(lengthTest('urilen', wanted));
      builder.selectBuffer(before);
    },
  }),
  keyword({
    name: 'base64_decode',
    family: 'payload',
    since: '1.0',
    summary: 'decode base64 for base64_data',
    kind: 'condition',
    argument: optional(
      custom('[bytes <n>][, offset <n>][, relative]', ['bytes 16, offset 2, relative', 'relative'], (written) => {
        const result = { bytes: 0, offset: 0, relative: false };
        for (const part of written.split(',')) {
          const [word, value] = part.trim().split(/\s+/);
          if (word === 'relative') result.relative = true;
          else if (word === 'bytes' || word === 'offset') {
            const number = numberIn(value ?? '');
            if (number === undefined) return { problem: `\`${word}\` is not a number` };
            result[word] = number;
          } else return { problem: `\`${word}\` is not known` };
        }
        return { value: result };
      }),
    ),
    examples: ['base64_decode:bytes 16, offset 0, relative; base64_data; content:"abc";'],
    broken: [{ options: 'base64_decode:bytes x;', code: 'base64_decode/argument' }],
    apply(options, builder) {
      const { bytes, offset, relative } = options ?? { bytes: 0, offset: 0, relative: false };
      const decode: BytesDecode = {
        kind: 'decode',
        keyword: 'base64_decode',
        describes: `base64 from ${offset}${relative ? ' behind the match' : ''}`,
        conditions: [],
        decode(inspection) {
          const from = (relative ? inspection.cursor : inspection.start) + offset;
          if (from < inspection.start || from >= inspection.end) return undefined;
          const to = bytes === 0 ? inspection.end : Math.min(inspection.end, from + bytes);
          const decoded = decodeBase64(inspection.bytes, from, to, true);
          return decoded.length === 0 ? undefined : decoded;
        },
      };
      builder.openDecode(decode);
    },
  }),
  keyword({
    name: 'base64_data',
    family: 'payload',
    since: '1.0',
    summary: 'following contents look at what base64_decode made',
    kind: 'sticky-buffer',
    argument: none(),
    examples: ['base64_decode:relative; base64_data; content:"abc";'],
    broken: [{ options: 'base64_data; content:"abc";', code: 'base64_data/without-decode' }],
    apply(_none, builder) {
      builder.selectDecoded();
    },
  }),
);
