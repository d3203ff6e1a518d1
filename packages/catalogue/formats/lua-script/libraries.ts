/**
 * What scripts get by `require "suricata.<name>"`. Suricata user guide, "Lua libraries". Each is a table of functions; what belongs to a
 * packet, a flow or a transaction is a value with methods, good for the call in which it was asked for.
 */
import { base64, formatAddressLong, fromLatin1, latin1, Md5, md5, Sha1, Sha256, sha1, sha256 } from '@sigwright/bytes';
import { type Direction, eveTimestamp, type Flow, type Packet, SCTP, type ScriptSettings, TCP, TO_CLIENT, TO_SERVER, UDP } from '@sigwright/contracts';
import { Float, type Interpreter, LuaError, type LuaFunction, type Table, UserData, type Value } from '@sigwright/lua';
import { knownDataSet } from '../data-set/open-data-set.ts';
import { type Certificate, certificateFingerprint, readCertificate } from '../x509/x509.ts';
import type { ScriptHost } from './script.ts';

type Functions = Readonly<Record<string, LuaFunction>>;
/** Arguments behind the value that the method was called on. */
type Methods<What> = Readonly<Record<string, (what: What, args: readonly Value[]) => readonly Value[]>>;

export function suricataLibraries(lua: Interpreter, host: ScriptHost): Readonly<Record<string, () => Table>> {
  const tools = new Tools(lua, host);
  const made = new Map<string, Table>();
  return Object.fromEntries(
    Object.entries(LIBRARIES).map(([name, functions]) => [
      `suricata.${name}`,
      () => {
        let library = made.get(name);
        if (library === undefined) {
          library = lua.library(functions(tools));
          made.set(name, library);
        }
        return library;
      },
    ]),
  );
}

class Tools {
  readonly lua: Interpreter;
  readonly host: ScriptHost;
  readonly #methods = new Map<string, Table>();

  constructor(lua: Interpreter, host: ScriptHost) {
    this.lua = lua;
    this.host = host;
  }

