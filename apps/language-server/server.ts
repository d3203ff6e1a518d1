/**
 * The language server protocol over `packages/editor`: positions and shapes are translated here, nothing is decided. Needs no
 * Suricata and no network. What only the whole set can show follows when the author pauses.
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LintedDiagnostic, LintGrade, Span } from '@sigwright/contracts';
import { type CompletionKind, LineTable, RuleEditor } from '@sigwright/editor';
import {
  type CodeAction,
  CodeActionKind,
  type CodeLens,
  CodeLensRefreshRequest,
  type CompletionItem,
  CompletionItemKind,
  type Connection,
  type Diagnostic,
  DiagnosticSeverity,
  DidChangeWatchedFilesNotification,
  ErrorCodes,
  FoldingRangeKind,
  type InitializeParams,
  InsertTextFormat,
  type Location,
  type Range,
  ResponseError,
  SymbolKind,
  TextDocumentSyncKind,
  type TextEdit,
} from 'vscode-languageserver/node';
import { DiagnosticsTeller } from './diagnostics-teller.ts';
import { EvidenceRunner, explainEvidence, proofTitle } from './evidence.ts';
import { TOKEN_LEGEND, TokenTeller, tokensIn } from './tokens.ts';
import {
  filesBelow,
  isBelow,
  ownUri,
  pathOf,
  placesOfSid,
  placesOfVariable,
  readWorkspace,
  type ServerOptions,
  textOf,
  uriOf,
  type Workspace,
} from './workspace.ts';

/** An author who writes no further for so long has paused. */
const PAUSE_MILLISECONDS = 300;
const MOST_SYMBOLS = 500;

export const PROVE_COMMAND = 'sigwright.prove';
export const EXPLAIN_COMMAND = 'sigwright.explain';

const SEVERITIES: Readonly<Record<LintGrade, DiagnosticSeverity>> = {
  'cannot-work': DiagnosticSeverity.Error,
  misleads: DiagnosticSeverity.Warning,
  reading: DiagnosticSeverity.Hint,
};

const COMPLETION_KINDS: Readonly<Record<CompletionKind, CompletionItemKind>> = {
  action: CompletionItemKind.Keyword,
  protocol: CompletionItemKind.Class,
  variable: CompletionItemKind.Variable,
  direction: CompletionItemKind.Operator,
  keyword: CompletionItemKind.Function,
  buffer: CompletionItemKind.Field,
  modifier: CompletionItemKind.Property,
  transform: CompletionItemKind.Method,
  word: CompletionItemKind.EnumMember,
  name: CompletionItemKind.Reference,
  number: CompletionItemKind.Value,
};

/** Offsets ⇄ positions: of a file of rules, or of any text. */
type Places = Pick<LineTable, 'position' | 'offset'>;
const NOWHERE = new LineTable('');

