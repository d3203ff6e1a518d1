/**
 * Alerts with everything around them (`alert-debug`; Suricata user guide, "Verbose Alerts Log"): for each packet with alerts one block
 * with the packet, its flow, its bytes and the alerts.
 */
import { formatAddressLong, hexdump } from '@sigwright/bytes';
import { type EngineSettings, type Flow, type Packet, TCP, TO_SERVER } from '@sigwright/contracts';
import { type Alert, streamBytes } from '@sigwright/detection';
import { visible } from './line-format.ts';
import { lineTime } from './log-time.ts';

const HEAD = '+================';
const LABEL_WIDTH = 19;
/** Bytes of a stream that are shown at most, as in EVE. */
const MOST_OF_STREAM = 4096;
/** Packets count from 1; what the engine makes at the end of a flow has no number. */
const NOTHING_OPEN = -1;

export class AlertDebug {
  readonly #write: (block: string) => void;
  #packet = NOTHING_OPEN;
  #flow: Flow | undefined = undefined;
  #lines: string[] = [];
  #alerts: string[] = [];
  #count = 0;
  #payload: string[] = [];

  constructor(write: (block: string) => void) {
    this.#write = write;
  }

  alert(alert: Alert, packet: Packet, settings: EngineSettings): void {
    if (this.#packet !== packet.number || this.#flow !== alert.flow) this.end();
    if (this.#packet === NOTHING_OPEN) this.#open(packet, alert.flow);
    const { gid, sid, rev, message, classtype, priority } = alert.rule;
    const at = `[${String(this.#count++).padStart(2, '0')}]`;
    this.#alerts.push(
      line(`ALERT MSG ${at}:`, message),
      line(`ALERT GID ${at}:`, gid),
      line(`ALERT SID ${at}:`, sid),
      line(`ALERT REV ${at}:`, rev),
      line(`ALERT CLASS ${at}:`, settings.classifications.get(classtype)?.description ?? '<none>'),
      line(`ALERT PRIO ${at}:`, priority),
      line(`ALERT FOUND IN ${at}:`, alert.transaction !== undefined ? 'TX' : alert.inStream ? 'STREAM' : 'PACKET'),
    );
    if (alert.transaction !== undefined) this.#alerts.push(line(`ALERT IN TX ${at}:`, alert.transaction.id));
  }

  /** No further alert of the packet comes. */
  end(): void {
    if (this.#packet === NOTHING_OPEN) return;
    this.#write([...this.#lines, line('ALERT CNT:', this.#count), ...this.#alerts, ...this.#payload].join('\n'));
    this.#packet = NOTHING_OPEN;
    this.#flow = undefined;
  }

  #open(packet: Packet, flow: Flow | undefined): void {
    this.#packet = packet.number;
    this.#flow = flow;
    this.#alerts = [];
    this.#count = 0;
    const lines = [HEAD, line('TIME:', lineTime(packet.time))];
    if (!packet.isPseudo) lines.push(line('PCAP PKT NUM:', packet.number));
    lines.push(line('PKT SRC:', packet.isPseudo ? 'stream (flow timeout)' : packet.isRebuilt ? 'defrag' : packet.tunnel === '' ? 'wire/pcap' : packet.tunnel));
    if (packet.ipVersion !== 0) {
      lines.push(
        line('SRC IP:', formatAddressLong(packet.source, packet.ipVersion)),
        line('DST IP:', formatAddressLong(packet.destination, packet.ipVersion)),
        line('PROTO:', packet.protocol),
        line('SRC PORT:', packet.sourcePort),
        line('DST PORT:', packet.destinationPort),
      );
    }
    if (packet.protocol === TCP && packet.transportStart >= 0) lines.push(line('TCP SEQ:', packet.tcpSequence), line('TCP ACK:', packet.tcpAcknowledgement));
    if (flow !== undefined) lines.push(...flowLines(packet, flow));
    if (packet.isPseudo) this.#payload = [];
    else {
      lines.push(line('PACKET LEN:', packet.frameEnd - packet.frameStart), 'PACKET:', dump(packet.data, packet.frameStart, packet.frameEnd));
      const length = packet.payloadEnd - packet.payloadStart;
      this.#payload = [line('PAYLOAD LEN:', length), ...(length > 0 ? ['PAYLOAD:', dump(packet.data, packet.payloadStart, packet.payloadEnd)] : [])];
    }
    const stream = streamBytes(flow, packet.direction, MOST_OF_STREAM);
    if (stream !== undefined) this.#payload.push(line('STREAM DATA LEN:', stream.length), 'STREAM DATA:', dump(stream));
    this.#lines = lines;
  }
}

function flowLines(packet: Packet, flow: Flow): readonly string[] {
  const toServer = packet.direction === TO_SERVER;
  const lines = [
    line('FLOW:', `to_server: ${shout(toServer)}, to_client: ${shout(!toServer)}`),
    line('FLOW Start TS:', lineTime(flow.startTime)),
    line('FLOW PKTS:', `to_server: ${flow.packetsToServer}, to_client: ${flow.packetsToClient}`),
    line('FLOW BYTES:', `to_server: ${flow.bytesToServer}, to_client: ${flow.bytesToClient}`),
    line('FLOW ACTION:', `DROP: ${shout(flow.verdict === 'drop')}, PASS: ${shout(flow.verdict === 'pass')}`),
    line('FLOW APP_LAYER:', `DETECTED: ${shout(flow.applicationProtocol !== undefined)}, PROTO: ${flow.applicationProtocol ?? 'unknown'}`),
  ];
  const bits = [...(flow.bits ?? [])];
  if (bits.length > 0) lines.push(line('FLOWBITS:', visible(bits.join(', '))));
  for (const [name, value] of flow.integers ?? []) lines.push(line('FLOWINT:', `${visible(name)} = ${value}`));
  return lines;
}

function line(label: string, value: string | number): string {
  return `${label.padEnd(LABEL_WIDTH)} ${value}`;
}

function shout(yes: boolean): string {
  return yes ? 'TRUE' : 'FALSE';
}

/** Each line indented by a blank. */
function dump(bytes: Uint8Array, start = 0, end = bytes.length): string {
  return hexdump(bytes, { start, end }).replace(/^/gm, ' ');
}