  /** A value with methods; tables of methods are made once. */
  value<What>(kind: string, what: What, methods: () => Methods<What>): UserData {
    let table = this.#methods.get(kind);
    if (table === undefined) {
      table = this.lua.library(
        Object.fromEntries(
          Object.entries(methods()).map(([name, method]): [string, LuaFunction] => [
            name,
            ([self, ...args]) => {
              if (!(self instanceof UserData) || self.methods !== this.#methods.get(kind))
                throw new LuaError(`bad argument #1 to '${name}' (${kind} expected)`);
              return method(self.what as What, args);
            },
          ]),
        ),
      );
      this.#methods.set(kind, table);
      this.lua.keep(table);
    }
    return new UserData(table, what);
  }

  buffer(name: string, direction?: Direction): string | undefined {
    const bytes = this.host.context?.buffer(name, direction);
    if (bytes === undefined) return undefined;
    this.lua.allocate(bytes.length);
    return latin1(bytes);
  }

  /** A record as Lua has it. */
  table(value: unknown): Value {
    if (typeof value === 'string') return value;
    if (typeof value === 'number') return Number.isInteger(value) ? value : new Float(value);
    if (typeof value === 'boolean') return value;
    if (Array.isArray(value)) return this.lua.list(value.map((one) => this.table(one)));
    if (typeof value !== 'object' || value === null) return undefined;
    const table = this.lua.table();
    for (const [key, one] of Object.entries(value)) table.set(key, this.table(one));
    return table;
  }

  /** `get_tx` of a protocol: what its record shows. */
  transaction(protocol: string, methods: () => Methods<Record<string, unknown>>): LuaFunction {
    return () => {
      const { context } = this.host;
      const spoken = context?.flow?.applicationProtocol;
      const record = spoken === protocol ? context?.record() : undefined;
      return record === undefined ? [undefined, `error: no ${protocol} transaction here`] : [this.value(`suricata:${protocol}:tx`, record, methods)];
    };
  }
}

const text = (value: unknown): Value => (typeof value === 'string' ? value : typeof value === 'number' ? value : undefined);

/** Month/day/year-hour:minute:second.microsecond, as logs of old have it. */
function legacyTime(time: number): string {
  const shown = eveTimestamp(time);
  return `${shown.slice(5, 7)}/${shown.slice(8, 10)}/${shown.slice(0, 4)}-${shown.slice(11, 26)}`;
}

function seconds(time: number): readonly Value[] {
  return [Math.floor(time / 1e6), Math.round(time % 1e6)];
}

function given(args: readonly Value[], at: number, what: string): string {
  const value = args[at];
  if (typeof value !== 'string') throw new LuaError(`${what} expected`);
  return value;
}

/** What stands for a flow at its end has the time of its beginning, as in Suricata. */
function timeOf({ time, isPseudo, flow }: Packet): number {
  return isPseudo && flow !== undefined ? flow.startTime : time;
}

const packetMethods: Methods<Packet> = {
  packet: ({ data, frameStart, frameEnd }) => [latin1(data, frameStart, frameEnd)],
  payload: ({ data, payloadStart, payloadEnd }) => [latin1(data, payloadStart, payloadEnd)],
  packet_len: ({ frameStart, frameEnd }) => [frameEnd - frameStart],
  pcap_cnt: ({ number }) => [number],
  timestamp: (packet) => seconds(timeOf(packet)),
  timestring_legacy: (packet) => [legacyTime(timeOf(packet))],
  timestring_iso8601: (packet) => [eveTimestamp(timeOf(packet))],
  sp: (packet) => (hasPorts(packet) ? [packet.sourcePort] : [undefined, 'sp only available for tcp, udp and sctp']),
  dp: (packet) => (hasPorts(packet) ? [packet.destinationPort] : [undefined, 'dp only available for tcp, udp and sctp']),
  tuple: (packet) => [
    packet.ipVersion,
    formatAddressLong(packet.source, packet.ipVersion),
    formatAddressLong(packet.destination, packet.ipVersion),
    packet.protocol,
    hasPorts(packet) ? packet.sourcePort : packet.icmpType,
    hasPorts(packet) ? packet.destinationPort : packet.icmpCode,
  ],
};

function hasPorts({ protocol }: Packet): boolean {
  return protocol === TCP || protocol === UDP || protocol === SCTP;
}

const flowMethods: Methods<Flow> = {
  id: ({ id }) => [id],
  app_layer_proto: (flow) => [
    flow.applicationProtocol ?? 'unknown',
    flow.protocolToServer ?? flow.applicationProtocol ?? 'unknown',
    flow.protocolToClient ?? flow.applicationProtocol ?? 'unknown',
    flow.originalProtocol ?? 'unknown',
    flow.agreedProtocol ?? 'unknown',
  ],
  has_alerts: ({ alerted }) => [alerted],
  stats: (flow) => [flow.packetsToServer, flow.bytesToServer, flow.packetsToClient, flow.bytesToClient],
  timestamps: ({ startTime, lastTime }) => [...seconds(startTime), ...seconds(lastTime)],
  timestring_legacy: ({ startTime }) => [legacyTime(startTime)],
  timestring_iso8601: ({ startTime }) => [eveTimestamp(startTime)],
  tuple: (flow) => flowTuple(flow),
  tuple_with_vlan: (flow) => [...flowTuple(flow), flow.vlans?.[0] ?? 0, flow.vlans?.[1] ?? 0],
};

function flowTuple(flow: Flow): Value[] {
  const { source, destination, ipVersion, protocol, sourcePort, destinationPort } = flow;
  return [ipVersion, formatAddressLong(source, ipVersion), formatAddressLong(destination, ipVersion), protocol, sourcePort, destinationPort];
}

/** Value of a header in a block of header lines, however it is written. */
function headerIn(block: string | undefined, name: string): Value {
  for (const line of block?.split('\n') ?? []) {
    const colon = line.indexOf(':');
    if (colon > 0 && line.slice(0, colon).trim().toLowerCase() === name.toLowerCase()) return line.slice(colon + 1).trim();
  }
  return undefined;
}

function headersIn(lua: Interpreter, block: string | undefined): Value {
  if (block === undefined) return undefined;
  const table = lua.table();
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) table.set(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
  }
  return table;
}

interface Hasher {
  update(bytes: Uint8Array): Hasher;
  digest(): Uint8Array;
}

const hexadecimal = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

