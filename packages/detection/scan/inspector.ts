/**
 * Do the bytes conditions of one list hold in one buffer? Contents are searched in the order written; where a later, relative
 * condition fails, the content before it is tried at its next place. Meaning of offset, depth, distance, within, startswith
 * and endswith: Suricata user guide, "Payload keywords". Time is bounded by a number of steps per buffer.
 */
import { latin1 } from '@sigwright/bytes';
import type { BytesCondition, BytesDecode, ContentCondition, Inspection, PatternCondition, PatternMatch, Quantity } from '@sigwright/contracts';
import { searchContent } from './content-search.ts';

/** Conditions tried on one buffer before it counts as no match: hostile data must not multiply retries (Suricata: 3,000 recursions). */
export const MOST_STEPS = 3000;

/** What a recorder is told, condition by condition, for explanations. Positions are absolute in `inspection.bytes`. */
export interface InspectionRecorder {
  condition(condition: BytesCondition, position: number, outcome: 'matched' | 'failed', start: number, end: number, inspection: Inspection): void;
}

export class Inspector {
  #steps = 0;
  #recorder: InspectionRecorder | undefined = undefined;

  /** All of `conditions` on inspection.bytes[start, end). The cursor is set to `start` first. */
  inspect(conditions: readonly BytesCondition[], inspection: Inspection, recorder?: InspectionRecorder): boolean {
    this.#steps = 0;
    this.#recorder = recorder;
    inspection.cursor = inspection.start;
    return this.#from(conditions, 0, inspection);
  }

