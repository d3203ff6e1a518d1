/**
 * What an engine is told before it starts. The defaults are stated here once and equal those of Suricata 8's packaged
 * configuration; the command line fills in what a suricata.yaml says.
 */
import type { GlobalThreshold } from './conditions.ts';
import type { DataFiles, DataSetType } from './datasets.ts';
import type { FollowFile } from './file-transfer.ts';
import type { ActionScope } from './rule.ts';

/** The release of Suricata whose rules and answers count here. */
export const COMPATIBLE_VERSION = '8.0.7';
/** What rules may require beside keywords and versions. */
export const FEATURES: ReadonlySet<string> = new Set(['ja3', 'ja4']);

export interface Decompressors {
  /**
   * Whole-input decompression for codings without an own implementation (`br`, `zstd`). At most `limit` bytes of output; a truncated
   * input gives what could be decoded. Undefined: a fault.
   */
  readonly [coding: string]: (input: Uint8Array, limit: number) => Uint8Array | undefined;
}

/**
 * What to do where the engine could not look at everything (Suricata user guide, "Exception Policies"): `drop`, `reject` and
 * `pass` decide about the packet or the whole flow, `bypass` stops looking at the flow.
 */
export const EXCEPTION_POLICIES = ['ignore', 'drop-flow', 'drop-packet', 'pass-flow', 'pass-packet', 'bypass', 'reject', 'reject-both'] as const;
export type ExceptionPolicy = (typeof EXCEPTION_POLICIES)[number];

/**
 * What becomes of a flow once it is encrypted: `full` searches its bytes as before, `track-only` follows the connection, `bypass`
 * looks at nothing of it any more.
 */
export const ENCRYPTION_HANDLINGS = ['track-only', 'bypass', 'full'] as const;
export type EncryptionHandling = (typeof ENCRYPTION_HANDLINGS)[number];

export const URGENT_POLICIES = ['oob', 'inline', 'drop', 'gap'] as const;
/** `drop`: where rules decide about packets, such with urgent data go no further; elsewhere as `inline`. `gap`: they lack in the stream */
export type UrgentPolicy = (typeof URGENT_POLICIES)[number];
export const URGENT_LIMIT_POLICIES = ['inline', 'drop', 'gap'] as const;

/** Operating systems that take overlapping bytes in ways of their own (`host-os-policy`). */
export const TARGET_SYSTEMS = [
  'bsd',
  'bsd-right',
  'old-linux',
  'linux',
  'old-solaris',
  'solaris',
  'hpux10',
  'hpux11',
  'irix',
  'macos',
  'windows',
  'vista',
  'windows2k3',
] as const;
export type TargetSystem = (typeof TARGET_SYSTEMS)[number];

export interface Target {
  /** address, network or range */
  readonly network: string;
  readonly system: TargetSystem;
}

/** What the firewall does where none of its rules decided. */
export interface FirewallPolicy {
  readonly action: 'accept' | 'drop' | 'reject' | 'rejectsrc' | 'rejectdst' | 'rejectboth';
  readonly scope: ActionScope;
  readonly alert: boolean;
  /** of the flow or the packet that was let through, nothing is shown to the other rules */
  readonly pass: 'none' | 'packet' | 'flow';
}

/** Suricata user guide, "Firewall Mode Design", default policies. */
export interface FirewallPolicies {
  readonly preFlow: FirewallPolicy;
  readonly preStream: FirewallPolicy;
  readonly filter: FirewallPolicy;
  /** for hooks of transactions that `hooks` does not name */
  readonly application: FirewallPolicy;
  /** by protocol and hook, as `tls:client_hello_done`; the protocol alone stands for all its other hooks */
  readonly hooks: ReadonlyMap<string, FirewallPolicy>;
}

export type ActionKind = 'pass' | 'drop' | 'reject' | 'alert';

export const INVALID_ESCAPES = ['preserve_percent', 'remove_percent', 'decode_invalid', 'status_400'] as const;

