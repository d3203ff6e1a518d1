/**
 * Engine events → EVE records in the field names of Suricata 8. Records are plain objects; who gets them decides how they
 * are written. Field order follows the order in which Suricata shows them.
 */
import { base64, concatBytes, dotted, formatAddressLong, fromLatin1, parseAddress, shownLatin1, uint32 } from '@sigwright/bytes';
import {
  ACK,
  COMPATIBLE_VERSION,
  CWR,
  type Direction,
  DROPPED,
  ECE,
  type EngineSettings,
  type EveRecord,
  eveTimestamp,
  FIN,
  type FileTransfer,
  FLOW_CLOSED,
  FLOW_ESTABLISHED,
  type Flow,
  ICMP,
  ICMPV6,
  type NamedBit,
  PASSED,
  type Packet,
  type ProtocolDefinition,
  PSH,
  REJECTED_TO_DESTINATION,
  REJECTED_TO_SOURCE,
  type RecordOptions,
  RST,
  SCTP,
  SYN,
  showBits,
  TCP,
  TO_CLIENT,
  TO_SERVER,
  type Transaction,
  UDP,
  URG,
} from '@sigwright/contracts';
import type { TcpStream } from '@sigwright/traffic';
import type { Alert, EngineHandlers } from '../scan/alert.ts';
import type { FrameReport } from '../scan/frame-inspector.ts';
import { ARP_TYPE, arpBody } from './arp-record.ts';
import { communityId } from './community-id.ts';
import { FlowSightings, hardwareAddress } from './flow-sightings.ts';
import { protocolName } from './protocol-names.ts';
import { StreamRecords } from './stream-record.ts';

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

/** Encapsulating security payload (RFC 4303): the flow's ports are the index of its parameters. */
const ESP = 50;

