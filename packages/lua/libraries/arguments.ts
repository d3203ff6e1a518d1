/** Arguments of library functions, checked as Lua checks them; messages are Lua's. */
import { type Float, floatOf, integerOf, isNumber, LuaError, numberOf, numberText, Table, typeOf, type Value } from '../values.ts';

function wrong(at: number, name: string, message: string): never {
  throw new LuaError(`bad argument #${at + 1} to '${name}' (${message})`);
}

function noType(value: Value, given: boolean): string {
  return given ? typeOf(value) : 'no value';
}

export function text(args: readonly Value[], at: number, name: string): string {
  const value = args[at];
  if (typeof value === 'string') return value;
  if (isNumber(value)) return numberText(value);
  return wrong(at, name, `string expected, got ${noType(value, at < args.length)}`);
}

export function optionalText(args: readonly Value[], at: number, name: string, otherwise: string): string {
  return args[at] === undefined ? otherwise : text(args, at, name);
}

export function number(args: readonly Value[], at: number, name: string): number | bigint | Float {
  const value = args[at];
  const found = isNumber(value) ? value : typeof value === 'string' ? numberOf(value) : undefined;
  return found ?? wrong(at, name, `number expected, got ${noType(value, at < args.length)}`);
}

export function float(args: readonly Value[], at: number, name: string): number {
  return floatOf(number(args, at, name));
}

/** As a number of JavaScript: positions and counts beyond 2^53 are as good as endless. */
export function whole(args: readonly Value[], at: number, name: string): number {
  const value = integerOf(number(args, at, name));
  return value === undefined ? wrong(at, name, 'number has no integer representation') : Number(value);
}

export function exact(args: readonly Value[], at: number, name: string): number | bigint {
  return integerOf(number(args, at, name)) ?? wrong(at, name, 'number has no integer representation');
}

export function optionalWhole(args: readonly Value[], at: number, name: string, otherwise: number): number {
  return args[at] === undefined ? otherwise : whole(args, at, name);
}

export function table(args: readonly Value[], at: number, name: string): Table {
  const value = args[at];
  return value instanceof Table ? value : wrong(at, name, `table expected, got ${noType(value, at < args.length)}`);
}

export function any(args: readonly Value[], at: number, name: string): Value {
  return at < args.length ? args[at] : wrong(at, name, 'value expected');
}

export { wrong as badArgument };
