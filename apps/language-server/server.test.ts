/** The language server as an editor meets it: a process, spoken to over its standard input and output. */
import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createMessageConnection, type MessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-languageserver/node';

const root = join(import.meta.dirname, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'sigwright-editor-'));
const path = join(folder, 'rules', 'test.rules');
const uri = pathToFileURL(path).href;
const SETTER = 'alert http any any -> any any (msg:"SW first"; http.uri; content:"/gate.php"; flowbits:set,SW.seen; sid:1240390; rev:1;)';
const ASKER = 'alert http $HOME_NET any -> any any (msg:"SW second"; flowbits:isset,SW.seen; http.uri; content:"/next.php"; sid:1240391; rev:1;)';

interface Told {
  readonly uri: string;
  readonly version?: number;
  readonly diagnostics: readonly { readonly code: string; readonly message: string; readonly range: unknown }[];
}

let server: ChildProcess;
let connection: MessageConnection;
const told: Told[] = [];
let version = 1;

beforeAll(async () => {
  cpSync(join(root, 'examples', '2024-03-08'), folder, { recursive: true });
  writeFileSync(path, `${SETTER}\n`);
  server = spawn(process.execPath, [join(root, 'apps', 'cli', 'main.ts'), 'language-server', '--stdio'], { stdio: ['pipe', 'pipe', 'inherit'] });
  connection = createMessageConnection(new StreamMessageReader(server.stdout!), new StreamMessageWriter(server.stdin!));
  connection.onNotification('textDocument/publishDiagnostics', (one: Told) => {
    told.push(one);
  });
  connection.listen();
  await connection.sendRequest('initialize', {
    processId: process.pid,
    rootUri: null,
    capabilities: {},
    workspaceFolders: [{ uri: pathToFileURL(folder).href, name: 'week' }],
  });
  await connection.sendNotification('initialized', {});
  await connection.sendNotification('textDocument/didOpen', { textDocument: { uri, languageId: 'suricata-rules', version, text: `${SETTER}\n${ASKER}\n` } });
}, 60_000);

afterAll(async () => {
  const ended = new Promise((resolve) => server.once('exit', resolve));
  await connection.sendRequest('shutdown');
  await connection.sendNotification('exit');
  expect(await ended).toBe(0);
  connection.dispose();
  rmSync(folder, { recursive: true, force: true });
});

const at = (line: number, character: number) => ({ textDocument: { uri }, position: { line, character } });
const ask = <Answer>(method: string, params: object): Promise<Answer> => connection.sendRequest(method, params);

