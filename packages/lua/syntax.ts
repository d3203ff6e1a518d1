/** The tree of a Lua script, with names resolved: a name is a local of its function, one of a function around it, or global. */
import type { Float } from './values.ts';

export interface Local {
  readonly name: string;
  readonly slot: number;
  /** a function inside uses it: it lives in a cell of its own */
  captured: boolean;
  readonly constant: boolean;
  /** `<close>` */
  readonly closes: boolean;
}

export type Expression =
  | { readonly kind: 'constant'; readonly value: undefined | boolean | number | bigint | string | Float }
  | { readonly kind: 'rest' }
  /** of what a coroutine evaluated before: 1 is on top */
  | { readonly kind: 'held'; readonly fromTop: number }
  | { readonly kind: 'local'; readonly local: Local }
  | { readonly kind: 'outer'; readonly index: number; readonly name: string; readonly constant: boolean }
  | { readonly kind: 'global'; readonly name: string; readonly line: number }
  | { readonly kind: 'index'; readonly object: Expression; readonly key: Expression; readonly line: number }
  | { readonly kind: 'call'; readonly callee: Expression; readonly arguments: readonly Expression[]; readonly line: number }
  | { readonly kind: 'method'; readonly object: Expression; readonly name: string; readonly arguments: readonly Expression[]; readonly line: number }
  | { readonly kind: 'function'; readonly body: FunctionBody }
  | { readonly kind: 'binary'; readonly operator: string; readonly left: Expression; readonly right: Expression; readonly line: number }
  | { readonly kind: 'unary'; readonly operator: string; readonly operand: Expression; readonly line: number }
  | { readonly kind: 'group'; readonly inner: Expression }
  | { readonly kind: 'table'; readonly fields: readonly TableField[]; readonly line: number };

export interface TableField {
  /** undefined: the next place of the list */
  readonly key: Expression | undefined;
  readonly value: Expression;
}

export type Statement =
  | { readonly kind: 'local'; readonly locals: readonly Local[]; readonly values: readonly Expression[]; readonly line: number }
  | { readonly kind: 'assign'; readonly targets: readonly Expression[]; readonly values: readonly Expression[]; readonly line: number }
  | { readonly kind: 'call'; readonly call: Expression }
  | { readonly kind: 'do'; readonly body: Block }
  | { readonly kind: 'while'; readonly condition: Expression; readonly body: Block }
  | { readonly kind: 'repeat'; readonly body: Block; readonly condition: Expression }
  | { readonly kind: 'if'; readonly cases: readonly { readonly condition: Expression; readonly body: Block }[]; readonly otherwise: Block | undefined }
  | {
      readonly kind: 'for';
      readonly local: Local;
      readonly from: Expression;
      readonly to: Expression;
      readonly step: Expression | undefined;
      readonly body: Block;
      readonly line: number;
    }
  | { readonly kind: 'for-in'; readonly locals: readonly Local[]; readonly values: readonly Expression[]; readonly body: Block; readonly line: number }
  | { readonly kind: 'local-function'; readonly local: Local; readonly body: FunctionBody }
  | { readonly kind: 'return'; readonly values: readonly Expression[] }
  | { readonly kind: 'break' }
  | { readonly kind: 'goto'; readonly label: string }
  | { readonly kind: 'label'; readonly name: string };

export interface Block {
  readonly statements: readonly Statement[];
  /** locals that lie in it, with `<close>` */
  readonly closes: readonly Local[];
}

export interface FunctionBody {
  readonly name: string;
  readonly line: number;
  readonly parameters: readonly Local[];
  readonly hasRest: boolean;
  readonly body: Block;
  /** locals at a time, at most */
  slots: number;
  /** where each name of functions around it comes from: a local of the next one, or one of that function's own outer names */
  readonly outer: readonly { readonly name: string; readonly local: Local | undefined; readonly index: number }[];
}
