/** Colours of rules as the protocol wants them; after a change only what differs. */
import type { Span } from '@sigwright/contracts';
import { COLOUR_KINDS, type ColourKind, type RuleEditor } from '@sigwright/editor';
import { type SemanticTokens, SemanticTokensBuilder, type SemanticTokensDelta } from 'vscode-languageserver/node';

/** Kinds of the editor → token types that every colour theme knows. */
const TOKEN_TYPES: Readonly<Record<ColourKind, string>> = {
  comment: 'comment',
  action: 'keyword',
  protocol: 'type',
  address: 'number',
  variable: 'variable',
  direction: 'operator',
  buffer: 'class',
  modifier: 'decorator',
  transform: 'macro',
  condition: 'function',
  state: 'event',
  annotation: 'property',
  unknown: 'variable',
  text: 'string',
  bytes: 'number',
  pattern: 'regexp',
  number: 'number',
  word: 'enumMember',
};
const TYPES = [...new Set(COLOUR_KINDS.map((kind) => TOKEN_TYPES[kind]))];
const TYPE_NUMBERS = new Map(COLOUR_KINDS.map((kind) => [kind, TYPES.indexOf(TOKEN_TYPES[kind])]));
const DISABLED = 1;

export const TOKEN_LEGEND = { tokenTypes: TYPES, tokenModifiers: ['deprecated'] };

export class TokenTeller {
  /** by file: what its editor was told last */
  readonly #builders = new Map<string, SemanticTokensBuilder>();

  full(editor: RuleEditor, uri: string): SemanticTokens {
    const builder = new SemanticTokensBuilder();
    this.#builders.set(uri, builder);
    pushTokens(builder, editor, uri);
    return builder.build();
  }

  /** Everything where the client holds other tokens than those told last. */
  delta(editor: RuleEditor, uri: string, previous: string): SemanticTokens | SemanticTokensDelta {
    const builder = this.#builders.get(uri);
    if (builder === undefined) return this.full(editor, uri);
    builder.previousResult(previous);
    pushTokens(builder, editor, uri);
    return builder.buildEdits();
  }

  forget(uri: string): void {
    this.#builders.delete(uri);
  }
}

/** Of the lines that touch a span. */
export function tokensIn(editor: RuleEditor, uri: string, range: Span): SemanticTokens {
  const builder = new SemanticTokensBuilder();
  pushTokens(builder, editor, uri, range);
  return { data: builder.build().data };
}

function pushTokens(builder: SemanticTokensBuilder, editor: RuleEditor, uri: string, range?: Span): void {
  const file = editor.file(uri);
  for (const line of range === undefined ? (file?.lines ?? []) : (file?.linesIn(range) ?? [])) {
    for (const { kind, start, end, disabled } of editor.lineColours(line)) {
      const at = line.places.position(start);
      builder.push(line.row + at.line, at.character, end - start, TYPE_NUMBERS.get(kind)!, disabled ? DISABLED : 0);
    }
  }
}
