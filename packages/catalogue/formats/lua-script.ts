/**
 * A script that a rule names, ready to be called: its own machine, within the limits of the settings, and the libraries
 * `suricata.*` that it may require (Suricata user guide, "Lua functions").
 */
import { base64, concatBytes, formatAddress, fromLatin1, hex, latin1, md5, sha1, sha256 } from '@sigwright/bytes';
import { type EngineSettings, eveTimestamp, type Flow, type LuaSettings, type Packet } from '@sigwright/contracts';
import {
  HostObject,
  integerArgument,
  LimitReached,
  LuaError,
  LuaTable,
  load,
  type Machine,
  nativeTable,
  newMachine,
  textArgument,
  type Value,
} from '../lua/index.ts';

/** nested calls; JavaScript's own stack has room for several times as many */
const DEEPEST = 150;
const LONGEST_SCRIPT = 1 << 20;

/** What a call is about. */
export interface Occasion {
  packet: Packet | undefined;
  flow: Flow | undefined;
  variables: Float64Array | undefined;
}

export interface ScriptHost {
  /** index of a variable of the rule; undefined: there is none */
  variable?(name: string): number | undefined;
  readonly rule?: { readonly gid: number; readonly sid: number; readonly rev: number; readonly message: string };
}

export class LuaScript {
  readonly occasion: Occasion = { packet: undefined, flow: undefined, variables: undefined };
  /** it reads variables that byte tests set */
  usesVariables = false;
  readonly machine: Machine;
  readonly #settings: LuaSettings;
  #failed = false;

  /** Throws LuaError or LimitReached where the text can not be read or its chunk fails. */
  constructor(text: string, name: string, settings: LuaSettings, host: ScriptHost) {
    this.#settings = settings;
    this.machine = newMachine({ instructions: settings.instructions, memory: settings.memory, depth: DEEPEST }, { restricted: settings.restrictedFunctions });
    this.machine.say = (line) => settings.say?.('print', line);
    const libraries = librariesOf(this, settings, host);
    this.machine.globals.set(
      'require',
      nativeTable({
        require: (args) => {
          const wanted = textArgument('require', args, 0);
          const library = libraries[wanted];
          if (library === undefined) throw new LuaError(`there is no library '${wanted.slice(0, 60)}' here`);
          return [library];
        },
      }).get('require'),
    );
    this.machine.run(load(this.machine, text, name), []);
  }

  has(name: string): boolean {
    return this.machine.globals.get(name) !== undefined;
  }

  /** undefined: the call failed, and the host was told. */
  call(name: string, args: Value[]): Value[] | undefined {
    try {
      return this.machine.run(this.machine.globals.get(name), args);
    } catch (error) {
      if (!(error instanceof LuaError) && !(error instanceof LimitReached)) throw error;
      this.fail(error instanceof LimitReached ? error.limit : undefined, error.message);
      return undefined;
    }
  }

  fail(limit: 'instructions' | 'memory' | 'depth' | undefined, text: string): void {
    this.#settings.failed?.(limit, text, !this.#failed);
    this.#failed = true;
  }
}

/** The script of a rule, or why there is none. */
export function scriptOf(
  path: string,
  settings: EngineSettings,
  host: ScriptHost,
  needs: string,
): LuaScript | { readonly code: string; readonly problem: string } {
  if (!settings.lua.mayRun) return { code: 'disabled', problem: 'the configuration does not allow rules to run scripts (security.lua.allow-rules)' };
  const bytes = settings.dataFiles.read(path);
  if (bytes === undefined) return { code: 'missing', problem: `there is no script ${path}` };
  if (bytes.length > LONGEST_SCRIPT) return { code: 'script', problem: 'the script is longer than 1 MiB' };
  try {
    const script = new LuaScript(latin1(bytes), path, settings.lua, host);
    if (!script.has(needs)) return { code: 'script', problem: `the script has no function ${needs}` };
    return script;
  } catch (error) {
    if (error instanceof LuaError || error instanceof LimitReached) return { code: 'script', problem: error.message };
    throw error;
  }
}

