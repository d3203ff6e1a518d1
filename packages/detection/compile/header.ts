/**
 * Rule header → sets that packets are tested against. Variables are resolved from the settings; every distinct header is
 * resolved once (ET Open has fewer than 700 for 30,000 rules).
 */
import { type AddressRange, AddressSet, type AddressSetInput, append, entryOf, PortSet, parseRange } from '@sigwright/bytes';
import { type EngineSettings, ICMP, ICMPV6, type Packet, type Rule, SCTP, type Span, TCP, UDP } from '@sigwright/contracts';
import { type AddressExpression, type PortExpression, parseAddressField, parsePortField } from '@sigwright/rule-language';
import type { Report } from './rule-diagnostics.ts';

export interface RuleHeader {
  /** protocol, source, source ports, direction, destination, destination ports as written */
  readonly fields: readonly string[];
  /** IP protocols let through; undefined: all */
  readonly protocols: readonly number[] | undefined;
  /** 4, 6, or 0 for both */
  readonly ipVersion: number;
  /** the frame's type, or ANY_FRAME for whatever Ethernet carries; undefined: it is about IP */
  readonly frame: number | undefined;
  /** undefined: any */
  readonly source: AddressSet | undefined;
  readonly sourcePorts: PortSet | undefined;
  readonly destination: AddressSet | undefined;
  readonly destinationPorts: PortSet | undefined;
  readonly bidirectional: boolean;
  /** an address is taken away from others, here or in a variable */
  readonly negates: boolean;
  /** what the protocol can be carried in */
  readonly transports: { readonly tcp: boolean; readonly udp: boolean; readonly other: boolean };
  /** at least one address is not `any` */
}

interface PacketProtocol {
  readonly protocols: readonly number[] | undefined;
  readonly ipVersion: number;
  readonly frame?: number;
}

const ARP = 0x0806;
const ANY_FRAME = -1;

/** Header words that name packets; every other word names an application protocol of the catalogue. */
export const PACKET_PROTOCOLS: ReadonlyMap<string, PacketProtocol> = new Map<string, PacketProtocol>([
  ['ip', { protocols: undefined, ipVersion: 0 }],
  ['ipv4', { protocols: undefined, ipVersion: 4 }],
  ['ip4', { protocols: undefined, ipVersion: 4 }],
  ['ipv6', { protocols: undefined, ipVersion: 6 }],
  ['ip6', { protocols: undefined, ipVersion: 6 }],
  ['tcp', { protocols: [TCP], ipVersion: 0 }],
  ['tcp-pkt', { protocols: [TCP], ipVersion: 0 }],
  ['tcp-stream', { protocols: [TCP], ipVersion: 0 }],
  ['udp', { protocols: [UDP], ipVersion: 0 }],
  ['icmp', { protocols: [ICMP, ICMPV6], ipVersion: 0 }],
  ['icmpv4', { protocols: [ICMP], ipVersion: 0 }],
  ['icmpv6', { protocols: [ICMPV6], ipVersion: 0 }],
  ['sctp', { protocols: [SCTP], ipVersion: 0 }],
  ['arp', { protocols: undefined, ipVersion: 0, frame: ARP }],
  ['ether', { protocols: undefined, ipVersion: 0, frame: ANY_FRAME }],
  ['pkthdr', { protocols: undefined, ipVersion: -1 }],
]);

/** What the header says before a hook: a packet protocol, or one of the catalogue. */
export function headerWord({ protocol }: Rule): string {
  const colon = protocol.indexOf(':');
  return colon < 0 ? protocol : protocol.slice(0, colon);
}

const EVERYTHING: readonly AddressRange[] = [parseRange('0.0.0.0/0')!, parseRange('::/0')!];

/** How deep variables may name variables. */
const DEEPEST_VARIABLE = 16;
const LAST_PORT = 65_535;