/** How a kind of server reads paths (`libhtp` of a suricata.yaml). */
export interface PathForm {
  readonly backslashSeparates: boolean;
  readonly lowercase: boolean;
  /** the path ends at a byte 0, written as an escape or as it is */
  readonly encodedNulEnds: boolean;
  readonly rawNulEnds: boolean;
  readonly compressesSeparators: boolean;
  /** `%2f` is a separator */
  readonly decodesSeparators: boolean;
  /** `%u0041` is an escape */
  readonly decodesUnicode: boolean;
  /** what becomes of a `%` without two digits behind it; a request that the server refuses is read as it is written */
  readonly invalidEscapes: (typeof INVALID_ESCAPES)[number];
  /** the path is text, shown in one byte for each character */
  readonly utf8: boolean;
  /** stands for characters that no byte looks like */
  readonly replacement: number;
}

/** Paths as they are read where nothing is said. */
export const PLAIN_PATH: PathForm = {
  backslashSeparates: false,
  lowercase: false,
  encodedNulEnds: false,
  rawNulEnds: false,
  compressesSeparators: true,
  decodesSeparators: true,
  decodesUnicode: false,
  invalidEscapes: 'preserve_percent',
  utf8: false,
  replacement: 0x3f,
};

export interface HttpSettings {
  readonly requestBodyLimit: number;
  readonly responseBodyLimit: number;
  readonly requestMinimumInspect: number;
  readonly responseMinimumInspect: number;
  /** bodies are inspected as they come, whatever these say; undefined: where rules decide about packets */
  readonly bodiesAtOnce: boolean | undefined;
  readonly decompressionDepth: number;
  /** output bytes per response body */
  readonly bombLimit: number;
  /** undo the coding `lzma` */
  readonly lzma: boolean;
  /** requests without an answer that are kept at once */
  readonly mostTransactions: number;
  /** headers of one message that are read */
  readonly mostHeaders: number;
  /** name and value of a header beyond which it is told as too long */
  readonly longestField: number;
  /** compressed Flash films in responses are unpacked for rules: by which method, as far as so many bytes; undefined: never */
  readonly flash: { readonly deflate: boolean; readonly lzma: boolean; readonly mostPacked: number; readonly mostUnpacked: number } | undefined;
  /** escapes in path or query of `http.uri` are undone twice */
  readonly doubleDecodePath: boolean;
  readonly doubleDecodeQuery: boolean;
  /** how servers read paths; undefined: escapes are undone and separators compressed */
  readonly path: PathForm | undefined;
  /** `+` in a query stands for a blank */
  readonly plusIsBlank: boolean;
  /** `http.uri` begins with scheme and host where the request names them */
  readonly wholeUri: boolean;
}

/** Bytes of a body that are inspected before it is whole, by direction. */
export function leastBody({ http, ips }: EngineSettings): readonly [number, number] {
  return (http.bodiesAtOnce ?? ips) ? [1, 1] : [http.requestMinimumInspect, http.responseMinimumInspect];
}

export type TunnelPorts = ReadonlySet<number> | undefined;

