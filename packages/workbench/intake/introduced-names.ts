/**
 * Names that a report introduces itself: `a loader dubbed ColdOtter`, `tracked as Gilded Heron`, `ColdOtter, a phishing kit`. No list
 * knows them yet. What a name stands for is told by the noun beside it (a kit, a group, a campaign); without one nothing is taken.
 * Linear: whoever goes through the words of a text tells of those that introduce, and a bounded reach around each is looked at.
 */
import type { NameKind } from './names.ts';

export interface IntroducedName {
  readonly kind: NameKind;
  readonly name: string;
  readonly start: number;
}

/** One to four words, the first with a capital, or digits and capitals within; joined by blank, hyphen or dot. */
const NAME = '[A-Z0-9][\\p{L}\\p{N}]+(?:[.-][\\p{L}\\p{N}]+)*(?:[ ](?:[A-Z0-9][\\p{L}\\p{N}]*(?:[.-][\\p{L}\\p{N}]+)*|v?\\d[\\d.]*\\d)){0,3}';
const OPENING = '["\'“‘«`*_]{0,3}';
const CLOSING = '["\'”’»`*_]{0,3}';
/**
 * Words that introduce: `common` ones are said of everything, so the noun must stand right before them; `behind` is what else stands
 * between them and the name. `article`: of a noun that is set beside a name.
 */
const INTRODUCING: ReadonlyMap<string, 'common' | 'rare' | 'behind' | 'article'> = new Map(
  (
    [
      ['rare', 'dubbed nicknamed codenamed designated christened'],
      ['common', 'called named call'],
      ['behind', 'tracked track tracks tracking known referred refer'],
      ['article', 'a an another'],
    ] as const
  ).flatMap(([how, words]) => words.split(' ').map((word) => [word, how] as const)),
);
export const INTRODUCING_WORDS: readonly string[] = [...INTRODUCING.keys()];
const BEHIND = /(?:track(?:ed|s|ing)?(?: (?:it|them|this))?(?: by [A-Z][\w'-]{0,40}(?: [\w'-]{1,20}){0,3}?)?|known|refer(?:red)? to) as(?= )/y;

const FAMILY_NOUN =
  'malware|ransomware|(?:info-?|credential |information )?stealers?|loaders?|backdoors?|trojans?|RATs?|botnets?|phishing[- ](?:kit|framework|platform|toolkit)|phishing-as-a-service|PhaaS|malware-as-a-service|MaaS|(?:exploit |attack )?kits?|toolkits?|droppers?|downloaders?|implants?|wipers?|worms?|keyloggers?|(?:C2|post-exploitation|command-and-control) frameworks?|rootkits?|bootkits?|spyware|(?:crypto)?miners?|web ?shells?|bots?|crypters?|packers?|clippers?|lockers?|stagers?|beacons?|famil(?:y|ies)|strains?|variants?';
const ACTOR_NOUN =
  'groups?|actors?|gangs?|clusters?|adversar(?:y|ies)|collectives?|crews?|operators?|APTs?|intrusion sets?|affiliates?|brokers?|hacktivists?|syndicates?';
const CAMPAIGN_NOUN = 'campaigns?|operations?|activit(?:y|ies)';
const AFTER = new RegExp(
  `[ ]{1,2}(?:(?:it|them|the|this)[ ](?:(?:new|previously|undocumented|unknown)[ ]){0,2}(?:(${FAMILY_NOUN})[ ]|(${ACTOR_NOUN})[ ]|(${CAMPAIGN_NOUN})[ ])?)?(${OPENING})(${NAME})${CLOSING}`,
  'uy',
);
const NOUN = new RegExp(`(?<![\\w-])(?:(${FAMILY_NOUN})|(${ACTOR_NOUN})|(${CAMPAIGN_NOUN}))(?![\\w-])`, 'gi');
/** `X, a new phishing kit`, `X is a loader`, `X (a loader`: up to four words before the noun. */
const APPOSITION = new RegExp(
  `(?:,[ ](?:which is[ ])?|[ ]\\(|[ ]is[ ]|[ ][-–—][ ])(?:an?|another)[ ](?:[\\w/-]+[ ]){0,4}?(?:(${FAMILY_NOUN})|(${ACTOR_NOUN})|(${CAMPAIGN_NOUN}))(?![\\w-])`,
  'iuy',
);
const NAME_BEFORE = new RegExp(`(?:^|[^\\p{L}\\p{N}.@/_-])(${OPENING})(${NAME})${CLOSING}$`, 'u');
const REACH_BEFORE = 100;
const REACH_BEHIND = 48;
const NEAR = 28;
const LONGEST_NAME = 60;
const MOST = 200;

/** Words with a capital that are no names of threats: sentence openers, vendors, platforms, places of a text. */
const NO_NAMES: ReadonlySet<string> = new Set(
  'a an the this that these those it its they we our you he she in on at by for from with and or but as if when while after before since during once here there what which who how why our his her their another each every some many most both all any new today yesterday recently currently however moreover additionally finally first second third researchers attackers analysts threat actor actors group malware ransomware loader stealer payload stage windows linux macos android ios unix microsoft google apple amazon meta facebook telegram discord github gitlab cloudflare powershell python java javascript node chrome firefox edge office excel word outlook defender eset kaspersky symantec mandiant crowdstrike proofpoint talos sophos trellix mcafee europe asia america russia china iran ukraine israel korea japan india north south east west january february march april may june july august september october november december monday tuesday wednesday thursday friday saturday sunday table figure section appendix part step http https dns tls smtp c2 url iocs ioc ip md5 sha1 sha256 cve user domain host file figure note update version command control'.split(
    ' ',
  ),
);

