/** The words for the commonest kinds of files; and any bytes have some. */
import { fromLatin1 } from '@sigwright/bytes';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { describeContent } from './file-magic.ts';

const pe = (plus: boolean, dll: boolean): string => {
  const bytes = new Uint8Array(256);
  bytes.set(fromLatin1('MZ'));
  bytes[0x3c] = 0x80;
  bytes.set(fromLatin1('PE\0\0'), 0x80);
  bytes.set(plus ? [0x64, 0x86] : [0x4c, 1], 0x84);
  bytes.set([0, dll ? 0x20 : 0], 0x96);
  bytes.set([0x0b, plus ? 2 : 1], 0x98);
  bytes[0x98 + 68] = 2;
  return String.fromCharCode(...bytes);
};
const zip = (name: string, rest = ''): string => `PK\x03\x04\x14\0${'\0'.repeat(20)}${String.fromCharCode(name.length)}\0\0\0${name}${rest}`;

test.each([
  ['', 'empty'],
  ['%PDF-1.4\n%…', 'PDF document, version 1.4'],
  ['\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x64\0\0\0\x32\x08\x02\0\0\0', 'PNG image data, 100 x 50, 8-bit/color RGB, non-interlaced'],
  ['\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01', 'JPEG image data, JFIF standard 1.01'],
  ['GIF89a\x01\0\x02\0', 'GIF image data, version 89a, 1 x 2'],
  [pe(false, false), 'PE32 executable (GUI) Intel 80386, for MS Windows'],
  [pe(true, true), 'PE32+ executable (DLL) (GUI) x86-64, for MS Windows'],
  ['MZ short', 'MS-DOS executable'],
  [`\x7fELF\x02\x01\x01\0${'\0'.repeat(8)}\x02\0\x3e\0`, 'ELF 64-bit LSB executable, x86-64, version 1 (SYSV)'],
  [zip('a.txt'), 'Zip archive data, at least v2.0 to extract'],
  [zip('[Content_Types].xml', 'word/document.xml'), 'Microsoft Word 2007+'],
  [zip('META-INF/MANIFEST.MF'), 'Java archive data (JAR)'],
  ['\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1', 'Composite Document File V2 Document, Little Endian'],
  ['\x1f\x8b\x08', 'gzip compressed data'],
  ['{\\rtf1\\ansi', 'Rich Text Format data, version 1'],
  ['<!DOCTYPE html>\n<p>', 'HTML document, ASCII text'],
  ['<?xml version="1.0"?>\r\n<a/>\r\n', 'XML 1.0 document, ASCII text, with CRLF line terminators'],
  ['#!/bin/sh\necho\n', 'POSIX shell script, ASCII text executable'],
  ['#!/usr/bin/env python3\n', 'Python script, ASCII text executable'],
  ['{"a": 1}', 'JSON data'],
  ['one\ntwo\n', 'ASCII text'],
  ['one', 'ASCII text, with no line terminators'],
  ['gr\xc3\xbcn\n', 'UTF-8 Unicode text'],
  ['gr\xfcn\n', 'ISO-8859 text'],
  ['\x01\x02\x03', 'data'],
])('%j: %s', (content, words) => {
  const bytes = fromLatin1(content.replace('…', '...'));
  expect(describeContent(bytes, 0, bytes.length)).toBe(words);
});

test('any bytes, cut anywhere, have words', () => {
  const starts = fc.constantFrom('MZ', '\x7fELF', 'PK\x03\x04', '\x89PNG\r\n\x1a\n', '\xff\xd8\xff', '#!', 'RIFF', '%PDF-', '');
  fc.assert(
    fc.property(starts, fc.uint8Array({ maxLength: 200 }), (start, rest) => {
      const bytes = new Uint8Array(start.length + rest.length);
      bytes.set(fromLatin1(start));
      bytes.set(rest, start.length);
      expect(describeContent(bytes, 0, bytes.length)).not.toBe('');
    }),
  );
});
