/**
 * Families and actors named in a text, by name and synonym: those of lists (own, and given), hashtags, and the numbered and paired
 * names that vendors use. One pass over the words, each looked up by a hash first; several thousand names cost no more than ten.
 */
import { INTRODUCING_WORDS, IntroducedNames } from './introduced-names.ts';
import { KNOWN_ACTORS, KNOWN_FAMILIES, type KnownName, PLAIN_WORDS } from './known-names.ts';

export type { KnownName } from './known-names.ts';

export type NameKind = 'family' | 'actor' | 'campaign';

export interface NameFound {
  readonly kind: NameKind;
  /** the name that stands for all its synonyms */
  readonly name: string;
  /** as it stands in the text, at its first place */
  readonly written: string;
  readonly start: number;
}

export interface NamesFound {
  /** each name once, in the order of the text */
  readonly names: readonly NameFound[];
  readonly hashtags: readonly string[];
}

interface Entry {
  readonly name: string;
  readonly kind: NameKind;
  /** one word of plain English */
  readonly plain: boolean;
}

/** Names by their words; made once for many texts. */
export interface NameIndex {
  readonly entries: ReadonlyMap<string, Entry>;
  /** at the hash of a word: 1 where a name may begin with it, 2 where it may introduce one */
  readonly firsts: Uint8Array;
}

/** Numbered names of vendors, and two words of which the second is a weather or an animal of their schemes. */
const NUMBERED =
  /(?:APT-?C-?\d{1,3}|(?:APT|apt|Apt)[- ]?\d{1,3}|TA\d{3,4}|UNC\d{3,5}|FIN\d{1,2}|UAC-\d{4}|UAT-\d{4}|UTA\d{4}|TAG-\d{2,3}|DEV-\d{4}|Storm-\d{4}|CL-(?:STA|CRI|UNK)-\d{4}|TEMP\.[A-Z][a-z]+)(?!\w)/y;
const SCHEME_WORDS: ReadonlySet<string> = new Set('Chollima Kitten Panda Typhoon Blizzard Sleet Sandstorm Tempest Cyclone Taurus Ursa Serpens'.split(' '));
const NOT_BEFORE_SCHEME_WORDS: ReadonlySet<string> = new Set('The This That Super Giant Red Snow A An Each Every Constellation'.split(' '));
/** Words made of a name and what it does. */
const FAMILY_WORD =
  /^(?:[A-Z0-9][A-Za-z0-9]{1,20})(?:Loader|Stealer|RAT|Rat|Bot|Locker|Wiper|Spy|Miner|Ransomware|Backdoor|Shell|Shark|Crypter|Clipper|Banker|Dropper|Door|Worm|Grabber|Rootkit|Botnet)$/;
const HASHTAG = /#([\p{L}_][\p{L}\p{N}_]{2,40})/uy;
const MOST_WORDS = 5;
const LONGEST_WORD = 40;
/** Words beside a name that say that it is one. */
const SAYS_WHAT =
  /^(?:ransomware|malware|rat|trojan|stealer|infostealer|backdoor|botnet|bot|loader|group|gang|apt|actors?|operators?|affiliates?|family|implant|beacon|c2|c&c|framework|wiper|worm|spyware|campaign|cluster|rootkit|sample|payload)$/i;

const NOT_FAMILIES: ReadonlySet<string> = new Set(
  'windowspowershell jscriptshell googlebot bingbot yandexbot chatbot robot classloader bootloader fileloader webshell powershell downloader uploader shellcodeloader dllloader webloader ransomware backdoor infostealer passwordstealer credentialstealer keylogger trojandropper trojanbanker trojanspy win32spy autospy trojandownloader urlclassloader openshell reverseshell bindshell twitterbot facebookbot telegrambot discordbot'.split(
    ' ',
  ),
);

/** Letters and digits with their value in lower case; 0 for all else. */
const folds = new Uint8Array(128);
for (let code = 0; code < 128; code++) if (/[0-9a-z]/i.test(String.fromCharCode(code))) folds[code] = code | (code > 64 ? 32 : 0);

const HASH_FACTOR = 31;
const FEWEST_SLOTS = 1 << 14;

