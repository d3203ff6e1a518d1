/**
 * Engine events → EVE records in the field names of Suricata 8: which of them become records, and how those begin. Records are plain
 * objects; who gets them decides how they are written. Field order follows the order in which Suricata shows them.
 */
import { base64, dotted, parseAddress } from '@sigwright/bytes';
import {
  COMPATIBLE_VERSION,
  type Direction,
  type EngineSettings,
  type EveRecord,
  eveTimestamp,
  type FileTransfer,
  type Flow,
  type Packet,
  type ProtocolDefinition,
  TCP,
  TO_CLIENT,
  TO_SERVER,
  type Transaction,
  UDP,
} from '@sigwright/contracts';
import type { Alert, EngineHandlers } from '../scan/alert.ts';
import type { FrameReport } from '../scan/frames.ts';
import { alertBody } from './alert-body.ts';
import { ARP_TYPE, arpBody } from './arp-record.ts';
import { communityId } from './community-id.ts';
import { DEFAULT_EVE, type EveOptions, type ForwardedIn } from './eve-options.ts';
import { fileBody } from './file-body.ts';
import { addFlowAddresses, alertFlowBody, flowBody, flowId, netflowBody, tcpBody, tcpFlagsBody } from './flow-bodies.ts';
import { addFlowMetadata } from './flow-metadata.ts';
import { FlowSightings } from './flow-sightings.ts';
import { addPacketAddresses, addPacketBytes, etherBody, headerBody, packetSource, tunnelBody, verdictBody } from './packet-bodies.ts';
import { frameBody, streamBytes } from './payload.ts';
import { StreamRecords } from './stream-record.ts';

/** Bytes of a packet beside an anomaly (`packethdr`). */
const SHOWN_OF_PACKET = 32;

export class EveWriter implements EngineHandlers {
  readonly #emit: (record: EveRecord) => void;
  readonly #options: EveOptions;
  #settings: EngineSettings;
  readonly #protocols: ReadonlyMap<string, ProtocolDefinition>;
  readonly counts = new Map<string, number>();
  /** kept only where some record shows it */
  readonly #sightings: FlowSightings | undefined;
  /** only where they are asked for by name */
  readonly #streams: StreamRecords | undefined;

  constructor(
    emit: (record: EveRecord) => void,
    settings: EngineSettings,
    protocols: ReadonlyMap<string, ProtocolDefinition>,
    options: EveOptions = DEFAULT_EVE,
  ) {
    this.#emit = emit;
    this.#settings = settings;
    this.#protocols = protocols;
    this.#options = options;
    if (options.ethernet || options.types?.has('netflow') === true) this.#sightings = new FlowSightings();
    if (options.types?.has('stream') === true) this.#streams = new StreamRecords(options.records.get('stream') ?? {});
  }

  /** Other rules took over: from here on records show classifications and references as these settings have them. */
  takeOver({ classifications, references }: EngineSettings): void {
    this.#settings = { ...this.#settings, classifications, references };
  }

  /** what it writes depends on single packets */
  get seesPackets(): boolean {
    return this.#sightings !== undefined || this.#wantsArp;
  }

  /** each packet is told of once more when everything about it is decided */
  get wantsDecided(): boolean {
    return this.#streams !== undefined;
  }

  /** Only where they are asked for by name: there are many of them. */
  get wantsFrames(): boolean {
    return this.#options.types?.has('frame') === true;
  }

  get showsStreams(): boolean {
    const { payload, payloadPrintable, payloadLength } = this.#options.alert;
    return this.#wants('alert') && (payload || payloadPrintable || payloadLength);
  }

  decided(packet: Packet, flow: Flow | undefined): void {
    const body = this.#streams?.body(packet, flow, () => headerBody(packet));
    if (body === undefined) return;
    const record = this.#head('stream_tcp', packet, flow, packet.direction);
    record['direction'] = packet.direction === TO_SERVER ? 'to_server' : 'to_client';
    record['stream_tcp'] = body;
    this.#write(record);
  }

