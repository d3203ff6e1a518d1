/**
 * How a keyword's argument is written, declared once per keyword. A grammar is data (`syntax`, `describes`, `samples`) with
 * one function that reads: parser, documentation, completion and the fuzz grammar are all derived from it.
 */
export interface ArgumentProblem {
  readonly problem: string;
  readonly help?: string;
  /** offsets in the argument text; the whole argument where left out */
  readonly start?: number;
  readonly end?: number;
}

export interface ArgumentGrammar<Value> {
  /** as a manual would write it, for example `<number>` or `[!]"<content>"`; empty for none */
  readonly syntax: string;
  /** may the option stand without any argument? */
  readonly optional: boolean;
  /** fixed words that may be completed here */
  readonly words: readonly string[];
  /** arguments that must be read without a problem; also seeds for generated rules */
  readonly samples: readonly string[];
  /** text: after the colon, trimmed; undefined where there is no colon */
  read(text: string | undefined): { readonly value: Value } | ArgumentProblem;
}

export function isProblem(result: object): result is ArgumentProblem {
  return 'problem' in result;
}

export interface Comparison {
  readonly operator: '=' | '!=' | '<' | '<=' | '>' | '>=' | 'range' | '!range' | '&' | '!&' | 'mask' | '!mask';
  readonly value: number;
  /** upper end of ranges, both ends as written; for masks, what is left of the number under `value` */
  readonly upper: number;
}
