/** The worker `explain`: one rule on the capture, with the smallest change that makes it fire. Whoever does not want to wait ends it. */
import { catalogue } from '@sigwright/catalogue';
import { explainRule, type RuleExplanation } from '@sigwright/detection';
import { parseRules } from '@sigwright/rule-language';
import type { FromExplain, ShownExplanation, ToExplain } from './messages.ts';
import { engineSettings } from './settings.ts';

let capture = new Uint8Array(0);

export function explain(): void {
  self.onmessage = async ({ data }: MessageEvent<ToExplain>): Promise<void> => {
    try {
      if (data.capture !== undefined) capture = new Uint8Array(await data.capture.arrayBuffer());
      const rules = [...parseRules(data.rules).rules, ...parseRules(data.behind).rules];
      // What stood in the way is there at once; what would help is tried, again and again.
      for (const withoutChange of [true, false]) {
        const found = explainRule({ rules, sid: data.sid, capture, withoutChange }, catalogue, engineSettings(data.settings));
        const isLast = !withoutChange || found === undefined || found.alerts > 0;
        self.postMessage({ id: data.id, explanation: found === undefined ? undefined : shown(found), isLast } satisfies FromExplain);
        if (isLast) break;
      }
    } catch (problem) {
      const said: FromExplain = { id: data.id, explanation: undefined, isLast: true, problem: `the engine has a fault here: ${(problem as Error).message}` };
      self.postMessage(said);
    }
  };
}

function shown({ sid, verdict, fired, nearest, marks, change }: RuleExplanation): ShownExplanation {
  const attempt = fired ?? nearest;
  return {
    sid,
    verdict,
    place:
      attempt === undefined
        ? ''
        : `${attempt.holds ? 'where it held' : 'where it came furthest'}: packet ${attempt.packet}, ${attempt.direction.replace('_', ' ')}${attempt.flow === '' ? '' : `, flow ${attempt.flow}`}`,
    steps: (attempt?.steps ?? []).map(({ where, condition, verdict, why, found }) => ({
      where,
      condition,
      verdict,
      why,
      ...(found === undefined ? {} : { found: { bytes: found.bytes.slice(), from: found.from, start: found.start, end: found.end } }),
    })),
    marks: marks.map(({ span, verdict }) => ({ from: span.start, to: span.end, verdict })),
    change: change === undefined ? undefined : { steps: change.steps, text: change.text, alerts: change.alerts },
  };
}
