/** The catalogue's keywords as a table: what `sigwright keywords` prints and the reference documentation is made of. */
import { allKeywords, catalogue } from '@sigwright/catalogue';
import { DEFAULT_SETTINGS, isProblem, type KeywordDefinition, type RuleBuilder } from '@sigwright/contracts';

export interface KeywordRow {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly status: 'implemented' | 'no effect';
  /** why it has none */
  readonly reason?: string;
  readonly kind: KeywordDefinition['kind'] | '';
  readonly family: string;
  /** the buffer that following contents look at, or that the content before is moved to */
  readonly buffer?: string;
  readonly protocol?: string;
  readonly since: string;
  readonly syntax: string;
  readonly summary: string;
  readonly examples: readonly string[];
  readonly broken: readonly { readonly options: string; readonly code: string }[];
}

/** Which buffer a keyword selects: `apply` is asked, with a builder that only notes it. */
function bufferOf(definition: KeywordDefinition<never>): string | undefined {
  if (definition.kind !== 'sticky-buffer' && definition.kind !== 'content-modifier') return undefined;
  const argument = definition.argument.read(undefined);
  if (isProblem(argument)) return undefined;
  let buffer: string | undefined;
  const note = (name: string): void => {
    buffer ??= name;
  };
  const known: Record<string | symbol, unknown> = {
    selectBuffer: note,
    moveLastContent: note,
    rule: { protocol: 'tcp', options: [] },
    settings: DEFAULT_SETTINGS,
  };
  const builder = new Proxy({}, { get: (_target, name) => known[name] ?? (() => undefined) });
  definition.apply(argument.value, builder as RuleBuilder);
  return buffer;
}

const protocolOf = new Map([...catalogue.protocols.values()].flatMap((protocol) => protocol.keywords.map((keyword) => [keyword.name, protocol.name] as const)));

/** In order of name. */
export function keywordTable(): readonly KeywordRow[] {
  return allKeywords
    .map((definition): KeywordRow => {
      const buffer = bufferOf(definition);
      const protocol = definition.protocol ?? protocolOf.get(definition.name);
      return {
        name: definition.name,
        aliases: definition.aliases ?? [],
        status: definition.withoutEffect === undefined ? 'implemented' : 'no effect',
        ...(definition.withoutEffect === undefined ? {} : { reason: definition.withoutEffect }),
        kind: definition.kind,
        family: definition.family,
        ...(buffer === undefined ? {} : { buffer }),
        ...(protocol === undefined ? {} : { protocol }),
        since: definition.since,
        syntax: definition.argument.syntax,
        summary: definition.summary,
        examples: definition.examples,
        broken: definition.broken ?? [],
      };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
