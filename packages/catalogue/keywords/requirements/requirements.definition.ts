/**
 * `requires`: a rule says what an engine must have, and is passed over (neither loaded nor refused) by one that has it not.
 * Suricata user guide, "Requires".
 */
import { asKeywords, COMPATIBLE_VERSION, FEATURES, keyword } from '@sigwright/contracts';
import { custom } from '../../arguments/index.ts';

interface Requirement {
  readonly kind: 'feature' | 'keyword' | 'version' | 'other';
  readonly text: string;
}

type Version = readonly [number, number, number];

function versionOf(text: string): Version | undefined {
  const match = /^(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-\w+)?$/.exec(text.trim());
  return match === null ? undefined : [Number(match[1]), Number(match[2] ?? 0), Number(match[3] ?? 0)];
}

function compare(a: Version, b: Version): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}

const BOUND = /(>=|<=|>|<)\s*([\w.-]+)/g;

/** `>= 7.0.3 < 8 | >= 8.0.1`: one of the alternatives, all bounds of it. Undefined: it can not be read. */
function versionFits(text: string): boolean | undefined {
  const own = versionOf(COMPATIBLE_VERSION)!;
  let fits = false;
  for (const alternative of text.split('|')) {
    const bounds = [...alternative.matchAll(BOUND)];
    if (bounds.length === 0 || alternative.replaceAll(BOUND, '').trim() !== '') return undefined;
    let all = true;
    for (const [, operator, written] of bounds) {
      const version = versionOf(written);
      if (version === undefined) return undefined;
      const order = compare(own, version);
      all &&= operator === '>=' ? order >= 0 : operator === '<=' ? order <= 0 : operator === '>' ? order > 0 : order < 0;
    }
    fits ||= all;
  }
  return fits;
}

export const keywords = asKeywords(
  keyword({
    name: 'requires',
    family: 'requirements',
    since: '7.0',
    summary: 'passed over where the engine lacks a feature, a keyword or a version',
    kind: 'annotation',
    argument: custom(
      '<feature|keyword|version> <…>[, …]',
      ['version >= 7.0.0', 'feature ja3, keyword content', 'version >= 7.0.3 < 8 | >= 8.0.0'],
      (written): { value: readonly Requirement[] } | { problem: string; help?: string } => {
        const wanted: Requirement[] = [];
        for (const part of written.split(',')) {
          const [, word, text] = /^\s*(\S+)\s*(.*?)\s*$/s.exec(part) ?? [];
          if (word === undefined) return { problem: 'a requirement is empty' };
          const kind = word === 'feature' || word === 'keyword' || word === 'version' ? word : 'other';
          if (kind !== 'other' && text === '') return { problem: `${word} of what is missing` };
          if (kind === 'version' && versionFits(text) === undefined)
            return { problem: `\`${text}\` is no range of versions`, help: 'write for example `version >= 7.0.3 < 8`' };
          if (kind === 'version' && wanted.some((one) => one.kind === 'version'))
            return { problem: 'two ranges of versions are given', help: 'write one, its parts behind `|`' };
          wanted.push({ kind, text: kind === 'other' ? part.trim() : text });
        }
        return { value: wanted };
      },
    ),
    examples: ['requires:version >= 7.0.0;'],
    broken: [
      { options: 'requires:version 7;', code: 'requires/argument' },
      { options: 'requires:feature;', code: 'requires/argument' },
      { options: 'requires:version >= 7.0.4, version < 9;', code: 'requires/argument' },
    ],
    apply(wanted, builder) {
      for (const { kind, text } of wanted) {
        if (kind === 'feature' && !FEATURES.has(text)) builder.passOver(`feature ${text}`);
        else if (kind === 'keyword' && !builder.knows(text)) builder.passOver(`keyword ${text}`);
        else if (kind === 'version' && versionFits(text) !== true) builder.passOver(`version ${text}`);
        else if (kind === 'other') builder.passOver(text);
      }
    },
  }),
);
