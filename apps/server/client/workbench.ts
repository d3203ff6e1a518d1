/**
 * The rule workbench's page: rules on one side, what they do on a capture on the other, the traffic below. Everything that takes time
 * is a worker's; nothing is sent anywhere unless a form of the page is sent.
 */
import { button, byId, codes, counted, element, inlineMarkdown } from './dom.ts';
import type { FromExplain, FromTraffic, Marked, PageSettings, ShownAlert, ShownExplanation, ShownRule, ToExplain, ToTraffic, WorkerName } from './messages.ts';
import { type CaretRule, RuleEditorView } from './rule-editor.ts';
import { TrafficView } from './traffic-view.ts';
import { explanationCard, ruleLine, type VerdictActions } from './verdict-view.ts';

/** Milliseconds after the last key. */
const PAUSE = 120;
/** An explanation that takes longer is ended where a newer one is wanted. */
const PATIENCE = 250;
/** A capture that a page can hold; larger ones are for the command line. */
const LARGEST_CAPTURE = 200 * 1024 * 1024;
const LARGEST_RULESET = 200 * 1024 * 1024;
const MOST_MARKS = 30;
const MOST_RULES = 50;

const root = byId('workbench');
const settings = JSON.parse(root.dataset['settings'] ?? '{"networks":{},"classifications":[]}') as PageSettings;
const state = byId('state');
const bar = byId<HTMLProgressElement>('progress');

/** The workers' script: beside the page, or, where a page comes alone, in it. */
const inline = document.getElementById('engine-source')?.textContent ?? undefined;
const script = inline === undefined ? '/web/engine.js' : URL.createObjectURL(new Blob([inline], { type: 'text/javascript' }));
function start(name: WorkerName): Worker {
  const worker = new Worker(script, { name, type: inline === undefined ? 'module' : 'classic' });
  worker.addEventListener('error', (event) => {
    state.textContent = `The engine could not be loaded: ${event.message || 'see the console'}`;
  });
  return worker;
}

// --- what is known

let captureFile: Blob | undefined;
let rules: readonly ShownRule[] = [];
let rulesetAlerts: readonly ShownAlert[] = [];
let behind = '';
/** of the text that `rules` is about */
let judged = -1;
let explanation: ShownExplanation | undefined;
let explained: CaretRule | undefined;

// --- the rules

const editor = new RuleEditorView(
  byId('editor'),
  byId<HTMLTextAreaElement>('source').value,
  settings,
  start('language'),
  document.querySelector<HTMLMetaElement>('meta[name=csp-nonce]')?.content ?? '',
  {
    ready: () => say('The engine is ready. Drop a capture anywhere on the page, or choose one.'),
    changed: () => {
      clearTimeout(pause);
      pause = setTimeout(sendRules, PAUSE);
    },
    marked: showMarks,
    moved: () => {
      clearTimeout(movedPause);
      movedPause = setTimeout(() => {
        void showActions();
        showVerdicts();
        explain();
      }, PAUSE);
    },
    fault: (problem) => say(`The editor's helper has a fault here: ${problem}`),
  },
);
let pause: ReturnType<typeof setTimeout> | undefined;
let movedPause: ReturnType<typeof setTimeout> | undefined;

byId('format').addEventListener('click', () => void editor.format());

function say(words: string): void {
  state.textContent = words;
}

function showMarks(marks: readonly Marked[]): void {
  const items = marks.slice(0, MOST_MARKS).map((mark) =>
    element(
      'li',
      [
        button(`line ${mark.line}`, () => editor.goTo(mark.from), 'link'),
        ` ${mark.severity}: `,
        ...inlineMarkdown(mark.message),
        ' ',
        element('span', mark.code, 'quiet-text'),
        ...mark.fixes
          .filter(({ kind }) => kind === 'fix')
          .slice(0, 3)
          .flatMap((fix) => [' ', button(codes(`${fix.title.slice(0, 1).toUpperCase()}${fix.title.slice(1)}`), () => editor.apply(fix.edits))]),
      ],
      mark.severity === 'error' ? 'wrong' : '',
    ),
  );
  const holder = byId('diagnostics');
  holder.replaceChildren(
    ...(marks.length === 0 ? [element('p', 'No defect found.', 'good')] : [element('ul', items)]),
    ...(marks.length > MOST_MARKS ? [element('p', `and ${marks.length - MOST_MARKS} more, marked in the text`, 'quiet-text')] : []),
  );
  void showActions();
}

async function showActions(): Promise<void> {
  const fixes = (await editor.actions()).filter((fix) => fix.kind !== 'fix');
  byId('actions').replaceChildren(
    ...fixes.flatMap((fix) => [button(codes(`${fix.title.slice(0, 1).toUpperCase()}${fix.title.slice(1)}`), () => editor.apply(fix.edits)), ' ']),
  );
}

