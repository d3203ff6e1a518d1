/** Reads the language of packet filters into tests, by recursive descent: `or` and `and` bind alike, from left to right, as in pcap-filter(7). */
import { type AddressRange, addressBytes, entryOf, parseIpv4, parseRange } from '@sigwright/bytes';
import { ETHER_IPV4, ETHER_IPV6, enterVlan, type Frame, numberAt, protocolOf, transportOf } from './frame.ts';

export interface FrameTest {
  holds(frame: Frame): boolean;
}

type Test = (frame: Frame) => boolean;
/** undefined: the frame does not have the bytes, and nothing that depends on them holds */
type Quantity = (frame: Frame) => number | undefined;
type Direction = 'src' | 'dst' | 'src or dst' | 'src and dst';

const TOKEN = /\s*(&&|\|\||<<|>>|<=|>=|==|!=|[()[\]!&|<>=+*/%^]|\[|\]|[^\s()[\]!&|<>=+*/%^]+)/y;
const LONGEST_FILTER = 10_000;
const DEEPEST = 100;

const PROTOCOLS: Readonly<Record<string, number>> = { icmp: 1, igmp: 2, tcp: 6, udp: 17, gre: 47, esp: 50, ah: 51, icmp6: 58, pim: 103, sctp: 132 };
const ETHER_TYPES: Readonly<Record<string, number>> = { ip: ETHER_IPV4, arp: 0x0806, rarp: 0x8035, ip6: ETHER_IPV6 };
const WITH_PORTS: ReadonlySet<number> = new Set([6, 17, 132]);
const KINDS: ReadonlySet<string> = new Set(['host', 'net', 'port', 'portrange', 'proto']);
const BINDING: readonly (readonly string[])[] = [['|'], ['^'], ['&'], ['<<', '>>'], ['+', '-'], ['*', '/', '%']];
const RELATIONS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '=': (a, b) => a === b,
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '>': (a, b) => a > b,
  '<=': (a, b) => a <= b,
  '>=': (a, b) => a >= b,
};
const NUMBERS: Readonly<Record<string, number>> = {
  'tcp-fin': 1,
  'tcp-syn': 2,
  'tcp-rst': 4,
  'tcp-push': 8,
  'tcp-ack': 16,
  'tcp-urg': 32,
  'tcp-ece': 64,
  'tcp-cwr': 128,
  tcpflags: 13,
  icmptype: 0,
  icmpcode: 1,
  'icmp-echoreply': 0,
  'icmp-unreach': 3,
  'icmp-echo': 8,
  'icmp-timxceed': 11,
};

class Fault extends Error {}

export class FilterReader {
  readonly #tokens: string[] = [];
  readonly #fault: string | undefined;
  #at = 0;
  #depth = 0;
  /** what a bare number or address after `or` means: `port 80 or 443` */
  #last: ((id: string) => Test) | undefined;

