/** Puts the catalogue together out of what lies in the folders. Names must be unique; the registry test says where they are not. */
import type {
  BufferDefinition,
  Catalogue,
  IndicatorDefinition,
  KeywordDefinition,
  LintDefinition,
  ProtocolDefinition,
  TransactionBuffer,
  TransformDefinition,
} from '@sigwright/contracts';
import { none } from './arguments/index.ts';
import { indicatorFiles, keywordsFiles, lintFiles, protocolFiles, transformsFiles } from './generated/index.ts';

function fileList<Shape>(files: readonly object[]): readonly Shape[] {
  return files as readonly Shape[];
}

const protocolList = fileList<{ protocol: ProtocolDefinition }>(protocolFiles).map((file) => file.protocol);
const keywordFileList = fileList<{ keywords: readonly KeywordDefinition<never>[]; buffers?: readonly BufferDefinition[] }>(keywordsFiles);
const transformList = fileList<{ transforms: readonly TransformDefinition<never>[] }>(transformsFiles).flatMap((file) => file.transforms);

function byName<Definition extends { readonly name: string; readonly aliases?: readonly string[] }>(
  definitions: readonly Definition[],
): Map<string, Definition> {
  const map = new Map<string, Definition>();
  for (const definition of definitions) for (const name of [definition.name, ...(definition.aliases ?? [])]) map.set(name, definition);
  return map;
}

/** A transform in a rule is an option like any other. */
function transformKeyword(transform: TransformDefinition<never>): KeywordDefinition<never> {
  return {
    name: transform.name,
    ...(transform.aliases === undefined ? {} : { aliases: transform.aliases }),
    family: 'transform',
    since: transform.since,
    summary: transform.summary,
    kind: 'transform',
    argument: transform.argument ?? none(),
    examples: transform.examples,
    ...(transform.broken === undefined ? {} : { broken: transform.broken }),
    apply(argument, builder) {
      const prepared = transform.prepare?.(argument, builder.settings) ?? { value: argument };
      if ('problem' in prepared) builder.problem('settings', prepared.problem);
      else builder.addTransform(transform as TransformDefinition, prepared.value);
    },
  };
}

export const allKeywords: readonly KeywordDefinition<never>[] = [
  ...keywordFileList.flatMap((file) => file.keywords),
  ...protocolList.flatMap((protocol) => protocol.keywords),
  ...transformList.map(transformKeyword),
];

const allBuffers: readonly BufferDefinition[] = [
  ...keywordFileList.flatMap((file) => file.buffers ?? []),
  ...protocolList.flatMap((protocol) => protocol.buffers),
];

/** With all that a buffer may have, in one order: V8 reads objects that are laid out alike faster. */
function laidOut(buffer: BufferDefinition): BufferDefinition {
  if (buffer.of !== 'transaction') return buffer;
  const { of, name, summary, shape, refuses, protocol, ofFiles, directions, progress, read, sameBytesAs, multiple } = buffer;
  return { of, name, summary, shape, refuses, protocol, ofFiles, directions, progress, read, sameBytesAs, multiple } satisfies Record<
    keyof TransactionBuffer,
    unknown
  >;
}

/** FNV-1a over all names: changes when anything a plan may refer to comes or goes. */
function fingerprintOf(names: readonly string[]): string {
  let hash = 0x811c9dc5;
  for (const character of names.join('\n')) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}

export const catalogue: Catalogue = {
  keywords: byName(allKeywords),
  transforms: byName(transformList),
  protocols: byName(protocolList),
  buffers: new Map(allBuffers.map((buffer) => [buffer.name, laidOut(buffer)])),
  lints: new Map(fileList<{ lint: LintDefinition }>(lintFiles).map(({ lint }) => [lint.code, lint])),
  indicators: fileList<{ indicator: IndicatorDefinition }>(indicatorFiles).map((file) => file.indicator),
  fingerprint: fingerprintOf([...allKeywords, ...allBuffers, ...protocolList].map((one) => one.name)),
};
