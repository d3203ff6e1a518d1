/**
 * Families and actors that intake knows by itself: a line each, the name first, then what others call the same. More of them come
 * from lists in the form of misp-galaxy clusters (names.ts).
 */
export interface KnownName {
  readonly name: string;
  readonly synonyms?: readonly string[];
}

const lines = (text: string): readonly KnownName[] =>
  text
    .trim()
    .split(/\s*[\n|]\s*/)
    .filter((line) => line !== '')
    .map((line) => {
      const [name, ...synonyms] = line.split(/\s*=\s*/);
      return { name, synonyms };
    });

export const KNOWN_FAMILIES: readonly KnownName[] = lines(`
Comebacker | MarioLoader | PyRation | Ducktail | SmartLoader | AndarLoader | FakeExt | ToddlerShark | NukeSped=Manuscrypt
BabyShark=ReconShark | Cobalt Strike=CobaltStrike=Cobalt Strike Beacon | SocGholish=FakeUpdates | Emotet=Geodo=Heodo | QakBot=Qbot=Pinkslipbot=Quackbot
IcedID=BokBot | Lumma Stealer=LummaC2=Lumma=LummaC | RedLine=RedLine Stealer | Vidar=Vidar Stealer | AsyncRAT | Remcos=RemcosRAT=Remcos RAT
Agent Tesla=AgentTesla | FormBook=XLoader | Wineloader | Impacket | Mirai | Gafgyt=Bashlite=Qbot Linux | Mozi | TrickBot=TrickLoader | Dridex=Cridex
Ursnif=Gozi=ISFB=Dreambot | DanaBot | ZLoader=Silent Night=DELoader | BazarLoader=BazarBackdoor=BazaLoader | BumbleBee | Pikabot | DarkGate
Latrodectus=BlackWidow=IceNova | Matanbuchus | GootLoader | GootKit | Raccoon=Raccoon Stealer=RecordBreaker | StealC | Rhadamanthys | MetaStealer
Amadey | SmokeLoader=Dofoil=Smoke Loader | PrivateLoader | GuLoader=CloudEyE | NetSupport=NetSupport RAT=NetSupportManager RAT | NanoCore
njRAT=Bladabindi | QuasarRAT=Quasar RAT=xRAT | DCRat=DarkCrystal RAT | XWorm | VenomRAT | Warzone=AveMaria=Ave Maria=Warzone RAT
PlugX=Korplug=Sogu=Destroy RAT | ShadowPad=PoisonPlug | Winnti | Gh0st=Gh0st RAT=Gh0stRAT | Poison Ivy=PoisonIvy=Darkmoon | China Chopper | Godzilla
Behinder=Rebeyond | Sliver | Brute Ratel=BruteRatel=Brute Ratel C4=BRC4 | Mythic | Havoc | Metasploit | Meterpreter | PowerShell Empire
LockBit=ABCD ransomware | BlackCat=ALPHV=Noberus | Conti | Ryuk | REvil=Sodinokibi=Sodin | Black Basta=BlackBasta | Akira | Cl0p=Clop | Royal | Hive
Play=PlayCrypt | Medusa | Phobos=8Base | Dharma=CrySIS | WannaCry=WannaCryptor=Wana Decrypt0r | NotPetya=Diskcoder.C=ExPetr=Nyetya | HermeticWiper=FoxBlade
CaddyWiper | Industroyer=CrashOverride | BlackEnergy | GreyEnergy | Exaramel | Sunburst=Solorigate | Teardrop | Kazuar | Snake=Uroburos | ComRAT | Crutch
Casbaneiro=Metamorfo | Grandoreiro | Guildma=Astaroth | Mekotio | Mispadu=Ursa | Janeleiro | Ousaban=Javali | Ebury | Kobalos | XorDDoS=XOR DDoS | Tsunami=Kaiten
Kinsing | Cerberus | Anubis | FluBot=Cabassous | TeaBot=Anatsa | SharkBot | Hydra | Pegasus=Chrysaor | Hermit | FinSpy=FinFisher | BPFDoor | SparkRAT
NightClub | InvisiMole | BlackLotus | Bandook | Machete | Zebrocy=Zekapab | Telekopye | Zeus=Zbot | Carbanak=Anunak | Snake Keylogger=404 Keylogger
Lokibot=Loki=LokiPWS | AZORult | Hancitor=Chanitor | Ramnit | Nymaim | TinyNuke | Phorpiex=Trik | Andromeda=Gamarue | Sality | Glupteba | SystemBC=Coroxy
`);

