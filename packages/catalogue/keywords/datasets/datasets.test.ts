/** Sets that rules look up and change: kinds of values, files, what a file may and may not be. */
import { DEFAULT_SETTINGS, type EngineSettings } from '@sigwright/contracts';
import { describe, expect, test } from 'vitest';
import { dataSetsToSave, MemoryDataSet } from '../../formats/data-set/data-set.ts';
import { type DataSetRequest, openDataSet } from '../../formats/data-set/open-data-set.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

function settingsWith(files: Readonly<Record<string, string>>, more: Partial<EngineSettings['dataFiles']> = {}): EngineSettings {
  return {
    ...DEFAULT_SETTINGS,
    dataFiles: { mayWrite: true, mayBeAbsolute: false, read: (path) => (path in files ? bytesOf(files[path]) : undefined), ...more },
  };
}

const REQUEST: DataSetRequest = {
  name: 'EXAMPLE',
  type: 'string',
  load: undefined,
  save: undefined,
  format: 'csv',
  valueKey: undefined,
  arrayKey: undefined,
  removeKey: false,
  memoryLimit: undefined,
  rows: 1,
};

function open(request: Partial<DataSetRequest>, settings: EngineSettings = settingsWith({})) {
  const set = openDataSet({ ...REQUEST, ...request }, settings);
  if (!(set instanceof MemoryDataSet)) throw new Error(set.title);
  return set;
}

describe('values', () => {
  test('are there once added, and added once', () => {
    const set = open({});
    expect([set.add(bytesOf('a')), set.add(bytesOf('a')), set.has(bytesOf('a')), set.remove(bytesOf('a')), set.has(bytesOf('a'))]).toEqual([
      true,
      false,
      true,
      true,
      false,
    ]);
  });

  test('digests of another length are never there', () => {
    const set = open({ type: 'md5' });
    expect(set.add(bytesOf('short'))).toBe(false);
  });

  test('an IPv4 address is the same written as IPv6', () => {
    const set = open({ type: 'ip', load: 'list' }, settingsWith({ list: '::ffff:10.0.0.1\n' }));
    expect(set.has(Uint8Array.of(10, 0, 0, 1))).toBe(true);
  });

  test('a name lies below one that is there, at a dot only', () => {
    const set = open({});
    set.add(bytesOf('.example.com'));
    expect([set.hasParent(bytesOf('.www.example.com')), set.hasParent(bytesOf('.badexample.com'))]).toEqual([true, false]);
  });
});

describe('files', () => {
  test('strings are base64, with a reputation behind a comma', () => {
    const set = open({ load: 'list' }, settingsWith({ list: `${btoa('example.com')},200\n` }));
    expect(set.beside(bytesOf('example.com'), false)).toBe(200);
  });

  test('objects stand one a line, and what is looked up can be left out', () => {
    const request = { load: 'list', format: 'ndjson', valueKey: 'what.name', removeKey: true } as const;
    const set = open(request, settingsWith({ list: '{"what":{"name":"a","since":1},"by":"me"}\n' }));
    expect(set.beside(bytesOf('a'), false)).toEqual({ what: { since: 1 }, by: 'me' });
  });

  test('or in a list within a document', () => {
    const set = open(
      { load: 'list', format: 'json', valueKey: 'name', arrayKey: 'data.all' },
      settingsWith({ list: '{"data":{"all":[{"name":"a"},{"name":"b"}]}}' }),
    );
    expect(set.has(bytesOf('b'))).toBe(true);
  });

  test.each<readonly [why: string, code: string, request: Partial<DataSetRequest>, files: Record<string, string>]>([
    ['a file that is not there', 'no-file', { load: 'list' }, {}],
    ['a line that is no digest', 'value', { type: 'md5', load: 'list' }, { list: 'abc\n' }],
    ['a reputation that is no number', 'reputation', { load: 'list' }, { list: `${btoa('a')},high\n` }],
    ['a reputation above the highest', 'reputation', { load: 'list' }, { list: `${btoa('a')},65536\n` }],
    ['values with and without a reputation', 'mixed', { load: 'list' }, { list: `${btoa('a')},1\n${btoa('b')}\n` }],
    ['an object without the value', 'no-key', { load: 'list', format: 'ndjson', valueKey: 'name' }, { list: '{"other":1}\n' }],
    ['a value that is no text', 'no-text', { load: 'list', format: 'ndjson', valueKey: 'name' }, { list: '{"name":1}\n' }],
    ['a path to write that leaves the folder', 'outside', { load: '../list', save: '../list' }, { '../list': '' }],
    ['an absolute path to write', 'absolute', { save: '/list' }, {}],
    ['a set without a type', 'set', { type: undefined }, {}],
    ['more than its memcap: room for values is taken at once', 'memory', { memoryLimit: 100_000 }, {}],
    ['more rows than one may have', 'rows', { rows: 262_145 }, {}],
    ['more than its memcap: texts count', 'memory', { load: 'list', memoryLimit: 104_064 }, { list: `${btoa('a')}\n` }],
  ])('%s is refused', (_why, code, request, files) => expect(openDataSet({ ...REQUEST, ...request }, settingsWith(files))).toMatchObject({ code }));

  test.each(['/list', '../list'])('what is only loaded may stand anywhere: %s', (path) =>
    expect(open({ load: path }, settingsWith({ [path]: `${btoa('a')}\n` })).has(bytesOf('a'))).toBe(true),
  );

  test('sets have so many rows together', () => {
    const settings = { ...settingsWith({}), dataSetRows: { each: 10, all: 15 } };
    open({ rows: 10 }, settings);
    expect(openDataSet({ ...REQUEST, name: 'EXAMPLE-second', rows: 6 }, settings)).toMatchObject({ code: 'rows' });
    open({ name: 'EXAMPLE-third', rows: 5 }, settings);
  });

  test('what is refused leaves nothing behind', () => {
    const settings = settingsWith({});
    openDataSet({ ...REQUEST, load: 'list' }, settings);
    expect(openDataSet({ ...REQUEST, type: undefined }, settings)).not.toBeInstanceOf(MemoryDataSet);
  });

  test('a set that is saved need not be there yet, and is written as it is read', () => {
    const settings = settingsWith({});
    open({ load: 'state', save: 'state' }, settings).add(bytesOf('example.com'));
    expect(dataSetsToSave(settings)).toEqual([{ path: 'state', lines: [btoa('example.com')] }]);
  });

  test('rules may be kept from writing', () => {
    expect(openDataSet({ ...REQUEST, save: 'state' }, settingsWith({}, { mayWrite: false }))).not.toBeInstanceOf(MemoryDataSet);
  });

  test('a set keeps its type', () => {
    const settings = settingsWith({});
    open({}, settings);
    expect(openDataSet({ ...REQUEST, type: 'md5' }, settings)).not.toBeInstanceOf(MemoryDataSet);
  });
});
