/** An explanation of one rule for people: lines of a terminal, or a page. Traffic is shown as bytes and text, never as markup or control characters. */
import type { ExplainedAttempt, ExplainedBytes, ExplainedStep, RuleExplanation, TriedChange } from '@sigwright/detection';

const MARKS = { holds: 'ok  ', fails: 'FAIL', 'not reached': '  - ' };
const LINE_WIDTH = 16;
const MOST_LINES = 6;
/** Captures that are told one by one where a change catches more. */
const MOST_CAPTURES = 20;
/** Columns of the rule's text before it goes on in the next line. */
const TEXT_WIDTH = 110;

export function explanationText(explanation: RuleExplanation): string {
  const { sid, message, verdict, fired, nearest, change, setters, diagnostics } = explanation;
  const parts = [`${sid} ${visible(message)}\n\n${visible(verdict)}\n`];
  for (const one of diagnostics) parts.push(`  ${visible(one.title)} (${one.code})${one.help === undefined ? '' : `; ${visible(one.help)}`}\n`);
  if (explanation.reason !== 'disabled' && !explanation.enabled) parts.push('the rule is disabled in its file; it was enabled for this\n');
  for (const one of setters) parts.push(`  ${one.sid} ${visible(one.message)}${one.enabled ? '' : ', disabled'}: ${visible(one.verdict)}\n`);
  parts.push(`\n${markedText(explanation)}\n`);
  const attempt = fired ?? nearest;
  if (attempt !== undefined) parts.push(attemptText(attempt));
  if (change !== undefined) parts.push(changeText(change, explanation));
  else if (explanation.reason !== undefined) parts.push(`\n${noChange(explanation)}\n`);
  return parts.join('');
}

/** The rule, with `=` under what held and `^` under what failed. */
function markedText({ text, marks }: RuleExplanation): string {
  const under = Array.from({ length: text.length }, () => ' ');
  for (const { span, verdict } of marks)
    for (let at = span.start; at < span.end && at < text.length; at++) under[at] = verdict === 'holds' ? '=' : verdict === 'fails' ? '^' : '.';
  const lines: string[] = [];
  for (let at = 0; at < text.length; at += TEXT_WIDTH) {
    lines.push(`  ${visible(text.slice(at, at + TEXT_WIDTH))}`);
    const below = under
      .slice(at, at + TEXT_WIDTH)
      .join('')
      .trimEnd();
    if (below !== '') lines.push(`  ${below}`);
  }
  return lines.join('\n');
}

function attemptText(attempt: ExplainedAttempt): string {
  const lines = ['', `${placeOf(attempt)}`, ''];
  for (const step of attempt.steps) {
    lines.push(`${MARKS[step.verdict]}  ${step.where}: ${visible(step.condition)}${step.why === '' ? '' : ` — ${visible(step.why)}`}`);
    if (step.found !== undefined && step.found.bytes.length > 0 && step.verdict !== 'not reached')
      for (const { offset, hex, text } of dumpOf(step.found, isPlace(step))) lines.push(`        ${offset.padStart(6)}  ${hex.padEnd(64)}  ${text}`);
  }
  return `${lines.join('\n')}\n`;
}

function placeOf(attempt: ExplainedAttempt): string {
  const { packet, direction, flow, transaction } = attempt;
  return `${attempt.holds ? 'where it held' : 'where it came furthest'}: packet ${packet === 0 ? '(end of flow)' : packet}, ${direction}${flow === '' ? '' : `, flow ${flow}`}${transaction === undefined ? '' : `, transaction ${transaction}`}`;
}

function changeText(change: TriedChange, { text }: RuleExplanation): string {
  const lines = ['', `${change.steps.length === 1 ? 'smallest change that makes it fire' : 'changes that together make it fire'} (tried):`, ''];
  for (const step of change.steps) lines.push(`  * ${visible(step)}`);
  if (change.text !== text) lines.push('', `  ${visible(change.text)}`);
  lines.push('', ...catches(change).map((line) => `  ${line}`));
  return `${lines.join('\n')}\n`;
}

