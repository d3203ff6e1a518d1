/**
 * A mail as it is sent (RFC 5322, RFC 2045 to 2047): headers of the message, attachments as files and addresses in its text, decoded
 * line by line. Lenient as mail programs are; work and memory are bounded by limits, not by trust.
 */
import { fromLatin1, hex, latin1, Md5 } from '@sigwright/bytes';
import { type Direction, type EngineSettings, FileTransfer, type FollowFile } from '@sigwright/contracts';
import { decodeBase64 } from '../base64.ts';
import { UrlFinder } from './urls.ts';

/** Headers of the message that are kept, and the length of one with its continuations. */
const MOST_HEADERS = 256;
const LONGEST_HEADER = 4096;
/** Parts in parts, and messages in messages; deeper ones are text. */
const MOST_BOUNDARIES = 16;
const MOST_FILES = 64;
/** Suricata cuts names of attachments here. */
const LONGEST_NAME = 255;
/** RFC 5322 §2.1.1, RFC 2045 §6.7 and §6.8, RFC 2046 §5.1.1 */
const LONGEST_LINE = 998;
const LONGEST_ENCODED_LINE = 76;
const LONGEST_BOUNDARY = 70;

type Encoding = 'base64' | 'quoted-printable' | 'none';

export interface MailSettings {
  readonly fileLimit: number;
  readonly followFile?: FollowFile | undefined;
  readonly mail: EngineSettings['mail'];
}

export class MailReader {
  /** of the message itself, names in small letters, in order */
  readonly headers: (readonly [name: string, value: string])[] = [];
  /** of the part that is read, or was read last, as they were written */
  fields: (readonly [name: string, value: string])[] = [];
  readonly files: FileTransfer[] = [];
  readonly attachments: string[] = [];
  status: 'PARSE_STARTED' | 'PARSE_DONE' = 'PARSE_STARTED';
  /** MD5 of the text behind the headers as it was sent, in hexadecimal, once it is over; where the settings ask for it */
  bodyDigest: string | undefined = undefined;
  readonly #digest: Md5 | undefined;
  readonly #direction: Direction;
  readonly #settings: MailSettings;
  readonly #raise: (anomaly: string) => void;
  readonly #urls: UrlFinder;
  readonly #boundaries: string[] = [];
  #inHeaders = true;
  /** headers of the part that is being read; the message's own come first */
  #part: Map<string, string> = new Map();
  #top = true;
  /** no header of the part was read */
  #fresh = false;
  #nested = 0;
  #pending = '';
  #encoding: Encoding = 'none';
  #isText = false;
  #file: FileTransfer | undefined = undefined;
  #carry = '';
  /** end of the line before: it belongs to the content only if no boundary follows (RFC 2046 §5.1.1) */
  #lineEnd = '';
  /** length so far of a line that comes in pieces */
  #lineLength = 0;

  constructor(direction: Direction, settings: MailSettings, raise: (anomaly: string) => void) {
    this.#direction = direction;
    this.#settings = settings;
    this.#raise = raise;
    this.#digest = settings.mail.digest ? new Md5() : undefined;
    this.#urls = new UrlFinder(settings.mail.urls);
  }

  get urls(): readonly string[] {
    return this.#urls.found;
  }

