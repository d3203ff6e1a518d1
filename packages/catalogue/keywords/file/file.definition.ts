/** Files carried by any protocol: content, name, extension, size. Suricata user guide, "File keywords". */
import { fileText, fromHex, fromLatin1, hex, md5, sha1, sha256 } from '@sigwright/bytes';
import {
  asKeywords,
  type BufferDefinition,
  type BufferWindow,
  type FileTransfer,
  fillWindow,
  fillWithFile,
  keyword,
  TO_CLIENT,
  TO_SERVER,
  type TransactionBuffer,
} from '@sigwright/contracts';
import { compares, comparison, custom, describeComparison, none, quoted } from '../../arguments/index.ts';
import { describeContent } from '../../formats/file-magic/file-magic.ts';

/** `read`: one file into the window; false where it can not be told yet. */
function fileBuffer(
  name: string,
  summary: string,
  shape: TransactionBuffer['shape'],
  read: (file: FileTransfer, window: BufferWindow) => boolean,
): TransactionBuffer {
  return {
    of: 'transaction',
    name,
    summary,
    shape,
    protocol: undefined,
    ofFiles: true,
    directions: [TO_SERVER, TO_CLIENT],
    multiple: true,
    progress: () => 0,
    read(transaction, direction, index, window) {
      const file = fileAt(transaction.files, direction, index);
      return file !== undefined && read(file, window);
    },
  };
}

const FILE_DATA = fileBuffer('file.data', 'content of files: response bodies, uploads, files on shares', 'body', (file, window) => {
  return fillWithFile(window, file, file.state !== 'OPEN' || file.kept >= file.limit);
});

const FILE_NAME = fileBuffer('file.name', 'name of a file', 'text', (file, window) => fillWindow(window, fromLatin1(file.name)));

/** That there is a file at all, from its first byte on: what stores it need not wait for more. */
const FILE_BEGUN = fileBuffer('files', 'there is a file', 'text', (file, window) => file.size > 0 && fillWindow(window, NOTHING));
const NOTHING = new Uint8Array(0);

/** The first bytes tell what it is; fewer are taken for all only where no more come. */
const ENOUGH = 512;

const FILE_MAGIC = fileBuffer('file.magic', "what a file is, in libmagic's words for the commonest kinds", 'text', (file, window) => {
  if (file.kept < ENOUGH && file.state === 'OPEN') return false;
  return fillWindow(window, fromLatin1(describeContent(file.bytes, 0, file.kept)));
});

function fileAt(files: readonly FileTransfer[] | undefined, direction: number, index: number): FileTransfer | undefined {
  if (files === undefined) return undefined;
  let left = index;
  for (const file of files) if (file.direction === direction && left-- === 0) return file;
  return undefined;
}

export const buffers: readonly BufferDefinition[] = [FILE_DATA, FILE_NAME, FILE_MAGIC, FILE_BEGUN];

const DIGESTS: readonly (readonly [string, number, (bytes: Uint8Array) => Uint8Array])[] = [
  ['filemd5', 16, md5],
  ['filesha1', 20, sha1],
  ['filesha256', 32, sha256],
];

