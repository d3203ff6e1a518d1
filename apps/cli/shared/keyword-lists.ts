/** What `--list-keywords` prints: names alone, a table for other programs (`csv`, `json`), or all that is known of each keyword or of one. */
import { catalogue } from '@sigwright/catalogue';
import type { KeywordDefinition } from '@sigwright/contracts';

/** Lines, or undefined where the form is none and no keyword is called so. */
export function keywordLines(form: string | undefined): readonly string[] | undefined {
  const names = [...catalogue.keywords.keys()].sort();
  const known = names.map((name) => [name, catalogue.keywords.get(name)!] as const);
  if (form === undefined) return ['=====Supported keywords=====', ...names.map((name) => `- ${name}`)];
  if (form === 'csv')
    return [
      'name;description;app layer;features;documentation',
      ...known.map(([name, one]) => [name, one.summary.replaceAll(';', ','), one.protocol ?? 'Unset', featuresOf(one).join(',') || 'none', ''].join(';')),
    ];
  if (form === 'json') return [JSON.stringify(Object.fromEntries(known.map(([name, one]) => [name, described(one)])), undefined, 2)];
  if (form === 'all') return known.flatMap(([name, one]) => block(name, one));
  const one = catalogue.keywords.get(form);
  return one === undefined ? undefined : block(form, one);
}

function described(one: KeywordDefinition<never>): Record<string, unknown> {
  return { description: one.summary, app_layer: one.protocol, features: featuresOf(one), since: one.since, argument: one.argument.syntax };
}

function block(name: string, one: KeywordDefinition<never>): readonly string[] {
  return [
    `= ${name} =`,
    `Description: ${one.summary}`,
    ...(one.protocol === undefined ? [] : [`Protocol: ${one.protocol}`]),
    `Features: ${featuresOf(one).join(',') || 'none'}`,
    ...(one.argument.syntax === '' ? [] : [`Argument: ${one.argument.syntax}`]),
    '',
  ];
}

function featuresOf(one: KeywordDefinition<never>): readonly string[] {
  const features: string[] = [];
  if (one.argument.syntax === '') features.push('No option');
  if (one.kind === 'sticky-buffer') features.push('sticky buffer');
  if (one.kind === 'content-modifier') features.push('content modifier');
  if (one.kind === 'transform') features.push('transform');
  if (one.argument.syntax.includes('<number>-<number>')) features.push('uint');
  if (/\bnb<comparison>/.test(one.argument.syntax)) features.push('multi uint');
  return features;
}