export interface EngineSettings {
  /** `HOME_NET` → `[192.168.0.0/16,…]` */
  readonly addressGroups: Readonly<Record<string, string>>;
  readonly portGroups: Readonly<Record<string, string>>;
  /** verify checksums */
  readonly verifyChecksums: boolean;
  /** stop verifying them where the first packets show that the capture was taken before they were filled in */
  readonly checksumsMayBeUnset: boolean;
  /** packets with a wrong checksum are not taken into streams; without effect where checksums are not verified */
  readonly dropsWrongChecksums: boolean;
  /** the same addresses inside and outside of a tunnel are two flows */
  readonly tunnelDepthTellsFlowsApart: boolean;
  /** packets of the same ends in different VLANs are different flows (`vlan.use-for-tracking`) */
  readonly vlansTellFlowsApart: boolean;
  /** headers in one frame, all nesting counted, of 16 at most */
  readonly mostLayers: number;
  /** fragments of packets that wait for the others */
  readonly fragments: {
    /** seconds */
    readonly timeout: number;
    readonly mostPackets: number;
    /** bytes in all; the oldest packets are given up first */
    readonly bytes: number;
  };
  /** UDP ports at which packets within packets are looked for; undefined: at any; an empty set: nowhere */
  readonly tunnels: {
    readonly vxlan: TunnelPorts;
    /** bits of the VXLAN header that RFC 7348 reserves may be set */
    readonly vxlanReserved: boolean;
    readonly geneve: TunnelPorts;
    readonly teredo: TunnelPorts;
  };
  /** inspect stream bytes at once instead of once acknowledged */
  readonly inline: boolean;
  /** rules and policies decide about packets: drop, reject, accept (IPS) */
  readonly ips: boolean;
  readonly exceptionPolicies: {
    /** a TCP connection whose beginning was not seen */
    readonly midstream: ExceptionPolicy;
    /** the application protocol can not be read any further */
    readonly applicationError: ExceptionPolicy;
    /** there is no room for segments that came early */
    readonly reassemblyMemory: ExceptionPolicy;
    /** there is no room for further connections, flows or fragments: never, since the oldest make room; they are counted */
    readonly sessionMemory: ExceptionPolicy;
    readonly flowMemory: ExceptionPolicy;
    readonly fragmentMemory: ExceptionPolicy;
  };
  /** keywords of which an unknown name is refused, and not only told: `classtype`, `reference`, `app-layer-event` */
  readonly strictKeywords: readonly string[];
  /** what the firewall does by default; undefined where there is none. Needs `ips`. */
  readonly firewall: FirewallPolicies | undefined;
  /** rules are evaluated in this order of what they do */
  readonly actionOrder: readonly ActionKind[];
  /** what runs on hosts, where overlapping bytes sent to them are to be read as they do; all others are taken for BSD */
  readonly targets: readonly Target[];
  readonly stream: {
    readonly midstream: boolean;
    readonly asyncOneside: boolean;
    /** bytes per direction that are reassembled; 0 for no limit */
    readonly depth: number;
    /** bytes that all streams hold together, before segments are no longer taken; 0 for no limit */
    readonly memory: number;
    /** the last byte of urgent data: read apart from the stream (`oob`, as by sockets, RFC 6093), or within it */
    readonly urgentPolicy: UrgentPolicy;
    /** for what comes after as many bytes out of band as the 16 bits of the urgent pointer count */
    readonly urgentLimitPolicy: (typeof URGENT_LIMIT_POLICIES)[number];
    /** inline, packets that no receiver would take are dropped (`stream.drop-invalid`) */
    readonly dropInvalid: boolean;
    /** a connection that reached the depth in both directions is bypassed */
    readonly bypassAtDepth: boolean;
    /** raw stream bytes are searched in chunks of at least this size, or earlier where a transaction completes */
    readonly chunkToServer: number;
    readonly chunkToClient: number;
    /** SYNs with other numbers, and answers to one, that are remembered; more is a flood */
    readonly mostSyns: number;
    readonly mostAnswers: number;
  };
  readonly http: HttpSettings;
  /** for servers in these networks, in place of `http`: the narrowest counts */
  readonly httpServers: readonly { readonly networks: readonly string[]; readonly http: HttpSettings }[];
  readonly fileLimit: number;
  /** records tell of every message in full, not of addresses that were assigned alone */
  readonly dhcp: { readonly everyMessage: boolean };
  /** protocols that are not recognised (`dns/tcp`: not over this one), and such as are recognised only; by name */
  readonly protocolsOff: ReadonlySet<string>;
  readonly protocolsUnread: ReadonlySet<string>;
  /** server ports of protocols, in place of those that the catalogue names; intervals by name */
  readonly protocolPorts: ReadonlyMap<string, readonly (readonly [number, number])[]>;
  /** transactions without an end that are kept at once, by protocol, where it is not the protocol's own number */
  readonly mostTransactions: ReadonlyMap<string, number>;
  /** bytes per direction that are reassembled for a protocol, in place of `stream.depth`; 0 for no limit */
  readonly protocolDepths: ReadonlyMap<string, number>;
  readonly smb: {
    /** bytes of one reading or writing beyond which it is told as too large; 0: never */
    readonly largestRead: number;
    readonly largestWrite: number;
    /** pieces of a file that came before their turn, and bytes of them */
    readonly readQueue: QueueLimits;
    readonly writeQueue: QueueLimits;
  };
  readonly http2: {
    /** streams at once */
    readonly mostStreams: number;
    /** bytes of headers over several frames */
    readonly longestBlock: number;
    /** bytes of the table that headers refer to, whatever the ends agree on */
    readonly largestTable: number;
  };
  readonly ftp: {
    /** longer lines are cut */
    readonly longestLine: number;
    /** commands without a reply; with more, nothing of the conversation is read any further */
    readonly mostTransactions: number;
  };
  /** records and rules show fingerprints of key exchanges (HASSH) */
  readonly ssh: { readonly fingerprints: boolean; readonly encryptionHandling: EncryptionHandling };
  /** addresses that are looked for in the text of mails: by these schemes, told with or without them; how mails are read */
  readonly mail: {
    readonly urls: { readonly schemes: readonly string[]; readonly withScheme: boolean };
    /** `parts`: headers and attachments are read; `whole`: the text is one file, `rawmsg`; `none`: it is passed over */
    readonly reading: 'parts' | 'whole' | 'none';
    /** transfer encodings that are undone */
    readonly base64: boolean;
    readonly quotedPrintable: boolean;
    /** values of headers are cut here */
    readonly longestValue: number;
    /** the text behind the headers gets an MD5 digest */
    readonly digest: boolean;
  };
  readonly tls: {
    readonly encryptionHandling: EncryptionHandling;
    /** fingerprints that rules may look at, in QUIC too */
    readonly fingerprints: { readonly ja3: boolean; readonly ja4: boolean };
    /** fingerprints that records of TLS show, where their output does not leave them out */
    readonly shownFingerprints: { readonly ja3: boolean; readonly ja4: boolean };
  };
  readonly mqtt: {
    /** records show them */
    readonly passwords: boolean;
    /** longer messages are passed over */
    readonly messageLimit: number;
    /** characters of a text that records show */
    readonly shownText: number;
  };
  /** records show passwords */
  readonly pgsql: { readonly passwords: boolean };
  /** seconds, by protocol and state */
  readonly flowTimeouts: {
    readonly tcp: FlowTimeouts;
    readonly udp: FlowTimeouts;
    readonly icmp: FlowTimeouts;
    readonly other: FlowTimeouts;
  };
  readonly maximumFlows: number;
  readonly maximumAlertsPerPacket: number;
  readonly decompressors: Decompressors;
  /** classtype → priority and words, from classification.config */
  readonly classifications: ReadonlyMap<string, Classification>;
  /** type of a reference → what stands before its value, from reference.config */
  readonly references: ReadonlyMap<string, string>;
  /** thresholds and suppressions from threshold.config */
  readonly globalThresholds: readonly GlobalThreshold[];
  /** files that rules name; kept out of saved plans */
  readonly dataFiles: DataFiles;
  /** who else reads the content of files (digests, storage); kept out of saved plans */
  readonly followFile: FollowFile | undefined;
  /** files are read to their end, whatever the limits of inspection */
  readonly wholeFiles: boolean;
  /** IP reputation, where the configuration names files; kept out of saved plans */
  readonly reputation: Reputation | undefined;
  /** where addresses are, where the configuration names a database; kept out of saved plans */
  readonly countries: Countries | undefined;
  /** the public suffix list; undefined where none is at hand; kept out of saved plans */
  readonly publicSuffixes: PublicSuffixes | undefined;
  /** sets that the configuration defines, by name: rules may use them without saying what they are */
  readonly dataSets: ReadonlyMap<string, { readonly type: DataSetType; readonly load: string | undefined; readonly save: string | undefined }>;
  /** rows of tables (`hashsize`) that one set of a rule may ask for, and all of them together */
  readonly dataSetRows: { readonly each: number; readonly all: number };
  /** programs that rules bring along; kept out of saved plans */
  readonly scripts: ScriptSettings;
  /** steps a regular expression may take on one buffer */
  readonly patternStepLimit: number;
}

