/** Frames that a rule looks at: which one a name means, and what may stand beside it. */
import { type Catalogue, type FrameBuffer, type Rule, STREAM_FRAME } from '@sigwright/contracts';
import { headerWord } from './header.ts';
import type { RuleDiagnostics } from './rule-diagnostics.ts';
import type { RuleParts } from './rule-parts.ts';
import type { RuleTests } from './rule-tests.ts';

/** With the protocol before it, or without where the header says the protocol. */
export function frameNamed(written: string, rule: Rule, { protocols }: Catalogue): FrameBuffer | undefined {
  const dot = written.indexOf('.');
  const ofHeader = protocols.get(headerWord(rule));
  const ofWord = dot < 0 ? undefined : protocols.get(written.slice(0, dot));
  const tries = [
    [ofHeader, written],
    [ofWord?.aloneAs === undefined || ofWord.aloneAs === written.slice(0, dot) ? ofWord : undefined, written.slice(dot + 1)],
  ] as const;
  for (const [definition, type] of tries) {
    if (definition?.frames === undefined) continue;
    if (!definition.frames.includes(type) && !(type === STREAM_FRAME && definition.transport.includes('tcp'))) continue;
    return { of: 'frame', name: `${definition.aloneAs ?? definition.name}.${type}`, summary: type, shape: 'text', protocol: definition.name, type };
  }
  return undefined;
}

/** A frame is looked at by itself, so nothing else can be known beside it. */
export function checkFrames({ rule, payload }: RuleParts, tests: RuleTests, { refuse }: RuleDiagnostics): void {
  const [first, ...others] = tests.frameTests;
  if (first === undefined) return;
  if (tests.ofTransaction || tests.packetBufferTests.length > 0 || payload.length > 0)
    refuse('frame/mixed', 'frames can not be looked at together with payload or other buffers', rule.protocolSpan);
  if (others.some((test) => test.buffer.name !== first.buffer.name))
    refuse('frame/several', 'no frame is of two kinds', rule.protocolSpan, 'write a rule for each');
}
