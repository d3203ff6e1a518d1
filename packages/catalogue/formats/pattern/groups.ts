/** The groups of a pattern while it is read: numbers, names, and what refers to them, which may stand before them. */
import { Fault } from './pattern-text.ts';
import { NOTHING, type Node, type PatternTree } from './tree.ts';

/** Its group is known at the end of the pattern. */
interface OpenCall {
  readonly kind: 'call';
  number: number;
  group: Node;
}

export class PatternGroups {
  /** the highest number that was given */
  count = 0;
  /** groups that took a number; more than there are numbers behind `(?|` */
  #opened = 0;
  readonly #names = new Map<string, number>();
  /** the first of each number */
  readonly #nodes = new Map<number, Node>();
  readonly #calls: OpenCall[] = [];
  /** checked at the end */
  readonly #references: { readonly number: number; readonly at: number }[] = [];
  readonly #namedReferences: { readonly name: string; readonly at: number; readonly fill: (number: number) => void }[] = [];

  /** A group opens; returns its number. */
  open(): number {
    this.#opened++;
    return ++this.count;
  }

  /** Its name stands at `begin`. */
  name(name: string, number: number, begin: number): void {
    if (this.#names.has(name) && this.#names.get(name) !== number) throw new Fault(`two groups are named \`${name}\``, begin);
    this.#names.set(name, number);
  }

  node(number: number, of: Node): Node {
    const group: Node = { kind: 'group', number, of };
    if (!this.#nodes.has(number)) this.#nodes.set(number, group);
    return group;
  }

  /** Something at `begin` refers to this number. */
  refer(number: number, begin: number): number {
    this.#references.push({ number, at: begin });
    return number;
  }

  referByName(name: string, begin: number, fill: (number: number) => void): void {
    this.#namedReferences.push({ name, at: begin, fill });
  }

  /** The number that `1`, `+1` or `-1` means here. */
  numberOf(written: string): number {
    const number = Number(written);
    return written.startsWith('-') ? this.count + 1 + number : written.startsWith('+') ? this.count + number : number;
  }

  back(number: number, nocase: boolean, begin: number): Node {
    return { kind: 'back', number: this.refer(number, begin), nocase };
  }

  backByName(name: string, nocase: boolean, begin: number): Node {
    const node = { kind: 'back' as const, number: 0, nocase };
    this.referByName(name, begin, (number) => {
      node.number = number;
    });
    return node;
  }

  /** `1`, `+1`, `-1`; `0` and `R`: the whole pattern. */
  call(written: string, begin: number): Node {
    const number = written === 'R' ? 0 : this.numberOf(written);
    if (number !== 0 || /^[+-]/.test(written)) this.refer(number, begin);
    return this.#newCall(number);
  }

  callByName(name: string, begin: number): Node {
    const call = this.#newCall(0);
    this.referByName(name, begin, (number) => {
      call.number = number;
    });
    return call;
  }

  #newCall(number: number): OpenCall {
    const call: OpenCall = { kind: 'call', number, group: NOTHING };
    this.#calls.push(call);
    return call;
  }

  /** The pattern was read: everything leads somewhere. Returns the root as a group, where it is called. */
  resolve(root: Node): Pick<PatternTree, 'root' | 'groups' | 'names' | 'sharesNumbers' | 'calls'> {
    for (const { name, at, fill } of this.#namedReferences) {
      const number = this.#names.get(name);
      if (number === undefined) throw new Fault(`no group is named \`${name}\``, at);
      fill(number);
    }
    for (const { number, at } of this.#references) if (number > this.count || number < 1) throw new Fault(`there is no group ${number}`, at);
    const calls = new Set(this.#calls.map(({ number }) => number));
    const whole = calls.has(0) ? this.node(0, root) : root;
    for (const call of this.#calls) call.group = this.#nodes.get(call.number)!;
    return { root: whole, groups: this.count, names: this.#names, sharesNumbers: this.#opened > this.count, calls };
  }
}
