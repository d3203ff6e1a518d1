/** Files keep of their content what their own limit allows, and what all of them may hold together. */
import { afterEach, expect, it } from 'vitest';
import { TO_CLIENT } from './direction.ts';
import { FileTransfer, fileSlabs } from './file-transfer.ts';

const before = fileSlabs.lent;
afterEach(() => {
  fileSlabs.lent = before;
});

const piece = new Uint8Array(1000).fill(0x61);

it('keeps no more of any file while all hold as much as they may, and counts on', () => {
  const file = new FileTransfer(TO_CLIENT, 'f', 100_000);
  file.append(piece, 0, 1000);
  fileSlabs.lent += fileSlabs.limit;
  // There is room in what the file holds already.
  file.append(piece, 0, 1000);
  expect([file.kept, file.size, file.isOver]).toEqual([2000, 2000, false]);
  for (let turn = 0; turn < 3; turn++) file.append(piece, 0, 1000);
  expect([file.kept, file.size, file.isOver]).toEqual([file.bytes.length, 5000, true]);
  const other = new FileTransfer(TO_CLIENT, 'g', 100_000);
  other.append(piece, 0, 1000);
  expect([other.kept, other.size, other.isOver]).toEqual([0, 1000, true]);
  fileSlabs.lent -= fileSlabs.limit;
  // What came first is missing: nothing is kept behind it.
  other.append(piece, 0, 1000);
  expect(other.kept).toBe(0);
  file.release();
  other.release();
  expect(fileSlabs.lent).toBe(before);
});
