/** For tests and fuzzers: frames of HTTP/2 and dialogues of them, as text of one character a byte. */

export const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

const u32 = (value: number): string => String.fromCharCode((value >>> 24) & 255, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);

/** `type` and `flags` as in RFC 9113 §4.1 */
export function http2Frame(type: number, flags: number, stream: number, payload = ''): string {
  return `${u32(payload.length).slice(1)}${String.fromCharCode(type, flags)}${u32(stream)}${payload}`;
}

/** Literal headers that no table keeps (RFC 7541 §6.2.2); texts below 127 bytes. */
export function plainHeaders(headers: readonly (readonly [name: string, value: string])[]): string {
  return headers.map(([name, value]) => `\0${String.fromCharCode(name.length)}${name}${String.fromCharCode(value.length)}${value}`).join('');
}

/** A setting by its number. */
export const setting = (id: number, value: number): string => `\0${String.fromCharCode(id)}${u32(value)}`;

/** :method GET, :scheme http, :path /, :authority www.example.com (RFC 7541, Appendix C.4.1) */
export const GET_EXAMPLE = '\x82\x86\x84\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff';

export const HTTP2 = {
  settings: http2Frame(4, 0, 0, setting(1, 8192) + setting(3, 100)),
  acknowledged: http2Frame(4, 1, 0),
  get: http2Frame(1, 0x05, 1, GET_EXAMPLE),
  /** weight 15, and padding */
  post: http2Frame(
    1,
    0x2c,
    3,
    `\x02${u32(0)}\x0f${plainHeaders([
      [':method', 'POST'],
      [':path', '/form?a=1'],
      [':authority', 'www.example.com:8080'],
      ['cookie', 'a=b'],
      ['user-agent', 'probe'],
    ])}\0\0`,
  ),
  form: http2Frame(0, 0x09, 3, `\x03name=value\0\0\0`),
  found: http2Frame(
    1,
    0x04,
    1,
    `\x88${plainHeaders([
      ['content-type', 'text/plain'],
      ['server', 'one'],
      ['content-length', '5'],
    ])}`,
  ),
  hello: http2Frame(0, 0x01, 1, 'hello'),
  /** in two frames */
  missing: http2Frame(1, 0x01, 3, '\x8d') + http2Frame(9, 0x04, 3, plainHeaders([['server', 'two']])),
  window: http2Frame(8, 0, 0, u32(34_634)),
  promise: http2Frame(
    5,
    0x04,
    1,
    u32(2) +
      plainHeaders([
        [':method', 'GET'],
        [':path', '/style.css'],
      ]),
  ),
  promised: http2Frame(1, 0x05, 2, '\x88'),
  ping: http2Frame(6, 0, 0, '12345678'),
  reset: http2Frame(3, 0, 5, u32(8)),
  bye: http2Frame(7, 0, 0, u32(0) + u32(0)),
};