  constructor(text: string) {
    if (text.length > LONGEST_FILTER) {
      this.#fault = `the filter is longer than ${LONGEST_FILTER} characters`;
      return;
    }
    TOKEN.lastIndex = 0;
    for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) this.#tokens.push(match[1]);
  }

  whole(): FrameTest | { readonly problem: string } {
    if (this.#fault !== undefined) return { problem: this.#fault };
    if (this.#tokens.length === 0) return { holds: () => true };
    try {
      const test = this.#alternatives();
      if (this.#at < this.#tokens.length) throw new Fault(`\`${this.#tokens[this.#at]}\` is not expected`);
      return { holds: test };
    } catch (fault) {
      if (fault instanceof Fault) return { problem: fault.message };
      throw fault;
    }
  }

  #peek(): string | undefined {
    return this.#tokens[this.#at];
  }

  #take(...wanted: readonly string[]): string | undefined {
    const token = this.#peek();
    if (token === undefined || !wanted.includes(token)) return undefined;
    this.#at++;
    return token;
  }

  #next(what: string): string {
    const token = this.#tokens[this.#at++];
    if (token === undefined) throw new Fault(`${what} is missing at the end`);
    return token;
  }

  #expect(token: string): void {
    if (this.#take(token) === undefined) throw new Fault(`\`${token}\` is missing ${this.#peek() === undefined ? 'at the end' : `before \`${this.#peek()}\``}`);
  }

  #alternatives(): Test {
    if (++this.#depth > DEEPEST) throw new Fault('parentheses are nested too deeply');
    let left = this.#term();
    for (let word = this.#take('and', '&&', 'or', '||'); word !== undefined; word = this.#take('and', '&&', 'or', '||')) {
      const [one, other] = [left, this.#term()];
      left = word === 'and' || word === '&&' ? (frame) => one(frame) && other(frame) : (frame) => one(frame) || other(frame);
    }
    this.#depth--;
    return left;
  }

  #term(): Test {
    if (this.#take('not', '!') !== undefined) {
      if (++this.#depth > DEEPEST) throw new Fault('`not` stands too often');
      const test = this.#term();
      this.#depth--;
      return (frame) => !test(frame);
    }
    if (this.#peek() === '(') {
      const before = this.#at;
      try {
        this.#at++;
        const test = this.#alternatives();
        this.#expect(')');
        if (!this.#isOperator(this.#peek())) return test;
      } catch (fault) {
        if (!(fault instanceof Fault) || !this.#looksArithmetic(before)) throw fault;
      }
      this.#at = before;
      return this.#relation();
    }
    return this.#primitive();
  }

  #isOperator(token: string | undefined): boolean {
    return token !== undefined && (Object.hasOwn(RELATIONS, token) || BINDING.some((words) => words.includes(token)));
  }

  /** Is there a relation at all? Else the first problem is the one to tell. */
  #looksArithmetic(from: number): boolean {
    return this.#tokens.slice(from).some((token) => Object.hasOwn(RELATIONS, token));
  }

  #primitive(): Test {
    const word = this.#peek();
    if (word === undefined) throw new Fault('a condition is missing at the end');
    if (this.#startsNumber()) return this.#relation();
    if (word === 'less' || word === 'greater') {
      this.#at++;
      const length = this.#number('a length');
      return word === 'less' ? (frame) => frame.wireLength <= length : (frame) => frame.wireLength >= length;
    }
    if (word === 'vlan') return this.#vlan();
    if (word === 'ether' || word === 'link') return this.#ether();
    if (word === 'broadcast' || word === 'multicast') {
      this.#at++;
      return word === 'broadcast'
        ? ({ data, start, isEthernet }) => isEthernet && isAll(data, start)
        : ({ data, start, isEthernet }) => isEthernet && (data[start] & 1) === 1;
    }
    const protocol = this.#protocol();
    const direction = this.#direction();
    const kind = this.#take(...KINDS);
    if (kind === undefined && direction === undefined && protocol !== undefined) return protocol.test;
    if (kind === undefined && direction === undefined && this.#last !== undefined && !KINDS.has(word)) return this.#last(this.#next('a value'));
    const both = direction ?? 'src or dst';
    const within = protocol?.test;
    if (kind === 'proto') return this.#ipProtocol(within);
    // An address alone means `host`.
    const which = kind ?? 'host';
    this.#last = (id) => allOf(within, this.#match(which, both, id, protocol?.number));
    let id = this.#next(which === 'host' ? 'an address' : `the value of \`${which}\``);
    if (which === 'net') {
      if (this.#take('/') !== undefined) id += `/${this.#next('the length of the prefix')}`;
      else if (this.#take('mask') !== undefined) id += `/${this.#next('the mask')}`;
    }
    return this.#last(id);
  }

  #protocol(): { readonly number: number | undefined; readonly test: Test } | undefined {
    const word = this.#peek();
    if (word === undefined) return undefined;
    if (Object.hasOwn(ETHER_TYPES, word)) {
      this.#at++;
      const type = entryOf(ETHER_TYPES, word);
      return { number: undefined, test: (frame) => frame.etherType === type };
    }
    if (!Object.hasOwn(PROTOCOLS, word)) return undefined;
    this.#at++;
    const number = entryOf(PROTOCOLS, word);
    return { number, test: (frame) => protocolOf(frame) === number };
  }

  #direction(): Direction | undefined {
    const first = this.#take('src', 'dst');
    if (first === undefined) return undefined;
    const [joined, second] = this.#tokens.slice(this.#at, this.#at + 2);
    if ((joined !== 'or' && joined !== 'and') || (second !== 'src' && second !== 'dst') || second === first) return first as Direction;
    this.#at += 2;
    return joined === 'or' ? 'src or dst' : 'src and dst';
  }

  #vlan(): Test {
    this.#at++;
    const wanted = /^\d+$/.test(this.#peek() ?? '') ? this.#number('a VLAN') : undefined;
    // What stands behind it in the filter looks behind the tag.
    return (frame) => {
      const tag = enterVlan(frame);
      return tag !== undefined && (wanted === undefined || tag === wanted);
    };
  }

  #ether(): Test {
    this.#at++;
    const direction = this.#direction() ?? 'src or dst';
    const kind = this.#take('host', 'proto', 'broadcast', 'multicast');
    if (kind === 'broadcast') return ({ data, start, isEthernet }) => isEthernet && isAll(data, start);
    if (kind === 'multicast') return ({ data, start, isEthernet }) => isEthernet && (data[start] & 1) === 1;
    if (kind === 'proto') {
      const word = this.#next('an EtherType').replace(/^\\/, '');
      const type = entryOf(ETHER_TYPES, word) ?? numberOf(word);
      if (type === undefined) throw new Fault(`\`${word}\` is no EtherType`);
      return (frame) => frame.etherType === type;
    }
    const written = this.#next('a hardware address');
    const bytes = written.split(/[:-]/).map((part) => Number.parseInt(part, 16));
    if (bytes.length !== 6 || bytes.some((byte) => !(byte >= 0 && byte <= 255))) throw new Fault(`\`${written}\` is no hardware address`);
    const at = ({ data, start }: Frame, offset: number): boolean => bytes.every((byte, number) => data[start + offset + number] === byte);
    return (frame) => frame.isEthernet && either(direction, at(frame, 6), at(frame, 0));
  }

  #ipProtocol(within: Test | undefined): Test {
    const word = this.#next('a protocol').replace(/^\\/, '');
    const number = entryOf(PROTOCOLS, word) ?? numberOf(word);
    if (number === undefined) throw new Fault(`\`${word}\` is no protocol`);
    return allOf(within, (frame) => protocolOf(frame) === number);
  }

  #match(kind: string, direction: Direction, id: string, protocol: number | undefined): Test {
    if (kind === 'port' || kind === 'portrange') {
      const [low, high = low] = id.split('-').map(numberOf);
      if (low === undefined || high === undefined || low > 65_535 || high > 65_535 || (kind === 'port' && id.includes('-')))
        throw new Fault(`\`${id}\` is no ${kind === 'port' ? 'port' : 'range of ports'}, and names are not looked up`);
      const isIn = (value: number | undefined): boolean => value !== undefined && value >= low && value <= high;
      return (frame) => {
        const spoken = protocolOf(frame);
        if (!WITH_PORTS.has(spoken) || (protocol !== undefined && spoken !== protocol)) return false;
        const transport = transportOf(frame);
        return transport !== undefined && either(direction, isIn(numberAt(frame, transport, 2)), isIn(numberAt(frame, transport + 2, 2)));
      };
    }
    const range = parseRange(kind === 'net' ? wholeNetwork(id) : id);
    if (range === undefined || (kind === 'host' && /[/-]/.test(id)))
      throw new Fault(`\`${id}\` is no ${kind === 'net' ? 'network' : 'address'}, and names are not looked up`);
    return addressTest(range, direction);
  }

  #startsNumber(): boolean {
    const [word, after] = this.#tokens.slice(this.#at, this.#at + 2);
    return (
      after === '[' || word === 'len' || (numberOf(word) !== undefined && this.#isOperator(after)) || (Object.hasOwn(NUMBERS, word) && this.#isOperator(after))
    );
  }

  #relation(): Test {
    const left = this.#quantity(0);
    const sign = this.#next('a comparison');
    if (!Object.hasOwn(RELATIONS, sign)) throw new Fault(`\`${sign}\` is no comparison`);
    const right = this.#quantity(0);
    const compare = RELATIONS[sign];
    return (frame) => {
      const [one, other] = [left(frame), right(frame)];
      return one !== undefined && other !== undefined && compare(one, other);
    };
  }

  #quantity(level: number): Quantity {
    if (level === BINDING.length) return this.#factor();
    let left = this.#quantity(level + 1);
    for (let sign = this.#take(...BINDING[level]); sign !== undefined; sign = this.#take(...BINDING[level])) {
      const [one, other, operator] = [left, this.#quantity(level + 1), sign];
      left = (frame) => {
        const [a, b] = [one(frame), other(frame)];
        return a === undefined || b === undefined ? undefined : calculate(operator, a, b);
      };
    }
    return left;
  }

  #factor(): Quantity {
    const word = this.#next('a number');
    if (word === '(') {
      if (++this.#depth > DEEPEST) throw new Fault('parentheses are nested too deeply');
      const inner = this.#quantity(0);
      this.#depth--;
      this.#expect(')');
      return inner;
    }
    if (word === 'len') return (frame) => frame.wireLength;
    if (this.#peek() === '[') return this.#bytesOf(word);
    const value = entryOf(NUMBERS, word) ?? numberOf(word);
    if (value === undefined) throw new Fault(`\`${word}\` is no number`);
    return () => value;
  }

  /** `tcp[13]`, `ip[2:2]` */
  #bytesOf(layer: string): Quantity {
    this.#at++;
    // Elsewhere colons are part of addresses.
    const close = this.#tokens.indexOf(']', this.#at);
    const inside = this.#tokens.slice(this.#at, close).flatMap((token) => token.split(/(:)/).filter((part) => part !== ''));
    this.#tokens.splice(this.#at, Math.max(0, close - this.#at), ...inside);
    const offset = this.#quantity(0);
    const width = this.#take(':') === undefined ? 1 : numberOf(this.#next('a width'));
    if (width !== 1 && width !== 2 && width !== 4) throw new Fault('1, 2 or 4 bytes make a number');
    this.#expect(']');
    const base = baseOf(layer);
    if (base === undefined) throw new Fault(`\`${layer}\` has no bytes to look at`);
    return (frame) => {
      const [begin, distance] = [base(frame), offset(frame)];
      return begin === undefined || distance === undefined ? undefined : numberAt(frame, begin + distance, width);
    };
  }

  #number(what: string): number {
    const word = this.#next(what);
    const value = numberOf(word);
    if (value === undefined) throw new Fault(`\`${word}\` is no number`);
    return value;
  }
}

