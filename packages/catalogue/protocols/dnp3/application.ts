/** Messages of the application layer of DNP3 (IEEE 1815 §4): control, function, indications and objects with their points. */
import { latin1 } from '@sigwright/bytes';
import { type Field, pointsOf } from './object-tables.ts';

const RESPONSE = 129;
const UNSOLICITED_RESPONSE = 130;
const AUTHENTICATED_RESPONSE = 131;
const READ = 1;
/** Objects of one message, and points of one message, that Suricata reads at most. */
const MOST_OBJECTS = 2048;
const MOST_POINTS = 16_384;
/** Points of one message that a record shows. */
const MOST_SHOWN = 1024;
/** Prefixes from this code on are sizes (§4.2.2.7.3.2). */
const FIRST_SIZE_PREFIX = 4;

export interface DnpObject {
  readonly group: number;
  readonly variation: number;
  readonly qualifier: number;
  readonly prefixCode: number;
  readonly rangeCode: number;
  readonly start: number;
  readonly stop: number;
  readonly count: number;
  readonly points: readonly Record<string, number | string>[];
}

export interface DnpMessage {
  readonly control: number;
  readonly functionCode: number;
  /** both bytes, the first one in the high half; undefined in requests */
  readonly indications: number | undefined;
  readonly objects: readonly DnpObject[];
  /** every object could be read */
  readonly complete: boolean;
  readonly anomalies: readonly string[];
}

export function isResponse(functionCode: number): boolean {
  return functionCode >= RESPONSE && functionCode <= AUTHENTICATED_RESPONSE;
}

export function isUnsolicited(functionCode: number): boolean {
  return functionCode === UNSOLICITED_RESPONSE;
}

/** Undefined where not even the header is there. */
export function readMessage(bytes: Uint8Array): DnpMessage | undefined {
  if (bytes.length < 2) return undefined;
  const functionCode = bytes[1];
  const answers = isResponse(functionCode);
  if (answers && bytes.length < 4) return undefined;
  const reader = new ObjectReader(bytes, answers ? 4 : 2, functionCode === READ);
  const complete = reader.read();
  return {
    control: bytes[0],
    functionCode,
    indications: answers ? (bytes[2] << 8) | bytes[3] : undefined,
    objects: reader.objects,
    complete,
    anomalies: reader.anomalies,
  };
}

class ObjectReader {
  readonly objects: DnpObject[] = [];
  readonly anomalies: string[] = [];
  readonly #bytes: Uint8Array;
  readonly #asksOnly: boolean;
  #at: number;
  #points = 0;

  constructor(bytes: Uint8Array, at: number, asksOnly: boolean) {
    this.#bytes = bytes;
    this.#at = at;
    this.#asksOnly = asksOnly;
  }

  read(): boolean {
    while (this.#at < this.#bytes.length) {
      if (this.objects.length >= MOST_OBJECTS) return this.#stop('too_many_objects');
      if (!this.#object()) return false;
    }
    return true;
  }

  #stop(anomaly: string): false {
    this.anomalies.push(anomaly);
    return false;
  }

