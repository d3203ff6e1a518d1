/** What stands under the pointer: what a keyword is for, and what it does in this very rule. Markdown. */

import { counted, entryOf } from '@sigwright/bytes';
import type { BytesCondition, KeywordDefinition } from '@sigwright/contracts';
import { type RuleOption, type Span, span } from '@sigwright/contracts';
import { type CompiledRule, describe } from '@sigwright/detection';
import type { RuleEditor, UseOfName } from './editor.ts';
import { optionTexts } from './option-texts.ts';
import { placeAt } from './place.ts';
import { shifted } from './positions.ts';
import type { RuleLine } from './rule-file.ts';
import { conditionsOf, type Understood, understand } from './understood.ts';

export interface Hover {
  readonly span: Span;
  readonly markdown: string;
}

const MOST_NAMED = 8;

export function hoverAt(editor: RuleEditor, path: string, offset: number): Hover | undefined {
  const line = editor.file(path)?.lineAt(offset);
  if (line === undefined || line.kind === 'comment') return undefined;
  const name = editor.nameAt(path, offset);
  const at = offset - line.start;
  if (name !== undefined && name.use.kind !== 'variable') {
    const uses = editor.usesOf(name.use.key);
    const title = name.use.kind === 'sid' ? `rule ${name.use.name}` : `${name.use.kind} \`${name.use.name}\``;
    const lines = name.use.kind === 'sid' ? [numbered(uses)] : [`set by ${rulesOf(uses, 'sets')}`, `asked by ${rulesOf(uses, 'asks')}`];
    return { span: shifted(name.use.at, line.start), markdown: `**${title}**\n\n${lines.join('  \n')}` };
  }
  const place = placeAt(line.text, at);
  if (place.kind === 'header') {
    const markdown = headerText(editor, line, place.part, line.text.slice(place.word.start, place.word.end), name?.use.name);
    return markdown === undefined ? undefined : { span: shifted(name?.use.at ?? place.word, line.start), markdown };
  }
  if (place.kind === 'outside') return undefined;
  const nameSpan = place.kind === 'name' ? place.word : place.nameSpan;
  const written = line.text.slice(nameSpan.start, nameSpan.end);
  const keyword = editor.environment.catalogue.keywords.get(written);
  if (keyword === undefined) return undefined;
  const option = line.rule?.options.find((one) => one.nameSpan.start === nameSpan.start);
  const here = option === undefined ? [] : inThisRule(editor, line, option, keyword);
  return {
    span: shifted(place.kind === 'name' ? nameSpan : span(nameSpan.start, Math.max(nameSpan.end, place.value.end)), line.start),
    markdown: `${keywordText(keyword)}${here.length === 0 ? '' : `\n\n---\n\n${here.join('\n\n')}`}`,
  };
}

