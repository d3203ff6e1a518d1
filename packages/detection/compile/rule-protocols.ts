/** Which application protocols a rule can be true on: what its header says and what its keywords ask for have to agree. */
import type { Catalogue } from '@sigwright/contracts';
import { headerWord, PACKET_PROTOCOLS } from './header.ts';
import type { RuleDiagnostics } from './rule-diagnostics.ts';
import type { RuleParts } from './rule-parts.ts';

/** Undefined: any, or there is none, which was reported. */
export function protocolsOf(parts: RuleParts, catalogue: Catalogue, { refuse }: RuleDiagnostics): readonly string[] | undefined {
  const { rule } = parts;
  const written = headerWord(rule);
  let fromHeader: string | undefined;
  if (!PACKET_PROTOCOLS.has(written)) {
    fromHeader = catalogue.protocols.get(written)?.name;
    if (fromHeader === undefined) {
      refuse('rule/unknown-protocol', `protocol \`${written}\` is not known or not built yet`, rule.protocolSpan, 'the rule is not loaded');
      return undefined;
    }
  }
  let left = fromHeader === undefined ? undefined : spokenAs(catalogue, written);
  for (const demanded of parts.protocols) {
    const able = parts.alone.includes(demanded) ? [demanded] : carriersOf(catalogue, demanded);
    const both: readonly string[] = left === undefined ? able : left.filter((name) => able.includes(name));
    // What both may be carried by is neither of them.
    const isOther = fromHeader !== undefined && !able.includes(fromHeader) && !spokenAs(catalogue, written).includes(demanded);
    if (both.length === 0 || isOther) {
      if (fromHeader === undefined)
        refuse('rule/protocol-conflict', `keywords of different protocols: ${[...parts.protocols].join(', ')}`, rule.protocolSpan, 'no flow can be both');
      else refuse('rule/protocol-conflict', `the header asks for \`${fromHeader}\`, a keyword for \`${demanded}\``, rule.protocolSpan);
      return undefined;
    }
    left = both;
  }
  return left;
}

/** Protocols of the flows that rules for `written`, a header word, may be true on: itself and those that carry it. */
export function spokenAs(catalogue: Catalogue, written: string): readonly string[] {
  const definition = catalogue.protocols.get(written);
  if (definition === undefined) return [];
  return definition.aloneAs === written ? [definition.name] : carriersOf(catalogue, definition.name);
}

/** Protocols of the flows on which this one may be found. */
function carriersOf(catalogue: Catalogue, name: string): readonly string[] {
  return [name, ...(catalogue.protocols.get(name)?.carriedBy ?? [])];
}
