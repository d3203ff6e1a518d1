/** A capture as people look at it: flows, what is said in each, transaction by transaction, and the buffers that rules could ask. */
import { catalogue } from '@sigwright/catalogue';
import {
  type BufferWindow,
  type EngineSettings,
  type EveRecord,
  emptyWindow,
  type Flow,
  type Packet,
  type ProtocolDefinition,
  TO_SERVER,
  type Transaction,
} from '@sigwright/contracts';
import { type EngineHandlers, EveWriter } from '@sigwright/detection';
import type { FlowDetails, ShownBuffer, ShownFlow, ShownPacket, ShownTransaction } from './messages.ts';

/** Flows, and what of each, that are kept; a page shows no more. */
const MOST_FLOWS = 2000;
const MOST_TRANSACTIONS = 200;
const MOST_PACKETS = 40;
const MOST_INSTANCES = 32;
/** Bytes of one buffer or payload that are kept, and of all. */
const MOST_BYTES = 4096;
const BUDGET = 64 * 1024 * 1024;
const LONGEST_SUMMARY = 160;

interface Kept {
  readonly transactions: ShownTransaction[];
  readonly packets: ShownPacket[];
  protocol: string;
  cut: boolean;
  count: number;
}

export class FlowGatherer {
  readonly #flows = new Map<number, Kept>();
  readonly #listed: ShownFlow[] = [];
  #left = BUDGET;
  #written: EveRecord[] = [];
  readonly #window: BufferWindow = emptyWindow();
  readonly handlers: EngineHandlers;

