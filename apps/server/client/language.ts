/** The worker `language`: what packages/editor knows of the rules in the page, told after every change, and asked for by it. */
import { catalogue } from '@sigwright/catalogue';
import type { Edit, LintedDiagnostic, LintGrade } from '@sigwright/contracts';
import { contentInsertion, RuleEditor } from '@sigwright/editor';
import { formatRules } from '@sigwright/workbench/format';
import { getDomain } from 'tldts';
import type { Fix, FromLanguage, LanguageAnswers, LanguageQuestion, Marked, PageSettings, Piece, TextEdit, ToLanguage } from './messages.ts';
import { engineSettings } from './settings.ts';

const PATH = 'rules';
/** Marks that carry the fixes of their place; more are too many to read. */
const MOST_FIXED = 50;
const SEVERITIES: Readonly<Record<LintGrade, Marked['severity']>> = { 'cannot-work': 'error', misleads: 'warning', reading: 'info' };

const say = (words: FromLanguage): void => self.postMessage(words);

let editor: RuleEditor | undefined;
let version = 0;

export function language(): void {
  self.onmessage = ({ data }: MessageEvent<ToLanguage>): void => {
    try {
      take(data);
    } catch (problem) {
      say({ say: 'fault', problem: (problem as Error).message });
    }
  };
  say({ say: 'ready' });
}

function take(told: ToLanguage): void {
  if (told.tell === 'open') {
    editor = editorWith(told.settings);
    editor.open(PATH, told.text);
    look(editor, told.look, true);
  } else if (editor === undefined) return;
  else if (told.tell === 'change') {
    for (const { from, to, text } of told.edits) editor.change(PATH, { span: { start: from, end: to }, text });
    version = told.version;
    look(editor, told.look, true);
  } else if (told.tell === 'look') look(editor, told.look, false);
  else say({ say: 'answer', id: told.id, answer: answer(editor, told.question) });
}

function editorWith(settings: PageSettings): RuleEditor {
  return new RuleEditor({
    catalogue,
    settings: engineSettings(settings),
    registrableDomain: (host) => getDomain(host, { allowPrivateDomains: false, validateHostname: false }) ?? undefined,
    format: (text) => formatRules(text).text,
    // Others of the set may set what these ask.
    part: true,
  });
}

function look(editor: RuleEditor, piece: Piece, isNew: boolean): void {
  const file = editor.file(PATH);
  if (file === undefined) return;
  const range = { start: Math.min(piece.from, file.text.length), end: Math.min(piece.to, file.text.length) };
  say({
    say: 'seen',
    seen: {
      version,
      look: piece,
      marks: isNew ? marksOf(editor) : undefined,
      colours: editor.colours(PATH, range).map(({ kind, start, end, disabled }) => ({ kind, from: start, to: end, disabled })),
      hints: editor.hints(PATH, range),
      foldings: isNew ? editor.foldings(PATH).map(({ span }) => ({ from: span.start, to: span.end })) : undefined,
    },
  });
}

function marksOf(editor: RuleEditor): Marked[] {
  const file = editor.file(PATH)!;
  return editor.diagnostics(PATH).map((one, at) => ({
    from: one.at.start,
    to: Math.max(one.at.end, one.at.start),
    severity: SEVERITIES[one.grade],
    message: one.help === undefined ? one.title : `${one.title}; ${one.help}`,
    code: one.code,
    line: file.position(one.at.start).line + 1,
    fixes: at < MOST_FIXED ? fixesOf(editor, one) : [],
  }));
}

function fixesOf(editor: RuleEditor, { code, at }: LintedDiagnostic): Fix[] {
  return editor
    .quickFixes(PATH, at)
    .filter(({ diagnostic }) => diagnostic?.code === code && diagnostic.at.start === at.start)
    .map(({ title, kind, edits }) => ({ title, edits: edits.map(editOf), kind }));
}

function editOf({ span, text }: Edit): TextEdit {
  return { from: span.start, to: span.end, text };
}

function answer(editor: RuleEditor, question: LanguageQuestion): LanguageAnswers[keyof LanguageAnswers] {
  switch (question.ask) {
    case 'complete':
      return editor.completions(PATH, question.at).map(({ label, kind, detail, documentation, insert, rank, replaces }) => {
        return { label, kind, detail, documentation, insert, rank, from: replaces.start, to: replaces.end };
      });
    case 'hover': {
      const found = editor.hover(PATH, question.at);
      return found === undefined ? undefined : { from: found.span.start, to: found.span.end, markdown: found.markdown };
    }
    case 'actions':
      return editor.quickFixes(PATH, { start: question.from, end: question.to }).map(({ title, kind, edits }) => ({ title, edits: edits.map(editOf), kind }));
    case 'format':
      return editor.format(PATH).map(editOf);
    case 'content': {
      const { edits, caret } = contentInsertion(editor, PATH, question.at, question);
      return { edits: edits.map(editOf), caret };
    }
  }
}