/** Changes one line, and waits for what the server says about it. */
async function write(line: number, start: number, end: number, text: string): Promise<Told> {
  await connection.sendNotification('textDocument/didChange', {
    textDocument: { uri, version: ++version },
    contentChanges: [{ range: { start: { line, character: start }, end: { line, character: end } }, text }],
  });
  for (;;) {
    const answer = told.findLast((one) => one.uri === uri && one.version === version);
    if (answer !== undefined) return answer;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test('diagnostics follow every change, and fixes come with them', async () => {
  const name = ASKER.indexOf('content');
  const wrong = await write(1, name, name + 7, 'contnt');
  expect(wrong.diagnostics.map((one) => one.code)).toContain('rule/unknown-keyword');
  const actions = await ask<{ title: string; edit: { changes: Record<string, { newText: string }[]> } }[]>('textDocument/codeAction', {
    textDocument: { uri },
    range: { start: { line: 1, character: name }, end: { line: 1, character: name + 3 } },
    context: { diagnostics: [] },
  });
  expect(actions[0].edit.changes[uri][0].newText).toBe('content');
  const right = await write(1, name, name + 6, 'content');
  expect(right.diagnostics.map((one) => one.code)).not.toContain('rule/unknown-keyword');
});

test('what only the set can show comes with a pause', async () => {
  const bit = SETTER.indexOf('SW.seen');
  await write(0, bit, bit + 7, 'SW.other');
  const deadline = Date.now() + 30_000;
  while (!told[told.length - 1].diagnostics.some((one) => one.code === 'lint/bits-never-set') && Date.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 20));
  expect(told[told.length - 1].diagnostics.map((one) => one.code)).toContain('lint/bits-never-set');
  await write(0, bit, bit + 8, 'SW.seen');
});

test('completion, hover, definition, references, rename', async () => {
  const items = await ask<{ label: string }[]>('textDocument/completion', at(1, ASKER.indexOf('SW.seen')));
  expect(items.map((one) => one.label)).toContain('SW.seen');
  const hover = await ask<{ contents: { value: string } }>('textDocument/hover', at(0, SETTER.indexOf('content') + 1));
  expect(hover.contents.value).toContain('prefilter');
  const bit = at(1, ASKER.indexOf('SW.seen') + 2);
  expect(await ask('textDocument/definition', bit)).toEqual([
    { uri, range: { start: { line: 0, character: SETTER.indexOf('SW.seen') }, end: { line: 0, character: SETTER.indexOf('; sid') } } },
  ]);
  expect(await ask('textDocument/references', { ...bit, context: { includeDeclaration: true } })).toHaveLength(2);
  const renamed = await ask<{ changes: Record<string, unknown[]> }>('textDocument/rename', { ...bit, newName: 'SW.new' });
  expect(renamed.changes[uri]).toHaveLength(2);
  await expect(ask('textDocument/rename', { ...bit, newName: 'a b' })).rejects.toThrow('no name');
  const variable = await ask<{ uri: string }[]>('textDocument/definition', at(1, ASKER.indexOf('$HOME_NET') + 2));
  expect(variable.map((one) => one.uri)).toContain(pathToFileURL(join(folder, 'ruleset.yaml')).href);
});

test('a rule of the repository: where it is named, what it does on its evidence', async () => {
  const other = pathToFileURL(join(folder, 'rules', 'malware.rules')).href;
  const text = readFileSync(join(folder, 'rules', 'malware.rules'), 'utf8');
  await connection.sendNotification('textDocument/didOpen', { textDocument: { uri: other, languageId: 'suricata-rules', version: 1, text } });
  const lenses = await ask<{ data: { sid: number } }[]>('textDocument/codeLens', { textDocument: { uri: other } });
  expect(lenses.length).toBeGreaterThan(3);
  const lens = await ask<{ command: { title: string } }>('codeLens/resolve', lenses[0]);
  expect(lens.command.title).toMatch(/^fires on (\d+) of \1 captures?, silent on (\d+) of \2 captures?$/);
  const { sid } = lenses[0].data;
  const explained = await ask<string>('workspace/executeCommand', { command: 'sigwright.explain', arguments: [other, sid] });
  expect(explained).toMatch(/it fired 1 time/);
  const line = text.split('\n').findIndex((one) => one.includes(`sid:${sid};`));
  const position = { line, character: text.split('\n')[line].indexOf(`sid:${sid}`) + 5 };
  const places = await ask<{ uri: string }[]>('textDocument/references', { textDocument: { uri: other }, position, context: { includeDeclaration: true } });
  expect(places.map((one) => one.uri)).toContain(pathToFileURL(join(folder, 'evidence', String(sid), 'expect.yaml')).href);
});

test('one file under two spellings of its address is one file', async () => {
  const spelled = uri.replace('test.rules', 'test%2Erules');
  await connection.sendNotification('textDocument/didClose', { textDocument: { uri } });
  await connection.sendNotification('textDocument/didOpen', { textDocument: { uri: spelled, languageId: 'suricata-rules', version, text: `${SETTER}\n` } });
  const symbols = await ask<{ location: { uri: string } }[]>('workspace/symbol', { query: 'SW first' });
  expect(symbols.map((one) => one.location.uri)).toEqual([spelled]);
  expect(told.findLast((one) => one.diagnostics.length > 0 && one.uri.includes('test'))?.uri).toBe(spelled);
  await connection.sendNotification('textDocument/didClose', { textDocument: { uri: spelled } });
  await connection.sendNotification('textDocument/didOpen', { textDocument: { uri, languageId: 'suricata-rules', version, text: `${SETTER}\n${ASKER}\n` } });
});

test('files that come and go on disk; changes of what is no file are passed over', async () => {
  const third = join(folder, 'rules', 'third.rules');
  const thirdUri = pathToFileURL(third).href;
  const watched = (type: number) =>
    connection.sendNotification('workspace/didChangeWatchedFiles', {
      changes: [
        { uri: 'vscode-vfs://host/a.rules', type },
        { uri: thirdUri, type },
      ],
    });
  writeFileSync(third, SETTER.replace('1240390', '1240399'));
  await watched(1);
  expect(await ask<unknown[]>('workspace/symbol', { query: '1240399' })).toHaveLength(1);
  rmSync(third);
  await watched(3);
  expect(await ask<unknown[]>('workspace/symbol', { query: '1240399' })).toHaveLength(0);
});

test('a file beside the folder, with a name that begins alike, is forgotten when it is closed', async () => {
  mkdirSync(`${folder}-beside`);
  writeFileSync(join(`${folder}-beside`, 'a.rules'), SETTER);
  const beside = pathToFileURL(join(`${folder}-beside`, 'a.rules')).href;
  await connection.sendNotification('textDocument/didOpen', { textDocument: { uri: beside, languageId: 'suricata-rules', version: 1, text: SETTER } });
  await connection.sendNotification('textDocument/didClose', { textDocument: { uri: beside } });
  expect((await ask<{ location: { uri: string } }[]>('workspace/symbol', { query: 'SW first' })).map((one) => one.location.uri)).toEqual([uri]);
  rmSync(`${folder}-beside`, { recursive: true });
});

test('outline, folding, colours, hints, format', async () => {
  const document = { textDocument: { uri } };
  expect((await ask<{ name: string }[]>('textDocument/documentSymbol', document)).map((one) => one.name)).toEqual(['1240390 SW first', '1240391 SW second']);
  expect(await ask('textDocument/foldingRange', document)).toEqual([]);
  const { data } = await ask<{ data: number[] }>('textDocument/semanticTokens/full', document);
  expect(data.length).toBeGreaterThan(50);
  expect(data.length % 5).toBe(0);
  const { resultId } = await ask<{ resultId: string }>('textDocument/semanticTokens/full', document);
  await write(1, 0, 0, '#');
  const { edits } = await ask<{ edits: { start: number; deleteCount: number; data: number[] }[] }>('textDocument/semanticTokens/full/delta', {
    ...document,
    previousResultId: resultId,
  });
  const fresh = await ask<{ data: number[] }>('textDocument/semanticTokens/full', document);
  const [edit] = edits;
  expect([...data.slice(0, edit.start), ...edit.data, ...data.slice(edit.start + edit.deleteCount)]).toEqual(fresh.data);
  expect(edit.start).toBeGreaterThan(50);
  await write(1, 0, 1, '');
  const range = { start: { line: 0, character: 0 }, end: { line: 2, character: 0 } };
  expect((await ask<{ label: string }[]>('textDocument/inlayHint', { ...document, range })).map((one) => one.label)).toEqual(['prefilter', 'prefilter']);
  const [formatted] = await ask<{ newText: string }[]>('textDocument/formatting', { ...document, options: { tabSize: 2, insertSpaces: true } });
  expect(formatted.newText.indexOf('flowbits')).toBeLessThan(formatted.newText.indexOf('http.uri'));
});
