/** The package that VS Code installs: it builds, holds what its manifests name, and the server in it starts by itself. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-languageserver/node';
import { buildExtension } from './build.ts';

const folder = mkdtempSync(join(tmpdir(), 'sigwright-vsix-'));
let files: Map<string, Buffer>;

beforeAll(async () => {
  files = unzip(readFileSync(await buildExtension(folder)));
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Names and bytes, by the central directory (APPNOTE 4.3.12). */
function unzip(zip: Buffer): Map<string, Buffer> {
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  const found = new Map<string, Buffer>();
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    const [method, size, names, extra, comment, local] = [
      zip.readUInt16LE(at + 10),
      zip.readUInt32LE(at + 20),
      zip.readUInt16LE(at + 28),
      zip.readUInt16LE(at + 30),
      zip.readUInt16LE(at + 32),
      zip.readUInt32LE(at + 42),
    ];
    const data = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    const bytes = zip.subarray(data, data + size);
    found.set(zip.toString('utf8', at + 46, at + 46 + names), method === 0 ? bytes : inflateRawSync(bytes));
    at += 46 + names + extra + comment;
  }
  return found;
}

test('everything the manifests name is there', () => {
  const manifest = JSON.parse(files.get('extension/package.json')!.toString()) as {
    main: string;
    icon: string;
    contributes: { languages: { configuration: string }[]; grammars: { path: string }[] };
  };
  const named = [
    manifest.main,
    manifest.icon,
    ...manifest.contributes.languages.map((one) => one.configuration),
    ...manifest.contributes.grammars.map((one) => one.path),
  ];
  for (const path of named) expect(files.has(join('extension', path)), path).toBe(true);
  const vsix = files.get('extension.vsixmanifest')!.toString();
  for (const [, path] of vsix.matchAll(/ Path="([^"]+)"/g)) expect(files.has(path), path).toBe(true);
  const types = files.get('[Content_Types].xml')!.toString();
  for (const path of files.keys()) if (path !== '[Content_Types].xml') expect(types, path).toContain(`Extension=".${path.slice(path.lastIndexOf('.') + 1)}"`);
});

test('the icon is a square PNG of at least 128 points', () => {
  const icon = files.get('extension/icon.png')!;
  expect(icon.subarray(0, 8).toString('latin1')).toBe('\x89PNG\r\n\x1a\n');
  expect(icon.readUInt32BE(16)).toBeGreaterThanOrEqual(128);
  expect(icon.readUInt32BE(20)).toBe(icon.readUInt32BE(16));
});

test('the grammar: every pattern can be read, every name it includes exists, and a rule begins', () => {
  interface Node {
    match?: string;
    begin?: string;
    end?: string;
    include?: string;
    patterns?: Node[];
  }
  const grammar = JSON.parse(files.get('extension/syntaxes/suricata-rules.tmLanguage.json')!.toString()) as Node & { repository: Record<string, Node> };
  let patterns = 0;
  const walk = (node: Node): void => {
    for (const pattern of [node.match, node.begin, node.end]) {
      if (pattern === undefined) continue;
      patterns++;
      expect(() => new RegExp(pattern)).not.toThrow();
    }
    if (node.include !== undefined) expect(grammar.repository).toHaveProperty(node.include.slice(1));
    for (const inner of node.patterns ?? []) walk(inner);
  };
  walk(grammar);
  for (const node of Object.values(grammar.repository)) walk(node);
  expect(patterns).toBeGreaterThan(15);
  expect('alert http any any -> any any (msg:"x"; sid:1;)').toMatch(new RegExp(grammar.repository['rule'].begin!));
  expect('#alert http any any -> any any (msg:"x"; sid:1;)').toMatch(new RegExp(grammar.repository['disabled'].match!));
});

test('the server in it starts where nothing else is, and judges a rule', async () => {
  const place = mkdtempSync(join(tmpdir(), 'sigwright-installed-'));
  for (const [name, bytes] of files) {
    mkdirSync(dirname(join(place, name)), { recursive: true });
    writeFileSync(join(place, name), bytes);
  }
  const server = spawn(process.execPath, [join(place, 'extension', 'server.mjs'), '--stdio'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const connection = createMessageConnection(new StreamMessageReader(server.stdout), new StreamMessageWriter(server.stdin));
  const told = new Promise<{ diagnostics: { code: string }[] }>((resolve) => {
    connection.onNotification('textDocument/publishDiagnostics', resolve);
  });
  connection.listen();
  await connection.sendRequest('initialize', { processId: null, rootUri: null, capabilities: {} });
  await connection.sendNotification('initialized', {});
  const text = 'alert http any any -> any any (http.uri; contnt:"/gate.php"; sid:1;)\n';
  await connection.sendNotification('textDocument/didOpen', { textDocument: { uri: 'untitled:1', languageId: 'suricata-rules', version: 1, text } });
  expect((await told).diagnostics.map((one) => one.code)).toContain('rule/unknown-keyword');
  const ended = new Promise((resolve) => server.once('exit', resolve));
  await connection.sendRequest('shutdown');
  await connection.sendNotification('exit');
  expect(await ended).toBe(0);
  rmSync(place, { recursive: true, force: true });
}, 60_000);
