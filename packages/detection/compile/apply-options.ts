/**
 * The options of a rule, one after another: each is looked up in the catalogue, its argument read, and its definition applied.
 * This file knows no keyword by name.
 */
import { type Catalogue, type Fix, isProblem, type RuleOption } from '@sigwright/contracts';
import { didYouMean } from '@sigwright/rule-language';
import type { RuleCollector } from './rule-collector.ts';
import type { RuleDiagnostics } from './rule-diagnostics.ts';

/** Options per rule; real rules have fewer than 60. */
const MOST_OPTIONS = 2000;

export function applyOptions(collector: RuleCollector, { keywords }: Catalogue, { refuse }: RuleDiagnostics): void {
  const { options, protocolSpan } = collector.rule;
  if (options.length > MOST_OPTIONS) {
    refuse('rule/too-many-options', `${options.length} options are more than ${MOST_OPTIONS}`, protocolSpan);
    return;
  }
  for (const option of options) {
    const definition = keywords.get(option.name);
    if (definition === undefined) {
      refuse(
        'rule/unknown-keyword',
        `keyword \`${option.name}\` is not known`,
        option.nameSpan,
        'the rule is not loaded; `sigwright keywords` lists what can be used',
        undefined,
        fixOf(option, keywords.keys()),
      );
      continue;
    }
    const argument = definition.argument.read(option.value);
    if (isProblem(argument)) {
      refuse(
        `${definition.name}/argument`,
        argument.problem,
        option.value === undefined ? option.nameSpan : option.valueSpan,
        argument.help ?? (definition.argument.syntax === '' ? 'write it without an argument' : `write \`${definition.name}:${definition.argument.syntax};\``),
      );
      continue;
    }
    collector.takeOption(option, definition, argument.value);
  }
  collector.endOptions();
}

/** The keyword that was probably meant. */
function fixOf(option: RuleOption, known: Iterable<string>): Fix | undefined {
  const meant = didYouMean(option.name, known);
  return meant === undefined ? undefined : { title: `write \`${meant}\``, safe: false, edits: [{ span: option.nameSpan, text: meant }] };
}
