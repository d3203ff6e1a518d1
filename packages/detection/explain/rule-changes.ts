/**
 * Changes of a rule that could remove what stands in its way, the smallest first: what keeps most of its meaning comes before what
 * drops a condition. They are only proposed here; `smallest-change.ts` tries them.
 */
import { type Catalogue, type Diagnostic, type Edit, type Rule, type RuleOption, span } from '@sigwright/contracts';
import type { ExplainedPlace, ExplainedStep } from './explanation.ts';
import { THRESHOLDS } from './silencing-thresholds.ts';

export interface RuleChange {
  readonly title: string;
  /** offsets in the rule's own text */
  readonly edits?: readonly Edit[];
  /** other rules of the set that are left out */
  readonly without?: readonly number[];
  /** another rule of the set, disabled in its file, is enabled */
  readonly enable?: number;
  /** a setting of the engine instead of a rule */
  readonly midstream?: true;
  /** lines of the configuration that keep alerts of the rule back are left out */
  readonly unsuppressed?: true;
}

/** A rule that would set the bit that is waited for. */
export interface BitSetter {
  readonly sid: number;
  readonly enabled: boolean;
}

const POSITIONS: ReadonlySet<string> = new Set(['offset', 'depth', 'distance', 'within', 'startswith', 'endswith']);
const STATE_CHECK = /^\s*(?:isset|isnotset)\b/;

