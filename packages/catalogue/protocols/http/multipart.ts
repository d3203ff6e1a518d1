/**
 * Files in a form that a browser sends (multipart/form-data, RFC 7578, RFC 2046 §5.1). Parts that name a file become files, the
 * others are passed over. Line ends may be bare, as some senders write them. The result is the same at every split.
 */
import { concatBytes, find, fromLatin1, latin1 } from '@sigwright/bytes';
import type { FileTransfer } from '@sigwright/contracts';

/** Bytes of a boundary's line, and of the headers of one part; browsers write two short lines. */
const LONGEST_PART_HEAD = 8192;
/** RFC 2046 §5.1.1 allows 70; some senders do not care. */
const LONGEST_BOUNDARY = 256;
/** Parts of one form that become files. */
const MOST_FILES = 256;

const LINE_FEED = 0x0a;
const RETURN = 0x0d;
const DASH = 0x2d;

export function isForm(contentType: string | undefined): contentType is string {
  return contentType !== undefined && /^\s*multipart\/form-data/i.test(contentType);
}

/** The boundary of a form; undefined where it has none, or the type is another one. */
export function formBoundary(contentType: string | undefined): string | undefined {
  if (!isForm(contentType)) return undefined;
  const boundary = /;\s*boundary\s*=\s*(?:"([^"]+)"|([^\s;]+))/i.exec(contentType);
  const text = boundary?.[1] ?? boundary?.[2];
  return text === undefined || text.length > LONGEST_BOUNDARY ? undefined : text;
}

export type FormFault = 'multipart_no_filedata' | 'multipart_invalid_header';

export class FormFiles {
  readonly #mark: Uint8Array;
  readonly #open: (name: string) => FileTransfer;
  readonly #fault: (fault: FormFault) => void;
  #state: 'before' | 'boundary' | 'head' | 'content' | 'over' = 'before';
  #held: Uint8Array = new Uint8Array(0);
  #file: FileTransfer | undefined = undefined;
  #files = 0;
  /** bytes before those held were handed on */
  #passed = false;

  /** `open` is called for each file as it begins, `fault` for what is odd. */
  constructor(boundary: string, open: (name: string) => FileTransfer, fault: (fault: FormFault) => void) {
    this.#fault = fault;
    this.#mark = fromLatin1(`--${boundary}`);
    this.#open = open;
  }

  append(input: Uint8Array, start: number, end: number): void {
    if (this.#state === 'over') return;
    const bytes = this.#held.length === 0 ? input.subarray(start, end) : concatBytes(this.#held, input.subarray(start, end));
    let at = 0;
    for (;;) {
      const next = this.#step(bytes, at);
      if (next < 0) break;
      at = next;
    }
    this.#held = this.#over() ? new Uint8Array(0) : bytes.slice(this.#kept(bytes, at));
  }

  #over(): boolean {
    return this.#state === 'over';
  }

  /** Goes on from `at` as far as one part of the form; -1: more bytes are needed. */
  #step(bytes: Uint8Array, at: number): number {
    switch (this.#state) {
      case 'before':
      case 'content': {
        const found = find(bytes, at, bytes.length, this.#mark);
        if (found === -1) return -1;
        // A boundary stands at the beginning of a line, or of the whole body.
        const begins = found === at ? this.#atLineStart(bytes, at) : bytes[found - 1] === LINE_FEED;
        if (!begins) {
          this.#passed = true;
          this.#content(bytes, at, found + 1);
          return found + 1;
        }
        this.#content(bytes, at, this.#state === 'content' ? lineStart(bytes, at, found) : found);
        if (this.#file?.size === 0) this.#fault('multipart_no_filedata');
        this.#file?.close('CLOSED');
        this.#file = undefined;
        this.#state = 'boundary';
        return found + this.#mark.length;
      }
      case 'boundary': {
        if (bytes.length - at < 2) return -1;
        if (bytes[at] === DASH && bytes[at + 1] === DASH) {
          this.#state = 'over';
          return -1;
        }
        const line = bytes.indexOf(LINE_FEED, at);
        if (line === -1 || line - at > LONGEST_PART_HEAD) return this.#endless(bytes, at, true);
        this.#state = 'head';
        return line + 1;
      }
      case 'head': {
        const end = headEnd(bytes, at);
        if (end === -1 || end - at > LONGEST_PART_HEAD + 1) return this.#endless(bytes, at, false);
        const head = latin1(bytes, at, end);
        if (!/^content-disposition:\s*form-data\b/im.test(head)) this.#fault('multipart_invalid_header');
        const name = /content-disposition:[^\n]*?[;\s]filename\s*=\s*(?:"([^"\r\n]*)"|([^\s;]+))/i.exec(head);
        const text = name?.[1] ?? name?.[2] ?? '';
        this.#state = 'content';
        this.#passed = false;
        if (text !== '' && this.#files++ < MOST_FILES) this.#file = this.#open(text);
        return end;
      }
      default:
        return -1;
    }
  }

  /** A boundary's line, or the headers behind it, have no end within their bounds: a boundary is looked for anew, where more than that came. */
  #endless(bytes: Uint8Array, at: number, isWithinLine: boolean): number {
    if (bytes.length - at <= LONGEST_PART_HEAD) return -1;
    this.#fault('multipart_invalid_header');
    this.#state = 'before';
    this.#passed = isWithinLine;
    return at;
  }

  /** Nothing of this part came before: content and body begin as lines do. */
  #atLineStart(bytes: Uint8Array, at: number): boolean {
    return at === 0 ? !this.#passed : bytes[at - 1] === LINE_FEED;
  }

  #content(bytes: Uint8Array, start: number, end: number): void {
    if (end > start) this.#file?.append(bytes, start, end);
  }

  /** Content that can not be part of a boundary is handed on; the offset of what is kept. */
  #kept(bytes: Uint8Array, at: number): number {
    if (this.#state !== 'content' && this.#state !== 'before') return at;
    // The boundary may begin within the last bytes, behind a line end of two.
    const safe = Math.max(at, bytes.length - this.#mark.length - 2);
    if (safe > at) this.#passed = true;
    this.#content(bytes, at, safe);
    return safe;
  }

  /** The body is over. */
  close(): void {
    if (this.#state === 'content') this.#content(this.#held, 0, this.#held.length);
    this.#file?.close('TRUNCATED');
    this.#file = undefined;
    this.#state = 'over';
    this.#held = new Uint8Array(0);
  }
}

/** Where the line end before `found` begins. */
function lineStart(bytes: Uint8Array, at: number, found: number): number {
  const feed = found - 1;
  return Math.max(at, feed > at && bytes[feed - 1] === RETURN ? feed - 1 : feed);
}

/** Behind the blank line that ends the headers of a part; -1 where it has not come. */
function headEnd(bytes: Uint8Array, at: number): number {
  let line = at;
  for (;;) {
    const feed = bytes.indexOf(LINE_FEED, line);
    if (feed === -1) return -1;
    if (feed === line || (feed === line + 1 && bytes[line] === RETURN)) return feed + 1;
    line = feed + 1;
  }
}
