/**
 * Formats that a configuration writes for lines of its own (`customformat`; Suricata user guide, "Custom http logging" and "Custom tls
 * logging"): letters behind `%`, with an argument in braces before them (`%{Referer}i`) and a length in brackets (`%[100]u`).
 */
import { formatAddressLong, latin1 } from '@sigwright/bytes';
import type { Flow } from '@sigwright/contracts';
import { isYes, type Tree } from './configuration-tree.ts';
import { microsOf, strftime } from './log-time.ts';

/** Gives the text of one letter; `argument` is what stands in braces. Undefined: there is nothing to tell. */
export type Field<Subject> = (subject: Subject, argument: string) => Uint8Array | string | undefined;

export interface Timed {
  /** microseconds */
  readonly time: number;
}

export interface OfFlow extends Timed {
  readonly flow: Flow;
}

/** Letters that mean the same in the lines of every protocol. */
export const FLOW_FIELDS: Readonly<Record<string, Field<OfFlow>>> = {
  z: ({ time }) => String(microsOf(time)),
  a: ({ flow }) => formatAddressLong(flow.source, flow.ipVersion),
  p: ({ flow }) => String(flow.sourcePort),
  A: ({ flow }) => formatAddressLong(flow.destination, flow.ipVersion),
  P: ({ flow }) => String(flow.destinationPort),
};

/** What a value that is not there is shown as. */
const NOTHING = '-';
const PIECE = /%(?:\[(\d{1,5})\])?(?:\{([^}]*)\})?([a-zA-Z%])/g;
/** `%t` without a format of its own. */
const DEFAULT_TIME = '%D-%H:%M:%S';

/** Everything that does not print, as its value between bars: `|0A|`. Texts are taken for Latin-1 bytes. */
export function visible(value: Uint8Array | string): string {
  const text = typeof value === 'string' ? value : latin1(value);
  return text.replace(/[^ -~]/g, (letter) => `|${(letter.charCodeAt(0) & 255).toString(16).toUpperCase().padStart(2, '0')}|`);
}

/** As `custom` and `customformat` of the output `name` ask for; undefined: they do not. Throws an Error with words for the user. */
export function customFormat<Subject extends Timed>(
  name: string,
  options: Tree,
  fields: Readonly<Record<string, Field<Subject>>>,
): ((subject: Subject) => string) | undefined {
  if (!isYes(options['custom'], false)) return undefined;
  const written = options['customformat'];
  if (typeof written !== 'string') throw new Error(`${name}: custom needs a customformat`);
  try {
    return lineFormat(written, fields);
  } catch (problem) {
    throw new Error(`${name}: ${(problem as Error).message}`);
  }
}

/** A function that writes the line; throws an Error with words for the user where a letter is none of `fields`, `t` and `%`. */
export function lineFormat<Subject extends Timed>(written: string, fields: Readonly<Record<string, Field<Subject>>>): (subject: Subject) => string {
  const pieces: ((subject: Subject) => string)[] = [];
  let from = 0;
  for (const match of written.matchAll(PIECE)) {
    const [whole, most, argument = '', letter] = match;
    const between = written.slice(from, match.index);
    if (between !== '') pieces.push(() => between);
    from = match.index + whole.length;
    const field = letter === '%' ? undefined : letter === 't' ? timeField<Subject>() : fields[letter];
    if (letter !== '%' && field === undefined) throw new Error(`customformat: ${whole} is not known`);
    const limit = most === undefined ? Number.POSITIVE_INFINITY : Number(most);
    pieces.push((subject) => {
      if (field === undefined) return '%';
      const value = field(subject, argument);
      return value === undefined ? NOTHING : visible(value.slice(0, limit));
    });
  }
  const rest = written.slice(from);
  if (rest !== '') pieces.push(() => rest);
  return (subject) => pieces.map((piece) => piece(subject)).join('');
}

function timeField<Subject extends Timed>(): Field<Subject> {
  return ({ time }, format) => strftime(format === '' ? DEFAULT_TIME : format, time);
}
