/** Forms → files, the same at every split. */
import { fromLatin1, latin1 } from '@sigwright/bytes';
import { FileTransfer, TO_SERVER } from '@sigwright/contracts';
import { describe, expect, test } from 'vitest';
import { FormFiles, formBoundary } from './multipart.ts';

const HEAD = 'Content-Disposition: form-data; name="one"; filename="one.txt"\r\n\r\n';

const cases: readonly { why: string; body: string; files: readonly string[] }[] = [
  { why: 'a file between two boundaries', body: `--b\r\n${HEAD}abc\r\n--b--\r\n`, files: ['one.txt CLOSED abc'] },
  { why: 'a field without a file name is none', body: '--b\r\nContent-Disposition: form-data; name="x"\r\n\r\nvalue\r\n--b--', files: [] },
  {
    why: 'field, then two files',
    body: `--b\r\nA: b\r\n\r\nv\r\n--b\r\n${HEAD}1\r\n--b\r\n${HEAD}2\r\n--b--`,
    files: ['one.txt CLOSED 1', 'one.txt CLOSED 2'],
  },
  { why: 'bare line ends', body: `--b\n${HEAD.replaceAll('\r', '')}abc\n--b--\n`, files: ['one.txt CLOSED abc'] },
  { why: 'line ends inside stay', body: `--b\r\n${HEAD}a\r\nb\r\n\r\n--b--`, files: ['one.txt CLOSED a\r\nb\r\n'] },
  { why: 'the mark within a line is content', body: `--b\r\n${HEAD}a--b\r\n--bc\r\n--b--`, files: ['one.txt CLOSED a--b'] },
  { why: 'an empty file', body: `--b\r\n${HEAD}\r\n--b--`, files: ['one.txt CLOSED '] },
  { why: 'the end is missing', body: `--b\r\n${HEAD}abc`, files: ['one.txt TRUNCATED abc'] },
  { why: 'text before the first boundary', body: `preamble\r\n--b\r\n${HEAD}abc\r\n--b--`, files: ['one.txt CLOSED abc'] },
  { why: 'nothing after the last boundary counts', body: `--b--\r\n--b\r\n${HEAD}abc\r\n--b--`, files: [] },
  { why: 'no boundary at all', body: 'abc', files: [] },
];

function read(body: string, size: number, faults: string[] = []): string[] {
  const files: FileTransfer[] = [];
  const form = new FormFiles(
    'b',
    (name) => {
      const file = new FileTransfer(TO_SERVER, name, 1000);
      files.push(file);
      return file;
    },
    (fault) => faults.push(fault),
  );
  const bytes = fromLatin1(body);
  for (let at = 0; at < bytes.length; at += size) form.append(bytes, at, Math.min(bytes.length, at + size));
  form.close();
  return files.map((file) => `${file.name} ${file.state} ${latin1(file.bytes.subarray(0, file.kept))}`);
}

describe('files of a form', () => {
  test.each(cases)('$why', ({ body, files }) => {
    for (let size = 1; size <= body.length; size++) expect(read(body, size), `pieces of ${size}`).toEqual(files);
  });

  test.each<[why: string, body: string, faults: readonly string[]]>([
    ['nothing', `--b\r\n${HEAD}abc\r\n--b--\r\n`, []],
    ['a file of no bytes', `--b\r\n${HEAD}\r\n--b--`, ['multipart_no_filedata']],
    ['a part that does not say what it is', '--b\r\nA: b\r\n\r\nv\r\n--b--', ['multipart_invalid_header']],
    ['no end, which limits may make', `--b\r\n${HEAD}abc`, []],
  ])('what is odd: %s', (_why, body, faults) => {
    for (let size = 1; size <= body.length; size++) {
      const told: string[] = [];
      read(body, size, told);
      expect(told).toEqual(faults);
    }
  });

  test.each([
    ["a boundary's line without an end: what follows was kept and copied with each piece", 'x'.repeat(9000)],
    ['headers without an end', `\r\n${'A: b\r\n'.repeat(1500)}`],
    ['headers that begin like a boundary, without an end', `\r\n--b${'x'.repeat(9000)}\r\nA: b`],
    ['headers beyond their bound, which end', `\r\n${HEAD.trimEnd()}\r\nA: ${'x'.repeat(8192)}\r\n\r\nabc`],
  ])('is looked for anew, and the same at every split, behind %s', (_why, endless) => {
    const body = `first\r\n--b${endless}\r\n--b\r\n${HEAD}abc\r\n--b--`;
    for (const size of [1, 2, 3, 7, 64, 1460, 8192, 8193, 8194, 9000, 9033, body.length]) {
      const faults: string[] = [];
      expect(read(body, size, faults), `pieces of ${size}`).toEqual(['one.txt CLOSED abc']);
      expect(new Set(faults), `pieces of ${size}`).toEqual(new Set(['multipart_invalid_header']));
    }
  });

  test("a boundary's line of 16 MB takes no longer than other bytes", () => {
    const faults: string[] = [];
    expect(read(`--b${'x'.repeat(16_000_000)}`, 1460, faults)).toEqual([]);
    expect(faults).toEqual(['multipart_invalid_header']);
  });

  test.each([
    ['multipart/form-data; boundary=abc', 'abc'],
    ['multipart/form-data; charset=x; boundary="a b"', 'a b'],
    ['text/plain; boundary=abc', undefined],
    ['multipart/form-data', undefined],
    [undefined, undefined],
  ])('boundary of %s', (type, boundary) => {
    expect(formBoundary(type)).toBe(boundary);
  });
});
