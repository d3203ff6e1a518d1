/**
 * What changed between two revisions of one rule, said as a reader of a release would say it: header fields, options added, removed
 * or reworded (word by word), metadata by key. Options are aligned by their longest common subsequence, so that an inserted content
 * is one addition and not a change of everything behind it.
 */
import type { Rule, RuleOption } from '@sigwright/contracts';
import { metadataPairs } from '../repository/metadata.ts';

/** `detection`: what fires may differ. `description`: message, class, references, target. `metadata`: everything in `metadata:`. */
export type ChangeKind = 'detection' | 'description' | 'metadata';

export interface RuleChange {
  readonly kind: ChangeKind;
  /** option name, header field or `metadata KEY` */
  readonly what: string;
  /** undefined: added */
  readonly before: string | undefined;
  /** undefined: removed */
  readonly after: string | undefined;
}

export interface WordPiece {
  readonly kind: 'same' | 'removed' | 'added';
  readonly text: string;
}

const DESCRIPTION = new Set(['msg', 'reference', 'classtype', 'target', 'priority']);
/** `rev` is told beside the rule; `sid` is what the two have in common. */
const NOT_TOLD = new Set(['rev', 'sid', 'gid', 'metadata']);

/** In order: header, options as they stand, metadata. Empty where only blanks differ. */
export function changesOf(before: Rule, after: Rule): readonly RuleChange[] {
  const changes: RuleChange[] = [];
  const field = (what: string, old: string, now: string): void => {
    if (old !== now) changes.push({ kind: 'detection', what, before: old, after: now });
  };
  field('action', before.action, after.action);
  field('protocol', before.protocol, after.protocol);
  field('source', before.source.text, after.source.text);
  field('source ports', before.sourcePorts.text, after.sourcePorts.text);
  field('direction', before.direction, after.direction);
  field('destination', before.destination.text, after.destination.text);
  field('destination ports', before.destinationPorts.text, after.destinationPorts.text);
  return [...changes, ...optionChanges(told(before), told(after)), ...metadataChanges(before, after)];
}

function told(rule: Rule): RuleOption[] {
  return rule.options.filter((option) => !NOT_TOLD.has(option.name));
}

function optionChanges(before: readonly RuleOption[], after: readonly RuleOption[]): RuleChange[] {
  const changes: RuleChange[] = [];
  const steps = align(before.map(optionText), after.map(optionText));
  for (let at = 0; at < steps.length; ) {
    if (steps[at].kind === 'same') {
      at++;
      continue;
    }
    // A run of removals and additions: an option of the same name on both sides was reworded.
    const removed: RuleOption[] = [];
    const added: RuleOption[] = [];
    for (; at < steps.length && steps[at].kind !== 'same'; at++) {
      if (steps[at].kind === 'removed') removed.push(before[steps[at].index]);
      else added.push(after[steps[at].index]);
    }
    for (const old of removed) {
      const partner = added.findIndex((one) => one.name === old.name);
      const now = partner === -1 ? undefined : added.splice(partner, 1)[0];
      changes.push({ kind: kindOf(old.name), what: old.name, before: old.value ?? '', after: now === undefined ? undefined : (now.value ?? '') });
    }
    for (const now of added) changes.push({ kind: kindOf(now.name), what: now.name, before: undefined, after: now.value ?? '' });
  }
  return changes;
}

function optionText(option: RuleOption): string {
  return `${option.name}:${option.value ?? ''}`;
}

function kindOf(name: string): ChangeKind {
  return DESCRIPTION.has(name) ? 'description' : 'detection';
}

function metadataChanges(before: Rule, after: Rule): RuleChange[] {
  const old = metadataTable(before);
  const now = metadataTable(after);
  const changes: RuleChange[] = [];
  for (const key of new Set([...old.keys(), ...now.keys()])) {
    const was = old.get(key)?.join(', ');
    const is = now.get(key)?.join(', ');
    if (was !== is) changes.push({ kind: 'metadata', what: `metadata ${key}`, before: was, after: is });
  }
  return changes;
}

function metadataTable(rule: Rule): Map<string, string[]> {
  const table = new Map<string, string[]>();
  for (const [key, value] of metadataPairs(rule)) table.set(key, [...(table.get(key) ?? []), value]);
  return table;
}

