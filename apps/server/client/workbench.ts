/** The rule workbench's page: an editor with completion, diagnostics and fixes; a capture; verdicts beside. The engine is a worker. */
import { autocompletion, type Completion, type CompletionContext, type CompletionResult, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { type Diagnostic, lintKeymap, setDiagnostics } from '@codemirror/lint';
import { EditorState } from '@codemirror/state';
import { EditorView, keymap, lineNumbers } from '@codemirror/view';
import type { Answer, Ask, FromEngine, KeywordHint, Mark, RuleVerdict, ShownBytes } from './messages.ts';

const root = document.getElementById('workbench')!;
const networks = JSON.parse(root.dataset['networks'] ?? '{}') as Record<string, string>;
const state = document.getElementById('state')!;
const verdictHolder = document.getElementById('verdict')!;
const trafficHolder = document.getElementById('traffic')!;
const diagnosticsHolder = document.getElementById('diagnostics')!;
const source = document.getElementById('source') as HTMLTextAreaElement;

/** Milliseconds after the last key. */
const PAUSE = 250;
/** A capture that a page can hold; larger ones are for the command line. */
const LARGEST_CAPTURE = 200 * 1024 * 1024;

let keywords: readonly KeywordHint[] = [];
let asked = 0;
let haveCapture = false;

const worker = new Worker('/web/engine.js', { type: 'module' });
worker.onerror = (event) => {
  state.textContent = `The engine could not be loaded: ${event.message || 'see the console'}`;
};
worker.onmessage = (event: MessageEvent<FromEngine>) => {
  if ('keywords' in event.data) {
    keywords = event.data.keywords;
    state.textContent = 'The engine is ready. Drop a capture here, or choose one.';
    ask();
  } else if (event.data.id === asked) show(event.data);
};

function complete(context: CompletionContext): CompletionResult | null {
  const word = context.matchBefore(/[a-z_][\w.]*/i);
  if (word === null) return null;
  const before = context.state.doc.sliceString(Math.max(0, word.from - 200), word.from);
  // A keyword stands after `(` or `;`.
  if (!/[(;]\s*$/.test(before)) return null;
  return {
    from: word.from,
    options: keywords.map(
      ({ name, syntax, summary }): Completion => ({ label: name, detail: syntax, info: summary, apply: syntax === '' ? `${name};` : `${name}:` }),
    ),
    validFor: /^[\w.]*$/,
  };
}

const nonce = document.querySelector<HTMLMetaElement>('meta[name=csp-nonce]')?.content ?? '';
const editor = new EditorView({
  parent: document.getElementById('editor')!,
  state: EditorState.create({
    doc: source.value,
    extensions: [
      EditorView.cspNonce.of(nonce),
      lineNumbers(),
      history(),
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({ 'aria-label': 'Rules' }),
      autocompletion({ override: [complete] }),
      keymap.of([...completionKeymap, ...defaultKeymap, ...historyKeymap, ...lintKeymap]),
      EditorView.theme(
        {
          '&': { color: 'var(--ink)', backgroundColor: 'var(--paper)' },
          '.cm-gutters': { backgroundColor: 'var(--soft)', color: 'var(--quiet)', borderRight: '1px solid var(--line)' },
          '.cm-cursor': { borderLeftColor: 'var(--ink)' },
          '.cm-tooltip': { backgroundColor: 'var(--soft)', color: 'var(--ink)', border: '1px solid var(--line)' },
          '&.cm-focused .cm-selectionBackground, .cm-selectionBackground': { backgroundColor: 'var(--line) !important' },
        },
        { dark: matchMedia('(prefers-color-scheme: dark)').matches },
      ),
      EditorView.updateListener.of((update) => {
        if (!update.docChanged) return;
        clearTimeout(timer);
        timer = setTimeout(ask, PAUSE);
      }),
    ],
  }),
});
let timer: ReturnType<typeof setTimeout> | undefined;

function ask(capture?: ArrayBuffer): void {
  const question: Ask = { id: ++asked, rules: editor.state.doc.toString(), networks, ...(capture === undefined ? {} : { capture }) };
  if (haveCapture || capture !== undefined) state.textContent = 'Reading the capture …';
  worker.postMessage(question, capture === undefined ? [] : [capture]);
}

async function take(file: Blob, name: string): Promise<void> {
  if (file.size > LARGEST_CAPTURE) {
    state.textContent = `${name} is larger than a page can hold (200 MiB); use sigwright explain.`;
    return;
  }
  haveCapture = true;
  ask(await file.arrayBuffer());
}

const drop = document.getElementById('drop')!;
for (const kind of ['dragover', 'dragleave', 'drop'] as const)
  drop.addEventListener(kind, (event) => {
    event.preventDefault();
    drop.classList.toggle('over', kind === 'dragover');
    const file = kind === 'drop' ? event.dataTransfer?.files[0] : undefined;
    if (file !== undefined) void take(file, file.name);
  });
document.getElementById('capture')!.addEventListener('change', (event) => {
  const file = (event.target as HTMLInputElement).files?.[0];
  if (file !== undefined) void take(file, file.name);
});
document.getElementById('example')?.addEventListener('click', async () => {
  state.textContent = 'The capture is on its way …';
  const answer = await fetch('/example.pcap');
  if (answer.ok) await take(await answer.blob(), 'the example');
  else state.textContent = `The example's capture did not come (${answer.status}).`;
});

function show(answer: Answer): void {
  const length = editor.state.doc.length;
  const shown = answer.marks.map((mark): Diagnostic => ({ ...bounded(mark, length), severity: mark.severity, message: mark.message, actions: fixesOf(mark) }));
  editor.dispatch(setDiagnostics(editor.state, shown));
  const errors = answer.marks.filter((mark) => mark.severity === 'error').length;
  diagnosticsHolder.replaceChildren(
    ...(answer.marks.length === 0
      ? [element('p', 'No defect found.', 'good')]
      : [
          element(
            'ul',
            answer.marks.map((mark) => element('li', `${mark.severity}: ${mark.message}`, mark.severity === 'error' ? 'wrong' : '')),
          ),
        ]),
  );
  diagnosticsHolder.dataset['errors'] = String(errors);
  if (!haveCapture) {
    if (answer.problem !== undefined) state.textContent = answer.problem;
    return;
  }
  state.textContent = `${answer.packets} packets in ${answer.flows} flows, ${Math.round(answer.milliseconds)} ms${answer.problem === undefined ? '' : `; ${answer.problem}`}`;
  verdictHolder.replaceChildren(
    element('h2', 'Verdict'),
    ...(answer.verdicts.length === 0 ? [element('p', 'No rule loads, so none can fire.', 'empty')] : answer.verdicts.map(verdictCard)),
  );
  trafficHolder.replaceChildren(element('h2', 'Traffic'), trafficOf(answer.records));
}

function bounded(mark: Mark, length: number): { from: number; to: number } {
  const from = Math.min(mark.from, length);
  return { from, to: Math.max(from, Math.min(mark.to, length)) };
}

function fixesOf(mark: Mark): NonNullable<Diagnostic['actions']> {
  return mark.fixes.map((fix) => ({
    name: fix.title,
    apply: (view: EditorView) => view.dispatch({ changes: fix.edits.map(({ from, to, text }) => ({ from, to, insert: text })) }),
  }));
}

function verdictCard(verdict: RuleVerdict): HTMLElement {
  const steps = verdict.steps.map((step) => {
    const item = element(
      'li',
      [
        element('strong', `${step.verdict === 'holds' ? 'holds' : step.verdict === 'fails' ? 'FAILS' : 'not reached'} · ${step.where}`),
        ` ${step.condition}${step.why === '' ? '' : `: ${step.why}`}`,
      ],
      step.verdict === 'fails' ? 'wrong' : '',
    );
    if (step.found !== undefined && step.found.bytes.length > 0 && step.verdict !== 'not reached') item.append(hexdump(step.found, step.verdict === 'holds'));
    return item;
  });
  return element(
    'div',
    [
      element('h3', `${verdict.sid} ${verdict.message}`),
      element('p', `${verdict.alerts} ${verdict.alerts === 1 ? 'alert' : 'alerts'}. ${verdict.verdict}`, 'judgement'),
      ...(verdict.place === '' ? [] : [element('p', verdict.place, 'quiet-text')]),
      element('ol', steps, 'steps'),
    ],
    `card ${verdict.alerts > 0 ? 'context' : ''}`,
  );
}

/** Bytes in lines of sixteen, the match marked; select some and make a `content` of them. */
function hexdump({ bytes, from, start, end }: ShownBytes, matched: boolean): HTMLElement {
  const dump = element('pre', [], 'bytes');
  const first = matched ? Math.max(0, start - from - 16) : 0;
  for (let at = first - (first % 16), lines = 0; at < bytes.length && lines < 6; at += 16, lines++) {
    const line = element('span', [element('span', `${String(from + at).padStart(6)}  `, 'offset')]);
    const text = element('span', []);
    for (let one = at; one < at + 16; one++) {
      const isThere = one < bytes.length;
      const isMatch = matched && isThere && from + one >= start && from + one < end;
      const pair = element(isMatch ? 'mark' : 'span', isThere ? bytes[one].toString(16).padStart(2, '0') : '  ');
      if (isThere) pair.dataset['byte'] = String(bytes[one]);
      line.append(pair, ' ');
      text.append(
        element(isMatch ? 'mark' : 'span', isThere && bytes[one] >= 0x20 && bytes[one] < 0x7f ? String.fromCharCode(bytes[one]) : isThere ? '.' : ' '),
      );
    }
    line.append(' ', text, '\n');
    dump.append(line);
  }
  return dump;
}

document.addEventListener('selectionchange', () => {
  document.getElementById('to-content')?.remove();
  const selection = getSelection();
  if (selection === null || selection.isCollapsed || selection.rangeCount === 0) return;
  const range = selection.getRangeAt(0);
  const holder = (range.startContainer.parentElement ?? undefined)?.closest('pre.bytes');
  if (holder === null || holder === undefined) return;
  const chosen = [...holder.querySelectorAll<HTMLElement>('[data-byte]')].filter((one) => range.intersectsNode(one)).map((one) => Number(one.dataset['byte']));
  if (chosen.length === 0) return;
  const button = element('button', `content of ${chosen.length} ${chosen.length === 1 ? 'byte' : 'bytes'}`, 'quiet');
  button.id = 'to-content';
  button.addEventListener('click', () => {
    const text = `content:"${contentOf(chosen)}"; `;
    const document = editor.state.doc.toString();
    const before = document.search(/sid\s*:/);
    editor.dispatch({ changes: { from: before === -1 ? document.length : before, insert: text } });
  });
  holder.after(button);
});

/** Letters as letters, the rest in hexadecimal between bars. */
function contentOf(bytes: readonly number[]): string {
  let text = '';
  let isHex = false;
  for (const byte of bytes) {
    const plain = byte >= 0x20 && byte < 0x7f && !'";\\|:'.includes(String.fromCharCode(byte));
    if (plain === isHex) {
      text += '|';
      isHex = !isHex;
    } else if (!plain) text += ' ';
    text += plain ? String.fromCharCode(byte) : byte.toString(16).padStart(2, '0').toUpperCase();
  }
  return isHex ? `${text}|` : text;
}

function trafficOf(records: Answer['records']): HTMLElement {
  if (records.length === 0) return element('p', 'The capture holds no traffic that was understood.', 'empty');
  const rows = records.map((record) => {
    const type = String(record['event_type']);
    const alert = record['alert'] as { signature?: string } | undefined;
    const about = alert?.signature ?? JSON.stringify(record[type] ?? {});
    const more = element('details', [
      element('summary', about.length > 160 ? `${about.slice(0, 160)}…` : about),
      element('pre', JSON.stringify(record, undefined, 1), 'text'),
    ]);
    return element('tr', [
      cell('time', String(record['timestamp'] ?? '').slice(11, 23)),
      cell('type', type),
      cell('source', `${record['src_ip'] ?? ''}:${record['src_port'] ?? ''}`),
      cell('destination', `${record['dest_ip'] ?? ''}:${record['dest_port'] ?? ''}`),
      cell('record', more),
    ]);
  });
  const headings = ['time', 'type', 'source', 'destination', 'record'].map((heading) => element('th', heading));
  return element('table', [element('thead', [element('tr', headings)]), element('tbody', rows)]);
}

function cell(heading: string, content: string | HTMLElement): HTMLElement {
  const made = element('td', typeof content === 'string' ? content : [content]);
  made.dataset['heading'] = heading;
  return made;
}

/** Text is always text: nothing from traffic becomes markup. */
function element(name: string, content: string | readonly (string | HTMLElement)[], className = ''): HTMLElement {
  const made = document.createElement(name);
  made.append(...(typeof content === 'string' ? [content] : content));
  if (className !== '') made.className = className;
  return made;
}
