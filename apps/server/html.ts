/** Text → HTML, always escaped. What came from traffic never becomes markup: everything goes through `text` or `bytesHtml`. */

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

/** The little Markdown that the weekly review is written in. */
export function markdown(source: string): Html {
  const out: string[] = [];
  let inList = false;
  for (const line of source.split('\n')) {
    const item = /^- (.*)$/.exec(line);
    if (item === null && inList) {
      out.push('</ul>');
      inList = false;
    }
    const heading = /^(#{1,3}) (.*)$/.exec(line);
    if (item !== null) {
      if (!inList) out.push('<ul>');
      inList = true;
      out.push(`<li>${inline(item[1])}</li>`);
    } else if (heading !== null) out.push(`<h${heading[1].length + 1}>${inline(heading[2])}</h${heading[1].length + 1}>`);
    else if (line.trim() !== '') out.push(`<p>${inline(line)}</p>`);
  }
  if (inList) out.push('</ul>');
  return { html: out.join('\n') };
}

function inline(source: string): string {
  return text(source)
    .replace(/\*\*([^*]+)\*\*/g, '<strong>$1</strong>')
    .replace(/\[([^\]]+)\]\((https?:&#47;&#47;|https?:\/\/)([^)\s]+)\)/g, '<a href="$2$3" rel="noreferrer">$1</a>');
}

/** A hexdump of at most `most` lines with bytes[start, end) marked. `from`: offset of bytes[0]. */
export function bytesHtml(bytes: Uint8Array, from: number, start: number, end: number, most = 6): Html {
  const lines: string[] = [];
  const first = Math.max(0, start - from - 16);
  for (let at = first - (first % 16); at < bytes.length && lines.length < most; at += 16) {
    let hex = '';
    let shown = '';
    for (let one = at; one < at + 16; one++) {
      if (one >= bytes.length) {
        hex += '   ';
        continue;
      }
      const marked = from + one >= start && from + one < end;
      const pair = bytes[one].toString(16).padStart(2, '0');
      const letter = text(bytes[one] >= 0x20 && bytes[one] < 0x7f ? String.fromCharCode(bytes[one]) : '.');
      hex += marked ? `<mark>${pair}</mark> ` : `${pair} `;
      shown += marked ? `<mark>${letter}</mark>` : letter;
    }
    lines.push(`<span class="offset">${String(from + at).padStart(6)}</span>  ${hex} ${shown}`);
  }
  return { html: `<pre class="bytes">${lines.join('\n')}</pre>` };
}
