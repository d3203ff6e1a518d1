/** What came from traffic, rules or reports never becomes markup, on any page; a week in which nothing happened has pages too. */
import { describe, expect, test } from 'vitest';
import { markdown } from './html.ts';
import { renderPage, type Week } from './main.ts';

const HOSTILE = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  '</pre></td></table><iframe src=//evil>',
  '&lt;b&gt;&#60;b>',
  '\u0000\u202e<svg/onload=alert(1)>',
];
/** Every element that the pages themselves are made of. */
const OURS = new Set(
  'html head meta title link body header strong span nav a main h1 h2 h3 p pre ul ol li section article details summary table thead tbody tr th td mark code em div'.split(
    ' ',
  ),
);

function weekOf(text: string): Week {
  const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0) & 255);
  const rule = { sid: 1, category: text, message: text, text, enabled: true };
  const step = { where: text, condition: text, verdict: 'holds' as const, why: text, found: { bytes, from: 0, start: 1, end: 4 } };
  return {
    title: text,
    capture: { packets: 1, flows: 1, seconds: 0 },
    hosts: [
      {
        host: text,
        judgement: 'watch',
        reasons: [text],
        alerts: 1,
        rules: [{ sid: 1, signature: text, role: text, first: text, last: text, alerts: 1 }],
      },
    ],
    alerts: [{ time: text, sid: 1, signature: text, source: text, destination: text, protocol: text }],
    explanations: new Map([[1, { packet: 1, direction: text, flow: text, holds: true, steps: [step] }]]),
    rules: [rule],
    proofs: {
      ok: true,
      captures: 1,
      rules: [{ sid: 1, message: text, ok: true, missing: [], checks: [{ capture: text, kind: 'fires', ok: true, says: text }] }],
    },
    reports: [{ slug: text, title: text, rules: [{ sid: 1 }], source: { url: `javascript:${text}` }, credits: [{ handle: text }], playbook: text }],
    release: { version: text, files: [{ path: text, bytes: 1 }], changelog: text },
    review: `# ${text}\n\n- ${text}\n\n[${text}](${text}) **${text}** \`${text}\`\n\n[x](javascript:alert(1))\n`,
  } as unknown as Week;
}

function elements(page: string): string[] {
  return [...page.matchAll(/<\/?([a-z0-9!]+)/gi)].map((match) => match[1].toLowerCase()).filter((name) => name !== '!doctype');
}

describe('pages', () => {
  for (const text of HOSTILE) {
    test.each(['/', '/alerts', '/rules', '/rules/1', '/release', '/review'])(`%s with ${JSON.stringify(text)} everywhere`, (path) => {
      const page = renderPage(weekOf(text), path) ?? '';
      expect(page).toContain('<!doctype html>');
      expect(elements(page).filter((name) => !OURS.has(name))).toEqual([]);
      // Attributes are ours as well: no handlers, no links that run.
      for (const tag of page.match(/<[a-z][^>]*>/gi) ?? []) {
        expect(tag).not.toMatch(/\son[a-z]+\s*=/i);
        expect(tag).not.toMatch(/href="(?!https?:\/\/|\/)/i);
      }
    });
  }

  test('a week without hosts, alerts or rules has its pages', () => {
    const none: Week = { ...weekOf('x'), hosts: [], alerts: [], rules: [], explanations: new Map(), proofs: { ok: true, captures: 0, rules: [] } };
    expect(renderPage(none, '/')).toContain('No host has alerts');
    expect(renderPage(none, '/alerts')).toContain('No alerts');
    expect(renderPage(none, '/rules')).toContain('0 of 0 rules');
    expect(renderPage(none, '/rules/1')).toBeUndefined();
    expect(renderPage(none, '/constructor')).toBeUndefined();
  });

  test('markdown of nothing is nothing', () => expect(markdown('').html.trim()).toBe(''));
});