// --- traffic

const traffic = start('traffic');
const tell = (words: ToTraffic): void => traffic.postMessage(words);
const view = new TrafficView(byId('traffic'), {
  ask: (id) => tell({ tell: 'flow', id }),
  take: (seen) => void editor.insertContent(seen),
});
tell({ tell: 'settings', settings });
sendRules();

function sendRules(): void {
  tell({ tell: 'rules', version: editor.version, text: editor.text });
}

traffic.addEventListener('message', ({ data }: MessageEvent<FromTraffic>) => {
  switch (data.say) {
    case 'progress':
      bar.hidden = false;
      if (data.total === 0) bar.removeAttribute('value');
      else {
        bar.max = data.total;
        bar.value = data.done;
      }
      byId('doing').textContent = data.total === 0 || data.done < data.total ? `${data.doing} …` : '';
      if (data.total > 0 && data.done >= data.total) bar.hidden = true;
      break;
    case 'capture':
      if (data.problem !== undefined)
        say(`${data.problem.slice(0, 1).toUpperCase()}${data.problem.slice(1)}.${data.count.packets === 0 ? '' : ' What came before it is shown.'}`);
      else say(`${counted(data.count.packets, 'packet')} in ${counted(data.count.flows, 'flow')} read in ${Math.round(data.milliseconds)} ms.`);
      view.show(data);
      break;
    case 'flow':
      view.showDetails(data.details);
      break;
    case 'verdicts':
      bar.hidden = true;
      byId('doing').textContent = '';
      ({ rules, behind } = data);
      judged = data.version;
      byId('verdict').dataset['version'] = String(judged);
      markFlows();
      showVerdicts();
      explain();
      break;
    case 'ruleset':
      bar.hidden = true;
      byId('doing').textContent = '';
      byId('ruleset-state').textContent =
        `${counted(data.rules, 'rule')} loaded${data.refused === 0 ? '' : `, ${data.refused.toLocaleString('en')} refused`}, in ${(data.milliseconds / 1000).toFixed(1)} s.${captureFile === undefined ? ' Now a capture.' : ''}`;
      break;
    case 'ruleset alerts':
      bar.hidden = true;
      byId('doing').textContent = '';
      rulesetAlerts = data.alerts;
      root.dataset['firstAlert'] = data.first === undefined ? '' : String(Math.round(data.first));
      markFlows();
      showRuleset();
      break;
    case 'fault':
      say(data.problem);
      break;
  }
});

function markFlows(): void {
  view.alerts([...rules.flatMap(({ alerts }) => (alerts === undefined ? [] : [alerts])), ...rulesetAlerts]);
}

const actions: VerdictActions = {
  goTo: (sid) => editor.goToRule(sid),
  change: (text) => {
    if (explained !== undefined) editor.replaceRule(explained, text);
  },
  take: (bytes, buffer) => void editor.insertContent({ bytes, buffer, protocol: 'tcp', direction: 'to_server' }),
  showFlow: (id) => view.showFlow(id),
};

function showVerdicts(): void {
  if (captureFile === undefined) return;
  const here = editor.caretRule()?.sid;
  const holder = byId('verdict');
  const rule = rules.find(({ sid }) => sid === here);
  const card =
    explanation !== undefined && rule !== undefined && explanation.sid === here
      ? [explanationCard(explanation, rule.message, (rule.alerts?.count ?? 0) > 0, actions)]
      : [];
  holder.replaceChildren(
    element('h2', 'Verdict'),
    ...(rules.length === 0 ? [element('p', 'No rule can be read, so none can fire.', 'empty')] : []),
    ...card,
    ...(rules.length > 1 || card.length === 0
      ? [
          element(
            'ul',
            rules.slice(0, MOST_RULES).map((one) => ruleLine(one, one.sid === here, actions)),
            'rule-lines',
          ),
        ]
      : []),
    ...(rules.length > MOST_RULES ? [element('p', `and ${rules.length - MOST_RULES} more rules`, 'quiet-text')] : []),
    ...(rules.length > 1 && here === undefined ? [element('p', 'Put the caret into a rule to see every condition of it.', 'quiet-text')] : []),
  );
}

function showRuleset(): void {
  const items = rulesetAlerts.map((alert) =>
    element('li', [
      `${alert.sid} ${alert.message}: ${counted(alert.count, 'alert')} `,
      ...alert.places.slice(0, 1).map(({ flow }) => button(`first in flow ${flow}`, () => view.showFlow(flow), 'link')),
    ]),
  );
  byId('ruleset-alerts').replaceChildren(
    element('h2', 'Alerts of the ruleset'),
    ...(items.length === 0 ? [element('p', 'None of its rules fires on this capture.', 'empty')] : [element('ul', items)]),
  );
}

