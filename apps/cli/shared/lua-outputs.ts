/** Lua scripts that `outputs: - lua` names, which write records of their own. Suricata user guide, "Lua output". */
import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { latin1 } from '@sigwright/bytes';
import { failureOf, Script } from '@sigwright/catalogue';
import {
  type Catalogue,
  type Direction,
  type EngineSettings,
  type EveRecord,
  type FileTransfer,
  type Flow,
  type Packet,
  type ProtocolDefinition,
  TO_CLIENT,
  TO_SERVER,
  type Transaction,
} from '@sigwright/contracts';
import { type Alert, ScriptSubject } from '@sigwright/detection';
import { Float, Table, UserData, type Value } from '@sigwright/lua';
import { at, isYes, type Tree } from './configuration-tree.ts';
import { countersIn } from './stats-log.ts';

interface Output {
  readonly script: Script;
  /** `http`, or `packet`, `alerts`, `flow`, `stats`, `file`, `stream`, `bodies` */
  readonly wants: string;
}

export class LuaOutputs {
  readonly #outputs: readonly Output[];
  readonly #subject: ScriptSubject;

  /** Throws where a script can not be used; the message is for people. */
  constructor(tree: Tree, configurationFile: string | undefined, folder: string, settings: EngineSettings, catalogue: Catalogue) {
    this.#subject = new ScriptSubject(catalogue);
    const outputs = at(tree, 'outputs');
    const wanted = (Array.isArray(outputs) ? outputs : []).flatMap((output) => (isYes(at(output, 'lua.enabled'), false) ? [at(output, 'lua')] : []));
    this.#outputs = wanted.flatMap((lua) => {
      const scripts = at(lua, 'scripts');
      const scriptFolder = folderOf(at(lua, 'scripts-dir'));
      return (Array.isArray(scripts) ? scripts : []).map((name) => output(String(name), scriptFolder, configurationFile, folder, settings));
    });
  }

  get any(): boolean {
    return this.#outputs.length > 0;
  }

  /** Something is written for every packet. */
  get wantsPackets(): boolean {
    return this.#outputs.some(({ wants }) => wants === 'packet');
  }

  #run(wants: string, args: (script: Script) => readonly Value[] = (script) => [script.table()]): void {
    for (const one of this.#outputs) if (one.wants === wants) one.script.run('log', this.#subject, args(one.script));
  }

  #see(packet: Packet | undefined, flow: Flow | undefined, transaction: Transaction | undefined): void {
    const subject = this.#subject;
    subject.packet = packet;
    subject.flow = flow;
    subject.transaction = transaction;
    subject.direction = packet?.direction ?? TO_SERVER;
    subject.rule = undefined;
  }

  packet(packet: Packet, flow: Flow | undefined): void {
    this.#see(packet, flow, undefined);
    this.#run('packet');
  }

  alert({ rule, flow, transaction }: Alert, packet: Packet, classification: string): void {
    this.#see(packet, flow, transaction);
    const { gid, sid, rev, message, action, priority } = rule;
    this.#subject.rule = { gid, sid, rev, message, action, priority, classification };
    this.#run('alerts');
  }

  transaction(protocol: ProtocolDefinition, transaction: Transaction, flow: Flow, packet: Packet): void {
    if (this.#outputs.length === 0) return;
    this.#see(packet, flow, transaction);
    this.#run(protocol.name);
    if (this.#outputs.some(({ wants }) => wants === 'bodies') && (protocol.name === 'http' || protocol.name === 'http2')) this.#bodies();
  }

  /** Something is written for bytes of streams. */
  get wantsStreams(): boolean {
    return this.#outputs.some(({ wants }) => wants === 'stream');
  }

  stream(flow: Flow, direction: Direction, bytes: Uint8Array, open: boolean, close: boolean): void {
    this.#see(undefined, flow, undefined);
    this.#subject.direction = direction;
    this.#chunk('stream', direction, bytes, open, close);
  }

  /** Each body is one piece: by the time the exchange is told of it is whole, as far as it is kept. */
  #bodies(): void {
    for (const [buffer, direction] of BODIES) {
      const bytes = this.#subject.buffer(buffer, direction);
      if (bytes !== undefined && bytes.length > 0) this.#chunk('bodies', direction, bytes, true, true);
    }
  }

  #chunk(wants: string, direction: Direction, bytes: Uint8Array, open: boolean, close: boolean): void {
    const data = latin1(bytes);
    const [toserver, toclient] = [direction === TO_SERVER, direction === TO_CLIENT];
    this.#run(wants, (script) => [script.table({ stream: script.table({ data, open, close, toserver, toclient }) })]);
  }

  /** `details`: what is known of it beside what the wire says, as `file_id` and digests. */
  file(file: FileTransfer, details: Readonly<Record<string, unknown>>, transaction: Transaction, flow: Flow, packet: Packet): void {
    this.#see(packet, flow, transaction);
    const digests = Object.fromEntries(
      ['md5', 'sha1', 'sha256', 'magic'].flatMap((name) => (typeof details[name] === 'string' ? [[name, details[name]]] : [])),
    );
    const id = typeof details['file_id'] === 'number' ? details['file_id'] : 0;
    this.#subject.file = { id, name: file.name, size: file.size, state: file.state, isStored: details['stored'] === true, digests };
    this.#run('file');
    this.#subject.file = undefined;
  }

  flow(flow: Flow): void {
    this.#see(undefined, flow, undefined);
    this.#run('flow');
  }

  stats(record: EveRecord): void {
    this.#see(undefined, undefined, undefined);
    this.#run('stats', (script) => [
      script.lua.list(countersIn(record['stats'], '').map(([name, value]) => script.table({ name, value, tmname: 'Total', pvalue: 0 }))),
    ]);
  }

  close(): void {
    for (const { script } of this.#outputs) if (script.has('deinit')) script.run('deinit', undefined, [script.table()]);
  }
}

