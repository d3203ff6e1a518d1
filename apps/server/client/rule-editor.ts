/**
 * The text of the rules: CodeMirror, with everything that packages/editor knows drawn into it. Colours, hints and marks follow a few
 * milliseconds behind the keys and move with the text until then.
 */
import { autocompletion, type Completion, type CompletionContext, type CompletionResult, completionKeymap, snippet } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { codeFolding, foldGutter, foldKeymap, foldService } from '@codemirror/language';
import { type Diagnostic, lintGutter, lintKeymap, setDiagnostics } from '@codemirror/lint';
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search';
import { EditorState, type Extension, RangeSetBuilder, StateEffect, StateField } from '@codemirror/state';
import { Decoration, type DecorationSet, drawSelection, EditorView, hoverTooltip, keymap, lineNumbers, WidgetType } from '@codemirror/view';
import { element, markdown } from './dom.ts';
import { LanguageClient } from './language-client.ts';
import type { Fix, Marked, PageSettings, Piece, Seen, ShownExplanation, Suggestion, TextEdit } from './messages.ts';

export interface CaretRule {
  readonly sid: number;
  /** where the rule itself begins in the text, behind a comment mark */
  readonly start: number;
  readonly text: string;
}

export interface RuleEditorEvents {
  ready(): void;
  changed(): void;
  marked(marks: readonly Marked[]): void;
  /** the caret is in another rule, or the rule is another */
  moved(): void;
  fault(problem: string): void;
}

const setDrawn = StateEffect.define<DecorationSet>();
const setHeld = StateEffect.define<DecorationSet>();
const setFoldings = StateEffect.define<readonly Piece[]>();

function decorationField(effect: typeof setDrawn): StateField<DecorationSet> {
  return StateField.define<DecorationSet>({
    create: () => Decoration.none,
    update: (before, transaction) => {
      let now = before.map(transaction.changes);
      for (const one of transaction.effects) if (one.is(effect)) now = one.value;
      return now;
    },
    provide: (field) => EditorView.decorations.from(field),
  });
}

const drawn = decorationField(setDrawn);
const held = decorationField(setHeld);
const foldings = StateField.define<readonly Piece[]>({
  create: () => [],
  update: (before, transaction) => {
    let now = transaction.docChanged ? before.map(({ from, to }) => ({ from: transaction.changes.mapPos(from), to: transaction.changes.mapPos(to) })) : before;
    for (const one of transaction.effects) if (one.is(setFoldings)) now = one.value;
    return now;
  },
});

class HintWidget extends WidgetType {
  readonly #label: string;
  readonly #tooltip: string;

  constructor(label: string, tooltip: string) {
    super();
    this.#label = label;
    this.#tooltip = tooltip;
  }

  override eq(other: HintWidget): boolean {
    return other.#label === this.#label && other.#tooltip === this.#tooltip;
  }

  override toDOM(): HTMLElement {
    const made = element('span', this.#label, 'cm-hint');
    made.title = this.#tooltip;
    return made;
  }
}

/** What CodeMirror calls the kinds of its icons. */
const ICONS: Readonly<Record<Suggestion['kind'], string>> = {
  action: 'keyword',
  protocol: 'type',
  variable: 'variable',
  direction: 'keyword',
  keyword: 'function',
  buffer: 'property',
  modifier: 'method',
  transform: 'method',
  word: 'enum',
  name: 'constant',
  number: 'constant',
};
/** Where a template of CodeMirror goes on. */
const PLACE = `$${'{}'}`;
/** How many more rules than fit are coloured, in characters. */
const MARGIN = 4000;

export class RuleEditorView {
  readonly view: EditorView;
  readonly #client: LanguageClient;
  readonly #events: RuleEditorEvents;
  #caret = '';

