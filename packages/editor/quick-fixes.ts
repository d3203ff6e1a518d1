/** What can be done about a place: fixes that diagnostics carry, a lint left out for one rule, and moves that rules are often given. */
import { type Edit, type LintedDiagnostic, type Span, span } from '@sigwright/contracts';
import { CODE_PREFIX } from '@sigwright/rule-language';
import type { RuleEditor } from './editor.ts';
import type { RuleLine } from './rule-file.ts';

export interface FileEdit extends Edit {}

export interface QuickFix {
  readonly title: string;
  /** fix: cures `diagnostic` · suppress: leaves it out for this rule · refactor: changes what the author did on purpose */
  readonly kind: 'fix' | 'suppress' | 'refactor';
  readonly diagnostic: LintedDiagnostic | undefined;
  /** the one to take without asking */
  readonly preferred: boolean;
  readonly edits: readonly FileEdit[];
}

export function quickFixes(editor: RuleEditor, path: string, range: Span): QuickFix[] {
  const file = editor.file(path);
  if (file === undefined) return [];
  const found: QuickFix[] = [];
  for (const diagnostic of editor.diagnostics(path)) {
    if (diagnostic.at.start > range.end || diagnostic.at.end < range.start) continue;
    for (const { title, safe, edits } of diagnostic.fixes ?? []) found.push({ title, kind: 'fix', diagnostic, preferred: safe, edits });
    const line = file.lineAt(diagnostic.at.start);
    if (line === undefined) continue;
    if (diagnostic.code === 'rule/no-sid') {
      const close = line.text.lastIndexOf(')');
      const sid = editor.nextSid();
      if (close !== -1)
        found.push({
          title: `add sid:${sid}; rev:1;`,
          kind: 'fix',
          diagnostic,
          preferred: true,
          edits: [{ span: span(line.start + close, line.start + close), text: `${/[;(]$/.test(line.text.slice(0, close)) ? ' ' : ''}sid:${sid}; rev:1;` }],
        });
    }
    if (diagnostic.code.startsWith(CODE_PREFIX)) found.push({ ...allowing(editor, path, line, diagnostic.code.slice(CODE_PREFIX.length)), diagnostic });
  }
  const line = file.lineAt(range.start);
  if (line !== undefined && range.end <= line.end) found.push(...moves(line, editor));
  return found;
}

function allowing(editor: RuleEditor, path: string, line: RuleLine, code: string): Omit<QuickFix, 'diagnostic'> {
  const file = editor.file(path)!;
  let index = file.lines.indexOf(line) - 1;
  while (file.lines[index]?.kind === 'comment' && file.lines[index].allowance === undefined) index--;
  const above = file.lines[index];
  const title = `leave \`${code}\` out for this rule`;
  if (above?.allowance === undefined)
    return { title, kind: 'suppress', preferred: false, edits: [{ span: span(line.start, line.start), text: `# lint: allow ${code}\n` }] };
  // In front of the reason, where there is one.
  const reason = /\s+--/.exec(above.text)?.index;
  const end = above.start + (reason ?? above.text.trimEnd().length);
  return { title, kind: 'suppress', preferred: false, edits: [{ span: span(end, end), text: ` ${code}` }] };
}

function moves(line: RuleLine, editor: RuleEditor): QuickFix[] {
  const { rule } = line;
  if (rule === undefined) return [];
  const refactor = (title: string, edits: readonly Edit[]): QuickFix => ({ title, kind: 'refactor', diagnostic: undefined, preferred: false, edits });
  const mark = line.text.slice(0, rule.span.start);
  const found = [
    rule.enabled
      ? refactor('disable this rule', disabling(line, rule.span.start, editor))
      : refactor('enable this rule', [{ span: span(line.start, line.start + rule.span.start), text: mark.replace(/[#\s]+$/, '') }]),
  ];
  const rev = rule.options.find((option) => option.name === 'rev');
  if (rev !== undefined)
    found.push(
      refactor(`raise rev to ${rule.rev + 1}`, [{ span: span(line.start + rev.valueSpan.start, line.start + rev.valueSpan.end), text: String(rule.rev + 1) }]),
    );
  const formatted = editor.environment.format(line.text);
  if (formatted !== line.text) found.push(refactor('format this rule', [{ span: span(line.start, line.end), text: formatted }]));
  return found;
}

/** A mark in front. Of a rule over several lines engines skip only the marked one, and refuse what is left: it becomes one line. */
function disabling(line: RuleLine, start: number, editor: RuleEditor): Edit[] {
  const at = line.start + start;
  const text = line.text.slice(start);
  if (!text.trimEnd().includes('\n')) return [{ span: span(at, at), text: '#' }];
  return [{ span: span(at, line.end), text: `#${editor.environment.format(text)}` }];
}
