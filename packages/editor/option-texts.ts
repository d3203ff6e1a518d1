/** What an option does in its rule, where no condition on bytes says it: states of flows, transforms, counting, references, lengths of packets. */
import { counted, entryOf } from '@sigwright/bytes';
import type { KeywordDefinition, RuleOption, Threshold } from '@sigwright/contracts';
import type { CompiledRule } from '@sigwright/detection';
import type { EditorEnvironment } from './editor.ts';
import type { Understood } from './understood.ts';

export function optionTexts(
  option: RuleOption,
  keyword: KeywordDefinition<never>,
  options: readonly RuleOption[],
  understood: Understood,
  environment: EditorEnvironment,
): string[] {
  const { compiled, origins } = understood;
  const value = option.value ?? '';
  switch (keyword.name) {
    case 'flow':
      return flowTexts(compiled);
    case 'threshold':
    case 'detection_filter':
      return compiled.thresholds.filter(({ type }) => (type === 'detection') === (keyword.name === 'detection_filter')).map(thresholdText);
    case 'noalert':
      return [QUIET];
    case 'flowbits':
      return value.trim() === 'noalert' ? [QUIET] : [];
    case 'target':
      return [`The ${compiled.target === 'src_ip' ? 'source' : 'destination'} of the packet is told as the victim, the other end as the attacker.`];
    case 'reference':
      return referenceTexts(value, environment);
    case 'sid':
      return sidTexts(compiled, environment);
    case 'metadata':
      return [
        `${counted(compiled.metadata.length, 'pair')}: ${compiled.metadata.map(({ key, value: said }) => `\`${key}\` ${said.replaceAll('_', '\\_')}`).join(', ')}.`,
      ];
    default:
  }
  if (keyword.kind === 'transform') return transformTexts(option, options, environment);
  return [...compiled.packetConditions, ...compiled.transactionConditions]
    .filter((condition) => origins.get(condition) === option)
    .map(({ describes }) => `Here: ${describes}.`);
}

const QUIET = 'The rule is never told: only what it remembers counts, for the rules that ask for it.';

function flowTexts({ flow }: CompiledRule): string[] {
  const state = flow.established
    ? 'only packets of flows whose handshake was seen (of UDP: both ends have sent)'
    : flow.notEstablished
      ? 'only packets of flows without a whole handshake'
      : 'packets of flows in any state';
  const direction =
    flow.direction === undefined ? 'in both directions' : flow.direction === 0 ? 'from the client to the server' : 'from the server to the client';
  const more = [
    ...(flow.onlyStream ? ['only what was put together from a stream'] : []),
    ...(flow.noStream ? ['only packets as they came'] : []),
    ...(flow.onlyFragments ? ['only packets put together from fragments'] : []),
    ...(flow.noFragments ? ['no packets put together from fragments'] : []),
  ];
  return [`Here: ${[state, direction, ...more].join('; ')}.`];
}

const TRACKS: Readonly<Record<Threshold['track'], string>> = {
  by_src: 'for each source',
  by_dst: 'for each destination',
  by_both: 'for each pair of addresses',
  by_rule: 'for all hosts together',
  by_flow: 'for each flow',
};

function thresholdText({ type, track, count, seconds, multiplier }: Threshold): string {
  const whom = entryOf(TRACKS, track);
  const time = counted(seconds, 'second');
  switch (type) {
    case 'limit':
      return `Here: at most ${counted(count, 'alert')} in ${time}, ${whom}.`;
    case 'threshold':
      return `Here: one alert for every ${counted(count, 'match', 'matches')} within ${time}, ${whom}.`;
    case 'both':
      return `Here: one alert in ${time}, once there were ${counted(count, 'match', 'matches')}, ${whom}.`;
    case 'detection':
      return `Here: true only after more than ${counted(count, 'match', 'matches')} within ${time}, ${whom}.`;
    case 'backoff':
      return `Here: an alert at match ${count}, then each time at ${multiplier ?? 1} times as many, ${whom}.`;
    default:
      return `Here: another action after ${counted(count, 'match', 'matches')} within ${time}, ${whom}.`;
  }
}

function referenceTexts(value: string, { settings }: EditorEnvironment): string[] {
  const comma = value.indexOf(',');
  const type = value.slice(0, comma).trim().toLowerCase();
  const prefix = settings.references.get(type);
  if (comma === -1 || prefix === undefined) return comma === -1 ? [] : [`\`${type}\` is in no reference file: what it leads to is not known.`];
  const address = `${prefix}${value.slice(comma + 1).trim()}`;
  return [/^https?:\/\/[^\s<>]+$/.test(address) ? `Here: <${address}>` : `Here: \`${address}\``];
}

function sidTexts({ gid, sid }: CompiledRule, { sidRanges }: EditorEnvironment): string[] {
  const range = sidRanges?.find(({ from, to }) => sid >= from && sid <= to);
  const where = sidRanges === undefined ? '' : range === undefined ? ', in no range of this ruleset' : `, in the range ${range.from} to ${range.to}`;
  return [`Here: rule ${gid}:${sid}${where}.`];
}

/** The buffer it changes, and what looks at the changed bytes: what stands between the buffer and the next one. */
function transformTexts(option: RuleOption, options: readonly RuleOption[], { catalogue }: EditorEnvironment): string[] {
  const kind = ({ name }: RuleOption): string | undefined => catalogue.keywords.get(name)?.kind;
  const index = options.indexOf(option);
  const buffer = options.slice(0, index).findLast((one) => kind(one) === 'sticky-buffer');
  const behind = options.slice(index + 1);
  const next = behind.findIndex((one) => kind(one) === 'sticky-buffer');
  const lookers = (next === -1 ? behind : behind.slice(0, next)).filter((one) => kind(one) === 'condition');
  if (buffer === undefined || lookers.length === 0) return [];
  const names = lookers.map((one) => `\`${one.name}${one.value === undefined ? '' : `:${one.value}`}\``).join(', ');
  return [`Here it changes \`${buffer.name}\` before ${names} ${lookers.length === 1 ? 'looks' : 'look'} at it.`];
}