  constructor(parent: HTMLElement, text: string, settings: PageSettings, worker: Worker, nonce: string, events: RuleEditorEvents) {
    this.#events = events;
    this.#client = new LanguageClient(worker, {
      ready: () => {
        this.#client.open(settings, this.text, this.#look());
        events.ready();
      },
      seen: (seen) => this.#seen(seen),
      fault: events.fault,
    });
    this.view = new EditorView({ parent, state: EditorState.create({ doc: text, extensions: this.#extensions(nonce) }) });
    this.#moved();
  }

  get text(): string {
    return this.view.state.doc.toString();
  }

  get version(): number {
    return this.#client.version;
  }

  #extensions(nonce: string): Extension {
    return [
      EditorView.cspNonce.of(nonce),
      lineNumbers(),
      foldGutter(),
      lintGutter(),
      history(),
      drawSelection(),
      codeFolding(),
      highlightSelectionMatches(),
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({ 'aria-label': 'Rules', spellcheck: 'false', tabindex: '0' }),
      autocompletion({ override: [(context) => this.#complete(context)], maxRenderedOptions: 200 }),
      hoverTooltip((_, at) => this.#hover(at)),
      foldings,
      foldService.of((state, from, to) => {
        const found = state.field(foldings).find((piece) => piece.from >= from && piece.from <= to && piece.to > to);
        return found === undefined ? null : { from: to, to: Math.min(found.to, state.doc.length) };
      }),
      held,
      drawn,
      keymap.of([
        {
          key: 'Shift-Alt-f',
          run: () => {
            void this.format();
            return true;
          },
        },
        ...completionKeymap,
        ...lintKeymap,
        ...searchKeymap,
        ...foldKeymap,
        ...defaultKeymap,
        ...historyKeymap,
      ]),
      EditorView.theme({}, { dark: matchMedia('(prefers-color-scheme: dark)').matches }),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) {
          const edits: TextEdit[] = [];
          update.changes.iterChanges((from, to, _from, _to, inserted) => edits.unshift({ from, to, text: inserted.toString() }));
          this.#client.change(edits, this.#look());
          this.#events.changed();
        } else if (update.viewportChanged) this.#client.look(this.#look());
        if (update.docChanged || update.selectionSet) this.#moved();
      }),
    ];
  }

  #look(): Piece {
    if (this.view === undefined) return { from: 0, to: MARGIN };
    const { from, to } = this.view.viewport;
    return { from: Math.max(0, from - MARGIN), to: to + MARGIN };
  }

  #moved(): void {
    const rule = this.caretRule();
    const now = rule === undefined ? '' : `${rule.start} ${rule.text}`;
    if (now === this.#caret) return;
    this.#caret = now;
    this.#events.moved();
  }

  #seen({ version, marks, colours, hints, foldings }: Seen): void {
    // Something newer is on its way.
    if (version !== this.#client.version) return;
    const { length } = this.view.state.doc;
    const built = new RangeSetBuilder<Decoration>();
    const all = [
      ...colours.map(({ from, to, kind, disabled }) => ({
        from,
        to,
        decoration: Decoration.mark({ class: `rule-${kind}${disabled ? ' rule-disabled' : ''}` }),
      })),
      ...hints.map(({ at, label, tooltip }) => ({ from: at, to: at, decoration: Decoration.widget({ widget: new HintWidget(label, tooltip), side: 1 }) })),
    ].sort((a, b) => a.from - b.from || a.decoration.startSide - b.decoration.startSide);
    for (const { from, to, decoration } of all) if (to <= length) built.add(from, to, decoration);
    const effects: StateEffect<unknown>[] = [setDrawn.of(built.finish())];
    if (foldings !== undefined) effects.push(setFoldings.of(foldings));
    this.view.dispatch({ effects });
    if (marks === undefined) return;
    const shown = marks.map(
      (mark): Diagnostic => ({
        from: Math.min(mark.from, length),
        to: Math.min(mark.to, length),
        severity: mark.severity,
        message: mark.message,
        source: mark.code,
        actions: mark.fixes.map((fix) => ({ name: fix.title, apply: () => this.apply(fix.edits) })),
      }),
    );
    this.view.dispatch(setDiagnostics(this.view.state, shown));
    this.#events.marked(marks);
  }

  async #complete(context: CompletionContext): Promise<CompletionResult | null> {
    const found = await this.#client.ask({ ask: 'complete', at: context.pos });
    if (found === undefined || found.length === 0) return null;
    const [{ from }] = found;
    // Behind a blank only where somebody asks, or a list goes on.
    if (!context.explicit && from === context.pos && !/[;(:,|$]\s*$/.test(context.state.sliceDoc(Math.max(0, from - 3), from))) return null;
    return {
      from,
      options: found.map(
        ({ label, kind, detail, documentation, insert, rank }): Completion => ({
          label,
          type: ICONS[kind],
          detail: detail.length > 60 ? `${detail.slice(0, 60)}…` : detail,
          boost: -10 * Math.min(9, rank),
          apply: /\$[01]/.test(insert) ? snippet(insert.replace(/\$[01]/g, () => PLACE)) : insert,
          ...(documentation === undefined ? {} : { info: () => markdown(documentation) }),
        }),
      ),
      validFor: /^[\w.$-]*$/,
    };
  }

  async #hover(at: number) {
    const found = await this.#client.ask({ ask: 'hover', at });
    if (found === undefined) return null;
    return { pos: found.from, end: found.to, above: true, create: () => ({ dom: element('div', [markdown(found.markdown)], 'cm-hover') }) };
  }

  /** Fixes and moves for where the caret is. */
  async actions(): Promise<readonly Fix[]> {
    const { from, to } = this.view.state.selection.main;
    return (await this.#client.ask({ ask: 'actions', from, to })) ?? [];
  }

  async format(): Promise<void> {
    const edits = await this.#client.ask({ ask: 'format' });
    if (edits !== undefined) this.apply(edits);
  }

  /** A `content` of these bytes into the rule at the caret, or a new rule. */
  async insertContent(seen: { bytes: Uint8Array; buffer: string | undefined; protocol: string; direction: 'to_server' | 'to_client' }): Promise<void> {
    const found = await this.#client.ask({ ask: 'content', at: this.view.state.selection.main.head, ...seen });
    if (found === undefined) return;
    this.view.dispatch({ changes: changesOf(found.edits), selection: { anchor: found.caret }, scrollIntoView: true });
  }

  apply(edits: readonly TextEdit[]): void {
    this.view.dispatch({ changes: changesOf(edits) });
    this.view.focus();
  }

  /** Another text for the rule at the caret. */
  replaceRule({ start, text }: CaretRule, by: string): void {
    this.view.dispatch({ changes: { from: start, to: start + text.length, insert: by } });
  }

  goTo(at: number): void {
    this.view.dispatch({ selection: { anchor: Math.min(at, this.view.state.doc.length) }, scrollIntoView: true });
    this.view.focus();
  }

  /** The rule that the caret is in, as far as its number is written. Lines that end in a backslash go on. */
  caretRule(): CaretRule | undefined {
    const { doc, selection } = this.view.state;
    return ruleAround(doc, selection.main.head);
  }

  goToRule(sid: number): void {
    const found = new RegExp(`\\bsid\\s*:\\s*${sid}\\s*;`).exec(this.text);
    if (found !== null) this.goTo(found.index);
  }

  /** Shows in the rule's text which of its conditions held. */
  showHeld(rule: CaretRule | undefined, explanation: ShownExplanation | undefined): void {
    const built = new RangeSetBuilder<Decoration>();
    if (rule !== undefined && explanation !== undefined) {
      for (const { from, to, verdict } of [...explanation.marks].sort((a, b) => a.from - b.from || a.to - b.to))
        if (to > from && to <= rule.text.length)
          built.add(
            rule.start + from,
            rule.start + to,
            Decoration.mark({ class: verdict === 'holds' ? 'rule-holds' : verdict === 'fails' ? 'rule-fails' : 'rule-unasked' }),
          );
    }
    this.view.dispatch({ effects: setHeld.of(built.finish()) });
  }
}

function ruleAround(doc: EditorState['doc'], at: number): CaretRule | undefined {
  const goesOn = (number: number): boolean => number >= 1 && number < doc.lines && /\\\s*$/.test(doc.line(number).text);
  const middle = doc.lineAt(at).number;
  let first = middle;
  while (goesOn(first - 1)) first--;
  let last = middle;
  while (goesOn(last)) last++;
  const { from } = doc.line(first);
  const whole = doc.sliceString(from, doc.line(last).to);
  const start = /^[\s#]*/.exec(whole)![0].length;
  const end = whole.lastIndexOf(')');
  const text = whole.slice(start, end === -1 ? whole.length : end + 1);
  const sid = /[;(]\s*sid\s*:\s*(\d+)/.exec(text)?.[1];
  return sid === undefined ? undefined : { sid: Number(sid), start: from + start, text };
}

function changesOf(edits: readonly TextEdit[]): { from: number; to: number; insert: string }[] {
  return edits.map(({ from, to, text }) => ({ from, to, insert: text }));
}
