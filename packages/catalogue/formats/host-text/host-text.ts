/**
 * Host names as they stand in running text, shared by the indicator types that contain one: which characters they are made of, what
 * a valid name is, and which names are much more likely something else (a file, a detection's name, code).
 */
const HOST = 1;
const OTHER = 2;
const kinds = new Uint8Array(0x10000);
for (const character of 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.') kinds[character.charCodeAt(0)] = HOST;
for (let code = 0; code < 128; code++) if (kinds[code] === 0) kinds[code] = OTHER;

/** Letters and digits of any script, marks, `-`, `_` and the dot. */
export function isHostCharacter(code: number): boolean {
  let kind = kinds[code];
  if (kind === 0) {
    kind = /[\p{L}\p{N}\p{M}]/u.test(String.fromCharCode(code)) ? HOST : OTHER;
    kinds[code] = kind;
  }
  return kind === HOST;
}

/** A piece of a text in lower case. Most pieces are already: `toLowerCase` costs much more in a text that has any letter of another script. */
export function lowerCase(text: string, start: number, end: number): string {
  const piece = text.slice(start, end);
  for (let at = 0; at < piece.length; at++) {
    const code = piece.charCodeAt(at);
    if ((code >= 65 && code <= 90) || code > 127) return piece.toLowerCase();
  }
  return piece;
}

/** RFC 1035, 2.3.4. */
export const LONGEST_NAME = 253;
const LONGEST_LABEL = 63;

/** Endings so common in names that capitals or odd surroundings do not speak against a name. */
export const COMMON_ENDINGS: ReadonlySet<string> = new Set(
  'com net org info biz edu gov mil int ru su cn uk de fr br in ir us eu it jp kr ua nl xyz top site online club space icu shop live onion'.split(' '),
);

/** Top-level domains that are endings of files, bundles or programs too: more is asked of such names. */
const FILE_ENDINGS: ReadonlySet<string> = new Set(
  'zip mov sh py rs pl md so ps cab app cr la ml bat cc bz ai do mm st vi pub cat bar foo save call run open click map coffee'.split(' '),
);
/** Of those, the ones hosts use often enough that a plain lower-case name is taken for a host. */
const OFTEN_HOSTS: ReadonlySet<string> = new Set('app cc pl ai bz la cr ml do st cat bar pub click'.split(' '));
/** First labels that are files of programs and projects. */
const FILE_STEMS: ReadonlySet<string> = new Set(
  'readme license changelog contributing index main lib mod test tests setup install run build config init script install_linux update_linux utils util common helper client server payload loader shellcode'.split(
    ' ',
  ),
);

function isLetter(code: number): boolean {
  return code > 127 || (code >= 97 && code <= 122) || (code >= 65 && code <= 90);
}

/** Labels of 1 to 63 characters that neither begin nor end with a hyphen; the last one has a letter. */
export function isWellFormed(name: string): boolean {
  if (name.length > LONGEST_NAME || name.length < 4) return false;
  let from = 0;
  for (;;) {
    const dot = name.indexOf('.', from);
    const end = dot === -1 ? name.length : dot;
    if (end === from || end - from > LONGEST_LABEL || name.charCodeAt(from) === 45 || name.charCodeAt(end - 1) === 45) return false;
    if (dot === -1) break;
    from = dot + 1;
  }
  if (from === 0) return false;
  // The last label is no number and has no underscore.
  if (name.length - from < 2 || !isLetter(name.charCodeAt(from))) return false;
  for (let at = from + 1; at < name.length; at++) if (name.charCodeAt(at) === 95) return false;
  return true;
}

/** Platforms whose names look like hosts. */
const PLATFORMS: ReadonlySet<string> = new Set(
  'asp.net ado.net vb.net ml.net microsoft.net paint.net socket.io system.net system.io java.net java.io'.split(' '),
);
/** Objects of programs: what stands behind their dot is a member. */
const OBJECTS: ReadonlySet<string> = new Set(
  'window document this self console process module exports math json object array system os sys string request requests response app config settings event element node socket navigator location error options args params data item user file obj cls super parent log logger logging foo bar session ctx context client conn row msg message result entry e feed task header pet model reason detail email addr http tls dns vlan smb ssh ssl proc performance atomic i o f'.split(
    ' ',
  ),
);
/** Members with names that are endings of hosts. */
const MEMBERS: ReadonlySet<string> = new Set(
  'name id is to in at as do no so my me am be by info in it run post call page host link map sub day date zone tools events style target cat store host data final read group dot pid now domains domain link url social media photo video audio total report games ca pe ps'.split(
    ' ',
  ),
);
/** Objects that no host is called by, however many members stand behind them. */
const ONLY_OBJECTS: ReadonlySet<string> = new Set('this self obj cls super elem evt'.split(' '));
/** Common endings of hosts that are common members of objects, too. */
const ENDINGS_OF_MEMBERS: ReadonlySet<string> = new Set('in it us top info name'.split(' '));
/** Where names of classes and packages begin, turned around. */
const PACKAGE_ROOTS: ReadonlySet<string> = new Set('com org net io android androidx java javax kotlin dalvik'.split(' '));
/** Platforms and kinds within names of detections: `Trojan.Win32.Agent.ru`. */
const DETECTION =
  /(?:^|\.)(?:win(?:32|64)?|w(?:32|64)|msil|linux|unix|osx|macos|androidos|heur|trojan|backdoor|worm|virus|exploit|adware|pua|riskware|gen|generic|variant|script)\./i;
/** Endings that names of digits alone have. */
const ENDINGS_OF_NUMBERS: ReadonlySet<string> = new Set('com cn net org info biz ru top xyz cc vip'.split(' '));

/** First labels of all of these: most names have another, and are looked at no further. */
const TELLING: ReadonlySet<string> = new Set([
  ...[...PLATFORMS].map((name) => name.slice(0, name.indexOf('.'))),
  ...OBJECTS,
  ...ONLY_OBJECTS,
  ...PACKAGE_ROOTS,
]);

/** Names that are no hosts whatever their ending: platforms, members of objects, packages, detections, numbers. */
function isNameOfSomething(lower: string, written: string, ending: string): boolean {
  const dot = lower.indexOf('.');
  const first = lower.slice(0, dot);
  if (TELLING.has(first)) {
    const isPair = dot + 1 + ending.length === lower.length;
    if (ONLY_OBJECTS.has(first) && (ENDINGS_OF_MEMBERS.has(ending) || !COMMON_ENDINGS.has(ending))) return true;
    if (isPair ? PLATFORMS.has(lower) || (OBJECTS.has(first) && MEMBERS.has(ending)) : PACKAGE_ROOTS.has(first) && !COMMON_ENDINGS.has(ending)) return true;
  }
  if (written !== lower && DETECTION.test(lower)) return true;
  const code = lower.charCodeAt(0);
  if (code < 48 || code > 57 || !/^[\d.]+$/.test(lower.slice(0, lower.length - ending.length))) return false;
  return !ENDINGS_OF_NUMBERS.has(ending) || first.length < 2;
}

/**
 * Is a name that was written as `written` (not defanged) probably a file, a detection's name or a piece of code? `after`: the
 * character behind it.
 */
export function looksLikeSomethingElse(written: string, after: string): boolean {
  const lastDot = written.lastIndexOf('.');
  const ending = written.slice(lastDot + 1);
  const lowerEnding = lowerCase(ending, 0, ending.length);
  const common = COMMON_ENDINGS.has(lowerEnding);
  if (isNameOfSomething(lowerCase(written, 0, written.length), written, lowerEnding)) return true;
  // `Agent.AE`, `GenericKD.Ru`: the ending has capitals; whole names in capitals are names shouted.
  if (ending !== lowerEnding && !(common && (written === written.toUpperCase() || /^[A-Z][a-z-]+\.[A-Z][a-z]+$/.test(written)))) return true;
  // `sTUlsWa1.cr`, `Licatrade.app`: capitals before an ending that files have or that is rare.
  const stem = written.slice(0, lastDot);
  if (!common && stem !== stem.toLowerCase() && (FILE_ENDINGS.has(lowerEnding) || !/^[A-Z]?[a-z0-9.-]+$/.test(stem))) return true;
  if (after === '(' && !common) return true;
  if (!FILE_ENDINGS.has(lowerEnding)) return false;
  if (FILE_STEMS.has(stem.toLowerCase()) || (stem.includes('_') && !stem.includes('.')) || stem.startsWith('lib')) return true;
  if (OFTEN_HOSTS.has(lowerEnding)) return false;
  // `update.evil.sh` is a host, `tool-1.2.zip` and `lib.so.1.so` are not.
  return lowerEnding === 'zip' || lowerEnding === 'mov' || lowerEnding === 'map' || !stem.includes('.') || /\d\.\d|[-_]v?\d/.test(stem);
}
