/**
 * Changes of a rule that could remove what stands in its way, the smallest first: what keeps most of its meaning comes before what
 * drops a condition. They are only proposed here; `explain-rule.ts` tries them.
 */
import { type Catalogue, type Diagnostic, type Edit, type Rule, type RuleOption, span } from '@sigwright/contracts';
import type { ExplainedStep } from './explanation.ts';

export interface RuleChange {
  readonly title: string;
  /** offsets in the rule's own text */
  readonly edits?: readonly Edit[];
  /** another rule of the set is left out */
  readonly without?: number;
  /** another rule of the set, disabled in its file, is enabled */
  readonly enable?: number;
  /** a setting of the engine instead of a rule */
  readonly midstream?: true;
}

/** A rule that would set the bit that is waited for. */
export interface BitSetter {
  readonly sid: number;
  readonly enabled: boolean;
}

const POSITIONS: ReadonlySet<string> = new Set(['offset', 'depth', 'distance', 'within', 'startswith', 'endswith']);
const THRESHOLDS: ReadonlySet<string> = new Set(['threshold', 'detection_filter']);

export function changesFor(
  rule: Rule,
  others: readonly Rule[],
  failing: ExplainedStep | undefined,
  refused: readonly Diagnostic[],
  setters: readonly BitSetter[],
  catalogue: Catalogue,
): readonly RuleChange[] {
  const base = rule.span.start;
  const own = ({ start, end }: { start: number; end: number }): { start: number; end: number } => span(start - base, end - base);
  const options = rule.options;
  const optionOf = (step: ExplainedStep): number =>
    step.option === undefined ? options.findIndex((one) => one.name === step.where) : options.findIndex((one) => one.span.start - base === step.option!.start);
  /** an option with its semicolon and the blank before it */
  const removed = (option: RuleOption): Edit => {
    const { start, end } = own(option.span);
    const behind = /^\s*;/.exec(rule.text.slice(end))?.[0].length ?? 0;
    const before = /\s*$/.exec(rule.text.slice(0, start))![0].length;
    return { span: span(start - before, end + behind), text: '' };
  };
  const written = (option: RuleOption): string => `\`${option.name}${option.value === undefined ? '' : `:${option.value}`}\``;
  const drop = (option: RuleOption, also: readonly RuleOption[] = []): RuleChange => {
    const gone = [option, ...also];
    const idle = leftIdle(gone);
    const all = idle === undefined ? gone : [idle, ...gone];
    return { title: `take out ${all.map(written).join(', ')}`, edits: all.map(removed) };
  };
  /** the sticky buffer that looks at nothing any more once `gone` are gone, with no transform behind it */
  const leftIdle = (gone: readonly RuleOption[]): RuleOption | undefined => {
    const at = options.indexOf(gone[0]);
    const isSticky = (one: RuleOption): boolean => catalogue.keywords.get(one.name)?.kind === 'sticky-buffer';
    const sticky = options.slice(0, at).findLastIndex(isSticky);
    if (sticky === -1 || catalogue.keywords.get(gone[0].name)?.kind !== 'condition') return undefined;
    const next = options.findIndex((one, index) => index > sticky && isSticky(one));
    const left = options.slice(sticky + 1, next === -1 ? options.length : next).filter((one) => !gone.includes(one));
    return left.some((one) => catalogue.keywords.get(one.name)?.kind === 'condition') ? undefined : options[sticky];
  };
  /** modifiers that belong to the content at `index` */
  const modifiersOf = (index: number): RuleOption[] => {
    const found: RuleOption[] = [];
    for (const option of options.slice(index + 1)) {
      if (catalogue.keywords.get(option.name)?.kind !== 'content-modifier') break;
      found.push(option);
    }
    return found;
  };
  const changes: RuleChange[] = [];

  for (const diagnostic of refused) {
    for (const fix of diagnostic.fixes ?? []) changes.push({ title: fix.title, edits: fix.edits });
    const option = options.find((one) => own(one.span).start <= diagnostic.at.start && diagnostic.at.end <= own(one.span).end);
    if (option !== undefined) changes.push(drop(option));
  }
  if (failing === undefined) {
    for (const option of options) if (THRESHOLDS.has(option.name)) changes.push(drop(option));
    for (const other of others) if (other.action === 'pass') changes.push({ title: `disable the pass rule ${other.sid}`, without: other.sid });
    for (const option of options)
      if (option.name === 'noalert' || (catalogue.keywords.get(option.name)?.kind === 'state' && option.value?.trim() === 'noalert'))
        changes.push(drop(option));
    return changes;
  }
  const at = optionOf(failing);
  const option = options[at];
  const field = (which: { readonly text: string; readonly span: { start: number; end: number } }, text: string): Edit => ({ span: own(which.span), text });
  switch (failing.reason) {
    case 'direction':
    case 'variables':
    case 'ports':
    case 'transport':
    case 'flow':
    case 'no-handshake': {
      if (failing.where === 'flow') {
        const flow = options.find((one) => one.name === 'flow');
        if (flow?.value === undefined) break;
        if (failing.reason === 'no-handshake') changes.push(MIDSTREAM);
        const words = flow.value.split(',').map((word) => word.trim());
        const turned: Readonly<Record<string, string>> = { to_server: 'to_client', from_client: 'to_client', to_client: 'to_server', from_server: 'to_server' };
        if (words.some((word) => turned[word] !== undefined)) {
          const text = words.map((word) => turned[word] ?? word).join(',');
          changes.push({ title: `write \`flow:${text}\``, edits: [{ span: own(flow.valueSpan), text }] });
        }
        for (const word of words) {
          const left = words.filter((one) => one !== word);
          if (left.length === 0) changes.push(drop(flow));
          else changes.push({ title: `write \`flow:${left.join(',')}\``, edits: [{ span: own(flow.valueSpan), text: left.join(',') }] });
        }
        break;
      }
      if (failing.reason === 'no-handshake') {
        changes.push(MIDSTREAM);
        break;
      }
      const { source, sourcePorts, destination, destinationPorts } = rule;
      const names = [
        [sourcePorts, 'source ports'],
        [destinationPorts, 'destination ports'],
        [source, 'source'],
        [destination, 'destination'],
      ] as const;
      if (rule.direction === '->') {
        const arrow = rule.text.indexOf('->', own(sourcePorts.span).end);
        if (failing.reason === 'direction' && arrow !== -1)
          changes.push({ title: 'write `<>`, for both directions', edits: [{ span: span(arrow, arrow + 2), text: '<>' }] });
      }
      for (const [one, name] of names)
        if (one.text !== 'any') changes.push({ title: `write \`any\` for the ${name} (\`${one.text}\`)`, edits: [field(one, 'any')] });
      if (source.text !== 'any' && destination.text !== 'any')
        changes.push({ title: 'write `any` for both addresses', edits: [field(source, 'any'), field(destination, 'any')] });
      if (sourcePorts.text !== 'any' || destinationPorts.text !== 'any')
        changes.push({
          title: 'write `any` for addresses and ports',
          edits: names.filter(([one]) => one.text !== 'any').map(([one]) => field(one, 'any')),
        });
      if (failing.reason === 'transport') changes.push({ title: 'write `ip` for the protocol', edits: [{ span: own(rule.protocolSpan), text: 'ip' }] });
      break;
    }
    case 'other-protocol':
    case 'not-recognised':
    case 'no-transaction':
      if (failing.reason !== 'other-protocol') changes.push(MIDSTREAM);
      if (failing.spoken !== undefined)
        changes.push({ title: `write \`${failing.spoken}\` for the protocol`, edits: [{ span: own(rule.protocolSpan), text: failing.spoken }] });
      for (const word of ['tcp', 'udp']) changes.push({ title: `write \`${word}\` for the protocol`, edits: [{ span: own(rule.protocolSpan), text: word }] });
      changes.push(...intoPayload(rule, own, catalogue));
      break;
    default:
      break;
  }
  if (option === undefined) return changes;
  const modifiers = modifiersOf(at);
  const end = own(option.span).end;
  const afterModifiers = modifiers.length === 0 ? end : own(modifiers[modifiers.length - 1].span).end;
  switch (failing.reason) {
    case 'bit':
      for (const { sid, enabled } of setters) if (!enabled) changes.push({ title: `enable rule ${sid}, which sets it`, enable: sid });
      break;
    case 'other-case':
      changes.push({ title: `add \`nocase\` to ${written(option)}`, edits: [{ span: span(end, end), text: '; nocase' }] });
      break;
    case 'outside-window': {
      const positions = modifiers.filter((one) => POSITIONS.has(one.name));
      for (const one of positions) changes.push(drop(one));
      const [first, ...rest] = positions;
      if (first !== undefined) changes.push(drop(first, rest));
      break;
    }
    case 'other-buffer':
    case 'before-normalisation':
    case 'buffer-absent': {
      const { elsewhere } = failing;
      if (elsewhere === undefined) break;
      const sticky = options.slice(0, at).findLast((one) => catalogue.keywords.get(one.name)?.kind === 'sticky-buffer');
      const transforms = options
        .slice(sticky === undefined ? at : options.indexOf(sticky), at)
        .filter((one) => catalogue.keywords.get(one.name)?.kind === 'transform');
      if (failing.reason === 'before-normalisation' && transforms.length > 0) changes.push(drop(transforms[0], transforms.slice(1)));
      if (sticky !== undefined) {
        changes.push({ title: `look at \`${elsewhere}\` instead of \`${sticky.name}\``, edits: [{ span: own(sticky.nameSpan), text: elsewhere }] });
        changes.push({
          title: `look for ${written(option)} in \`${elsewhere}\``,
          edits: [
            { span: span(own(option.span).start, own(option.span).start), text: `${elsewhere}; ` },
            { span: span(afterModifiers, afterModifiers), text: `; ${sticky.name}` },
          ],
        });
      } else
        changes.push({
          title: `look for ${written(option)} in \`${elsewhere}\``,
          edits: [{ span: span(own(option.span).start, own(option.span).start), text: `${elsewhere}; ` }],
        });
      break;
    }
    default:
      break;
  }
  changes.push(drop(option, catalogue.keywords.get(option.name)?.kind === 'content-modifier' ? [] : modifiers));
  return changes;
}

const MIDSTREAM: RuleChange = {
  title: 'set `stream.midstream: true` in the configuration: the capture begins behind the handshake',
  midstream: true,
};

/** All contents looked for in the payload: sticky buffers taken out. */
function intoPayload(rule: Rule, own: (span: { start: number; end: number }) => { start: number; end: number }, catalogue: Catalogue): RuleChange[] {
  const sticky = rule.options.filter((one) => catalogue.keywords.get(one.name)?.kind === 'sticky-buffer');
  if (sticky.length === 0) return [];
  return ['tcp', 'udp'].map((protocol) => ({
    title: `look at the ${protocol} payload instead of ${sticky.map((one) => `\`${one.name}\``).join(', ')}`,
    edits: [
      { span: own(rule.protocolSpan), text: protocol },
      ...sticky.map((one) => {
        const { start, end } = own(one.span);
        const behind = /^\s*;\s*/.exec(rule.text.slice(end))?.[0].length ?? 0;
        return { span: span(start, end + behind), text: '' };
      }),
    ],
  }));
}