export class HeaderResolver {
  readonly #settings: EngineSettings;
  readonly #known = new Map<string, RuleHeader>();
  readonly #addresses = new Map<string, AddressSet | undefined>();
  readonly #ports = new Map<string, PortSet | undefined>();
  /** texts in which an address is taken away, themselves or by a variable */
  readonly #negating = new Map<string, boolean>();
  /** the field at hand names itself */
  #looped = false;

  constructor(settings: EngineSettings) {
    this.#settings = settings;
  }

  /** Undefined where a field is wrong; `report` was called then. */
  resolve(rule: Rule, report: Report): RuleHeader | undefined {
    const fields = [rule.protocol, rule.source.text, rule.sourcePorts.text, rule.direction, rule.destination.text, rule.destinationPorts.text];
    const key = fields.join('\n');
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    let failed = false;
    const fail = (code: string, title: string, at: Span, help?: string): void => {
      failed = true;
      report(code, title, at, help);
    };
    const header = this.#make(fields, [rule.source.span, rule.sourcePorts.span, rule.destination.span, rule.destinationPorts.span], fail);
    if (failed) return undefined;
    this.#known.set(key, header);
    return header;
  }

  /** A header that was resolved before, when the plan was built. */
  fromFields(fields: readonly string[]): RuleHeader {
    const at = { start: 0, end: 0 };
    return this.#make(fields, [at, at, at, at], (_code, title) => {
      throw new Error(`header of a plan: ${title}`);
    });
  }

  /** Addresses as a header writes them; undefined: any. What is wrong was said when the configuration was read. */
  addresses(text: string): AddressSet | undefined {
    return text === '' ? undefined : this.#addressSet(text, { start: 0, end: 0 }, () => {});
  }

  #make(fields: readonly string[], spans: readonly Span[], report: Report): RuleHeader {
    const word = fields[0].split(':')[0];
    const packet = PACKET_PROTOCOLS.get(word);
    const source = this.#addressSet(fields[1], spans[0], report);
    const destination = this.#addressSet(fields[4], spans[2], report);
    const protocols = packet === undefined ? [TCP, UDP] : packet.protocols;
    return {
      fields,
      protocols,
      ipVersion: packet?.ipVersion ?? 0,
      frame: packet?.frame,
      source,
      sourcePorts: this.#portSet(fields[2], spans[1], report),
      destination,
      destinationPorts: this.#portSet(fields[5], spans[3], report),
      // A rule on both sides of a transaction (`=>`) is decided on a packet of either direction.
      bidirectional: fields[3] !== '->',
      negates: this.#negates(fields[1]) || this.#negates(fields[4]),
      transports: {
        tcp: protocols === undefined || protocols.includes(TCP),
        udp: protocols === undefined || protocols.includes(UDP),
        other: protocols === undefined || protocols.some((one) => one !== TCP && one !== UDP),
      },
    };
  }

  #negates(text: string): boolean {
    if (text.includes('!')) return true;
    const known = this.#negating.get(text);
    if (known !== undefined) return known;
    // A variable that names itself says nothing new.
    this.#negating.set(text, false);
    const negates = [...text.matchAll(/\$(\w+)/g)].some(([, name]) => this.#negates(entryOf(this.#settings.addressGroups, name) ?? ''));
    this.#negating.set(text, negates);
    return negates;
  }

  /** Told once of each field: a variable that names itself twice would lead there by a thousand ways, and nobody goes them all. */
  #isLoop(depth: number, text: string, at: Span, report: Report): boolean {
    if (this.#looped) return true;
    if (depth <= DEEPEST_VARIABLE) return false;
    this.#looped = true;
    report('header/variable-loop', `\`${text}\` names itself`, at);
    return true;
  }

  #addressSet(text: string, at: Span, report: Report): AddressSet | undefined {
    if (text === 'any') return undefined;
    const known = this.#addresses.get(text);
    if (known !== undefined || this.#addresses.has(text)) return known;
    let failed = false;
    const noted: Report = (...problem) => {
      failed = true;
      report(...problem);
    };
    this.#looped = false;
    const collected = this.#collectAddresses(text, at, noted, 0);
    // What failed is not kept: the next rule that says it is refused as well.
    if (failed) return undefined;
    const set = collected === undefined || (collected.all && collected.exclude.length === 0) ? undefined : new AddressSet(collected);
    if (collected !== undefined) this.#addresses.set(text, set);
    return set;
  }

  #collectAddresses(text: string, at: Span, report: Report, depth: number): AddressSetInput | undefined {
    const { expression, diagnostics } = parseAddressField(text);
    const problem = diagnostics.find((one) => one.severity === 'error');
    if (problem !== undefined || expression === undefined) {
      report(problem?.code ?? 'header/address', problem?.title ?? `\`${text}\` is not an address`, at, problem?.help);
      return undefined;
    }
    const result = { include: [] as AddressSetInput['include'][number][], exclude: [] as AddressSetInput['include'][number][], all: false };
    let inVariable = depth > 0;
    let leavesNothing = false;
    const walk = (one: AddressExpression, negated: boolean, level: number): void => {
      if (this.#isLoop(level, text, at, report)) return;
      switch (one.kind) {
        case 'any':
          // `!any` lets nothing through: `!$HOME_NET` where HOME_NET is any. The rule loads and stays silent, unless it says so itself.
          if (negated && !inVariable) leavesNothing = true;
          if (negated) result.exclude.push(...EVERYTHING);
          else result.all = true;
          return;
        case 'not':
          walk(one.of, !negated, level + 1);
          return;
        case 'list':
          for (const part of one.parts) walk(part, negated, level + 1);
          return;
        case 'variable': {
          const value = entryOf(this.#settings.addressGroups, one.name);
          if (value === undefined) {
            report('header/unknown-variable', `variable \`$${one.name}\` is not set`, at, 'set it under `vars: address-groups:` in the configuration');
            return;
          }
          const inner = parseAddressField(value);
          if (inner.expression === undefined) report('header/address', `variable \`$${one.name}\` holds \`${value}\`, which is no address`, at);
          else if (negated) {
            // The complement of a list that has exceptions of its own: built as a set and subtracted.
            const nested = this.#collectAddresses(value, at, report, level + 1);
            if (nested !== undefined) {
              if (nested.exclude.length > 0 && nested.include.length === 0) append(result.include, nested.exclude);
              else append(result.exclude, nested.include);
              if (nested.all && nested.exclude.length === 0) result.exclude.push(...EVERYTHING);
            }
          } else {
            const outside = inVariable;
            inVariable = true;
            walk(inner.expression, negated, level + 1);
            inVariable = outside;
          }
          return;
        }
        case 'range':
          (negated ? result.exclude : result.include).push(one.range);
          return;
      }
    };
    walk(expression, false, depth);
    if (result.include.length === 0 && !result.all) result.all = true;
    if (leavesNothing || (depth === 0 && isWrittenOut(text) && result.exclude.length > 0 && new AddressSet(result).isEmpty()))
      report('header/nothing', `\`${text}\` leaves no address`, at, 'write the addresses that are meant');
    return result;
  }

  #portSet(text: string, at: Span, report: Report): PortSet | undefined {
    if (text === 'any') return undefined;
    const known = this.#ports.get(text);
    if (known !== undefined || this.#ports.has(text)) return known;
    let failed = false;
    const noted: Report = (...problem) => {
      failed = true;
      report(...problem);
    };
    this.#looped = false;
    const allowed = this.#collectPorts(text, at, noted, 0);
    if (failed || allowed === undefined) return undefined;
    const set = allowed.containsAll() ? undefined : allowed;
    this.#ports.set(text, set);
    return set;
  }

  #collectPorts(text: string, at: Span, report: Report, depth: number): PortSet | undefined {
    const { expression, diagnostics } = parsePortField(text);
    const problem = diagnostics.find((one) => one.severity === 'error');
    if (problem !== undefined || expression === undefined) {
      report(problem?.code ?? 'header/port', problem?.title ?? `\`${text}\` is not a port`, at, problem?.help);
      return undefined;
    }
    if (this.#isLoop(depth, text, at, report)) return undefined;
    const included = new PortSet();
    const excluded = new PortSet();
    let anyIncluded = false;
    const walk = (one: PortExpression, negated: boolean): void => {
      switch (one.kind) {
        case 'any':
          if (!negated) {
            included.add(0, LAST_PORT);
            anyIncluded = true;
          } else {
            if (depth === 0 && !isWrittenOut(text)) report('header/nothing', `\`${text}\` leaves no port`, at, 'write the ports that are meant');
            excluded.add(0, LAST_PORT);
          }
          return;
        case 'not':
          walk(one.of, !negated);
          return;
        case 'list':
          for (const part of one.parts) walk(part, negated);
          return;
        case 'variable': {
          const value = entryOf(this.#settings.portGroups, one.name);
          if (value === undefined) {
            report('header/unknown-variable', `variable \`$${one.name}\` is not set`, at, 'set it under `vars: port-groups:` in the configuration');
            return;
          }
          const nested = this.#collectPorts(value, at, report, depth + 1);
          if (nested === undefined) return;
          (negated ? excluded : included).addAll(nested);
          anyIncluded ||= !negated;
          return;
        }
        case 'range':
          (negated ? excluded : included).add(one.from, one.to);
          anyIncluded ||= !negated;
          return;
      }
    };
    walk(expression, false);
    if (!anyIncluded) included.add(0, LAST_PORT);
    included.removeAll(excluded);
    if (depth === 0 && included.isEmpty() && isWrittenOut(text)) report('header/nothing', `\`${text}\` leaves no port`, at, 'write the ports that are meant');
    return included;
  }
}

/** What stands in the rule itself is its author's; what variables make of it is not. */
function isWrittenOut(text: string): boolean {
  return !text.includes('$');
}

export function headerAdmitsProtocol(header: RuleHeader, packet: Packet): boolean {
  const { protocols } = header;
  if (header.ipVersion !== 0 && header.ipVersion !== packet.ipVersion && header.ipVersion !== -1) return false;
  if (protocols === undefined) {
    if (header.frame !== undefined) return header.frame === ANY_FRAME ? packet.ethernetStart >= 0 : packet.etherType === header.frame;
    return packet.ipVersion !== 0 || header.ipVersion === -1;
  }
  for (let at = 0; at < protocols.length; at++) if (protocols[at] === packet.protocol) return true;
  return false;
}

/** Does the packet, as it runs, fit protocol, addresses and ports? */
export function headerMatches(header: RuleHeader, packet: Packet): boolean {
  if (!headerAdmitsProtocol(header, packet)) return false;
  if (oneWay(header, packet.ipVersion, packet.source, packet.sourcePort, packet.destination, packet.destinationPort)) return true;
  return header.bidirectional && oneWay(header, packet.ipVersion, packet.destination, packet.destinationPort, packet.source, packet.sourcePort);
}

function oneWay(header: RuleHeader, version: number, source: Uint32Array, sourcePort: number, destination: Uint32Array, destinationPort: number): boolean {
  return (
    (header.destinationPorts === undefined || header.destinationPorts.contains(destinationPort)) &&
    (header.sourcePorts === undefined || header.sourcePorts.contains(sourcePort)) &&
    (header.source === undefined || header.source.contains(source, version)) &&
    (header.destination === undefined || header.destination.contains(destination, version))
  );
}

/** Do the ports of a packet fit, in the direction written or, where both are meant, the other? */
export function portsFit(header: RuleHeader, packet: Packet): boolean {
  const fits = (source: number, destination: number): boolean =>
    (header.sourcePorts === undefined || header.sourcePorts.contains(source)) &&
    (header.destinationPorts === undefined || header.destinationPorts.contains(destination));
  return fits(packet.sourcePort, packet.destinationPort) || (header.bidirectional && fits(packet.destinationPort, packet.sourcePort));
}
