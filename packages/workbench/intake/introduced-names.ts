/**
 * Names that a report introduces itself: `a loader dubbed ColdOtter`, `tracked as Gilded Heron`, `ColdOtter, a phishing kit`. No list
 * knows them yet. What a name stands for is told by the noun beside it (a kit, a group, a campaign); without one nothing is taken.
 * Linear: words that introduce are searched for, and a bounded reach around each is looked at.
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
/** Words behind which a name stands. Those marked are said of everything: the noun must stand right before them. */
const INTRODUCING: readonly (readonly [words: string, isCommon: boolean])[] = [
  ['dubbed', false],
  ['nicknamed', false],
  ['codenamed', false],
  ['code-named', false],
  ['tracked as', false],
  ['track as', false],
  ['tracks as', false],
  ['tracking as', false],
  ['designated', false],
  ['christened', false],
  ['known as', true],
  ['referred to as', true],
  ['refer to as', true],
  ['called', true],
  ['named', true],
  ['call', true],
];
const TRACKED_BY = /tracked by [A-Z][\w' -]{1,40} as$/;

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

export function introducedNames(text: string): readonly IntroducedName[] {
  const found = new Map<string, IntroducedName>();
  const note = (kind: NameKind | undefined, name: string | undefined, start: number): void => {
    if (kind === undefined || name === undefined || found.size >= MOST) return;
    const before = found.get(`${kind} ${name.toLowerCase()}`);
    if (before === undefined || before.start > start) found.set(`${kind} ${name.toLowerCase()}`, { kind, name, start });
  };
  for (const [words, isCommon] of INTRODUCING)
    for (let at = text.indexOf(words); at !== -1; at = text.indexOf(words, at + words.length)) introduced(text, at, at + words.length, isCommon, note);
  for (let at = text.indexOf('tracked by '); at !== -1; at = text.indexOf('tracked by ', at + 1)) {
    const as = text.slice(at, at + NEAR * 2).indexOf(' as ');
    if (as !== -1 && TRACKED_BY.test(text.slice(at, at + as + 3))) introduced(text, at, at + as + 3, false, note);
  }
  for (const sign of [', ', ' is a', ' (a', ' - a', ' – a', ' — a'])
    for (let at = text.indexOf(sign); at !== -1; at = text.indexOf(sign, at + 1)) {
      APPOSITION.lastIndex = at;
      // Most of these signs stand behind a small letter's word; a name is looked for only where the noun is there.
      const match = APPOSITION.exec(text);
      if (match === null) continue;
      const name = NAME_BEFORE.exec(text.slice(Math.max(0, at - LONGEST_NAME), at));
      if (name !== null) note(kindOf(match), nameOf(name[2]), Math.max(0, at - LONGEST_NAME) + name.index + name[0].lastIndexOf(name[2]));
    }
  return [...found.values()].sort((a, b) => a.start - b.start);
}

function introduced(
  text: string,
  at: number,
  end: number,
  isCommon: boolean,
  note: (kind: NameKind | undefined, name: string | undefined, start: number) => void,
): void {
  AFTER.lastIndex = end;
  const match = AFTER.exec(text);
  const name = match === null ? undefined : nameOf(match[5]);
  if (match === null || name === undefined || /\w/.test(text[at - 1] ?? ' ')) return;
  const start = end + match[0].lastIndexOf(name);
  // `dubbed ColdOtter ransomware`: the noun right behind; else the nearest one before it in the sentence.
  const behind = /^[ ](?:[\w-]+[ ])?[\w-]+/.exec(text.slice(AFTER.lastIndex, AFTER.lastIndex + REACH_BEHIND))?.[0] ?? '';
  const sentence = text.slice(Math.max(0, at - (isCommon ? NEAR : REACH_BEFORE)), at);
  const before = sentence.slice(Math.max(sentence.lastIndexOf('. '), sentence.lastIndexOf('\n\n')) + 1);
  note(kindOf(match) ?? nounIn(before, true) ?? nounIn(behind, false), name, start);
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
