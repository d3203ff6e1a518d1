/**
 * Modules of Node that a run seldom needs are loaded when it does: `crypto` alone takes 4 ms of a start of 75. In the bundle
 * `a = require("node:crypto")` becomes `a = () => require("node:crypto")`, and each `a.` a call of it; the sources import as usual.
 */

/** Of a bundle as esbuild writes it. `modules`: without `node:`. Throws where one of them is not there, or used as a whole. */
export function lateModules(script: string, modules: readonly string[]): string {
  let late = script;
  for (const module of modules) {
    const required = new RegExp(`\\b(\\w+)=(require\\("node:${module}"\\))`, 'g');
    const names = Array.from(late.matchAll(required), ([, name]) => name);
    if (names.length === 0) throw new Error(`the bundle does not load ${module}`);
    late = late.replace(required, '$1=()=>$2');
    for (const name of names) {
      late = late.replace(new RegExp(`\\b${name}\\.`, 'g'), `(${name}()).`);
      const uses = late.match(new RegExp(`\\b${name}\\b(?!=\\(\\)=>|\\(\\)\\)\\.)`));
      if (uses !== null) throw new Error(`the bundle uses ${module} as a whole: …${late.slice(uses.index! - 40, uses.index! + 40)}…`);
    }
  }
  return late;
}
