/**
 * An `import` of a module of Node has every member of it read, also those that load what seldom is needed: `node:fs` alone brings streams,
 * promises and readline, a tenth of a warm start. What is asked of the process by name is taken as it is.
 */
import type { Plugin } from 'esbuild';

const MARK = 'builtin:';

/** Leaves a mark where a script imports a module of Node, for `builtinsByName`. */
export const markedBuiltins: Plugin = {
  name: 'marked builtins',
  setup({ onResolve }) {
    onResolve({ filter: /^node:/ }, ({ path, kind }) => (kind === 'import-statement' ? { path: `${MARK}${path}`, external: true } : undefined));
  },
};

/** Of an ES module as esbuild writes it, without line breaks between what it imports. Throws where a module is imported as a whole. */
export function builtinsByName(script: string): string {
  const asked: string[] = [];
  const rest = script.replaceAll(new RegExp(`import\\{([^}]*)\\}from"${MARK}([^"]+)";`, 'g'), (_, names: string, module: string) => {
    asked.push(`const{${names.replaceAll(' as ', ':')}}=process.getBuiltinModule("${module}");`);
    return '';
  });
  const left = rest.match(new RegExp(`.{0,60}"${MARK}[^"]+"`));
  if (left !== null) throw new Error(`the bundle imports more than names: ${left[0]}`);
  return asked.join('') + rest;
}