function digests(tools: Tools, name: string, whole: (bytes: Uint8Array) => Uint8Array, start: () => Hasher): Functions {
  const hexDigest: LuaFunction = (args) => [hexadecimal(whole(fromLatin1(given(args, 0, 'string'))))];
  return {
    [name]: () => [
      tools.value('suricata:hashlib:hasher', start(), () => ({
        update(hasher, args) {
          hasher.update(fromLatin1(given(args, 0, 'string')));
          return [];
        },
        finalize: (hasher) => [latin1(hasher.digest())],
        finalize_to_hex: (hasher) => [hexadecimal(hasher.digest())],
      })),
    ],
    [`${name}_digest`]: (args) => [latin1(whole(fromLatin1(given(args, 0, 'string'))))],
    [`${name}_hexdigest`]: hexDigest,
    [`${name}_hex_digest`]: hexDigest,
  };
}

function hashing(tools: Tools): Functions {
  return {
    ...digests(tools, 'md5', md5, () => new Md5()),
    ...digests(tools, 'sha1', sha1, () => new Sha1()),
    ...digests(tools, 'sha256', sha256, () => new Sha256()),
  };
}

/** Bytes of base64, in the manner that is asked for; undefined where it is none. */
function unbase64(written: string, lenient: boolean): string | undefined {
  const clean = lenient ? written.replace(/[^A-Za-z0-9+/]/g, '') : written.replace(/=+$/, '');
  if (!/^[A-Za-z0-9+/]*$/.test(clean) || clean.length % 4 === 1) return undefined;
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  let bits = 0;
  let held = 0;
  let out = '';
  for (const letter of clean) {
    held = ((held << 6) | letters.indexOf(letter)) & 0xffffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    out += String.fromCharCode((held >> bits) & 0xff);
  }
  return out;
}

/** The same of TLS and of QUIC. */
const fingerprint = (tools: Tools, ...names: readonly string[]) => {
  return (): readonly Value[] => [names.map((name) => tools.buffer(name)).find((one) => one !== undefined)];
};

const dnsFlags = (flags: unknown): number | undefined => (typeof flags === 'string' ? Number.parseInt(flags, 16) : undefined);

/** Entries of a section, counted from 0 as ever; the type as `type`, data in text as `addr`. There is a table even where there are no entries. */
function dnsSection(tools: Tools, entries: unknown): Table {
  const table = tools.lua.table();
  for (const [at, entry] of (Array.isArray(entries) ? (entries as Record<string, unknown>[]) : []).entries()) {
    const { rrtype, rdata } = entry;
    table.set(at, tools.table({ ...entry, type: rrtype, ...(typeof rdata === 'string' ? { addr: rdata } : {}) }));
  }
  return table;
}

