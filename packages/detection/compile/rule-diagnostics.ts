/** What the author of a rule is told about it, in the order it was found, and whether the rule is refused for it. */
import type { Diagnostic, DiagnosticFacts, Fix, Span } from '@sigwright/contracts';

/** Says why the rule is refused. */
export type Report = (code: string, title: string, at: Span, help?: string, facts?: DiagnosticFacts, fix?: Fix) => void;

export class RuleDiagnostics {
  readonly found: Diagnostic[] = [];
  /** one of them is an error */
  refused = false;

  readonly refuse: Report = (...what) => this.say('error', ...what);

  say(severity: 'error' | 'warning', ...[code, title, at, help, facts, fix]: Parameters<Report>): void {
    if (severity === 'error') this.refused = true;
    this.found.push({ code, severity, title, at, help, ...(facts === undefined ? {} : { facts }), ...(fix === undefined ? {} : { fixes: [fix] }) });
  }
}