function hashOf(word: string): number {
  let hash = 0;
  for (let at = 0; at < word.length; at++) hash = (Math.imul(hash, HASH_FACTOR) + folds[word.charCodeAt(at) & 127]) | 0;
  return hash;
}

/** Blanks, hyphens, underscores and the like between the words of a name are one. */
function folded(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, ' ')
    .trim();
}

/** An index of the own list and of what is given; names given come first. */
export function indexNames(families: readonly KnownName[] = [], actors: readonly KnownName[] = []): NameIndex {
  const entries = new Map<string, Entry>();
  const add = (names: readonly KnownName[], kind: NameKind): void => {
    for (const { name: given, synonyms = [] } of names) {
      // MITRE's own lists put the number behind: `Emotet - S0367`.
      const name = given.replace(/ - [SG]\d{4}$/, '');
      const keys = [name, ...synonyms].map(folded);
      // Another list's name for what is known already.
      const known = keys.map((key) => entries.get(key)).find((entry) => entry?.kind === kind && !entry.plain)?.name ?? name;
      for (const key of keys) {
        if (key.length >= 3 && /[a-z]/.test(key) && !entries.has(key)) entries.set(key, { name: known, kind, plain: PLAIN_WORDS.has(key) });
      }
    }
  };
  add(KNOWN_FAMILIES, 'family');
  add(KNOWN_ACTORS, 'actor');
  add(families, 'family');
  add(actors, 'actor');
  let slots = FEWEST_SLOTS;
  while (slots < entries.size * 16) slots *= 2;
  const firsts = new Uint8Array(slots);
  for (const key of entries.keys()) firsts[hashOf(key.split(' ', 1)[0]) & (slots - 1)] = 1;
  for (const word of INTRODUCING_WORDS) firsts[hashOf(word) & (slots - 1)] |= 2;
  return { entries, firsts };
}

let ownIndex: NameIndex | undefined;

/** A name that a structured form gives for what it is (a STIX object, a MISP galaxy). */
export interface GivenName {
  readonly kind: NameKind;
  readonly name: string;
  readonly synonyms: readonly string[];
}

export function namesIn(text: string, index?: NameIndex, given: readonly GivenName[] = []): NamesFound {
  ownIndex ??= indexNames();
  return new NameSearch(text, index ?? ownIndex, given).found();
}

class NameSearch {
  readonly #text: string;
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #firsts: Uint8Array;
  readonly #names = new Map<string, NameFound>();

  readonly #given: readonly GivenName[];
  readonly #introduced: IntroducedNames;

  constructor(text: string, index: NameIndex, given: readonly GivenName[]) {
    this.#text = text;
    this.#entries = index.entries;
    this.#firsts = index.firsts;
    this.#given = given;
    this.#introduced = new IntroducedNames(text);
  }