function baseOf(layer: string): Quantity | undefined {
  if (layer === 'ether' || layer === 'link') return (frame) => frame.start;
  if (Object.hasOwn(ETHER_TYPES, layer)) return (frame) => (frame.etherType === ETHER_TYPES[layer] ? frame.network : undefined);
  if (!Object.hasOwn(PROTOCOLS, layer)) return undefined;
  return (frame) => (protocolOf(frame) === entryOf(PROTOCOLS, layer) ? transportOf(frame) : undefined);
}

function calculate(operator: string, a: number, b: number): number | undefined {
  switch (operator) {
    case '|':
      return (a | b) >>> 0;
    case '^':
      return (a ^ b) >>> 0;
    case '&':
      return (a & b) >>> 0;
    case '<<':
      return b > 31 ? 0 : (a << b) >>> 0;
    case '>>':
      return b > 31 ? 0 : a >>> b;
    case '+':
      return (a + b) >>> 0;
    case '-':
      return (a - b) >>> 0;
    case '*':
      return Math.imul(a, b) >>> 0;
    case '/':
      return b === 0 ? undefined : Math.floor(a / b);
    default:
      return b === 0 ? undefined : a % b;
  }
}

function numberOf(word: string | undefined): number | undefined {
  return word !== undefined && /^(?:\d{1,10}|0x[0-9a-f]{1,8})$/i.test(word) ? Number(word) : undefined;
}

