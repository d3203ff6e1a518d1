/** `string.pack`, `string.unpack`, `string.packsize` (reference manual, section 6.4.2). */
import { Float, integer, LuaError, type Value } from '../values.ts';
import { badArgument, exact, float, text } from './arguments.ts';

type Item =
  | { readonly kind: 'integer'; readonly size: number; readonly signed: boolean; readonly align: number; readonly little: boolean }
  | { readonly kind: 'float'; readonly size: 4 | 8; readonly align: number; readonly little: boolean }
  | { readonly kind: 'counted'; readonly size: number; readonly align: number; readonly little: boolean }
  | { readonly kind: 'fixed'; readonly size: number; readonly align: 1; readonly little: boolean }
  | { readonly kind: 'ended' | 'padding'; readonly size: 0 | 1; readonly align: 1; readonly little: boolean }
  | { readonly kind: 'alignment'; readonly size: 0; readonly align: number; readonly little: boolean };

const SIZES: Readonly<Record<string, number>> = { b: 1, h: 2, i: 4, l: 8, j: 8, t: 8 };
const LARGEST = 16;

function* itemsOf(format: string): Iterable<Item> {
  let little = true;
  let most = 1;
  let at = 0;
  const digits = (otherwise: number): number => {
    const found = /^\d{1,9}/.exec(format.slice(at, at + 9));
    if (found === null) return otherwise;
    at += found[0].length;
    return Number(found[0]);
  };
  const size = (otherwise: number): number => {
    const found = digits(otherwise);
    if (found < 1 || found > LARGEST) throw new LuaError(`integral size (${found}) out of limits [1,${LARGEST}]`);
    return found;
  };
  const aligned = (bytes: number): number => {
    const align = Math.min(bytes, most);
    if (align > 1 && (align & (align - 1)) !== 0) throw new LuaError('format asks for alignment not power of 2');
    return align;
  };
  const read = (): Item | undefined => {
    const letter = format[at++];
    switch (letter) {
      case ' ':
        return undefined;
      case '<':
      case '=':
        little = true;
        return undefined;
      case '>':
        little = false;
        return undefined;
      case '!':
        most = size(8);
        return undefined;
      case 'f':
        return { kind: 'float', size: 4, align: aligned(4), little };
      case 'd':
      case 'n':
        return { kind: 'float', size: 8, align: aligned(8), little };
      case 's': {
        const bytes = size(8);
        return { kind: 'counted', size: bytes, align: aligned(bytes), little };
      }
      case 'z':
        return { kind: 'ended', size: 0, align: 1, little };
      case 'x':
        return { kind: 'padding', size: 1, align: 1, little };
      case 'c': {
        const bytes = digits(-1);
        if (bytes < 0) throw new LuaError("missing size for format option 'c'");
        return { kind: 'fixed', size: bytes, align: 1, little };
      }
      case 'X': {
        const next = read();
        if (next === undefined || next.kind === 'fixed' || next.align === 0) throw new LuaError("invalid next option for option 'X'");
        return { kind: 'alignment', size: 0, align: next.align, little };
      }
      default: {
        const kind = letter.toLowerCase();
        if (SIZES[kind] === undefined || letter === 'T') {
          if (letter !== 'T') throw new LuaError(`invalid format option '${letter}'`);
        }
        const bytes = kind === 'i' ? size(4) : (SIZES[kind] ?? 8);
        return { kind: 'integer', size: bytes, signed: letter >= 'a', align: aligned(bytes), little };
      }
    }
  };
  while (at < format.length) {
    const item = read();
    if (item !== undefined) yield item;
  }
}

function gap(item: Item, at: number): number {
  return item.align > 1 ? (item.align - (at % item.align)) % item.align : 0;
}

function bytesOf(value: bigint, size: number, little: boolean): string {
  const bytes: number[] = [];
  let rest = value;
  for (let at = 0; at < size; at++) {
    bytes.push(Number(rest & 0xffn));
    rest >>= 8n;
  }
  return String.fromCharCode(...(little ? bytes : bytes.reverse()));
}

function floatBytes(value: number, size: 4 | 8, little: boolean): string {
  const view = new DataView(new ArrayBuffer(8));
  if (size === 4) view.setFloat32(0, value, little);
  else view.setFloat64(0, value, little);
  return Array.from({ length: size }, (_none, at) => String.fromCharCode(view.getUint8(at))).join('');
}