export interface QueueLimits {
  readonly pieces: number;
  readonly bytes: number;
}

export interface Countries {
  /** code of two capitals (ISO 3166-1); undefined where the database does not know the address */
  country(words: Uint32Array, version: number): string | undefined;
}

/** The public suffix list's answers about a host name in lower case. */
export interface PublicSuffixes {
  /** `co.uk` of `www.example.co.uk`; the last label where the list does not know it; undefined where there is none */
  suffix(host: string): string | undefined;
  /** `example.co.uk` of `www.example.co.uk`; undefined where nothing stands before the suffix */
  domain(host: string): string | undefined;
}

export interface ScriptSettings {
  readonly mayRun: boolean;
  /** nothing of the language is kept from them */
  readonly unrestricted: boolean;
  /** they may hold and do in one call; 0: no limit */
  readonly bytes: number;
  readonly instructions: number;
  /** What a script says. */
  say(level: 'error' | 'warning' | 'notice' | 'info' | 'config' | 'performance' | 'debug' | 'print', text: string): void;
  /** A script failed while it ran. */
  failed(why: 'error' | 'blocked' | 'instructions' | 'memory', text: string): void;
}

export interface Reputation {
  readonly categories: ReadonlySet<string>;
  /** Score from 1 to 127 of an address in a category; undefined where it is not listed. */
  score(words: Uint32Array, version: number, category: string): number | undefined;
}