const LIBRARIES: Readonly<Record<string, (tools: Tools) => Functions>> = {
  base64: () => ({
    encode: (args) => [base64(fromLatin1(given(args, 0, 'string')))],
    encode_nopad: (args) => [base64(fromLatin1(given(args, 0, 'string'))).replace(/=+$/, '')],
    decode(args) {
      const written = given(args, 0, 'string');
      return [written.length % 4 === 0 && !/={3,}$/.test(written) ? unbase64(written, false) : undefined];
    },
    decode_nopad(args) {
      const written = given(args, 0, 'string');
      return [written.endsWith('=') ? undefined : unbase64(written, false)];
    },
    decode_padopt: (args) => [unbase64(given(args, 0, 'string'), false)],
    decode_rfc2045: (args) => [unbase64(given(args, 0, 'string'), true)],
    decode_rfc4648: (args) => [unbase64(given(args, 0, 'string'), false)],
  }),

  bytevar(tools) {
    const indexes = new Map<string, number>();
    return {
      map(args) {
        const name = given(args, 1, 'name of a variable');
        const index = tools.host.builder?.useVariable(name);
        if (index === undefined) throw new LuaError(`unknown byte variable: ${name}`);
        indexes.set(name, index);
        return [];
      },
      get(args) {
        const name = given(args, 0, 'name of a variable');
        const index = indexes.get(name);
        if (index === undefined) throw new LuaError(`unknown byte variable: ${name}`);
        return [
          tools.value('suricata:bytevar', index, () => ({
            value(at) {
              const value = tools.host.context?.variables[at];
              return [value === undefined || !Number.isFinite(value) ? undefined : value];
            },
          })),
        ];
      },
    };
  },

  config: (tools) => ({
    log_path: () => [tools.host.logFolder],
  }),

  dataset: (tools) => ({
    new: () => [
      tools.value('suricata:dataset', { name: '' }, () => ({
        get(set, args) {
          const name = given(args, 0, 'name of a set');
          if (knownDataSet(name, tools.host.settings) === undefined) return [undefined, `dataset ${name} not found`];
          set.name = name;
          return [true];
        },
        add(set, args) {
          const known = knownDataSet(set.name, tools.host.settings);
          if (known === undefined) return [undefined, 'dataset is not initialized'];
          const bytes = fromLatin1(given(args, 0, 'string').slice(0, Number(args[1] ?? 0xffff)));
          const isNew = !known.has(bytes);
          known.add(bytes);
          return [isNew ? 1 : 0];
        },
      })),
    ],
  }),

  dns: (tools) => ({
    get_tx: tools.transaction('dns', () => ({
      answers: ({ answers }) => [dnsSection(tools, answers)],
      authorities: ({ authorities }) => [dnsSection(tools, authorities)],
      flags: ({ flags }) => [dnsFlags(flags)],
      queries: ({ queries }) => [dnsSection(tools, queries)],
      rcode: ({ type, flags }) => [type === 'response' ? (dnsFlags(flags) ?? 0) & 15 : undefined],
      rcode_string: ({ type, rcode }) => [type === 'response' ? text(rcode) : undefined],
      recursion_desired: ({ rd }) => [rd === true],
      rrname: ({ queries, rrname }) => [text(rrname) ?? text((queries as { rrname?: unknown }[] | undefined)?.[0]?.rrname)],
      txid: ({ id }) => [text(id)],
    })),
  }),

  dnp3: (tools) => ({
    get_tx() {
      const { context } = tools.host;
      const told = context?.flow?.applicationProtocol === 'dnp3' ? context.record() : undefined;
      return told === undefined ? [undefined, 'error: no dnp3 transaction here'] : [tools.table(told)];
    },
  }),

  file: (tools) => ({
    get_file() {
      const file = tools.host.context?.file;
      if (file === undefined) return [undefined, 'error: no file here'];
      return [
        tools.value('suricata:file', file, () => ({
          file_id: (one) => [one.id],
          tx_id: () => [tools.host.context?.transaction?.id],
          name: (one) => [one.name],
          size: (one) => [one.size],
          magic: (one) => [one.digests['magic']],
          md5: (one) => [one.digests['md5']],
          sha1: (one) => [one.digests['sha1']],
          sha256: (one) => [one.digests['sha256']],
          get_state: (one) => [one.state === 'OPEN' ? 'OPENED' : one.state],
          is_stored: (one) => [one.isStored],
        })),
      ];
    },
  }),

  flow: (tools) => ({
    get() {
      const flow = tools.host.context?.flow;
      return flow === undefined ? [undefined, 'error: no flow'] : [tools.value('suricata:flow', flow, () => flowMethods)];
    },
  }),

  flowint(tools) {
    const known = new Set<string>();
    const of = (name: string) => {
      const integers = (): Map<string, number> | undefined => tools.host.context?.flow?.integers;
      const put = (value: number): readonly Value[] => {
        const flow = tools.host.context?.flow;
        if (flow === undefined) return [undefined];
        flow.integers ??= new Map();
        flow.integers.set(name, Math.min(0xffffffff, Math.max(0, value)));
        return [flow.integers.get(name)];
      };
      return tools.value('suricata:flowint', { name, integers, put }, () => ({
        value: (one) => [one.integers()?.get(one.name)],
        incr: (one) => one.put((one.integers()?.get(one.name) ?? 0) + 1),
        decr: (one) => one.put((one.integers()?.get(one.name) ?? 0) - 1),
        set: (one, [value]) => one.put(Number(value)),
      }));
    };
    return {
      register(args) {
        const name = given(args, 0, 'name of a variable');
        if (known.size >= MOST_REGISTERED) throw new LuaError('too many flow integers registered');
        known.add(name);
        return [of(name)];
      },
      get: (args) => [of(given(args, 0, 'name of a variable'))],
    };
  },

  flowvar(tools) {
    const known = new Set<string>();
    const of = (name: string) =>
      tools.value('suricata:flowvar', name, () => ({
        value: (one) => [tools.host.context?.flow?.captured?.get(one)],
        set(one, args) {
          const flow = tools.host.context?.flow;
          if (flow === undefined) return [];
          flow.captured ??= new Map();
          if (flow.captured.size < MOST_REGISTERED || flow.captured.has(one))
            flow.captured.set(one, given(args, 0, 'string').slice(0, Number(args[1] ?? 0xffff)));
          return [];
        },
      }));
    return {
      register(args) {
        const name = given(args, 0, 'name of a variable');
        if (known.size >= MOST_REGISTERED) throw new LuaError('too many flow variables registered');
        known.add(name);
        return [of(name)];
      },
      get: (args) => [of(given(args, 0, 'name of a variable'))],
    };
  },

  hashlib: hashing,
  // as the guide calls it
  hashing,

  http(tools) {
    const raw = (side: 'request' | 'response'): string | undefined => tools.buffer('http.header.raw', side === 'request' ? TO_SERVER : TO_CLIENT);
    // In pieces, as it came; here it is one.
    const body = (name: string): Value => {
      const whole = tools.buffer(name);
      return whole === undefined ? undefined : tools.lua.list([whole]);
    };
    return {
      get_tx: tools.transaction('http', () => ({
        request_line: () => [tools.buffer('http.request_line')],
        response_line: () => [tools.buffer('http.response_line')],
        request_headers_raw: () => [raw('request')],
        response_headers_raw: () => [raw('response')],
        request_header: (_record, args) => [headerIn(raw('request'), given(args, 0, 'name of a header'))],
        response_header: (_record, args) => [headerIn(raw('response'), given(args, 0, 'name of a header'))],
        request_headers: () => [headersIn(tools.lua, raw('request'))],
        response_headers: () => [headersIn(tools.lua, raw('response'))],
        request_uri_raw: () => [tools.buffer('http.uri.raw')],
        request_uri_normalized: () => [tools.buffer('http.uri')],
        request_host: ({ hostname }) => [text(hostname)],
        request_body: () => [body('http.request_body')],
        response_body: () => [body('http.response_body')],
      })),
    };
  },

  ja3(tools) {
    const methods = (): Methods<Record<string, unknown>> => ({
      ja3_get_hash: fingerprint(tools, 'ja3.hash', 'quic.ja3.hash'),
      ja3_get_string: fingerprint(tools, 'ja3.string', 'quic.ja3.string'),
      ja3s_get_hash: fingerprint(tools, 'ja3s.hash', 'quic.ja3s.hash'),
      ja3s_get_string: fingerprint(tools, 'ja3s.string', 'quic.ja3s.string'),
    });
    return {
      enable_ja3: () => [],
      get_tx() {
        const { context } = tools.host;
        const spoken = context?.flow?.applicationProtocol;
        if (context?.transaction === undefined || (spoken !== 'tls' && spoken !== 'quic')) return [undefined, 'error: no tls or quic transaction here'];
        return [tools.value('suricata:ja3', {}, methods)];
      },
    };
  },

  log({ host, lua }) {
    const say = (level: Parameters<ScriptSettings['say']>[0]): LuaFunction => {
      return (args) => {
        host.settings.scripts.say(level, String(lua.call(lua.globals.get('tostring'), [args[0]])[0]));
        return [];
      };
    };
    return {
      error: say('error'),
      warning: say('warning'),
      notice: say('notice'),
      info: say('info'),
      perf: say('performance'),
      config: say('config'),
      debug: say('debug'),
    };
  },

  ntp: (tools) => ({
    get_tx: tools.transaction('ntp', () => ({
      version: ({ version }) => [text(version)],
      mode: ({ mode }) => [text(mode)],
      stratum: ({ stratum }) => [text(stratum)],
      reference_id: () => [tools.buffer('ntp.reference_id')],
    })),
  }),

  packet: (tools) => ({
    get() {
      const packet = tools.host.context?.packet;
      return packet === undefined ? [undefined, 'error: no packet'] : [tools.value('suricata:packet', packet, () => packetMethods)];
    },
  }),

  rule: (tools) => ({
    get_rule() {
      const rule = tools.host.context?.rule;
      if (rule === undefined) return [undefined, 'error: no rule'];
      return [
        tools.value('suricata:rule', rule, () => ({
          sid: ({ sid }) => [sid],
          rev: ({ rev }) => [rev],
          gid: ({ gid }) => [gid],
          msg: ({ message }) => [message],
          action: ({ action }) => [action],
          class: ({ classification, priority }) => [classification === '' ? undefined : classification, priority],
          priority: ({ priority }) => [priority],
          class_description: ({ classification }) => [classification === '' ? undefined : classification],
        })),
      ];
    },
  }),

  smtp: (tools) => ({
    get_tx: tools.transaction('smtp', () => ({
      get_mail_from: ({ mail_from }) => [text(mail_from)],
      get_rcpt_list: ({ rcpt_to }) => [Array.isArray(rcpt_to) ? tools.table(rcpt_to) : undefined],
      get_mime_field(_record, args) {
        const wanted = given(args, 0, 'name of a field').toLowerCase();
        return [tools.host.context?.fields().find(([name]) => name.toLowerCase() === wanted)?.[1]];
      },
      get_mime_list() {
        const fields = tools.host.context?.fields() ?? [];
        return [fields.length === 0 ? undefined : tools.table(fields.map(([name]) => name))];
      },
    })),
  }),

  ssh(tools) {
    const side = (record: Record<string, unknown>, name: string): Record<string, unknown> => (record[name] ?? {}) as Record<string, unknown>;
    const hassh = (of: Record<string, unknown>, part: string): Value => text((of['hassh'] as Record<string, unknown> | undefined)?.[part]);
    return {
      get_tx: tools.transaction('ssh', () => ({
        client_proto: (record) => [text(side(record, 'client')['proto_version'])],
        server_proto: (record) => [text(side(record, 'server')['proto_version'])],
        client_software: (record) => [text(side(record, 'client')['software_version'])],
        server_software: (record) => [text(side(record, 'server')['software_version'])],
        client_hassh: (record) => [hassh(side(record, 'client'), 'hash')],
        server_hassh: (record) => [hassh(side(record, 'server'), 'hash')],
        client_hassh_string: (record) => [hassh(side(record, 'client'), 'string')],
        server_hassh_string: (record) => [hassh(side(record, 'server'), 'string')],
      })),
    };
  },

  tls(tools) {
    const shownVersion = ({ version }: Record<string, unknown>): readonly Value[] => [text(version)];
    const chain = (direction: Direction): readonly Uint8Array[] => tools.host.context?.buffers('tls.certs', direction) ?? [];
    const first = (direction: Direction): Certificate | undefined => {
      const [own] = chain(direction);
      return own === undefined ? undefined : readCertificate(own);
    };
    const of = (side: 'client' | 'server', direction: Direction): Methods<Record<string, unknown>> => ({
      [`get_${side}_version`]: shownVersion,
      [`get_${side}_cert_chain`]: () => [
        chain(direction).length === 0 ? undefined : tools.table(chain(direction).map((one) => ({ data: latin1(one), length: one.length }))),
      ],
      [`get_${side}_cert_info`](record) {
        const [own] = chain(direction);
        if (own === undefined) return [undefined, `error: no certificate of the ${side} here`];
        const { subject, issuer } = readCertificate(own);
        return [text(record['version']), subject, issuer, certificateFingerprint(own)];
      },
      [`get_${side}_serial`]: () => [first(direction)?.serial],
      [`get_${side}_subject`]: () => [first(direction)?.subject],
      [`get_${side}_cert_not_before`]: () => [first(direction)?.notBefore],
      [`get_${side}_cert_not_after`]: () => [first(direction)?.notAfter],
    });
    const name = ({ sni }: Record<string, unknown>): readonly Value[] => [text(sni)];
    return {
      get_tx: tools.transaction('tls', () => ({ ...of('client', TO_SERVER), ...of('server', TO_CLIENT), get_client_sni: name, get_sni: name })),
    };
  },

  util: ({ lua }) => ({
    thread_info() {
      const table = lua.table();
      for (const [name, value] of [
        ['id', 1],
        ['name', 'W#01'],
        ['group', 'W#01'],
        ['group_name', 'W#01'],
      ] as const)
        table.set(name, value);
      return [table];
    },
  }),
};

/** Names that a script may register. */
const MOST_REGISTERED = 64;