  packet(packet: Packet): void {
    this.#sightings?.see(packet);
    if (!this.#wantsArp || packet.etherType !== ARP_TYPE || packet.isPseudo) return;
    const body = arpBody(packet);
    if (body !== undefined) this.#write({ ...this.#head('arp', packet, undefined, packet.direction), arp: body });
  }

  /** Only where they are asked for by name: there are many of them. */
  get #wantsArp(): boolean {
    return this.#options.types?.has('arp') === true;
  }

  #wants(type: string): boolean {
    return this.#options.types === undefined || this.#options.types.has(type);
  }

  #write(record: EveRecord): void {
    const type = record['event_type'] as string;
    this.counts.set(type, (this.counts.get(type) ?? 0) + 1);
    this.#emit(record);
  }

  frame(report: FrameReport, packet: Packet, flow: Flow): void {
    if (!this.wantsFrames) return;
    const record = this.#head('frame', packet, flow, packet.direction);
    record['app_proto'] = this.#recordName(flow.applicationProtocol ?? 'failed');
    record['frame'] = frameBody(report, this.#options.framePayload);
    this.#write(record);
  }

  alert(alert: Alert, packet: Packet): void {
    if (!this.#wants('alert')) return;
    const { flow } = alert;
    const guess = alert.transaction === undefined && this.#options.alert.guessed ? alert.guess : undefined;
    const transaction = alert.transaction ?? guess;
    const record = this.#head('alert', packet, flow, packet.direction);
    if (transaction !== undefined) record['tx_id'] = transaction.id;
    if (guess !== undefined) record['tx_guessed'] = true;
    const body = alertBody(alert, packet, this.#settings, this.#options.alert);
    this.#addForwarded('alert', record, body, flow, transaction, packet.direction);
    record['alert'] = body;
    if (alert.hook !== undefined) record['firewall'] = { hook: alert.hook };
    if (this.#options.alert.verdict) record['verdict'] = verdictBody(packet, this.#settings.ips);
    if (packet.root !== undefined) record['tunnel'] = tunnelBody(packet, packet.root);
    if (flow !== undefined && this.#options.alert.application) this.#addApplication(record, alert, flow, transaction);
    if (alert.frame !== undefined) record['frame'] = frameBody(alert.frame, this.#options.alert.payloadSize);
    if (flow !== undefined) {
      if (flow.applicationProtocol !== undefined) record['app_proto'] = this.#recordName(flow.applicationProtocol);
      this.#addSideProtocols(record, flow);
      record['direction'] = packet.direction === TO_SERVER ? 'to_server' : 'to_client';
      if (this.#options.alert.flow) record['flow'] = alertFlowBody(flow);
    }
    if (this.showsStreams) this.#addPayload(record, alert, packet);
    if (this.#options.alert.packet && !packet.isPseudo) addPacketBytes(record, packet);
    const kept = this.#options.keptIn?.(packet, flow);
    if (kept !== undefined) record['capture_file'] = kept;
    this.#write(record);
  }

  /** What the application protocol tells of the alert's transaction, and the files that it carries. */
  #addApplication(record: EveRecord, alert: Alert, flow: Flow, transaction: Transaction | undefined): void {
    const definition = this.#protocols.get(flow.applicationProtocol ?? '');
    if (definition === undefined) return;
    // Of datagrams, each is a message; what of a stream belongs to a rule that asks for no message can only be guessed.
    const shown = transaction ?? (flow.protocol === UDP ? newest(flow) : undefined);
    const told = shown === undefined ? undefined : definition.context(shown, flow);
    const detail = shown === undefined ? undefined : definition.alertDetail?.(shown, this.#options.records.get('alert') ?? {});
    const context = detail === undefined ? told : { ...told, ...detail };
    if (context !== undefined && Object.keys(context).length > 0) record[definition.recordName] = context;
    if (shown !== undefined) Object.assign(record, definition.contextBeside?.(shown, flow));
    const files = shown?.files?.slice(alert.firstFile ?? 0).map((file) => {
      const details = this.#options.fileDetails?.(file);
      return { ...fileBody(file, shown.id), ...(file.stored === true && details?.['stored'] !== true ? { storing: true } : {}), ...details };
    });
    if (files !== undefined && files.length > 0) record['files'] = files;
  }

  /** What the alert was raised on, of its stream or of its packet. */
  #addPayload(record: EveRecord, alert: Alert, packet: Packet): void {
    const { payload, payloadPrintable, payloadLength, payloadSize } = this.#options.alert;
    const stream = alert.inStream ? streamBytes(alert.flow, packet.direction, payloadSize) : undefined;
    const bytes = stream ?? packet.data.subarray(packet.payloadStart, packet.payloadEnd);
    if (payload) record['payload'] = base64(bytes);
    if (payloadPrintable) record['payload_printable'] = dotted(bytes);
    if (payloadLength) record['payload_length'] = bytes.length;
    record['stream'] = alert.inStream ? 1 : 0;
  }

  /** The client that the proxy names, where records of that type are to show it: in `body`, or as the end that is the client's. */
  #addForwarded(
    type: ForwardedIn,
    record: EveRecord,
    body: EveRecord,
    flow: Flow | undefined,
    transaction: Transaction | undefined,
    direction: Direction | undefined,
  ): void {
    const forwarded = this.#options.forwarded?.[type];
    if (forwarded === undefined || flow === undefined) return;
    const shown = transaction ?? newest(flow);
    const written = shown === undefined ? undefined : this.#protocols.get(flow.applicationProtocol ?? '')?.requestHeader?.(shown, forwarded.header);
    if (written === undefined) return;
    const parts = written.split(',').map((part) => part.trim());
    const chosen = forwarded.deployment === 'forward' ? parts[0] : parts[parts.length - 1];
    if (parseAddress(chosen) === undefined) return;
    if (forwarded.mode === 'extra-data') body['xff'] = chosen;
    else record[direction === TO_CLIENT ? 'dest_ip' : 'src_ip'] = chosen;
  }

  /** A packet of which rules captured texts. */
  captured(packet: Packet, flow: Flow | undefined): void {
    if (this.#options.types?.has('metadata') === true) this.#write(this.#head('metadata', packet, flow, packet.direction));
  }

  tagged(packet: Packet, flow: Flow | undefined): void {
    if (packet.isPseudo || !this.#options.alert.tagged || !this.#wants('alert')) return;
    const record = this.#head('packet', packet, flow, packet.direction);
    addPacketBytes(record, packet);
    this.#write(record);
  }

  dropped(packet: Packet, flow: Flow | undefined, cause: Alert | undefined): void {
    if (packet.isPseudo || !this.#wants('drop')) return;
    const { everyPacket, alerts, verdict } = this.#options.drop;
    if (!everyPacket && flow !== undefined && cause === undefined) {
      const bit = 1 << packet.direction;
      if (flow.verdict !== 'drop' || (flow.dropsLogged & bit) !== 0) return;
    }
    if (flow?.verdict === 'drop') flow.dropsLogged |= 1 << packet.direction;
    const record = this.#head('drop', packet, flow, packet.direction);
    if (flow !== undefined) record['direction'] = packet.direction === TO_SERVER ? 'to_server' : 'to_client';
    record['drop'] = { ...headerBody(packet), reason: packet.dropReason };
    if (verdict) record['verdict'] = verdictBody(packet, this.#settings.ips);
    if (alerts && cause !== undefined) record['alert'] = alertBody(cause, packet, this.#settings, this.#options.alert);
    this.#write(record);
  }

  transaction(protocol: ProtocolDefinition, transaction: Transaction, flow: Flow, packet: Packet): void {
    const output = protocol.outputName ?? protocol.recordName;
    if (this.#wants(output)) {
      for (const { type, body, beside, direction } of protocol.records(transaction, flow, this.#options.records.get(output))) {
        const record = this.#head(type, packet, flow, direction);
        record['tx_id'] = transaction.id;
        record[type] = body;
        if (type === 'http') this.#addForwarded(type, record, record, flow, transaction, direction);
        if (beside !== undefined) Object.assign(record, beside);
        this.#write(record);
      }
    }
  }

  file(protocol: ProtocolDefinition, file: FileTransfer, transaction: Transaction, flow: Flow, packet: Packet): void {
    if (!this.#wants('fileinfo')) return;
    const record = this.#head('fileinfo', packet, flow, file.direction);
    const context = protocol.context(transaction, flow);
    if (context !== undefined) record[protocol.recordName] = context;
    Object.assign(record, protocol.contextBeside?.(transaction, flow));
    record['app_proto'] = this.#recordName(flow.applicationProtocol ?? 'failed');
    this.#addForwarded('fileinfo', record, record, flow, transaction, file.direction);
    record['fileinfo'] = { ...fileBody(file, transaction.id), ...this.#options.fileDetails?.(file) };
    this.#write(record);
  }

  anomaly(packet: Packet, flow: Flow | undefined, transaction: Transaction | undefined, name: string): void {
    if (!this.#wants('anomaly')) return;
    const dot = name.indexOf('.');
    const owner = name.slice(0, dot);
    const wanted = this.#options.anomaly;
    const recognition = owner === 'applayer';
    const application = recognition || (flow !== undefined && flow.applicationProtocol === owner);
    if (application ? !wanted.application : owner === 'stream' ? !wanted.stream : !wanted.decode) return;
    const record = this.#head('anomaly', packet, flow, packet.direction);
    if (application) {
      const protocol = this.#recordName(flow?.applicationProtocol ?? 'failed');
      const capitals = recognition || this.#protocols.get(owner)?.anomaliesInCapitals === true;
      const event = recognition ? name.replace('.', '_') : name.slice(dot + 1);
      record['anomaly'] = {
        app_proto: protocol,
        type: 'applayer',
        event: capitals ? event.toUpperCase() : event,
        layer: recognition ? 'proto_detect' : 'proto_parser',
      };
      if (transaction !== undefined) record['tx_id'] = transaction.id;
    } else {
      if (wanted.packetHeader && !packet.isPseudo) addPacketBytes(record, packet, SHOWN_OF_PACKET);
      record['anomaly'] = { type: owner === 'stream' ? 'stream' : 'decode', event: owner === 'stream' ? name : `decoder.${name}` };
    }
    this.#write(record);
  }

  flow(flow: Flow): void {
    if (this.#options.types?.has('netflow') === true) for (const direction of [TO_SERVER, TO_CLIENT] as const) this.#netflow(flow, direction);
    if (!this.#wants('flow')) return;
    const record = this.#flowHead('flow', flow, TO_SERVER);
    if (flow.applicationProtocol !== undefined) record['app_proto'] = this.#recordName(flow.applicationProtocol);
    this.#addSideProtocols(record, flow);
    record['flow'] = flowBody(flow, this.#options.exceptionPolicies);
    const tcp = tcpBody(flow);
    if (tcp !== undefined) record['tcp'] = tcp;
    this.#write(record);
  }

  /** One direction of a flow by itself. */
  #netflow(flow: Flow, direction: Direction): void {
    if ((direction === TO_SERVER ? flow.packetsToServer : flow.packetsToClient) === 0) return;
    const record = this.#flowHead('netflow', flow, direction);
    if (flow.applicationProtocol !== undefined) record['app_proto'] = this.#recordName(flow.applicationProtocol);
    record['netflow'] = netflowBody(flow, direction, this.#sightings?.hops(flow, direction));
    if (flow.protocol === TCP) record['tcp'] = tcpFlagsBody(flow, direction);
    this.#write(record);
  }

  /** What stands at the beginning of a record about a flow as a whole. */
  #flowHead(type: string, flow: Flow, direction: Direction): EveRecord {
    const record: EveRecord = { timestamp: eveTimestamp(flow.lastTime), flow_id: flowId(flow), event_type: type };
    if (flow.vlans !== undefined) record['vlan'] = flow.vlans;
    addFlowAddresses(record, flow, direction, type === 'netflow');
    this.#addCommon(record, flow);
    if (this.#options.ethernet && this.#sightings !== undefined) {
      const source = this.#sightings.hardware(flow, direction);
      const destination = this.#sightings.hardware(flow, direction === TO_SERVER ? TO_CLIENT : TO_SERVER);
      if (source.length > 0 || destination.length > 0) record['ether'] = { dest_macs: destination, src_macs: source };
    }
    return record;
  }

  /** What the configuration adds to every record. */
  #addCommon(record: EveRecord, flow: Flow | undefined, packet?: Packet): void {
    const { version, sensor, communityIdSeed, metadata } = this.#options;
    if (sensor !== undefined) record['host'] = sensor;
    if (version) record['suricata_version'] = COMPATIBLE_VERSION;
    if (flow === undefined) return;
    if (communityIdSeed !== undefined) record['community_id'] = communityId(flow, communityIdSeed);
    if (metadata) addFlowMetadata(record, flow, packet);
  }

  /** What stands at the beginning of a record about a packet, or about a flow at the time of one. */
  #head(type: string, packet: Packet, flow: Flow | undefined, direction: Direction): EveRecord {
    const record: EveRecord = { timestamp: eveTimestamp(packet.time) };
    if (flow !== undefined) record['flow_id'] = flowId(flow);
    if (packet.number > 0) record['pcap_cnt'] = packet.number;
    record['event_type'] = type;
    if (packet.vlanCount > 0 && !packet.isPseudo) record['vlan'] = Array.from(packet.vlans.subarray(0, packet.vlanCount));
    else if (flow?.vlans !== undefined) record['vlan'] = flow.vlans;
    if (flow !== undefined && (type !== 'alert' || packet.isPseudo) && type !== 'anomaly' && type !== 'packet' && type !== 'drop' && type !== 'stream_tcp')
      addFlowAddresses(record, flow, direction);
    else if (packet.ipVersion !== 0) addPacketAddresses(record, packet);
    this.#addCommon(record, flow, packet);
    if (this.#options.ethernet && packet.ethernetStart >= 0 && !packet.isPseudo) {
      // A record about the other direction than its packet's shows it the other way round.
      record['ether'] = etherBody(packet, flow === undefined || direction === packet.direction);
    }
    record['pkt_src'] = packetSource(packet);
    if (this.#options.captureFile !== undefined) record['pcap_filename'] = this.#options.captureFile();
    return record;
  }

  #recordName(protocol: string): string {
    const definition = this.#protocols.get(protocol);
    return definition?.applicationName ?? definition?.recordName ?? protocol;
  }

  /** What one side alone was taken for, where it differs. */
  #addSideProtocols(record: EveRecord, flow: Flow): void {
    if (flow.originalProtocol !== undefined && flow.originalProtocol !== flow.applicationProtocol)
      record['app_proto_orig'] = this.#recordName(flow.originalProtocol);
    if (flow.agreedProtocol !== undefined) record['app_proto_expected'] = this.#recordName(flow.agreedProtocol);
    const { applicationProtocol, protocolToServer, protocolToClient } = flow;
    if (protocolToServer !== undefined && protocolToServer !== applicationProtocol) record['app_proto_ts'] = this.#recordName(protocolToServer);
    if (protocolToClient !== undefined && protocolToClient !== applicationProtocol) record['app_proto_tc'] = this.#recordName(protocolToClient);
  }
}

function newest(flow: Flow): Transaction | undefined {
  const transactions = flow.session?.transactions;
  return transactions?.[transactions.length - 1];
}
