/** What the engine makes of one rule: its compiled form, which option wrote which condition, and what the prefilter looks for. */
import type { BytesCondition, ContentCondition, Rule, RuleOption } from '@sigwright/contracts';
import { type CompiledRule, compileRule, HeaderResolver, prefilterContent } from '@sigwright/detection';
import type { EditorEnvironment } from './editor.ts';

export interface Understood {
  readonly compiled: CompiledRule;
  readonly origins: ReadonlyMap<object, RuleOption>;
  readonly prefilter: ContentCondition | undefined;
}

export function understand(rule: Rule, { catalogue, settings }: EditorEnvironment): Understood | undefined {
  const origins = new Map<object, RuleOption>();
  const { compiled } = compileRule(rule, { catalogue, settings, headers: new HeaderResolver(settings), origins });
  return compiled === undefined ? undefined : { compiled, origins, prefilter: prefilterContent(compiled) };
}

export interface PlacedCondition {
  readonly condition: BytesCondition;
  /** `payload`, or the buffer with its transforms */
  readonly where: string;
}

/** Conditions that one option wrote. */
export function conditionsOf({ compiled, origins }: Understood, option: RuleOption): PlacedCondition[] {
  const found: PlacedCondition[] = [];
  const take = (conditions: readonly BytesCondition[], where: string): void => {
    for (const condition of conditions) {
      if (origins.get(condition) === option) found.push({ condition, where });
      if (condition.kind === 'decode') take(condition.conditions, `${where}, decoded`);
    }
  };
  take(compiled.payload, 'payload');
  for (const { buffer, transforms, conditions } of [...compiled.bufferTests, ...compiled.packetBufferTests])
    take(conditions, [buffer.name, ...transforms.map((one) => one.definition.name)].join(' → '));
  return found;
}
