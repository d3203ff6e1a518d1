/**
 * Counts what the engine tells of packets, flows and transactions, under the names that Suricata's `stats` records have (user
 * guide, "Statistics"). Only what is really counted stands here: no counter is made up to fill a record.
 */
import {
  ACK,
  DROPPED,
  type EngineSettings,
  EXCEPTION_POLICIES,
  type ExceptionPolicy,
  FLOW_CLOSED,
  FLOW_ESTABLISHED,
  type Flow,
  ICMP,
  ICMPV6,
  LAYER_BACKBONE_TAG,
  LAYER_E_TAG,
  LAYER_ERSPAN,
  LAYER_MPLS,
  LAYER_PPPOE,
  LAYER_SERVICE_HEADER,
  LAYER_VN_TAG,
  type Packet,
  type ProtocolDefinition,
  REJECTED_TO_DESTINATION,
  REJECTED_TO_SOURCE,
  RST,
  SCTP,
  SYN,
  TCP,
  UDP,
  URG,
} from '@sigwright/contracts';
import { TCP_STATE_NAMES, type TcpStream, type TrafficLoad } from '@sigwright/traffic';

type Counts = { [name: string]: number | Counts };

const LAYERS: readonly (readonly [number, string])[] = [
  [LAYER_VN_TAG, 'vntag'],
  [LAYER_E_TAG, 'etag'],
  [LAYER_BACKBONE_TAG, 'ieee8021ah'],
  [LAYER_MPLS, 'mpls'],
  [LAYER_PPPOE, 'pppoe'],
  [LAYER_SERVICE_HEADER, 'nsh'],
  [LAYER_ERSPAN, 'erspan'],
];

const LINKS: ReadonlyMap<number, string> = new Map([
  [0, 'null'],
  [9, 'ppp'],
  [12, 'raw'],
  [101, 'raw'],
  [104, 'chdlc'],
  [113, 'sll'],
  [228, 'raw'],
  [229, 'raw'],
  [276, 'sll2'],
]);

const CARRIED: ReadonlyMap<number, string> = new Map([
  [ICMP, 'icmpv4'],
  [2, 'igmp'],
  [TCP, 'tcp'],
  [UDP, 'udp'],
  [47, 'gre'],
  [50, 'esp'],
  [ICMPV6, 'icmpv6'],
  [SCTP, 'sctp'],
]);

const TUNNELS: ReadonlyMap<string, string> = new Map([
  ['teredo tunnel', 'teredo'],
  ['vxlan encapsulation', 'vxlan'],
  ['geneve encapsulation', 'geneve'],
]);

const VLANS = ['vlan', 'vlan_qinq', 'vlan_qinqinq'];
const ARP = 0x0806;
const IPV6_TYPE = 0x86dd;

/** Why packets are dropped in IPS mode, as the counters name it. */
const DROP_REASONS = [
  'decode error',
  'defrag error',
  'defrag memcap',
  'flow memcap',
  'flow drop',
  'exception policy flow drop',
  'applayer error',
  'applayer memcap',
  'rules',
  'threshold detection_filter',
  'stream error',
  'stream memcap',
  'stream midstream',
  'stream reassembly',
  'stream urgent',
  'nfq error',
  'tunnel packet drop',
];

/** Why the firewall drops packets: what stands behind the word `firewall` in the reason. */
const FIREWALL_REASONS = ['rules', 'default packet policy', 'default app policy', 'pre flow hook', 'pre stream hook', 'flow drop'];
const FIREWALL = 'firewall ';

/** Those of other protocols have no counter of their own. */
const FLOW_KINDS: ReadonlyMap<number, string> = new Map([
  [TCP, 'tcp'],
  [UDP, 'udp'],
  [ICMP, 'icmpv4'],
  [ICMPV6, 'icmpv6'],
]);

/** Of an engine that is done. */
const NO_LOAD: TrafficLoad = { byProtocol: new Map(), connections: 0, tableBytes: 0, streamBytes: 0 };

function counts(names: readonly string[]): Record<string, number> {
  return Object.fromEntries(names.map((name) => [name, 0]));
}

/** What the configuration says of counters (`stats`; Suricata user guide, "Stats"). */
export interface CounterOptions {
  /** one for each kind of decoder anomaly */
  readonly decoderEvents: boolean;
  /** where they stand (`decoder-events-prefix`) */
  readonly decoderEventsAt?: string;
  /** one for each kind of anomaly of streams */
  readonly streamEvents: boolean;
  /** what was done about errors of each protocol (`exception-policy.per-app-proto-errors`) */
  readonly protocolPolicies?: boolean;
}

