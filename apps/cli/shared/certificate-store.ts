/**
 * Certificates that rules ask for (`tls.store`), as PEM, each beside a text that says where they were seen. Suricata user guide,
 * "SSL/TLS Keywords", `tls-store`.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { formatAddressLong } from '@sigwright/bytes';
import type { Packet, Transaction } from '@sigwright/contracts';
import { isYes, outputOf, type Tree } from './configuration-tree.ts';

export class CertificateStore {
  /** the first that could not be written */
  failure: string | undefined = undefined;
  readonly #folder: string;
  readonly #done = new WeakSet<Transaction>();
  #count = 0;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Undefined: the configuration asks for none. */
  static of(tree: Tree, logFolder: string): CertificateStore | undefined {
    const options = outputOf(tree, 'tls-store');
    if (options === undefined || !isYes(options['enabled'], false)) return undefined;
    const folder = String(options['certs-log-dir'] ?? '');
    return new CertificateStore(isAbsolute(folder) ? folder : join(logFolder, folder));
  }

  /** Stores what a rule asked for, once. */
  see(transaction: Transaction | undefined, packet: Packet): void {
    if (transaction?.extract === undefined || this.#done.has(transaction)) return;
    const extract = transaction.extract();
    if (extract === undefined) return;
    this.#done.add(transaction);
    const { pem, about } = extract;
    const seconds = Math.floor(packet.time / 1e6);
    const micros = Math.floor(packet.time - seconds * 1e6);
    const name = join(this.#folder, `${seconds}.${String(micros).padStart(6, '0')}-${++this.#count}`);
    const lines: readonly (readonly [string, string])[] = [
      ['TIME', new Date(seconds * 1000).toISOString().replace(/\.000Z$/, `.${String(micros).padStart(6, '0')}Z`)],
      ['SRC IP', formatAddressLong(packet.source, packet.ipVersion)],
      ['DST IP', formatAddressLong(packet.destination, packet.ipVersion)],
      ['PROTO', String(packet.protocol)],
      ['SRC PORT', String(packet.sourcePort)],
      ['DST PORT', String(packet.destinationPort)],
      ...about,
    ];
    try {
      mkdirSync(this.#folder, { recursive: true });
      writeFileSync(`${name}.pem`, pem);
      // What traffic says must not make lines of its own.
      writeFileSync(`${name}.meta`, lines.map(([key, value]) => `${`${key}:`.padEnd(18)} ${value.replace(/[\r\n]+/g, ' ')}\n`).join(''));
    } catch (cause) {
      this.failure ??= `certificates could not be stored: ${(cause as Error).message}`;
    }
  }
}
