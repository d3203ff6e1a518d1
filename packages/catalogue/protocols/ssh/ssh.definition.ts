/** SSH (RFC 4253 §4.2): the banners of both sides. What follows the key exchange is encrypted. Progress 1: banner read, 2: over. */
import { latin1, utf8 } from '@sigwright/bytes';
import {
  asKeywords,
  type BufferDefinition,
  type Direction,
  type EngineSettings,
  fillWindow,
  IS_THIS,
  keyword,
  NEED_MORE,
  NOT_THIS,
  type ProtocolDefinition,
  type ProtocolSession,
  TO_CLIENT,
  TO_SERVER,
  Transaction,
} from '@sigwright/contracts';
import { none } from '../../arguments/index.ts';

const BANNER = 1;
const OVER = 2;
/** RFC 4253 allows 255 bytes. */
const LONGEST_BANNER = 8192;
const NEW_KEYS = 21;

interface Banner {
  readonly proto: Uint8Array;
  readonly software: Uint8Array;
}

class SshTransaction extends Transaction {
  readonly banners: [Banner | undefined, Banner | undefined] = [undefined, undefined];
}

class SshSession implements ProtocolSession {
  readonly transactions: Transaction[] = [];
  count = 1;
  nextProtocol: string | undefined = undefined;
  opaque = false;
  done = false;
  readonly anomalies: string[] = [];
  readonly #transaction: SshTransaction;
  readonly #settings: EngineSettings;
  readonly #encrypted: [boolean, boolean] = [false, false];

  constructor(settings: EngineSettings, time: number) {
    this.#settings = settings;
    this.#transaction = new SshTransaction(0, time);
    this.transactions.push(this.#transaction);
  }

  consume(direction: Direction, bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    while (this.#transaction.banners[direction] === undefined) {
      const newline = bytes.subarray(at, end).indexOf(0x0a);
      if (newline === -1) {
        if (end - at < LONGEST_BANNER) return at;
        this.#transaction.raise('long_banner');
        return -1;
      }
      this.#line(direction, bytes, at, at + newline);
      at += newline + 1;
    }
    while (!this.#encrypted[direction] && end - at >= 6) {
      const length = ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
      if (length < 2 || length > 65_536) return -1;
      if (end - at < 4 + length) return at;
      if (bytes[at + 5] === NEW_KEYS) this.#newKeys(direction);
      at += 4 + length;
    }
    return this.#encrypted[direction] ? end : at;
  }

  #line(direction: Direction, bytes: Uint8Array, start: number, end: number): void {
    const line = latin1(bytes, start, end).replace(/\r$/, '');
    const match = /^SSH-([^-]+)-(\S*)/.exec(line);
    if (match === null) return;
    const from = start + 4;
    this.#transaction.banners[direction] = {
      proto: bytes.slice(from, from + match[1].length),
      software: bytes.slice(from + match[1].length + 1, from + match[1].length + 1 + match[2].length),
    };
    this.#transaction.advance(direction, BANNER);
  }

  #newKeys(direction: Direction): void {
    this.#encrypted[direction] = true;
    this.#transaction.advance(direction, OVER);
    if (!this.#encrypted[0] || !this.#encrypted[1]) return;
    this.done = true;
    this.opaque = this.#settings.tls.encryptionHandling !== 'full';
  }

  skip(): boolean {
    return false;
  }

  finish(): void {
    this.#transaction.advance(TO_SERVER, OVER);
    this.#transaction.advance(TO_CLIENT, OVER);
  }
}

const BOTH: readonly Direction[] = [TO_SERVER, TO_CLIENT];

const buffers: readonly BufferDefinition[] = (['proto', 'software'] as const).map((part) => ({
  of: 'transaction' as const,
  name: `ssh.${part}`,
  summary: part === 'proto' ? 'protocol version in the banner' : 'software in the banner',
  shape: 'text' as const,
  protocol: 'ssh',
  directions: BOTH,
  multiple: false,
  progress: () => BANNER,
  read: (transaction, direction, index, window) => index === 0 && fillWindow(window, (transaction as SshTransaction).banners[direction]?.[part]),
}));

function shown(banner: Banner | undefined): Record<string, unknown> | undefined {
  return banner === undefined ? undefined : { proto_version: utf8(banner.proto), software_version: utf8(banner.software) };
}

function body(transaction: Transaction): Record<string, unknown> {
  const { banners } = transaction as SshTransaction;
  const record: Record<string, unknown> = {};
  if (banners[0] !== undefined) record['client'] = shown(banners[0]);
  if (banners[1] !== undefined) record['server'] = shown(banners[1]);
  return record;
}

export const protocol: ProtocolDefinition = {
  name: 'ssh',
  recordName: 'ssh',
  transport: ['tcp'],
  summary: 'SSH banners',
  ports: [22],
  anyPort: true,
  recognise(bytes, start, end) {
    const head = latin1(bytes, start, Math.min(end, start + 4));
    return head === 'SSH-' ? IS_THIS : 'SSH-'.startsWith(head) ? NEED_MORE : NOT_THIS;
  },
  open: (flow, settings) => new SshSession(settings, flow.lastTime),
  complete: [OVER, OVER],
  buffers,
  keywords: asKeywords(
    ...buffers.map((one) =>
      keyword({
        name: one.name,
        aliases: [one.name.replace('.', '_')],
        family: 'ssh',
        since: '5.0',
        summary: one.summary,
        kind: 'sticky-buffer' as const,
        protocol: 'ssh',
        argument: none(),
        examples: [`${one.name}; content:"abc";`],
        broken: [{ options: `${one.name}:1;`, code: `${one.name}/argument` }],
        apply(_none, builder) {
          builder.selectBuffer(one.name);
        },
      }),
    ),
  ),
  anomalies: [{ name: 'long_banner', summary: 'a banner longer than is read' }],
  records(transaction) {
    const { banners } = transaction as SshTransaction;
    return banners[0] === undefined && banners[1] === undefined ? [] : [{ type: 'ssh', body: body(transaction), direction: TO_SERVER }];
  },
  context: body,
};