/** A dot alone is no text to YAML 1.1. */
function folderOf(written: unknown): string {
  return typeof written === 'string' ? written : '.';
}

function output(name: string, scriptFolder: string, configurationFile: string | undefined, logFolder: string, settings: EngineSettings): Output {
  const beside = configurationFile === undefined ? [] : [join(dirname(configurationFile), scriptFolder, name)];
  const path = (isAbsolute(name) ? [name] : [join(scriptFolder, name), ...beside]).find((one) => existsSync(one));
  if (path === undefined) throw new Error(`Lua script ${name} is not there`);
  try {
    const script = new Script(name, readFileSync(path), settings, undefined, logFolder);
    script.lua.globals.set('io', script.lua.library({ open: ([file, mode]) => openFile(script, String(file), typeof mode === 'string' ? mode : 'r') }));
    if (!script.has('init') || !script.has('log')) throw new Error('it has no functions init and log');
    const [needs] = script.setUp('init', [script.table()]);
    const wants = wantedBy(needs);
    if (wants === undefined) throw new Error('init asks for nothing that is known');
    if (script.has('setup')) script.setUp('setup', [script.table()]);
    return { script, wants };
  } catch (error) {
    throw new Error(`Lua script ${name} can not be used: ${failureOf(error)?.text ?? (error as Error).message}`);
  }
}

const KINDS = new Set(['packet', 'flow', 'stats', 'file']);
/** Of exchanges of HTTP, those of the request first. */
const BODIES: readonly (readonly [buffer: string, direction: Direction])[] = [
  ['http.request_body', TO_SERVER],
  ['http.response_body', TO_CLIENT],
];

/** What the table says that `init` gave. */
function wantedBy(needs: Value): string | undefined {
  if (!(needs instanceof Table)) return undefined;
  const protocol = needs.get('protocol');
  const type = needs.get('type');
  if (type === 'streaming') return protocol === 'http' ? 'bodies' : needs.get('filter') === 'tcp' ? 'stream' : undefined;
  if (typeof protocol === 'string') return protocol;
  if (type === 'packet' && needs.get('filter') === 'alerts') return 'alerts';
  return typeof type === 'string' && KINDS.has(type) ? type : undefined;
}

/** `io.open` for what outputs do: write, append, read to the end or by lines. */
function openFile(script: Script, path: string, mode: string): readonly Value[] {
  const isReading = mode.startsWith('r');
  let descriptor: number;
  let text = '';
  try {
    descriptor = openSync(path, mode.replace('b', ''));
    if (isReading) text = readFileSync(path, 'latin1');
  } catch (error) {
    return [undefined, `${path}: ${(error as Error).message}`, 2];
  }
  let isOpen = true;
  let place = 0;
  const methods: Table = script.lua.library({
    write(args) {
      const bytes = args
        .slice(1)
        .map((value) => String(script.lua.call(script.lua.globals.get('tostring'), [value])[0]))
        .join('');
      if (isOpen) writeSync(descriptor, Buffer.from(bytes, 'latin1'));
      return [args[0]];
    },
    flush: (args) => [args[0]],
    close() {
      if (isOpen) closeSync(descriptor);
      isOpen = false;
      return [true];
    },
    read([, what]) {
      if (what instanceof Float || typeof what === 'number') {
        const piece = text.slice(place, place + Number(what instanceof Float ? what.value : what));
        place += piece.length;
        return [piece === '' ? undefined : piece];
      }
      if (typeof what === 'string' && what.replace('*', '').startsWith('a')) {
        const rest = text.slice(place);
        place = text.length;
        return [rest];
      }
      return [line()];
    },
    lines: () => [() => [line()]],
  });
  const line = (): string | undefined => {
    if (place >= text.length) return undefined;
    const end = text.indexOf('\n', place);
    const found = text.slice(place, end < 0 ? text.length : end);
    place = end < 0 ? text.length : end + 1;
    return found;
  };
  script.lua.keep(methods);
  return [new UserData(methods, undefined)];
}
