/** Options that set or ask state (`flowbits`, `xbits`, `hostbits`, `flowint`), as the rule's text has them. */
import type { Rule, RuleOption } from '@sigwright/contracts';

const STATE = /^(?:flowbits|xbits|hostbits|flowint)$/;

/** What an option does with state. */
export interface StateOption {
  readonly keyword: string;
  readonly verb: string;
  readonly names: readonly string[];
  /** of xbits and hostbits: whom it is kept for */
  readonly track: string;
  /** seconds */
  readonly expire: number | undefined;
}

/** Undefined where it does nothing with state. */
export function stateOf({ name, value }: RuleOption): StateOption | undefined {
  if (!STATE.test(name) || value === undefined) return undefined;
  const parts = value.split(',').map((part) => part.trim());
  const [verb, bits] = name === 'flowint' ? [parts[1] ?? '', parts[0]] : [parts[0], parts[1] ?? ''];
  const words = parts.slice(2);
  const track = name === 'hostbits' ? (words[0] ?? 'src') : (words.find((one) => one.startsWith('track'))?.replace(/^track\s+/, '') ?? '');
  const expire = /^expire\s+(\d+)$/.exec(words.find((one) => one.startsWith('expire')) ?? '');
  return { keyword: name, verb, names: bits.split('|').map((one) => one.trim()), track, expire: expire === null ? undefined : Number(expire[1]) };
}

/** Bits and numbers that a rule names, with their keywords, whatever is done with them. */
export function stateNames(rule: Rule): Set<string> {
  const names = new Set<string>();
  for (const option of rule.options) {
    const state = stateOf(option);
    for (const name of state?.names ?? []) if (name !== '') names.add(`${state!.keyword} ${name}`);
  }
  return names;
}

const SETTING: ReadonlySet<string> = new Set(['set', 'toggle', '=', '+', '-']);

/** Does an option set what another one asks for? */
export function sets(one: StateOption | undefined, wanted: StateOption): boolean {
  return one !== undefined && one.keyword === wanted.keyword && SETTING.has(one.verb) && one.names.some((name) => wanted.names.includes(name));
}