function librariesOf(script: LuaScript, settings: LuaSettings, { variable, rule }: ScriptHost): Readonly<Record<string, LuaTable>> {
  const { occasion } = script;
  const packetMethods = nativeTable({
    payload: () => withPacket((packet) => [script.machine.text(latin1(packet.data, packet.payloadStart, packet.payloadEnd))]),
    packet: () => withPacket((packet) => [script.machine.text(latin1(packet.data, packet.frameStart, packet.frameEnd))]),
    pcap_cnt: () => withPacket((packet) => [BigInt(packet.number)]),
    sp: () => withPacket((packet) => [BigInt(packet.sourcePort)]),
    dp: () => withPacket((packet) => [BigInt(packet.destinationPort)]),
    tuple: () =>
      withPacket((packet) => [
        BigInt(packet.ipVersion),
        formatAddress(packet.source, packet.ipVersion),
        formatAddress(packet.destination, packet.ipVersion),
        BigInt(packet.protocol),
        BigInt(packet.protocol === 1 || packet.protocol === 58 ? Math.max(0, packet.icmpType) : packet.sourcePort),
        BigInt(packet.protocol === 1 || packet.protocol === 58 ? Math.max(0, packet.icmpCode) : packet.destinationPort),
      ]),
    timestring_iso8601: () => withPacket((packet) => [eveTimestamp(packet.time)]),
    timestamp: () => withPacket((packet) => seconds(packet.time)),
  });
  const flowMethods = nativeTable({
    id: () => withFlow((flow) => [BigInt(flow.id)]),
    app_layer_proto: () =>
      withFlow((flow) => [
        flow.applicationProtocol ?? 'unknown',
        flow.protocolToServer ?? 'unknown',
        flow.protocolToClient ?? 'unknown',
        flow.originalProtocol ?? 'unknown',
        'unknown',
      ]),
    has_alerts: () => withFlow((flow) => [flow.alerted]),
    stats: () => withFlow((flow) => [flow.packetsToServer, flow.bytesToServer, flow.packetsToClient, flow.bytesToClient].map(BigInt)),
    timestamps: () => withFlow((flow) => [...seconds(flow.startTime), ...seconds(flow.lastTime)]),
    tuple: () =>
      withFlow((flow) => [
        BigInt(flow.ipVersion),
        formatAddress(flow.source, flow.ipVersion),
        formatAddress(flow.destination, flow.ipVersion),
        BigInt(flow.protocol),
        BigInt(flow.sourcePort),
        BigInt(flow.destinationPort),
      ]),
  });
  const variableMethods = nativeTable({
    value: ([self]) => [variableOf(self)],
  });
  function withPacket(read: (packet: Packet) => Value[]): Value[] {
    return occasion.packet === undefined ? [undefined, 'no packet'] : read(occasion.packet);
  }
  function withFlow(read: (flow: Flow) => Value[]): Value[] {
    return occasion.flow === undefined ? [undefined, 'no flow'] : read(occasion.flow);
  }
  function variableOf(self: Value): Value {
    if (!(self instanceof HostObject) || self.kind !== 'bytevar') throw new LuaError('not a byte variable');
    const value = occasion.variables?.[self.content as number];
    return value === undefined || !Number.isSafeInteger(value) ? value : BigInt(value);
  }
  const known = new Map<string, number>();
  const level = (name: 'error' | 'warning' | 'notice' | 'info' | 'debug') => (args: Value[]) => {
    settings.say?.(name, script.machine.show(args[0]));
    return [];
  };
  return {
    'suricata.packet': nativeTable({
      get: () => (occasion.packet === undefined ? [undefined, 'no packet'] : [new HostObject('packet', packetMethods, undefined)]),
    }),
    'suricata.flow': nativeTable({ get: () => (occasion.flow === undefined ? [undefined, 'no flow'] : [new HostObject('flow', flowMethods, undefined)]) }),
    'suricata.log': nativeTable({
      error: level('error'),
      warning: level('warning'),
      notice: level('notice'),
      info: level('info'),
      config: level('info'),
      debug: level('debug'),
      perf: level('debug'),
    }),
    'suricata.hashlib': hashes(),
    'suricata.base64': encodings(),
    'suricata.bytevar': nativeTable({
      map: (args) => {
        const name = textArgument('map', args, 1);
        const index = variable?.(name);
        if (index === undefined) throw new LuaError(`unknown byte variable: ${name.slice(0, 60)}`);
        known.set(name, index);
        script.usesVariables = true;
        return [BigInt(index)];
      },
      get: (args) => {
        const index = known.get(textArgument('get', args, 0));
        if (index === undefined) throw new LuaError('unknown byte variable');
        return [new HostObject('bytevar', variableMethods, index)];
      },
    }),
    'suricata.rule': ruleLibrary(rule),
    'suricata.util': nativeTable({ thread_info: () => [0n, 'detect', 'detect'] }),
  };
}

