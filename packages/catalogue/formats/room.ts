/** Contents that need more bytes than a size leaves them: for keywords that say how long a buffer or packet is (`dsize`, `bsize`, `urilen`). */
import type { BytesCondition, Comparison, ContentCondition, Contradiction } from '@sigwright/contracts';

/** The largest length that a comparison admits, as far as it is counted against contents; undefined: there is no such bound. */
export function mostOf({ operator, value, upper }: Comparison): number | undefined {
  if (operator === '=' || operator === '<' || operator === '<=') return value;
  return operator === 'range' ? upper : undefined;
}

function isRelative(content: ContentCondition): boolean {
  return content.distance !== undefined || content.within !== undefined;
}

function constant(quantity: ContentCondition['offset']): number {
  return typeof quantity === 'number' ? quantity : 0;
}

/**
 * Bytes that the first content and those relative to one before them need together. A content that must not occur needs no
 * room, but the place where it is looked for has to lie within `most` too.
 */
export function neededBytes(conditions: readonly BytesCondition[], most: number): number {
  let length = 0;
  let offset = 0;
  let isFirst = true;
  for (const content of conditions) {
    if (content.kind !== 'content') continue;
    if (!isFirst) {
      if (!isRelative(content)) continue;
      if (content.negated) {
        const end = length + constant(content.distance) + constant(content.within);
        if (end > most) return end;
        continue;
      }
    }
    length += content.bytes.length + constant(content.distance);
    offset = Math.max(offset, constant(content.offset));
    isFirst = false;
  }
  return length + offset;
}

/** `what`: the thing whose length the comparison says. */
export function noRoom(what: string, size: Comparison, conditions: readonly BytesCondition[]): Contradiction | undefined {
  const most = mostOf(size);
  if (most === undefined) return undefined;
  const needed = neededBytes(conditions, most);
  if (needed <= most) return undefined;
  return {
    code: 'no-room',
    title: `the contents need ${needed} bytes, ${what} has at most ${most}`,
    help: 'such a rule never matches: correct the size or the contents',
    facts: { needed, most, least: size.value },
  };
}
