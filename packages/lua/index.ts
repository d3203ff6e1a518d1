/** Door of the Lua package: an interpreter of Lua 5.4 in which a script can use no more than it may. */
export { Interpreter, type Limits } from './interpreter.ts';
export { text as givenText, whole as givenWhole } from './libraries/arguments.ts';
export { Blocked, Float, isTrue as isTruthy, LimitReached, LuaError, type LuaFunction, Table, UserData, type Value } from './values.ts';