const DEFAULT_COUNTERS: CounterOptions = { decoderEvents: true, streamEvents: false };

export class TrafficCounters {
  readonly #ips: boolean;
  readonly #decoder: Record<string, number> = {
    ...counts(['pkts', 'bytes', 'invalid', 'ipv4', 'ipv6', 'ethernet', 'arp', 'unknown_ethertype', 'too_many_layers']),
    ...counts([...LINKS.values(), ...CARRIED.values(), ...LAYERS.map(([, name]) => name), ...TUNNELS.values(), ...VLANS]),
    ...counts(['ipv4_in_ipv4', 'ipv6_in_ipv4', 'ipv4_in_ipv6', 'ipv6_in_ipv6', 'max_pkt_size']),
  };
  /** packets with nothing particular about them: TCP and UDP on IPv4, then on IPv6 */
  readonly #ordinary = [0, 0, 0, 0];
  #ordinaryBytes = 0;
  #longest = 0;
  readonly #options: CounterOptions;
  readonly #events = new Map<string, number>();
  readonly #streamEvents = new Map<string, number>();
  readonly #fragments: Record<string, { fragments: number; reassembled: number }> = {
    ipv4: { fragments: 0, reassembled: 0 },
    ipv6: { fragments: 0, reassembled: 0 },
  };
  readonly #flow = counts(['total', 'tcp', 'udp', 'icmpv4', 'icmpv6', 'tcp_reuse']);
  readonly #flowStates = counts(['new', 'established', 'closed', 'local_bypassed']);
  readonly #tcpStates = counts(TCP_STATE_NAMES);
  readonly #tcp = counts([
    'ack_unseen_data',
    'segment_memcap_drop',
    'sessions',
    'ssn_memcap_drop',
    'syn',
    'synack',
    'rst',
    'urg',
    'urgent_oob_data',
    'invalid_checksum',
    'midstream_pickups',
    'overlap',
    'overlap_diff_data',
    'reassembly_gap',
    'stream_depth_reached',
  ]);
  readonly #ipsCounts = counts(['accepted', 'blocked', 'rejected', 'replaced']);
  readonly #dropReasons = counts(DROP_REASONS.map(named));
  readonly #firewall: Record<string, number> | undefined;
  readonly #firewallReasons = counts(FIREWALL_REASONS.map(named));
  readonly #bypassed = counts(['local_pkts', 'local_bytes']);
  readonly #exceptions = new Map<string, number>();
  /** where a policy does something */
  readonly #exceptionPlaces = new Set<string>();
  readonly #applicationErrors: Record<string, Record<string, number>> = {};
  /** the same words, by protocol; none where they are not asked for, or nothing is done about errors */
  readonly #protocolPolicies = new Map<string, Record<string, number>>();
  readonly #protocolFlows = new Map<string, number>();
  readonly #protocolTransactions = new Map<string, number>();

  constructor(settings: EngineSettings, protocols: Iterable<ProtocolDefinition>, options = DEFAULT_COUNTERS) {
    this.#options = options;
    this.#ips = settings.ips;
    const policies = settings.exceptionPolicies;
    const places: Readonly<Record<string, ExceptionPolicy>> = {
      stream_midstream: policies.midstream,
      stream_reassembly_memcap: policies.reassemblyMemory,
      stream_memcap: policies.sessionMemory,
      flow_memcap: policies.flowMemory,
      defrag_memcap: policies.fragmentMemory,
      app_layer_error: policies.applicationError,
    };
    for (const [place, policy] of Object.entries(places)) {
      if (policy === 'ignore') continue;
      this.#exceptionPlaces.add(place);
      for (const name of POLICIES_AT[place] ?? EXCEPTION_POLICIES) this.#exceptions.set(`${EXCEPTION_PLACES[place]}.${name.replaceAll('-', '_')}`, 0);
    }
    this.#firewall = settings.firewall === undefined ? undefined : counts(['accepted', 'blocked', 'rejected']);
    for (const protocol of protocols) {
      for (const transport of protocol.transport) {
        const shown = protocol.applicationName ?? protocol.recordName;
        const name = protocol.transport.length > 1 ? `${shown}_${transport}` : shown;
        this.#protocolFlows.set(name, 0);
        this.#protocolTransactions.set(name, 0);
        if (options.protocolPolicies === true && this.#exceptionPlaces.has(APPLICATION_ERROR))
          this.#protocolPolicies.set(name, counts(EXCEPTION_POLICIES.map((policy) => policy.replaceAll('-', '_'))));
        this.#applicationErrors[name] = { gap: 0, alloc: 0, parser: 0, internal: 0 };
      }
    }
    for (const name of ['failed_tcp', 'failed_udp']) this.#protocolFlows.set(name, 0);
  }

  /** A TCP segment over IPv4 and Ethernet of an encrypted connection, with nothing particular about it. */
  quiet(length: number): void {
    this.#ordinary[0]++;
    this.#addLength(length);
  }

  #addLength(length: number): void {
    this.#ordinaryBytes += length;
    if (length > this.#longest) this.#longest = length;
  }

  /** Everything about the packet is known, also whether it is dropped. */
  decided(packet: Packet): void {
    if (isOrdinary(packet)) {
      this.#ordinary[(packet.ipVersion === 6 ? 2 : 0) + (packet.protocol === UDP ? 1 : 0)]++;
      this.#addLength(packet.frameEnd - packet.frameStart);
      if (packet.protocol === TCP && (packet.tcpFlags & (SYN | RST | URG)) !== 0) this.#tcpFlags(packet);
      if (this.#ips) this.#fate(packet);
      return;
    }
    this.#layers(packet);
    for (const name of packet.anomalies) add(name.startsWith('stream.') ? this.#streamEvents : this.#events, name);
    if (packet.anomalies.includes('stream.reassembly_seq_gap')) this.#tcp['reassembly_gap']++;
    if (packet.anomalies.includes('stream.reassembly_no_segment')) this.#tcp['segment_memcap_drop']++;
    if (packet.anomalies.includes('stream.reassembly_depth_reached')) this.#tcp['stream_depth_reached']++;
    if (packet.anomalies.includes('stream.reassembly_overlap_different_data')) {
      this.#tcp['overlap']++;
      this.#tcp['overlap_diff_data']++;
    }
    if (packet.protocol === TCP && packet.transportChecksumGood === 0) this.#tcp['invalid_checksum']++;
    for (const { target, policy } of packet.exceptions ?? []) {
      if (this.#exceptionPlaces.has(target)) add(this.#exceptions, `${EXCEPTION_PLACES[target]}.${policy}`);
      const ofProtocol = target === APPLICATION_ERROR && packet.flow !== undefined ? this.#protocolPolicies.get(this.#name(packet.flow)) : undefined;
      if (ofProtocol !== undefined) count(ofProtocol, policy);
    }
    if (packet.isBypassed) {
      this.#bypassed['local_pkts']++;
      this.#bypassed['local_bytes'] += packet.frameEnd - packet.frameStart;
    }
    if (this.#ips && !packet.isRebuilt && packet.tunnelDepth === 0) this.#fate(packet);
  }

  /** IPS mode: what becomes of the packet. */
  #fate(packet: Packet): void {
    if (this.#firewall !== undefined) {
      if (packet.dropReason.startsWith(FIREWALL)) {
        this.#firewall['blocked']++;
        if ((packet.decision & (REJECTED_TO_SOURCE | REJECTED_TO_DESTINATION)) !== 0) this.#firewall['rejected']++;
        this.#firewallReasons[named(packet.dropReason.slice(FIREWALL.length))]++;
        // What stands behind it never sees the packet.
        return;
      }
      this.#firewall['accepted']++;
    }
    if ((packet.decision & (REJECTED_TO_SOURCE | REJECTED_TO_DESTINATION)) !== 0) this.#ipsCounts['rejected']++;
    if ((packet.decision & DROPPED) === 0) this.#ipsCounts['accepted']++;
    else {
      this.#ipsCounts['blocked']++;
      const reason = named(packet.dropReason);
      this.#dropReasons[reason] = (this.#dropReasons[reason] ?? 0) + 1;
    }
  }

  #layers(packet: Packet): void {
    const decoder = this.#decoder;
    const length = packet.frameEnd - packet.frameStart;
    if (!packet.isRebuilt && packet.tunnelDepth === 0) {
      decoder['pkts']++;
      decoder['bytes'] += length;
      decoder['max_pkt_size'] = Math.max(decoder['max_pkt_size'], length);
      count(decoder, LINKS.get(packet.linkType));
    }
    if (packet.isInvalid) decoder['invalid']++;
    if (packet.anomalies.includes('too_many_layers')) decoder['too_many_layers']++;
    if (!packet.isRebuilt) {
      if (packet.ethernetStart >= 0) decoder['ethernet']++;
      for (let at = 0; at < packet.vlanCount && packet.tunnelDepth === 0; at++) decoder[VLANS[at]]++;
      for (const [bit, name] of LAYERS) if ((packet.linkLayers & bit) !== 0) decoder[name]++;
      if (packet.etherType === ARP) decoder['arp']++;
      if (packet.anomalies.includes('ethernet.unknown_ethertype')) decoder['unknown_ethertype']++;
      count(decoder, TUNNELS.get(packet.tunnel));
      if (packet.tunnel === 'ipv4 tunnel' || packet.tunnel === 'ipv6 tunnel')
        count(decoder, `ipv${packet.etherType === IPV6_TYPE ? 6 : 4}_in_ipv${packet.tunnel === 'ipv6 tunnel' ? 6 : 4}`);
    }
    const version = packet.ipVersion === 4 ? 'ipv4' : packet.ipVersion === 6 ? 'ipv6' : undefined;
    if (version === undefined) return;
    decoder[version]++;
    if (packet.isFragment) this.#fragments[version].fragments++;
    else {
      if (packet.isRebuilt) this.#fragments[version].reassembled++;
      count(decoder, CARRIED.get(packet.protocol));
    }
    if (packet.protocol === TCP && packet.transportStart >= 0) this.#tcpFlags(packet);
  }

  #tcpFlags(packet: Packet): void {
    if ((packet.tcpFlags & (SYN | ACK)) === SYN) this.#tcp['syn']++;
    else if ((packet.tcpFlags & (SYN | ACK)) === (SYN | ACK)) this.#tcp['synack']++;
    if ((packet.tcpFlags & RST) !== 0) this.#tcp['rst']++;
    if ((packet.tcpFlags & URG) !== 0) this.#tcp['urg']++;
  }

  recognised(flow: Flow): void {
    add(this.#protocolFlows, this.#name(flow));
  }

  applicationError(flow: Flow, cause: 'gap' | 'parser'): void {
    const counted = this.#applicationErrors[this.#name(flow)];
    if (counted !== undefined) counted[cause]++;
  }

  transaction(protocol: ProtocolDefinition, flow: Flow): void {
    if (flow.applicationProtocol !== undefined && protocol.isOneTransaction !== true) add(this.#protocolTransactions, this.#name(flow));
  }

  #name(flow: Flow): string {
    const name = flow.applicationProtocol ?? 'failed';
    const split = `${name}_${flow.protocol === TCP ? 'tcp' : 'udp'}`;
    return this.#protocolFlows.has(split) ? split : name;
  }

  flow(flow: Flow): void {
    this.#flow['total']++;
    const kind = FLOW_KINDS.get(flow.protocol);
    if (kind !== undefined) this.#flow[kind]++;
    if (flow.endReason === 'tcp_reuse') this.#flow['tcp_reuse']++;
    this.#flowStates[flow.bypassed ? 'local_bypassed' : flow.state === FLOW_CLOSED ? 'closed' : flow.state === FLOW_ESTABLISHED ? 'established' : 'new']++;
    if (flow.protocol !== TCP) return;
    const stream = flow.stream as TcpStream | undefined;
    if (stream === undefined) return;
    this.#tcp['sessions']++;
    if (stream.midstream) this.#tcp['midstream_pickups']++;
    this.#tcp['ack_unseen_data'] += stream.unseen;
    this.#tcp['urgent_oob_data'] += stream.sides[0].outOfBand + stream.sides[1].outOfBand;
    this.#tcpStates[stream.stateName]++;
  }

  /** Counters of events beside those of the decoder; where a name is taken, the event has none. */
  #decoderEvents(decoder: Record<string, number>): Counts {
    if (!this.#options.decoderEvents) return {};
    const events = nested(this.#events);
    if (this.#options.decoderEventsAt !== 'decoder') return { event: events };
    return Object.fromEntries(Object.entries(events).filter(([name]) => decoder[name] === undefined));
  }

  #errors(): Counts {
    if (this.#protocolPolicies.size === 0) return this.#applicationErrors;
    const withPolicies = Object.entries(this.#applicationErrors).map(([name, errors]) => {
      const policies = this.#protocolPolicies.get(name);
      return [name, policies === undefined ? errors : { ...errors, exception_policy: policies }] as const;
    });
    return Object.fromEntries(withPolicies);
  }

  /** Flows that ended, and those that are open. */
  #flows({ byProtocol, tableBytes }: TrafficLoad): Counts {
    const flows: Record<string, number> = { ...this.#flow };
    let active = 0;
    for (const [protocol, count] of byProtocol) {
      active += count;
      const kind = FLOW_KINDS.get(protocol);
      if (kind !== undefined) flows[kind] += count;
    }
    flows['total'] += active;
    return { ...flows, active, memuse: tableBytes, end: { state: this.#flowStates, tcp_state: this.#tcpStates } };
  }

  /** Everything but what the engine itself counts. `load`: what it holds now. */
  tree(discarded: number, load = NO_LOAD): Counts {
    const decoder = { ...this.#decoder };
    const [tcp4, udp4, tcp6, udp6] = this.#ordinary;
    const packets = tcp4 + udp4 + tcp6 + udp6;
    decoder['pkts'] += packets;
    decoder['bytes'] += this.#ordinaryBytes;
    decoder['ethernet'] += packets;
    decoder['ipv4'] += tcp4 + udp4;
    decoder['ipv6'] += tcp6 + udp6;
    decoder['tcp'] += tcp4 + tcp6;
    decoder['udp'] += udp4 + udp6;
    decoder['max_pkt_size'] = Math.max(decoder['max_pkt_size'], this.#longest);
    const { pkts, bytes } = decoder;
    return {
      decoder: { ...decoder, avg_pkt_size: pkts === 0 ? 0 : Math.floor(bytes / pkts), ...this.#decoderEvents(decoder) },
      ...(this.#options.streamEvents ? nested(this.#streamEvents) : {}),
      ...(this.#ips ? { ips: { ...this.#ipsCounts, drop_reason: this.#dropReasons } } : {}),
      ...(this.#firewall === undefined ? {} : { firewall: { ...this.#firewall, drop_reason: this.#firewallReasons, discarded_alerts: discarded } }),
      exception_policy: nested(this.#exceptions),
      flow: this.#flows(load),
      flow_bypassed: this.#bypassed,
      defrag: this.#fragments,
      tcp: {
        ...this.#tcp,
        sessions: this.#tcp['sessions'] + load.connections,
        active_sessions: load.connections,
        reassembly_memuse: load.streamBytes,
      },
      app_layer: { flow: Object.fromEntries(this.#protocolFlows), tx: Object.fromEntries(this.#protocolTransactions), error: this.#errors() },
    };
  }
}

const ETHERNET = 1;

/** TCP or UDP in IP in Ethernet, and nothing else to be counted: nearly every packet. */
function isOrdinary(packet: Packet): boolean {
  return (
    packet.linkType === ETHERNET &&
    packet.ethernetStart >= 0 &&
    packet.ipVersion !== 0 &&
    packet.anomalies.length === 0 &&
    packet.exceptions === undefined &&
    packet.vlanCount === 0 &&
    packet.linkLayers === 0 &&
    packet.tunnelDepth === 0 &&
    packet.tunnel === '' &&
    !packet.isRebuilt &&
    !packet.isFragment &&
    !packet.isInvalid &&
    (packet.protocol === TCP || packet.protocol === UDP) &&
    packet.transportStart >= 0 &&
    packet.transportChecksumGood !== 0 &&
    !packet.isBypassed
  );
}

const APPLICATION_ERROR = 'app_layer_error';

/** Where counters put the places that records name. */
const EXCEPTION_PLACES: Readonly<Record<string, string>> = {
  stream_midstream: 'tcp.midstream',
  stream_reassembly_memcap: 'tcp.reassembly',
  stream_memcap: 'tcp.ssn_memcap',
  flow_memcap: 'flow.memcap',
  defrag_memcap: 'defrag.memcap',
  app_layer_error: 'app_layer.error',
};

/** Where there is no flow yet, only packets can be decided about. */
const POLICIES_AT: Readonly<Record<string, readonly ExceptionPolicy[]>> = {
  flow_memcap: ['ignore', 'drop-packet', 'pass-packet', 'reject'],
  defrag_memcap: ['ignore', 'drop-packet', 'pass-packet'],
};

function named(reason: string): string {
  return reason.replaceAll(' ', '_');
}

function count(into: Record<string, number>, name: string | undefined): void {
  if (name !== undefined) into[name] = (into[name] ?? 0) + 1;
}

function add(into: Map<string, number>, name: string): void {
  into.set(name, (into.get(name) ?? 0) + 1);
}

/** `a.b` → a tree. */
function nested(flat: ReadonlyMap<string, number>): Counts {
  const tree: Counts = {};
  for (const [name, value] of flat) {
    const parts = name.split('.');
    let node = tree;
    for (const part of parts.slice(0, -1)) {
      if (typeof node[part] !== 'object') node[part] = {};
      node = node[part] as Counts;
    }
    node[parts[parts.length - 1]] = value;
  }
  return tree;
}
