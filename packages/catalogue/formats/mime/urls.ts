/** Addresses in the text of a mail: those that begin with one of the schemes asked for (RFC 3986), each once. */

/** Addresses kept of one mail, and the length of one. */
const MOST_URLS = 128;
const LONGEST_URL = 2048;
/** Longer lines of text are searched in pieces. */
const LONGEST_TEXT = 8192;

export interface UrlSettings {
  /** `http`, `https`, `ftp`, `mailto`; empty: none are looked for */
  readonly schemes: readonly string[];
  /** addresses are told with their scheme */
  readonly withScheme: boolean;
}

export class UrlFinder {
  /** the last one first, as Suricata tells them */
  readonly found: string[] = [];
  readonly #settings: UrlSettings;
  #line = '';

  constructor(settings: UrlSettings) {
    this.#settings = settings;
  }

  /** Text as it was decoded, in pieces of any size. */
  text(piece: string): void {
    if (this.#settings.schemes.length === 0) return;
    const lines = (this.#line + piece).split('\n');
    this.#line = lines.pop() ?? '';
    for (const line of lines) this.#search(line);
    while (this.#line.length > LONGEST_TEXT) {
      this.#search(this.#line.slice(0, LONGEST_TEXT));
      this.#line = this.#line.slice(LONGEST_TEXT);
    }
  }

  /** The text is over. */
  end(): void {
    this.#search(this.#line);
    this.#line = '';
  }

  #search(line: string): void {
    const folded = line.toLowerCase();
    for (const scheme of this.#settings.schemes) {
      const mark = scheme === 'mailto' ? 'mailto:' : `${scheme}://`;
      for (let at = folded.indexOf(mark); at !== -1; at = folded.indexOf(mark, at + mark.length)) {
        // Characters that RFC 3986 does not know end it; so do brackets and quotes around it.
        const [rest] = /^[^\s\p{Cc}"'<>[\]{}|\\^`]*/u.exec(line.slice(at + mark.length, at + mark.length + LONGEST_URL)) ?? [''];
        if (rest === '') continue;
        const shown = this.#settings.withScheme ? line.slice(at, at + mark.length) + rest : rest;
        if (this.found.length < MOST_URLS && !this.found.includes(shown)) this.found.unshift(shown);
      }
    }
  }
}
