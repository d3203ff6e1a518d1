/** What an editor of rules knows, without a transport: the language server, the web page and others stand on it. The only door of this package. */
export type { Colour } from './colours.ts';
export { COLOUR_KINDS, type ColourKind } from './colours.ts';
export type { Completion, CompletionKind } from './completion.ts';
export { type ContentInsertion, contentInsertion, type SeenContent } from './contents.ts';
export { type EditorEnvironment, type Located, RuleEditor } from './editor.ts';
export type { Hint } from './hints.ts';
export type { Hover } from './hover.ts';
export type { Folding, OutlineEntry } from './outline.ts';
export { LineTable, type Position } from './positions.ts';
export type { FileEdit, QuickFix } from './quick-fixes.ts';
