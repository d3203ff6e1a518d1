/** What the rules did: a line for each, and for the one at the caret every condition with its bytes, and the smallest change. */
import { button, codes, counted, element } from './dom.ts';
import { hexdump } from './hexdump.ts';
import type { ShownExplanation, ShownRule, ShownStep } from './messages.ts';

export interface VerdictActions {
  goTo(sid: number): void;
  /** the rule as it would be */
  change(text: string): void;
  take(bytes: Uint8Array, buffer: string | undefined): void;
  showFlow(id: number): void;
}

const VERDICTS: Readonly<Record<ShownStep['verdict'], string>> = { holds: 'holds', fails: 'FAILS', 'not reached': 'not reached' };

export function ruleLine(rule: ShownRule, isHere: boolean, actions: VerdictActions): HTMLElement {
  const fired = rule.alerts?.count ?? 0;
  const said = rule.state === 'refused' ? 'refused' : rule.state === 'disabled' ? 'disabled' : counted(fired, 'alert');
  const place = rule.alerts?.places[0];
  const line = element('li', [
    isHere ? element('strong', `${rule.sid} ${rule.message}`) : button(`${rule.sid} ${rule.message}`, () => actions.goTo(rule.sid), 'link'),
    ' ',
    element('span', said, rule.state === 'loaded' ? (fired > 0 ? 'good' : '') : 'wrong'),
    ...(place === undefined ? [] : [', ', button(`first in flow ${place.flow}`, () => actions.showFlow(place.flow), 'link')]),
  ]);
  if (isHere) line.setAttribute('aria-current', 'true');
  return line;
}

export function explanationCard(
  { sid, verdict, place, steps, change }: ShownExplanation,
  message: string,
  fired: boolean,
  actions: VerdictActions,
): HTMLElement {
  const parts: (string | Node)[] = [
    element('h3', `${sid} ${message}`),
    element('p', codes(verdict), 'judgement'),
    ...(place === '' ? [] : [element('p', `${place.slice(0, 1).toUpperCase()}${place.slice(1)}`.replace(' -> ', ' → '), 'quiet-text')]),
    element(
      'ol',
      steps.map((step) => stepItem(step, actions)),
      'steps',
    ),
  ];
  if (change !== undefined) {
    const { text } = change;
    parts.push(
      element(
        'p',
        [
          ...codes(`The smallest change that makes it fire (tried: ${counted(change.alerts, 'alert')}): ${change.steps.join(', then ')}. `),
          button('Make it so', () => actions.change(text)),
        ],
        'notice',
      ),
    );
  }
  return element('div', parts, `card ${fired ? 'context' : ''}`);
}

function stepItem({ where, condition, verdict, why, found }: ShownStep, actions: VerdictActions): HTMLElement {
  const item = element(
    'li',
    [element('strong', `${VERDICTS[verdict]} · ${where}`), ` ${condition}${why === '' ? '' : `: ${why}`}`],
    verdict === 'fails' ? 'wrong' : verdict === 'holds' ? '' : 'quiet-text',
  );
  if (found === undefined || found.bytes.length === 0 || verdict === 'not reached') return item;
  const isPlain = /^[\w.]+$/.test(where);
  const buffer = where === 'payload' ? undefined : where;
  item.append(
    hexdump({
      bytes: found.bytes,
      offset: found.from,
      mark: verdict === 'holds' ? found : undefined,
      label: where,
      lines: 6,
      take: isPlain ? (bytes) => actions.take(bytes, buffer) : undefined,
    }),
  );
  return item;
}