interface Step {
  readonly kind: WordPiece['kind'];
  /** in the list that the step speaks of; of the later one for `same` */
  readonly index: number;
}

/** Longer lists are told as wholly replaced: the table is quadratic, and no rule read by people has so many parts. */
const LONGEST_ALIGNED = 1500;

/** Longest common subsequence as steps; removals come before additions. */
function align(before: readonly string[], after: readonly string[]): Step[] {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head++;
  let tail = 0;
  while (tail < before.length - head && tail < after.length - head && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail++;
  const steps: Step[] = [];
  for (let index = 0; index < head; index++) steps.push({ kind: 'same', index });
  steps.push(...alignMiddle(before, after, head, before.length - tail, after.length - tail));
  for (let index = after.length - tail; index < after.length; index++) steps.push({ kind: 'same', index });
  return steps;
}

function alignMiddle(before: readonly string[], after: readonly string[], start: number, beforeEnd: number, afterEnd: number): Step[] {
  const rows = beforeEnd - start;
  const columns = afterEnd - start;
  const steps: Step[] = [];
  if (rows === 0 || columns === 0 || rows > LONGEST_ALIGNED || columns > LONGEST_ALIGNED) {
    for (let row = 0; row < rows; row++) steps.push({ kind: 'removed', index: start + row });
    for (let column = 0; column < columns; column++) steps.push({ kind: 'added', index: start + column });
    return steps;
  }
  const width = columns + 1;
  const lengths = new Uint16Array((rows + 1) * width);
  for (let row = rows - 1; row >= 0; row--) {
    for (let column = columns - 1; column >= 0; column--) {
      lengths[row * width + column] =
        before[start + row] === after[start + column]
          ? lengths[(row + 1) * width + column + 1] + 1
          : Math.max(lengths[(row + 1) * width + column], lengths[row * width + column + 1]);
    }
  }
  let row = 0;
  let column = 0;
  while (row < rows || column < columns) {
    if (row < rows && column < columns && before[start + row] === after[start + column]) {
      steps.push({ kind: 'same', index: start + column });
      row++;
      column++;
    } else if (row < rows && (column === columns || lengths[(row + 1) * width + column] >= lengths[row * width + column + 1])) {
      steps.push({ kind: 'removed', index: start + row++ });
    } else steps.push({ kind: 'added', index: start + column++ });
  }
  return steps;
}

/** Two texts word by word: runs of letters and digits, blanks, and single other characters. Joined, `same` and `added` give `after`. */
export function wordsOf(before: string, after: string): readonly WordPiece[] {
  const old = before.match(WORD) ?? [];
  const now = after.match(WORD) ?? [];
  const pieces: { kind: WordPiece['kind']; text: string }[] = [];
  for (const { kind, index } of align(old, now)) {
    const text = kind === 'removed' ? old[index] : now[index];
    const last = pieces[pieces.length - 1];
    if (last?.kind === kind) last.text += text;
    else pieces.push({ kind, text });
  }
  return pieces;
}

const WORD = /[\p{L}\p{N}_]+|\s+|[^\p{L}\p{N}_\s]/gu;

/** One line: `content "a" added`, `bsize 4 → 5`, and where a long value changed, what of it: `pcre …[-foo-]{+bar+}…`. */
export function changeLine(change: RuleChange): string {
  const { what, before, after } = change;
  if (before === undefined) return `${what}${after === '' ? '' : ` ${after}`} added`;
  if (after === undefined) return `${what}${before === '' ? '' : ` ${before}`} removed`;
  if (before.length + after.length <= SHORT_CHANGE) return `${what} ${before || '(nothing)'} → ${after || '(nothing)'}`;
  const marked = wordsOf(before, after).map(({ kind, text }, at, all) => {
    if (kind === 'removed') return `[-${text}-]`;
    if (kind === 'added') return `{+${text}+}`;
    if (text.length <= 2 * KEPT_AROUND) return text;
    return `${at === 0 ? '' : text.slice(0, KEPT_AROUND)}…${at === all.length - 1 ? '' : text.slice(-KEPT_AROUND)}`;
  });
  return `${what} ${marked.join('')}`;
}

/** Characters; a shorter change is shown whole, before and after. */
const SHORT_CHANGE = 60;
/** Characters of unchanged text left on either side of a change. */
const KEPT_AROUND = 12;
