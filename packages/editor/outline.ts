/** Rules as an outline, and what can be folded: runs of comments, runs of disabled rules, rules over several lines. */
import { type Span, span } from '@sigwright/contracts';
import { shifted } from './positions.ts';
import type { RuleFile, RuleLine } from './rule-file.ts';

export interface OutlineEntry {
  /** `2031234 ET MALWARE …` */
  readonly name: string;
  /** `rev 2` and whether it is disabled */
  readonly detail: string;
  readonly enabled: boolean;
  readonly span: Span;
  /** what to jump to: the message or the action */
  readonly selection: Span;
}

export interface Folding {
  readonly span: Span;
  readonly kind: 'comment' | 'region';
}

export function outlineOf(file: RuleFile): OutlineEntry[] {
  return file.lines.flatMap((line) => {
    const { rule } = line;
    if (rule === undefined) return [];
    const message = rule.options.find((option) => option.name === 'msg');
    return [
      {
        // The number first: editors look for what is typed in names alone.
        name: rule.message === '' ? `${rule.sid}` : `${rule.sid} ${rule.message}`,
        detail: `rev ${rule.rev}${rule.enabled ? '' : ', disabled'}`,
        enabled: rule.enabled,
        span: shifted(rule.span, line.start),
        selection: shifted(message?.valueSpan ?? rule.protocolSpan, line.start),
      },
    ];
  });
}

export function foldingsOf(file: RuleFile): Folding[] {
  const found: Folding[] = [];
  const runs = (is: (line: RuleLine) => boolean, kind: Folding['kind']): void => {
    for (let at = 0; at < file.lines.length; at++) {
      if (!is(file.lines[at])) continue;
      const first = at;
      while (at + 1 < file.lines.length && is(file.lines[at + 1])) at++;
      if (at > first) found.push({ span: span(file.lines[first].start, lastOf(file.lines[at])), kind });
    }
  };
  runs((line) => line.kind === 'comment', 'comment');
  runs((line) => line.rule?.enabled === false, 'region');
  for (const line of file.lines)
    if (line.kind === 'rule' && line.text.trimEnd().includes('\n')) found.push({ span: span(line.start, lastOf(line)), kind: 'region' });
  return found.sort((a, b) => a.span.start - b.span.start);
}

function lastOf(line: RuleLine): number {
  return line.start + line.text.trimEnd().length;
}
