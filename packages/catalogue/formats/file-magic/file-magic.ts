/**
 * What a file is, by its first bytes, in the words that libmagic has for the commonest kinds: rules name these words. An own table of
 * facts, not libmagic's: a kind that is not in it is text or `data`, and of details only those that rules ask for are given.
 */
import { find, fromLatin1, latin1, uint16, uint32 } from '@sigwright/bytes';

/** Looked at of a file; the signatures of tar archives and of programs lie within. */
const MOST_BYTES = 4096;
/** Lines of text that libmagic calls very long. */
const VERY_LONG = 300;

type Describe = (bytes: Uint8Array) => string;
type Signature = readonly [at: number, bytes: string, words: string | Describe];

const little16 = (bytes: Uint8Array, at: number): number => (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
const little32 = (bytes: Uint8Array, at: number): number => (little16(bytes, at) | (little16(bytes, at + 2) << 16)) >>> 0;

const MACHINES: Readonly<Record<number, string>> = { 332: 'Intel 80386', 34404: 'x86-64', 43620: 'Aarch64', 448: 'ARM', 452: 'ARMv7 Thumb' };
const ELF_MACHINES: Readonly<Record<number, string>> = { 2: 'SPARC', 3: 'Intel 80386', 8: 'MIPS', 20: 'PowerPC', 40: 'ARM', 62: 'x86-64', 183: 'ARM aarch64' };
const ELF_TYPES: Readonly<Record<number, string>> = { 1: 'relocatable', 2: 'executable', 3: 'shared object', 4: 'core file' };
const SUBSYSTEMS: Readonly<Record<number, string>> = { 1: 'native', 2: 'GUI', 3: 'console' };
const DLL = 0x2000;
const PE32_PLUS = 0x20b;

function program(bytes: Uint8Array): string {
  const at = little32(bytes, 0x3c);
  if (at + 26 > bytes.length || latin1(bytes, at, at + 4) !== 'PE\0\0') return 'MS-DOS executable';
  const optional = at + 24;
  const parts = [little16(bytes, optional) === PE32_PLUS ? 'PE32+ executable' : 'PE32 executable'];
  if ((little16(bytes, at + 22) & DLL) !== 0) parts.push('(DLL)');
  const subsystem = SUBSYSTEMS[little16(bytes, optional + 68)];
  if (subsystem !== undefined) parts.push(`(${subsystem})`);
  const machine = MACHINES[little16(bytes, at + 4)];
  if (machine !== undefined) parts.push(machine);
  if (find(bytes, 0, bytes.length, fromLatin1('BSJB')) !== -1) parts.push('Mono/.Net assembly');
  return `${parts.join(' ')}, for MS Windows`;
}

function elf(bytes: Uint8Array): string {
  const isLittle = bytes[5] === 1;
  const read = (at: number): number => (isLittle ? little16(bytes, at) : uint16(bytes, at));
  const machine = ELF_MACHINES[read(18)];
  return `ELF ${bytes[4] === 2 ? 64 : 32}-bit ${isLittle ? 'LSB' : 'MSB'} ${ELF_TYPES[read(16)] ?? 'file'}${machine === undefined ? '' : `, ${machine}`}, version 1 (${bytes[7] === 3 ? 'GNU/Linux' : 'SYSV'})`;
}

const COLOURS: Readonly<Record<number, string>> = { 0: ' grayscale', 2: '/color RGB', 3: ' colormap', 4: ' gray+alpha', 6: '/color RGBA' };

function png(bytes: Uint8Array): string {
  if (bytes.length < 29) return 'PNG image data';
  const colours = COLOURS[bytes[25]] ?? '';
  return `PNG image data, ${uint32(bytes, 16)} x ${uint32(bytes, 20)}, ${bytes[24]}-bit${colours}, ${bytes[28] === 1 ? 'interlaced' : 'non-interlaced'}`;
}

function jpeg(bytes: Uint8Array): string {
  const kind = latin1(bytes, 6, Math.min(bytes.length, 10));
  if (kind === 'JFIF') return `JPEG image data, JFIF standard ${bytes[11] ?? 0}.${String(bytes[12] ?? 0).padStart(2, '0')}`;
  return kind === 'Exif' ? 'JPEG image data, Exif standard' : 'JPEG image data';
}

/** The first names in an archive tell what it is for. */
function zip(bytes: Uint8Array): string {
  const has = (name: string): boolean => find(bytes, 0, bytes.length, fromLatin1(name)) !== -1;
  const first = latin1(bytes, 30, Math.min(bytes.length, 30 + little16(bytes, 26)));
  if (first === 'mimetype') {
    if (has('application/vnd.oasis.opendocument.')) return 'OpenDocument';
    if (has('application/epub+zip')) return 'EPUB document';
  }
  if (first === '[Content_Types].xml' || first.startsWith('_rels/') || first.startsWith('docProps/')) {
    if (has('word/')) return 'Microsoft Word 2007+';
    if (has('xl/')) return 'Microsoft Excel 2007+';
    return has('ppt/') ? 'Microsoft PowerPoint 2007+' : 'Microsoft OOXML';
  }
  if (first === 'AndroidManifest.xml') return 'Android package (APK)';
  if (first.startsWith('META-INF/')) return 'Java archive data (JAR)';
  const version = little16(bytes, 4) & 255;
  return `Zip archive data, at least v${Math.floor(version / 10)}.${version % 10} to extract`;
}

function riff(bytes: Uint8Array): string {
  const kinds: Readonly<Record<string, string>> = { WAVE: 'WAVE audio', 'AVI ': 'AVI', WEBP: 'Web/P image' };
  const kind = kinds[latin1(bytes, 8, Math.min(bytes.length, 12))];
  return `RIFF (little-endian) data${kind === undefined ? '' : `, ${kind}`}`;
}

function script(bytes: Uint8Array): string {
  const [line] = latin1(bytes, 2, Math.min(bytes.length, 130)).split(/\r?\n/);
  const words = line.trim().split(/\s+/);
  const path = words[0].endsWith('/env') ? (words[1] ?? '') : words[0];
  const name = path.slice(path.lastIndexOf('/') + 1);
  const known: readonly (readonly [RegExp, string])[] = [
    [/^(sh|dash)$/, 'POSIX shell script'],
    [/^bash$/, 'Bourne-Again shell script'],
    [/^python/, 'Python script'],
    [/^perl/, 'Perl script text'],
    [/^php/, 'PHP script'],
    [/^ruby/, 'Ruby script'],
    [/^node/, 'Node.js script'],
  ];
  return `${known.find(([form]) => form.test(name))?.[1] ?? `a ${words.join(' ')} script`}, ${text(bytes) ?? 'data'} executable`;
}

const SIGNATURES: readonly Signature[] = [
  [0, 'MZ', program],
  [0, '\x7fELF', elf],
  [0, '%PDF-', (bytes) => `PDF document, version ${latin1(bytes, 5, 8).replace(/[^\d.]/g, '')}`],
  [0, '\x89PNG\r\n\x1a\n', png],
  [0, '\xff\xd8\xff', jpeg],
  [0, 'GIF8', (bytes) => `GIF image data, version ${latin1(bytes, 3, 6)}, ${little16(bytes, 6)} x ${little16(bytes, 8)}`],
  [0, 'PK\x03\x04', zip],
  [0, 'PK\x05\x06', 'Zip archive data (empty)'],
  [0, '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1', 'Composite Document File V2 Document, Little Endian'],
  [0, '\x1f\x8b', 'gzip compressed data'],
  [0, 'BZh', (bytes) => `bzip2 compressed data, block size = ${latin1(bytes, 3, 4)}00k`],
  [0, '\xfd7zXZ\0', 'XZ compressed data'],
  [0, '(\xb5/\xfd', 'Zstandard compressed data'],
  [0, "7z\xbc\xaf'\x1c", (bytes) => `7-zip archive data, version ${bytes[6] ?? 0}.${bytes[7] ?? 0}`],
  [0, 'Rar!\x1a\x07\x01\0', 'RAR archive data, v5'],
  [0, 'Rar!\x1a\x07\0', 'RAR archive data, v4'],
  [0, 'MSCF\0\0\0\0', 'Microsoft Cabinet archive data'],
  [257, 'ustar  \0', 'POSIX tar archive (GNU)'],
  [257, 'ustar\0', 'POSIX tar archive'],
  [0x8001, 'CD001', 'ISO 9660 CD-ROM filesystem data'],
  [0, '{\\rtf', (bytes) => `Rich Text Format data, version ${latin1(bytes, 5, 6)}`],
  [0, 'FWS', (bytes) => `Macromedia Flash data, version ${bytes[3] ?? 0}`],
  [0, 'CWS', (bytes) => `Macromedia Flash data (compressed), version ${bytes[3] ?? 0}`],
  [0, '\xca\xfe\xba\xbe\0\0\0', (bytes) => `compiled Java class data, version ${uint16(bytes, 6)}.${uint16(bytes, 4)}`],
  [0, '\xcf\xfa\xed\xfe', 'Mach-O 64-bit executable'],
  [0, '\xce\xfa\xed\xfe', 'Mach-O executable'],
  [0, 'L\0\0\0\x01\x14\x02\0', 'MS Windows shortcut'],
  [0, 'SQLite format 3\0', 'SQLite 3.x database'],
  [0, '\xd4\xc3\xb2\xa1', 'pcap capture file, microsecond ts (little-endian) - version 2.4'],
  [0, '\xa1\xb2\xc3\xd4', 'pcap capture file, microsecond ts (big-endian) - version 2.4'],
  [0, '\x0a\x0d\x0d\x0a', 'pcapng capture file'],
  [0, 'RIFF', riff],
  [0, 'ID3', (bytes) => `Audio file with ID3 version 2.${bytes[3] ?? 0}.${bytes[4] ?? 0}`],
  [4, 'ftyp', 'ISO Media'],
  [0, 'OggS', 'Ogg data'],
  [0, 'BM', 'PC bitmap'],
  [0, '\0\0\x01\0', 'MS Windows icon resource'],
  [0, 'II*\0', 'TIFF image data, little-endian'],
  [0, 'MM\0*', 'TIFF image data, big-endian'],
  [0, 'wOFF', 'Web Open Font Format'],
  [0, 'wOF2', 'Web Open Font Format (Version 2)'],
  [0, 'ITSF', 'MS Windows HtmlHelp Data'],
  [0, '-----BEGIN CERTIFICATE-----', 'PEM certificate'],
  [0, '-----BEGIN RSA PRIVATE', 'PEM RSA private key'],
  [0, '#!', script],
];
const PATTERNS = SIGNATURES.map(([at, bytes, words]) => ({ at, bytes: fromLatin1(bytes), words }));

/** bytes[start, end) is the beginning of a file, or all of it. */
export function describeContent(whole: Uint8Array, start: number, end: number): string {
  if (end <= start) return 'empty';
  const bytes = whole.subarray(start, Math.min(end, start + MOST_BYTES));
  for (const { at, bytes: wanted, words } of PATTERNS) {
    if (at + wanted.length <= bytes.length && wanted.every((byte, index) => bytes[at + index] === byte))
      return typeof words === 'string' ? words : words(bytes);
  }
  const plain = text(bytes);
  if (plain === undefined) return 'data';
  const head = latin1(bytes)
    .replace(/^(\xef\xbb\xbf)?\s+/, '')
    .slice(0, 400)
    .toLowerCase();
  if (/^<!doctype html|^<(html|head|title|body|script)\b/.test(head)) return `HTML document, ${plain}`;
  if (head.startsWith('<?xml')) return `XML 1.0 document, ${plain}`;
  if (head.startsWith('<?php')) return `PHP script, ${plain}`;
  if (/^[[{]/.test(head) && isJson(bytes)) return 'JSON data';
  return plain;
}

function isJson(bytes: Uint8Array): boolean {
  if (bytes.length >= MOST_BYTES) return false;
  try {
    JSON.parse(new TextDecoder().decode(bytes));
    return true;
  } catch {
    return false;
  }
}

/** Undefined where it is no text. */
function text(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'Little-endian UTF-16 Unicode text';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'Big-endian UTF-16 Unicode text';
  let beyond = false;
  let control = false;
  for (const byte of bytes) {
    if (byte >= 0x80) beyond = true;
    else if ((byte < 0x20 && !(byte >= 7 && byte <= 13) && byte !== 0x1b) || byte === 0x7f) return undefined;
    if (beyond && byte >= 0x80 && byte < 0xa0) control = true;
  }
  const utf8 = beyond && isUtf8(bytes);
  if (beyond && !utf8 && control) return 'Non-ISO extended-ASCII text';
  const kind = !beyond
    ? 'ASCII text'
    : !utf8
      ? 'ISO-8859 text'
      : bytes[0] === 0xef && bytes[1] === 0xbb
        ? 'UTF-8 Unicode (with BOM) text'
        : 'UTF-8 Unicode text';
  const lines = latin1(bytes).split('\n');
  const more = lines.some((line) => line.length > VERY_LONG) ? ', with very long lines' : '';
  if (lines.length === 1) return `${kind}${more}, with no line terminators`;
  return lines.slice(0, -1).every((line) => line.endsWith('\r')) ? `${kind}${more}, with CRLF line terminators` : `${kind}${more}`;
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    // The last character may be cut off.
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}