function allOf(one: Test | undefined, other: Test): Test {
  return one === undefined ? other : (frame) => one(frame) && other(frame);
}

function either(direction: Direction, source: boolean, destination: boolean): boolean {
  if (direction === 'src') return source;
  if (direction === 'dst') return destination;
  return direction === 'src or dst' ? source || destination : source && destination;
}

function isAll(data: Uint8Array, start: number): boolean {
  for (let at = start; at < start + 6; at++) if (data[at] !== 0xff) return false;
  return true;
}

/** `10.1` is `10.1.0.0/16`. */
function wholeNetwork(id: string): string {
  const parts = id.split('.');
  return /^\d{1,3}(?:\.\d{1,3}){0,2}$/.test(id) && parseIpv4([...parts, '0', '0', '0'].slice(0, 4).join('.')) !== undefined
    ? `${[...parts, '0', '0', '0'].slice(0, 4).join('.')}/${parts.length * 8}`
    : id;
}

function addressTest({ version, from, to }: AddressRange, direction: Direction): Test {
  const [low, high] = [addressBytes(from, version), addressBytes(to, version)];
  const [source, destination] = version === 4 ? [12, 16] : [8, 24];
  const type = version === 4 ? ETHER_IPV4 : ETHER_IPV6;
  const isIn = (frame: Frame, offset: number): boolean => {
    const begin = frame.network + offset;
    if (begin + low.length > frame.end) return false;
    const address = frame.data.subarray(begin, begin + low.length);
    return compareBytes(address, low) >= 0 && compareBytes(address, high) <= 0;
  };
  return (frame) => {
    // ARP tells IPv4 addresses too.
    if (version === 4 && frame.etherType === ETHER_TYPES['arp']) return either(direction, isIn(frame, 14), isIn(frame, 24));
    return frame.etherType === type && either(direction, isIn(frame, source), isIn(frame, destination));
  };
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let at = 0; at < b.length; at++) if (a[at] !== b[at]) return a[at] - b[at];
  return 0;
}
