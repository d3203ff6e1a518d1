/** What the engine tells the outside, as it happens. Packet, flow and transaction are live objects: take what you need, keep none. */
import type { Action, Direction, FileTransfer, Flow, Packet, ProtocolDefinition, Transaction } from '@sigwright/contracts';
import type { PacketFilter } from '@sigwright/traffic';
import type { CompiledRule } from '../compile/compiled-rule.ts';
import type { FrameReport } from './frames.ts';
import type { Peers } from './peers.ts';

/** A match that a threshold counts across flows. */
export interface ThresholdQuestion {
  /** index of the rule */
  readonly rule: number;
  /** by what it is counted, as text */
  readonly tracked: string;
  /** microseconds */
  readonly time: number;
  readonly port: number;
}

export interface Alert {
  readonly rule: CompiledRule;
  readonly direction: Direction;
  readonly transaction: Transaction | undefined;
  /** no transaction raised it, but this one alone is being spoken in its direction */
  readonly guess: Transaction | undefined;
  /** payload conditions held in the stream, not in this packet */
  readonly inStream: boolean;
  readonly flow: Flow | undefined;
  /** what it does: the rule's action, unless a rate filter put another in its place */
  action: Action;
  /** the frame that raised it */
  readonly frame?: FrameReport;
  /** shown with it as `context` */
  readonly notes: Record<string, unknown> | undefined;
  /** where the firewall came to it (`packet:filter`, `tls:client_hello_done`); undefined for all other rules */
  readonly hook?: string;
  /** the rule held for an earlier file of the transaction, too: this one is about files from here on */
  readonly firstFile?: number;
  /** by a rate filter */
  changed: boolean;
  /** Among peers: it is an alert if the threshold says so that counts it, see `Peers`. What it says of its flow (`Flow.alerted`) is left to whoever answers. */
  question?: ThresholdQuestion;
}

export interface EngineHandlers {
  /** something is kept by flows, as objects: none of them may be replaced by another while it lives */
  readonly remembersFlows?: boolean;
  packet?(packet: Packet): void;
  /**
   * In the place of `packet` and `decided`, for a segment of an encrypted connection over IPv4 and Ethernet of which nothing counts but that it
   * came: when, in microseconds, and the length of its frame. Left out: where one of them is there, it sees these, too.
   */
  quiet?(time: number, length: number): void;
  alert?(alert: Alert, packet: Packet): void;
  /** `name` as Suricata shows it with its owner in front (`ipv4.trunc_pkt`, `stream.pkt_invalid_ack`, `http.gzip_decompression_failed`) */
  anomaly?(packet: Packet, flow: Flow | undefined, transaction: Transaction | undefined, name: string): void;
  recognised?(flow: Flow): void;
  /** Its application protocol can not be read any further: bytes are missing that it can not do without, or they make no sense. */
  applicationError?(flow: Flow, cause: 'gap' | 'parser'): void;
  /** Once for each transaction, when nothing more comes of it. */
  transaction?(protocol: ProtocolDefinition, transaction: Transaction, flow: Flow, packet: Packet): void;
  /** Once for each file with content, when its transaction was handed on; one that nobody announced may come later. */
  file?(protocol: ProtocolDefinition, file: FileTransfer, transaction: Transaction, flow: Flow, packet: Packet): void;
  /** stream bytes are shown with alerts: what protocols keep of them is kept */
  readonly showsStreams?: boolean;
  /** frames are handed on, see below */
  readonly wantsFrames?: boolean;
  /** Packets that it does not keep are as if they were not in the capture. */
  readonly filter?: PacketFilter;
  /** Packets that it does not keep are counted, and belong to another engine. */
  readonly share?: PacketFilter;
  /** Other engines read the same capture; `peers.share` counts in the place of `share`. Not behind a firewall, and not inline. */
  readonly peers?: Peers;
  /** Once for each frame, when it is whole or enough of it is there to be worth telling. */
  frame?(report: FrameReport, packet: Packet, flow: Flow): void;
  flow?(flow: Flow): void;
  /** Bytes of a TCP stream in order, as far as they may be read, then once the end. `open`: the first ones of this direction. */
  stream?(flow: Flow, direction: Direction, bytes: Uint8Array, open: boolean, close: boolean): void;
  /** Comes after the packet's alerts. `cause`: the alert whose rule dropped it, where one did. */
  dropped?(packet: Packet, flow: Flow | undefined, cause: Alert | undefined): void;
  /** A packet of which rules captured texts. */
  captured?(packet: Packet, flow: Flow | undefined): void;
  /** A packet without alerts that a `tag` asks for. */
  tagged?(packet: Packet, flow: Flow | undefined): void;
  /** Comes last for each packet, when everything about it is decided. */
  decided?(packet: Packet, flow: Flow | undefined): void;
}