  found(): NamesFound {
    const givenBy = new Map<string, string>();
    for (const one of this.#given) this.#noteGiven(one, givenBy);
    this.#words();
    for (const { kind, name, start } of this.#introduced.found) {
      const entry = this.#entries.get(folded(name));
      // What a list knows is of the list's kind, under the list's name.
      if (entry !== undefined) this.#note(entry.kind, entry.name, start, start + name.length);
      else if (!givenBy.has(folded(name)) && !this.#isPartOfFound(kind, name)) this.#note(kind, name, start, start + name.length);
    }
    const hashtags = this.#hashtags();
    return { names: [...this.#names.values()].sort((a, b) => a.start - b.start), hashtags };
  }

  #note(kind: NameKind, name: string, start: number, end: number): void {
    const key = `${kind} ${name}`;
    const before = this.#names.get(key);
    if (before === undefined || before.start > start) this.#names.set(key, { kind, name, written: this.#text.slice(start, end), start });
  }

  /** A form says it: the first of its names that a list knows decides how it is called. */
  #noteGiven({ kind, name, synonyms }: GivenName, givenBy: Map<string, string>): void {
    const entry = [name, ...synonyms].map((one) => this.#entries.get(folded(one))).find((one) => one?.kind === kind);
    const called = entry?.name ?? name;
    for (const one of [name, ...synonyms]) givenBy.set(folded(one), called);
    const start = Math.max(0, this.#text.indexOf(name));
    this.#note(kind, called, start, this.#text.startsWith(name, start) ? start + name.length : start);
  }

  /** Found under the same words, or as part of a longer name, already. */
  #isPartOfFound(kind: NameKind, name: string): boolean {
    const words = folded(name);
    for (const one of this.#names.values())
      if (one.kind === kind && (folded(one.written) === words || ` ${words} `.includes(` ${folded(one.written)} `) || folded(one.name) === words)) return true;
    return false;
  }

  /** Looks at every word; most have the shape of none of the names, and a first word's hash is rare. */
  #words(): void {
    const text = this.#text;
    const firsts = this.#firsts;
    const mask = firsts.length - 1;
    let lastStart = 0;
    let lastEnd = 0;
    for (let at = 0; at < text.length; ) {
      const start = at;
      const first = text.charCodeAt(at);
      let hash = 0;
      let capitals = 0;
      for (let code = first; code < 128; code = text.charCodeAt(at)) {
        const fold = folds[code];
        if (fold === 0) break;
        hash = (Math.imul(hash, HASH_FACTOR) + fold) | 0;
        if (fold !== code) capitals++;
        at++;
      }
      if (at === start) {
        at++;
        continue;
      }
      const length = at - start;
      if (length > LONGEST_WORD) continue;
      if (capitals > 0) {
        if (first <= 90 && first >= 65) capitals--;
        if (capitals > 0) {
          if (capitals < length - 2 && length > 5 && endsLikeFamily(text.charCodeAt(at - 1))) this.#familyWord(start, at);
        } else if (length > 3 && length < 10 && start - lastEnd === 1) this.#pair(lastStart, lastEnd, start, at);
      }
      lastStart = start;
      lastEnd = at;
      if (mayBeNumbered(first, text.charCodeAt(start + 1))) this.#numbered(start);
      const may = firsts[hash & mask];
      if (may === 0) continue;
      if ((may & 1) !== 0) this.#listed(start, at);
      if ((may & 2) !== 0 && first >= 97) this.#introduced.look(start, at);
    }
  }

  /** A name that says what it does: `QuietLoader`. */
  #familyWord(start: number, end: number): void {
    const word = this.#text.slice(start, end);
    if (!FAMILY_WORD.test(word)) return;
    const key = word.toLowerCase();
    if (!this.#entries.has(key) && !NOT_FAMILIES.has(key)) this.#note('family', word, start, end);
  }

  /** A name of two words of which the second is of a vendor's scheme. */
  #pair(firstStart: number, firstEnd: number, start: number, end: number): void {
    if (!SCHEME_WORDS.has(this.#text.slice(start, end))) return;
    const word = this.#text.slice(firstStart, firstEnd);
    if (!/^[A-Z][a-z]{2,}$/.test(word) || NOT_BEFORE_SCHEME_WORDS.has(word)) return;
    const pair = this.#text.slice(firstStart, end);
    if (!this.#entries.has(pair.toLowerCase())) this.#note('actor', pair, firstStart, end);
  }

  #numbered(start: number): void {
    NUMBERED.lastIndex = start;
    const written = this.#text.charCodeAt(start - 1) === UNDERSCORE ? undefined : NUMBERED.exec(this.#text)?.[0];
    if (written === undefined) return;
    const name = written.replace(/^APT[- ]?(?=\d)/i, 'APT');
    this.#note('actor', this.#entries.get(folded(name))?.name ?? name, start, start + written.length);
  }

  /** The longest listed name that begins with the word from `start` to `end`. */
  #listed(start: number, end: number): void {
    const text = this.#text;
    const word = text.slice(start, end);
    let best: { entry: Entry; end: number } | undefined;
    for (let key = word.toLowerCase(), to = end, count = 1; count <= MOST_WORDS; count++) {
      const entry = this.#entries.get(key);
      if (entry !== undefined && isMeant(text, start, to, word, count, entry)) best = { entry, end: to };
      // Words of one name stand beside each other.
      if (isWord(text.charCodeAt(to)) || !isWord(text.charCodeAt(to + 1)) || text.charCodeAt(to) === 10) break;
      const from = to + 1;
      to = from;
      while (to - from < LONGEST_WORD && isWord(text.charCodeAt(to))) to++;
      key += ` ${text.slice(from, to).toLowerCase()}`;
    }
    if (best !== undefined) this.#note(best.entry.kind, best.entry.name, start, best.end);
  }

  #hashtags(): string[] {
    const text = this.#text;
    const hashtags = new Set<string>();
    for (let at = text.indexOf('#'); at !== -1; at = text.indexOf('#', at + 1)) {
      HASHTAG.lastIndex = at;
      const tag = HASHTAG.exec(text)?.[1];
      // The fragment of an address, an anchor.
      if (tag === undefined || hashtags.has(tag) || /[\w/=&"'(]/.test(text[at - 1] ?? ' ')) continue;
      hashtags.add(tag);
      const entry = this.#entries.get(folded(tag));
      if (entry !== undefined) this.#note(entry.kind, entry.name, at + 1, at + 1 + tag.length);
    }
    return [...hashtags];
  }
}

function isWord(code: number): boolean {
  return code < 128 && folds[code] !== 0;
}

const UNDERSCORE = 95;

/** The first two letters of what NUMBERED takes. */
function mayBeNumbered(first: number, second: number): boolean {
  switch (first) {
    case 65: // AP Ap
      return second === 80 || second === 112;
    case 97: // ap
      return second === 112;
    case 84: // TA TE
      return second === 65 || second === 69;
    case 85: // UN UA UT
      return second === 78 || second === 65 || second === 84;
    case 70: // FI
      return second === 73;
    case 68: // DE
      return second === 69;
    case 67: // CL
      return second === 76;
    case 83: // St
      return second === 116;
    default:
      return false;
  }
}

/** The last letters of what FAMILY_WORD takes: r T t y e l k p m. */
function endsLikeFamily(code: number): boolean {
  return code === 114 || code === 84 || code === 116 || code === 121 || code === 101 || code === 108 || code === 107 || code === 112 || code === 109;
}

/** A name of one plain word needs a capital; one that is English, too, a place within a sentence or a word that says what it is. */
function isMeant(text: string, start: number, end: number, word: string, words: number, entry: Entry): boolean {
  // Part of a host, a path, a file or an address.
  const before = text[start - 1] ?? '';
  const after = text[end] ?? '';
  if (/[.@\\/=]/.test(before) && before !== '' && !/\s/.test(text[start - 2] ?? ' ')) return words > 1 || !/^[a-z0-9]+$/.test(word);
  if (words > 1 || before === '#') return true;
  const isCapital = /^[A-Z]/.test(word);
  if (after === '.' && /[A-Za-z0-9]/.test(text[end + 1] ?? '')) return isCapital && !entry.plain;
  const next = /^[\s-]+([A-Za-z0-9&]+)/.exec(text.slice(end, end + 24))?.[1] ?? '';
  if (!entry.plain) return isCapital || /\d/.test(word) || word.length > 5 || SAYS_WHAT.test(next);
  if (!isCapital) return false;
  if (SAYS_WHAT.test(next)) return true;
  // Within a sentence: a small word or a comma before it.
  return /[a-z,;][ ]["'“(]?$/.test(text.slice(Math.max(0, start - 4), start)) && !/^[A-Z][a-z]+$/.test(next);
}

/** Lists in the form of misp-galaxy clusters (`values` of `value` or `name`, with synonyms) → names; undefined for another form. */
export function namesOfGalaxy(value: unknown): readonly KnownName[] | undefined {
  const values = (value as { values?: unknown } | null)?.values;
  if (!Array.isArray(values)) return undefined;
  return (values as unknown[]).flatMap((one) => {
    const { value: called, name = called, synonyms, meta } = (one ?? {}) as Record<string, unknown>;
    const others = synonyms ?? (meta as Record<string, unknown> | undefined)?.['synonyms'];
    if (typeof name !== 'string' || name === '') return [];
    return [{ name, synonyms: Array.isArray(others) ? others.filter((other): other is string => typeof other === 'string') : [] }];
  });
}