export const keywords = asKeywords(
  keyword({
    name: 'file.data',
    aliases: ['file_data'],
    family: 'file',
    since: '5.0',
    summary: FILE_DATA.summary,
    kind: 'sticky-buffer',
    argument: none(),
    examples: ['file.data; content:"abc";'],
    broken: [{ options: 'file.data:1;', code: 'file.data/argument' }],
    apply(_none, builder) {
      builder.selectBuffer('file.data');
    },
  }),
  keyword({
    name: 'file.name',
    family: 'file',
    since: '5.0',
    summary: FILE_NAME.summary,
    kind: 'sticky-buffer',
    argument: none(),
    examples: ['file.name; content:".exe"; endswith;'],
    apply(_none, builder) {
      builder.selectBuffer('file.name');
    },
  }),
  keyword({
    name: 'file.magic',
    family: 'file',
    since: '5.0',
    summary: FILE_MAGIC.summary,
    kind: 'sticky-buffer',
    argument: none(),
    examples: ['file.magic; content:"PDF document";'],
    apply(_none, builder) {
      builder.selectBuffer('file.magic');
    },
  }),
  ...(['filename', 'fileext', 'filemagic'] as const).map((name) =>
    keyword({
      name,
      family: 'file',
      since: '1.1',
      summary: { filename: 'the name of a file holds this', fileext: 'the extension of a file is this', filemagic: 'what a file is holds this' }[name],
      kind: 'condition' as const,
      argument: quoted(['"secret"']),
      examples: [`${name}:"exe";`],
      broken: [{ options: `${name}:exe;`, code: `${name}/argument` }],
      apply({ negated, text }, builder) {
        const before = builder.currentBuffer;
        builder.selectBuffer(name === 'filemagic' ? 'file.magic' : 'file.name');
        builder.addBytes({
          kind: 'content',
          bytes: fromLatin1(name === 'fileext' ? `.${text}` : name === 'filemagic' ? text.toLowerCase() : text),
          negated,
          nocase: true,
          offset: undefined,
          depth: undefined,
          distance: undefined,
          within: undefined,
          startsWith: false,
          endsWith: name === 'fileext',
          fastPattern: false,
          fastPatternOnly: false,
          fastPatternSlice: undefined,
        });
        builder.selectBuffer(before);
      },
    }),
  ),
  ...DIGESTS.map(([name, bytes, digest]) =>
    keyword({
      name,
      family: 'file',
      since: '2.0',
      summary: `the file's ${name.slice(4)} is in a list: a file of digests, one a line`,
      kind: 'condition' as const,
      argument: custom('[!]<file>', ['EXAMPLE.list'], (written) => {
        const negated = written.startsWith('!');
        const path = (negated ? written.slice(1) : written).trim();
        return path === '' ? { problem: 'the file is missing' } : { value: { negated, path } };
      }),
      examples: [],
      broken: [{ options: `${name}:nowhere.list;`, code: `${name}/unreadable` }],
      apply({ negated, path }, builder) {
        const list = builder.settings.dataFiles.read(path);
        if (list === undefined) {
          builder.problem('unreadable', `${path} can not be read`);
          return;
        }
        const known = new Set<string>();
        for (const line of fileText(list).split(/\r?\n/)) {
          const word = line.trim().split(/\s/)[0].toLowerCase();
          if (word.length === bytes * 2 && fromHex(word) !== undefined) known.add(word);
        }
        const before = builder.currentBuffer;
        builder.selectBuffer('file.data');
        builder.addBytes({
          kind: 'test',
          keyword: name,
          relative: false,
          describes: `${name.slice(4)} is ${negated ? 'not ' : ''}in ${path}`,
          // A file of which a part is missing has no digest.
          test: (inspection) =>
            inspection.transaction?.files?.some(
              (file) =>
                file.isSeenAs(inspection.bytes) &&
                file.state === 'CLOSED' &&
                file.kept === file.size &&
                known.has(hex(digest(file.bytes.subarray(0, file.kept)))) !== negated,
            ) === true,
        });
        builder.selectBuffer(before);
      },
    }),
  ),
  keyword({
    name: 'filesize',
    family: 'file',
    since: '1.1',
    summary: 'size of a file',
    kind: 'condition',
    argument: comparison(0, Number.MAX_SAFE_INTEGER),
    examples: ['filesize:>100;'],
    broken: [{ options: 'filesize:x y;', code: 'filesize/argument' }],
    apply(wanted, builder) {
      const before = builder.currentBuffer;
      builder.selectBuffer('file.data');
      builder.addBytes({
        kind: 'test',
        keyword: 'filesize',
        relative: false,
        describes: `the file has ${describeComparison(wanted)} bytes`,
        test(inspection) {
          const files = inspection.transaction?.files;
          if (files === undefined) return false;
          return files.some(
            (file) =>
              file.isSeenAs(inspection.bytes) && (file.state !== 'OPEN' || wanted.operator === '>' || wanted.operator === '>=') && compares(wanted, file.size),
          );
        },
      });
      builder.selectBuffer(before);
    },
  }),
);
