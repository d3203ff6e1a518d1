/** Text → HTML, always escaped. What came from traffic never becomes markup: everything goes through `text` or `bytesHtml`. */

import { postBlocks } from './post-markdown.ts';

/** Markup that is known to be safe. */
export interface Html {
  readonly html: string;
}

export function text(value: unknown): string {
  return String(value).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Values are escaped unless they are Html themselves. */
export function html(strings: TemplateStringsArray, ...values: readonly (Html | readonly Html[] | string | number | undefined)[]): Html {
  let out = strings[0];
  values.forEach((value, at) => {
    if (value === undefined) out += '';
    else if (Array.isArray(value)) out += value.map((one: Html) => one.html).join('');
    else if (typeof value === 'object') out += (value as Html).html;
    else out += text(value);
    out += strings[at + 1];
  });
  return { html: out };
}

/** The weekly review as elements. */
export function markdown(source: string): Html {
  const out: string[] = [];
  let inList = false;
  for (const { tag, parts } of postBlocks(source)) {
    if ((tag === 'li') !== inList) out.push(inList ? '</ul>' : '<ul>');
    inList = tag === 'li';
    const inner = parts.map(({ kind, text: words, href }) =>
      kind === 'text' ? html`${words}` : kind === 'strong' ? html`<strong>${words}</strong>` : html`<a href="${href}" rel="noreferrer">${words}</a>`,
    );
    out.push(`<${tag}>${html`${inner}`.html}</${tag}>`);
  }
  if (inList) out.push('</ul>');
  return { html: out.join('\n') };
}

/** A hexdump of at most `most` lines around bytes[start, end), which are marked. `from`: offset of bytes[0]. */
export function bytesHtml(bytes: Uint8Array, from: number, start: number, end: number, most = 6): Html {
  const first = Math.max(0, start - from - 16);
  return dumpHtml(bytes, first - (first % 16), most, [[start - from, end - from]], from);
}

/** A hexdump of at most `most` lines from bytes[first] on, with `marks` (starts and ends) marked. `from`: what is called the offset of bytes[0]. */
export function dumpHtml(bytes: Uint8Array, first: number, most: number, marks: readonly (readonly [start: number, end: number])[], from = 0): Html {
  const lines: string[] = [];
  for (let at = first; at < bytes.length && lines.length < most; at += 16) {
    // In halves, which narrow screens show below each other.
    const hex = ['', ''];
    const shown = ['', ''];
    for (let one = at; one < at + 16; one++) {
      const half = one < at + 8 ? 0 : 1;
      if (one >= bytes.length) {
        hex[half] += '   ';
        continue;
      }
      const marked = marks.some(([start, end]) => one >= start && one < end);
      const pair = bytes[one].toString(16).padStart(2, '0');
      const letter = text(bytes[one] >= 0x20 && bytes[one] < 0x7f ? String.fromCharCode(bytes[one]) : '.');
      hex[half] += marked ? `<mark>${pair}</mark> ` : `${pair} `;
      shown[half] += marked ? `<mark>${letter}</mark>` : letter;
    }
    const none = at + 8 < bytes.length ? '' : ' class="none"';
    lines.push(
      `<span class="row"><span class="offset">${String(from + at).padStart(6)}  </span><span>${hex[0]}</span><span${none}>${hex[1]} </span><span>${shown[0]}</span><span${none}>${shown[1]}\n</span></span>`,
    );
  }
  return { html: `<pre class="bytes" tabindex="0">${lines.join('')}</pre>` };
}