  #has(length: number): boolean {
    return length <= this.#bytes.length - this.#at;
  }

  /** Lowest byte first. */
  #number(size: number): number {
    let value = 0;
    for (let index = size - 1; index >= 0; index--) value = value * 256 + this.#bytes[this.#at + index];
    this.#at += size;
    return value;
  }

  #object(): boolean {
    if (!this.#has(3)) return false;
    const group = this.#number(1);
    const variation = this.#number(1);
    const qualifier = this.#number(1);
    const prefixCode = (qualifier >> 4) & 7;
    const rangeCode = qualifier & 15;
    const range = this.#range(rangeCode);
    if (range === undefined) return false;
    const points: Record<string, number | string>[] = [];
    const object: DnpObject = { group, variation, qualifier, prefixCode, rangeCode, ...range, points };
    this.objects.push(object);
    if (range.count === 0 || (this.#asksOnly && prefixCode === 0)) return true;
    return this.#readPoints(object, points);
  }

  /** §4.2.2.7.3.3: first and last, a count, or nothing for all there is. */
  #range(code: number): { start: number; stop: number; count: number } | undefined {
    const none = { start: 0, stop: 0, count: 0 };
    if (code <= 5) {
      const size = [1, 2, 4][code % 3];
      if (!this.#has(2 * size)) return undefined;
      const start = this.#number(size);
      const stop = this.#number(size);
      return stop < start ? undefined : { start, stop, count: stop - start + 1 };
    }
    if (code === 6) return none;
    const size = code === 11 ? 1 : [1, 2, 4][code - 7];
    return size === undefined || !this.#has(size) ? undefined : { ...none, count: this.#number(size) };
  }

  #readPoints({ group, variation, prefixCode, count, start }: DnpObject, points: Record<string, number | string>[]): boolean {
    this.#points += count;
    if (this.#points > MOST_POINTS) return this.#stop('too_many_points');
    const known = pointsOf(group, variation);
    if (known === undefined) return this.#stop('unknown_object');
    if (known.packed > 0) return this.#packed(known.packed, count, start, points);
    const prefixSize = [0, 1, 2, 4, 1, 2, 4][prefixCode];
    if (prefixSize === undefined) return false;
    const sized = prefixCode >= FIRST_SIZE_PREFIX;
    for (let index = 0; index < count; index++) {
      if (!this.#has(prefixSize)) return false;
      const prefix = this.#number(prefixSize);
      const point: Record<string, number | string> = { prefix, index: prefixSize > 0 && !sized ? prefix : start + index };
      if (sized) point['size'] = prefix;
      const end = sized ? this.#at + prefix : this.#bytes.length;
      if (end > this.#bytes.length) return false;
      if (sized || !this.#asksOnly) {
        for (const field of known.fields) if (!this.#field(field, point, end)) return false;
      }
      if (sized) this.#at = end;
      if (points.length < MOST_SHOWN) points.push(point);
    }
    return true;
  }

  #packed(width: number, count: number, start: number, points: Record<string, number | string>[]): boolean {
    const length = Math.ceil((count * width) / 8);
    if (!this.#has(length)) return false;
    const mask = (1 << width) - 1;
    for (let index = 0; index < Math.min(count, MOST_SHOWN - points.length); index++) {
      const bit = index * width;
      points.push({ prefix: 0, index: start + index, state: (this.#bytes[this.#at + (bit >> 3)] >> (bit & 7)) & mask });
    }
    this.#at += length;
    return true;
  }

  #field(field: Field, point: Record<string, number | string>, end: number): boolean {
    const bytes = this.#bytes;
    if (field.kind === 'text') {
      const length = field.sizeFrom === undefined ? end - this.#at : Number(point[field.sizeFrom] ?? field.sizeFrom);
      if (length > end - this.#at) return false;
      point[field.name] = latin1(bytes, this.#at, this.#at + length);
      this.#at += length;
      return true;
    }
    const size = field.kind === 'bits' ? 1 : field.size;
    if (size > end - this.#at) return false;
    switch (field.kind) {
      case 'bits': {
        let value = this.#number(1);
        for (const [name, width] of field.parts) {
          point[name] = value & ((1 << width) - 1);
          value >>= width;
        }
        return true;
      }
      case 'number': {
        const value = this.#number(size);
        point[field.name] = field.signed && value >= 2 ** (8 * size - 1) ? value - 2 ** (8 * size) : value;
        return true;
      }
      case 'float': {
        const view = new DataView(bytes.buffer, bytes.byteOffset + this.#at, size);
        const value = size === 4 ? view.getFloat32(0, true) : view.getFloat64(0, true);
        // JSON has no infinity.
        point[field.name] = Number.isFinite(value) ? value : String(value);
        this.#at += size;
        return true;
      }
    }
  }
}
