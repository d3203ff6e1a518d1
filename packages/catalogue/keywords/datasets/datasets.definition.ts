/** `dataset`, `datarep`: is the buffer's content in a set, and how is it reputed? Suricata user guide, "Datasets". */
import { entryOf, latin1 } from '@sigwright/bytes';
import { asKeywords, type DataSetType, type Inspection, keyword, type RuleBuilder } from '@sigwright/contracts';
import { custom, numberIn } from '../../arguments/index.ts';
import { MemoryDataSet } from '../../formats/data-set/data-set.ts';
import { type DataSetRequest, openDataSet, TYPES } from '../../formats/data-set/open-data-set.ts';

const COMMANDS = ['set', 'unset', 'isset', 'isnotset'] as const;
type Command = (typeof COMMANDS)[number];
const OPERATORS = ['<', '>', '==', '=', '<=', '>=', '!='] as const;

interface Wanted extends DataSetRequest {
  readonly contextKey: string | undefined;
  readonly parents: boolean;
}

/** `type string, load file, …`: the request, or what is wrong. */
function request(name: string | undefined, options: readonly string[]): Wanted | string {
  if (name === undefined || name === '' || /\s/.test(name)) return 'the name of the set is missing';
  const fields = new Map<string, string>();
  for (const option of options) {
    const [, word, value] = /^(\S+)\s*(.*)$/s.exec(option) ?? [];
    if (word === undefined) return 'nothing stands between two commas';
    if (!KNOWN.has(word)) return `\`${word}\` is not known`;
    if (fields.has(word)) return `${word} is said twice`;
    fields.set(word, value);
  }
  // `ipv6` is another name.
  const type = fields.get('type') === 'ipv6' ? 'ip' : fields.get('type');
  if (type !== undefined && !TYPES.includes(type as DataSetType)) return `\`${type}\` is no type of set`;
  const state = fields.get('state');
  if (state !== undefined && (fields.has('load') || fields.has('save'))) return 'state stands for load and save together';
  const format = fields.get('format') ?? 'csv';
  for (const size of ['memcap', 'hashsize']) if (fields.has(size) && sizeOf(fields.get(size)!) === undefined) return `${size} is no size`;
  if (format !== 'csv' && format !== 'json' && format !== 'ndjson') return `\`${format}\` is no format`;
  for (const size of ['memcap', 'hashsize']) if (fields.has(size) && sizeOf(fields.get(size)!) === undefined) return `${size} is no size`;
  if (format !== 'csv' && (!fields.has('value_key') || !fields.has('context_key'))) return 'value_key and context_key are needed with JSON';
  return {
    name,
    type: type as DataSetType | undefined,
    load: fields.get('load') ?? state,
    save: fields.get('save') ?? state,
    format,
    valueKey: fields.get('value_key'),
    arrayKey: fields.get('array_key'),
    removeKey: fields.has('remove_key'),
    contextKey: format === 'csv' ? undefined : fields.get('context_key'),
    parents: fields.get('match') === 'subdomain',
    memoryLimit: fields.has('memcap') ? sizeOf(fields.get('memcap')!) : undefined,
    rows: sizeOf(fields.get('hashsize') ?? '') ?? DEFAULT_ROWS,
  };
}

/** bytes of a value that an explanation tells */
const MOST_SHOWN = 64;

const DEFAULT_ROWS = 2048;
const UNITS: Readonly<Record<string, number>> = { '': 1, b: 1, kb: 1024, mb: 1_048_576, gb: 1_073_741_824 };

function sizeOf(written: string): number | undefined {
  const [, number, unit] = /^(\d+)\s*([a-z]*)$/i.exec(written.trim()) ?? [];
  const scale = number === undefined ? undefined : entryOf(UNITS, unit.toLowerCase());
  return scale === undefined ? undefined : Number(number) * scale;
}

/** hashsize sizes Suricata's tables; here it only counts against memcap. */
const KNOWN = new Set(['type', 'load', 'save', 'state', 'memcap', 'hashsize', 'format', 'value_key', 'array_key', 'context_key', 'remove_key', 'match']);

function content({ bytes, start, end }: Inspection): Uint8Array {
  return start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end);
}

function hasBuffer(builder: RuleBuilder): boolean {
  if (builder.currentBuffer !== 'payload') return true;
  builder.problem('without-buffer', 'a set is looked up for a buffer', 'put a sticky buffer such as `dns.query;` first');
  return false;
}

