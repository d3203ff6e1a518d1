/** What rules are compiled with. */
import type { Catalogue, EngineSettings, RuleOption } from '@sigwright/contracts';
import type { HeaderResolver } from './header.ts';

export interface RuleCompiler {
  readonly catalogue: Catalogue;
  readonly settings: EngineSettings;
  readonly headers: HeaderResolver;
  /** rules of the firewall, which say what they do and where in full */
  readonly firewall?: boolean;
  /** filled with the option that wrote each condition, for those who speak to the author */
  readonly origins?: Map<object, RuleOption>;
}