function ruleLibrary(rule: ScriptHost['rule']): LuaTable {
  const methods = nativeTable({
    gid: () => [rule === undefined ? undefined : BigInt(rule.gid)],
    sid: () => [rule === undefined ? undefined : BigInt(rule.sid)],
    rev: () => [rule === undefined ? undefined : BigInt(rule.rev)],
    msg: () => [rule?.message],
  });
  return nativeTable({ get_rule: () => [rule === undefined ? undefined : new HostObject('rule', methods, undefined)] });
}

function seconds(time: number): Value[] {
  return [BigInt(Math.floor(time / 1e6)), BigInt(Math.floor(time % 1e6))];
}

/** Digests of text, in one call or piece by piece. */
function hashes(): LuaTable {
  const library = new LuaTable();
  for (const [name, digest] of [
    ['md5', md5],
    ['sha1', sha1],
    ['sha256', sha256],
  ] as const) {
    const methods = nativeTable({
      update: (args) => {
        const parts = partsOf(args[0]);
        parts.push(fromLatin1(textArgument('update', args, 1)));
        if (parts.reduce((size, part) => size + part.length, 0) > LONGEST_SCRIPT) throw new LimitReached('memory');
        return [];
      },
      finalize: ([self]) => [latin1(digest(concatBytes(...partsOf(self).splice(0))))],
      finalize_to_hex: ([self]) => [hex(digest(concatBytes(...partsOf(self).splice(0))))],
    });
    const partsOf = (self: Value): Uint8Array[] => {
      if (!(self instanceof HostObject) || self.kind !== name) throw new LuaError(`not a ${name} hasher`);
      return self.content as Uint8Array[];
    };
    library.set(`${name}_digest`, nativeTable({ of: (args) => [latin1(digest(fromLatin1(textArgument(name, args, 0))))] }).get('of'));
    library.set(`${name}_hexdigest`, nativeTable({ of: (args) => [hex(digest(fromLatin1(textArgument(name, args, 0))))] }).get('of'));
    library.set(name, nativeTable({ of: () => [new HostObject(name, methods, [])] }).get('of'));
  }
  return library;
}

/** RFC 4648; `decode` answers nil for what is not base64. */
function encodings(): LuaTable {
  const decode = (text: string): Value[] => {
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return [undefined, 'invalid base64'];
    try {
      return [atob(text)];
    } catch {
      return [undefined, 'invalid base64'];
    }
  };
  const encode = (text: string) => base64(fromLatin1(text));
  return nativeTable({
    encode: (args) => [encode(textArgument('encode', args, 0))],
    encode_nopad: (args) => [encode(textArgument('encode_nopad', args, 0)).replace(/=+$/, '')],
    decode: (args) => decode(textArgument('decode', args, 0)),
    decode_nopad: (args) => decode(textArgument('decode_nopad', args, 0)),
  });
}

/** What a transform gave: text, and how many bytes of it count. */
export function transformed(script: LuaScript, input: Uint8Array, args: readonly string[]): Uint8Array {
  const list = new LuaTable();
  list.fill([...args]);
  const given = script.call('transform', [latin1(input), list]);
  if (given === undefined) return input;
  const [text, count] = given;
  if (typeof text !== 'string' || typeof count !== 'bigint') {
    script.fail(undefined, 'transform must return text and its length');
    return input;
  }
  const length = Number(integerArgument('transform', [count], 0));
  return fromLatin1(text.slice(0, Math.min(Math.max(0, length), 65_536 + 4 * input.length)));
}
