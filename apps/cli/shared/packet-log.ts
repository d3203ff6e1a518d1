/**
 * Packets as capture files (Suricata user guide, "Packet log (pcap-log)"): all of them, those of flows that alerted, or those that a
 * rule tagged. A file that is full is followed by the next one; of a ring the oldest is removed. Classic pcap, microseconds; compressed
 * by LZ4 where the configuration says so.
 */
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { DROPPED, type Flow, type Packet, TCP } from '@sigwright/contracts';
import { captureHeader, captureRecord, type PacketFilter, readPacketFilter, type TcpStream } from '@sigwright/traffic';
import { isYes, outputOf, sizeOf, type Tree } from './configuration-tree.ts';
import { Lz4Frame } from './lz4.ts';

const FLUSH_AT = 262_144;
const MEBIBYTE = 1_048_576;
const DEFAULT_LIMIT = 32 * MEBIBYTE;
/** A limit that is a bare number up to here counts MiB. */
const MOST_MEBIBYTES = 65_536;
/** Frames of a flow that are kept because it may alert later, and of all flows together; beyond that the oldest are given up. */
const MOST_KEPT_OF_FLOW = 1_048_576;
const MOST_KEPT = 64 * 1_048_576;

type Condition = 'all' | 'alerts' | 'tag';

interface Settings {
  readonly folder: string;
  readonly name: string;
  /** bytes of one file */
  readonly limit: number;
  /** 0: any number */
  readonly files: number;
  readonly multi: boolean;
  readonly microseconds: boolean;
  readonly condition: Condition;
  readonly streamDepth: boolean;
  readonly honourPass: boolean;
  readonly filter: PacketFilter | undefined;
  readonly compressed: boolean;
  readonly checksum: boolean;
}

export class PacketLog {
  written = 0;
  filtered = 0;
  /** the first file that could not be written; nothing more is tried */
  failure: string | undefined = undefined;
  readonly #settings: Settings;
  readonly #names: string[] = [];
  #file: number | undefined = undefined;
  #frame: Lz4Frame | undefined = undefined;
  #link = -1;
  #size = 0;
  #pending: Uint8Array[] = [];
  #pendingLength = 0;
  #lastNumber = -1;
  /** the packet at hand is to be written whatever its flow did */
  #chosen = false;
  readonly #kept = new WeakMap<Flow, Uint8Array[]>();
  #keptBytes = 0;

  private constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** Undefined: the configuration asks for none. Throws an Error with words for the user where it asks for what can not be. */
  static of(tree: Tree, logFolder: string): PacketLog | undefined {
    const options = outputOf(tree, 'pcap-log');
    if (options === undefined || !isYes(options['enabled'], false)) return undefined;
    const compression = String(options['compression'] ?? 'none');
    if (compression !== 'none' && compression !== 'lz4') throw new Error(`pcap-log: compression "${compression}" is neither none nor lz4`);
    const mode = String(options['mode'] ?? 'normal');
    if (mode !== 'normal' && mode !== 'multi') throw new Error(`pcap-log: mode "${mode}" is neither normal nor multi`);
    const condition = String(options['conditional'] ?? 'all');
    if (condition !== 'all' && condition !== 'alerts' && condition !== 'tag')
      throw new Error(`pcap-log: conditional "${condition}" is none of all, alerts, tag`);
    const written = String(options['bpf-filter'] ?? '');
    const filter = written === '' ? undefined : readPacketFilter(written);
    if (filter !== undefined && 'problem' in filter) throw new Error(`pcap-log: bpf-filter: ${filter.problem}`);
    const folder = String(options['dir'] ?? '');
    return new PacketLog({
      folder: isAbsolute(folder) ? folder : join(logFolder, folder),
      name: String(options['filename'] ?? 'log.pcap'),
      limit: limitOf(options['limit']),
      files: Number(options['max-files'] ?? 0) || 0,
      multi: mode === 'multi',
      microseconds: String(options['ts-format'] ?? 'sec') === 'usec',
      condition,
      streamDepth: isYes(options['use-stream-depth'], false),
      honourPass: isYes(options['honor-pass-rules'], false),
      filter,
      compressed: compression === 'lz4',
      checksum: isYes(options['lz4-checksum'], false),
    });
  }