export interface FlowTimeouts {
  readonly fresh: number;
  readonly established: number;
  readonly closed: number;
}

export interface Classification {
  readonly name: string;
  readonly description: string;
  readonly priority: number;
}

export const DEFAULT_SETTINGS: EngineSettings = {
  addressGroups: {
    HOME_NET: '[192.168.0.0/16,10.0.0.0/8,172.16.0.0/12]',
    EXTERNAL_NET: '!$HOME_NET',
    HTTP_SERVERS: '$HOME_NET',
    SMTP_SERVERS: '$HOME_NET',
    SQL_SERVERS: '$HOME_NET',
    DNS_SERVERS: '$HOME_NET',
    TELNET_SERVERS: '$HOME_NET',
    AIM_SERVERS: '$EXTERNAL_NET',
    DC_SERVERS: '$HOME_NET',
    DNP3_SERVER: '$HOME_NET',
    DNP3_CLIENT: '$HOME_NET',
    MODBUS_CLIENT: '$HOME_NET',
    MODBUS_SERVER: '$HOME_NET',
    ENIP_CLIENT: '$HOME_NET',
    ENIP_SERVER: '$HOME_NET',
  },
  portGroups: {
    HTTP_PORTS: '80',
    SHELLCODE_PORTS: '!80',
    ORACLE_PORTS: '1521',
    SSH_PORTS: '22',
    DNP3_PORTS: '20000',
    MODBUS_PORTS: '502',
    FILE_DATA_PORTS: '[$HTTP_PORTS,110,143]',
    FTP_PORTS: '21',
    GENEVE_PORTS: '6081',
    VXLAN_PORTS: '4789',
    TEREDO_PORTS: '3544',
    SIP_PORTS: '[5060, 5061]',
  },
  verifyChecksums: true,
  checksumsMayBeUnset: false,
  dropsWrongChecksums: true,
  tunnelDepthTellsFlowsApart: true,
  vlansTellFlowsApart: true,
  mostLayers: 16,
  fragments: { timeout: 60, mostPackets: 4096, bytes: 33_554_432 },
  tunnels: { vxlan: new Set([4789]), vxlanReserved: false, geneve: new Set([6081]), teredo: new Set([3544]) },
  inline: false,
  ips: false,
  exceptionPolicies: {
    midstream: 'ignore',
    applicationError: 'ignore',
    reassemblyMemory: 'ignore',
    sessionMemory: 'ignore',
    flowMemory: 'ignore',
    fragmentMemory: 'ignore',
  },
  strictKeywords: [],
  firewall: undefined,
  actionOrder: ['pass', 'drop', 'reject', 'alert'],
  targets: [],
  stream: {
    midstream: false,
    asyncOneside: false,
    depth: 1_048_576,
    memory: 256 * 1024 * 1024,
    urgentPolicy: 'oob',
    urgentLimitPolicy: 'drop',
    dropInvalid: true,
    bypassAtDepth: false,
    chunkToServer: 2560,
    chunkToClient: 2560,
    mostSyns: 10,
    mostAnswers: 5,
  },
  http: {
    requestBodyLimit: 102_400,
    responseBodyLimit: 102_400,
    requestMinimumInspect: 32_768,
    responseMinimumInspect: 40_960,
    bodiesAtOnce: undefined,
    decompressionDepth: 2,
    bombLimit: 1_048_576,
    lzma: false,
    mostTransactions: 512,
    mostHeaders: 1024,
    longestField: 18_000,
    doubleDecodePath: false,
    doubleDecodeQuery: false,
    flash: undefined,
    path: undefined,
    plusIsBlank: false,
    wholeUri: false,
  },
  httpServers: [],
  fileLimit: 102_400,
  dhcp: { everyMessage: false },
  protocolsOff: new Set(),
  protocolsUnread: new Set(),
  protocolPorts: new Map(),
  mostTransactions: new Map(),
  protocolDepths: new Map([
    ['smb', 0],
    ['modbus', 0],
    ['pgsql', 0],
  ]),
  smb: {
    largestRead: 16_777_216,
    largestWrite: 16_777_216,
    readQueue: { pieces: 64, bytes: 1_048_576 },
    writeQueue: { pieces: 64, bytes: 1_048_576 },
  },
  http2: { mostStreams: 4096, longestBlock: 102_400, largestTable: 65_536 },
  ftp: { longestLine: 4096, mostTransactions: 1024 },
  ssh: { fingerprints: true, encryptionHandling: 'track-only' },
  mail: { urls: { schemes: ['http'], withScheme: false }, reading: 'parts', base64: true, quotedPrintable: true, longestValue: 2000, digest: false },
  tls: { encryptionHandling: 'track-only', fingerprints: { ja3: true, ja4: true }, shownFingerprints: { ja3: true, ja4: true } },
  mqtt: { passwords: true, messageLimit: 1_048_576, shownText: 1024 },
  pgsql: { passwords: false },
  flowTimeouts: {
    tcp: { fresh: 60, established: 600, closed: 60 },
    udp: { fresh: 30, established: 300, closed: 0 },
    icmp: { fresh: 30, established: 300, closed: 0 },
    other: { fresh: 30, established: 300, closed: 0 },
  },
  maximumFlows: 2_000_000,
  maximumAlertsPerPacket: 15,
  decompressors: {},
  classifications: new Map(),
  references: new Map(),
  globalThresholds: [],
  dataFiles: { read: () => undefined, mayWrite: true, mayBeAbsolute: false },
  followFile: undefined,
  wholeFiles: false,
  reputation: undefined,
  countries: undefined,
  publicSuffixes: undefined,
  scripts: { mayRun: true, unrestricted: false, bytes: 500_000, instructions: 500_000, say: () => {}, failed: () => {} },
  dataSets: new Map(),
  dataSetRows: { each: 262_144, all: 67_108_864 },
  patternStepLimit: 200_000,
};
