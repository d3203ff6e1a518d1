/** Rules from captures have a report: one of their address, or of their family and week, else a new one that every other step reads. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openRepository, type Repository } from '../repository/repository.ts';
import { type CaptureReportAbout, captureReport } from './capture-report.ts';

const folder = mkdtempSync(join(tmpdir(), 'sigwright-capture-report-'));
const RULE = { sid: 7, role: 'check_in' as const, 'alerts-on': 'address is of the form `/a/<digits, 3>`, "quoted"' };

beforeAll(() => {
  writeFileSync(
    join(folder, 'ruleset.yaml'),
    'name: small\ntitle: Small\nlicence: BSD-3-Clause\ncopyright: nobody\nmessage-prefix: SW\nsid-ranges: [{ from: 1, to: 99 }]\n',
  );
  mkdirSync(join(folder, 'reports', '2024-03-08-quiet'), { recursive: true });
  writeFileSync(
    join(folder, 'reports', '2024-03-08-quiet', 'report.yaml'),
    '# kept\ntitle: Quiet\ndate: 2024-03-08\nsource: { url: "https://lab.example/quiet", kind: blog, publisher: Lab }\ncredits: []\nfamilies: [QuietRAT]\nsummary: mine\n',
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

function repository(): Repository {
  const opened = openRepository(folder);
  if (!opened.ok) throw new Error(opened.message);
  return opened.value;
}

describe('the report behind rules from captures', () => {
  test.each<readonly [why: string, about: CaptureReportAbout, slug: string]>([
    ['the same address', { reference: 'https://lab.example/quiet', date: '2025-01-01' }, '2024-03-08-quiet'],
    ['the same family and week', { family: 'quietrat', date: '2024-03-12' }, '2024-03-08-quiet'],
    ['the same family, another week', { family: 'QuietRAT', date: '2024-03-15' }, '2024-03-15-quietrat'],
    ['another family', { family: 'Loud Rat', date: '2024-03-08' }, '2024-03-08-loud-rat'],
    ['no family', { date: '2024-03-08' }, '2024-03-08-captures'],
  ])('%s', (_why, about, slug) => {
    const made = captureReport(repository(), [RULE], about);
    expect([made.slug, made.isKnown]).toEqual([slug, slug === '2024-03-08-quiet']);
  });

  test('is read again as it was meant, and what stood there stays', () => {
    const known = captureReport(repository(), [RULE], { family: 'QuietRAT', date: '2024-03-08' });
    const fresh = captureReport(repository(), [RULE], { family: 'Loud Rat', date: '2024-03-08' });
    for (const [path, content] of [...known.files, ...fresh.files]) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
    }
    const { reports, problems } = repository();
    expect(problems.filter(({ path }) => path.includes('reports'))).toEqual([]);
    expect(reports.map(({ title, rules, families }) => [title, families, rules])).toEqual([
      ['Loud Rat, from captures', ['Loud Rat'], [RULE]],
      ['Quiet', ['QuietRAT'], [RULE]],
    ]);
    expect(readFileSync(join(folder, 'reports', '2024-03-08-quiet', 'report.yaml'), 'utf8')).toMatch(/^# kept\n.*summary: mine\n/s);
  });
});
