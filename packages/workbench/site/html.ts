/** Markup of the site: every value is escaped where it is put in, so neither traffic, rules nor reports become HTML. */

/** Text that is markup already. */
export interface Markup {
  readonly markup: string;
}

const SPECIAL: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
/** Controls, and characters that turn the direction of reading: shown as U+FFFD. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
const UNSEEN = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

export function escaped(text: string): string {
  return text.replace(UNSEEN, '\ufffd').replace(/[&<>"']/g, (character) => SPECIAL[character]);
}

/** Tagged template: strings and numbers are escaped, markup and lists of it go in as they are. */
export function html(parts: TemplateStringsArray, ...values: readonly (string | number | Markup | readonly Markup[])[]): Markup {
  let markup = parts[0];
  for (const [index, value] of values.entries()) {
    if (typeof value === 'string' || typeof value === 'number') markup += escaped(String(value));
    else markup += 'markup' in value ? value.markup : value.map((one) => one.markup).join('');
    markup += parts[index + 1];
  }
  return { markup };
}

/** A link where the address is one of the web's, else the text alone. */
export function webLink(address: string): Markup {
  return /^https?:\/\/[^\s]+$/i.test(address) ? html`<a rel="noreferrer nofollow" href="${address}">${address}</a>` : html`${address}`;
}

/** `depth`: folders between the page and the front page. */
export function page(title: string, site: string, depth: number, body: Markup): string {
  const up = '../'.repeat(depth);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'; form-action 'none'">
<title>${title}</title>
<link rel="stylesheet" href="${up}style.css">
</head>
<body>
<header><nav aria-label="Site"><a href="${up}index.html">${site}</a> <a href="${up}search.html">Search</a> <a href="${up}community-review.html">Community review</a> <a href="${up}playbook.json">Playbook</a></nav></header>
<main>
<h1>${title}</h1>
${body}
</main>
</body>
</html>
`.markup;
}

export const STYLE = `:root { color-scheme: light dark; --text: #1b1f24; --page: #ffffff; --soft: #57606a; --line: #d0d7de; --link: #0550ae; --mark: #fff1a8; --mark-text: #1b1f24; --box: #f6f8fa; }
@media (prefers-color-scheme: dark) { :root { --text: #e6edf3; --page: #0d1117; --soft: #9da7b3; --line: #3d444d; --link: #79b8ff; --mark: #f2cc60; --mark-text: #14181d; --box: #161b22; } }
* { box-sizing: border-box; }
body { margin: 0; color: var(--text); background: var(--page); font: 16px/1.55 system-ui, sans-serif; }
header { border-bottom: 1px solid var(--line); }
nav, main { max-width: 60rem; margin: 0 auto; padding: .75rem 1rem; }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; }
main { padding-bottom: 4rem; }
a { color: var(--link); overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; line-height: 1.25; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin-top: 2rem; }
h3 { font-size: 1rem; }
pre { background: var(--box); border: 1px solid var(--line); border-radius: 6px; padding: .75rem; overflow-x: auto; font: 13px/1.5 ui-monospace, monospace; }
pre.rule { white-space: pre-wrap; overflow-wrap: anywhere; }
mark { background: var(--mark); color: var(--mark-text); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
ul { padding-left: 1.25rem; }
li { overflow-wrap: anywhere; }
.soft { color: var(--soft); }
input { font: inherit; width: 100%; padding: .5rem; color: inherit; background: var(--page); border: 1px solid var(--soft); border-radius: 6px; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
@media (max-width: 30rem) { dl { grid-template-columns: 1fr; } dd { margin-bottom: .5rem; } }
`;

/** Searches what search-index.js holds; nothing of it is needed to read the site. */
export const SEARCH_SCRIPT = `const box = document.querySelector('input');
const list = document.querySelector('#found');
const told = document.querySelector('#told');
const show = () => {
  const words = box.value.toLowerCase().split(/\\s+/).filter((word) => word !== '');
  const hits = words.length === 0 ? [] : globalThis.rulesOfSite.filter(([sid, message]) => words.every((word) => (sid + ' ' + message).toLowerCase().includes(word)));
  told.textContent = words.length === 0 ? '' : hits.length + (hits.length === 1 ? ' rule' : ' rules') + (hits.length > 200 ? ', the first 200 of them:' : '');
  list.replaceChildren(...hits.slice(0, 200).map(([sid, message]) => {
    const item = document.createElement('li');
    const link = document.createElement('a');
    link.href = 'sid/' + sid + '.html';
    link.textContent = sid + ' ' + message;
    item.append(link);
    return item;
  }));
};
box.addEventListener('input', show);
show();
`;