export const keywords = asKeywords(
  keyword({
    name: 'dataset',
    family: 'datasets',
    since: '5.0',
    summary: 'is the content of the buffer in a set? or put it there',
    kind: 'condition',
    argument: custom(
      '<set|unset|isset|isnotset>,<name>[, type <type>, load <file>, save <file>, state <file>, …]',
      ['isset,EXAMPLE-names, type string', 'set,EXAMPLE-seen, type md5'],
      (written): { value: { command: Command; wanted: Wanted } } | { problem: string; help?: string } => {
        const [command, name, ...options] = written.split(',').map((part) => part.trim());
        if (!COMMANDS.includes(command as Command)) return { problem: `\`${command}\` is nothing to do with a set`, help: `write ${COMMANDS.join(', ')}` };
        const wanted = request(name, options);
        return typeof wanted === 'string' ? { problem: wanted } : { value: { command: command as Command, wanted } };
      },
    ),
    examples: ['file.name; dataset:isset,EXAMPLE-names, type string;'],
    broken: [
      { options: 'dataset:isset,EXAMPLE-payload, type string;', code: 'dataset/without-buffer' },
      { options: 'file.name; dataset:maybe,EXAMPLE-names;', code: 'dataset/argument' },
      { options: 'file.name; dataset:isset,EXAMPLE-untyped;', code: 'dataset/set' },
    ],
    apply({ command, wanted }, builder) {
      if (!hasBuffer(builder)) return;
      const set = openDataSet(wanted, builder.settings);
      if (!(set instanceof MemoryDataSet)) {
        builder.problem(set.code, set.title, set.help, set.facts);
        return;
      }
      const { contextKey, parents } = wanted;
      builder.addBytes({
        kind: 'test',
        keyword: 'dataset',
        relative: false,
        remembers: command === 'set' || command === 'unset',
        describes: `${command} in set ${wanted.name}`,
        test(inspection) {
          const bytes = content(inspection);
          switch (command) {
            case 'set':
              return set.add(bytes);
            case 'unset':
              return set.remove(bytes);
            case 'isnotset':
              return !(parents ? set.hasParent(bytes) : set.has(bytes));
            case 'isset': {
              if (!(parents ? set.hasParent(bytes) : set.has(bytes))) return false;
              if (contextKey !== undefined) {
                inspection.notes = { ...inspection.notes, [contextKey]: set.beside(bytes, parents) };
              }
              return true;
            }
          }
        },
        measured(inspection) {
          const bytes = content(inspection);
          const shown = latin1(bytes, 0, Math.min(bytes.length, MOST_SHOWN));
          return command === 'isset' || command === 'isnotset'
            ? { words: `"${shown}"${bytes.length > MOST_SHOWN ? '…' : ''} is ${command === 'isset' ? 'not ' : ''}in it` }
            : { words: `the set ${command === 'set' ? 'had it already' : 'had it not'}` };
        },
      });
    },
  }),
  keyword({
    name: 'datarep',
    family: 'datasets',
    since: '5.0',
    summary: 'how the content of the buffer is reputed in a set',
    kind: 'condition',
    argument: custom(
      '<name>, <operator>, <number>[, load <file>, type <type>]',
      ['EXAMPLE-names, >, 200, load EXAMPLE.rep, type string'],
      (written): { value: { operator: string; value: number; wanted: Wanted } } | { problem: string; help?: string } => {
        const [name, operator, number, ...options] = written.split(',').map((part) => part.trim());
        if (!OPERATORS.includes(operator as '<')) return { problem: `\`${operator ?? ''}\` is no operator` };
        const value = numberIn(number ?? '');
        if (value === undefined || value < 0 || value > 65_535) return { problem: 'the reputation is no number from 0 to 65535' };
        const wanted = request(name, options);
        return typeof wanted === 'string' ? { problem: wanted } : { value: { operator, value, wanted } };
      },
    ),
    examples: ['file.name; datarep:EXAMPLE-reputed, >, 200, type string;'],
    broken: [{ options: 'file.name; datarep:EXAMPLE-reputed, about, 200;', code: 'datarep/argument' }],
    apply({ operator, value, wanted }, builder) {
      if (!hasBuffer(builder)) return;
      const set = openDataSet(wanted, builder.settings);
      if (!(set instanceof MemoryDataSet)) {
        builder.problem(set.code, set.title, set.help, set.facts);
        return;
      }
      builder.addBytes({
        kind: 'test',
        keyword: 'datarep',
        relative: false,
        describes: `reputation ${operator} ${value} in set ${wanted.name}`,
        test(inspection) {
          const reputation = set.beside(content(inspection), false);
          return typeof reputation === 'number' && compares(reputation, operator, value);
        },
      });
    },
  }),
);

function compares(reputation: number, operator: string, value: number): boolean {
  switch (operator) {
    case '<':
      return reputation < value;
    case '>':
      return reputation > value;
    case '<=':
      return reputation <= value;
    case '>=':
      return reputation >= value;
    case '!=':
      return reputation !== value;
    default:
      return reputation === value;
  }
}
