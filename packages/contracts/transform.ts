/** A transform changes the bytes of the selected buffer before any content looks at them (`dotprefix`, `url_decode`, …). */
import type { ArgumentGrammar } from './argument-grammar.ts';
import type { RuleBuilder } from './rule-builder.ts';
import type { EngineSettings } from './settings.ts';

export interface TransformDefinition<Value = unknown> {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly since: string;
  readonly summary: string;
  readonly argument: ArgumentGrammar<Value>;
  readonly examples: readonly string[];
  readonly broken?: readonly { readonly options: string; readonly code: string }[];
  /** Makes of the argument what `transform` is called with, for the rule that is compiled; undefined: it said what is wrong. */
  bind?(argument: Value, builder: RuleBuilder): Value | undefined;
  /** what it gives may depend on what it was given before */
  readonly remembers?: boolean;
  /** why a content can not occur in what it gives; undefined: it may */
  excludes?(content: Uint8Array, nocase: boolean): string | undefined;
  /** What `transform` is given in place of the written argument, where it needs something of the engine's settings; or why it can not be had. */
  prepare?(argument: Value, settings: EngineSettings): { readonly value: unknown } | { readonly problem: string };
  /**
   * New bytes; may return `input` itself where nothing changes, never writes to it. Bounded: output of at most
   * 64 KiB + 4 × input, and a fixed number of steps per input byte.
   */
  transform(input: Uint8Array, argument: Value): Uint8Array;
}