  #from(conditions: readonly BytesCondition[], at: number, inspection: Inspection): boolean {
    if (at === conditions.length) return true;
    if (++this.#steps > MOST_STEPS) return false;
    const condition = conditions[at];
    switch (condition.kind) {
      case 'content':
        return this.#content(condition, conditions, at, inspection);
      case 'pattern':
        return this.#pattern(condition, conditions, at, inspection);
      case 'test': {
        const before = inspection.cursor;
        const holds = condition.test(inspection);
        this.#recorder?.condition(
          condition,
          at,
          holds ? 'matched' : 'failed',
          Math.min(before, inspection.cursor),
          Math.max(before, inspection.cursor),
          inspection,
        );
        return holds && this.#from(conditions, at + 1, inspection);
      }
      case 'decode':
        return this.#decoded(condition, inspection, at) && this.#from(conditions, at + 1, inspection);
    }
  }

  #content(content: ContentCondition, conditions: readonly BytesCondition[], at: number, inspection: Inspection): boolean {
    const needle = content.bytes;
    const length = needle.length;
    let from: number;
    let to = inspection.end;
    const relative = content.distance !== undefined || content.within !== undefined;
    if (relative) {
      from = inspection.cursor + quantity(content.distance, inspection);
      if (content.within !== undefined) to = Math.min(to, from + quantity(content.within, inspection));
      // Positions written beside relative ones still bound the search from the beginning of the buffer.
      if (content.offset !== undefined) from = Math.max(from, inspection.start + quantity(content.offset, inspection) - inspection.streamOffset);
      if (from < inspection.start) from = inspection.start;
    } else {
      const offset = quantity(content.offset, inspection);
      from = inspection.start + offset - inspection.streamOffset;
      if (content.depth !== undefined) to = Math.min(to, from + quantity(content.depth, inspection));
      else if (content.startsWith) to = Math.min(to, from + length);
      if (from < inspection.start) from = inspection.start;
    }
    if (content.endsWith) {
      if (!inspection.complete) to = -1;
      else if (to < inspection.end) to = -1;
      else from = Math.max(from, inspection.end - length);
    }
    if (content.negated) {
      const found = to - from >= length ? searchContent(content, inspection.bytes, from, to) : -1;
      this.#recorder?.condition(
        content,
        at,
        found === -1 ? 'matched' : 'failed',
        found === -1 ? from : found,
        found === -1 ? from : found + length,
        inspection,
      );
      return found === -1 && this.#from(conditions, at + 1, inspection);
    }
    const retry = at + 1 < conditions.length && startsAtCursor(conditions[at + 1]);
    for (let next = from; to - next >= length; ) {
      const found = searchContent(content, inspection.bytes, next, to);
      if (found === -1) break;
      this.#recorder?.condition(content, at, 'matched', found, found + length, inspection);
      inspection.cursor = found + length;
      if (this.#from(conditions, at + 1, inspection)) return true;
      if (!retry || ++this.#steps > MOST_STEPS) return false;
      next = found + 1;
    }
    this.#recorder?.condition(content, at, 'failed', from, Math.max(from, to), inspection);
    return false;
  }

  #pattern(condition: PatternCondition, conditions: readonly BytesCondition[], at: number, inspection: Inspection): boolean {
    const start = condition.relative ? inspection.cursor : inspection.start;
    if (start > inspection.end) return condition.negated && this.#from(conditions, at + 1, inspection);
    const retry = !condition.negated && at + 1 < conditions.length && startsAtCursor(conditions[at + 1]);
    for (let next = start; next <= inspection.end; ) {
      const match = condition.pattern.match(inspection.bytes, start, inspection.end, next);
      if (condition.negated) {
        this.#recorder?.condition(condition, at, match === undefined ? 'matched' : 'failed', match?.start ?? start, match?.end ?? start, inspection);
        return match === undefined && this.#from(conditions, at + 1, inspection);
      }
      if (match === undefined) break;
      const { start: matchStart, end: matchEnd } = match;
      if (condition.captures.length > 0) keepGroups(condition, match, inspection);
      this.#recorder?.condition(condition, at, 'matched', matchStart, matchEnd, inspection);
      inspection.cursor = matchEnd;
      if (this.#from(conditions, at + 1, inspection)) return true;
      if (!retry || ++this.#steps > MOST_STEPS) return false;
      next = matchStart + 1;
    }
    this.#recorder?.condition(condition, at, 'failed', start, inspection.end, inspection);
    return false;
  }

  #decoded(decode: BytesDecode, inspection: Inspection, at: number): boolean {
    const bytes = decode.decode(inspection);
    if (bytes === undefined) {
      this.#recorder?.condition(decode, at, 'failed', inspection.cursor, inspection.cursor, inspection);
      return false;
    }
    this.#recorder?.condition(decode, at, 'matched', inspection.cursor, inspection.cursor, inspection);
    const inner: Inspection = { ...inspection, bytes, start: 0, end: bytes.length, cursor: 0, streamOffset: 0, complete: true };
    return this.#from(decode.conditions, 0, inner);
  }
}

function startsAtCursor(condition: BytesCondition): boolean {
  switch (condition.kind) {
    case 'content':
      return condition.distance !== undefined || condition.within !== undefined;
    case 'pattern':
    case 'test':
      return condition.relative;
    case 'decode':
      return true;
  }
}

function quantity(value: Quantity | undefined, inspection: Inspection): number {
  if (value === undefined) return 0;
  return typeof value === 'number' ? value : inspection.variables[value.variable];
}

/** A fresh inspection state for a rule with `variables` variables. */
export function newInspection(variables: number): Inspection {
  return {
    bytes: new Uint8Array(0),
    start: 0,
    end: 0,
    cursor: 0,
    variables: new Float64Array(variables),
    streamOffset: 0,
    complete: true,
    direction: 0,
    packet: undefined,
    flow: undefined,
    transaction: undefined,
    notes: undefined,
    captured: undefined,
  };
}

/** Texts that are kept are shown in records; longer ones are cut. */
const LONGEST_CAPTURE = 4096;

function keepGroups({ captures }: PatternCondition, { groups }: PatternMatch, inspection: Inspection): void {
  if (groups === undefined) return;
  inspection.captured ??= new Map();
  for (const capture of captures) {
    const start = groups[2 * capture.group];
    const end = Math.min(groups[2 * capture.group + 1], start + LONGEST_CAPTURE);
    if (start >= 0) inspection.captured.set(capture, latin1(inspection.bytes, start, end));
  }
}