  /** One line without its end, which is `lineEnd`; empty where the line goes on with the next piece. */
  line(bytes: Uint8Array, start: number, end: number, lineEnd: string): void {
    const goesOn = this.#lineLength > 0;
    this.#lineLength += end - start;
    const length = this.#lineLength;
    if (lineEnd !== '') this.#lineLength = 0;
    if (length > LONGEST_LINE) this.#raise('mime_long_line');
    const text = latin1(bytes, start, end);
    if (!this.#inHeaders || !this.#top) this.#digest?.update(fromLatin1(text + lineEnd));
    if (!goesOn && text.startsWith('--') && this.#boundary(text)) return;
    if (!this.#inHeaders) {
      if (this.#encoding !== 'none' && length > LONGEST_ENCODED_LINE) this.#raise('mime_long_enc_line');
      this.#content(text, lineEnd);
    } else if (goesOn) this.#continueHeader(text);
    else if (text === '') {
      this.#header();
      this.#headersEnd();
    } else if ((text[0] === ' ' || text[0] === '\t') && this.#pending !== '') this.#continueHeader(text.trimStart());
    else {
      this.#header();
      this.#pending = text.slice(0, LONGEST_HEADER);
    }
  }

  finish(): void {
    if (this.#inHeaders) this.#header();
    this.#partEnd('CLOSED');
    this.status = 'PARSE_DONE';
    if (this.#digest !== undefined) this.bodyDigest = hex(this.#digest.digest());
  }

  /** The mail breaks off. */
  abort(): void {
    this.#partEnd('TRUNCATED');
  }

  value(name: string): string | undefined {
    return this.headers.find(([known]) => known === name)?.[1];
  }

  values(name: string): string[] {
    return this.headers.filter(([known]) => known === name).map(([, value]) => value);
  }

  #continueHeader(text: string): void {
    if (this.#pending.length < LONGEST_HEADER) this.#pending += text.slice(0, LONGEST_HEADER - this.#pending.length);
  }

  #boundary(text: string): boolean {
    const marks = text.trimEnd();
    for (let depth = this.#boundaries.length - 1; depth >= 0; depth--) {
      const boundary = this.#boundaries[depth];
      const last = marks === `--${boundary}--`;
      if (!last && marks !== `--${boundary}`) continue;
      this.#boundaries.length = last ? depth : depth + 1;
      this.#partEnd('CLOSED');
      this.#partBegin();
      this.#inHeaders = !last;
      return true;
    }
    return false;
  }

  #partBegin(): void {
    this.#part = new Map();
    this.#fresh = true;
    this.#top = false;
    this.#pending = '';
    this.#encoding = 'none';
    this.#isText = false;
    this.#inHeaders = true;
  }

  #header(): void {
    const colon = this.#pending.indexOf(':');
    if (colon > 0) {
      const name = this.#pending.slice(0, colon).trim().toLowerCase();
      const written = this.#pending.slice(colon + 1).trim();
      if (name.length > LONGEST_LINE) this.#raise('mime_long_header_name');
      const { longestValue } = this.#settings.mail;
      if (written.length > longestValue) this.#raise('mime_long_header_value');
      const value = written.slice(0, longestValue);
      if (this.#fresh) this.fields = [];
      this.#fresh = false;
      if (this.#top && this.headers.length < MOST_HEADERS) this.headers.push([name, value]);
      if (this.fields.length < MOST_HEADERS) this.fields.push([this.#pending.slice(0, colon).trim(), value]);
      if (this.#part.size < MOST_HEADERS && !this.#part.has(name)) this.#part.set(name, value);
    }
    this.#pending = '';
  }

  #headersEnd(): void {
    this.#inHeaders = false;
    const type = this.#part.get('content-type') ?? '';
    // A message in a message begins with headers of its own.
    if (/^message\/rfc822/i.test(type) && this.#nested < MOST_BOUNDARIES) {
      this.#nested++;
      this.#partBegin();
      return;
    }
    const boundary = /^multipart\//i.test(type) ? parameter(type, 'boundary') : undefined;
    if (boundary !== undefined && boundary.length > LONGEST_BOUNDARY) this.#raise('mime_long_boundary');
    if (boundary !== undefined && boundary !== '' && this.#boundaries.length < MOST_BOUNDARIES) this.#boundaries.push(boundary);
    const encoding = (this.#part.get('content-transfer-encoding') ?? '').toLowerCase();
    const { mail } = this.#settings;
    this.#encoding =
      mail.base64 && encoding.startsWith('base64') ? 'base64' : mail.quotedPrintable && encoding.startsWith('quoted-printable') ? 'quoted-printable' : 'none';
    const name = parameter(this.#part.get('content-disposition') ?? '', 'filename') ?? parameter(type, 'name');
    this.#carry = '';
    this.#lineEnd = '';
    this.#isText = boundary === undefined && (type === '' || /^text\/(plain|html)/i.test(type));
    if (name === undefined || name === '' || this.files.length >= MOST_FILES) return;
    if (name.length > LONGEST_NAME) this.#raise('mime_long_filename');
    this.#file = new FileTransfer(this.#direction, name.slice(0, LONGEST_NAME), this.#settings.fileLimit, this.#settings.followFile);
    this.files.push(this.#file);
    this.attachments.push(this.#file.name);
  }

  #content(text: string, lineEnd: string): void {
    if (this.#file === undefined && !this.#isText) return;
    switch (this.#encoding) {
      case 'base64': {
        if (/[^A-Za-z0-9+/=\s]/.test(text)) this.#raise('mime_invalid_base64');
        const letters = this.#carry + text.replace(/[^A-Za-z0-9+/=]/g, '');
        const whole = letters.length - (letters.length % 4);
        this.#carry = letters.slice(whole);
        this.#append(base64(letters.slice(0, whole)));
        return;
      }
      case 'quoted-printable': {
        // What a piece ends with may only become an escape with the next one.
        const joined = this.#carry + text;
        const cut = lineEnd === '' ? (/=[0-9A-Fa-f]?$/.exec(joined)?.index ?? joined.length) : joined.length;
        this.#carry = joined.slice(cut);
        const line = lineEnd === '' ? joined.slice(0, cut) : joined.trimEnd();
        const soft = lineEnd !== '' && line.endsWith('=');
        const escaped = soft ? line.slice(0, -1) : line;
        if (/=(?![0-9A-Fa-f]{2})/.test(escaped)) this.#raise('mime_invalid_qp');
        const decoded = escaped.replace(/=([0-9A-Fa-f]{2})/g, (_all, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
        this.#append(fromLatin1(this.#lineEnd + decoded));
        this.#lineEnd = soft ? '' : lineEnd;
        return;
      }
      default:
        this.#append(fromLatin1(this.#lineEnd + text));
        this.#lineEnd = lineEnd;
    }
  }

  #append(bytes: Uint8Array): void {
    this.#file?.append(bytes, 0, bytes.length);
    if (this.#isText) this.#urls.text(latin1(bytes, 0, bytes.length));
  }

  #partEnd(state: 'CLOSED' | 'TRUNCATED'): void {
    if (this.#encoding === 'base64' && this.#carry.length > 1) this.#append(base64(this.#carry));
    this.#urls.end();
    this.#carry = '';
    this.#lineEnd = '';
    this.#file?.close(state);
    this.#file = undefined;
  }
}

/** `name=value` or `name="value"` among the parameters of a header value; RFC 2231's `name*=charset'language'value` and pieces `name*0=` too. */
function parameter(value: string, name: string): string | undefined {
  const pieces: string[] = [];
  let first: string | undefined;
  for (const [, number, quoted, bare] of value.matchAll(new RegExp(`(?:^|[;\\s])${name}(?:\\*(\\d{1,2}))?\\*?\\s*=\\s*(?:"([^"]*)"|([^;\\s]+))`, 'gi'))) {
    const text = quoted ?? bare ?? '';
    if (number === undefined) first ??= text;
    else pieces[Number(number)] ??= text;
  }
  const whole: string[] = [];
  // A piece that is missing ends it.
  for (let at = 0; pieces[at] !== undefined; at++) whole.push(pieces[at]);
  const found = first ?? (whole.length === 0 ? undefined : whole.join(''));
  return found?.replace(/^[\w-]*'[\w-]*'/, '');
}

function base64(letters: string): Uint8Array {
  return decodeBase64(fromLatin1(letters), 0, letters.length, 'rfc2045');
}