  /** Where the packet at hand is kept, or what its flow had before it; only where each thread has files of its own (`mode: multi`). */
  fileOf(packet: Packet, flow: Flow | undefined): string | undefined {
    if (!this.#settings.multi || packet.isPseudo || this.failure !== undefined) return undefined;
    const [before] = (flow === undefined ? undefined : this.#kept.get(flow)) ?? [];
    const record = before ?? captureRecord(packet.time, packet.data, packet.frameStart, packet.frameEnd, packet.wireLength);
    return this.#hasRoom(record, packet.linkType) ? this.#names[this.#names.length - 1] : this.#pathOf(record);
  }

  /** A rule alerted on the packet at hand, or at the end of its flow. `tags`: the rule tags what follows. */
  alerted(flow: Flow | undefined, tags: boolean): void {
    const { condition } = this.#settings;
    if (condition === 'all' || (condition === 'tag' && !tags)) return;
    this.#chosen = true;
    if (flow === undefined) return;
    // What the alert stands on came before it.
    for (const record of this.#kept.get(flow) ?? []) this.#write(record);
    this.#forget(flow);
  }

  /** Frames of a flow wait for its alert. */
  get remembersFlows(): boolean {
    return this.#settings.condition !== 'all';
  }

  tagged(): void {
    if (this.#settings.condition === 'tag') this.#chosen = true;
  }

  /** All rules looked at it. */
  decided(packet: Packet, flow: Flow | undefined): void {
    const chosen = this.#chosen;
    this.#chosen = false;
    if (packet.isPseudo || packet.number === this.#lastNumber || packet.number === 0) return;
    const { condition, streamDepth, honourPass, filter } = this.#settings;
    if (honourPass && flow?.verdict === 'pass') return;
    const stream = packet.protocol === TCP ? (flow?.stream as TcpStream | undefined) : undefined;
    if (streamDepth && stream?.depthReached === true) return;
    const { data, frameStart, frameEnd } = packet;
    if (filter !== undefined && !filter.keeps(data, frameStart, frameEnd, packet.linkType, packet.wireLength)) {
      this.filtered++;
      this.#lastNumber = packet.number;
      return;
    }
    const wanted = condition === 'all' || chosen || (condition === 'alerts' && flow?.alerted === true);
    if (wanted) {
      this.#lastNumber = packet.number;
      this.#write(captureRecord(packet.time, packet.data, packet.frameStart, packet.frameEnd, packet.wireLength), packet);
    } else if (stream !== undefined && flow !== undefined && packet.payloadEnd > packet.payloadStart && (packet.decision & DROPPED) === 0) {
      this.#lastNumber = packet.number;
      this.#keep(flow, packet);
    }
  }

  /** The flow is over: what it had is not asked for any more. */
  ended(flow: Flow): void {
    if (this.#settings.condition !== 'all') this.#forget(flow);
  }

  close(): void {
    this.#flush();
    if (this.#file === undefined) return;
    if (this.#frame !== undefined) this.#put(this.#frame.end());
    closeSync(this.#file);
    this.#file = undefined;
  }

  #keep(flow: Flow, packet: Packet): void {
    if (this.#keptBytes >= MOST_KEPT) return;
    const record = captureRecord(packet.time, packet.data, packet.frameStart, packet.frameEnd, packet.wireLength);
    const kept = this.#kept.get(flow) ?? [];
    this.#kept.set(flow, kept);
    kept.push(record);
    this.#keptBytes += record.length;
    for (let size = kept.reduce((sum, one) => sum + one.length, 0); size > MOST_KEPT_OF_FLOW; ) {
      const oldest = kept.shift()?.length ?? 0;
      size -= oldest;
      this.#keptBytes -= oldest;
    }
    this.#link = this.#link === -1 ? packet.linkType : this.#link;
  }

  #forget(flow: Flow): void {
    for (const record of this.#kept.get(flow) ?? []) this.#keptBytes -= record.length;
    this.#kept.delete(flow);
  }

  #write(record: Uint8Array, packet?: Packet): void {
    if (this.failure !== undefined) return;
    // A file has one link type.
    const link = packet?.linkType ?? this.#link;
    if (!this.#hasRoom(record, link)) this.#next(record, link);
    this.#pending.push(record);
    this.#pendingLength += record.length;
    this.#size += record.length;
    this.written++;
    if (this.#pendingLength >= FLUSH_AT) this.#flush();
  }

  #hasRoom(record: Uint8Array, link: number): boolean {
    if (this.#file === undefined || link !== this.#link) return false;
    // What would have the same name belongs to the same file.
    return this.#size + record.length <= this.#settings.limit || this.#pathOf(record) === this.#names[this.#names.length - 1];
  }

  /** The file that begins with the record. */
  #pathOf(record: Uint8Array): string {
    const view = new DataView(record.buffer, record.byteOffset);
    return join(this.#settings.folder, this.#nameAt(view.getUint32(0, true), view.getUint32(4, true)));
  }

  #next(record: Uint8Array, link: number): void {
    this.close();
    const { folder, files } = this.#settings;
    const path = this.#pathOf(record);
    try {
      mkdirSync(folder, { recursive: true });
      this.#file = openSync(path, 'w');
    } catch (cause) {
      const { message } = cause as Error;
      this.failure = this.#settings.compressed ? `Error opening file for compressed output: ${inWords(message)}` : `${path} could not be opened: ${message}`;
      return;
    }
    this.#link = link;
    this.#frame = this.#settings.compressed ? new Lz4Frame(this.#settings.checksum) : undefined;
    if (this.#frame !== undefined) this.#put(this.#frame.header());
    const header = captureHeader(link);
    this.#pending.push(header);
    this.#pendingLength = this.#size = header.length;
    if (this.#names[this.#names.length - 1] !== path) this.#names.push(path);
    if (files > 0 && this.#names.length > files) rmSync(this.#names.shift() ?? '', { force: true });
  }

  /** `%n`, `%i`: number and id of the thread, of which there is one; `%t`: when the first packet came. */
  #nameAt(seconds: number, micros: number): string {
    const { name, multi, microseconds, compressed } = this.#settings;
    const time = microseconds ? `${seconds}.${String(micros).padStart(6, '0')}` : String(seconds);
    const stem = multi && name.includes('%') ? name.replaceAll('%n', '1').replaceAll('%i', '1').replaceAll('%t', time) : `${name}.${time}`;
    return compressed ? `${stem}.lz4` : stem;
  }

  #flush(): void {
    if (this.#file === undefined || this.#pending.length === 0) return;
    const bytes = Buffer.concat(this.#pending);
    this.#pending = [];
    this.#pendingLength = 0;
    for (const piece of this.#frame?.blocks(bytes) ?? [bytes]) this.#put(piece);
  }

  #put(bytes: Uint8Array): void {
    if (this.#file === undefined || this.failure !== undefined) return;
    try {
      for (let done = 0; done < bytes.length; ) done += writeSync(this.#file, bytes, done);
    } catch (cause) {
      this.failure = `packets could not be written: ${(cause as Error).message}`;
    }
  }
}

/** In MiB, or with a unit. */
function limitOf(written: unknown): number {
  const size = sizeOf(written, DEFAULT_LIMIT);
  return /^\d+$/.test(String(written)) && size <= MOST_MEBIBYTES ? size * MEBIBYTE : size;
}

/** `EACCES: permission denied, open '…'` → `Permission denied`, as the system calls it. */
function inWords(message: string): string {
  const words = /^\w+: ([^,]+),/.exec(message)?.[1] ?? message;
  return words.slice(0, 1).toUpperCase() + words.slice(1);
}
