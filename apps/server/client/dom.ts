/** Elements made of text: nothing that came from traffic, rules or documentation becomes markup. */
import { plural } from '@sigwright/bytes';

export type Content = string | readonly (string | Node)[];

export function element<Name extends keyof HTMLElementTagNameMap>(name: Name, content: Content = [], className = ''): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  made.append(...(typeof content === 'string' ? [content] : content));
  if (className !== '') made.className = className;
  return made;
}

export function button(words: Content, press: () => void, className = 'quiet'): HTMLButtonElement {
  const made = element('button', words, className);
  made.type = 'button';
  made.addEventListener('click', press);
  return made;
}

export function byId<Kind extends HTMLElement = HTMLElement>(id: string): Kind {
  return document.getElementById(id) as Kind;
}

export function counted(count: number, thing: string): string {
  return `${count.toLocaleString('en')} ${plural(count, thing)}`;
}

/** Code in a line, and nothing else: what rules match on may hold any other mark. */
export function codes(line: string): (string | Node)[] {
  return line.split(/`([^`]+)`/).map((part, at) => (at % 2 === 0 ? part : element('code', part)));
}

/** The little Markdown that packages/editor writes: paragraphs, line breaks, `---`, bold, italics, code. */
export function markdown(text: string): HTMLElement {
  const holder = element('div', [], 'markdown');
  for (const block of text.split('\n\n')) {
    if (block.trim() === '---') holder.append(element('hr'));
    else {
      const lines = block.split(/ {2}\n/).flatMap((line, at) => [...(at === 0 ? [] : [element('br')]), ...inlineMarkdown(line)]);
      holder.append(element('p', lines));
    }
  }
  return holder;
}

const SPAN = /`([^`]+)`|\*\*([^*]+(?:\*(?!\*)[^*]*)*)\*\*|\*([^*]+)\*/g;

/** Code, bold and italics in a line. */
export function inlineMarkdown(line: string): (string | Node)[] {
  const found: (string | Node)[] = [];
  let at = 0;
  for (const match of line.matchAll(SPAN)) {
    found.push(line.slice(at, match.index));
    const [whole, code, bold, italic] = match;
    found.push(
      code !== undefined ? element('code', code) : bold !== undefined ? element('strong', inlineMarkdown(bold)) : element('em', inlineMarkdown(italic)),
    );
    at = match.index + whole.length;
  }
  return [...found, line.slice(at)];
}
