import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { REFERENCE_FOLDER, referencePages } from './generate-reference.ts';

const pages = referencePages();
const MEND = 'run `node tools/generate-reference.ts` and commit docs/reference';

test('docs/reference holds no page of something that is gone', () => expect(readdirSync(REFERENCE_FOLDER).sort(), MEND).toEqual([...pages.keys()].sort()));

test.each([...pages])('docs/reference/%s is that of the definitions', (name, text) => {
  const path = join(REFERENCE_FOLDER, name);
  expect(existsSync(path) ? readFileSync(path, 'utf8') : '', MEND).toBe(text);
});

test('every link leads to a page', () => {
  for (const [name, text] of pages) for (const [, target] of text.matchAll(/\]\(([^)#]+)/g)) expect(pages.has(target), `${name}: ${target}`).toBe(true);
});