// --- why

let explainer: Worker | undefined;
let explainerHas: Blob | undefined;
let asked = 0;
let askedKey = '';
let askedAt = 0;
let isExplaining = false;
let later: ReturnType<typeof setTimeout> | undefined;

function explain(): void {
  const rule = editor.caretRule();
  if (captureFile === undefined || judged !== editor.version) return;
  if (rule === undefined || !rules.some(({ sid }) => sid === rule.sid)) {
    explanation = undefined;
    editor.showHeld(undefined, undefined);
    return;
  }
  const key = `${judged} ${rule.sid} ${behind.length}`;
  if (key === askedKey && explainerHas === captureFile) return;
  clearTimeout(later);
  if (isExplaining) {
    const left = PATIENCE - (performance.now() - askedAt);
    if (left > 0) {
      later = setTimeout(explain, left);
      return;
    }
    explainer?.terminate();
    explainer = undefined;
  }
  if (explainer === undefined) {
    explainer = start('explain');
    explainerHas = undefined;
    explainer.addEventListener('message', ({ data }: MessageEvent<FromExplain>) => {
      if (data.id !== asked) return;
      isExplaining = !data.isLast;
      if (data.problem !== undefined) say(data.problem);
      if (judged !== editor.version) return;
      ({ explanation } = data);
      editor.showHeld(explained, explanation);
      showVerdicts();
    });
  }
  askedKey = key;
  askedAt = performance.now();
  isExplaining = true;
  explained = rule;
  const question: ToExplain = {
    id: ++asked,
    settings,
    capture: explainerHas === captureFile ? undefined : captureFile,
    rules: editor.text,
    behind,
    sid: rule.sid,
  };
  explainerHas = captureFile;
  explainer.postMessage(question);
}

// --- what is handed in

function take(file: Blob, name: string): void {
  if (/\.rules$/i.test(name)) {
    takeRuleset(file, name);
    return;
  }
  if (file.size > LARGEST_CAPTURE) {
    say(`${name} is larger than a page can hold (200 MiB); use sigwright explain.`);
    return;
  }
  captureFile = file;
  explanation = undefined;
  say(`${name} is being read …`);
  tell({ tell: 'capture', file });
}

function takeRuleset(file: Blob | undefined, name: string): void {
  if (file !== undefined && file.size > LARGEST_RULESET) {
    say(`${name} is larger than a page can hold (200 MiB).`);
    return;
  }
  byId('ruleset-state').textContent = file === undefined ? '' : `${name} is being read …`;
  rulesetAlerts = [];
  byId('ruleset-alerts').replaceChildren();
  tell({ tell: 'ruleset', file });
}

const drop = byId('drop');
for (const kind of ['dragover', 'dragleave', 'drop'] as const)
  document.addEventListener(kind, (event) => {
    const holdsFiles = event.dataTransfer?.types.includes('Files') === true;
    if (!holdsFiles) return;
    event.preventDefault();
    drop.classList.toggle('over', kind === 'dragover');
    if (kind === 'drop') for (const file of event.dataTransfer?.files ?? []) take(file, file.name);
  });
for (const id of ['capture', 'ruleset'])
  byId(id).addEventListener('change', (event) => {
    const file = (event.target as HTMLInputElement).files?.[0];
    if (file === undefined) return;
    if (id === 'ruleset') takeRuleset(file, file.name);
    else take(file, file.name);
  });
for (const button of document.querySelectorAll<HTMLElement>('button[data-capture]'))
  button.addEventListener('click', async () => {
    say('The capture is on its way …');
    const answer = await fetch(button.dataset['capture'] ?? '').catch(() => undefined);
    if (answer?.ok === true) take(await answer.blob(), button.dataset['name'] ?? '');
    else say(`The capture did not come (${answer === undefined ? 'the server does not answer' : answer.status}).`);
  });

/** A capture that came with the page, as text in base64. */
const brought = document.getElementById('capture-source')?.textContent?.trim();
if (brought !== undefined && brought !== '') take(new Blob([Uint8Array.from(atob(brought), (letter) => letter.charCodeAt(0))]), 'the capture of this page');

// Only where somebody asks for it, the text goes to the server, into the repository.
for (const form of document.querySelectorAll<HTMLFormElement>('form[data-rules]'))
  form.addEventListener('submit', () => {
    const field = form.elements.namedItem(form.dataset['rules'] ?? '') as HTMLTextAreaElement | null;
    if (field !== null) field.value = editor.text.trim();
  });
