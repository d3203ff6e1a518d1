/** Files that a suricata.yaml includes: each case a sentence of the user guide's chapter on includes. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { dumpLines, readYaml, readYamlAsText, setValue } from './configuration-tree.ts';

const root = mkdtempSync(join(tmpdir(), 'sigwright-includes-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const FILES: Readonly<Record<string, string>> = {
  'a.yaml': '%YAML 1.1\n---\nx: a\nonly-a: 1\n',
  'b.yaml': 'x: b\n',
  'list.yaml': '- fast\n- stats\n',
  'conf.d/1.yaml': 'x: first\ninclude: conf.d/deep.yml\n',
  'conf.d/2.yaml': 'x: second\n',
  'conf.d/deep.yml': 'deep: yes\n',
};

function read(text: string, warned: string[] = []): unknown {
  const folder = mkdtempSync(join(root, 'run-'));
  mkdirSync(join(folder, 'conf.d'));
  for (const [name, content] of Object.entries(FILES)) writeFileSync(join(folder, name), content);
  writeFileSync(join(folder, 'main.yaml'), text);
  return readYaml(join(folder, 'main.yaml'), (problem) => warned.push(problem));
}

test.each<readonly [why: string, text: string, tree: unknown]>([
  ['a file', 'include: a.yaml\n', { x: 'a', 'only-a': 1 }],
  ['several, the last counts', 'include:\n  - a.yaml\n  - b.yaml\n', { x: 'b', 'only-a': 1 }],
  ['inside a map', 'vars:\n  groups:\n    include: b.yaml\n    z: 1\n', { vars: { groups: { x: 'b', z: 1 } } }],
  ['what comes later goes before', 'include: a.yaml\nx: mine\n', { x: 'mine', 'only-a': 1 }],
  ['and what came earlier does not', 'x: mine\ninclude: a.yaml\n', { x: 'a', 'only-a': 1 }],
  ['a value of its own', 'outputs: !include list.yaml\n', { outputs: ['fast', 'stats'] }],
  ['a pattern, in order of name; names begin where the outermost file is', 'include: conf.d/*.yaml\n', { x: 'second', deep: true }],
  ['nothing', 'include:\nx: 1\n', { x: 1 }],
])('%s', (_why, text, tree) => {
  expect(read(text)).toEqual(tree);
});

test('a pattern that no file fits is told, and no error', () => {
  const warned: string[] = [];
  expect(read('include: other.d/*.yaml\nx: 1\n', warned)).toEqual({ x: 1 });
  expect(warned).toEqual(['include: no file fits other.d/*.yaml']);
});

test.each([
  ['twice in one map', 'include: a.yaml\ninclude: b.yaml\n', /include stands twice/],
  ['a file that is not there', 'include: c.yaml\n', /c\.yaml/],
])('%s is an error', (_why, text, words) => {
  expect(() => read(text)).toThrow(words);
});

test('files that include each other end', () => {
  const folder = mkdtempSync(join(root, 'loop-'));
  writeFileSync(join(folder, 'main.yaml'), 'include: main.yaml\nx: 1\n');
  expect(readYaml(join(folder, 'main.yaml'))).toEqual({ x: 1 });
});

test('files that include each other by a pattern are told, and not read without end', () => {
  const folder = mkdtempSync(join(root, 'many-'));
  for (let at = 0; at < 10; at++) writeFileSync(join(folder, `${at}.yaml`), `include: '*.yaml'\nx${at}: 1\n`);
  expect(() => readYaml(join(folder, '0.yaml'))).toThrow(/more than 1000 files are included/);
});

test('a dump names every node and shows values as they are written', () => {
  const folder = mkdtempSync(join(root, 'dump-'));
  writeFileSync(
    join(folder, 'main.yaml'),
    'flag: on\nmode: 0640\nat: 12:30\nnone:\noutputs:\n  - fast:\n      enabled: True\n  - eve-log: &log\n      types: [ alert ]\naf-packet:\n  - interface: eth0\n    id: 9\nother:\n  <<: *log\n',
  );
  const tree = readYamlAsText(join(folder, 'main.yaml'));
  setValue(tree, 'outputs.1.eve-log.enabled=no');
  expect(dumpLines(tree)).toEqual([
    'flag = on',
    'mode = 0640',
    'at = 12:30',
    'none = (null)',
    'outputs = (null)',
    'outputs.0 = fast',
    'outputs.0.fast = (null)',
    'outputs.0.fast.enabled = True',
    'outputs.1 = eve-log',
    'outputs.1.eve-log = (null)',
    'outputs.1.eve-log.types = (null)',
    'outputs.1.eve-log.types.0 = alert',
    'outputs.1.eve-log.enabled = no',
    'af-packet = (null)',
    'af-packet.0 = interface',
    'af-packet.0.interface = eth0',
    'af-packet.0.id = 9',
    'other = (null)',
    'other.types = (null)',
    'other.types.0 = alert',
  ]);
});