function noChange({ tried, passedBy }: RuleExplanation): string {
  if (passedBy !== undefined) return `without rule ${passedBy} it fires (tried): disable that rule, or narrow it to what it is to let by`;
  if (tried === 0) return 'there is no small change that could make it fire on this capture';
  return `no small change makes it fire on this capture: ${tried === 1 ? 'one was' : `${tried} were`} tried; this is other traffic than the rule is about`;
}

/** What else it would catch. */
function catches({ alerts, packets, flows, elsewhere, bare }: TriedChange): string[] {
  const places = packets.filter((packet) => packet > 0);
  const more = elsewhere.filter(({ before, after }) => after !== before);
  const same = elsewhere.length - more.length;
  return [
    ...(bare ? ['what is left asks for no bytes and no numbers: this is other traffic than the rule is about'] : []),
    `it then fires ${times(alerts)} on this capture, on ${flows} ${flows === 1 ? 'flow' : 'flows'}${places.length === 0 ? '' : ` (packet ${places.join(', ')}${places.length < alerts ? ' …' : ''})`}`,
    ...more.slice(0, MOST_CAPTURES).map(({ name, before, after }) => `on ${visible(name)}: ${times(after)}, ${times(before)} before`),
    ...(more.length > MOST_CAPTURES ? [`and on ${more.length - MOST_CAPTURES} other captures more often than before`] : []),
    ...(same === 0 ? [] : [`on ${same === 1 ? 'one capture' : `${same} captures`}${more.length === 0 ? '' : ' more'}: nothing that it did not catch before`]),
    ...(elsewhere.length === 0 ? ['what else it would catch: --also PATH tries it on other traffic'] : []),
  ];
}

function times(count: number): string {
  return count === 0 ? 'never' : count === 1 ? 'once' : count === 2 ? 'twice' : `${count} times`;
}

interface DumpLine {
  readonly offset: string;
  /** what matched stands in brackets */
  readonly hex: string;
  readonly text: string;
}

/** Where something is that the rule looks for, wherever it looks; else what was searched is shown. */
function isPlace({ verdict, reason }: ExplainedStep): boolean {
  return verdict === 'holds' || reason === 'outside-window' || reason === 'other-case' || reason === 'is-there';
}

/** Lines of sixteen bytes around the match. */
function dumpOf(found: ExplainedBytes, matched: boolean): DumpLine[] {
  const lines: DumpLine[] = [];
  const first = Math.max(0, matched ? found.start - found.from - LINE_WIDTH : 0);
  const last = Math.min(found.bytes.length, matched ? found.end - found.from + LINE_WIDTH : 3 * LINE_WIDTH);
  for (let at = first - (first % LINE_WIDTH); at < last && lines.length < MOST_LINES; at += LINE_WIDTH) {
    let hex = '';
    let text = '';
    for (let one = at; one < Math.min(at + LINE_WIDTH, found.bytes.length); one++) {
      const inside = matched && found.from + one >= found.start && found.from + one < found.end;
      hex += `${inside ? '[' : ' '}${found.bytes[one].toString(16).padStart(2, '0')}${inside ? ']' : ' '}`;
      text += found.bytes[one] >= 0x20 && found.bytes[one] < 0x7f ? String.fromCharCode(found.bytes[one]) : '.';
    }
    lines.push({ offset: String(found.from + at), hex, text });
  }
  return lines;
}

