/** Numbers read out of bytes: byte_test, byte_jump, byte_extract, byte_math. Suricata user guide, "Payload keywords". */
import { asKeywords, type Inspection, keyword, type Measured } from '@sigwright/contracts';
import { custom, numberIn } from '../../arguments/index.ts';
import { and, NAME, NumberReader, numberOrName, type Reading, readFlags, resolve, unsigned } from './numbers.ts';

const TEST_OPERATORS = ['<', '>', '=', '<=', '>=', '&', '^'] as const;

interface ByteTest {
  readonly reading: Reading;
  readonly negated: boolean;
  readonly operator: (typeof TEST_OPERATORS)[number];
  readonly value: number | string;
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
      return and(value, wanted) !== 0;
    case '^':
      return value !== wanted;
  }
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

const MATH_OPERATORS = ['+', '-', '*', '/', '<<', '>>'] as const;

interface ByteMath {
  readonly reading: Reading;
  readonly operator: (typeof MATH_OPERATORS)[number];
  readonly operand: number | string;
  readonly result: string;
}

/** Differences stay negative here, so that they can be used as distances; comparisons take them as unsigned. */
function calculated(operator: ByteMath['operator'], number: number, operand: number): number {
  switch (operator) {
    case '+':
      return number + operand;
    case '-':
      return number - operand;
    case '*':
      return number * operand;
    case '/':
      return Math.floor(unsigned(number) / unsigned(operand));
    case '<<':
      return operand >= 64 ? 0 : unsigned(number * 2 ** operand);
    case '>>':
      return operand >= 64 ? 0 : Math.floor(unsigned(number) / 2 ** operand);
  }
}

const LARGEST_MULTIPLIER = 65_535;
const LARGEST_OPERAND = 4_294_967_295;
const LARGEST_POST_OFFSET = 65_535;
const ALIGNMENT = 4;
/** `byte_extract` may be told 2 or 4. */
const ALIGNMENTS = [1, 2, 4];

function numberWords(number: number): string {
  return number < 10 ? String(number) : `${number} (0x${number.toString(16)})`;
}

/** The last read was not a number. */
function nothingToRead({ at }: NumberReader, { start, end }: Inspection): Measured {
  return { words: `no number can be read at offset ${at - start} of the ${end - start} bytes there are` };
}

function listed(written: string): string[] {
  return written.split(',').map((part) => part.trim());
}

function unknownWord(named: ReadonlyMap<string, string>): { problem: string } | undefined {
  const [unknown] = named.keys();
  return unknown === undefined ? undefined : { problem: `\`${unknown}\` is not known` };
}

