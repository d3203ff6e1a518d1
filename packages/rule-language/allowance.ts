/**
 * A comment above a rule leaves lints out for it: `# lint: allow domain-unanchored message-form -- why`. Other comments may stand
 * between them and the rule. What is wrong with such a comment is told, since one that is misspelt leaves nothing out.
 */
import { type Diagnostic, type Fix, type Span, span, warning } from '@sigwright/contracts';
import { didYouMean } from './did-you-mean.ts';

export const CODE_PREFIX = 'lint/';

/** What a comment line leaves out, and what is wrong with it; places are those of the comment. */
export interface Allowance {
  /** without `lint/` */
  readonly codes: ReadonlySet<string>;
  readonly problems: readonly Diagnostic[];
  readonly at: Span;
}

const MARK = /^\s*#+\s*lint\s*:\s*/i;

/** Undefined where it is another comment. `lints`: every code there is, with `lint/`. */
export function allowanceOf(comment: string, lints: ReadonlyMap<string, unknown>): Allowance | undefined {
  const mark = MARK.exec(comment);
  if (mark === null) return undefined;
  const end = comment.trimEnd().length;
  const at = span(comment.indexOf('#'), end);
  const codes = new Set<string>();
  const problems: Diagnostic[] = [];
  const words = [...comment.slice(mark[0].length, end).matchAll(/[^\s,]+/g)].map((match) => ({ word: match[0], start: mark[0].length + match.index }));
  const reason = words.findIndex(({ word }) => word.startsWith('--'));
  const [verb, ...named] = reason === -1 ? words : words.slice(0, reason);
  const help = 'write `# lint: allow CODE`, with the code that `lint` tells';
  if (verb === undefined || verb.word.toLowerCase() !== 'allow') {
    problems.push(warning('allow/unknown', `\`${verb?.word ?? ''}\` is nothing to ask of \`lint\``, verb === undefined ? at : placeOf(verb), help));
    return { codes, problems, at };
  }
  if (named.length === 0) problems.push(warning('allow/unknown', 'no lint is named', at, help));
  for (const one of named) {
    const code = one.word.startsWith(CODE_PREFIX) ? one.word.slice(CODE_PREFIX.length) : one.word;
    if (lints.has(`${CODE_PREFIX}${code}`)) {
      codes.add(code);
      continue;
    }
    const meant = didYouMean(
      code,
      [...lints.keys()].map((known) => known.slice(CODE_PREFIX.length)),
    );
    const problem = warning(
      'allow/unknown',
      `no lint is called \`${one.word}\``,
      placeOf(one),
      meant === undefined ? 'a reason stands behind `--`' : `did you mean \`${meant}\`?`,
    );
    const fix: Fix | undefined = meant === undefined ? undefined : { title: `write \`${meant}\``, safe: true, edits: [{ span: placeOf(one), text: meant }] };
    problems.push(fix === undefined ? problem : { ...problem, fixes: [fix] });
  }
  return { codes, problems, at };
}

/** A comment that no rule stands below, or that another one stands below. */
export function idleAllowance({ at }: Allowance): Diagnostic {
  return warning('allow/idle', 'it leaves nothing out: it belongs directly above a rule, in one line', at);
}

function placeOf({ word, start }: { readonly word: string; readonly start: number }): Span {
  return span(start, start + word.length);
}

/** Does the comment above a rule leave this lint out? */
export function isAllowed(code: string, allowed: ReadonlySet<string> | undefined): boolean {
  return allowed?.has(code.slice(CODE_PREFIX.length)) === true;
}
