/** Records in the field names of Suricata 8's EVE JSON. One object a line; consumers get them in packet order. */
export type EveRecord = Record<string, unknown>;

export interface RecordSink {
  write(record: EveRecord): void;
}

/** EVE's time form: `2024-03-08T10:00:00.000000+0000`. time: microseconds since 1970. */
export function eveTimestamp(time: number): string {
  const seconds = Math.floor(time / 1e6);
  const micros = Math.floor(time - seconds * 1e6);
  if (seconds !== lastSecond) {
    lastSecond = seconds;
    lastText = Number.isFinite(seconds) && Math.abs(seconds) < 8.64e12 ? new Date(seconds * 1000).toISOString().slice(0, -5) : '1970-01-01T00:00:00';
  }
  return `${lastText}.${String(SIXTH + micros).slice(1)}+0000`;
}

/** A digit before six, so that noughts stay. */
const SIXTH = 1_000_000;

// Consecutive records mostly share their second; formatting a date costs twenty times the rest.
let lastSecond = Number.NaN;
let lastText = '';

/** A bit that records show by name. */
export interface NamedBit {
  readonly name: string;
  readonly bit: number;
}

/** Shows the names of those that are set. */
export function showBits(bits: number, named: readonly NamedBit[], record: EveRecord): void {
  for (let at = 0; at < named.length; at++) if ((bits & named[at].bit) !== 0) record[named[at].name] = true;
}
