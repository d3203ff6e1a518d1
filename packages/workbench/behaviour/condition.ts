/**
 * One condition of a rule, three times the same: as rule text, as a test on an observation (by which it is measured on ordinary
 * traffic), and in words. Made from a template of a buffer (template.ts) or from a fixed fact.
 */
import { encodeContent, fromLatin1 } from '@sigwright/bytes';
import { rarity } from '@sigwright/detection';
import { bufferText, type Observation } from './observe.ts';
import type { Part, Template } from './template.ts';

/** A content and what belongs to it; `literal` where it may be searched for first. */
export interface RulePiece {
  readonly text: string;
  readonly literal?: string;
}

export interface Condition {
  /** what of the traffic it is about: `method`, `path`, `user agent`, `header order` … */
  readonly part: string;
  readonly buffer: string;
  readonly pieces: readonly RulePiece[];
  readonly says: string;
  /** bits of surprise in ordinary traffic, as estimated without measuring */
  readonly prior: number;
  /** 0 to 1: how much the author of the threat would have to change to avoid it */
  readonly sturdy: number;
  holds(observation: Observation): boolean;
}

const LONGEST_CONTENT = 80;
const SHORTEST_CONTENT = 3;
const MOST_CONTENTS = 5;
const LARGEST_REPEAT = 4000;
/** Beyond so many bits, what a literal tells is not believed. */
const MOST_PRIOR = 36;

export function contentText(text: string): string {
  return encodeContent(fromLatin1(text));
}

export function priorOf(literal: string): number {
  return Math.max(0.2, Math.min(rarity(fromLatin1(literal)), MOST_PRIOR));
}

export function fixed(part: string, buffer: string, value: string, more: { readonly prior?: number; readonly sturdy?: number } = {}): Condition {
  return {
    part,
    buffer,
    pieces: [{ text: `bsize:${value.length};` }, { text: `content:"${contentText(value)}";`, literal: value }],
    says: `${part} is ${shown(value)}`,
    prior: more.prior ?? priorOf(value),
    sturdy: more.sturdy ?? 0.6,
    holds: (observation) => bufferText(observation, buffer) === value,
  };
}

export interface TemplateConditionOptions {
  readonly sturdy?: number;
  /** the whole value was seen, so that its end may be asked for */
  readonly whole?: boolean;
  /** a value of one length in all of them is a length to ask for */
  readonly length?: 'bsize' | 'urilen';
  readonly mostContents?: number;
}

/** Undefined where a template says nothing that a rule could ask for. */
export function fromTemplate(part: string, buffer: string, template: Template, options: TemplateConditionOptions = {}): Condition | undefined {
  const { sturdy = 0.6, whole = true } = options;
  const { parts } = template;
  const [only] = parts;
  if (parts.length === 1 && only.kind === 'literal' && whole && only.text.length <= LONGEST_CONTENT) return fixed(part, buffer, only.text, { sturdy });
  const contents = chosenContents(parts, options.mostContents ?? MOST_CONTENTS, whole);
  const pattern = patternOf(parts, whole);
  // Where one part may be of any length, that all were of one length is chance.
  const isBounded = parts.every((one) => one.kind === 'literal' || one.most < Number.POSITIVE_INFINITY);
  const size =
    options.length !== undefined && isBounded && template.distinct > 1 && template.shortest === template.longest && whole ? template.shortest : undefined;
  if (contents.length === 0 && pattern === undefined) return undefined;
  const expression = pattern === undefined ? undefined : new RegExp(pattern.source);
  const pieces: RulePiece[] = [];
  if (size !== undefined) pieces.push({ text: options.length === 'urilen' ? `urilen:${size};` : `bsize:${size};` });
  for (const one of contents) pieces.push({ text: `content:"${contentText(one.text)}";${one.place}`, literal: one.text });
  if (pattern !== undefined) pieces.push({ text: `pcre:"/${pattern.source}/";` });
  const prior = contents.reduce((sum, one) => sum + priorOf(one.text), 0) + (pattern?.bits ?? 0) + (size === undefined ? 0 : 3);
  return {
    part,
    buffer,
    pieces,
    says: `${part} is of the form ${shape(parts)}`,
    prior: Math.min(prior, MOST_PRIOR),
    sturdy,
    holds: (observation) => {
      const value = bufferText(observation, buffer);
      if (value === undefined || (size !== undefined && value.length !== size)) return false;
      return inOrder(value, contents) && (expression === undefined || expression.test(value));
    },
  };
}

interface ChosenContent {
  readonly text: string;
  readonly starts: boolean;
  readonly ends: boolean;
  /** bytes between it and the one before, where they are always as many */
  readonly distance: number | undefined;
  readonly first: boolean;
  readonly place: string;
}

