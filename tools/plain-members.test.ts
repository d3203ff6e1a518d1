/** What a script does is the same when its private members are plain. */
import { runInThisContext } from 'node:vm';
import { expect, test } from 'vitest';
import { plainMembers } from './plain-members.ts';

/** What the function in the script gives. */
function given(script: string): unknown {
  return runInThisContext(`(${script})()`);
}

test.each([
  ['fields, with and without a value', 'function(){class A{#x=1;#y;constructor(){this.#y=2}sum(){return this.#x+this.#y}}return new A().sum()}', 3],
  [
    'the same name in a class and in the one that it extends',
    'function(){class A{#x="a";ofA(){return this.#x}}class B extends A{#x="b";ofB(){return this.#x}}const b=new B();return b.ofA()+b.ofB()}',
    'ab',
  ],
  ['a public member of the same name', 'function(){class A{#x=1;x=2;both(){return[this.#x,this.x]}}return new A().both()}', [1, 2]],
  [
    'methods, accessors and static ones',
    'function(){class A{static#n=4;static get#m(){return A.#n}#f(v){return v+A.#m}get#g(){return this.#f(1)}set#g(v){A.#n=v}static async#later(){}*#each(){yield 1}run(){const before=this.#g;this.#g=10;return[before,this.#g,...this.#each()]}}return new A().run()}',
    [5, 11, 1],
  ],
  [
    'a class in a class that asks both',
    'function(){class A{#x=1;inner(){const a=this;return new class{#y=2;sum(){return a.#x+this.#y}}().sum()}}return new A().inner()}',
    3,
  ],
  [
    'chains that may end',
    'function(){class A{#next;constructor(n){this.#next=n}far(){return this.#next?.#next?.#next}}return new A(new A()).far()}',
    undefined,
  ],
  ['what only looks like one', `function(){class A{#x="#x";r=/#x/;t=\`#x\${this.#x}\`}const a=new A();return[a.r.source,a.t]}`, ['#x', '#x#x']],
])('%s', (_, script, wanted) => {
  expect(given(script)).toEqual(wanted);
  const plain = plainMembers(`(${script})`);
  expect(plain.replace(/"#x"|\/#x\/|`#x/g, '')).not.toContain('#');
  expect(given(plain)).toEqual(wanted);
});

test('a question whether there is such a member is refused', () => {
  expect(() => plainMembers('class A{#x;static is(one){return #x in one}}')).toThrow('#x in … can not be made plain');
});
