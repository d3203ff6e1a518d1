/** How much there is, and of what kind: isdataat, bsize, urilen, entropy. Suricata user guide, "Payload keywords", "HTTP keywords". */
import { asKeywords, type BytesCondition, type BytesTest, type Comparison, type Contradiction, type Inspection, keyword, PAYLOAD } from '@sigwright/contracts';
import { compares, comparison, custom, describeComparison, showComparison } from '../../arguments/index.ts';
import { mostOf, noRoom } from '../../formats/room.ts';
import { numberOrName } from './numbers.ts';

const FURTHEST_DATA = 65_535;
const LONGEST_URI = 65_535;

/** The lengths that fit, where they are one run. */
function lengthsOf({ operator, value, upper }: Comparison): Pick<BytesTest, 'lengths'> {
  switch (operator) {
    case '=':
      return { lengths: { least: value, most: value } };
    case '<':
    case '<=':
      return { lengths: { least: 0, most: value } };
    case '>':
    case '>=':
      return { lengths: { least: value, most: Number.POSITIVE_INFINITY } };
    case 'range':
      return { lengths: { least: value, most: upper } };
    default:
      return {};
  }
}

function lengthTest(
  name: string,
  wanted: Comparison,
  contradicts: (size: Comparison, conditions: readonly BytesCondition[]) => Contradiction | undefined,
): BytesTest {
  return {
    kind: 'test',
    keyword: name,
    relative: false,
    keepsCursor: true,
    describes: `the buffer has ${describeComparison(wanted)} bytes`,
    contradicts: (conditions) => contradicts(wanted, conditions),
    shown: { [name]: showComparison(wanted) },
    ...lengthsOf(wanted),
    ...(wanted.operator === '=' ? { exactLength: wanted.value, minimumLength: wanted.value } : {}),
    test: (inspection) => {
      const length = inspection.streamOffset + inspection.end - inspection.start;
      // While more may come, only what can no longer change is decided.
      return (inspection.complete || wanted.operator === '>' || wanted.operator === '>=') && compares(wanted, length);
    },
    measured(inspection) {
      const length = inspection.streamOffset + inspection.end - inspection.start;
      return inspection.complete ? { words: `it has ${length}`, value: length } : { words: `it has ${length} so far, and its end is not known` };
    },
  };
}

/** One content of a URI that is longer than the URI may be. */
function longerThan(size: Comparison, conditions: readonly BytesCondition[]): Contradiction | undefined {
  const most = mostOf(size);
  if (most === undefined) return undefined;
  for (const one of conditions) {
    if (one.kind !== 'content' || one.negated || one.bytes.length <= most) continue;
    const needed = one.bytes.length;
    return { code: 'no-room', title: `a content has ${needed} bytes, the URI at most ${most}`, facts: { needed, most, least: size.value } };
  }
  return undefined;
}

interface Entropy {
  readonly bytes: number;
  readonly offset: number;
  readonly operator: '=' | '!=' | '<' | '<=' | '>' | '>=' | 'range' | '!range';
  readonly value: number;
  readonly upper: number;
}

const HIGHEST_ENTROPY = 8;

/** `4.1`, `>= 4`, `4-5`, `!4-5` */
function readEntropy(text: string): Pick<Entropy, 'operator' | 'value' | 'upper'> | undefined {
  const range = /^(!)?\s*(\d+(?:\.\d+)?)\s*(?:-|<>)\s*(\d+(?:\.\d+)?)$/.exec(text);
  if (range !== null) {
    const value = Number(range[2]);
    const upper = Number(range[3]);
    return value < upper && upper <= HIGHEST_ENTROPY ? { operator: range[1] === undefined ? 'range' : '!range', value, upper } : undefined;
  }
  const single = /^(!=|<=|>=|=|<|>|!)?\s*(\d+(?:\.\d+)?)$/.exec(text);
  if (single === null || Number(single[2]) > HIGHEST_ENTROPY) return undefined;
  const sign = single[1] === '!' ? '!=' : (single[1] ?? '=');
  return { operator: sign as Entropy['operator'], value: Number(single[2]), upper: Number(single[2]) };
}

