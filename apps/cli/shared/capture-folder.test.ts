/** Which captures of a folder are read, in which order, and what comes while it is watched. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { capturesOf, folderReadingOf } from './capture-folder.ts';
import { CaptureRemoval } from './capture-removal.ts';
import type { Tree } from './configuration-tree.ts';

const root = mkdtempSync(join(tmpdir(), 'sigwright-folder-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A file whose last change was at that second. */
function file(path: string, second: number): string {
  writeFileSync(path, '');
  utimesSync(path, second, second);
  return path;
}

const reading = (pcapFile: Tree) => folderReadingOf({ 'pcap-file': pcapFile });
const WATCHING = { continuous: 'yes', delay: 0, 'poll-interval': 0 };

test.each<readonly [why: string, pcapFile: Tree, found: readonly string[]]>([
  ['by time, then by name; no links', {}, ['b', 'a', 'c']],
  ['recursive: with all folders below', { recursive: 'yes' }, ['b', 'deep/deeper/e', 'deep/d', 'a', 'c']],
])('%s', async (_why, pcapFile, found) => {
  const folder = mkdtempSync(join(root, 'order-'));
  mkdirSync(join(folder, 'deep', 'deeper'), { recursive: true });
  file(join(folder, 'b'), 1);
  file(join(folder, 'deep', 'deeper', 'e'), 2);
  file(join(folder, 'deep', 'd'), 3);
  file(join(folder, 'c'), 5);
  file(join(folder, 'a'), 5);
  symlinkSync(join(folder, 'a'), join(folder, 'link'));
  const names: string[] = [];
  for await (const capture of capturesOf(folder, reading(pcapFile), { stopped: false })) names.push(relative(folder, capture));
  expect(names).toEqual(found);
});

test.each(['-', join(root, 'no-such-file')])('%s is one capture, whatever is wanted of folders', async (path) => {
  const names: string[] = [];
  for await (const capture of capturesOf(path, reading(WATCHING), { stopped: false })) names.push(capture);
  expect(names).toEqual([path]);
});

test('a watched folder: each file once, what is replaced again, what is new when it comes, until the signal', async () => {
  const folder = mkdtempSync(join(root, 'watched-'));
  const signal = { stopped: false };
  file(join(folder, 'a'), 1);
  const names: string[] = [];
  let looks = 0;
  const later: readonly (() => void)[] = [
    () => file(join(folder, 'b'), 2),
    () => {},
    () => file(join(folder, 'a'), 3),
    () => unlinkSync(join(folder, 'b')),
    () => file(join(folder, 'b'), 2),
    () => {
      signal.stopped = true;
      file(join(folder, 'c'), 9);
    },
  ];
  for await (const capture of capturesOf(folder, reading(WATCHING), signal, () => later[looks++]?.())) names.push(relative(folder, capture));
  expect(names).toEqual(['a', 'b', 'a', 'b']);
});

test('a file that changed a moment ago waits', async () => {
  const folder = mkdtempSync(join(root, 'delay-'));
  const signal = { stopped: false };
  file(join(folder, 'old'), 1);
  file(join(folder, 'fresh'), Date.now() / 1000);
  const names: string[] = [];
  const idle = (): void => {
    signal.stopped = true;
  };
  for await (const capture of capturesOf(folder, reading({ ...WATCHING, delay: 1000 }), signal, idle)) names.push(relative(folder, capture));
  expect(names).toEqual(['old']);
});

test.each<readonly [pcapFile: Tree, words: RegExp]>([
  [{ continuous: 'yes', recursive: 'yes' }, /can not be used together/],
  [{ delay: 'soon' }, /pcap-file\.delay: soon/],
  [{ 'poll-interval': -1 }, /pcap-file\.poll-interval: -1/],
])('what can not be is refused: %o', (pcapFile, words) => expect(() => reading(pcapFile)).toThrow(words));

describe('captures that go', () => {
  /** Reads three captures of ten packets; `alerts`: during which capture, and the packet that the flow began with. */
  function left(mode: unknown, alerts: readonly (readonly [during: number, firstPacket: number | undefined])[], broken = -1): readonly string[] {
    const folder = mkdtempSync(join(root, 'removal-'));
    const paths = ['a', 'b', 'c'].map((name) => file(join(folder, name), 1));
    const removal = new CaptureRemoval({ 'pcap-file': { 'delete-when-done': mode } }, () => {});
    for (const [at, path] of paths.entries()) {
      removal.begin(path, at * 10);
      for (const [during, firstPacket] of alerts) {
        if (during === at) removal.alerted(firstPacket === undefined ? undefined : { firstPacket });
      }
      if (at !== broken) removal.read(path);
    }
    removal.end();
    return paths.filter((path) => existsSync(path)).map((path) => relative(folder, path));
  }

  test.each<readonly [why: string, mode: unknown, alerts: readonly (readonly [number, number | undefined])[], broken: number, stay: readonly string[]]>([
    ['none unless asked for', undefined, [], -1, ['a', 'b', 'c']],
    ['all', true, [[1, 11]], -1, []],
    ['all but what could not be read', 'yes', [], 1, ['b']],
    ['those without an alert', 'non-alerts', [[1, 11]], -1, ['b']],
    ['an alert on no flow', 'non-alerts', [[0, undefined]], -1, ['a']],
    ['where the flow of an alert began stays, too', 'non-alerts', [[2, 3]], -1, ['a', 'c']],
    ['without an alert, but broken', 'non-alerts', [], 2, ['c']],
  ])('%s', (_why, mode, alerts, broken, stay) => expect(left(mode, alerts, broken)).toEqual(stay));

  test('what can not be deleted is told', () => {
    const told: string[] = [];
    const removal = new CaptureRemoval({ 'pcap-file': { 'delete-when-done': 'yes' } }, (text) => told.push(text));
    removal.read(join(root, 'gone'));
    expect(told).toEqual([expect.stringContaining('could not be deleted')]);
  });
});
