/**
 * A mail as it is sent (RFC 5322, RFC 2045 to 2047): headers of the message, and attachments as files, decoded line by line. Lenient as
 * mail programs are; work and memory are bounded by limits, not by trust.
 */
import { fromLatin1, latin1 } from '@sigwright/bytes';
import { type Direction, FileTransfer } from '@sigwright/contracts';
import { decodeBase64 } from '../base64.ts';

/** Headers of the message that are kept, and the length of one with its continuations. */
const MOST_HEADERS = 256;
const LONGEST_HEADER = 4096;
/** Parts in parts; deeper boundaries are text. */
const MOST_BOUNDARIES = 16;
const MOST_FILES = 64;
/** Suricata cuts names of attachments here. */
const LONGEST_NAME = 256;

type Encoding = 'base64' | 'quoted-printable' | 'none';

export class MailReader {
  /** of the message itself, names in small letters, in order */
  readonly headers: (readonly [name: string, value: string])[] = [];
  readonly files: FileTransfer[] = [];
  readonly attachments: string[] = [];
  status: 'PARSE_STARTED' | 'PARSE_DONE' = 'PARSE_STARTED';
  readonly #direction: Direction;
  readonly #limit: number;
  readonly #boundaries: string[] = [];
  #inHeaders = true;
  /** headers of the part that is being read; the message's own come first */
  #part: Map<string, string> = new Map();
  #top = true;
  #pending = '';
  #encoding: Encoding = 'none';
  #file: FileTransfer | undefined = undefined;
  #carry = '';

  constructor(direction: Direction, limit: number) {
    this.#direction = direction;
    this.#limit = limit;
  }

  /** One line without its end. */
  line(bytes: Uint8Array, start: number, end: number): void {
    const text = latin1(bytes, start, end);
    if (text.startsWith('--') && this.#boundary(text)) return;
    if (!this.#inHeaders) {
      this.#content(text);
      return;
    }
    if (text === '') {
      this.#header();
      this.#headersEnd();
    } else if ((text[0] === ' ' || text[0] === '\t') && this.#pending !== '') {
      if (this.#pending.length < LONGEST_HEADER) this.#pending += ` ${text.trim()}`;
    } else {
      this.#header();
      this.#pending = text.slice(0, LONGEST_HEADER);
    }
  }

  finish(): void {
    if (this.#inHeaders) this.#header();
    this.#fileEnd('CLOSED');
    this.status = 'PARSE_DONE';
  }

  /** The mail breaks off. */
  abort(): void {
    this.#fileEnd('TRUNCATED');
  }

  value(name: string): string | undefined {
    return this.headers.find(([known]) => known === name)?.[1];
  }

  #boundary(text: string): boolean {
    const marks = text.trimEnd();
    for (let depth = this.#boundaries.length - 1; depth >= 0; depth--) {
      const boundary = this.#boundaries[depth];
      const last = marks === `--${boundary}--`;
      if (!last && marks !== `--${boundary}`) continue;
      this.#boundaries.length = last ? depth : depth + 1;
      this.#fileEnd('CLOSED');
      this.#part = new Map();
      this.#top = false;
      this.#pending = '';
      this.#inHeaders = !last;
      return true;
    }
    return false;
  }

  #header(): void {
    const colon = this.#pending.indexOf(':');
    if (colon > 0) {
      const name = this.#pending.slice(0, colon).trim().toLowerCase();
      const value = this.#pending.slice(colon + 1).trim();
      if (this.#top && this.headers.length < MOST_HEADERS) this.headers.push([name, value]);
      if (this.#part.size < MOST_HEADERS && !this.#part.has(name)) this.#part.set(name, value);
    }
    this.#pending = '';
  }

  #headersEnd(): void {
    this.#inHeaders = false;
    const type = this.#part.get('content-type') ?? '';
    const boundary = /^multipart\//i.test(type) ? parameter(type, 'boundary') : undefined;
    if (boundary !== undefined && boundary !== '' && this.#boundaries.length < MOST_BOUNDARIES) this.#boundaries.push(boundary);
    const encoding = (this.#part.get('content-transfer-encoding') ?? '').toLowerCase();
    this.#encoding = encoding.startsWith('base64') ? 'base64' : encoding.startsWith('quoted-printable') ? 'quoted-printable' : 'none';
    const name = parameter(this.#part.get('content-disposition') ?? '', 'filename') ?? parameter(type, 'name');
    if (name === undefined || name === '' || this.files.length >= MOST_FILES) return;
    this.#file = new FileTransfer(this.#direction, name.slice(0, LONGEST_NAME), this.#limit);
    this.#carry = '';
    this.files.push(this.#file);
    this.attachments.push(this.#file.name);
  }

  #content(text: string): void {
    if (this.#file === undefined) return;
    switch (this.#encoding) {
      case 'base64': {
        const letters = this.#carry + text.replace(/[^A-Za-z0-9+/=]/g, '');
        const whole = letters.length - (letters.length % 4);
        this.#carry = letters.slice(whole);
        this.#append(base64(letters.slice(0, whole)));
        return;
      }
      case 'quoted-printable': {
        const soft = text.endsWith('=');
        const decoded = (soft ? text.slice(0, -1) : text).replace(/=([0-9A-Fa-f]{2})/g, (_all, digits: string) =>
          String.fromCharCode(Number.parseInt(digits, 16)),
        );
        this.#append(fromLatin1(soft ? decoded : `${decoded}\r\n`));
        return;
      }
      default:
        this.#append(fromLatin1(`${text}\r\n`));
    }
  }

  #append(bytes: Uint8Array): void {
    this.#file?.append(bytes, 0, bytes.length);
  }

  #fileEnd(state: 'CLOSED' | 'TRUNCATED'): void {
    if (this.#file !== undefined && this.#encoding === 'base64' && this.#carry.length > 1) this.#append(base64(this.#carry));
    this.#carry = '';
    this.#file?.close(state);
    this.#file = undefined;
  }
}

/** `name=value` or `name="value"` among the parameters of a header value; RFC 2231's `name*=charset'language'value` too. */
function parameter(value: string, name: string): string | undefined {
  const match = new RegExp(`(?:^|[;\\s])${name}\\*?(?:0\\*?)?\\s*=\\s*(?:"([^"]*)"|([^;\\s]+))`, 'i').exec(value);
  const found = match?.[1] ?? match?.[2];
  return found?.replace(/^[\w-]*'[\w-]*'/, '');
}

function base64(letters: string): Uint8Array {
  return decodeBase64(fromLatin1(letters), 0, letters.length, 'rfc2045');
}