export const KNOWN_ACTORS: readonly KnownName[] = lines(`
Lazarus=Lazarus Group=Hidden Cobra=Zinc=Diamond Sleet=Labyrinth Chollima | Andariel=Onyx Sleet=Silent Chollima=Stonefly
Bluenoroff=Sapphire Sleet=Stardust Chollima=APT38 | Kimsuky=Emerald Sleet=Thallium=Velvet Chollima=Black Banshee=APT43 | ScarCruft=APT37=Reaper=Ricochet Chollima
Bitter=T-APT-17 | SideWinder=Rattlesnake=Razor Tiger | Patchwork=Dropping Elephant=Hangover=Quilted Tiger | Donot Team=APT-C-35=Viceroy Tiger
Transparent Tribe=APT36=Mythic Leopard | SideCopy | Confucius | Sandworm=Voodoo Bear=Seashell Blizzard=Iridium=Telebots=APT44
Turla=Venomous Bear=Waterbug=Secret Blizzard=Krypton | Gamaredon=Primitive Bear=Armageddon=Aqua Blizzard=Actinium=Shuckworm=UAC-0010
APT28=Sednit=Sofacy=Fancy Bear=Strontium=Forest Blizzard=Pawn Storm=BlueDelta | APT29=Cozy Bear=The Dukes=Nobelium=Midnight Blizzard=BlueBravo=Cloaked Ursa
Ember Bear=Cadet Blizzard=UAC-0056=Lorec53 | Callisto=Star Blizzard=ColdRiver=Seaborgium | Winter Vivern=TA473=UAC-0114
MuddyWater=Mango Sandstorm=Mercury=Static Kitten=Seedworm | OilRig=APT34=Helix Kitten=Hazel Sandstorm=Cobalt Gypsy
Charming Kitten=APT35=Mint Sandstorm=Phosphorus=Magic Hound=APT42 | Agrius=Pink Sandstorm | POLONIUM=Plaid Rain | Ballistic Bobcat | Imperial Kitten=Tortoiseshell
Mustang Panda=Bronze President=Earth Preta=TA416=RedDelta=Stately Taurus=Twill Typhoon | Winnti Group=APT41=Brass Typhoon=Barium=Wicked Panda
APT27=Emissary Panda=LuckyMouse=Iron Tiger=Bronze Union | Tick=Bronze Butler | BackdoorDiplomacy | Gelsemium | SparklingGoblin | Evasive Panda=Bronze Highland=Daggerfly
Volt Typhoon=Vanguard Panda=Bronze Silhouette | Salt Typhoon=FamousSparrow=GhostEmperor | Flax Typhoon | Gallium=Granite Typhoon=Alloy Taurus | Hafnium=Silk Typhoon
Tropic Trooper=Pirate Panda=KeyBoy | Ke3chang=APT15=Vixen Panda=Nickel=Nylon Typhoon | BlackTech=Palmerworm=Circuit Panda | Blackwood | APT10=Stone Panda=menuPass=Potassium
APT40=Leviathan=Kryptonite Panda=Gingham Typhoon | APT31=Zirconium=Violet Typhoon=Judgment Panda | OceanLotus=APT32=Canvas Cyclone=Bismuth=SeaLotus
Equation Group | Carbanak Group=Carbon Spider=FIN7=Sangria Tempest | Cobalt Group=Cobalt Spider | Scattered Spider=UNC3944=Octo Tempest=0ktapus=Muddled Libra
LAPSUS=LAPSUS$=DEV-0537=Strawberry Tempest | Evil Corp=Indrik Spider=DEV-0243=Manatee Tempest | Wizard Spider=UNC1878=Grim Spider | Magecart | TeamTNT
DarkHotel=Zigzag Hail | StrongPity=Promethium | Stealth Falcon=FruityArmor | Dark Caracal | Asylum Ambuscade | RomCom=Storm-0978=Void Rabisu=Tropical Scorpius=UAC-0180
XDSpy | CosmicBeetle | Evilnum | MoustachedBouncer | TA505=Hive0065 | TA551=Shathak=Gold Cabin | TA577 | Mummy Spider=TA542 | Lyceum=Hexane=Siamesekitten
`);

/** Names that are words of plain English: they count with a capital within a sentence, or beside a word that says what they are. */
export const PLAIN_WORDS: ReadonlySet<string> = new Set(
  `akira agent anchor android anubis apple armageddon bear bitter blind buhtrap callisto carbon cerberus chaos clipper cloud cobalt confucius conti core crypto cuba cyborg
dark dharma dragon egregor elephant emissary empire equation exploit fantasy flame fox gallium ghost glass godzilla gold group hail harvest havoc hermit hive
hangover hydra iridium kaiten karma krypton leviathan loki lynx machete magnet maze mercury medusa mirage mythic nickel night nitro nova orion pandora pegasus phobos phoenix play
poison potassium promethium proxy python rainbow ranger raccoon reaper remote royal sand scarab shadow shell sliver snake snow sonar spider stealer storm sun sunburst switch teardrop
thallium tick titan triton tsunami turbo turla underground vice vidar viper vortex warzone winter wolf zebra zeus zinc zirconium rattlesnake medusa
payload inc global leverage systemd photo crash octopus brain agenda rad watchdog disco specter prime wrapper launcher updater downloader dropper backdoor banker keylogger infostealer
ransom worm tor server client admin root access basic bot bank card cash chrome code demon dino east eye face file final fire first flash focus force frame free fun gate get grab green help hidden home house
hunter ice icon image info internet joker key king lite live lock logger main mail manager mask mini mobile monitor moon music net network next north note nuke one open orange panel parasite phantom pink pipe
pixel point pony power premium private pro project rage red report reverse rock rogue rover run safe scan script search secret shark shield shop silent silver simple sky small smart soul spark speed spy star stone
surprise swift system target task team test think thunder time tiny token tool top total track trap trick tunnel ultra unknown update user utility vault vector venom video virtual void wave web white wild wind wing
wire wizard word world xero zero zone sad rose salt seven solar spectre stop street sugar swap sword tango tiger toxic trojan twin union velvet victory volt water whale whisper worm actinium barium bismuth hexane seaborgium phosphorus strontium reaper patchwork waterbug leviathan winnti quasar smoke metasploit tick royal`.split(
    /\s+/,
  ),
);