/** A keyword's documentation, from its definition. */
export function keywordText(keyword: KeywordDefinition<never>): string {
  const { argument } = keyword;
  const facts = [
    keyword.kind.replace('-', ' '),
    ...(keyword.protocol === undefined ? [] : [`of ${keyword.protocol}`]),
    `since Suricata ${keyword.since}`,
    ...(keyword.aliases === undefined || keyword.aliases.length === 0 ? [] : [`also ${keyword.aliases.map((alias) => `\`${alias}\``).join(', ')}`]),
  ];
  const form = argument.syntax === '' ? `${keyword.name};` : `${keyword.name}:${argument.syntax};`;
  const example = keyword.examples[0];
  return `**${keyword.name}**: ${keyword.summary}\n\n\`${form}\`\n\n*${facts.join(' · ')}*${example === undefined || example === form ? '' : `\n\nFor example \`${example}\``}`;
}

/** How far the search for a literal may go. */
export function expectedMatches(shape: NonNullable<CompiledRule['prefilter']>['shape']): string {
  switch (shape) {
    case 'whole':
      return ' (as the whole buffer, in a table)';
    case 'suffix':
      return ' (as the end of a name, in a table)';
    case 'placed':
      return ' (at its fixed place)';
    default:
      return '';
  }
}

function headerText(editor: RuleEditor, line: RuleLine, part: number, word: string, variable: string | undefined): string | undefined {
  const { settings, catalogue } = editor.environment;
  if (variable !== undefined) {
    const value = entryOf(settings.addressGroups, variable) ?? entryOf(settings.portGroups, variable);
    const uses = editor.usesOf(`variable ${variable}`).length;
    return `**$${variable}**\n\n${value === undefined ? 'is set nowhere: the rule is refused' : `\`${value}\``}\n\nused ${counted(uses, 'time')}`;
  }
  switch (part) {
    case 0:
      return Object.hasOwn(ACTION_TEXTS, word) ? `**${word}**: ${ACTION_TEXTS[word]}` : undefined;
    case 1: {
      const protocol = catalogue.protocols.get(word.toLowerCase().split(':')[0]);
      return protocol === undefined
        ? undefined
        : `**${protocol.name}**: ${protocol.summary}${protocol.ports.length === 0 ? '' : `\n\nserver ports looked at first: ${protocol.ports.join(', ')}`}`;
    }
    case 4: {
      const demands = line.rule === undefined ? undefined : understand(line.rule, editor.environment)?.compiled;
      const both = word === '<>' ? 'packets of both directions fit' : 'packets from the left to the right fit';
      return `**${word}**: ${both}${demands === undefined || demands.directions.length !== 1 ? '' : `; the rest of the rule looks only at what runs ${demands.directions[0] === 0 ? 'to the server' : 'to the client'}`}`;
    }
    default:
      return undefined;
  }
}

const ACTION_TEXTS: Readonly<Record<string, string>> = {
  alert: 'tells that the rule was true',
  pass: 'what the rule is true of is looked at no further',
  drop: 'the packet is dropped and told; as a detection system it is only told',
  reject: 'the packet is dropped, and its sender is told by a reset or an ICMP error',
  rejectsrc: 'as `reject`: its sender is told',
  rejectdst: 'the packet is dropped, and its receiver is told',
  rejectboth: 'the packet is dropped, and both ends are told',
  config: 'changes how the engine treats the flow',
};

function inThisRule(editor: RuleEditor, line: RuleLine, option: RuleOption, keyword: KeywordDefinition<never>): string[] {
  const rule = line.rule!;
  const understood = understand(rule, editor.environment);
  if (understood === undefined) {
    const why = line.linted?.result.diagnostics.find((one) => one.severity === 'error')?.title;
    return [`*the rule is refused as it stands*${why === undefined ? '' : `: ${why}`}`];
  }
  const { compiled } = understood;
  const options = rule.options;
  const index = options.indexOf(option);
  const said: string[] = [];
  for (const { condition, where } of conditionsOf(understood, option)) said.push(...conditionTexts(condition, where, understood));
  switch (keyword.kind) {
    case 'content-modifier': {
      const content = options.slice(0, index).findLast((one) => conditionsOf(understood, one).some(({ condition }) => condition.kind === 'content'));
      if (content !== undefined) {
        said.push(`Here it changes \`content:${content.value}\`:`);
        for (const { condition, where } of conditionsOf(understood, content)) said.push(...conditionTexts(condition, where, understood));
      }
      break;
    }
    case 'sticky-buffer': {
      const buffer = editor.environment.catalogue.buffers.get(keyword.name);
      const after: string[] = [];
      for (const one of options.slice(index + 1)) {
        const kind = editor.environment.catalogue.keywords.get(one.name)?.kind;
        if (kind === 'sticky-buffer') break;
        if (conditionsOf(understood, one).length > 0) after.push(`\`${one.name}${one.value === undefined ? '' : `:${one.value}`}\``);
      }
      if (after.length > 0) said.push(`Here ${after.join(', ')} ${after.length === 1 ? 'looks' : 'look'} at it.`);
      if (buffer?.of === 'transaction')
        said.push(
          `It is there in what goes ${buffer.directions.map((one) => (one === 0 ? 'to the server' : 'to the client')).join(' and ')}${buffer.multiple ? ', several times in a transaction' : ''}.`,
        );
      break;
    }
    default:
  }
  said.push(...optionTexts(option, keyword, options, understood, editor.environment));
  if (option.name === 'classtype') {
    const known = editor.environment.settings.classifications.get((option.value ?? '').toLowerCase());
    said.push(known === undefined ? 'It is in no classification file: the priority is 3.' : `${known.description}; priority ${known.priority}.`);
  }
  for (const state of [...compiled.checks, ...compiled.changes]) {
    if (understood.origins.get(state) !== option) continue;
    const names = state.kind === 'bit' ? state.names : [state.name];
    for (const name of names) {
      const uses = editor.usesOf(`${keyword.name} ${name}`);
      said.push(`\`${name}\` is set by ${rulesOf(uses, 'sets')} and asked by ${rulesOf(uses, 'asks')}.`);
    }
  }
  return said;
}

function conditionTexts(condition: BytesCondition, where: string, { prefilter, compiled }: Understood): string[] {
  const said = [`Here: ${describe(condition)}, in \`${where}\`.`];
  if (condition.kind === 'content') {
    said.push(`${counted(condition.bytes.length, 'byte')}${windowOf(condition)}.`);
    if (condition === prefilter && compiled.prefilter !== undefined) said.push(`The prefilter looks for it first${expectedMatches(compiled.prefilter.shape)}.`);
  } else if (condition.kind === 'pattern' && condition.pattern.growth !== undefined && condition.pattern.growth !== 'linear') {
    said.push(
      `On an engine that backtracks its time grows ${condition.pattern.growth === 'exponential' ? 'exponentially' : 'faster than the buffer'}; here it is given up after a number of steps.`,
    );
  }
  return said;
}

function windowOf(content: Extract<BytesCondition, { kind: 'content' }>): string {
  const { offset, depth, distance, within } = content;
  const number = (value: typeof offset): string => (typeof value === 'number' ? String(value) : 'a variable');
  if (distance !== undefined || within !== undefined) {
    const from = distance === undefined ? '' : ` from ${number(distance)} bytes behind the match before`;
    return `, looked for${from}${within === undefined ? '' : ` within ${number(within)} bytes`}`;
  }
  if (depth !== undefined) return `, looked for from byte ${number(offset ?? 0)} on, in ${number(depth)} bytes`;
  if (content.startsWith && content.endsWith) return ', which must be the whole buffer';
  if (content.startsWith) return ', which must begin the buffer';
  if (content.endsWith) return ', which must end the buffer';
  return offset === undefined ? ', looked for everywhere' : `, looked for from byte ${number(offset)} on`;
}

function numbered(uses: readonly UseOfName[]): string {
  return uses.length < 2 ? 'no other rule has this number' : `**${counted(uses.length, 'rule')} have this number**`;
}

function rulesOf(uses: readonly UseOfName[], role: 'sets' | 'asks'): string {
  const lines = [...new Set(uses.filter(({ use }) => use.role === role).map(({ line }) => line))];
  if (lines.length === 0) return 'no rule';
  const named = lines.slice(0, MOST_NAMED).map(({ rule }) => `${rule!.sid} (${rule!.message}${rule!.enabled ? '' : ', disabled'})`);
  return `${named.join(', ')}${lines.length > MOST_NAMED ? ` and ${lines.length - MOST_NAMED} more` : ''}`;
}