/** Nothing of a rule or of traffic can steer a terminal. */
function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '·');
}

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color:#1b2733;background:#fff}
pre{font:13px/1.45 ui-monospace,monospace;white-space:pre-wrap;overflow-wrap:anywhere;background:#f4f6f8;padding:.8rem;border-radius:6px}
.holds{background:#d5f0dc}.fails{background:#ffd9d3;font-weight:600}.unreached{color:#6b7885}
pre.bytes{white-space:pre;overflow-x:auto;overflow-wrap:normal}code{font:13px ui-monospace,monospace;background:#f4f6f8;border-radius:3px;padding:0 .2em}li{margin:.4rem 0}h1{font-size:1.3rem}h2{font-size:1.05rem;margin-top:1.6rem}
@media(prefers-color-scheme:dark){body{color:#dde5ec;background:#141b22}pre,code{background:#1d2731}.holds{background:#1d4a2c}.fails{background:#6b2a22}}`;
const CLASSES = { holds: 'holds', fails: 'fails', 'not reached': 'unreached' };

/** A page without scripts and without anything from elsewhere. */
export function explanationHtml(explanation: RuleExplanation, capture: string): string {
  const { sid, message, verdict, fired, nearest, change, setters, diagnostics, text } = explanation;
  const attempt = fired ?? nearest;
  const body = [
    `<h1>${sid} ${escaped(message)}</h1><p>${prose(verdict)}</p>`,
    ...diagnostics.map((one) => `<p class="fails">${prose(one.title)} (${escaped(one.code)})${one.help === undefined ? '' : `; ${prose(one.help)}`}</p>`),
    ...setters.map((one) => `<p>${one.sid} ${escaped(one.message)}${one.enabled ? '' : ', disabled'}: ${prose(one.verdict)}</p>`),
    `<h2>The rule</h2><pre>${markedHtml(text, explanation.marks)}</pre>`,
    attempt === undefined ? '' : `<h2>${escaped(placeOf(attempt))}</h2><p>${escaped(capture)}</p><ol>${attempt.steps.map(stepHtml).join('')}</ol>`,
    change !== undefined ? changeHtml(change, text) : explanation.reason === undefined ? '' : `<p>${prose(noChange(explanation))}</p>`,
  ];
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'"><title>${sid} explained</title><style>${STYLE}</style></head><body>${body.join('')}</body></html>\n`;
}

function stepHtml(step: ExplainedStep): string {
  const dump = step.found !== undefined && step.found.bytes.length > 0 && step.verdict !== 'not reached' ? dumpOf(step.found, isPlace(step)) : [];
  const bytes = dump.map(({ offset, hex, text }) => `${offset.padStart(6)}  ${hex.padEnd(64)}  ${escaped(text)}`).join('\n');
  return `<li><span class="${CLASSES[step.verdict]}">${step.verdict}</span> ${escaped(step.where)}: ${escaped(step.condition)}${step.why === '' ? '' : ` — ${prose(step.why)}`}${bytes === '' ? '' : `<pre class="bytes">${bytes}</pre>`}</li>`;
}

function changeHtml(change: TriedChange, text: string): string {
  const title = change.steps.length === 1 ? 'Smallest change that makes it fire, tried' : 'Changes that together make it fire, tried';
  return `<h2>${title}</h2><ul>${change.steps.map((step) => `<li>${prose(step)}</li>`).join('')}</ul>${change.text === text ? '' : `<pre>${escaped(change.text)}</pre>`}<ul>${catches(
    change,
  )
    .map((line) => `<li>${prose(line)}</li>`)
    .join('')}</ul>`;
}

function markedHtml(text: string, marks: RuleExplanation['marks']): string {
  let out = '';
  let at = 0;
  for (const { span, verdict } of [...marks].sort((a, b) => a.span.start - b.span.start)) {
    if (span.start < at) continue;
    out += `${escaped(text.slice(at, span.start))}<span class="${CLASSES[verdict]}">${escaped(text.slice(span.start, span.end))}</span>`;
    at = span.end;
  }
  return out + escaped(text.slice(at));
}

/** What stands between backticks is the rule's own text. */
function prose(text: string): string {
  return escaped(text).replace(/`([^`]*)`/g, '<code>$1</code>');
}

const NAMES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escaped(text: string): string {
  return visible(text).replace(/[&<>"']/g, (one) => NAMES[one]);
}
