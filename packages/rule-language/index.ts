/** Rule text ⇄ tree. The only door of this package. */

export { type Allowance, allowanceOf, CODE_PREFIX, idleAllowance, isAllowed } from './allowance.ts';
export { type ContentValue, printContentValue, readContentValue } from './content-value.ts';
export { didYouMean } from './did-you-mean.ts';
export { applyEdits, applyFixes, moved } from './edits.ts';
export * from './header-fields.ts';
export { alertingOptions, neverAlerts } from './never-alerts.ts';
export { printRule } from './print-rule.ts';
export { LONGEST_RULE, readDocument } from './read-document.ts';
export { type RenderOptions, renderDiagnostic, renderDiagnostics } from './render-diagnostic.ts';
export { type LineNode, type OptionNode, type OtherNode, printDocument, type RuleDocument, RuleNode, type Token, type TokenKind, tokensOf } from './tree.ts';
export { type ParsedRules, parseRule, parseRules, unquoted } from './typed-rule.ts';
