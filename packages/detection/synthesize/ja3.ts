/**
 * The text that JA3 is the digest of → the ClientHello that has it: version, cipher suites, extensions, groups and point formats, as
 * numbers (https://github.com/salesforce/ja3). A digest alone can not be undone.
 */
import type { TlsMessages } from '@sigwright/traffic';

export type HelloParts = Pick<TlsMessages, 'legacyVersion' | 'cipherSuites' | 'extensions' | 'groups' | 'pointFormats'>;

const FIELDS = 5;
const LARGEST = 0xffff;
/** What a field holds that the text does not say. */
const USUAL = ['771', '49195-49199', '0-23-65281-10-11', '29-23-24', '0'];

/** Undefined where it is no such text, nor the beginning of one. */
export function helloOf(text: string): HelloParts | undefined {
  const given = text.split(',');
  if (given.length > FIELDS) return undefined;
  const lists = USUAL.map((usual, at) => numbersOf(given[at] ?? usual));
  const [version, cipherSuites, extensions, groups, pointFormats] = lists;
  if (version?.length !== 1 || cipherSuites === undefined || extensions === undefined || groups === undefined || pointFormats === undefined) return undefined;
  return { legacyVersion: version[0], cipherSuites, extensions, groups, pointFormats };
}

function numbersOf(list: string): number[] | undefined {
  if (list === '') return [];
  const numbers = list.split('-').map((word) => (/^\d{1,5}$/.test(word) ? Number(word) : Number.NaN));
  return numbers.every((number) => number <= LARGEST) ? numbers : undefined;
}
