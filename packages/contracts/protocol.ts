/**
 * An application protocol: how it is recognised, read and shown. A folder `catalogue/protocols/<name>/` holds
 * `wire.ts` (bytes → message), `transactions.ts` (messages → transactions), `records.ts` (transaction → EVE),
 * `keywords.ts` and `<name>.definition.ts`, which exports `protocol`.
 */
import type { BufferDefinition } from './buffer.ts';
import type { Direction } from './direction.ts';
import type { Flow } from './flow.ts';
import type { FrameSink } from './frame.ts';
import type { KeywordDefinition } from './keyword.ts';
import type { EngineSettings } from './settings.ts';
import type { SharedState } from './shared-state.ts';
import type { Transaction } from './transaction.ts';

/** Answers of `recognise`. */
export const NOT_THIS = 0;
export const IS_THIS = 1;
export const NEED_MORE = 2;
/** it is this protocol, but the peer we took for the client is the server */
export const IS_THIS_REVERSED = 3;
export type Recognition = 0 | 1 | 2 | 3;

/** One conversation being read. Owned by a flow. */
export interface ProtocolSession {
  /** live transactions in order; the engine removes those that are complete in both directions, inspected and logged */
  readonly transactions: Transaction[];
  /** number of transactions made so far */
  readonly count: number;
  /**
   * Read bytes[start, end) of one direction. Returns the position up to which it was consumed; the rest is given again,
   * with more behind it. `atEnd`: nothing more will come (parse what can be parsed; keep nothing).
   * Must give the same result however the bytes are split. Returns -1 where the session can not go on (the anomaly is raised).
   */
  consume(direction: Direction, bytes: Uint8Array, start: number, end: number, atEnd: boolean, time: number): number;
  /** `length` bytes were lost. False: cannot go on. */
  skip(direction: Direction, length: number): boolean;
  /** Both directions ended: close files and transactions. */
  finish(time: number): void;
  /** set when the conversation goes on in another protocol from here (CONNECT, Upgrade, STARTTLS): its name or `unknown` */
  nextProtocol: string | undefined;
  /** what that one is told about how it came about: its flow's `expected` */
  readonly nextDetail?: unknown;
  /** set when what was seen gives the conversation another name (DNS in HTTP/2): rules of that protocol look at it, too; it goes on all the same */
  readonly knownAs?: string | undefined;
  /** set when what follows is encrypted: payload is no longer searched */
  opaque: boolean;
  /** set when everything of interest was seen: bytes need not be kept nor given any more */
  done: boolean;
  /** set when nothing more of the flow need be looked at, not even its packets */
  readonly bypasses?: boolean;
  /** One direction ended after `done`. */
  ended?(direction: Direction): void;
  /**
   * What stream bytes that are less than a chunk wait for before rules look at them, as in Suricata: that there is a whole one (FTP), or
   * that the transaction's direction is complete (HTTP). Undefined: only that a transaction came further.
   */
  readonly rawWaitsFor?: 'chunk' | 'message' | undefined;
  /** anomalies that belong to no transaction; taken and emptied by the engine */
  anomalies: string[];
  /** set by the engine while somebody wants to know of frames */
  frames?: FrameSink | undefined;
  /** connections that were agreed on here; taken and emptied by the engine */
  readonly expectations?: Expectation[];
  /** transactions without an end that are kept at once; put right where the settings name another number */
  mostOpen?: number;
  /** nothing is under way: a session that is resumed with this one's count goes on as this one would */
  readonly isAtRest?: boolean;
}

/** A further TCP connection between the two ends of a flow, of which the protocol is known beforehand (data of FTP). */
export interface Expectation {
  readonly protocol: string;
  /** the end that is connected to, as seen in this flow: its server or its client */
  readonly listener: 'server' | 'client';
  readonly port: number;
  /** handed to that connection's flow as `expected` */
  readonly detail: unknown;
}

export interface AnomalyDefinition {
  readonly name: string;
  /** how older rules call it */
  readonly aliases?: readonly string[];
  readonly summary: string;
}

/** A state of one direction of a transaction, as rules name it (`tls:client_hello_done`). */
export interface ProtocolHook {
  readonly name: string;
  /** progress from which on the direction is in this state, or beyond it */
  readonly progress: number;
}

