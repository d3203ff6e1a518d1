/** For tests and fuzzers: sound messages of DCE/RPC and SMB as text of one character a byte. */

const u16 = (value: number): string => String.fromCharCode(value & 255, (value >> 8) & 255);
const u32 = (value: number): string => u16(value & 0xffff) + u16(value >>> 16);
const zeros = (count: number): string => '\0'.repeat(count);
const wide = (text: string): string => [...text].map((letter) => `${letter}\0`).join('');

/** A unit of DCE/RPC, little-endian. */
export function rpcUnit(type: number, call: number, body: string, flags = 3): string {
  return `\x05\x00${String.fromCharCode(type, flags)}\x10\0\0\0${u16(16 + body.length)}\0\0${u32(call)}${body}`;
}

/** 12345678-1234-abcd-ef00-0123456789ab, version 1.0 */
const INTERFACE = '\x78\x56\x34\x12\x34\x12\xcd\xab\xef\x00\x01\x23\x45\x67\x89\xab\x01\x00\x00\x00';
const TRANSFER = zeros(20);
export const RPC = {
  bind: rpcUnit(11, 1, `${u16(4280)}${u16(4280)}${u32(0)}\x01\0\0\0${u16(0)}\x01\0${INTERFACE}${TRANSFER}`),
  bound: rpcUnit(12, 1, `${u16(4280)}${u16(4280)}${u32(7)}${u16(4)}135\0\0\0\x01\0\0\0${u16(0)}${u16(0)}${TRANSFER}`),
  request: (call: number, operation: number, stub: string, flags = 3): string =>
    rpcUnit(0, call, `${u32(stub.length)}${u16(0)}${u16(operation)}${stub}`, flags),
  response: (call: number, stub: string): string => rpcUnit(2, call, `${u32(stub.length)}${u16(0)}\0\0${stub}`),
};

export function frame(message: string): string {
  return String.fromCharCode(0, message.length >> 16, (message.length >> 8) & 255, message.length & 255) + message;
}

export interface Smb2Message {
  readonly command: number;
  readonly id: number;
  readonly body: string;
  readonly response?: boolean;
  readonly status?: number;
  readonly tree?: number;
  /** length to the next message of the same frame */
  readonly next?: number;
}

export function smb2({ command, id, body, response = false, status = 0, tree = 1, next = 0 }: Smb2Message): string {
  return `\xfeSMB${u16(64)}\0\0${u32(status)}${u16(command)}${u16(1)}${u32(response ? 1 : 0)}${u32(next)}${u32(id)}${u32(0)}${u32(0)}${u32(tree)}${u32(9)}${u32(0)}${zeros(16)}${body}`;
}

const NTLM = (() => {
  const domain = wide('CORP');
  const user = wide('alice');
  const host = wide('PC1');
  const field = (text: string, at: number): string => u16(text.length) + u16(text.length) + u32(at);
  const start = 72;
  return `NTLMSSP\0${u32(3)}${field('', start)}${field('', start)}${field(domain, start)}${field(user, start + domain.length)}${field(host, start + domain.length + user.length)}${field('', start)}${u32(0x02000001)}\x0a\x00${u16(19041)}\0\0\0\x0f${domain}${user}${host}`;
})();

/** One identifier for each file. */
const file = (number: number): string => u32(number) + zeros(12);
const createRequest = (name: string): string => `${u16(57)}\0\0${zeros(32)}${u32(1)}${u32(0)}${u16(120)}${u16(name.length * 2)}${zeros(8)}${wide(name)}`;
const createResponse = (number: number): string => `${u16(89)}\0\0${u32(1)}${zeros(40)}${zeros(8)}${u32(0)}${u32(0)}${file(number)}${zeros(8)}`;
const write = (number: number, offset: number, data: string): string =>
  `${u16(49)}${u16(112)}${u32(data.length)}${u32(offset)}${u32(0)}${file(number)}${zeros(16)}${data}`;
const read = (number: number, offset: number): string => `${u16(49)}\0\0${u32(4096)}${u32(offset)}${u32(0)}${file(number)}${zeros(17)}`;
const readResponse = (data: string): string => `${u16(17)}\x50\0${u32(data.length)}${zeros(8)}${data}`;
const connect = (path: string): string => `${u16(9)}\0\0${u16(72)}${u16(path.length * 2)}${wide(path)}`;
const connected = (kind: number): string => `${u16(16)}${String.fromCharCode(kind)}\0${zeros(12)}`;
const close = (number: number): string => `${u16(24)}\0\0\0\0\0\0${file(number)}`;