function agrees({ operator, value, upper }: Entropy, found: number): boolean {
  switch (operator) {
    case '=':
      return found === value;
    case '!=':
      return found !== value;
    case '<':
      return found < value;
    case '<=':
      return found <= value;
    case '>':
      return found > value;
    case '>=':
      return found >= value;
    case 'range':
      return found > value && found < upper;
    case '!range':
      return !(found > value && found < upper);
  }
}

const counts = new Uint32Array(256);

/** Shannon's, in bits a byte: 0 for one byte repeated, 8 for all bytes alike often. */
export function entropyOf(bytes: Uint8Array, start: number, end: number): number {
  if (end <= start) return 0;
  counts.fill(0);
  for (let at = start; at < end; at++) counts[bytes[at]]++;
  const length = end - start;
  let entropy = 0;
  for (let byte = 0; byte < 256; byte++) {
    if (counts[byte] === 0) continue;
    const share = counts[byte] / length;
    entropy -= share * Math.log2(share);
  }
  return entropy;
}

export const keywords = asKeywords(
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
      if (amount === undefined || (typeof amount === 'number' && (amount < 0 || amount > FURTHEST_DATA))) return { problem: `\`${parts[0]}\` is no place` };
      for (const word of parts.slice(1)) if (word !== 'relative' && word !== 'rawbytes') return { problem: `\`${word}\` is not known` };
      return { value: { negated, amount, relative: parts.includes('relative') } };
    }),
    examples: ['content:"abc"; isdataat:!1,relative;', 'isdataat:100;'],
    broken: [
      { options: 'isdataat:x y;', code: 'isdataat/argument' },
      { options: 'isdataat:10,backwards;', code: 'isdataat/argument' },
    ],
    apply({ negated, amount, relative }, builder) {
      const variable = typeof amount === 'string' ? builder.useVariable(amount) : -1;
      if (variable === undefined) return;
      const constant = typeof amount === 'number' ? amount : 0;
      builder.addBytes({
        kind: 'test',
        keyword: 'isdataat',
        relative,
        keepsCursor: true,
        describes: `${negated ? 'no ' : ''}data at ${amount}${relative ? ' behind the match' : ''}`,
        test(inspection: Inspection) {
          const wanted = variable < 0 ? constant : inspection.variables[variable];
          const at = relative ? inspection.cursor + wanted : inspection.start + wanted - inspection.streamOffset;
          // Relative places count the byte behind the end too, an old habit that rules rely on (Redmine 8031).
          return (relative ? at <= inspection.end : at < inspection.end) !== negated;
        },
        measured({ cursor, start, end }) {
          const behind = relative ? `${end - cursor} bytes stand behind the match` : `there are ${end - start} bytes`;
          return { words: behind };
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
    examples: ['http.uri; bsize:10; content:"/abc";', 'http.user_agent; bsize:0;', 'http.uri; content:"/abc"; bsize:4<>10;'],
    broken: [
      { options: 'bsize:10;', code: 'bsize/without-buffer' },
      { options: 'http.uri; bsize:x y;', code: 'bsize/argument' },
      { options: 'http.uri; bsize:10<>5;', code: 'bsize/argument' },
    ],
    apply(wanted, builder) {
      if (builder.currentBuffer === 'payload') builder.problem('without-buffer', 'no sticky buffer stands before it', 'use `dsize` for the length of a packet');
      else builder.addBytes(lengthTest('bsize', wanted, (size, conditions) => noRoom('the buffer', size, conditions)));
    },
  }),
  keyword({
    name: 'urilen',
    family: 'payload',
    since: '1.0',
    summary: 'length of the URI, normalised unless `raw` is added',
    kind: 'condition',
    protocol: 'http',
    argument: custom('<comparison>[,norm|raw]', ['10', '>20', '5<>10,norm'], (written) => {
      const [first, form, more] = written.split(',').map((part) => part.trim());
      if (more !== undefined || (form !== undefined && form !== 'norm' && form !== 'raw')) return { problem: `\`${more ?? form}\` is neither norm nor raw` };
      const wanted = comparison(0, LONGEST_URI).read(first);
      return 'problem' in wanted ? wanted : { value: { wanted: wanted.value, raw: form === 'raw' } };
    }),
    examples: ['urilen:10;', 'urilen:5<>10,raw;'],
    broken: [
      { options: 'urilen:x y;', code: 'urilen/argument' },
      { options: 'urilen:10,plain;', code: 'urilen/argument' },
    ],
    apply({ wanted, raw }, builder) {
      const before = builder.currentBuffer;
      builder.selectBuffer(raw ? 'http.uri.raw' : 'http.uri');
      builder.addBytes(lengthTest('urilen', wanted, longerThan));
      builder.selectBuffer(before);
    },
  }),
  keyword<Entropy>({
    name: 'entropy',
    family: 'payload',
    since: '8.0',
    summary: "Shannon's entropy of the buffer, from 0 to 8 bits a byte",
    kind: 'condition',
    argument: custom('[bytes <n>,] [offset <n>,] value <comparison>', ['value >= 7', 'bytes 100, offset 10, value 4-5', '<7.01'], (written) => {
      let bytes = 0;
      let offset = 0;
      let wanted: Pick<Entropy, 'operator' | 'value' | 'upper'> | undefined;
      for (const part of written.split(',')) {
        const [, word, rest] = /^\s*([a-z]+)?\s*(.*?)\s*$/s.exec(part)!;
        const number = /^\d{1,7}$/.test(rest) ? Number(rest) : undefined;
        if (word === undefined || word === 'value') {
          if (wanted !== undefined) return { problem: 'two values are given' };
          wanted = readEntropy(rest);
          if (wanted === undefined) return { problem: `\`${rest}\` is not a comparison with a number from 0 to ${HIGHEST_ENTROPY}` };
        } else if (word === 'bytes' && number !== undefined) bytes = number;
        else if (word === 'offset' && number !== undefined) offset = number;
        else return { problem: `\`${part.trim()}\` is not known` };
      }
      return wanted === undefined ? { problem: 'the value is missing', help: 'write for example `value >= 7`' } : { value: { bytes, offset, ...wanted } };
    }),
    examples: ['file.data; entropy:value >= 7.5;', 'file.data; entropy:bytes 100, offset 10, value !4-5;'],
    broken: [
      { options: 'file.data; entropy:value 9;', code: 'entropy/argument' },
      { options: 'file.data; entropy:offset 3;', code: 'entropy/argument' },
    ],
    apply(wanted, builder) {
      const shownAs = builder.currentBuffer === PAYLOAD ? 'content' : builder.currentBuffer.replaceAll('.', '_');
      builder.addBytes({
        kind: 'test',
        keyword: 'entropy',
        relative: false,
        keepsCursor: true,
        describes: `the entropy${wanted.offset > 0 ? ` from ${wanted.offset} on` : ''} is ${wanted.operator} ${wanted.value}${wanted.upper === wanted.value ? '' : ` to ${wanted.upper}`}`,
        test(inspection) {
          const start = inspection.start + wanted.offset;
          const end = wanted.bytes === 0 ? inspection.end : Math.min(inspection.end, start + wanted.bytes);
          if (start >= end) return false;
          const entropy = entropyOf(inspection.bytes, start, end);
          // Records of the flow show what was measured, whatever came of it.
          if (inspection.flow !== undefined) {
            inspection.flow.entropies ??= new Map();
            inspection.flow.entropies.set(shownAs, entropy);
          }
          return agrees(wanted, entropy);
        },
        measured({ bytes, start, end }) {
          const from = start + wanted.offset;
          const to = wanted.bytes === 0 ? end : Math.min(end, from + wanted.bytes);
          return { words: from >= to ? 'there are no bytes to measure' : `it is ${entropyOf(bytes, from, to).toFixed(2)}` };
        },
      });
    },
  }),
);