export const keywords = asKeywords(
  keyword<ByteTest>({
    name: 'byte_test',
    family: 'payload',
    since: '1.0',
    summary: 'compare a number in the bytes',
    kind: 'condition',
    argument: custom(
      '<bytes or variable>,[!]<operator>,<value>,<offset>[,relative][,little|dce][,string,<hex|dec|oct>][,bitmask <mask>]',
      ['2,>,1000,4', '4,!&,0x80,0,relative,little', '3,=,443,0,string,dec', '2,=,1,-2,relative,bitmask 0xf0'],
      (written) => {
        const parts = listed(written);
        if (parts.length < 4) return { problem: 'bytes, operator, value and offset are needed' };
        const count = numberOrName(parts[0]);
        const negated = parts[1].startsWith('!');
        const operatorText = parts[1].slice(negated ? 1 : 0).trim() || '=';
        const value = numberOrName(parts[2]);
        const offset = numberOrName(parts[3]);
        if (count === undefined) return { problem: `\`${parts[0]}\` is neither a number of bytes nor a variable` };
        if (!TEST_OPERATORS.includes(operatorText as '<'))
          return { problem: `\`${parts[1]}\` is no operator`, help: `operators are ${TEST_OPERATORS.join(' ')}` };
        if (value === undefined) return { problem: `\`${parts[2]}\` is neither a number nor a variable` };
        if (offset === undefined) return { problem: `\`${parts[3]}\` is neither a number nor a variable` };
        const flags = readFlags(parts.slice(4), count, offset);
        if ('problem' in flags) return flags;
        return unknownWord(flags.named) ?? { value: { reading: flags.reading, negated, operator: operatorText as '<', value } };
      },
    ),
    examples: ['byte_test:2,>,1000,4;', 'byte_extract:1,0,size; byte_test:size,=,1,1;'],
    broken: [
      { options: 'byte_test:2,>,1000;', code: 'byte_test/argument' },
      { options: 'byte_test:9,>,1000,0;', code: 'byte_test/argument' },
      { options: 'byte_test:no_variable,=,1,0;', code: 'byte_test/unknown-variable' },
    ],
    apply({ reading, negated, operator, value }, builder) {
      const place = resolve(reading, builder);
      const variable = typeof value === 'string' ? builder.useVariable(value) : -1;
      if (place === undefined || variable === undefined) return;
      const reader = new NumberReader(place);
      const constant = typeof value === 'number' ? unsigned(value) : 0;
      builder.addBytes({
        kind: 'test',
        keyword: 'byte_test',
        relative: reading.relative,
        keepsCursor: true,
        shown: { byte_test: { nbytes: reading.bytes, offset: reading.offset, base: shownBase(reading), flags: shownFlags(reading) } },
        describes: `${reading.bytes} bytes at ${reading.offset}${reading.relative ? ' behind the match' : ''} are ${negated ? 'not ' : ''}${operator} ${value}`,
        test(inspection) {
          const number = unsigned(reader.read(inspection));
          if (Number.isNaN(number)) return false;
          return holds(operator, number, variable < 0 ? constant : unsigned(inspection.variables[variable])) !== negated;
        },
        measured(inspection) {
          const number = unsigned(reader.read(inspection));
          if (Number.isNaN(number)) return nothingToRead(reader, inspection);
          const other = variable < 0 ? '' : `, and \`${value}\` is ${unsigned(inspection.variables[variable])}`;
          return { words: `they are ${numberWords(number)}${other}`, ...(variable < 0 ? { value: number } : {}) };
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
      '<bytes or variable>,<offset>[,relative][,multiplier <n>][,little][,string,<base>][,align][,from_beginning][,from_end][,post_offset <n>][,bitmask <mask>]',
      ['2,0', '4,-10,relative,little,post_offset 2', '0,0,from_end,post_offset -8'],
      (written) => {
        const parts = listed(written);
        const count = numberOrName(parts[0]);
        const offset = parts[1] === undefined ? undefined : numberOrName(parts[1]);
        if (count === undefined || offset === undefined) return { problem: 'bytes and offset are needed' };
        const flags = readFlags(parts.slice(2), count, offset, 0);
        if ('problem' in flags) return flags;
        const named = new Map(flags.named);
        const multiplier = numberIn(named.get('multiplier') ?? '1');
        const after = numberOrName(named.get('post_offset') ?? '0');
        const align = named.has('align');
        if (named.has('from_beginning') && named.has('from_end')) return { problem: '`from_beginning` and `from_end` exclude each other' };
        const from: ByteJump['from'] = named.has('from_beginning') ? 'beginning' : named.has('from_end') ? 'end' : 'cursor';
        for (const known of ['multiplier', 'post_offset', 'align', 'from_beginning', 'from_end']) named.delete(known);
        if (multiplier === undefined || multiplier < 1 || multiplier > LARGEST_MULTIPLIER)
          return { problem: `the multiplier is not between 1 and ${LARGEST_MULTIPLIER}` };
        if (after === undefined) return { problem: 'post_offset is neither a number nor a variable' };
        if (typeof after === 'number' && Math.abs(after) > LARGEST_POST_OFFSET)
          return { problem: `post_offset is not between -${LARGEST_POST_OFFSET} and ${LARGEST_POST_OFFSET}` };
        const jump: ByteJump = { reading: flags.reading, multiplier, align, from, after };
        return unknownWord(named) ?? { value: jump };
      },
    ),
    examples: ['byte_jump:2,0;', 'byte_jump:4,0,relative,little,post_offset -1; isdataat:!2,relative;'],
    broken: [
      { options: 'byte_jump:2;', code: 'byte_jump/argument' },
      { options: 'byte_jump:2,0,from_end,from_beginning;', code: 'byte_jump/argument' },
      { options: 'byte_jump:2,0,post_offset 65536;', code: 'byte_jump/argument' },
    ],
    apply({ reading, multiplier, align, from, after }, builder) {
      const place = resolve(reading, builder);
      const variable = typeof after === 'string' ? builder.useVariable(after) : -1;
      if (place === undefined || variable === undefined) return;
      const reader = new NumberReader(place);
      const constant = typeof after === 'number' ? after : 0;
      /** NaN where no number can be read */
      const targetOf = (inspection: Inspection): number => {
        let number = reader.read(inspection) * multiplier;
        if (align) number = Math.ceil(number / ALIGNMENT) * ALIGNMENT;
        const begin = from === 'beginning' ? inspection.start : from === 'end' ? inspection.end : reader.at + reader.used;
        return begin + number + (variable < 0 ? constant : inspection.variables[variable]);
      };
      builder.addBytes({
        kind: 'test',
        keyword: 'byte_jump',
        relative: reading.relative,
        shown: {
          byte_jump: {
            nbytes: reading.bytes,
            offset: reading.offset,
            multiplier,
            post_offset: after,
            base: shownBase(reading),
            flags: shownFlags(reading, align ? ['align'] : [], from),
          },
        },
        describes: `jump by ${reading.bytes} bytes at ${reading.offset}${reading.relative ? ' behind the match' : ''}`,
        test(inspection) {
          const target = targetOf(inspection);
          // A jump to the very end leads outside: rules end with `post_offset -1; isdataat:!2,relative` for that reason.
          if (!(target >= inspection.start && target < inspection.end)) return false;
          inspection.cursor = target;
          return true;
        },
        measured(inspection) {
          const number = reader.read(inspection);
          if (Number.isNaN(number)) return nothingToRead(reader, inspection);
          const { start, end } = inspection;
          return { words: `they are ${numberWords(number)}, which leads to offset ${targetOf(inspection) - start}, outside of the ${end - start} bytes` };
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
        const parts = listed(written);
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
        if (multiplier === undefined || multiplier < 1 || multiplier > LARGEST_MULTIPLIER)
          return { problem: `the multiplier is not between 1 and ${LARGEST_MULTIPLIER}` };
        if (align === undefined || !ALIGNMENTS.includes(align)) return { problem: 'it can be aligned to 2 or 4 bytes' };
        return unknownWord(named) ?? { value: { reading: flags.reading, name: parts[2], multiplier, align } };
      },
    ),
    examples: ['byte_extract:2,0,length; content:"a"; within:length; distance:0;'],
    broken: [
      { options: 'byte_extract:2,0;', code: 'byte_extract/argument' },
      { options: 'byte_extract:2,0,length,align 3;', code: 'byte_extract/argument' },
    ],
    apply({ reading, name, multiplier, align }, builder) {
      const place = resolve(reading, builder);
      if (place === undefined) return;
      const variable = builder.defineVariable(name);
      const reader = new NumberReader(place);
      builder.addBytes({
        kind: 'test',
        keyword: 'byte_extract',
        relative: reading.relative,
        describes: `${name} is ${reading.bytes} bytes at ${reading.offset}${reading.relative ? ' behind the match' : ''}`,
        test(inspection) {
          const number = reader.read(inspection);
          if (Number.isNaN(number)) return false;
          inspection.variables[variable] = Math.ceil((number * multiplier) / align) * align;
          inspection.cursor = reader.at + reader.used;
          return true;
        },
        measured: (inspection) => nothingToRead(reader, inspection),
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
      'bytes <n or variable>, offset <n>, oper <operator>, rvalue <number or variable>, result <variable>[, relative][, endian <big|little|dce>][, string <base>][, dce][, bitmask <mask>]',
      ['bytes 2, offset 0, oper +, rvalue 10, result total'],
      (written) => {
        const fields = new Map<string, string>();
        for (const part of listed(written)) {
          const [word, ...rest] = part.split(/\s+/);
          if (fields.has(word)) return { problem: `\`${word}\` stands twice` };
          fields.set(word, rest.join(' '));
        }
        const count = numberOrName(fields.get('bytes') ?? '');
        const offset = numberOrName(fields.get('offset') ?? '');
        const operand = numberOrName(fields.get('rvalue') ?? '');
        const operator = fields.get('oper') ?? '';
        const result = fields.get('result') ?? '';
        if (count === undefined) return { problem: '`bytes` is missing or neither a number nor a variable' };
        if (offset === undefined) return { problem: '`offset` is missing' };
        if (!MATH_OPERATORS.includes(operator as '+')) return { problem: `\`${operator}\` is no operator`, help: `operators are ${MATH_OPERATORS.join(' ')}` };
        const fits = typeof operand === 'string' || (operand !== undefined && operand >= 0 && operand <= LARGEST_OPERAND);
        if (operand === undefined || !fits || (operator === '/' && operand === 0)) return { problem: '`rvalue` is missing or can not be used' };
        if (!NAME.test(result)) return { problem: '`result` is missing or no name' };
        const words: string[] = [];
        if (fields.has('relative')) words.push('relative');
        if (fields.has('endian')) words.push(fields.get('endian')!);
        if (fields.has('dce')) words.push('dce');
        if (fields.has('string')) words.push('string', fields.get('string')!);
        if (fields.has('bitmask')) words.push(`bitmask ${fields.get('bitmask')}`);
        const flags = readFlags(words, count, offset);
        if ('problem' in flags) return flags;
        for (const known of ['bytes', 'offset', 'oper', 'rvalue', 'result', 'relative', 'endian', 'dce', 'string', 'bitmask']) fields.delete(known);
        const [unknown] = [...fields.keys(), ...flags.named.keys()];
        if (unknown !== undefined) return { problem: `\`${unknown}\` is not known` };
        return { value: { reading: flags.reading, operator: operator as '+', operand, result } };
      },
    ),
    examples: [
      'byte_math:bytes 2, offset 0, oper +, rvalue 10, result total;',
      'dcerpc.stub_data; byte_math:bytes 2, offset 0, oper +, rvalue 10, result total, dce;',
      'content:"a"; byte_math:bytes 2, offset 0, oper *, rvalue 2, result total, relative;',
    ],
    broken: [
      { options: 'byte_math:bytes 2;', code: 'byte_math/argument' },
      { options: 'byte_math:bytes 2, offset 0, oper /, rvalue 0, result total;', code: 'byte_math/argument' },
      { options: 'byte_math:bytes 2, offset 0, oper +, rvalue 4294967296, result total;', code: 'byte_math/argument' },
    ],
    apply({ reading, operator, operand, result }, builder) {
      const place = resolve(reading, builder);
      const variable = typeof operand === 'string' ? builder.useVariable(operand) : -1;
      if (place === undefined || variable === undefined) return;
      if (reading.relative && builder.currentBufferIsEmpty) {
        builder.problem('relative', 'nothing that it could be relative to stands before it', 'put a `content` or `pcre` before it, or remove `relative`');
        return;
      }
      const target = builder.defineVariable(result);
      const reader = new NumberReader(place);
      const constant = typeof operand === 'number' ? operand : 0;
      builder.addBytes({
        kind: 'test',
        keyword: 'byte_math',
        relative: reading.relative,
        describes: `${result} is ${reading.bytes} bytes at ${reading.offset}${reading.relative ? ' behind the match' : ''} ${operator} ${operand}`,
        test(inspection) {
          const number = reader.read(inspection);
          const other = variable < 0 ? constant : inspection.variables[variable];
          if (Number.isNaN(number) || (operator === '/' && other === 0)) return false;
          inspection.variables[target] = calculated(operator, number, other);
          inspection.cursor = reader.at + reader.used;
          return true;
        },
        measured: (inspection) => (Number.isNaN(reader.read(inspection)) ? nothingToRead(reader, inspection) : { words: 'it would divide by 0' }),
      });
    },
  }),
);

const BASE_NAMES: Readonly<Record<number, string>> = { 0: 'unset', 8: 'oct', 10: 'dec', 16: 'hex' };

/** As analyses of rules show how a number is read. */
function shownBase({ base }: Reading): string {
  return BASE_NAMES[base] ?? 'unset';
}

function shownFlags({ relative, little, ofCall, base }: Reading, more: readonly string[] = [], from: 'cursor' | 'beginning' | 'end' = 'cursor'): string[] {
  return [
    ...(relative ? ['relative'] : []),
    ...(base === 0 ? [] : ['string']),
    ...more,
    ...(from === 'cursor' ? [] : [`from_${from}`]),
    ...(little ? ['little_endian'] : []),
    ...(ofCall ? ['dce'] : []),
  ];
}
