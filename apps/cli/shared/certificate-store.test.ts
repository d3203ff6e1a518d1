/** Certificates that rules ask for: stored once, beside what was seen; nothing where no rule asks, a word where it can not be written. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Packet, Transaction } from '@sigwright/contracts';
import { afterAll, expect, test } from 'vitest';
import { CertificateStore } from './certificate-store.ts';

const root = mkdtempSync(join(tmpdir(), 'sigwright-certificates-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

class Exchange extends Transaction {}

function seen(subject: string): Transaction {
  const transaction = new Exchange(0, 0);
  transaction.extract = () => ({ pem: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', about: [['TLS SUBJECT', subject]] });
  return transaction;
}

function packet(): Packet {
  const one = new Packet();
  one.time = 1_700_000_000_000_042;
  one.ipVersion = 4;
  one.protocol = 6;
  one.source.set([0x0a000001, 0, 0, 0]);
  one.destination.set([0x0a000002, 0, 0, 0]);
  one.sourcePort = 443;
  one.destinationPort = 50_000;
  return one;
}

const storeIn = (folder: string) => CertificateStore.of({ outputs: [{ 'tls-store': { enabled: 'yes', 'certs-log-dir': folder } }] }, root);

test('once for a connection, as PEM and a text whose lines the traffic can not forge', () => {
  const store = storeIn('certs');
  const one = seen('CN=a\nSRC IP: 1.2.3.4');
  for (let times = 0; times < 3; times++) store?.see(one, packet());
  store?.see(new Exchange(1, 0), packet());
  store?.see(undefined, packet());
  expect(readdirSync(join(root, 'certs')).sort()).toEqual(['1700000000.000042-1.meta', '1700000000.000042-1.pem']);
  const about = readFileSync(join(root, 'certs', '1700000000.000042-1.meta'), 'utf8');
  expect(about.split('\n').filter((line) => line.startsWith('SRC IP'))).toEqual(['SRC IP:            10.0.0.1']);
  expect(about).toContain('TLS SUBJECT:       CN=a SRC IP: 1.2.3.4\n');
});

test('certificates that come after the rule asked are stored once they are there', () => {
  const store = storeIn('later');
  const one = new Exchange(0, 0);
  let pem: string | undefined;
  one.extract = () => (pem === undefined ? undefined : { pem, about: [] });
  store?.see(one, packet());
  pem = 'AAAA';
  store?.see(one, packet());
  expect(readdirSync(join(root, 'later'))).toHaveLength(2);
});

test('what can not be written is told', () => {
  writeFileSync(join(root, 'file'), '');
  const store = storeIn('file');
  store?.see(seen('CN=a'), packet());
  expect(store?.failure).toMatch(/could not be stored/);
});

test('nobody asked', () => expect(CertificateStore.of({ outputs: [{ 'tls-store': { enabled: 'no' } }] }, root)).toBeUndefined());
