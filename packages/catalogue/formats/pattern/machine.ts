/**
 * Backtracking matcher: runs a program (program.ts) on bytes with a stack of its own, so that neither time nor memory depends
 * on the good will of whoever sent the bytes. It gives up (no match, `gaveUp` says so) after a number of steps or at a height
 * of the stack. For patterns that a JavaScript RegExp could take for ever on or can not express.
 */
import type { BeginningSearch } from './beginning.ts';
import { isWord } from './byte-sets.ts';
import {
  ACCEPT,
  ANY_GROUP,
  ASSIGN,
  AT,
  BACK,
  BYTE,
  CALL,
  CLOSE,
  CONFINE,
  COUNT,
  CUT,
  CUT_AND_FAIL,
  END_CALL,
  HEIGHT,
  IF_LESS,
  IF_NOT_CALLED,
  IF_UNMOVED,
  IF_UNSET,
  JUMP,
  KEEP,
  LAZY_RUN,
  MARK,
  MATCHED,
  NO_LIMIT,
  OTHERWISE,
  OWN_RUN,
  PLACE,
  PLACES,
  type Program,
  RETURN,
  RUN,
  SAVE,
  SET,
  SPLIT,
  STEP_BACK,
  VERB,
  VERBS,
} from './program.ts';

/** Numbers on the stack; 16 MB. Four to twenty are used for each turn of a loop that can be undone. */
const HIGHEST_STACK = 4_194_304;
const FIRST_STACK = 4096;
/** Steps given for each byte of the window on top of the limit: one pass over a long body is no attack. */
const STEPS_A_BYTE = 16;
/** Bytes of one run that count as a step. */
const BYTES_A_STEP = 8;

// Kinds of stack frames; each has four numbers.
const FRAME = 4;
/** instruction, position */
const CHOICE = 0;
/** register, its former value */
const RESTORE = 1;
/** instruction, position reached, least position */
const RUN_FRAME = 2;
/** instruction, position reached, furthest position */
const LAZY_FRAME = 3;
/** verb, position, height to go back to (`then`) */
const VERB_FRAME = 4;

const COMMIT = VERBS.indexOf('commit');
const SKIP = VERBS.indexOf('skip');
const THEN = VERBS.indexOf('then');

/** What is kept of a call beside the registers as they were: where it goes on, the call around it, group and position. */
const CALL_HEAD = 4;
const NO_CALL = -1;

const START = PLACES.indexOf('start');
const LINE_START = PLACES.indexOf('line-start');
const END = PLACES.indexOf('end');
const END_OR_NEWLINE = PLACES.indexOf('end-or-newline');
const LINE_END = PLACES.indexOf('line-end');
const WORD = PLACES.indexOf('word');
const NOT_WORD = PLACES.indexOf('not-word');
const NEWLINE = 10;

const WORD_BYTES = Uint8Array.from({ length: 256 }, (_, byte) => (isWord(byte) ? 1 : 0));

// One stack for all machines: a match never starts another.
let stack = new Int32Array(FIRST_STACK);
// The same for calls: those that may be gone back into stay.
let calls = new Int32Array(FIRST_STACK);

export class Machine {
  readonly #program: Program;
  readonly #limit: number;
  readonly #beginning: BeginningSearch | undefined;
  readonly #registers: Int32Array;
  #bytes: Uint8Array = new Uint8Array(0);
  #start = 0;
  #end = 0;
  #searchStart = 0;
  #steps = 0;
  #top = 0;
  #matchEnd = -1;
  /** a verb decided where the next match may begin; undefined: one byte on */
  #nextBegin: number | undefined = undefined;
  gaveUp = false;

  /** `beginning`: finds the places where it is tried; where there is none, or only one place, first bytes do. */
  constructor(program: Program, stepLimit: number, beginning?: BeginningSearch) {
    this.#program = program;
    this.#limit = stepLimit;
    this.#beginning = program.anchor === undefined ? beginning : undefined;
    this.#registers = new Int32Array(program.registers);
  }

  get matchEnd(): number {
    return this.#matchEnd;
  }

  /** Start and end of groups 0 to the last; -1 where one took no part. A copy. */
  groups(): Int32Array {
    const groups = this.#registers.slice(0, (this.#program.groups + 1) * 2);
    groups[1] = this.#matchEnd;
    return groups;
  }