/** Names of link types as Suricata shows them. */
const LINK_NAMES: ReadonlyMap<number, string> = new Map([
  [0, 'NULL'],
  [1, 'EN10MB'],
  [9, 'PPP'],
  [12, 'RAW'],
  [101, 'RAW'],
  [104, 'C_HDLC'],
  [113, 'LINUX_SLL'],
  [228, 'IPv4'],
  [229, 'IPv6'],
  [276, 'LINUX_SLL2'],
]);

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

  /** Only where they are asked for by name: there are many of them. */
  get wantsFrames(): boolean {
    return this.#options.types?.has('frame') === true;
  }

  get showsStreams(): boolean {
    const { payload, payloadPrintable, payloadLength } = this.#options.alert;
    return this.#wants('alert') && (payload || payloadPrintable || payloadLength);
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
    const body = this.#alertBody(alert, packet);
    this.#showForwarded('alert', record, body, flow, transaction, packet.direction);
    record['alert'] = body;
    if (alert.hook !== undefined) record['firewall'] = { hook: alert.hook };
    if (this.#options.alert.verdict) record['verdict'] = this.#verdict(packet);
    if (packet.root !== undefined) record['tunnel'] = tunnelBody(packet, packet.root);
    const definition = this.#protocols.get(flow?.applicationProtocol ?? '');
    if (definition !== undefined && flow !== undefined && this.#options.alert.application) {
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
    if (alert.frame !== undefined) record['frame'] = frameBody(alert.frame, this.#options.alert.payloadSize);
    if (flow !== undefined) {
      if (flow.applicationProtocol !== undefined) record['app_proto'] = this.#recordName(flow.applicationProtocol);
      this.#sideProtocols(record, flow);
      record['direction'] = packet.direction === TO_SERVER ? 'to_server' : 'to_client';
      if (this.#options.alert.flow) record['flow'] = this.#flowInAlert(flow);
    }
    const { payload, payloadPrintable, payloadLength, packet: wholePacket } = this.#options.alert;
    if (payload || payloadPrintable || payloadLength) {
      const stream = alert.inStream ? streamBytes(flow, packet.direction, this.#options.alert.payloadSize) : undefined;
      const bytes = stream ?? packet.data.subarray(packet.payloadStart, packet.payloadEnd);
      if (payload) record['payload'] = base64(bytes);
      if (payloadPrintable) record['payload_printable'] = dotted(bytes);
      if (payloadLength) record['payload_length'] = bytes.length;
      record['stream'] = alert.inStream ? 1 : 0;
    }
    if (wholePacket && !packet.isPseudo) showPacket(record, packet);
    const kept = this.#options.keptIn?.(packet, flow);
    if (kept !== undefined) record['capture_file'] = kept;
    this.#write(record);
  }

  /** The client that the proxy names, where records of that type are to show it: in `body`, or as the end that is the client's. */
  #showForwarded(
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

  #alertBody({ rule, action, notes, hook }: Alert, packet: Packet): Record<string, unknown> {
    const blocked = action.startsWith('reject') || (action === 'drop' && this.#settings.ips);
    const body: Record<string, unknown> = {
      action: blocked ? 'blocked' : 'allowed',
      gid: rule.gid,
      signature_id: rule.sid,
      rev: rule.rev,
      signature: rule.message,
      category: this.#settings.classifications.get(rule.classtype)?.description ?? '',
      severity: rule.priority,
    };
    if (this.#settings.firewall !== undefined) body['engine'] = hook === undefined ? 'td' : 'fw';
    if (rule.target !== undefined) {
      const ends = [
        { ip: formatAddressLong(packet.source, packet.ipVersion), port: packet.sourcePort },
        { ip: formatAddressLong(packet.destination, packet.ipVersion), port: packet.destinationPort },
      ];
      const targetFirst = rule.target === 'src_ip';
      body['source'] = ends[targetFirst ? 1 : 0];
      body['target'] = ends[targetFirst ? 0 : 1];
    }
    if (this.#options.alert.metadata && this.#options.alert.ruleMetadata && rule.metadata.length > 0) {
      const metadata: Record<string, string[]> = {};
      for (const { key, value } of rule.metadata) {
        metadata[key] ??= [];
        metadata[key].push(value);
      }
      body['metadata'] = metadata;
    }
    if (notes !== undefined) body['context'] = notes;
    if (this.#options.alert.references && rule.references.length > 0) body['references'] = rule.references.map((one) => this.#address(one));
    if (this.#options.alert.rule) body['rule'] = rule.text;
    return body;
  }

  /** What is an address already stays one. */
  #address({ type, value }: { readonly type: string; readonly value: string }): string {
    return value.includes('://') ? value : `${this.#settings.references.get(type) ?? ''}${value}`;
  }

  /** A packet of which rules captured texts. */
  captured(packet: Packet, flow: Flow | undefined): void {
    if (this.#options.types?.has('metadata') === true) this.#write(this.#head('metadata', packet, flow, packet.direction));
  }

  tagged(packet: Packet, flow: Flow | undefined): void {
    if (packet.isPseudo || !this.#options.alert.tagged || !this.#wants('alert')) return;
    const record = this.#head('packet', packet, flow, packet.direction);
    showPacket(record, packet);
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
    if (verdict) record['verdict'] = this.#verdict(packet);
    if (alerts && cause !== undefined) record['alert'] = this.#alertBody(cause, packet);
    this.#write(record);
  }

  /** What became of the packet, and what was sent to end its conversation. */
  #verdict({ decision, protocol }: Packet): Record<string, unknown> {
    const toSource = (decision & REJECTED_TO_SOURCE) !== 0;
    const toDestination = (decision & REJECTED_TO_DESTINATION) !== 0;
    if (toSource || toDestination) {
      return {
        action: this.#settings.ips ? 'drop' : 'alert',
        'reject-target': toSource && toDestination ? 'both' : toSource ? 'to_client' : 'to_server',
        reject: [protocol === TCP ? 'tcp-reset' : 'icmp-prohib'],
      };
    }
    if ((decision & DROPPED) !== 0 && this.#settings.ips) return { action: 'drop' };
    return { action: (decision & PASSED) !== 0 ? 'pass' : 'alert' };
  }

  transaction(protocol: ProtocolDefinition, transaction: Transaction, flow: Flow, packet: Packet): void {
    const output = protocol.outputName ?? protocol.recordName;
    if (this.#wants(output)) {
      for (const { type, body, beside, direction } of protocol.records(transaction, flow, this.#options.records.get(output))) {
        const record = this.#head(type, packet, flow, direction);
        record['tx_id'] = transaction.id;
        record[type] = body;
        if (type === 'http') this.#showForwarded(type, record, record, flow, transaction, direction);
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
    this.#showForwarded('fileinfo', record, record, flow, transaction, file.direction);
    record['fileinfo'] = { ...fileBody(file, transaction.id), ...this.#options.fileDetails?.(file) };
    this.#write(record);
  }

  anomaly(packet: Packet, flow: Flow | undefined, transaction: Transaction | undefined, name: string): void {
    if (this.#wants('anomaly')) this.#anomaly(packet, flow, transaction, name);
  }

  #anomaly(packet: Packet, flow: Flow | undefined, transaction: Transaction | undefined, name: string): void {
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
      if (wanted.packetHeader && !packet.isPseudo) showPacket(record, packet, SHOWN_OF_PACKET);
      record['anomaly'] = { type: owner === 'stream' ? 'stream' : 'decode', event: owner === 'stream' ? name : `decoder.${name}` };
    }
    this.#write(record);
  }

  flow(flow: Flow): void {
    if (this.#options.types?.has('netflow') === true) for (const direction of [TO_SERVER, TO_CLIENT] as const) this.#netflow(flow, direction);
    if (!this.#wants('flow')) return;
    const record = this.#flowHead('flow', flow, TO_SERVER);
    if (flow.applicationProtocol !== undefined) record['app_proto'] = this.#recordName(flow.applicationProtocol);
    this.#sideProtocols(record, flow);
    const body = counters(flow);
    body['start'] = eveTimestamp(flow.startTime);
    body['end'] = eveTimestamp(flow.lastTime);
    body['age'] = Math.floor(flow.lastTime / 1e6) - Math.floor(flow.startTime / 1e6);
    if (flow.bypassed) {
      body['bypass'] = 'local';
      body['bypassed'] = { pkts_toserver: 0, pkts_toclient: 0, bytes_toserver: 0, bytes_toclient: 0 };
    }
    body['state'] = flow.bypassed ? 'bypassed' : flow.state === FLOW_CLOSED ? 'closed' : flow.state === FLOW_ESTABLISHED ? 'established' : 'new';
    body['reason'] = flow.endReason;
    body['alerted'] = flow.alerted;
    if (flow.session !== undefined) body['tx_cnt'] = flow.session.count;
    const action = actionOf(flow);
    if (action !== undefined) body['action'] = action;
    if (this.#options.exceptionPolicies && flow.exceptions !== undefined) body['exception_policy'] = flow.exceptions;
    record['flow'] = body;
    const tcp = tcpBody(flow);
    if (tcp !== undefined) record['tcp'] = tcp;
    this.#write(record);
  }

  /** One direction of a flow by itself. */
  #netflow(flow: Flow, direction: Direction): void {
    const toServer = direction === TO_SERVER;
    const packets = toServer ? flow.packetsToServer : flow.packetsToClient;
    if (packets === 0) return;
    const record = this.#flowHead('netflow', flow, direction);
    if (flow.applicationProtocol !== undefined) record['app_proto'] = this.#recordName(flow.applicationProtocol);
    const hops = this.#sightings?.hops(flow, direction);
    record['netflow'] = {
      pkts: packets,
      bytes: toServer ? flow.bytesToServer : flow.bytesToClient,
      start: eveTimestamp(flow.startTime),
      end: eveTimestamp(flow.lastTime),
      age: Math.floor(flow.lastTime / 1e6) - Math.floor(flow.startTime / 1e6),
      ...(hops === undefined ? {} : { min_ttl: hops.least, max_ttl: hops.most }),
      ...(flow.session === undefined ? {} : { tx_cnt: flow.session.count }),
    };
    if (flow.protocol === TCP) {
      const flags = (flow.stream as TcpStream | undefined)?.sides[direction].flags ?? 0;
      record['tcp'] = { tcp_flags: hexFlags(flags), ...flagNames(flags) };
    }
    this.#write(record);
  }

  /** What stands at the beginning of a record about a flow as a whole. */
  #flowHead(type: string, flow: Flow, direction: Direction): EveRecord {
    const record: EveRecord = { timestamp: eveTimestamp(flow.lastTime), flow_id: flowId(flow), event_type: type };
    if (flow.vlans !== undefined) record['vlan'] = flow.vlans;
    this.#addresses(record, flow, direction, type === 'netflow');
    this.#common(record, flow);
    if (this.#options.ethernet && this.#sightings !== undefined) {
      const source = this.#sightings.hardware(flow, direction);
      const destination = this.#sightings.hardware(flow, direction === TO_SERVER ? TO_CLIENT : TO_SERVER);
      if (source.length > 0 || destination.length > 0) record['ether'] = { dest_macs: destination, src_macs: source };
    }
    return record;
  }

  /** What the configuration adds to every record. */
  #common(record: EveRecord, flow: Flow | undefined, packet?: Packet): void {
    const { version, sensor, communityIdSeed, metadata } = this.#options;
    if (sensor !== undefined) record['host'] = sensor;
    if (version) record['suricata_version'] = COMPATIBLE_VERSION;
    if (flow === undefined) return;
    if (communityIdSeed !== undefined) record['community_id'] = communityId(flow, communityIdSeed);
    if (metadata) addMetadata(record, flow, packet);
  }

  #head(type: string, packet: Packet, flow: Flow | undefined, direction: Direction): EveRecord {
    const record: EveRecord = { timestamp: eveTimestamp(packet.time) };
    if (flow !== undefined) record['flow_id'] = flowId(flow);
    if (packet.number > 0) record['pcap_cnt'] = packet.number;
    record['event_type'] = type;
    if (packet.vlanCount > 0 && !packet.isPseudo) record['vlan'] = Array.from(packet.vlans.subarray(0, packet.vlanCount));
    else if (flow?.vlans !== undefined) record['vlan'] = flow.vlans;
    if (flow !== undefined && (type !== 'alert' || packet.isPseudo) && type !== 'anomaly' && type !== 'packet' && type !== 'drop' && type !== 'stream_tcp')
      this.#addresses(record, flow, direction);
    else if (packet.ipVersion !== 0) {
      record['src_ip'] = formatAddressLong(packet.source, packet.ipVersion);
      if (packet.protocol === TCP || packet.protocol === UDP || packet.protocol === SCTP) record['src_port'] = packet.sourcePort;
      record['dest_ip'] = formatAddressLong(packet.destination, packet.ipVersion);
      if (packet.protocol === TCP || packet.protocol === UDP || packet.protocol === SCTP) record['dest_port'] = packet.destinationPort;
      record['proto'] = protocolName(packet.protocol);
      if (packet.icmpType >= 0) {
        record['icmp_type'] = packet.icmpType;
        record['icmp_code'] = packet.icmpCode;
      }
      if (packet.protocol === ESP && packet.transportStart >= 0) record['spi'] = packet.sourcePort;
      record['ip_v'] = packet.ipVersion;
    }
    this.#common(record, flow, packet);
    if (this.#options.ethernet && packet.ethernetStart >= 0 && !packet.isPseudo) {
      // A record about the other direction than its packet's shows it the other way round.
      const asSent = flow === undefined || direction === packet.direction;
      record['ether'] = {
        src_mac: hardwareAddress(packet.data, packet.ethernetStart + (asSent ? 6 : 0)),
        dest_mac: hardwareAddress(packet.data, packet.ethernetStart + (asSent ? 0 : 6)),
        ...(packet.ipVersion === 0 ? { ether_type: packet.etherType } : {}),
      };
    }
    record['pkt_src'] = packetSource(packet);
    if (this.#options.captureFile !== undefined) record['pcap_filename'] = this.#options.captureFile();
    return record;
  }

  /** `alone`: of that direction by itself, so that the reply's kind of ICMP stands for itself. */
  #addresses(record: EveRecord, flow: Flow, direction: Direction, alone = false): void {
    const forward = direction !== TO_CLIENT;
    const ports = flow.protocol === TCP || flow.protocol === UDP || flow.protocol === SCTP;
    record['src_ip'] = formatAddressLong(forward ? flow.source : flow.destination, flow.ipVersion);
    if (ports) record['src_port'] = forward ? flow.sourcePort : flow.destinationPort;
    record['dest_ip'] = formatAddressLong(forward ? flow.destination : flow.source, flow.ipVersion);
    if (ports) record['dest_port'] = forward ? flow.destinationPort : flow.sourcePort;
    record['proto'] = protocolName(flow.protocol);
    if (flow.protocol === ICMP || flow.protocol === ICMPV6) {
      const replied = alone && !forward && flow.responseType >= 0;
      record['icmp_type'] = replied ? flow.responseType : flow.sourcePort;
      record['icmp_code'] = replied ? 0 : flow.destinationPort;
      if (!alone && flow.packetsToClient > 0 && flow.responseType >= 0) {
        record['response_icmp_type'] = flow.responseType;
        record['response_icmp_code'] = 0;
      }
    } else if (flow.protocol === ESP) record['spi'] = flow.sourcePort;
    record['ip_v'] = flow.ipVersion;
  }

  #recordName(protocol: string): string {
    const definition = this.#protocols.get(protocol);
    return definition?.applicationName ?? definition?.recordName ?? protocol;
  }

  /** What one side alone was taken for, where it differs. */
  #sideProtocols(record: EveRecord, flow: Flow): void {
    if (flow.originalProtocol !== undefined && flow.originalProtocol !== flow.applicationProtocol)
      record['app_proto_orig'] = this.#recordName(flow.originalProtocol);
    if (flow.agreedProtocol !== undefined) record['app_proto_expected'] = this.#recordName(flow.agreedProtocol);
    const { applicationProtocol, protocolToServer, protocolToClient } = flow;
    if (protocolToServer !== undefined && protocolToServer !== applicationProtocol) record['app_proto_ts'] = this.#recordName(protocolToServer);
    if (protocolToClient !== undefined && protocolToClient !== applicationProtocol) record['app_proto_tc'] = this.#recordName(protocolToClient);
  }

  #flowInAlert(flow: Flow): Record<string, unknown> {
    const shown: Record<string, unknown> = { ...counters(flow), start: eveTimestamp(flow.startTime) };
    shown['src_ip'] = formatAddressLong(flow.source, flow.ipVersion);
    shown['dest_ip'] = formatAddressLong(flow.destination, flow.ipVersion);
    if (flow.protocol === TCP || flow.protocol === UDP || flow.protocol === SCTP) {
      shown['src_port'] = flow.sourcePort;
      shown['dest_port'] = flow.destinationPort;
    }
    return shown;
  }
}

/** What was decided about the flow as a whole: the firewall's word counts, unless it was dropped all the same. */
function actionOf({ verdict, accepted }: Flow): string | undefined {
  if (accepted && verdict !== 'drop') return 'accept';
  return verdict === 'none' ? undefined : verdict;
}

/** Bytes of a packet beside an anomaly (`packethdr`). */
const SHOWN_OF_PACKET = 32;

function showPacket(record: EveRecord, packet: Packet, most = Number.POSITIVE_INFINITY): void {
  record['packet'] = base64(packet.data.subarray(packet.frameStart, Math.min(packet.frameEnd, packet.frameStart + most)));
  record['packet_info'] = { linktype: packet.linkType, linktype_name: LINK_NAMES.get(packet.linkType) ?? 'n/a' };
}

/** What was searched of one direction since bytes were last released, with a note where bytes are missing. */
export function streamBytes(flow: Flow | undefined, direction: Direction, most: number): Uint8Array | undefined {
  const side = flow?.protocol === TCP ? (flow.stream as TcpStream | undefined)?.sides[direction] : undefined;
  if (side === undefined) return undefined;
  const start = Math.max(side.done - side.base, 0);
  const end = Math.max(side.searched, side.parsed, Math.min(side.available, side.acknowledged)) - side.base;
  if (end <= start) return undefined;
  const parts: Uint8Array[] = [];
  if (side.earlier !== undefined && side.earlier.length > 0) for (const { bytes, lost } of side.earlier) parts.push(bytes, missing(lost));
  else if (side.base > 0 && side.lost === side.base) parts.push(missing(side.lost));
  if (parts.length === 0) return side.bytes.subarray(start, Math.min(end, start + most));
  return concatBytes(...parts, side.bytes.subarray(start, Math.min(end, start + most))).subarray(0, most);
}

function missing(bytes: number): Uint8Array {
  return fromLatin1(`[${bytes} bytes missing]`);
}

/** `most`: bytes shown at most. */
function frameBody({ frame, side, isStream }: FrameReport, most: number): Record<string, unknown> {
  const body: Record<string, unknown> = { type: frame.type, id: frame.id, direction: frame.direction === TO_SERVER ? 'toserver' : 'toclient' };
  const length = frame.length < 0 ? side.reached - frame.start : frame.length;
  if (isStream) body['stream_offset'] = frame.start;
  body['length'] = length;
  if (isStream) body['complete'] = side.reached >= frame.start + length;
  const shown: Uint8Array[] = [];
  let at = 0;
  let left = most;
  for (const piece of side.pieces(frame)) {
    if (left <= 0) break;
    if (piece.offset > at) shown.push(missing(piece.offset - at));
    const taken = piece.bytes.subarray(piece.start, Math.min(piece.end, piece.start + left));
    shown.push(taken);
    left -= taken.length;
    at = piece.offset + piece.end - piece.start;
  }
  const bytes = shown.length === 1 ? shown[0] : concatBytes(...shown);
  body['payload'] = base64(bytes);
  body['payload_printable'] = dotted(bytes);
  if (frame.transaction !== undefined) body['tx_id'] = frame.transaction.id;
  return body;
}

function packetSource(packet: Packet): string {
  if (packet.isPseudo) return 'stream (flow timeout)';
  if (packet.isRebuilt) return 'defrag';
  return packet.tunnel === '' ? 'wire/pcap' : packet.tunnel;
}

/** The outermost packet of a tunnel. */
function tunnelBody(packet: Packet, root: Packet): Record<string, unknown> {
  const ports = root.protocol === TCP || root.protocol === UDP || root.protocol === SCTP;
  return {
    src_ip: formatAddressLong(root.source, root.ipVersion),
    ...(ports ? { src_port: root.sourcePort } : {}),
    dest_ip: formatAddressLong(root.destination, root.ipVersion),
    ...(ports ? { dest_port: root.destinationPort } : {}),
    proto: protocolName(root.protocol),
    depth: packet.tunnelDepth,
    pcap_cnt: root.number,
    pkt_src: packetSource(root),
  };
}

/** Header fields of a packet. */
function headerBody(packet: Packet): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  if (packet.ipVersion === 4) Object.assign(body, { len: packet.ipLength, tos: packet.tos, ttl: packet.ttl, ipid: packet.ipId });
  else if (packet.ipVersion === 6) Object.assign(body, { len: packet.ipLength, tc: packet.tos, hoplimit: packet.ttl, flowlbl: flowLabel(packet) });
  if (packet.protocol === TCP && packet.transportStart >= 0) {
    Object.assign(body, { tcpseq: packet.tcpSequence, tcpack: packet.tcpAcknowledgement, tcpwin: packet.tcpWindow });
    for (const [name, bit] of DROP_FLAGS) body[name] = (packet.tcpFlags & bit) !== 0;
    Object.assign(body, { tcpres: 0, tcpurgp: packet.tcpUrgent });
  } else if (packet.protocol === UDP && packet.transportStart >= 0) body['udplen'] = packet.payloadEnd - packet.transportStart;
  else if (packet.protocol === ICMP && packet.icmpId >= 0) Object.assign(body, { icmp_id: packet.icmpId, icmp_seq: packet.icmpSequence });
  return body;
}

/** RFC 8200 §3: the last twenty bits of the header's first word. */
function flowLabel({ data, ipStart }: Packet): number {
  return ipStart < 0 ? 0 : uint32(data, ipStart) & 0xf_ffff;
}

const DROP_FLAGS: readonly (readonly [string, number])[] = [
  ['syn', SYN],
  ['ack', ACK],
  ['psh', PSH],
  ['rst', RST],
  ['urg', URG],
  ['fin', FIN],
];

/** How a flow record names the flags that were seen. */
const FLOW_FLAGS: readonly NamedBit[] = [
  { name: 'syn', bit: SYN },
  { name: 'fin', bit: FIN },
  { name: 'rst', bit: RST },
  { name: 'psh', bit: PSH },
  { name: 'ack', bit: ACK },
  { name: 'urg', bit: URG },
  { name: 'ecn', bit: ECE },
  { name: 'cwr', bit: CWR },
];

function tcpBody(flow: Flow): Record<string, unknown> | undefined {
  if (flow.protocol !== TCP) return undefined;
  const stream = flow.stream as TcpStream | undefined;
  const toServer = stream?.sides[TO_SERVER].flags ?? 0;
  const toClient = stream?.sides[TO_CLIENT].flags ?? 0;
  const both = toServer | toClient;
  const body: Record<string, unknown> = {
    tcp_flags: hexFlags(both),
    tcp_flags_ts: hexFlags(toServer),
    tcp_flags_tc: hexFlags(toClient),
    ...flagNames(both),
  };
  if (stream !== undefined) {
    body['state'] = stream.stateName;
    if (stream.sides[TO_SERVER].lost > 0) body['ts_gap'] = true;
    if (stream.sides[TO_CLIENT].lost > 0) body['tc_gap'] = true;
    body['ts_max_regions'] = stream.sides[TO_SERVER].mostRegions;
    body['tc_max_regions'] = stream.sides[TO_CLIENT].mostRegions;
  }
  return body;
}

function hexFlags(flags: number): string {
  return flags.toString(16).padStart(2, '0');
}

function flagNames(flags: number): EveRecord {
  const names: EveRecord = {};
  showBits(flags, FLOW_FLAGS, names);
  return names;
}

function counters(flow: Flow): Record<string, unknown> {
  return { pkts_toserver: flow.packetsToServer, pkts_toclient: flow.packetsToClient, bytes_toserver: flow.bytesToServer, bytes_toclient: flow.bytesToClient };
}

function newest(flow: Flow): Transaction | undefined {
  const transactions = flow.session?.transactions;
  return transactions?.[transactions.length - 1];
}

/** Looks like Suricata's: a large number that two runs over the same capture give alike, however many engines share it. */
function flowId(flow: Flow): number {
  let hash = Math.imul(0x811c9dc5 ^ flow.firstPacket, 0x01000193) ^ flow.tunnelDepth;
  hash = Math.imul(hash ^ flow.source[0], 0x01000193);
  hash = Math.imul(hash ^ flow.destination[0], 0x01000193);
  hash = Math.imul(hash ^ flow.sourcePort, 0x01000193);
  hash = Math.imul(hash ^ flow.destinationPort, 0x01000193);
  hash = Math.imul(hash ^ flow.protocol, 0x01000193);
  return (hash >>> 0) * 262_144 + (flow.firstPacket % 262_144);
}

function fileBody(file: FileTransfer, transaction: number): Record<string, unknown> {
  const body: Record<string, unknown> = {
    filename: shownLatin1(file.name),
    gaps: file.gaps,
    state: file.state === 'OPEN' ? 'UNKNOWN' : file.state,
    stored: false,
    size: file.size,
    tx_id: transaction,
  };
  if (file.rangeStart !== undefined) body['start'] = file.rangeStart;
  if (file.rangeEnd !== undefined) body['end'] = file.rangeEnd;
  return body;
}

/** Flow bits of these names say what kind of traffic it is, and are shown apart. */
const TRAFFIC_KINDS: readonly (readonly [string, string])[] = [
  ['id', 'traffic/id/'],
  ['label', 'traffic/label/'],
];

/** What rules noted about the flow: bits, integers, entropy. */
function addMetadata(record: EveRecord, flow: Flow, packet: Packet | undefined): void {
  const { bits, integers, captured, entropies } = flow;
  const ofPacket = packet?.captured ?? [];
  if (bits === undefined && integers === undefined && captured === undefined && entropies === undefined && ofPacket.length === 0) return;
  const metadata: Record<string, unknown> = {};
  const traffic: Record<string, string[]> = {};
  const plain: string[] = [];
  for (const bit of bits ?? []) {
    const kind = TRAFFIC_KINDS.find(([, prefix]) => bit.startsWith(prefix));
    if (kind === undefined) plain.push(bit);
    else {
      traffic[kind[0]] ??= [];
      traffic[kind[0]].push(bit.slice(kind[1].length));
    }
  }
  if (plain.length > 0) metadata['flowbits'] = plain;
  if (integers !== undefined && integers.size > 0) metadata['flowints'] = Object.fromEntries(integers);
  if (captured !== undefined) metadata['flowvars'] = Array.from(captured, ([name, text]) => ({ [name]: text }));
  if (ofPacket.length > 0) metadata['pktvars'] = ofPacket.map(([name, text]) => ({ [name]: text }));
  if (entropies !== undefined) metadata['entropy'] = Object.fromEntries(entropies);
  if (Object.keys(traffic).length > 0) record['traffic'] = traffic;
  if (Object.keys(metadata).length > 0) record['metadata'] = metadata;
}
