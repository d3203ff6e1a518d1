/** Descriptions of sessions (SDP, RFC 8866 §5): one letter, an equals sign and a value on each line; what follows `m=` belongs to a medium. */

/** Lines read of one description, and values kept of one kind. */
const MOST_LINES = 1024;
const MOST_VALUES = 64;

export interface SdpMedium {
  readonly media: string;
  /** by letter, in order */
  readonly fields: ReadonlyMap<string, readonly string[]>;
}

export interface SessionDescription {
  /** by letter, in order */
  readonly fields: ReadonlyMap<string, readonly string[]>;
  readonly media: readonly SdpMedium[];
}

/** Undefined where the text does not begin as a description does. */
export function readSdp(text: string): SessionDescription | undefined {
  if (!text.startsWith('v=')) return undefined;
  const fields = new Map<string, string[]>();
  const media: { media: string; fields: Map<string, string[]> }[] = [];
  let current = fields;
  for (const line of text.split('\n', MOST_LINES)) {
    const written = line.replace(/\r$/, '');
    if (written[1] !== '=') continue;
    const letter = written[0];
    const value = written.slice(2);
    if (letter === 'm') {
      if (media.length >= MOST_VALUES) break;
      current = new Map();
      media.push({ media: value, fields: current });
      continue;
    }
    const values = current.get(letter) ?? [];
    if (values.length < MOST_VALUES) values.push(value);
    current.set(letter, values);
  }
  return { fields, media };
}

/** Letters of fields that a session has once, and how records name them. */
const SINGLE: readonly (readonly [letter: string, name: string])[] = [
  ['v', 'version'],
  ['o', 'origin'],
  ['s', 'session_name'],
  ['i', 'session_info'],
  ['u', 'uri'],
  ['e', 'email'],
  ['p', 'phone_number'],
  ['c', 'connection_data'],
];

/** As EVE records show it. */
export function sdpBody({ fields, media }: SessionDescription): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  for (const [letter, name] of SINGLE) {
    const value = fields.get(letter)?.[0];
    if (value !== undefined) body[name] = letter === 'v' ? Number(value) : value;
  }
  const bandwidths = fields.get('b');
  if (bandwidths !== undefined) body['bandwidths'] = bandwidths;
  const times = fields.get('t');
  const repeats = fields.get('r');
  if (times !== undefined) {
    body['time_descriptions'] = times.map((time, index) => (repeats?.[index] === undefined ? { time } : { time, repeat_time: repeats[index] }));
  }
  for (const [letter, name] of [
    ['z', 'timezone'],
    ['k', 'encryption_key'],
  ]) {
    const value = fields.get(letter)?.[0];
    if (value !== undefined) body[name] = value;
  }
  const attributes = fields.get('a');
  if (attributes !== undefined) body['attributes'] = attributes;
  if (media.length > 0) body['media_descriptions'] = media.map(mediumBody);
  return body;
}

function mediumBody({ media, fields }: SdpMedium): Record<string, unknown> {
  const body: Record<string, unknown> = { media };
  for (const [letter, name] of [
    ['i', 'media_info'],
    ['c', 'connection_data'],
    ['k', 'encryption_key'],
  ]) {
    const value = fields.get(letter)?.[0];
    if (value !== undefined) body[name] = value;
  }
  for (const [letter, name] of [
    ['b', 'bandwidths'],
    ['a', 'attributes'],
  ]) {
    const values = fields.get(letter);
    if (values !== undefined) body[name] = values;
  }
  return body;
}
