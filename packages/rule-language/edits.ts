/** Edits are data: which span becomes which text. The same for the command line, the language server and the web page. */
import { leading } from '@sigwright/bytes';
import type { Diagnostic, Edit, Span } from '@sigwright/contracts';

/**
 * The text with all edits made. Spans are those of the text before any of them; order does not matter. An edit that overlaps one
 * before it, or lies outside the text, is left out: `refused` holds those.
 */
export function applyEdits(text: string, edits: readonly Edit[]): { readonly text: string; readonly refused: readonly Edit[] } {
  const ordered = edits.map((edit, given) => ({ edit, given })).sort((a, b) => a.edit.span.start - b.edit.span.start || a.given - b.given);
  const refused: Edit[] = [];
  const parts: string[] = [];
  let at = 0;
  for (const { edit } of ordered) {
    const { start, end } = edit.span;
    if (!(start >= at && end >= start && end <= text.length)) {
      refused.push(edit);
      continue;
    }
    parts.push(text.slice(at, start), edit.text);
    at = end;
  }
  parts.push(text.slice(at));
  return { text: parts.join(''), refused };
}

/**
 * The fixes of these diagnostics made in `text`, each whole or not at all; where two touch the same place the first wins.
 * Only safe ones, unless told otherwise.
 */
export function applyFixes(
  text: string,
  diagnostics: readonly Diagnostic[],
  options: { readonly unsafe?: boolean } = {},
): { readonly text: string; readonly made: number } {
  /** by where they begin; none overlaps another */
  const edits: Edit[] = [];
  let made = 0;
  for (const { fixes } of diagnostics) {
    const fix = fixes?.find((one) => one.safe || options.unsafe === true);
    if (fix !== undefined && putEdits(edits, fix.edits, text.length)) made++;
  }
  return { text: applyEdits(text, edits).text, made };
}

/** Puts all others at their places, or none: where one of them overlaps or lies outside the text. */
function putEdits(edits: Edit[], others: readonly Edit[], length: number): boolean {
  const put: Edit[] = [];
  for (const edit of others) {
    const { start, end } = edit.span;
    const at = leading(edits, (one) => one.span.start <= start);
    const fits = start >= (edits[at - 1]?.span.end ?? 0) && end >= start && end <= (edits[at]?.span.start ?? length);
    if (!fits) {
      for (const one of put) edits.splice(edits.indexOf(one), 1);
      return false;
    }
    edits.splice(at, 0, edit);
    put.push(edit);
  }
  return true;
}

/** A diagnostic with all its places moved. */
export function moved<Kind extends Diagnostic>(diagnostic: Kind, by: number): Kind {
  if (by === 0) return diagnostic;
  const there = ({ start, end }: Span): Span => ({ start: start + by, end: end + by });
  return {
    ...diagnostic,
    at: there(diagnostic.at),
    ...(diagnostic.labels === undefined ? {} : { labels: diagnostic.labels.map((label) => ({ ...label, span: there(label.span) })) }),
    ...(diagnostic.fixes === undefined
      ? {}
      : { fixes: diagnostic.fixes.map((fix) => ({ ...fix, edits: fix.edits.map((edit) => ({ ...edit, span: there(edit.span) })) })) }),
  };
}