export interface ProtocolDefinition {
  /** as in a rule header: `http`, `dns`, `tls`, `smb` */
  readonly name: string;
  /** other header words for it (`ssl` for tls, `http1`) */
  readonly aliases?: readonly string[];
  /** the header word of `aliases` that means it alone, without those that carry it (`http1`) */
  readonly aloneAs?: string;
  /** `app_proto` and record type in EVE */
  readonly recordName: string;
  /** `app_proto`, where it is written otherwise than the record type */
  readonly applicationName?: string;
  /** the word that asks for its records in an output, where it is not the record type (`http2`) */
  readonly outputName?: string;
  readonly transport: readonly ('tcp' | 'udp')[];
  readonly summary: string;
  /** protocols whose transactions may carry this one: rules for it are for those too (`dcerpc` on the pipes of `smb`) */
  readonly carriedBy?: readonly string[];
  /**
   * The transaction that buffers and conditions of `protocol`, which this one carries, are to read; undefined: there is none in that
   * direction (yet). Left out where they read this protocol's own transactions.
   */
  inner?(transaction: Transaction, protocol: string, direction: Direction): Transaction | undefined;
  /** server ports on which `recognise` is asked first; it is asked on every port where `anyPort` */
  readonly ports: readonly number[];
  readonly anyPort: boolean;
  /** bytes from `direction`, first of the flow. Ports are those of client and server as taken so far. */
  recognise(bytes: Uint8Array, start: number, end: number, direction: Direction, flow: Flow): Recognition;
  /** `shared`: what the flows of the engine know together; left out, the flow is alone */
  open(flow: Flow, settings: EngineSettings, shared?: SharedState): ProtocolSession;
  /** A session that was at rest after `count` transactions; left out where sessions never rest. */
  resume?(flow: Flow, settings: EngineSettings, count: number): ProtocolSession;
  /** progress values that mean complete, by direction */
  readonly complete: readonly [number, number];
  /** states that rules may stand at, by direction, in order; `hooksOf` gives those of a protocol that names none */
  readonly hooks?: readonly [readonly ProtocolHook[], readonly ProtocolHook[]];
  /** progress in both directions from which a transaction is recorded, where it need not be complete */
  recordedFrom?(settings: EngineSettings): number;
  /** it holds all that its record shows, although it goes on */
  isReadyToRecord?(transaction: Transaction): boolean;
  /** bytes of either direction's stream that stay at hand when they were read, so that alerts show them, too */
  keptStream?(settings: EngineSettings): readonly [number, number];
  /** bytes of a body that are inspected before it is whole, where they are not alike for all flows */
  leastBody?(settings: EngineSettings, flow: Flow): readonly [number, number];
  /** its transactions may carry files, so that rules may ask for them */
  readonly carriesFiles?: boolean;
  /** one transaction stands for the whole connection: transactions are not counted */
  readonly isOneTransaction?: boolean;
  /** kinds of frames that its sessions tell of; rules name them with the protocol before (`http1.request`, the word of `aloneAs` where there is one) */
  readonly frames?: readonly string[];
  readonly buffers: readonly BufferDefinition[];
  readonly keywords: readonly KeywordDefinition<never>[];
  readonly anomalies: readonly AnomalyDefinition[];
  /** records show the names of anomalies in capitals (the protocols that Suricata reads in C, and HTTP) */
  readonly anomaliesInCapitals?: boolean;
  /** The `<recordName>` object of the transaction's own EVE record; undefined: not to be logged (yet). May be several (`dns` request and response). */
  records(transaction: Transaction, flow: Flow, options?: RecordOptions): readonly ProtocolRecord[];
  /** The object shown under `<recordName>` in an alert on this transaction. */
  context(transaction: Transaction, flow: Flow): Record<string, unknown> | undefined;
  /** Further objects beside it in alerts and file records, by name (`email` beside `smtp`). */
  contextBeside?(transaction: Transaction, flow: Flow): Record<string, unknown> | undefined;
  /** What else stands in that object of an alert, where the output's options of `alert` ask for it (`http-body`). */
  alertDetail?(transaction: Transaction, options: RecordOptions): Record<string, unknown>;
  /** What the request says in a field of its header, as proxies add some. */
  requestHeader?(transaction: Transaction, name: string): string | undefined;
  /** What scripts are given of a transaction, where that is not what its record shows. */
  scripted?(transaction: Transaction): Record<string, unknown>;
  /** Names and values of the header of what a transaction carries (a mail), as they were written. */
  fields?(transaction: Transaction): readonly (readonly [name: string, value: string])[];
}

/** What an output's configuration holds under a record type (`version: 2`, `types: [a, mx]`), as written there. */
export type RecordOptions = Readonly<Record<string, unknown>>;

export interface ProtocolRecord {
  readonly type: string;
  readonly body: Record<string, unknown>;
  /** further objects of the record, by name (`email` beside `smtp`) */
  readonly beside?: Record<string, unknown>;
  /** direction whose addresses the record shows as source → destination */
  readonly direction: Direction;
}

export function asKeywords(...definitions: KeywordDefinition<never>[]): readonly KeywordDefinition<never>[] {
  return definitions;
}

/** `{ request_line: 1, … }` → hooks in the order written. */
export function hooks(progressOf: Readonly<Record<string, number>>): readonly ProtocolHook[] {
  return Object.entries(progressOf).map(([name, progress]) => ({ name, progress }));
}

/** Every protocol has a beginning and an end of what each side says. */
export function hooksOf(protocol: ProtocolDefinition): readonly [readonly ProtocolHook[], readonly ProtocolHook[]] {
  const [request, response] = protocol.complete;
  return protocol.hooks ?? [hooks({ request_started: 0, request_complete: request }), hooks({ response_started: 0, response_complete: response })];
}