export function serve(connection: Connection): void {
  let options: ServerOptions = {};
  let workspace: Workspace = readWorkspace([], options);
  let editor = new RuleEditor(workspace.environment);
  let folders: readonly string[] = [];
  let watches = false;
  let showsDocuments = false;
  let refreshes: NonNullable<InitializeParams['capabilities']['workspace']> = {};
  /** where explanations are written for the editor to show */
  let shown: string | undefined;
  /** files that are open, with the version of their text */
  const opened = new Map<string, number>();
  const evidence = new EvidenceRunner();
  let pause: NodeJS.Timeout | undefined;

  /** what the client calls its open files: two spellings of one address are one file */
  const spellings = new Map<string, string>();
  const spelled = (uri: string): string => spellings.get(uri) ?? uri;
  /** A request about a document, under the address that is the file's own. */
  const about =
    <Params extends { readonly textDocument: { readonly uri: string } }, Answer>(answer: (uri: string, params: Params) => Answer) =>
    (params: Params): Answer =>
      answer(ownUri(params.textDocument.uri), params);
  const places = (uri: string): Places => editor.file(uri) ?? NOWHERE;
  const rangeIn = (table: Places, { start, end }: Span): Range => ({ start: table.position(start), end: table.position(end) });
  const rangeOf = (uri: string, span: Span): Range => rangeIn(places(uri), span);
  const spanOf = (uri: string, range: Range): Span => ({ start: places(uri).offset(range.start), end: places(uri).offset(range.end) });
  const editsOf = (uri: string, edits: readonly { readonly span: Span; readonly text: string }[]): TextEdit[] =>
    edits.map(({ span, text }) => ({ range: rangeOf(uri, span), newText: text }));

  const teller = new DiagnosticsTeller(async (uri) => {
    const version = opened.get(uri);
    if (version === undefined) return;
    await connection.sendDiagnostics({ uri: spelled(uri), version, diagnostics: editor.diagnostics(uri).map((one) => diagnosticOf(uri, one)) });
  });
  const tokens = new TokenTeller();
  const diagnosticOf = (uri: string, one: LintedDiagnostic): Diagnostic => ({
    range: rangeOf(uri, one.at),
    severity: SEVERITIES[one.grade],
    code: one.code,
    source: 'sigwright',
    message: one.help === undefined ? one.title : `${one.title}\n${one.help}`,
    ...(one.labels === undefined
      ? {}
      : { relatedInformation: one.labels.map((label) => ({ location: { uri: spelled(uri), range: rangeOf(uri, label.span) }, message: label.text })) }),
  });
  const onPause = (): void => {
    clearTimeout(pause);
    pause = setTimeout(() => {
      for (const uri of editor.checkSet()) teller.changed(uri);
    }, PAUSE_MILLISECONDS);
  };

  /** What an editor drew may be another now, though no text of its own changed. */
  const drawAgain = (): void => {
    if (refreshes.codeLens?.refreshSupport === true) void connection.sendRequest(CodeLensRefreshRequest.type);
    if (refreshes.inlayHint?.refreshSupport === true) void connection.languages.inlayHint.refresh();
  };

  /** Everything anew: the folders, the configuration, every file that is not open. */
  const load = (): void => {
    const texts = new Map([...opened.keys()].map((uri) => [uri, editor.file(uri)?.text ?? '']));
    workspace = readWorkspace(folders, options);
    editor = new RuleEditor(workspace.environment);
    for (const problem of workspace.problems) connection.console.warn(problem);
    for (const path of filesBelow(folders, ['.rules'])) {
      const text = textOf(path);
      if (text !== undefined) texts.set(uriOf(path), texts.get(uriOf(path)) ?? text);
    }
    for (const [uri, text] of texts) editor.open(uri, text);
    for (const uri of opened.keys()) teller.opened(uri);
    drawAgain();
    onPause();
  };

  connection.onInitialize((params: InitializeParams) => {
    options = (params.initializationOptions ?? {}) as ServerOptions;
    const named = params.workspaceFolders?.map((folder) => folder.uri) ?? (params.rootUri == null ? [] : [params.rootUri]);
    folders = named.flatMap((uri) => pathOf(uri) ?? []);
    showsDocuments = params.capabilities.window?.showDocument?.support === true;
    refreshes = params.capabilities.workspace ?? {};
    watches = params.capabilities.workspace?.didChangeWatchedFiles?.dynamicRegistration === true;
    return {
      serverInfo: { name: 'sigwright', version: '0.1.0' },
      capabilities: {
        textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental },
        completionProvider: { triggerCharacters: [' ', ';', ':', ',', '$', '.', '|'] },
        hoverProvider: true,
        definitionProvider: true,
        referencesProvider: true,
        documentHighlightProvider: true,
        renameProvider: { prepareProvider: true },
        documentSymbolProvider: true,
        workspaceSymbolProvider: true,
        foldingRangeProvider: true,
        semanticTokensProvider: { legend: TOKEN_LEGEND, full: { delta: true }, range: true },
        inlayHintProvider: true,
        documentFormattingProvider: true,
        documentRangeFormattingProvider: true,
        codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix, CodeActionKind.RefactorRewrite] },
        codeLensProvider: { resolveProvider: true },
        executeCommandProvider: { commands: [PROVE_COMMAND, EXPLAIN_COMMAND] },
      },
    };
  });
  connection.onInitialized(() => {
    load();
    if (watches)
      void connection.client.register(DidChangeWatchedFilesNotification.type, {
        watchers: [{ globPattern: '**/*.rules' }, { globPattern: '**/{suricata,ruleset,expect}.yaml' }, { globPattern: '**/*.{pcap,pcapng}' }],
      });
  });
  connection.onShutdown(() => {
    clearTimeout(pause);
    teller.end();
  });

  connection.onDidOpenTextDocument(({ textDocument: { uri: called, text, version } }) => {
    const uri = ownUri(called);
    spellings.set(uri, called);
    opened.set(uri, version);
    editor.open(uri, text);
    teller.opened(uri);
    onPause();
  });
  connection.onDidChangeTextDocument(({ textDocument: { uri: called, version }, contentChanges }) => {
    const uri = ownUri(called);
    opened.set(uri, version);
    for (const change of contentChanges) {
      if ('range' in change) editor.change(uri, { span: spanOf(uri, change.range), text: change.text });
      else editor.open(uri, change.text);
    }
    teller.changed(uri);
    onPause();
  });
  connection.onDidCloseTextDocument(({ textDocument: { uri: called } }) => {
    const uri = ownUri(called);
    opened.delete(uri);
    spellings.delete(uri);
    teller.closed(uri);
    tokens.forget(uri);
    void connection.sendDiagnostics({ uri: called, diagnostics: [] });
    // On disk it may stand otherwise, or belong to no folder.
    const path = pathOf(uri);
    const text = path === undefined || !isBelow(folders, path) ? undefined : textOf(path);
    if (text === undefined) editor.close(uri);
    else editor.open(uri, text);
    onPause();
  });
  connection.onDidChangeWatchedFiles(({ changes }) => {
    if (changes.some(({ uri }) => /\/(?:suricata|ruleset)\.yaml$/.test(uri))) return load();
    if (changes.some(({ uri }) => !uri.endsWith('.rules'))) {
      // Evidence: the rules and what is wrong with them stay as they are.
      workspace = { ...workspace, repository: readWorkspace(folders, options).repository };
      drawAgain();
    }
    const ofRules = changes.filter(({ uri }) => uri.endsWith('.rules'));
    for (const { uri: called } of ofRules) {
      const uri = ownUri(called);
      const path = pathOf(uri);
      if (opened.has(uri) || path === undefined) continue;
      const text = textOf(path);
      if (text === undefined) editor.close(uri);
      else editor.open(uri, text);
    }
    if (ofRules.length > 0) onPause();
  });

  connection.onCompletion(
    about((uri, { position }): CompletionItem[] =>
      editor.completions(uri, places(uri).offset(position)).map((one) => ({
        label: one.label,
        kind: COMPLETION_KINDS[one.kind],
        detail: one.detail,
        sortText: `${one.rank}`.padStart(3, '0') + one.label,
        insertTextFormat: one.insert.includes('$1') || one.insert.includes('$0') ? InsertTextFormat.Snippet : InsertTextFormat.PlainText,
        textEdit: { range: rangeOf(uri, one.replaces), newText: one.insert },
        ...(one.documentation === undefined ? {} : { documentation: { kind: 'markdown' as const, value: one.documentation } }),
      })),
    ),
  );
  connection.onHover(
    about((uri, { position }) => {
      const found = editor.hover(uri, places(uri).offset(position));
      return found === undefined ? null : { contents: { kind: 'markdown', value: found.markdown }, range: rangeOf(uri, found.span) };
    }),
  );

  const locations = (found: readonly { readonly path: string; readonly span: Span; readonly text?: string }[]): Location[] =>
    found.map(({ path, span, text }) => ({ uri: spelled(path), range: text === undefined ? rangeOf(path, span) : rangeIn(new LineTable(text), span) }));
  connection.onDefinition(
    about((uri, { position }) => {
      const offset = places(uri).offset(position);
      const name = editor.nameAt(uri, offset)?.use;
      return locations(name?.kind === 'variable' ? placesOfVariable(folders, name.name) : editor.definitions(uri, offset));
    }),
  );
  connection.onReferences(
    about((uri, { position, context }) => {
      const offset = places(uri).offset(position);
      const name = editor.nameAt(uri, offset)?.use;
      if (name === undefined) return [];
      const uses = editor.references(uri, offset).filter(({ use }) => context.includeDeclaration || use.role !== 'sets');
      const elsewhere =
        name.kind === 'sid'
          ? placesOfSid(folders, name.name)
          : name.kind === 'variable' && context.includeDeclaration
            ? placesOfVariable(folders, name.name)
            : [];
      return [...locations(uses.map(({ path, span }) => ({ path, span }))), ...locations(elsewhere)];
    }),
  );
  connection.onDocumentHighlight(
    about((uri, { position }) =>
      editor
        .references(uri, places(uri).offset(position))
        .filter(({ path }) => path === uri)
        .map(({ span }) => ({ range: rangeOf(uri, span) })),
    ),
  );
  connection.onPrepareRename(
    about((uri, { position }) => {
      const found = editor.renamable(uri, places(uri).offset(position));
      return found === undefined ? null : { range: rangeOf(uri, found.span), placeholder: found.name };
    }),
  );
  connection.onRenameRequest(
    about((uri, { position, newName }) => {
      const edits = editor.rename(uri, places(uri).offset(position), newName);
      if ('problem' in edits) throw new ResponseError(ErrorCodes.InvalidRequest, edits.problem);
      return { changes: Object.fromEntries([...edits].map(([path, list]) => [spelled(path), editsOf(path, list)])) };
    }),
  );

  connection.onDocumentSymbol(
    about((uri) =>
      editor.outline(uri).map((one) => ({
        name: one.name,
        detail: one.detail,
        kind: SymbolKind.Event,
        ...(one.enabled ? {} : { tags: [1 as const] }),
        range: rangeOf(uri, one.span),
        selectionRange: rangeOf(uri, one.selection),
      })),
    ),
  );
  connection.onWorkspaceSymbol(({ query }) => {
    const wanted = query.toLowerCase();
    const found = [];
    for (const uri of editor.files.keys()) {
      for (const one of editor.outline(uri)) {
        if (!`${one.detail} ${one.name}`.toLowerCase().includes(wanted)) continue;
        found.push({ name: one.name, kind: SymbolKind.Event, containerName: one.detail, location: { uri: spelled(uri), range: rangeOf(uri, one.span) } });
        if (found.length >= MOST_SYMBOLS) return found;
      }
    }
    return found;
  });
  connection.onFoldingRanges(
    about((uri) =>
      editor.foldings(uri).map(({ span, kind }) => ({
        startLine: places(uri).position(span.start).line,
        endLine: places(uri).position(span.end).line,
        kind: kind === 'comment' ? FoldingRangeKind.Comment : FoldingRangeKind.Region,
      })),
    ),
  );
  connection.languages.semanticTokens.on(about((uri) => tokens.full(editor, uri)));
  connection.languages.semanticTokens.onDelta(about((uri, { previousResultId }) => tokens.delta(editor, uri, previousResultId)));
  connection.languages.semanticTokens.onRange(about((uri, { range }) => tokensIn(editor, uri, spanOf(uri, range))));
  connection.languages.inlayHint.on(
    about((uri, { range }) =>
      editor.hints(uri, spanOf(uri, range)).map(({ at, label, tooltip }) => ({ position: places(uri).position(at), label, tooltip, paddingLeft: true })),
    ),
  );
  connection.onDocumentFormatting(about((uri) => editsOf(uri, editor.format(uri))));
  connection.onDocumentRangeFormatting(about((uri, { range }) => editsOf(uri, editor.format(uri, spanOf(uri, range)))));
  connection.onCodeAction(
    about((uri, { range }): CodeAction[] =>
      editor.quickFixes(uri, spanOf(uri, range)).map((one) => ({
        title: one.title,
        kind: one.kind === 'refactor' ? CodeActionKind.RefactorRewrite : CodeActionKind.QuickFix,
        isPreferred: one.preferred,
        edit: { changes: { [spelled(uri)]: editsOf(uri, one.edits) } },
        ...(one.diagnostic === undefined ? {} : { diagnostics: [diagnosticOf(uri, one.diagnostic)] }),
      })),
    ),
  );

  // --- evidence

  const ruleAt = (uri: string, sid: number) => editor.file(uri)?.lines.find((line) => line.rule?.sid === sid)?.rule;
  const allRules = () => [...editor.files.values()].flatMap((file) => file.lines.flatMap((line) => (line.rule === undefined ? [] : [line.rule])));
  const proofOf = (sid: number) => (workspace.repository === undefined ? undefined : evidence.prove(workspace.repository, allRules(), sid));
  connection.onCodeLens(
    about((uri): CodeLens[] => {
      const { repository } = workspace;
      if (repository === undefined) return [];
      return (editor.file(uri)?.lines ?? []).flatMap((line) => {
        const { rule } = line;
        if (rule === undefined || !repository.evidence.has(rule.sid)) return [];
        const start = line.start + rule.span.start;
        const range = rangeOf(uri, { start, end: start + rule.action.length });
        return [
          { range, data: { uri, sid: rule.sid } },
          { range, command: { title: 'explain', command: EXPLAIN_COMMAND, arguments: [uri, rule.sid] } },
        ];
      });
    }),
  );
  connection.onCodeLensResolve((lens) => {
    const { uri, sid } = lens.data as { uri: string; sid: number };
    const proof = ruleAt(uri, sid) === undefined ? undefined : proofOf(sid);
    return { ...lens, command: { title: proof === undefined ? 'no evidence' : proofTitle(proof), command: PROVE_COMMAND, arguments: [uri, sid] } };
  });
  connection.onExecuteCommand(async ({ command, arguments: given }) => {
    if (command !== PROVE_COMMAND && command !== EXPLAIN_COMMAND) throw new ResponseError(ErrorCodes.InvalidRequest, `${command} is no command`);
    const sid = Number(given?.[1]);
    const { repository } = workspace;
    const proof = proofOf(sid);
    if (repository === undefined || proof === undefined) return null;
    if (command === EXPLAIN_COMMAND) {
      const text = explainEvidence(repository, allRules(), proof, workspace.settings);
      if (showsDocuments) {
        shown ??= mkdtempSync(join(tmpdir(), 'sigwright-explained-'));
        const path = join(shown, `${sid}.txt`);
        writeFileSync(path, text);
        await connection.window.showDocument({ uri: uriOf(path), takeFocus: true });
      }
      return text;
    }
    const wrong = [...proof.missing, ...proof.checks.filter((check) => !check.ok).map((check) => `${check.capture}: ${check.reason}`)];
    const words = `${sid}: ${proofTitle(proof)}${wrong.length === 0 ? '' : `. ${wrong.join('; ')}`}`;
    if (proof.ok) connection.window.showInformationMessage(words);
    else connection.window.showWarningMessage(words);
    return proof;
  });
}