const NEGOTIATE = `${u16(36)}${u16(2)}${zeros(8)}${zeros(16)}${zeros(8)}${u16(0x0202)}${u16(0x0311)}`;
const NEGOTIATED = `${u16(65)}${u16(1)}${u16(0x0311)}\0\0${zeros(16)}${u32(0)}${u32(65536)}${u32(65536)}${u32(65536)}${zeros(24)}`;

const to = (command: number, id: number, body: string, tree = 1): string => frame(smb2({ command, id, body, tree }));
const from = (command: number, id: number, body: string, status = 0, tree = 1): string => frame(smb2({ command, id, body, response: true, status, tree }));

/** Logs on, writes one file, reads another. */
export const SMB2_FILES = {
  client: [
    to(0, 0, NEGOTIATE, 0),
    to(1, 1, `${u16(25)}${zeros(10)}${u16(88)}${u16(NTLM.length)}${zeros(8)}${NTLM}`, 0),
    to(3, 2, connect('\\\\server\\docs'), 0),
    to(5, 3, createRequest('in.txt')),
    to(9, 4, write(1, 0, 'first ')),
    to(9, 5, write(1, 6, 'second')),
    to(5, 6, createRequest('out.txt')),
    to(8, 7, read(2, 0)),
    to(6, 8, close(1)),
    to(6, 9, close(2)),
  ],
  server: [
    from(0, 0, NEGOTIATED, 0, 0),
    from(1, 1, `${u16(9)}${zeros(6)}`, 0, 0),
    from(3, 2, connected(1)),
    from(5, 3, createResponse(1)),
    from(9, 4, `${u16(17)}\0\0${u32(6)}${zeros(8)}`),
    from(9, 5, `${u16(17)}\0\0${u32(6)}${zeros(8)}`),
    from(5, 6, createResponse(2)),
    from(8, 7, readResponse('what was read')),
    from(6, 8, `${u16(60)}${zeros(58)}`),
    from(6, 9, `${u16(60)}${zeros(58)}`, 0xc0000128),
  ],
};

/** Calls on a pipe: a bind by write and read, a call of two fragments. */
export const SMB2_PIPE = {
  client: [
    to(3, 1, connect('\\\\server\\IPC$'), 0),
    to(5, 2, createRequest('svc')),
    to(9, 3, write(1, 0, RPC.bind)),
    to(8, 4, read(1, 0)),
    to(9, 5, write(1, 0, RPC.request(2, 15, 'argu', 1) + RPC.request(2, 15, 'ments', 2))),
    to(8, 6, read(1, 0)),
  ],
  server: [
    from(3, 1, connected(2)),
    from(5, 2, createResponse(1)),
    from(9, 3, `${u16(17)}\0\0${u32(6)}${zeros(8)}`),
    from(8, 4, readResponse(RPC.bound)),
    from(9, 5, `${u16(17)}\0\0${u32(6)}${zeros(8)}`),
    from(8, 6, readResponse(RPC.response(2, 'results'))),
  ],
};

/** One command of SMB 1. */
export function smb1(command: number, words: string, data: string, response = false, status = 0): string {
  const head = `\xffSMB${String.fromCharCode(command)}${u32(status)}${response ? '\x88' : '\x08'}${u16(0x4001)}${zeros(12)}${u16(3)}${u16(4)}${u16(5)}${u16(6)}`;
  return frame(`${head}${String.fromCharCode(words.length / 2)}${words}${u16(data.length)}${data}`);
}

const ANDX = '\xff\0\0\0';
export const SMB1_FILES = {
  client: [
    smb1(0x72, '', '\x02LANMAN1.0\0\x02NT LM 0.12\0'),
    smb1(0x75, `${ANDX}${u16(0)}${u16(1)}`, '\0\\\\server\\docs\0A:\0'),
    smb1(0xa2, `${ANDX}\0${u16(6)}${zeros(28)}${u32(2)}${u32(0)}${zeros(5)}`, 'in.txt'),
    smb1(0x2f, `${ANDX}${u16(0x4001)}${u32(0)}${zeros(8)}${u16(0)}${u16(4)}${u16(64)}${u32(0)}`, '\0data'),
    smb1(0x07, u16(0), '\x04old\0\x04new\0'),
    smb1(0x04, `${u16(0x4001)}${u32(0)}`, ''),
  ],
  server: [
    smb1(0x72, `${u16(1)}${zeros(32)}`, '', true),
    smb1(0x75, `${ANDX}${u16(1)}`, 'A:\0NTFS\0', true),
    smb1(0xa2, `${ANDX}\0${u16(0x4001)}${zeros(61)}`, '', true),
    smb1(0x2f, `${ANDX}${zeros(8)}`, '', true),
    smb1(0x07, '', '', true, 0xc0000022),
    smb1(0x04, '', '', true),
  ],
};