/** Collects the names of one text; told of each of INTRODUCING_WORDS that stands in it. */
export class IntroducedNames {
  readonly #text: string;
  readonly #found = new Map<string, IntroducedName>();

  constructor(text: string) {
    this.#text = text;
  }

  /** In the order of the text. */
  get found(): readonly IntroducedName[] {
    return [...this.#found.values()];
  }

  /** What the word from `start` to `end`, all in small letters, introduces. */
  look(start: number, end: number): void {
    const text = this.#text;
    if (this.#found.size >= MOST) return;
    switch (INTRODUCING.get(text.slice(start, end))) {
      case 'rare':
        this.#introduced(start, end, false);
        break;
      case 'common':
        // `code-named` says it of a thing that has a name already.
        this.#introduced(start, end, text.charCodeAt(start - 1) !== HYPHEN);
        break;
      case 'behind': {
        BEHIND.lastIndex = start;
        if (BEHIND.test(text)) this.#introduced(start, BEHIND.lastIndex, text.charCodeAt(start) !== LETTER_T);
        break;
      }
      case 'article':
        this.#beside(start);
        break;
      default:
    }
  }

  #note(kind: NameKind | undefined, name: string | undefined, start: number): void {
    if (kind === undefined || name === undefined) return;
    const key = `${kind} ${name.toLowerCase()}`;
    if (!this.#found.has(key)) this.#found.set(key, { kind, name, start });
  }

  /** `X, a loader`: what stands before the article sets it beside a name, and the noun follows. */
  #beside(article: number): void {
    const text = this.#text;
    const before =
      text.charCodeAt(article - 1) === OPENING_BRACKET
        ? 2
        : text.charCodeAt(article - 2) === COMMA
          ? 2
          : text.startsWith(' is ', article - 4)
            ? 4
            : isDash(text.charCodeAt(article - 2))
              ? 3
              : 0;
    if (before === 0) return;
    const at = article - before;
    APPOSITION.lastIndex = at;
    const match = APPOSITION.exec(text);
    if (match === null) return;
    const from = Math.max(0, at - LONGEST_NAME);
    const name = NAME_BEFORE.exec(text.slice(from, at));
    if (name !== null) this.#note(kindOf(match), nameOf(name[2]), from + name.index + name[0].lastIndexOf(name[2]));
  }

  /** `a loader dubbed X`, `dubbed X ransomware`: the noun between, else the nearest before it in the sentence, else right behind. */
  #introduced(at: number, end: number, isCommon: boolean): void {
    const text = this.#text;
    AFTER.lastIndex = end;
    const match = AFTER.exec(text);
    const name = match === null ? undefined : nameOf(match[5]);
    if (match === null || name === undefined) return;
    const start = end + match[0].lastIndexOf(name);
    const behind = /^[ ](?:[\w-]+[ ])?[\w-]+/.exec(text.slice(AFTER.lastIndex, AFTER.lastIndex + REACH_BEHIND))?.[0] ?? '';
    const sentence = text.slice(Math.max(0, at - (isCommon ? NEAR : REACH_BEFORE)), at);
    const before = sentence.slice(Math.max(sentence.lastIndexOf('. '), sentence.lastIndexOf('\n\n')) + 1);
    this.#note(kindOf(match) ?? nounIn(before, true) ?? nounIn(behind, false), name, start);
  }
}

const HYPHEN = 45;
const COMMA = 44;
const OPENING_BRACKET = 40;
const LETTER_T = 116;

function isDash(code: number): boolean {
  return code === HYPHEN || code === 0x2013 || code === 0x2014;
}

/** What the last (or first) noun of a piece of text stands for. */
function nounIn(piece: string, isLast: boolean): NameKind | undefined {
  let kind: NameKind | undefined;
  NOUN.lastIndex = 0;
  for (let match = NOUN.exec(piece); match !== null; match = NOUN.exec(piece)) {
    kind = kindOf(match);
    if (!isLast) break;
  }
  return kind;
}

function kindOf([, family, actor, campaign]: readonly (string | undefined)[]): NameKind | undefined {
  return family !== undefined ? 'family' : actor !== undefined ? 'actor' : campaign !== undefined ? 'campaign' : undefined;
}

/** A name without the words before it that begin a sentence; undefined for what is no name of a threat. */
function nameOf(written: string): string | undefined {
  const words = written.split(' ');
  while (words.length > 0 && NO_NAMES.has(words[0].toLowerCase())) words.shift();
  // `ColdOtter Windows`, but `PaleFinch Stealer`.
  while (words.length > 0 && NO_NAMES.has(words[words.length - 1].toLowerCase()) && !/^(?:stealer|loader|ransomware|group)$/i.test(words[words.length - 1]))
    words.pop();
  const name = words.join(' ');
  if (name.length < 3 || name.length > LONGEST_NAME || !/\p{L}/u.test(name)) return undefined;
  // A file, a host, a digest, a number of a weakness.
  return /\.[a-z]{2,4}$|^[0-9a-f]{16,}$|^CVE-|^T\d{4}/i.test(name) ? undefined : name;
}
