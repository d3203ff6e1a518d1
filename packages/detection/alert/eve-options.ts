/** What of EVE is written, and how much of it: the options of an EveWriter, and what holds where nothing else is said. */
import type { FileTransfer, Flow, Packet, RecordOptions } from '@sigwright/contracts';

/** `X-Forwarded-For`: shown beside the addresses, or in the client's place. */
export interface Forwarded {
  readonly mode: 'extra-data' | 'overwrite';
  /** forward: the first address of the header is the client; reverse: the last */
  readonly deployment: 'forward' | 'reverse';
  readonly header: string;
}

/** Records that a proxy's client is shown in. */
export type ForwardedIn = 'alert' | 'http' | 'fileinfo';

export interface DropOptions {
  /** a record a dropped packet, or one a direction of a dropped flow */
  readonly everyPacket: boolean;
  /** the alert that dropped it is shown */
  readonly alerts: boolean;
  readonly verdict: boolean;
}

export interface EveOptions {
  /** record types to write; undefined: all */
  readonly types: ReadonlySet<string> | undefined;
  /** options of record types, as the configuration writes them */
  readonly records: ReadonlyMap<string, RecordOptions>;
  /** which kinds of anomaly become records; rules see all of them */
  readonly anomaly: {
    readonly decode: boolean;
    readonly stream: boolean;
    readonly application: boolean;
    /** the beginning of a packet that is not as it should be is shown */
    readonly packetHeader: boolean;
  };
  /** metadata, payload and packet of alerts */
  readonly alert: {
    readonly metadata: boolean;
    /** what the application protocol and the flow tell stand beside the alert */
    readonly application: boolean;
    readonly flow: boolean;
    /** an alert that no transaction raised shows the one that is being spoken, where there is only one */
    readonly guessed: boolean;
    readonly payload: boolean;
    readonly payloadPrintable: boolean;
    readonly payloadLength: boolean;
    /** bytes of a stream that are shown at most */
    readonly payloadSize: number;
    /** packets that a `tag` asks for */
    readonly tagged: boolean;
    readonly packet: boolean;
    readonly rule: boolean;
    /** what the rule's `metadata` says */
    readonly ruleMetadata: boolean;
    /** the rule's references are shown, as addresses */
    readonly references: boolean;
    /** what became of the packet in the end */
    readonly verdict: boolean;
  };
  /** by type of record: how the client is shown that a proxy names */
  readonly forwarded?: Readonly<Partial<Record<ForwardedIn, Forwarded>>>;
  readonly drop: DropOptions;
  /** bytes shown of a frame at most, in records of frames */
  readonly framePayload: number;
  /** exception policies are shown with flows */
  readonly exceptionPolicies: boolean;
  /** hardware addresses are shown */
  readonly ethernet: boolean;
  /** flows have a name that other tools give them too, made with this seed */
  readonly communityIdSeed: number | undefined;
  /** what is known of a file beside what the wire says: digests, where it was stored */
  readonly fileDetails: ((file: FileTransfer) => Readonly<Record<string, unknown>> | undefined) | undefined;
  /** records name the sensor so, as `host` */
  readonly sensor: string | undefined;
  /** records name the release they conform to */
  readonly version: boolean;
  /** what rules noted about a flow is shown with every record of it */
  readonly metadata: boolean;
  /** the file that keeps the packet of an alert */
  readonly keptIn?: (packet: Packet, flow: Flow | undefined) => string | undefined;
  /** records name the capture that is being read */
  readonly captureFile?: () => string;
}

export const DEFAULT_EVE: EveOptions = {
  types: undefined,
  records: new Map(),
  anomaly: { decode: false, stream: false, application: true, packetHeader: false },
  alert: {
    metadata: true,
    application: true,
    flow: true,
    guessed: false,
    payload: false,
    payloadPrintable: false,
    payloadLength: false,
    payloadSize: 4096,
    tagged: true,
    packet: false,
    rule: false,
    ruleMetadata: true,
    references: false,
    verdict: false,
  },
  drop: { everyPacket: false, alerts: false, verdict: false },
  framePayload: 4096,
  exceptionPolicies: true,
  ethernet: false,
  communityIdSeed: undefined,
  fileDetails: undefined,
  sensor: undefined,
  version: false,
  metadata: true,
};
