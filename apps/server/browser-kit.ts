/** For tests in a browser: Debian's chromium, what axe finds, and a watch on what a page must not do. Left out aloud where there is none. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { SCRIPT_FOLDER } from './static-files.ts';

export const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path));
const isBuilt = existsSync(join(SCRIPT_FOLDER, 'engine.js'));
export const LEFT_OUT = CHROMIUM === undefined || !isBuilt;
export const LAUNCH = { executablePath: CHROMIUM ?? '', args: ['--no-sandbox', '--disable-gpu'] };

/** Says why tests are left out, where they are. */
export function sayLeftOut(what: string): void {
  if (CHROMIUM === undefined) console.warn(`left out: ${what}; there is no chromium (Debian: apt-get install chromium)`);
  else if (!isBuilt) console.warn(`left out: ${what}; the scripts are not built (node tools/build.ts)`);
}

/** What breaks WCAG 2.1 AA, by axe: rule, element, why. A page on which it could check next to nothing is no success. */
const BREACHES = `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] }).then((result) =>
  result.passes.length < 5 ? ['axe found nothing to check'] : result.violations.flatMap((rule) => rule.nodes.map((node) => rule.id + ': ' + node.html.slice(0, 150) + ': ' + node.failureSummary.slice(0, 200))))`;

export async function breachesOf(page: Page): Promise<readonly string[]> {
  await page.evaluate(readFileSync(join(import.meta.dirname, '..', '..', 'node_modules', 'axe-core', 'axe.min.js'), 'utf8'));
  return page.evaluate(BREACHES) as Promise<readonly string[]>;
}

/** Pixels by which a page is wider than its window. */
export function overhang(page: Page): Promise<number> {
  return page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth') as Promise<number>;
}

/** Inputs without a name, cells and columns without a heading: what a screen reader needs first, and what a narrow screen shows before each cell. */
const NAMELESS = `[
  ...[...document.querySelectorAll('input:not([type=hidden]), select, textarea:not([hidden])')].filter((one) => one.labels.length === 0 && !one.getAttribute('aria-label')),
  ...[...document.querySelectorAll('th')].filter((one) => one.textContent.trim() === ''),
  ...[...document.querySelectorAll('td')].filter((one) => !one.dataset.heading),
].map((one) => one.outerHTML.slice(0, 150))`;

/** Times that do not say in which zone they are, in their words or in the heading of their column. What others wrote is left alone. */
const ZONELESS = `(() => {
  const found = [];
  const texts = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const { data, parentElement } = texts.currentNode;
    if (/\\d{4}-\\d\\d-\\d\\d[ T]\\d\\d:\\d\\d(?!.{0,30}UTC)/.test(data) && parentElement.closest('pre, textarea, code, article, dd, [data-heading*=UTC]') === null) found.push(data.slice(0, 100));
  }
  return found;
})()`;

/** Headings that stand before the cells of a narrow screen and run into what the cells say. */
const OVERLAPPING = `[...new Set([...document.querySelectorAll('td')].filter((one) => {
  const [room, wide] = [parseFloat(getComputedStyle(one).paddingLeft), parseFloat(getComputedStyle(one, '::before').width)];
  return getComputedStyle(one, '::before').position === 'absolute' && room > 0 && wide > room;
}).map((one) => one.dataset.heading))]`;

/** What is wrong with a page whatever it shows: it is wider than its window, something has no name, a time no zone, there is not one main heading, axe finds something. */
export async function flawsOf(page: Page): Promise<readonly string[]> {
  const over = await overhang(page);
  const headings = await page.locator('h1').count();
  return [
    ...(over > 0 ? [`wider than its window by ${over} pixels`] : []),
    ...(headings === 1 ? [] : [`${headings} main headings`]),
    ...((await page.evaluate(NAMELESS)) as readonly string[]).map((one) => `without a name: ${one}`),
    ...((await page.evaluate(ZONELESS)) as readonly string[]).map((one) => `a time without its zone: ${one}`),
    ...((await page.evaluate(OVERLAPPING)) as readonly string[]).map((one) => `a heading runs into its cells: ${one}`),
    ...(await breachesOf(page)),
  ];
}

/** Points at a buffer's name in the rules until its words come: a pointer that does not move again is not noticed by a busy page. */
export async function hoverTells(page: Page, buffer: string, words: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    await page.mouse.move(0, 0);
    await page.locator('.rule-buffer', { hasText: buffer }).first().hover();
    try {
      return await page.locator('.cm-hover', { hasText: words }).waitFor({ timeout: 3000 });
    } catch (problem) {
      if (tries === 9) throw problem;
    }
  }
}

/** Where pictures of pages are kept, for looking at them: the environment's SIGWRIGHT_PICTURES. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env['SIGWRIGHT_PICTURES'];
  if (folder !== undefined) await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}
