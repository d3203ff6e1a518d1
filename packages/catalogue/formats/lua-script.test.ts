/** Scripts of rules: what they are given, and what becomes of those that fail. */
import { fromLatin1 } from '@sigwright/bytes';
import { DEFAULT_SETTINGS, type EngineSettings, Packet } from '@sigwright/contracts';
import { describe, expect, it } from 'vitest';
import { LuaScript, scriptOf, transformed } from './lua-script.ts';

function settingsWith(text: string, failures: string[], lua: Partial<EngineSettings['lua']> = {}): EngineSettings {
  return {
    ...DEFAULT_SETTINGS,
    dataFiles: { ...DEFAULT_SETTINGS.dataFiles, read: (path) => (path === 'one.lua' ? fromLatin1(text) : undefined) },
    lua: { ...DEFAULT_SETTINGS.lua, ...lua, failed: (limit, message, first) => failures.push(`${limit ?? 'error'} ${first}: ${message}`) },
  };
}

function packetOf(payload: string): Packet {
  const packet = new Packet();
  packet.data = fromLatin1(payload);
  packet.payloadEnd = packet.frameEnd = payload.length;
  packet.number = 7;
  packet.ipVersion = 4;
  packet.protocol = 6;
  packet.source[0] = 0x0a000001;
  packet.destination[0] = 0x0a000002;
  packet.sourcePort = 1234;
  packet.destinationPort = 80;
  return packet;
}

const MATCHES: readonly (readonly [why: string, body: string, wanted: unknown])[] = [
  ['the payload, byte for byte', 'return packet.get():payload():byte(-1)', 255n],
  ['addresses and ports', 'local v, s, d, p, sp, dp = packet.get():tuple() return v .. s .. d .. p .. sp .. dp', '410.0.0.110.0.0.26123480'],
  ['the number of the packet', 'return packet.get():pcap_cnt()', 7n],
  ['no flow where there is none', 'return (require("suricata.flow").get())', undefined],
  ['digests at once', 'return require("suricata.hashlib").md5_hexdigest("abc")', '900150983cd24fb0d6963f7d28e17f72'],
  [
    'digests piece by piece',
    'local h = require("suricata.hashlib").sha1() h:update("a") h:update("bc") return h:finalize_to_hex()',
    'a9993e364706816aba3e25717850c26c9cd0d89d',
  ],
  ['base64 both ways', 'local b = require("suricata.base64") return b.encode_nopad(b.decode("YWI="))', 'YWI'],
  ['what is not base64', 'return (require("suricata.base64").decode("=a"))', undefined],
  ['the state stays from call to call', 'count = (count or 0) + 1 return count', 1n],
];

describe('scripts of rules', () => {
  it.each(MATCHES)('see %s', (_why, body, wanted) => {
    const failures: string[] = [];
    const settings = settingsWith(`local packet = require "suricata.packet"\nfunction match(args) ${body} end`, failures);
    const script = scriptOf('one.lua', settings, {}, 'match');
    if (!(script instanceof LuaScript)) throw new Error(script.problem);
    script.occasion.packet = packetOf('abc\xff');
    expect(script.call('match', [])?.[0], failures.join()).toBe(wanted);
  });

  const REFUSED: readonly (readonly [why: string, text: string, lua: Partial<EngineSettings['lua']>, code: string])[] = [
    ['where scripts are not allowed', 'function match() end', { mayRun: false }, 'disabled'],
    ['without the function', 'x = 1', {}, 'script'],
    ['that can not be read', 'function match(', {}, 'script'],
    ['with a library that is not there', 'require("os")', {}, 'script'],
    ['that reach for the system', 'os.execute("x") function match() end', {}, 'script'],
    ['that loop while they are loaded', 'while true do end', {}, 'script'],
    ['with functions that are not allowed', 'string.rep("x", 2) function match() end', {}, 'script'],
  ];
  it.each(REFUSED)('are refused %s', (_why, text, lua, code) => {
    expect(scriptOf('one.lua', settingsWith(text, [], lua), {}, 'match')).toMatchObject({ code });
  });

  it('end at their limits, and the host is told, once as the first time', () => {
    const failures: string[] = [];
    const script = scriptOf(
      'one.lua',
      settingsWith('function match() while true do end end function grow() local s = "x" while true do s = s .. s end end', failures),
      {},
      'match',
    );
    if (!(script instanceof LuaScript)) throw new Error(script.problem);
    expect([script.call('match', []), script.call('grow', [])]).toEqual([undefined, undefined]);
    expect(failures).toEqual(['instructions true: instruction limit exceeded', 'memory false: memory limit exceeded']);
  });

  const TRANSFORMS: readonly (readonly [why: string, body: string, wanted: string])[] = [
    ['text and length', 'return input:upper(), #input', 'ABC'],
    ['a shorter length', 'return input, 2', 'ab'],
    ['arguments as written', 'return args[1] .. args[2], 8', ' x 1 y'],
    ['no length: the buffer as it was', 'return input:upper()', 'abc'],
    ['a failure: the buffer as it was', 'return nil + 1', 'abc'],
  ];
  it.each(TRANSFORMS)('transform: %s', (_why, body, wanted) => {
    const script = scriptOf('one.lua', settingsWith(`function transform(input, args) ${body} end`, []), {}, 'transform');
    if (!(script instanceof LuaScript)) throw new Error(script.problem);
    expect(transformed(script, fromLatin1('abc'), [' x 1', ' y'])).toEqual(fromLatin1(wanted));
  });
});