export function changesFor(
  rule: Rule,
  failing: ExplainedStep | undefined,
  refused: readonly Diagnostic[],
  setters: readonly BitSetter[],
  catalogue: Catalogue,
  /** pass rules that let the traffic through */
  passing: readonly number[] = [],
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
    return { span: span(rule.text.slice(0, start).trimEnd().length, end + behind), text: '' };
  };
  const written = (option: RuleOption): string => `\`${option.name}${option.value === undefined ? '' : `:${option.value}`}\``;
  const drop = (option: RuleOption, also: readonly RuleOption[] = []): RuleChange => {
    const gone = [option, ...also];
    const all = [...leftIdle(gone), ...gone];
    return { title: `take out ${all.map(written).join(', ')}`, edits: all.map(removed) };
  };
  const kindOf = (one: RuleOption): string | undefined => catalogue.keywords.get(one.name)?.kind;
  const isSticky = (one: RuleOption): boolean => kindOf(one) === 'sticky-buffer';
  /** the sticky buffer that looks at nothing any more once `gone` are gone, with its transforms */
  const leftIdle = (gone: readonly RuleOption[]): readonly RuleOption[] => {
    const at = options.indexOf(gone[0]);
    const sticky = options.slice(0, at).findLastIndex(isSticky);
    if (sticky === -1 || kindOf(gone[0]) !== 'condition') return [];
    const next = options.findIndex((one, index) => index > sticky && isSticky(one));
    const left = options.slice(sticky + 1, next === -1 ? options.length : next).filter((one) => !gone.includes(one));
    return left.some((one) => kindOf(one) === 'condition') ? [] : [options[sticky], ...left.filter((one) => kindOf(one) === 'transform')];
  };
  /** everything that a sticky buffer looks for, and the buffer */
  const groupAt = (sticky: number): readonly RuleOption[] => {
    const next = options.findIndex((one, index) => index > sticky && isSticky(one));
    const kinds: readonly (string | undefined)[] = ['condition', 'content-modifier', 'transform'];
    return [options[sticky], ...options.slice(sticky + 1, next === -1 ? options.length : next).filter((one) => kinds.includes(kindOf(one)))];
  };
  const rewritten = (option: RuleOption, value: string): RuleChange => ({
    title: `write \`${option.name}:${value}\` instead of ${written(option)}`,
    edits: [{ span: own(option.valueSpan), text: value }],
  });
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
  const field = (which: { readonly text: string; readonly span: { start: number; end: number } }, text: string): Edit => ({ span: own(which.span), text });
  const { source, sourcePorts, destination, destinationPorts } = rule;
  const names = [
    [sourcePorts, 'source ports'],
    [destinationPorts, 'destination ports'],
    [source, 'source'],
    [destination, 'destination'],
  ] as const;

  for (const diagnostic of refused) {
    for (const fix of diagnostic.fixes ?? []) changes.push({ title: fix.title, edits: fix.edits });
    const option = options.find((one) => own(one.span).start <= diagnostic.at.start && diagnostic.at.end <= own(one.span).end);
    const { at } = diagnostic;
    for (const [one, name] of names)
      if (at.start >= own(one.span).start && at.end <= own(one.span).end && one.text !== 'any')
        changes.push({ title: `write \`any\` for the ${name} (\`${one.text}\`)`, edits: [field(one, 'any')] });
    if (option === undefined) {
      // A rule that looks at both directions: what looks at one of them goes.
      for (const [index, one] of options.entries()) {
        if (!isSticky(one)) continue;
        const [first, ...rest] = groupAt(index);
        changes.push(drop(first, rest));
      }
      continue;
    }
    const about = isSticky(option) ? groupAt(options.indexOf(option)) : [option];
    for (const one of about)
      if (one.name === 'content' && one.value !== undefined && !one.value.includes('|') && one.value !== one.value.toLowerCase())
        changes.push(rewritten(one, one.value.toLowerCase()));
    changes.push(drop(option, kindOf(option) === 'condition' ? modifiersOf(options.indexOf(option)) : []));
  }
  if (failing === undefined) {
    for (const option of options) if (THRESHOLDS.has(option.name)) changes.push(drop(option));
    changes.push({ title: 'take it out of the thresholds of the configuration (`threshold-file`)', unsuppressed: true });
    if (passing.length > 0) changes.unshift({ title: `disable the pass ${passing.length === 1 ? 'rule' : 'rules'} ${passing.join(', ')}`, without: passing });
    // Another rule may change the state in the same packet, before this one is asked.
    for (const option of options) if (kindOf(option) === 'state' && STATE_CHECK.test(option.value ?? '')) changes.push(drop(option));
    for (const option of options)
      if (option.name === 'noalert' || (catalogue.keywords.get(option.name)?.kind === 'state' && option.value?.trim() === 'noalert'))
        changes.push(drop(option));
    return changes;
  }
  const at = optionOf(failing);
  const option = options[at];
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
      if (failing.reason === 'transport' && failing.spoken !== undefined)
        changes.push({ title: `write \`${failing.spoken}\` for the protocol`, edits: [{ span: own(rule.protocolSpan), text: failing.spoken }] });
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
      if (failing.moves !== undefined && failing.spoken !== undefined) {
        const moved = options.flatMap((one) => {
          const move = failing.moves!.find(({ from }) => isSticky(one) && catalogue.keywords.get(one.name)?.name === from);
          return move === undefined ? [] : [{ one, ...move }];
        });
        const words = moved.map(({ one, to }) => `\`${to}\` instead of \`${one.name}\``).join(', and at ');
        changes.push({
          title: `write \`${failing.spoken}\` for the protocol and look at ${words}`,
          edits: [{ span: own(rule.protocolSpan), text: failing.spoken }, ...moved.map(({ one, to }) => ({ span: own(one.nameSpan), text: to }))],
        });
      }
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
      if (failing.place === undefined) changes.push({ title: `add \`nocase\` to ${written(option)}`, edits: [{ span: span(end, end), text: '; nocase' }] });
      else {
        const positions = modifiers.filter((one) => POSITIONS.has(one.name));
        changes.push({
          title: `add \`nocase\` to ${written(option)} and take out ${positions.map(written).join(', ')}`,
          edits: [{ span: span(end, end), text: '; nocase' }, ...positions.map(removed)],
        });
      }
      break;
    case 'outside-window': {
      const positions = modifiers.filter((one) => POSITIONS.has(one.name));
      if (failing.place !== undefined) {
        const wider = widerWindow(failing.place, positions);
        if (wider.length > 0)
          changes.push({
            title: wider.map(([one, value]) => `write \`${one.name}:${value}\` instead of ${written(one)}`).join(' and '),
            edits: wider.map(([one, value]) => ({ span: own(one.valueSpan), text: String(value) })),
          });
      }
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
    case 'not-there': {
      const sticky = options.slice(0, at).findLast(isSticky);
      if (option.name === 'content' && option.value?.startsWith('".') === true && sticky !== undefined) {
        const behind = own(sticky.span).end;
        changes.push({ title: `add \`dotprefix\` to \`${sticky.name}\``, edits: [{ span: span(behind, behind), text: '; dotprefix' }] });
      }
      // Letters of the other case can not be told from the pattern without trying.
      const value = option.name === 'pcre' ? /^(.*\/)([A-Za-z]*)("?)$/s.exec(option.value ?? '') : null;
      if (value !== null && !value[2].includes('i')) changes.push(rewritten(option, `${value[1]}i${value[2]}${value[3]}`));
      if (failing.where === 'payload' && rule.protocol === 'tcp-pkt')
        changes.push({
          title: 'write `tcp` for the protocol: what is split over packets is put together',
          edits: [{ span: own(rule.protocolSpan), text: 'tcp' }],
        });
      break;
    }
    case 'condition': {
      const value = failing.measured === undefined ? undefined : admitting(option, failing.measured);
      if (value !== undefined) changes.push(rewritten(option, value));
      const sticky = options.slice(0, at).findLast(isSticky);
      if (failing.elsewhere !== undefined && sticky !== undefined)
        changes.push({
          title: `look at \`${failing.elsewhere}\` instead of \`${sticky.name}\``,
          edits: [{ span: own(sticky.nameSpan), text: failing.elsewhere }],
        });
      break;
    }
    default:
      break;
  }
  // What reads the decoded bytes goes with what decodes them.
  const reader = option.name === 'base64_decode' ? options.findIndex((one, index) => index > at && one.name === 'base64_data') : -1;
  if (reader !== -1) changes.push(drop(option, groupAt(reader)));
  else changes.push(drop(option, kindOf(option) === 'content-modifier' ? [] : modifiers));
  return changes;
}

