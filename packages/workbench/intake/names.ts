/**
 * Families and actors named in a text: those of a list (own, and given by options), hashtags, and the numbered names that vendors
 * use. One pass over the words; several thousand names cost no more than ten.
 */
export const KNOWN_FAMILIES: readonly string[] = `
Comebacker|MarioLoader|PyRation|Ducktail|SmartLoader|AndarLoader|NukeSped|FakeExt|BabyShark|ToddlerShark|Cobalt Strike|SocGholish|Emotet|QakBot|
IcedID|Lumma|Lumma Stealer|RedLine|Vidar|AsyncRAT|Remcos|AgentTesla|Agent Tesla|FormBook|Wineloader|Impacket|Mirai|Gafgyt|Mozi|TrickBot|Dridex|
Ursnif|Gozi|DanaBot|ZLoader|BazarLoader|BumbleBee|Pikabot|DarkGate|Latrodectus|Matanbuchus|GootLoader|GootKit|Raccoon|StealC|Rhadamanthys|
MetaStealer|Amadey|SmokeLoader|PrivateLoader|GuLoader|XLoader|NetSupport|NanoCore|njRAT|QuasarRAT|DCRat|XWorm|VenomRAT|Warzone|AveMaria|
PlugX|ShadowPad|Winnti|Gh0st|PoisonIvy|Poison Ivy|China Chopper|Godzilla|Behinder|Sliver|Brute Ratel|Mythic|Havoc|Metasploit|Meterpreter|
PowerShell Empire|LockBit|BlackCat|ALPHV|Conti|Ryuk|REvil|BlackBasta|Black Basta|Akira|Cl0p|Clop|Royal|Hive|Play|Medusa|Phobos|Dharma|
WannaCry|NotPetya|HermeticWiper|CaddyWiper|Industroyer|BlackEnergy|GreyEnergy|Exaramel|Sunburst|Teardrop|Kazuar|Snake|ComRAT|Crutch|
Casbaneiro|Grandoreiro|Guildma|Mekotio|Mispadu|Janeleiro|Ousaban|Ebury|Kobalos|XorDDoS|Tsunami|Kinsing|Cerberus|Anubis|FluBot|TeaBot|SharkBot|
Hydra|Pegasus|Hermit|FinSpy|FinFisher|BPFDoor|SparkRAT|NightClub|InvisiMole|BlackLotus|Trickbot|Bandook|Machete|Zebrocy|Telekopye
`
  .replace(/\n/g, '')
  .split('|');

export const KNOWN_ACTORS: readonly string[] = `
Lazarus|Andariel|Bluenoroff|Kimsuky|Bitter|SideWinder|Patchwork|Donot Team|Transparent Tribe|SideCopy|Confucius|Sandworm|Turla|Gamaredon|
Sednit|Fancy Bear|Cozy Bear|The Dukes|Nobelium|Midnight Blizzard|Forest Blizzard|Seashell Blizzard|Ember Bear|Callisto|Star Blizzard|Winter Vivern|
MuddyWater|OilRig|Charming Kitten|Agrius|POLONIUM|Ballistic Bobcat|Imperial Kitten|Magic Hound|Mustang Panda|Winnti Group|Emissary Panda|
LuckyMouse|Tick|BackdoorDiplomacy|Gelsemium|SparklingGoblin|Evasive Panda|Volt Typhoon|Salt Typhoon|Flax Typhoon|Gallium|Hafnium|Tropic Trooper|
Equation Group|Carbanak|Cobalt Group|Scattered Spider|LAPSUS|Evil Corp|Wizard Spider|Magecart|TeamTNT|OceanLotus|DarkHotel|ScarCruft|StrongPity|
Stealth Falcon|Dark Caracal|Asylum Ambuscade|RomCom|XDSpy|Ke3chang|BlackTech|Blackwood|CosmicBeetle|Evilnum|GreyEnergy|MoustachedBouncer
`
  .replace(/\n/g, '')
  .split('|');

/** Numbered names of vendors. */
const NUMBERED =
  /\b(?:APT-?C-?\d{1,3}|APT[- ]?\d{1,3}|TA\d{3,4}|UNC\d{3,5}|FIN\d{1,2}|UAC-\d{4}|UTA\d{4}|TAG-\d{2,3}|DEV-\d{4}|Storm-\d{4}|TEMP\.[A-Z][a-z]+)\b/g;