  constructor(settings: EngineSettings) {
    const writer = new EveWriter((record) => this.#written.push(record), settings, catalogue.protocols);
    const recordsOf = (write: () => void): EveRecord[] => {
      this.#written = [];
      write();
      return this.#written;
    };
    this.handlers = {
      remembersFlows: true,
      packet: (packet) => this.#packet(packet),
      transaction: (protocol, transaction, flow, packet) =>
        this.#transaction(
          protocol,
          transaction,
          flow,
          recordsOf(() => writer.transaction(protocol, transaction, flow, packet)),
        ),
      flow: (flow) =>
        this.#flow(
          flow,
          recordsOf(() => writer.flow(flow)),
        ),
    };
  }

  list(): readonly ShownFlow[] {
    return this.#listed.sort((a, b) => a.id - b.id);
  }

  details(id: number): FlowDetails | undefined {
    const kept = this.#flows.get(id);
    return kept === undefined ? undefined : { id, protocol: kept.protocol, transactions: kept.transactions, packets: kept.packets, cut: kept.cut };
  }

  #keptOf(flow: Flow): Kept | undefined {
    const known = this.#flows.get(flow.id);
    if (known !== undefined || this.#flows.size >= MOST_FLOWS) return known;
    const made: Kept = { transactions: [], packets: [], protocol: '', cut: false, count: 0 };
    this.#flows.set(flow.id, made);
    return made;
  }

  #copy(bytes: Uint8Array, start: number, end: number): Uint8Array {
    const length = Math.min(end - start, MOST_BYTES, this.#left);
    this.#left -= length;
    return bytes.slice(start, start + length);
  }

  #packet(packet: Packet): void {
    const { flow } = packet;
    if (flow === undefined || packet.isPseudo || packet.payloadEnd <= packet.payloadStart) return;
    const kept = this.#keptOf(flow);
    if (kept === undefined) return;
    if (kept.packets.length >= MOST_PACKETS || this.#left <= 0) {
      kept.cut = true;
      return;
    }
    kept.packets.push({
      packet: packet.number,
      name: undefined,
      direction: packet.direction === TO_SERVER ? 'to_server' : 'to_client',
      bytes: this.#copy(packet.data, packet.payloadStart, packet.payloadEnd),
      length: packet.payloadEnd - packet.payloadStart,
      offset: 0,
    });
  }

  #transaction(protocol: ProtocolDefinition, transaction: Transaction, flow: Flow, records: EveRecord[]): void {
    const kept = this.#keptOf(flow);
    if (kept === undefined) return;
    kept.count++;
    if (kept.transactions.length >= MOST_TRANSACTIONS || this.#left <= 0) {
      kept.cut = true;
      return;
    }
    const [first] = records;
    const summary = first === undefined ? protocol.name : oneLine(first[first['event_type'] as string]);
    // As text: what goes from thread to thread loses the digits of numbers beyond 53 bits.
    const shown = records.map((record) => ({ type: String(record['event_type']), text: JSON.stringify(record, undefined, 1) }));
    kept.transactions.push({ id: transaction.id, summary, records: shown, buffers: this.#buffers(protocol, transaction, flow) });
  }

  #buffers(protocol: ProtocolDefinition, transaction: Transaction, flow: Flow): ShownBuffer[] {
    const found: ShownBuffer[] = [];
    const window = this.#window;
    for (const buffer of catalogue.buffers.values()) {
      if (buffer.of !== 'transaction' || (buffer.protocol !== undefined && buffer.protocol !== protocol.name)) continue;
      for (const direction of buffer.directions) {
        for (let index = 0; index < MOST_INSTANCES && buffer.read(transaction, direction, index, window, flow); index++) {
          if (window.end > window.start)
            found.push({
              name: buffer.name,
              direction: direction === TO_SERVER ? 'to_server' : 'to_client',
              bytes: this.#copy(window.bytes, window.start, window.end),
              length: window.end - window.start,
              offset: window.offset,
            });
          if (!buffer.multiple) break;
        }
      }
    }
    // What the protocol names comes before what every protocol has.
    return found.sort((a, b) => Number(isGeneral(a)) - Number(isGeneral(b)));
  }

  #flow(flow: Flow, [record]: EveRecord[]): void {
    const kept = this.#flows.get(flow.id);
    if (record === undefined || (kept === undefined && this.#listed.length >= MOST_FLOWS)) return;
    const transport = String(record['proto'] ?? '').toLowerCase();
    const application = flow.applicationProtocol === undefined || flow.applicationProtocol === 'failed' ? '' : flow.applicationProtocol;
    if (kept !== undefined) kept.protocol = catalogue.protocols.has(application) ? application : transport.startsWith('ipv6-icmp') ? 'icmpv6' : transport;
    const counts = record['flow'] as Record<string, unknown>;
    this.#listed.push({
      id: flow.id,
      transport,
      application,
      source: endOf(record, 'src'),
      destination: endOf(record, 'dest'),
      time: String(counts['start'] ?? '').slice(0, 23),
      packets: flow.packetsToServer + flow.packetsToClient,
      bytes: flow.bytesToServer + flow.bytesToClient,
      transactions: kept?.count ?? 0,
      summary: kept?.transactions[0]?.summary ?? '',
    });
  }
}

function endOf(record: EveRecord, side: 'src' | 'dest'): string {
  const address = String(record[`${side}_ip`] ?? '');
  const port = record[`${side}_port`];
  return port === undefined ? address : address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function isGeneral({ name }: ShownBuffer): boolean {
  const buffer = catalogue.buffers.get(name ?? '');
  return buffer?.of === 'transaction' && buffer.protocol === undefined;
}

/** True of most records, and telling nothing about one. */
const EVERYDAY: ReadonlySet<string> = new Set(['version', 'tx_id', 'id', 'flags', 'opcode', 'rd', 'ra', 'aa', 'tc', 'z']);

/** Names and values of a record's body, as far as a line holds them. */
function oneLine(body: unknown): string {
  const parts: string[] = [];
  const walk = (value: unknown, name: string): void => {
    if (parts.length > 12) return;
    if (Array.isArray(value)) for (const one of value.slice(0, 3)) walk(one, name);
    else if (typeof value === 'object' && value !== null && !('rawJSON' in value)) for (const [key, inner] of Object.entries(value)) walk(inner, key);
    else if (value !== undefined && value !== '' && !EVERYDAY.has(name))
      parts.push(`${name} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`);
  };
  walk(body, '');
  const line = parts.join(' · ');
  return line.length > LONGEST_SUMMARY ? `${line.slice(0, LONGEST_SUMMARY)}…` : line;
}
