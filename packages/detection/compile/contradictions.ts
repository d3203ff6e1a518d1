/** Conditions of one place that are right one by one, but not beside each other. */
import { encodeContent } from '@sigwright/bytes';
import type { BufferDefinition, BytesCondition, ContentCondition, Contradiction, FrameBuffer, PacketCondition } from '@sigwright/contracts';
import type { AppliedTransform } from './compiled-rule.ts';

/** Everything that is asked of one buffer behind the same transforms; without a buffer, of the payload. */
export interface Place {
  readonly buffer: BufferDefinition | FrameBuffer | undefined;
  readonly transforms: readonly AppliedTransform[];
  readonly conditions: readonly BytesCondition[];
}

/** Each with the keyword that it is the fault of. */
export function contradictionsOf(place: Place, packetConditions: readonly PacketCondition[]): readonly (readonly [keyword: string, found: Contradiction])[] {
  const { buffer, transforms, conditions } = place;
  const all: (readonly [string, Contradiction])[] = [];
  for (const condition of conditions) {
    if (condition.kind === 'test') {
      const found = condition.contradicts?.(conditions);
      if (found !== undefined) all.push([condition.keyword, found]);
    }
    if (condition.kind !== 'content') continue;
    const refusal = transforms.length === 0 && buffer?.of !== 'frame' ? buffer?.refuses?.(condition) : undefined;
    if (refusal !== undefined) all.push([buffer!.name, refusal]);
    const excluded = exclusion(condition, transforms);
    if (excluded !== undefined) all.push(excluded);
  }
  if (buffer !== undefined) return all;
  for (const condition of packetConditions) {
    const found = condition.contradicts?.(conditions);
    if (found !== undefined) all.push([condition.keyword, found]);
  }
  return all;
}

/** The first transform that keeps it out: one is enough. */
function exclusion({ bytes, nocase }: ContentCondition, transforms: readonly AppliedTransform[]): readonly [string, Contradiction] | undefined {
  for (const { definition } of transforms) {
    const why = definition.excludes?.(bytes, nocase);
    if (why === undefined) continue;
    const title = `a content can not occur in what \`${definition.name}\` gives: ${why}`;
    return [definition.name, { code: 'excluded', title, facts: { content: encodeContent(bytes), transform: definition.name } }];
  }
  return undefined;
}

/** What is not there can not be looked at; `or_else` needs something else. */
export function absentContradiction({ buffer, conditions }: Place, absent: 'no' | 'only' | 'or_else'): Contradiction | undefined {
  if (absent === 'only' && conditions.length > 0)
    return {
      code: 'beside-others',
      title: `\`${buffer!.name}\` is to be absent, and something is looked for in it`,
      help: 'write `absent:or_else`, or remove the other options',
    };
  if (absent === 'or_else' && conditions.length === 0)
    return { code: 'nothing-else', title: '`or_else` stands without anything else about the buffer', help: 'add a `content`, or write `absent`' };
  return undefined;
}