/** Hashtags and words made of a name and what it does. */
const FAMILY_WORD =
  /^(?:[A-Z0-9][A-Za-z0-9]{1,20})(?:Loader|Stealer|RAT|Rat|Bot|Locker|Wiper|Spy|Miner|Ransomware|Backdoor|Shell|Shark|Crypter|Clipper|Banker|Dropper|Door)$/;
const HASHTAG = /#([\p{L}_][\p{L}\p{N}_]{2,40})/gu;
const MOST_WORDS = 4;
const LONGEST_WORD = 40;

function isWordCode(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57);
}

export interface NamesFound {
  readonly families: readonly string[];
  readonly actors: readonly string[];
  readonly hashtags: readonly string[];
}

export function namesIn(text: string, moreFamilies: readonly string[] = [], moreActors: readonly string[] = []): NamesFound {
  const families = new Set<string>();
  const actors = new Set<string>();
  const hashtags = new Set<string>();
  const known = new Map<string, { name: string; into: Set<string>; capital: boolean }>();
  const firsts = new Set<string>();
  const add = (names: readonly string[], into: Set<string>): void => {
    for (const name of names) {
      const key = folded(name);
      if (key.length < 3 || known.has(key)) continue;
      // A name that is one plain word counts only where it is written with a capital: "royal", "play", "snake".
      known.set(key, { name, into, capital: /^[A-Z][a-z]+$/.test(name) });
      firsts.add(key.split(' ')[0]);
    }
  };
  add([...moreFamilies, ...KNOWN_FAMILIES], families);
  add([...moreActors, ...KNOWN_ACTORS], actors);
  for (let at = 0; at < text.length; ) {
    if (!isWordCode(text.charCodeAt(at))) {
      at++;
      continue;
    }
    const start = at;
    /** capitals after the first letter: what is left of most words after this look is nothing */
    let capitals = 0;
    for (at++; at < text.length && isWordCode(text.charCodeAt(at)); at++) if (text.charCodeAt(at) <= 90 && text.charCodeAt(at) >= 65) capitals++;
    if (at - start > LONGEST_WORD || at - start < 2) continue;
    const word = text.slice(start, at);
    if (capitals > 0 && at - start > 5 && FAMILY_WORD.test(word) && /[a-z]/.test(word)) {
      const key = folded(word);
      if (!known.has(key) && !NOT_FAMILIES.has(key)) families.add(word);
    }
    const first = word.toLowerCase();
    if (!firsts.has(first)) continue;
    for (let key = first, end = at, count = 1; count <= MOST_WORDS; count++) {
      const hit = known.get(key);
      if (hit !== undefined && !(hit.capital && !/^[A-Z]/.test(word))) hit.into.add(hit.name);
      // Words of one name stand beside each other.
      if (end + 1 >= text.length || isWordCode(text.charCodeAt(end)) || !isWordCode(text.charCodeAt(end + 1))) break;
      const from = end + 1;
      end = from;
      while (end < text.length && end - from < LONGEST_WORD && isWordCode(text.charCodeAt(end))) end++;
      key += ` ${text.slice(from, end).toLowerCase()}`;
    }
  }
  for (const match of text.matchAll(NUMBERED)) actors.add(match[0].replace(/^(APT)[- ]?(?=\d)/, '$1'));
  for (const match of text.matchAll(HASHTAG)) {
    hashtags.add(match[1]);
    const hit = known.get(folded(match[1]));
    hit?.into.add(hit.name);
  }
  return { families: [...families], actors: [...actors], hashtags: [...hashtags] };
}

const NOT_FAMILIES: ReadonlySet<string> = new Set(
  'googlebot bingbot yandexbot chatbot robot classloader bootloader fileloader webshell powershell downloader uploader shellcodeloader dllloader webloader ransomware backdoor infostealer passwordstealer credentialstealer keylogger trojandropper trojanbanker trojanspy win32spy autospy trojandownloader'.split(
    ' ',
  ),
);

function folded(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, ' ')
    .trim();
}