  /** Start of the first match at or after `from`, or -1. */
  search(bytes: Uint8Array, start: number, end: number, from: number): number {
    const { anchor, first, leadingRun, sets } = this.#program;
    const beginning = this.#beginning;
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    this.#searchStart = from;
    this.#steps = this.#limit + STEPS_A_BYTE * (end - start);
    this.gaveUp = false;
    if (anchor === 'start' && from > start) return -1;
    const last = anchor === undefined ? end : from;
    for (let at = from; at <= last; at++) {
      if (beginning !== undefined) {
        at = beginning.next(bytes, at, end);
        if (at < 0) return -1;
      } else if (first !== undefined) {
        while (at < end && first[bytes[at]] === 0) at++;
        if (at >= end || at > last) return -1;
      }
      this.#registers.fill(-1);
      this.#registers[0] = at;
      this.#top = 0;
      this.#nextBegin = undefined;
      if (this.#run(at)) return this.#registers[0];
      if (this.gaveUp) return -1;
      if (this.#nextBegin !== undefined) at = this.#nextBegin - 1;
      if (leadingRun !== undefined) while (at < end && sets[leadingRun + bytes[at]] === 1) at++;
    }
    return -1;
  }

  #push(kind: number, one: number, two: number, three: number): void {
    const top = this.#top;
    if (top + FRAME > stack.length) {
      if (stack.length >= HIGHEST_STACK) {
        this.gaveUp = true;
        return;
      }
      const taller = new Int32Array(stack.length * 4);
      taller.set(stack);
      stack = taller;
    }
    stack[top] = kind;
    stack[top + 1] = one;
    stack[top + 2] = two;
    stack[top + 3] = three;
    this.#top = top + FRAME;
  }

  #set(register: number, value: number): void {
    // With nothing to go back to, nothing has to be restored.
    if (this.#top > 0) this.#push(RESTORE, register, this.#registers[register], 0);
    this.#registers[register] = value;
  }

  #run(from: number): boolean {
    const { code, sets } = this.#program;
    const bytes = this.#bytes;
    const end = this.#end;
    const registers = this.#registers;
    let pc = 0;
    let at = from;
    for (;;) {
      forward: for (;;) {
        if (--this.#steps < 0 || this.gaveUp) {
          this.gaveUp = true;
          return false;
        }
        switch (code[pc]) {
          case MATCHED:
            this.#matchEnd = at;
            return true;
          case BYTE:
            if (at >= end || bytes[at] !== code[pc + 1]) break forward;
            at++;
            pc += 2;
            continue;
          case SET:
            if (at >= end || sets[code[pc + 1] + bytes[at]] === 0) break forward;
            at++;
            pc += 2;
            continue;
          case SPLIT:
            this.#push(CHOICE, code[pc + 2], at, 0);
            pc = code[pc + 1];
            continue;
          case JUMP:
            pc = code[pc + 1];
            continue;
          case SAVE:
            this.#set(code[pc + 1], at);
            pc += 2;
            continue;
          case CLOSE: {
            const group = code[pc + 1] * 2;
            this.#set(group, registers[code[pc + 2]]);
            this.#set(group + 1, at);
            pc += 3;
            continue;
          }
          case PLACE:
            if (!this.#isPlace(code[pc + 1], at)) break forward;
            pc += 2;
            continue;
          case RUN:
          case OWN_RUN: {
            const set = code[pc + 1];
            const least = at + code[pc + 2];
            if (least > end) break forward;
            const most = code[pc + 3] === NO_LIMIT ? end : Math.min(end, at + code[pc + 3]);
            let reached = at;
            while (reached < most && sets[set + bytes[reached]] === 1) reached++;
            this.#steps -= ((reached - at) / BYTES_A_STEP) | 0;
            if (reached < least) break forward;
            if (code[pc] === OWN_RUN) {
              at = reached;
              pc += 5;
              continue;
            }
            if (reached > least) this.#push(RUN_FRAME, pc, reached, least);
            at = reached;
            pc += 5;
            continue;
          }
          case LAZY_RUN: {
            const set = code[pc + 1];
            const least = at + code[pc + 2];
            if (least > end) break forward;
            const most = code[pc + 3] === NO_LIMIT ? end : Math.min(end, at + code[pc + 3]);
            while (at < least) {
              if (sets[set + bytes[at]] === 0) break forward;
              at++;
            }
            if (at < most) this.#push(LAZY_FRAME, pc, at, most);
            pc += 5;
            continue;
          }
          case BACK: {
            const length = this.#back(code[pc + 1] * 2, at, code[pc + 2] === 1);
            if (length < 0) break forward;
            at += length;
            pc += 3;
            continue;
          }
          case MARK:
            this.#push(RESTORE, code[pc + 1], registers[code[pc + 1]], 0);
            registers[code[pc + 1]] = this.#top;
            pc += 2;
            continue;
          case CUT:
            this.#cut(registers[code[pc + 1]]);
            pc += 2;
            continue;
          case CUT_AND_FAIL:
            this.#undo(registers[code[pc + 1]]);
            break forward;
          case OTHERWISE:
            this.#push(CHOICE, code[pc + 1], at, 0);
            pc += 2;
            continue;
          case RETURN:
            at = registers[code[pc + 1]];
            pc += 2;
            continue;
          case STEP_BACK:
            at -= code[pc + 1];
            if (at < this.#start) break forward;
            pc += 2;
            continue;
          case AT:
            if (at !== registers[code[pc + 1]]) break forward;
            pc += 2;
            continue;
          case ASSIGN:
            this.#set(code[pc + 1], code[pc + 2]);
            pc += 3;
            continue;
          case COUNT:
            this.#set(code[pc + 1], registers[code[pc + 1]] + 1);
            pc += 2;
            continue;
          case IF_LESS:
            pc = registers[code[pc + 1]] < code[pc + 2] ? code[pc + 3] : pc + 4;
            continue;
          case IF_UNMOVED:
            pc = at === registers[code[pc + 1]] ? code[pc + 2] : pc + 3;
            continue;
          case IF_UNSET:
            pc = registers[code[pc + 1] * 2] < 0 ? code[pc + 2] : pc + 3;
            continue;
          case KEEP:
            this.#set(0, at);
            pc += 1;
            continue;
          case CALL:
            if (!this.#call(code[pc + 1], pc + 3, at)) return false;
            pc = code[pc + 2];
            continue;
          case END_CALL:
            pc = this.#calledGroup() === code[pc + 1] ? this.#endCall() : pc + 2;
            continue;
          case IF_NOT_CALLED: {
            const group = this.#calledGroup();
            const isCalled = group !== NO_CALL && (code[pc + 1] === ANY_GROUP || code[pc + 1] === group);
            pc = isCalled ? pc + 3 : code[pc + 2];
            continue;
          }
          case ACCEPT:
            if (this.#calledGroup() !== NO_CALL) {
              pc = this.#endCall();
              continue;
            }
            this.#matchEnd = at;
            return true;
          case VERB: {
            const height = code[pc + 2] === 0 ? -1 : registers[code[pc + 2]];
            this.#push(VERB_FRAME, code[pc + 1], at, height);
            pc += 3;
            continue;
          }
          case CONFINE:
            this.#set(this.#program.confined!, this.#top);
            pc += 1;
            continue;
          case HEIGHT:
            this.#set(code[pc + 1], this.#top);
            pc += 2;
            continue;
          default:
            throw new Error(`instruction ${code[pc]} at ${pc} does not exist`);
        }
      }
      // This way failed: back to the last choice.
      back: for (;;) {
        if (this.#top === 0) return false;
        const frame = this.#top - FRAME;
        switch (stack[frame]) {
          case RESTORE:
            registers[stack[frame + 1]] = stack[frame + 2];
            this.#top = frame;
            continue;
          case CHOICE:
            pc = stack[frame + 1];
            at = stack[frame + 2];
            this.#top = frame;
            break back;
          case RUN_FRAME: {
            const instruction = stack[frame + 1];
            const follow = code[instruction + 4];
            const least = stack[frame + 3];
            let reached = stack[frame + 2] - 1;
            // Places where what follows can not go on are passed over.
            const before = reached;
            while (reached > least && sets[follow + bytes[reached]] === 0) reached--;
            this.#steps -= ((before - reached) / BYTES_A_STEP) | 0;
            if (reached <= least) this.#top = frame;
            else stack[frame + 2] = reached;
            at = reached;
            pc = instruction + 5;
            break back;
          }
          case VERB_FRAME: {
            const verb = stack[frame + 1];
            const confined = registers[this.#program.confined!];
            if (verb === THEN && stack[frame + 3] >= Math.max(confined, 0)) this.#undo(stack[frame + 3]);
            else if (confined >= 0) this.#undo(confined);
            else {
              const place = stack[frame + 2];
              if (verb === COMMIT) this.#nextBegin = Number.POSITIVE_INFINITY;
              else if (verb === SKIP && place > from) this.#nextBegin = place;
              return false;
            }
            continue;
          }
          default: {
            const instruction = stack[frame + 1];
            const set = code[instruction + 1];
            const follow = code[instruction + 4];
            const most = stack[frame + 3];
            let reached = stack[frame + 2];
            const before = reached;
            let stopped = false;
            do {
              if (sets[set + bytes[reached]] === 0) {
                stopped = true;
                break;
              }
              reached++;
            } while (reached < most && sets[follow + bytes[reached]] === 0);
            this.#steps -= ((reached - before) / BYTES_A_STEP) | 0;
            if (stopped || reached >= most) this.#top = frame;
            else stack[frame + 2] = reached;
            if (stopped) continue;
            at = reached;
            pc = instruction + 5;
            break back;
          }
        }
      }
    }
  }

  /** The group that is being called, NO_CALL where none is. */
  #calledGroup(): number {
    const { call } = this.#program;
    return call === undefined || this.#registers[call] < 0 ? NO_CALL : calls[this.#registers[call] + 2];
  }

  /** False: it was given up, since it would go on for ever, or there is no room. */
  #call(group: number, goesOn: number, at: number): boolean {
    const registers = this.#registers;
    const call = this.#program.call!;
    const nextCall = this.#program.nextCall!;
    let depth = 0;
    for (let around = registers[call]; around >= 0; around = calls[around + 1]) {
      depth++;
      if (calls[around + 2] !== group) continue;
      if (calls[around + 3] === at) this.gaveUp = true;
      break;
    }
    const begin = Math.max(0, registers[nextCall]);
    const size = CALL_HEAD + registers.length;
    this.#steps -= ((depth + size) / BYTES_A_STEP) | 0;
    if (begin + size > HIGHEST_STACK) this.gaveUp = true;
    if (this.gaveUp) return false;
    if (begin + size > calls.length) {
      const larger = new Int32Array(Math.max(calls.length * 4, begin + size));
      larger.set(calls);
      calls = larger;
    }
    calls[begin] = goesOn;
    calls[begin + 1] = registers[call];
    calls[begin + 2] = group;
    calls[begin + 3] = at;
    calls.set(registers, begin + CALL_HEAD);
    this.#set(call, begin);
    this.#set(nextCall, begin + size);
    if (this.#program.confined !== undefined) this.#set(this.#program.confined, this.#top);
    return true;
  }

  /** Everything but the position is as before the call; returns the instruction behind it. */
  #endCall(): number {
    const registers = this.#registers;
    const call = registers[this.#program.call!];
    const kept = call + CALL_HEAD;
    // Where the match begins may be said in a call. What is kept of it is needed where it is gone back into.
    for (let register = 1; register < registers.length; register++)
      if (register !== this.#program.nextCall && registers[register] !== calls[kept + register]) this.#set(register, calls[kept + register]);
    this.#steps -= (registers.length / BYTES_A_STEP) | 0;
    return calls[call];
  }

  /** Drops the choices above a height, keeps what must be restored. */
  #cut(height: number): void {
    let kept = height;
    for (let frame = height; frame < this.#top; frame += FRAME) {
      if (stack[frame] !== RESTORE) continue;
      if (kept !== frame) stack.copyWithin(kept, frame, frame + FRAME);
      kept += FRAME;
    }
    this.#steps -= ((this.#top - height) / FRAME / BYTES_A_STEP) | 0;
    this.#top = kept;
  }

  #undo(height: number): void {
    while (this.#top > height) {
      this.#top -= FRAME;
      if (stack[this.#top] === RESTORE) this.#registers[stack[this.#top + 1]] = stack[this.#top + 2];
    }
  }

  /** Length of what a group holds, where the same bytes stand at `at`; else -1. */
  #back(group: number, at: number, nocase: boolean): number {
    const from = this.#registers[group];
    const length = this.#registers[group + 1] - from;
    if (from < 0 || at + length > this.#end) return -1;
    this.#steps -= (length / BYTES_A_STEP) | 0;
    const bytes = this.#bytes;
    for (let index = 0; index < length; index++) {
      const one = bytes[from + index];
      const other = bytes[at + index];
      if (one !== other && !(nocase && fold(one) === fold(other))) return -1;
    }
    return length;
  }

  #isPlace(place: number, at: number): boolean {
    const bytes = this.#bytes;
    const end = this.#end;
    switch (place) {
      case START:
        return at === this.#start;
      case LINE_START:
        return at === this.#start || (at < end && bytes[at - 1] === NEWLINE);
      case END:
        return at === end;
      case END_OR_NEWLINE:
        return at === end || (at === end - 1 && bytes[at] === NEWLINE);
      case LINE_END:
        return at === end || bytes[at] === NEWLINE;
      case WORD:
      case NOT_WORD: {
        const before = at > this.#start && WORD_BYTES[bytes[at - 1]] === 1;
        const after = at < end && WORD_BYTES[bytes[at]] === 1;
        return (before !== after) === (place === WORD);
      }
      default:
        return at === this.#searchStart;
    }
  }
}

function fold(byte: number): number {
  return byte >= 65 && byte <= 90 ? byte + 32 : byte;
}