/** The modifiers that keep a content from where it is, with the numbers that just let it in. */
function widerWindow({ start, end, from, cursor, before }: ExplainedPlace, positions: readonly RuleOption[]): readonly (readonly [RuleOption, number])[] {
  const named = (name: string): RuleOption | undefined => positions.find((one) => one.name === name && /^\s*-?\d+\s*$/.test(one.value ?? ''));
  const [offset, depth, distance, within] = ['offset', 'depth', 'distance', 'within'].map(named);
  const wider: (readonly [RuleOption, number])[] = [];
  let begin = from;
  if (start < begin && distance !== undefined && start >= cursor) {
    wider.push([distance, start - cursor]);
    begin = start;
  } else if (start < begin && offset !== undefined) {
    wider.push([offset, start + before]);
    begin = start;
  }
  if (start < begin) return [];
  for (const one of [within, depth]) if (one !== undefined && end - begin > Number(one.value)) wider.push([one, end - begin]);
  return wider;
}

/** The option's value, changed just so far that a number fits: `<20` for 20 becomes `<21`. Undefined where it compares otherwise. */
function admitting({ name, value }: RuleOption, number: number): string | undefined {
  if (value === undefined) return undefined;
  const fields = value.split(',');
  // Counted bytes, operator, value, offset; of others the comparison comes first, or behind a word.
  if (name === 'byte_test') {
    const [sign] = /^\s*!/.test(fields[1]) ? [''] : (/[<>=]+/.exec(fields[1]) ?? ['']);
    const wanted = bound(sign, number);
    if (wanted === undefined) return undefined;
    fields[2] = String(wanted);
    return fields.join(',');
  }
  if (name === 'stream_size') {
    const wanted = bound(fields[1].trim(), number);
    return wanted === undefined ? undefined : [fields[0], fields[1], String(wanted)].join(',');
  }
  const rest = fields
    .slice(1)
    .map((one) => `,${one}`)
    .join('');
  const range = /^\s*(\d+)\s*(<>|-)\s*(\d+)\s*$/.exec(fields[0]);
  if (range !== null) {
    const [low, high] = [Number(range[1]), Number(range[3])];
    return number <= low ? `${Math.max(0, number - 1)}${range[2]}${high}${rest}` : `${low}${range[2]}${number + 1}${rest}`;
  }
  const single = /^\s*([<>=]*)\s*(\d+)\s*$/.exec(fields[0]);
  const wanted = single === null ? undefined : bound(single[1], number);
  return wanted === undefined ? undefined : `${single![1]}${wanted}${rest}`;
}

/** The number behind a sign with which `number` fits. */
function bound(sign: string, number: number): number | undefined {
  switch (sign) {
    case '':
    case '=':
    case '<=':
    case '>=':
      return number;
    case '<':
      return number + 1;
    case '>':
      return number > 0 ? number - 1 : undefined;
    default:
      return undefined;
  }
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