export function pack(args: readonly Value[]): string {
  let out = '';
  let argument = 0;
  for (const item of itemsOf(text(args, 0, 'pack'))) {
    out += '\0'.repeat(gap(item, out.length));
    switch (item.kind) {
      case 'integer': {
        const value = BigInt(exact(args, ++argument, 'pack'));
        if (item.size < 8) {
          const limit = 1n << BigInt(item.size * 8 - (item.signed ? 1 : 0));
          if (item.signed ? value < -limit || value >= limit : BigInt.asUintN(64, value) >= limit)
            badArgument(argument, 'pack', item.signed ? 'integer overflow' : 'unsigned overflow');
        }
        out += bytesOf(value, item.size, item.little);
        break;
      }
      case 'float':
        out += floatBytes(float(args, ++argument, 'pack'), item.size, item.little);
        break;
      case 'counted': {
        const value = text(args, ++argument, 'pack');
        if (item.size < 8 && value.length >= 2 ** (8 * item.size)) badArgument(argument, 'pack', 'string length does not fit in given size');
        out += bytesOf(BigInt(value.length), item.size, item.little) + value;
        break;
      }
      case 'fixed': {
        const value = text(args, ++argument, 'pack');
        if (value.length > item.size) badArgument(argument, 'pack', 'string longer than given size');
        out += value.padEnd(item.size, '\0');
        break;
      }
      case 'ended': {
        const value = text(args, ++argument, 'pack');
        if (value.includes('\0')) badArgument(argument, 'pack', 'string contains zeros');
        out += `${value}\0`;
        break;
      }
      case 'padding':
        out += '\0';
        break;
    }
  }
  return out;
}

export function packSize(format: string): number {
  let size = 0;
  for (const item of itemsOf(format)) {
    if (item.kind === 'counted' || item.kind === 'ended') badArgument(0, 'packsize', 'variable-length format');
    size += gap(item, size) + item.size;
    if (size > 0x7fffffff) badArgument(0, 'packsize', 'format result too large');
  }
  return size;
}

/** Values, and where the next one would begin (from 1). */
export function unpack(format: string, bytes: string, from: number): Value[] {
  const values: Value[] = [];
  let at = from;
  const need = (count: number): void => {
    if (count > bytes.length - at) badArgument(1, 'unpack', 'data string too short');
  };
  const number = (size: number, little: boolean, signed: boolean): bigint => {
    need(size);
    let value = 0n;
    for (let place = 0; place < size; place++) value = (value << 8n) | BigInt(bytes.charCodeAt(little ? at + size - 1 - place : at + place));
    if (size > 8) {
      const high = value >> 64n;
      if (high !== 0n && !(signed && high === (1n << BigInt((size - 8) * 8)) - 1n)) throw new LuaError(`${size}-byte integer does not fit into Lua Integer`);
    }
    at += size;
    return signed ? BigInt.asIntN(size * 8, value) : value;
  };
  for (const item of itemsOf(format)) {
    need(gap(item, at));
    at += gap(item, at);
    switch (item.kind) {
      case 'integer':
        values.push(integer(number(item.size, item.little, item.signed)));
        break;
      case 'float': {
        need(item.size);
        const view = new DataView(new ArrayBuffer(8));
        for (let place = 0; place < item.size; place++) view.setUint8(place, bytes.charCodeAt(at + place));
        values.push(new Float(item.size === 4 ? view.getFloat32(0, item.little) : view.getFloat64(0, item.little)));
        at += item.size;
        break;
      }
      case 'counted': {
        const length = Number(number(item.size, item.little, false));
        need(length);
        values.push(bytes.slice(at, at + length));
        at += length;
        break;
      }
      case 'fixed':
        need(item.size);
        values.push(bytes.slice(at, at + item.size));
        at += item.size;
        break;
      case 'ended': {
        const end = bytes.indexOf('\0', at);
        if (end < 0) badArgument(1, 'unpack', "unfinished string for format 'z'");
        values.push(bytes.slice(at, end));
        at = end + 1;
        break;
      }
      case 'padding':
        need(1);
        at++;
        break;
    }
  }
  values.push(at + 1);
  return values;
}
