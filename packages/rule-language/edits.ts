/** Edits are data: which span becomes which text. The same for the command line, the language server and the web page. */
import type { Diagnostic, Edit } from '@sigwright/contracts';

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
  const edits: Edit[] = [];
  let made = 0;
  for (const { fixes } of diagnostics) {
    const fix = fixes?.find((one) => one.safe || options.unsafe === true);
    if (fix === undefined || applyEdits(text, [...edits, ...fix.edits]).refused.length > 0) continue;
    edits.push(...fix.edits);
    made++;
  }
  return { text: applyEdits(text, edits).text, made };
}
