/**
 * Bytes to look at and to choose from: sixteen (on narrow screens eight) a line, in hex and as text. A run is chosen by dragging, by
 * its first and last byte, or by keys: arrows move, with Shift they choose, Enter takes.
 */
import { encodeContent } from '@sigwright/bytes';
import { button, element } from './dom.ts';

export interface DumpOptions {
  readonly bytes: Uint8Array;
  /** number of the first byte */
  readonly offset: number;
  /** of the same numbers: what matched */
  readonly mark?: { readonly start: number; readonly end: number } | undefined;
  /** for those who do not see it */
  readonly label: string;
  /** lines at first; undefined: all */
  readonly lines?: number;
  /** undefined: nothing can be done with them but copying */
  readonly take?: ((bytes: Uint8Array) => void) | undefined;
}

/** More than any rule should hold. */
const MOST_CHOSEN = 255;
const NARROW = 700;

export function hexdump({ bytes, offset, mark, label, lines, take }: DumpOptions): HTMLElement {
  const width = innerWidth < NARROW ? 8 : 16;
  const digits = Math.max(2, String(offset + bytes.length).length);
  const dump = element('pre', [], 'bytes');
  const holder = element('div', [dump], 'dump');
  const cells: HTMLElement[][] = [];
  let anchor = -1;
  let head = -1;
  const bar = element('p', [], 'chosen-bar');

  const drawLines = (to: number): void => {
    for (let line = cells.length; line < to; line += width) {
      const made = element('span', [element('span', `${String(offset + line).padStart(digits)}  `, 'offset')]);
      const text: HTMLElement[] = [];
      for (let at = line; at < line + width; at++) {
        const isThere = at < bytes.length;
        const isMarked = isThere && mark !== undefined && offset + at >= mark.start && offset + at < mark.end;
        const make = (words: string): HTMLElement => {
          const cell = element(isMarked ? 'mark' : 'span', words);
          if (isThere) cell.dataset['at'] = String(at);
          return cell;
        };
        const pair = make(isThere ? bytes[at].toString(16).padStart(2, '0') : '  ');
        const letter = make(isThere ? letterOf(bytes[at]) : ' ');
        if (isThere) cells.push([pair, letter]);
        made.append(pair, ' ');
        text.push(letter);
      }
      made.append(' ', ...text, '\n');
      dump.append(made);
    }
  };
  const choose = (from: number, to: number): void => {
    anchor = from;
    head = Math.max(from - MOST_CHOSEN + 1, Math.min(from + MOST_CHOSEN - 1, to));
    const [first, last] = anchor < head ? [anchor, head] : [head, anchor];
    cells.forEach((pair, at) => {
      for (const cell of pair) cell.classList.toggle('chosen', at >= first && at <= last);
    });
    const chosen = bytes.slice(first, last + 1);
    const words = encodeContent(chosen);
    const copy = button('Copy', () => void navigator.clipboard.writeText(`content:"${words}";`).then(() => copy.replaceChildren('Copied')));
    const add = button('Add to the rule', () => take?.(chosen), '');
    const code = element('code', `content:"${words}"`);
    bar.replaceChildren(code, ` ${chosen.length} ${chosen.length === 1 ? 'byte' : 'bytes'} `, ...(take === undefined ? [] : [add, ' ']), copy);
    for (const old of document.querySelectorAll('.chosen-bar')) if (old !== bar) clear(old);
    if (bar.parentElement === null) holder.append(bar);
  };
  const at = (event: Event): number => Number((event.target as HTMLElement).dataset?.['at'] ?? -1);

  dump.tabIndex = 0;
  dump.setAttribute('role', 'group');
  dump.setAttribute('aria-label', `${label}: bytes; arrow keys with Shift choose some, Enter takes them`);
  bar.setAttribute('role', 'status');
  dump.addEventListener('pointerdown', (event) => {
    const here = at(event);
    if (here === -1 || event.button !== 0) return;
    // One is chosen: this one is the other end.
    choose(anchor !== -1 && anchor === head && bar.parentElement !== null && here !== anchor ? anchor : here, here);
    if (event.pointerType === 'mouse') event.preventDefault();
    dump.focus();
  });
  dump.addEventListener('pointerover', (event) => {
    const here = at(event);
    if (event.pointerType === 'mouse' && event.buttons === 1 && anchor !== -1 && here !== -1) choose(anchor, here);
  });
  dump.addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: width, ArrowUp: -width }[event.key];
    if (step !== undefined && cells.length > 0) {
      const to = Math.max(0, Math.min(cells.length - 1, head === -1 ? 0 : head + step));
      choose(event.shiftKey && anchor !== -1 ? anchor : to, to);
      cells[to][0].scrollIntoView({ block: 'nearest' });
      event.preventDefault();
    } else if (event.key === 'Enter' && anchor !== -1) take?.(bytes.slice(Math.min(anchor, head), Math.max(anchor, head) + 1));
  });

  const atFirst = Math.min(bytes.length, (lines ?? Number.POSITIVE_INFINITY) * width);
  drawLines(atFirst);
  if (atFirst < bytes.length) {
    const more = button(`all ${bytes.length.toLocaleString('en')} bytes`, () => {
      drawLines(bytes.length);
      more.remove();
    });
    holder.append(more);
  }
  return holder;
}

function clear(bar: Element): void {
  for (const cell of bar.parentElement?.querySelectorAll('.chosen') ?? []) cell.classList.remove('chosen');
  bar.remove();
}

function letterOf(byte: number): string {
  return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.';
}
