/**
 * Diagnostic → lines for a terminal: what is wrong, where, the line itself with carets below, what to do.
 *
 *     error: `alarm` is not an action [rule/unknown-action]
 *       --> local.rules:3:1
 *      3 | alarm tcp any any -> any any (sid:1;)
 *        | ^^^^^ did you mean `alert`?
 *
 * Rules are long lines: what is shown is a window around the span. Control characters of the text are shown as `·`, so that no rule
 * file can steer a terminal.
 */
import { counted } from '@sigwright/bytes';
import { type Diagnostic, type Label, lineAndColumn, type Severity, type Span } from '@sigwright/contracts';

export interface RenderOptions {
  /** shown before line and column */
  readonly path?: string;
  readonly colour?: boolean;
  /** columns of the terminal */
  readonly width?: number;
}

const DEFAULT_WIDTH = 120;
/** Less can not be read. */
const LEAST_WIDTH = 40;
const PLAIN = { error: '', warning: '', information: '', faint: '', strong: '', end: '' };
const COLOURS: typeof PLAIN = {
  error: '\u001b[1;31m',
  warning: '\u001b[1;33m',
  information: '\u001b[1;34m',
  faint: '\u001b[2m',
  strong: '\u001b[1m',
  end: '\u001b[0m',
};

export function renderDiagnostic(text: string, diagnostic: Diagnostic, options: RenderOptions = {}): string {
  const paint = options.colour === true ? COLOURS : PLAIN;
  const { line, column } = lineAndColumn(text, Math.min(diagnostic.at.start, text.length));
  const place = `${options.path === undefined ? '' : `${visible(options.path)}:`}${line}:${column}`;
  const labels: readonly Label[] = diagnostic.labels ?? [];
  const excerpts = [
    ...labels.map((label) => ({ ...excerpt(text, label.span, options.width), label: label.text, mark: '-', severity: 'information' as Severity })),
    { ...excerpt(text, diagnostic.at, options.width), label: '', mark: '^', severity: diagnostic.severity },
  ].sort((a, b) => a.start - b.start);
  const margin = Math.max(...excerpts.map((one) => String(one.line).length));
  const blankMargin = ' '.repeat(margin);
  const lines = [
    `${paint[diagnostic.severity]}${diagnostic.severity}${paint.end}${paint.strong}: ${visible(diagnostic.title)}${paint.end} ${paint.faint}[${diagnostic.code}]${paint.end}`,
    `${blankMargin}${paint.faint}-->${paint.end} ${place}`,
  ];
  for (const one of excerpts) {
    const under = `${' '.repeat(one.before)}${paint[one.severity]}${one.mark.repeat(one.length)}${one.label === '' ? '' : ` ${visible(one.label)}`}${paint.end}`;
    lines.push(
      `${paint.faint}${String(one.line).padStart(margin)} |${paint.end} ${one.shown}`.trimEnd(),
      `${paint.faint}${blankMargin} |${paint.end} ${under}`,
    );
  }
  if (diagnostic.help !== undefined) lines.push(`${blankMargin} ${paint.faint}=${paint.end} help: ${visible(diagnostic.help)}`);
  return lines.join('\n');
}

/** Several, in the order of the text, and a count behind them. */
export function renderDiagnostics(text: string, diagnostics: readonly Diagnostic[], options: RenderOptions = {}): string {
  const ordered = [...diagnostics].sort((a, b) => a.at.start - b.at.start);
  const count = (severity: Severity): number => ordered.filter((one) => one.severity === severity).length;
  const counts = [
    [count('error'), 'error'],
    [count('warning'), 'warning'],
    [count('information'), 'remark'],
  ] as const;
  const summary = counts
    .filter(([number]) => number > 0)
    .map(([number, word]) => counted(number, word))
    .join(', ');
  return [...ordered.map((one) => renderDiagnostic(text, one, options)), summary].filter((part) => part !== '').join('\n\n');
}

interface Excerpt {
  readonly start: number;
  readonly line: number;
  /** what of the line is shown */
  readonly shown: string;
  /** columns before the marks, and how many marks */
  readonly before: number;
  readonly length: number;
}

function excerpt(text: string, at: Span, wanted: number | undefined): Excerpt {
  const width = Math.max(LEAST_WIDTH, wanted ?? DEFAULT_WIDTH);
  const start = Math.max(0, Math.min(at.start, text.length));
  const lineStart = start === 0 ? 0 : text.lastIndexOf('\n', start - 1) + 1;
  const newline = text.indexOf('\n', start);
  let lineEnd = newline === -1 ? text.length : newline;
  if (lineEnd > lineStart && text[lineEnd - 1] === '\r') lineEnd--;
  const end = Math.max(start, Math.min(at.end, lineEnd));
  // A third of the window stands before the span.
  let from = lineStart;
  if (lineEnd - lineStart > width) from = Math.max(lineStart, Math.min(start - Math.floor(width / 3), lineEnd - width));
  const to = Math.min(lineEnd, from + width);
  const cutBefore = from > lineStart ? '…' : '';
  return {
    start,
    line: lineAndColumn(text, start).line,
    shown: `${cutBefore}${visible(text.slice(from, to))}${to < lineEnd ? '…' : ''}`,
    before: cutBefore.length + columns(text.slice(from, start)),
    length: Math.max(1, columns(text.slice(start, Math.min(end, to)))),
  };
}

function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '·');
}

/** Characters, not UTF-16 units: what stands below must stand below. */
function columns(text: string): number {
  return [...text].length;
}
