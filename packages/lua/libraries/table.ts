/** Manipulation of tables (reference manual, section 6.6). */
import type { Interpreter } from '../interpreter.ts';
import { index, lengthOf, lessThan, STRING, setIndex } from '../operations.ts';
import { integerOf, isNumber, isTrue, LuaError, numberText, typeOf, type Value } from '../values.ts';
import { badArgument, optionalText, optionalWhole, table, whole } from './arguments.ts';

/** Values that one call returns at most. */
const MOST_UNPACKED = 100_000;

export function installTables(lua: Interpreter): void {
  const length = (value: Value): number => Number(integerOf(lengthOf(lua, value)) ?? 0);
  const get = (list: Value, at: number): Value => index(lua, list, at, '');
  const set = (list: Value, at: number, value: Value): void => setIndex(lua, list, at, value, '');
  lua.globals.set(
    'table',
    lua.library({
      concat(args) {
        const list = table(args, 0, 'concat');
        const between = optionalText(args, 1, 'concat', '');
        const from = optionalWhole(args, 2, 'concat', 1);
        const to = optionalWhole(args, 3, 'concat', length(list));
        const parts: string[] = [];
        let bytes = 0;
        for (let at = from; at <= to; at++) {
          lua.step();
          const value = get(list, at);
          if (typeof value !== 'string' && !isNumber(value)) throw new LuaError(`invalid value (at index ${at}) in table for 'concat'`);
          const part = typeof value === 'string' ? value : numberText(value);
          bytes += part.length + between.length;
          parts.push(part);
        }
        lua.allocate(bytes + STRING);
        return [parts.join(between)];
      },
      insert(args) {
        const list = table(args, 0, 'insert');
        const end = length(list) + 1;
        if (args.length === 2) set(list, end, args[1]);
        else if (args.length === 3) {
          const at = whole(args, 1, 'insert');
          if (at < 1 || at > end) badArgument(1, 'insert', 'position out of bounds');
          lua.steps(end - at);
          for (let place = end; place > at; place--) set(list, place, get(list, place - 1));
          set(list, at, args[2]);
        } else throw new LuaError("wrong number of arguments to 'insert'");
        return [];
      },
      move(args) {
        const from = whole(args, 1, 'move');
        const end = whole(args, 2, 'move');
        const to = whole(args, 3, 'move');
        const target = args[4] === undefined ? table(args, 0, 'move') : table(args, 4, 'move');
        if (end >= from) {
          lua.steps(end - from);
          if (to > end || to <= from || target !== args[0]) for (let at = 0; at <= end - from; at++) set(target, to + at, get(args[0], from + at));
          else for (let at = end - from; at >= 0; at--) set(target, to + at, get(args[0], from + at));
        }
        return [target];
      },
      pack(args) {
        const list = lua.list(args);
        list.set('n', args.length);
        return [list];
      },
      remove(args) {
        const list = table(args, 0, 'remove');
        const size = length(list);
        const at = optionalWhole(args, 1, 'remove', size);
        if (args[1] !== undefined && size + 1 !== at && (at < 1 || at > size + 1) && !(size === 0 && at === 0))
          badArgument(1, 'remove', 'position out of bounds');
        const removed = get(list, at);
        lua.steps(Math.max(0, size - at));
        for (let place = at; place < size; place++) set(list, place, get(list, place + 1));
        if (at <= size) set(list, Math.max(at, size), undefined);
        return [removed];
      },
      sort(args) {
        const list = table(args, 0, 'sort');
        const size = length(list);
        const compare = args[1];
        if (compare !== undefined && typeof compare !== 'function') badArgument(1, 'sort', `function expected, got ${typeOf(compare)}`);
        const values: Value[] = [];
        for (let at = 1; at <= size; at++) values.push(get(list, at));
        lua.steps(size);
        const before = (a: Value, b: Value): boolean => {
          lua.step();
          return compare === undefined ? lessThan(lua, a, b, false) : isTrue(lua.call(compare, [a, b])[0]);
        };
        values.forEach((value, at) => {
          if (value === undefined && compare === undefined) throw new LuaError(`attempt to compare nil with ${typeOf(values[at === 0 ? 1 : 0])}`);
        });
        mergeSort(values, before).forEach((value, at) => {
          set(list, at + 1, value);
        });
        return [];
      },
      unpack(args) {
        const from = optionalWhole(args, 1, 'unpack', 1);
        const to = optionalWhole(args, 2, 'unpack', args[2] === undefined ? length(args[0]) : 0);
        if (from > to) return [];
        if (to - from >= MOST_UNPACKED) throw new LuaError('too many results to unpack');
        lua.steps(to - from);
        return Array.from({ length: to - from + 1 }, (_none, at) => get(args[0], from + at));
      },
    }),
  );
}

/** JavaScript's own sort leaves nil at the end and may not stop where the order contradicts itself; this one ends always. */
function mergeSort(values: readonly Value[], before: (a: Value, b: Value) => boolean): Value[] {
  if (values.length < 2) return [...values];
  const middle = values.length >> 1;
  const left = mergeSort(values.slice(0, middle), before);
  const right = mergeSort(values.slice(middle), before);
  const merged: Value[] = [];
  let from = 0;
  for (const value of right) {
    while (from < left.length && !before(value, left[from])) merged.push(left[from++]);
    merged.push(value);
  }
  return merged.concat(left.slice(from));
}
