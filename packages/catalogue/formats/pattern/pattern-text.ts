/** The text of a pattern, one character a byte, with how far it was read and the letters that hold there. */
import { LINE_BREAKS } from './byte-sets.ts';
import type { PatternFlags } from './tree.ts';

/** PCRE2's names have up to 32 characters; some room for the marks around. */
const LONGEST_HEAD = 80;

/** What is wrong, and where: a byte of the pattern. */
export class Fault extends Error {
  readonly at: number;
  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

export class PatternText {
  readonly source: string;
  at = 0;
  flags: PatternFlags;
  /** what `\R` takes */
  lineBreaks = LINE_BREAKS;

  constructor(source: string, flags: PatternFlags) {
    this.source = source;
    this.flags = flags;
  }

  get character(): string | undefined {
    return this.source[this.at];
  }

  get isOver(): boolean {
    return this.at >= this.source.length;
  }

  startsWith(text: string): boolean {
    return this.source.startsWith(text, this.at);
  }

  /** What is next of the pattern, as much as the head of a group or a name can be. */
  head(): string {
    return this.source.slice(this.at, this.at + LONGEST_HEAD);
  }

  /** Reads what the expression, which begins with `^`, finds in the head. */
  take(expression: RegExp): RegExpExecArray | undefined {
    const found = expression.exec(this.head());
    if (found === null) return undefined;
    this.at += found[0].length;
    return found;
  }
}
