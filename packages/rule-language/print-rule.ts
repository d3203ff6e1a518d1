/** Typed rule → one line of text in the usual spacing: no blank behind `:`, one behind `;`. Reading it again gives the same rule. */
import type { Rule } from '@sigwright/contracts';

export function printRule(rule: Rule): string {
  const { action, protocol, source, sourcePorts, direction, destination, destinationPorts } = rule;
  const header = [action, protocol, source.text, sourcePorts.text, direction, destination.text, destinationPorts.text].map(joined).join(' ');
  const options = rule.options.map(({ name, value }) => (value === undefined ? `${joined(name)};` : `${joined(name)}:${value};`)).join(' ');
  return `${rule.enabled ? '' : '#'}${header} (${options})`;
}

/** What was written over several lines becomes one. */
function joined(text: string): string {
  return text.includes('\n') ? text.replace(/\\?\r?\n/g, ' ') : text;
}