function chosenContents(parts: readonly Part[], most: number, whole: boolean): ChosenContent[] {
  const literals: { text: string; at: number; starts: boolean; ends: boolean }[] = [];
  for (const [at, part] of parts.entries()) {
    if (part.kind !== 'literal') continue;
    const starts = at === 0;
    const ends = whole && at === parts.length - 1;
    if (part.text.length < (starts && parts.length > 1 ? 1 : SHORTEST_CONTENT) && !(ends && part.text.length >= 2)) continue;
    literals.push({ text: part.text, at, starts, ends });
  }
  // The longest say most; a slash at the beginning alone says nothing.
  const ranked = [...literals].sort((a, b) => priorOf(b.text) - priorOf(a.text));
  const best = new Set(ranked.filter(({ text }) => text.length > 1).slice(0, most));
  const chosen: ChosenContent[] = [];
  let before: { at: number; cut: boolean } | undefined;
  for (const one of literals) {
    if (!best.has(one)) continue;
    const text = one.text.slice(0, LONGEST_CONTENT);
    const cut = text.length < one.text.length;
    const distance = before === undefined || before.cut ? undefined : lengthBetween(parts, before.at, one.at);
    const first = before === undefined;
    const ends = one.ends && !cut;
    const starts = one.starts;
    const place = starts
      ? ' startswith;'
      : first
        ? ends
          ? ' endswith;'
          : ''
        : ` distance:${distance ?? 0};${distance === undefined ? '' : ` within:${text.length};`}${ends ? ' isdataat:!1,relative;' : ''}`;
    chosen.push({ text, starts, ends, distance, first, place });
    before = { at: one.at, cut };
  }
  return chosen;
}

/** Of the parts between two; undefined where it differs. */
function lengthBetween(parts: readonly Part[], from: number, to: number): number | undefined {
  let length = 0;
  for (const part of parts.slice(from + 1, to)) {
    if (part.kind === 'literal') length += part.text.length;
    else if (part.least === part.most && part.of !== undefined) length += part.least;
    else return undefined;
  }
  return length;
}

function inOrder(value: string, contents: readonly ChosenContent[]): boolean {
  let at = 0;
  for (const one of contents) {
    if (one.starts) {
      if (!value.startsWith(one.text)) return false;
      at = one.text.length;
    } else if (one.distance !== undefined) {
      if (!value.startsWith(one.text, at + one.distance)) return false;
      at += one.distance + one.text.length;
    } else if (one.ends) {
      if (value.length - one.text.length < at || !value.endsWith(one.text)) return false;
      at = value.length;
    } else {
      const found = value.indexOf(one.text, at);
      if (found === -1) return false;
      at = found + one.text.length;
    }
    if (one.ends && at !== value.length) return false;
  }
  return true;
}

/** From the beginning to the first gap of anything; undefined where that says no more than the contents do. */
export function patternOf(parts: readonly Part[], whole: boolean): { readonly source: string; readonly bits: number } | undefined {
  let source = '^';
  let bits = 0;
  let told = 0;
  for (const part of parts) {
    if (part.kind === 'literal') {
      source += escaped(part.text);
      continue;
    }
    if (part.of === undefined) return told > 0 ? { source, bits } : undefined;
    if (part.of.isWhole) {
      source += part.of.text;
      told++;
      bits += part.of.bits;
      continue;
    }
    const { least, most } = stretched(part.least, part.most);
    source += `${part.of.text}${least === most ? `{${least}}` : most > LARGEST_REPEAT ? (least === 0 ? '*' : least === 1 ? '+' : `{${least},}`) : `{${least},${most}}`}`;
    if (part.most > 0) told++;
    bits += Math.min(part.of.bits * Math.max(part.least, 1), 12);
  }
  if (told === 0) return undefined;
  return { source: whole ? `${source}$` : source, bits };
}

/** What was seen a few times varies a little more than was seen; what was always the same length is of that length. */
function stretched(least: number, most: number): { least: number; most: number } {
  return least === most || most === Number.POSITIVE_INFINITY ? { least, most } : { least: Math.floor(least / 2), most: most * 2 };
}

/** Bytes as they stand in a pattern within quotes. */
export function escaped(text: string): string {
  let result = '';
  for (const character of text) {
    const code = character.charCodeAt(0);
    if (/[A-Za-z0-9 _=&@,<>%~#'`!-]/.test(character)) result += character;
    else if (code < 0x20 || code > 0x7e || '";:|'.includes(character)) result += `\\x${code.toString(16).padStart(2, '0')}`;
    else result += `\\${character}`;
  }
  return result;
}

export function shape(parts: readonly Part[]): string {
  let text = '';
  for (const part of parts) {
    if (part.kind === 'literal') text += clipped(part.text);
    else
      text += `<${part.why ?? part.of?.says ?? 'anything'}${part.of === undefined || part.of.isWhole ? '' : `, ${part.least === part.most ? part.least : part.most === Number.POSITIVE_INFINITY ? 'any number' : `${part.least} to ${part.most}`}`}>`;
  }
  return `\`${visible(text)}\``;
}

export function shown(text: string): string {
  return `\`${visible(clipped(text))}\``;
}

const LONGEST_SHOWN = 60;

function clipped(text: string): string {
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
}

function visible(text: string): string {
  let result = '';
  for (const character of text) {
    const code = character.charCodeAt(0);
    result +=
      character === '\r'
        ? '\\r'
        : character === '\n'
          ? '\\n'
          : code < 0x20 || code === 0x7f || (code > 0x7e && code < 0x100)
            ? `\\x${code.toString(16).padStart(2, '0')}`
            : character;
  }
  return result;
}
