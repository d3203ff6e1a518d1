/**
 * threshold.config: `threshold`, `event_filter`, `rate_filter` and `suppress` lines for signatures by number. Suricata user guide,
 * "Global-Thresholds". A backslash at the end of a line continues it.
 */
import { entryOf } from '@sigwright/bytes';
import type { GlobalThreshold, Threshold } from '@sigwright/contracts';

export interface ThresholdFile {
  readonly entries: readonly GlobalThreshold[];
  /** lines that could not be read, with their number */
  readonly problems: readonly { readonly line: number; readonly text: string; readonly problem: string }[];
}

const TRACKS: Readonly<Record<string, Threshold['track']>> = {
  by_src: 'by_src',
  by_dst: 'by_dst',
  by_both: 'by_both',
  by_rule: 'by_rule',
  by_flow: 'by_flow',
};
const SIDES: Readonly<Record<string, 'source' | 'destination' | 'either'>> = { by_src: 'source', by_dst: 'destination', by_either: 'either' };
const TYPES = ['limit', 'threshold', 'both'] as const;
const NEW_ACTIONS = ['alert', 'drop', 'pass', 'reject'];

export function readThresholdFile(text: string): ThresholdFile {
  const entries: GlobalThreshold[] = [];
  const problems: { line: number; text: string; problem: string }[] = [];
  const lines = text.split(/\r?\n/);
  for (let at = 0; at < lines.length; at++) {
    const number = at + 1;
    let line = lines[at];
    while (line.endsWith('\\') && at + 1 < lines.length) line = line.slice(0, -1) + lines[++at];
    line = line.trim();
    if (line === '' || line.startsWith('#')) continue;
    const entry = readLine(line);
    if (typeof entry === 'string') problems.push({ line: number, text: line, problem: entry });
    else entries.push(entry);
  }
  return { entries, problems };
}

/** The entry, or what is wrong with it. */
function readLine(line: string): GlobalThreshold | string {
  const [, kind, rest] = /^(\w+)\s+(.*)$/.exec(line) ?? [];
  if (kind === undefined) return 'it is no threshold';
  const fields = fieldsOf(rest);
  const gid = numberOf(fields.get('gen_id'));
  const sid = numberOf(fields.get('sig_id'));
  if (gid === undefined || sid === undefined) return 'gen_id or sig_id is missing';
  const track = fields.get('track') ?? '';
  if (kind === 'suppress') {
    if (!fields.has('track')) return { gid, sid, threshold: undefined, suppress: { side: 'either', addresses: '' } };
    const side = entryOf(SIDES, track);
    const addresses = fields.get('ip');
    if (side === undefined || addresses === undefined) return 'track by_src, by_dst or by_either and an address belong together';
    return { gid, sid, threshold: undefined, suppress: { side, addresses } };
  }
  const tracked = entryOf(TRACKS, track);
  const count = numberOf(fields.get('count'));
  const seconds = numberOf(fields.get('seconds'));
  if (tracked === undefined || count === undefined || seconds === undefined) return 'track, count and seconds are needed';
  if (kind === 'rate_filter') {
    const newAction = fields.get('new_action') ?? '';
    const timeout = numberOf(fields.get('timeout'));
    if (!NEW_ACTIONS.includes(newAction) || timeout === undefined) return 'new_action and timeout are needed';
    return { gid, sid, threshold: { type: 'rate', track: tracked, count, seconds, newAction, timeout }, suppress: undefined };
  }
  if (kind !== 'threshold' && kind !== 'event_filter') return `\`${kind}\` is no kind of threshold`;
  const type = TYPES.find((name) => name === fields.get('type'));
  if (type === undefined) return 'type is neither limit, threshold nor both';
  return { gid, sid, threshold: { type, track: tracked, count, seconds }, suppress: undefined };
}

/** `a 1, b 2`; commas inside brackets belong to a list of addresses. */
function fieldsOf(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  let depth = 0;
  let from = 0;
  for (let at = 0; at <= text.length; at++) {
    if (text[at] === '[') depth++;
    else if (text[at] === ']') depth--;
    if (at < text.length && (text[at] !== ',' || depth > 0)) continue;
    const [, name, value] = /^\s*(\S+)\s+(.*?)\s*$/.exec(text.slice(from, at)) ?? [];
    if (name !== undefined) fields.set(name, value);
    from = at + 1;
  }
  return fields;
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}
