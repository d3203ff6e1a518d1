/** The catalogue: everything pluggable, looked up by name. Made by `packages/catalogue`, handed to compilers and engines. */
import type { BufferDefinition } from './buffer.ts';
import type { IndicatorDefinition } from './indicator.ts';
import type { KeywordDefinition } from './keyword.ts';
import type { LintDefinition } from './lint.ts';
import type { ProtocolDefinition } from './protocol.ts';
import type { TransformDefinition } from './transform.ts';

export interface Catalogue {
  /** by name and alias */
  readonly keywords: ReadonlyMap<string, KeywordDefinition<never>>;
  readonly transforms: ReadonlyMap<string, TransformDefinition<never>>;
  readonly protocols: ReadonlyMap<string, ProtocolDefinition>;
  readonly buffers: ReadonlyMap<string, BufferDefinition>;
  readonly lints: ReadonlyMap<string, LintDefinition>;
  readonly indicators: readonly IndicatorDefinition[];
  /** changes whenever a definition's name set changes; a saved plan is refused where it differs */
  readonly fingerprint: string;
}
