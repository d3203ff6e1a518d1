/**
 * What a keystroke costs in a large file: the server as an editor starts it, spoken to over its standard input and output. Says the
 * processor time of the server and the time from key to marks, for a file of 2,000 rules (made here, or the first of RULES).
 *
 *     node benches/language-server.bench.ts [RULES]
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-languageserver/node';

const RULES = 2000;
const KEYS = 200;
const TICKS_A_SECOND = 100;

function made(): string[] {
  return Array.from({ length: RULES }, (_, at) => {
    const host = `h${at}.example.com`;
    return `alert http $HOME_NET any -> $EXTERNAL_NET any (msg:"EX MALWARE family ${at} CnC Check-in"; flow:established,to_server; http.method; content:"POST"; http.uri; content:"/path${at}/gate.php"; fast_pattern; http.host; content:"${host}"; bsize:${host.length}; flowbits:set,EX.f${at % 50}; reference:url,example.com/${at}; classtype:trojan-activity; sid:${1_000_000 + at}; rev:1; metadata:created_at 2024_03_08, signature_severity Major, confidence High;)`;
  });
}

const given = process.argv[2];
const lines =
  given === undefined
    ? made()
    : readFileSync(given, 'utf8')
        .split('\n')
        .filter((line) => line.startsWith('alert'))
        .slice(0, RULES);
const root = join(import.meta.dirname, '..');
const server = spawn(join(root, 'sigwright'), ['language-server'], { stdio: ['pipe', 'pipe', 'inherit'] });
const connection = createMessageConnection(new StreamMessageReader(server.stdout), new StreamMessageWriter(server.stdin));
const told = new Map<number, () => void>();
connection.onNotification('textDocument/publishDiagnostics', ({ version }: { version: number }) => told.get(version)?.());
connection.listen();
const untilTold = (version: number): Promise<void> => new Promise((resolve) => told.set(version, resolve));

/** Milliseconds of processor time of the server so far (Linux). */
function spent(): number {
  const fields = readFileSync(`/proc/${server.pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_A_SECOND;
}
function told50(times: readonly number[]): string {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (part: number): string => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))].toFixed(1);
  return `median ${at(0.5)} ms, 95 % ${at(0.95)} ms, worst ${at(1)} ms`;
}
async function timed(times: number[], work: () => Promise<unknown>): Promise<void> {
  const started = performance.now();
  await work();
  times.push(performance.now() - started);
}

await connection.sendRequest('initialize', { processId: process.pid, rootUri: null, capabilities: {}, workspaceFolders: null });
await connection.sendNotification('initialized', {});
const uri = 'untitled:bench.rules';
const opened = performance.now();
const first = untilTold(1);
await connection.sendNotification('textDocument/didOpen', { textDocument: { uri, languageId: 'suricata-rules', version: 1, text: `${lines.join('\n')}\n` } });
await first;
console.log(`${lines.length} rules, ${(lines.join('\n').length / 1024).toFixed(0)} KiB; opened and judged in ${(performance.now() - opened).toFixed(0)} ms`);

const line = Math.floor(lines.length / 2);
const start = lines[line].indexOf('"', lines[line].indexOf('content:')) + 1;
const keys: number[] = [];
// The first ones compile the server's code.
const before = { cpu: 0 };
for (let key = 0; key < KEYS + 50; key++) {
  if (key === 50) {
    before.cpu = spent();
    keys.length = 0;
  }
  const version = key + 2;
  const position = { line, character: start + key };
  await timed(keys, async () => {
    const answer = untilTold(version);
    await connection.sendNotification('textDocument/didChange', {
      textDocument: { uri, version },
      contentChanges: [{ range: { start: position, end: position }, text: 'x' }],
    });
    await answer;
  });
}
console.log(`key → marks: ${told50(keys)}; processor ${((spent() - before.cpu) / KEYS).toFixed(1)} ms a key`);

const place = { textDocument: { uri }, position: { line, character: start } };
for (const [name, method, params] of [
  ['completion of a keyword', 'textDocument/completion', { textDocument: { uri }, position: { line, character: lines[line].indexOf('flow:') } }],
  ['hover', 'textDocument/hover', { textDocument: { uri }, position: { line, character: lines[line].indexOf('content') + 1 } }],
  ['fixes', 'textDocument/codeAction', { textDocument: { uri }, range: { start: place.position, end: place.position }, context: { diagnostics: [] } }],
  [
    'colours of a screen',
    'textDocument/semanticTokens/range',
    { textDocument: { uri }, range: { start: { line, character: 0 }, end: { line: line + 40, character: 0 } } },
  ],
  ['hints of a screen', 'textDocument/inlayHint', { textDocument: { uri }, range: { start: { line, character: 0 }, end: { line: line + 40, character: 0 } } }],
  ['colours of the file', 'textDocument/semanticTokens/full', { textDocument: { uri } }],
  ['outline', 'textDocument/documentSymbol', { textDocument: { uri } }],
] as const) {
  const times: number[] = [];
  for (let round = 0; round < 20; round++) await timed(times, () => connection.sendRequest(method, params));
  console.log(`${name}: ${told50(times)}`);
}
await connection.sendRequest('shutdown');
await connection.sendNotification('exit');
connection.dispose();
