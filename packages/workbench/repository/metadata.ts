/** A rule's `metadata:`: read as pairs of key and value, and changed in the rule's text. */
import type { Rule } from '@sigwright/contracts';

/** All pairs in order; a key without value has an empty one. */
export function metadataPairs(rule: Rule): readonly (readonly [key: string, value: string])[] {
  const pairs: [string, string][] = [];
  for (const option of rule.options) {
    if (option.name !== 'metadata' || option.value === undefined) continue;
    for (const part of option.value.split(',')) {
      const [key, ...rest] = part.trim().split(/\s+/);
      if (key !== '') pairs.push([key, rest.join(' ')]);
    }
  }
  return pairs;
}

/** Values of a metadata key, in order. */
export function metadataOf(rule: Rule, key: string): string[] {
  return metadataPairs(rule).flatMap(([name, value]) => (name === key ? [value] : []));
}

/** Sets one metadata key, in place where it is there, else behind the last one. */
export function withMetadata(text: string, key: string, value: string): string {
  return changeMetadata(text, `${key} ${value}`, (parts) => parts.findIndex((part) => part.startsWith(`${key} `)));
}

/** Puts a pair behind the others, whatever stands there; or only where the key does not. */
export function addMetadata(text: string, key: string, value: string, onlyWhereAbsent: boolean): string {
  if (onlyWhereAbsent && new RegExp(`metadata:[^;]*\\b${key.replace(/[^\w]/g, '\\$&')}\\s`).test(text)) return text;
  return changeMetadata(text, `${key} ${value}`, () => -1);
}

/** `placeOf`: which part the pair takes the place of; -1 for none. */
function changeMetadata(text: string, pair: string, placeOf: (parts: readonly string[]) => number): string {
  const match = /metadata:([^;]*);/.exec(text);
  if (match === null) return text.replace(/;\s*\)\s*$/, () => `; metadata:${pair};)`);
  const parts = match[1].split(',').map((part) => part.trim());
  const at = placeOf(parts);
  if (at >= 0) parts[at] = pair;
  else parts.push(pair);
  return `${text.slice(0, match.index)}metadata:${parts.join(', ')};${text.slice(match.index + match[0].length)}`;
}
