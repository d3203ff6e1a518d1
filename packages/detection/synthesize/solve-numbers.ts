/** Numbers that byte_test and its kin are content with, and how they are written into a buffer. */
/** A number from 0 to `limit` - 1. */
export type Below = (limit: number) => number;

export interface NumberPlace {
  readonly bytes: number;
  readonly offset: number;
  readonly relative: boolean;
  readonly little: boolean;
  /** digits in text, with their base; 0: binary */
  readonly base: number;
}

interface NumberArgument {
  readonly reading?: { bytes: unknown; offset: unknown; relative: boolean; little: boolean; base: number; mask: number | undefined };
  readonly operator?: string;
  readonly negated?: boolean;
  readonly value?: unknown;
}

/** Where a keyword of numbers reads; undefined for other keywords, and where a variable says it. */
export function numberPlaceOf(argument: unknown): NumberPlace | undefined {
  const reading = (argument as NumberArgument | undefined)?.reading;
  if (reading === undefined || typeof reading.bytes !== 'number' || typeof reading.offset !== 'number') return undefined;
  return { bytes: reading.bytes, offset: reading.offset, relative: reading.relative, little: reading.little, base: reading.base };
}

/** Numbers to try, best first. */
export function wantedNumber(keyword: string, argument: unknown, below: Below): readonly number[] {
  const { operator, negated, value, reading } = argument as NumberArgument;
  if (keyword !== 'byte_test') return keyword === 'byte_jump' ? [0, 1, 2, 4, 8] : [4 + below(8), 1, 0];
  const wanted = typeof value === 'number' ? value : 4;
  const unit = reading?.mask === undefined || reading.mask === 0 ? 1 : reading.mask & -reading.mask;
  const scaled = wanted * unit;
  switch (negated ? `!${operator}` : operator) {
    case '<':
    case '!>=':
      return [Math.max(0, scaled - 1), 0];
    case '>':
    case '!<=':
      return [scaled + unit, scaled + 2 * unit];
    case '=':
    case '<=':
    case '>=':
    case '!<':
    case '!>':
    case '!^':
      return [scaled];
    case '&':
      return [scaled];
    default:
      return [scaled + unit, 0, 1];
  }
}

/** Undefined where the number has no room. */
export function numberBytes(number: number, place: NumberPlace): Uint8Array | undefined {
  if (place.base > 0) {
    const digits = number.toString(place.base).padStart(place.bytes, '0');
    if (digits.length > Math.max(place.bytes, 1) && place.bytes > 0) return undefined;
    return Uint8Array.from(digits, (digit) => digit.charCodeAt(0));
  }
  if (number >= 256 ** place.bytes) return undefined;
  const bytes = new Uint8Array(place.bytes);
  for (let at = 0, rest = number; at < place.bytes; at++, rest = Math.floor(rest / 256)) bytes[place.little ? at : place.bytes - 1 - at] = rest % 256;
  return bytes;
}
