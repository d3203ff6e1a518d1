/** For tests and fuzzers: one sound message of each protocol that is built of messages, as text of one character a byte. */

/** An element of DER; contents below 128 bytes. */
export function der(tag: number, ...parts: readonly string[]): string {
  const content = parts.join('');
  return String.fromCharCode(tag, content.length) + content;
}

const zeros = (count: number): string => '\0'.repeat(count);
const binding = der(0x30, der(0x30, der(0x06, '\x2b\x06\x01\x02\x01\x01\x01\x00'), der(0x05)));
const pdu = (kind: number): string => der(0xa0 + kind, der(0x02, '\x01'), der(0x02, '\x00'), der(0x02, '\x00'), binding);

const principal = (...names: readonly string[]): string =>
  der(0x30, der(0xa0, der(0x02, '\x01')), der(0xa1, der(0x30, ...names.map((name) => der(0x1b, name)))));

const long = (value: number): string => String.fromCharCode(value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255);
const u16 = (value: number): string => String.fromCharCode(value >> 8, value & 255);
/** A text with its length before it in two bytes. */
const counted = (text: string): string => u16(text.length) + text;
const mqtt = (head: number, ...parts: readonly string[]): string => String.fromCharCode(head, parts.join('').length) + parts.join('');

/** A message of LDAP. */
const ldap = (id: string, operation: string): string => der(0x30, der(0x02, id), operation);

/** A regular message of PostgreSQL: kind, length, content. */
const pgsql = (kind: string, ...parts: readonly string[]): string => kind + long(4 + parts.join('').length) + parts.join('');
/** A first message: length and code before the content. */
const pgsqlFirst = (code: number, content = ''): string => long(8 + content.length) + long(code) + content;
const fault = (...fields: readonly string[]): string => pgsql('E', ...fields.map((field) => `${field}\0`), '\0');

/** A frame of WebSocket: first byte, payload, and a mask of four bytes where the client sends it. */
export function webSocketFrame(first: number, payload: string, mask = ''): string {
  const { length } = payload;
  const marked = mask === '' ? 0 : 0x80;
  const size =
    length < 126
      ? String.fromCharCode(marked | length)
      : length < 65_536
        ? String.fromCharCode(marked | 126) + u16(length)
        : String.fromCharCode(marked | 127) + zeros(4) + long(length);
  const masked = mask === '' ? payload : [...payload].map((letter, at) => String.fromCharCode(letter.charCodeAt(0) ^ mask.charCodeAt(at & 3))).join('');
  return String.fromCharCode(first) + size + mask + masked;
}

/** A packet of RDP: TPKT around X.224. */
const tpkt = (content: string): string => `\x03\0${u16(4 + content.length)}${content}`;
const x224 = (code: string, content: string): string => tpkt(`${String.fromCharCode(6 + content.length)}${code}\0\0\0\0\0${content}`);
const little16 = (value: number): string => String.fromCharCode(value & 255, value >> 8);
const little32 = (value: number): string => little16(value & 0xffff) + little16(value >>> 16);
/** Letters of two bytes each, filled up with zeros. */
const wide = (text: string, bytes: number): string =>
  [...text]
    .map((letter) => `${letter}\0`)
    .join('')
    .padEnd(bytes, '\0');
const rdpBlock = (type: number, content: string): string => little16(type) + little16(4 + content.length) + content;
const packed = (content: string): string => u16(0x8000 | content.length) + content;
const ber = (tag: string, content: string): string => `${tag}\x82${u16(content.length)}${content}`;
const rdpClient =
  rdpBlock(
    0xc001,
    little32(0x8000c) +
      little16(1280) +
      little16(800) +
      little16(0xca01) +
      little16(0xaa03) +
      little32(0x407) +
      little32(19_045) +
      wide('DESK', 32) +
      little32(4) +
      little32(0) +
      little32(12) +
      zeros(64) +
      little16(0xca01) +
      little16(1) +
      little32(0) +
      little16(24) +
      little16(7) +
      little16(0x21) +
      wide('ab-1', 64) +
      '\x06\0',
  ) + rdpBlock(0xc003, `${little32(2)}rdpdr\0\0\0${zeros(4)}cliprdr8${zeros(4)}`);
const tlsRecord = (content: string): string => `\x16\x03\x03${u16(content.length)}${content}`;
const tlsCertificate = der(0x30, der(0x30, der(0x02, '\0\xc3\xd2'), der(0x30)));
const tlsChain = `\x0b\0${u16(6 + tlsCertificate.length)}\0${u16(3 + tlsCertificate.length)}\0${u16(tlsCertificate.length)}${tlsCertificate}`;

/** XDR: a text or bytes with their length before them, filled up to four bytes. */
const xdr = (text: string): string => long(text.length) + text + zeros((4 - (text.length & 3)) & 3);
/** A record of RPC over TCP, all in one fragment. */
export const rpcRecord = (message: string): string => long(0x80000000 + message.length) + message;
const unixUser = xdr(long(1) + xdr('desk1') + long(1000) + long(100) + long(0));
export const nfsCall = (xid: number, version: number, procedure: number, body: string): string =>
  [xid, 0, 2, 100_003, version, procedure, 1].map(long).join('') + unixUser + zeros(8) + body;
export const nfsReply = (xid: number, body: string): string => long(xid) + long(1) + zeros(16) + body;
const noAttributes = long(0);
/** Operations of a compound of version 4. */
const compound = (...operations: readonly string[]): string => xdr('') + long(0) + long(operations.length) + operations.join('');
const done = (operation: number, result = ''): string => long(operation) + long(0) + result;
const bigZero = zeros(8);

/** A packet of EtherNet/IP: command, session, content. */
const enip = (command: number, session: number, content = ''): string =>
  `${little16(command) + little16(content.length) + little32(session) + little32(0)}context1${little32(0)}${content}`;
const cipItems = (address: string, data: string): string => little32(0) + little16(0) + little16(2) + address + data;
const connected = (number: number, message: string): string =>
  cipItems(little16(0xa1) + little16(4) + little32(9), little16(0xb1) + little16(2 + message.length) + little16(number) + message);
const unconnected = (message: string): string => cipItems(zeros(4), little16(0xb2) + little16(message.length) + message);
const services = (...list: readonly string[]): string => {
  let offset = 2 + 2 * list.length;
  const offsets = list.map((one) => {
    offset += one.length;
    return little16(offset - one.length);
  });
  return little16(list.length) + offsets.join('') + list.join('');
};
const enipItem = (type: number, content: string): string => little16(1) + little16(type) + little16(content.length) + content;

export const SAMPLES = {
  modbus: {
    read: '\0\x07\0\0\0\x06\x0a\x01\0\x02\0\x0a',
    answered: '\0\x07\0\0\0\x05\x0a\x01\x02\x05\x41',
    write: '\0\x08\0\0\0\x0b\x0a\x10\0\x05\0\x02\x04\0\x01\0\x02',
    refused: '\0\x08\0\0\0\x03\x0a\x90\x04',
    diagnose: '\0\x09\0\0\0\x06\x0a\x08\0\x04\0\0',
    identify: '\0\x0a\0\0\0\x05\x0a\x2b\x0e\x03\x01',
  },
  enip: {
    register: enip(0x65, 0, little16(1) + little16(0)),
    registered: enip(0x65, 77, little16(1) + little16(0)),
    askIdentity: enip(0x63, 0),
    identity: enip(
      0x63,
      0,
      enipItem(0x0c, `${little16(1) + zeros(16) + little16(9) + little16(12) + little16(58)}\x04\x03${little16(48)}${little32(0x01020304)}\x04Gate\x03`),
    ),
    askServices: enip(0x04, 0),
    services: enip(0x04, 0, enipItem(0x100, `${little16(1) + little16(0x120)}Communications\0\0`)),
    multiple: enip(
      0x70,
      77,
      connected(
        1,
        `\x0a\x02\x20\x02\x24\x01${services(`\x03\x02\x20\x01\x24\x02${little16(2)}${little16(5)}${little16(7)}`, `\x0e\x03\x21\0${little16(300)}\x30\x04`)}`,
      ),
    ),
    multipleDone: enip(0x70, 77, connected(1, `\x8a\0\0\0${services(`\x83\0\0\0${zeros(4)}`, `\x8e\0\x08\x01${little16(0x2104)}`)}`)),
    sent: enip(0x6f, 77, unconnected(`\x52\x02\x20\x06\x24\x01\x07\xf9${little16(6)}\x05\x02\x20\x01\x24\x01\x01\0\x01\x02`)),
    leave: enip(0x66, 77),
  },
  'bittorrent-dht': {
    ping: 'd1:ad2:id20:abcdefghijklmnopqrste1:q4:ping1:t2:xy1:y1:qe',
    found: `d1:rd2:id20:abcdefghijklmnopqrst5:nodes26:${zeros(26)}5:token1:T6:valuesl6:${zeros(6)}ee1:t1:x1:y1:re`,
    wrong: 'd1:eli201e5:Wronge1:t1:x1:y1:ee',
  },
  nfs: {
    lookup: nfsCall(1, 3, 3, xdr('root') + xdr('plan.txt')),
    found: nfsReply(1, long(0) + xdr('file1') + noAttributes + noAttributes),
    missing: nfsReply(1, long(2) + noAttributes),
    read: nfsCall(2, 3, 6, xdr('file1') + bigZero + long(4)),
    readRest: nfsCall(3, 3, 6, xdr('file1') + long(0) + long(4) + long(9)),
    part: nfsReply(2, long(0) + noAttributes + long(4) + long(0) + xdr('once')),
    rest: nfsReply(3, long(0) + noAttributes + long(5) + long(1) + xdr(' more')),
    write: nfsCall(4, 3, 7, xdr('file1') + bigZero + long(5) + long(0) + xdr('words')),
    written: nfsReply(4, long(0) + noAttributes + noAttributes + long(5) + long(2) + bigZero),
    commit: nfsCall(5, 3, 21, xdr('file1') + bigZero + long(0)),
    rename: nfsCall(6, 3, 14, xdr('root') + xdr('plan.txt') + xdr('root') + xdr('old.txt')),
    renamed: nfsReply(6, long(0) + zeros(16)),
    readTwo: nfsCall(7, 2, 6, 'h'.repeat(32) + long(0) + long(4096) + long(0)),
    partTwo: nfsReply(7, long(0) + zeros(20) + long(3) + zeros(44) + xdr('all')),
    openFour: nfsCall(
      8,
      4,
      1,
      compound(
        long(22) + xdr('root'),
        long(18) + long(1) + long(2) + long(0) + bigZero + xdr('owner') + long(1) + long(0) + long(0) + long(0) + long(0) + xdr('new.txt'),
        long(10),
      ),
    ),
    openedFour: nfsReply(8, long(0) + xdr('') + long(3) + done(22) + done(18, zeros(16) + zeros(20) + long(0) + long(0) + long(0)) + done(10, xdr('file4'))),
    writeFour: nfsCall(9, 4, 1, compound(long(22) + xdr('file4'), long(38) + zeros(16) + bigZero + long(2) + xdr('four'))),
    writtenFour: nfsReply(9, long(0) + xdr('') + long(2) + done(22) + done(38, long(4) + long(2) + bigZero)),
    closeFour: nfsCall(10, 4, 1, compound(long(22) + xdr('file4'), long(4) + long(1) + zeros(16))),
    removeFour: nfsCall(11, 4, 1, compound(long(22) + xdr('root'), long(28) + xdr('new.txt'))),
    removedFour: nfsReply(11, long(0) + xdr('') + long(2) + done(22) + done(28, zeros(20))),
    nothing: nfsCall(12, 3, 0, ''),
    nothingOfLists: nfsCall(13, 3, 0, '').replace(long(100_003), long(100_227)),
    listsOfAccess: nfsCall(14, 3, 1, xdr('file1') + long(0)).replace(long(100_003), long(100_227)),
    nothingFour: nfsCall(15, 4, 0, ''),
    strange: nfsCall(13, 7, 1, ''),
    damaged: nfsCall(14, 3, 3, long(99)),
  },
  rdp: {
    cookie: x224('\xe0', 'Cookie: mstshash=alice\r\n'),
    plain: x224('\xd0', ''),
    connect: tpkt(
      `\x02\xf0\x80\x7f${ber(
        '\x65',
        `${der(0x04, '\x01')}${der(0x04, '\x01')}${der(0x01, '\xff')}${der(0x30)}${der(0x30)}${der(0x30)}${ber(
          '\x04',
          `\0\x05\0\x14\x7c\0\x01${packed(`\0\x08\0\x10\0\x01\xc0\0Duca${packed(rdpClient)}`)}`,
        )}`,
      )}`,
    ),
    connected: tpkt('\x02\xf0\x80\x7f\x66\x03\x0a\x01\0'),
    negotiate: x224('\xe0', '\x01\x01\x08\0\x0b\0\0\0'),
    chosen: x224('\xd0', '\x02\x03\x08\0\x02\0\0\0'),
    refused: x224('\xd0', '\x03\0\x08\0\x05\0\0\0'),
    tlsHello: tlsRecord('\x01\0\0\x01!'),
    tlsCertificates: tlsRecord(`\x02\0\0\x01!${tlsChain.slice(0, 9)}`) + tlsRecord(tlsChain.slice(9)),
  },
  pop3: {
    list: 'LIST\r\n',
    listed: '+OK 2 messages\r\n1 120\r\n2 40\r\n.\r\n',
    logon: 'AUTH PLAIN\r\n',
    challenge: '+ \r\n',
    proof: 'AGFsaWNlAHNlY3JldA==\r\n',
    mail: 'RETR 1\r\n',
    refused: '-ERR no such message\r\n',
  },
  ntp: { answer: `\x24\x01\x06\xec${zeros(8)}GPS\0${zeros(32)}`, control: `\x16\x01\0\x01${zeros(8)}` },
  rfb: {
    version: 'RFB 003.008\n',
    types: '\x02\x01\x02',
    choice: '\x02',
    screen: '\x02\x80\x01\xe0\x20\x18\0\x01\0\xff\0\xff\0\xff\x10\x08\0\0\0\0\0\0\0\x04d\xe9sk',
  },
  websocket: {
    hello: webSocketFrame(0x81, 'hello', '\x01\x02\x03\x04'),
    first: webSocketFrame(0x01, 'in two '),
    ping: webSocketFrame(0x89, '?'),
    last: webSocketFrame(0x80, 'pieces'),
    pong: webSocketFrame(0x8a, '?', '\x0a\x0b\x0c\x0d'),
    close: webSocketFrame(0x88, '\x03\xe8'),
    compressed: webSocketFrame(0xc1, '\xca\x48\xcd\xc9\xc9\x07\x00'),
  },
  pgsql: {
    encrypt: pgsqlFirst(80_877_103),
    start: pgsqlFirst(0x30000, 'user\0alice\0database\0shop\0TimeZone\0UTC\0\0'),
    salt: pgsql('R', long(5), 'a\xfe\\b'),
    password: pgsql('p', 'md5secret\0'),
    welcome:
      pgsql('R', long(0)) + pgsql('S', 'server_version\x0016\0') + pgsql('S', 'is_superuser\0off\0') + pgsql('K', long(7), long(0x80000009)) + pgsql('Z', 'I'),
    query: pgsql('Q', 'SELECT name FROM goods\0'),
    rows:
      pgsql('T', '\0\x01', 'name\0', zeros(18)) +
      pgsql('D', '\0\x01', long(3), 'tea') +
      pgsql('D', '\0\x01', long(5), 'honey') +
      pgsql('C', 'SELECT 2\0') +
      pgsql('Z', 'I'),
    refused: fault('SERROR', 'VERROR', 'C42P01', 'Mno such table', 'Fparse.c', 'L7', 'Rfind') + pgsql('Z', 'I'),
    extended: pgsql('P', '\0SELECT 1\0\0\0') + pgsql('B', zeros(8)) + pgsql('E', zeros(5)) + pgsql('S'),
    extendedAnswer: pgsql('1') + pgsql('2') + pgsql('C', 'SELECT 1\0') + pgsql('Z', 'I'),
    copyIn: pgsql('Q', 'COPY goods FROM STDIN\0'),
    copyInReady: pgsql('G', '\0\0\x02', zeros(4)),
    copied: pgsql('d', 'tea\t3\n') + pgsql('d', 'honey\t9\n') + pgsql('c'),
    copyDone: pgsql('C', 'COPY 2\0') + pgsql('Z', 'I'),
    copyOut: pgsql('H', '\0\0\x02', zeros(4)) + pgsql('d', 'tea\t3\n') + pgsql('c') + pgsql('C', 'COPY 1\0') + pgsql('Z', 'I'),
    sasl: pgsql('R', long(10), 'SCRAM-SHA-256\0\0'),
    saslFirst: pgsql('p', 'SCRAM-SHA-256\0', long(8), 'n,,n=,r='),
    saslOn: pgsql('R', long(11), 'r=1,s=2,i=3'),
    saslSecond: pgsql('p', 'c=biws,p=4'),
    saslLast: pgsql('R', long(12), 'v=5') + pgsql('R', long(0)) + pgsql('Z', 'I'),
    notice: pgsql('A', long(7), 'goods\0sold\0'),
    leave: pgsql('X'),
  },
  ldap: {
    bind: ldap('\x01', der(0x60, der(0x02, '\x03'), der(0x04, 'cn=reader'), der(0x80, 'hidden'))),
    bound: ldap('\x01', der(0x61, der(0x0a, '\x31'), der(0x04), der(0x04, 'no'))),
    search: ldap(
      '\x02',
      der(
        0x63,
        der(0x04, 'dc=example'),
        der(0x0a, '\x02'),
        der(0x0a, '\0'),
        der(0x02, '\0'),
        der(0x02, '\0'),
        der(0x01, '\0'),
        der(0x87, 'objectClass'),
        der(0x30, der(0x04, 'cn'), der(0x04, 'mail')),
      ),
    ),
    entry: ldap(
      '\x02',
      der(0x64, der(0x04, 'cn=a,dc=example'), der(0x30, der(0x30, der(0x04, 'mail'), der(0x31, der(0x04, 'a@example'), der(0x04, 'b@example'))))),
    ),
    done: ldap('\x02', der(0x65, der(0x0a, '\0'), der(0x04), der(0x04))),
    change: ldap('\x03', der(0x66, der(0x04, 'cn=a'), der(0x30, der(0x30, der(0x0a, '\x02'), der(0x30, der(0x04, 'mail'), der(0x31, der(0x04, 'c'))))))),
    encrypt: ldap('\x07', der(0x77, der(0x80, '1.3.6.1.4.1.1466.20037'))),
    leave: ldap('\x04', '\x42\0'),
  },
  mqtt: {
    connect: mqtt(0x10, counted('MQTT'), '\x05\xc2\0\x3c', '\x03\x21\0\x14', counted('sensor'), counted('alice'), counted('secret')),
    connected: mqtt(0x20, '\0\0', '\0'),
    publish: mqtt(0x32, counted('room/1'), '\0\x07', `\x0c\x01\x01\x26${counted('unit')}${counted('C')}`, '21.5'),
    published: mqtt(0x40, '\0\x07\x10'),
    subscribe: mqtt(0x82, '\0\x08\0', counted('room/#'), '\x01', counted('hall'), '\0'),
    subscribed: mqtt(0x90, '\0\x08\0', '\x01\x80'),
    unsubscribe: mqtt(0xa2, '\0\x09\0', counted('hall')),
    unsubscribed: mqtt(0xb0, '\0\x09\0', '\0'),
    ping: mqtt(0xc0),
    leave: mqtt(0xe0, '\x04\0'),
  },
  snmp: {
    get: der(0x30, der(0x02, '\x01'), der(0x04, 'public'), pdu(0)),
    response: der(0x30, der(0x02, '\x01'), der(0x04, 'public'), pdu(2)),
    user: der(
      0x30,
      der(0x02, '\x03'),
      der(0x30, der(0x02, '\x01'), der(0x02, '\x10\x00'), der(0x04, '\x04'), der(0x02, '\x03')),
      der(0x04, der(0x30, der(0x04), der(0x02, '\x00'), der(0x02, '\x00'), der(0x04, 'operator'), der(0x04), der(0x04))),
      der(0x30, der(0x04), der(0x04), pdu(0)),
    ),
    hidden: der(
      0x30,
      der(0x02, '\x03'),
      der(0x30, der(0x02, '\x01'), der(0x02, '\x10\x00'), der(0x04, '\x07'), der(0x02, '\x03')),
      der(0x04, der(0x30, der(0x04), der(0x02, '\x00'), der(0x02, '\x00'), der(0x04, 'operator'), der(0x04), der(0x04))),
      der(0x04, 'ciphertext'),
    ),
  },
  tftp: { read: '\0\x01boot.img\0octet\0', write: '\0\x02core.dump\0NETASCII\0' },
  dhcp: {
    acknowledgement: `\x02\x01\x06\0\x12\x34\x56\x78${zeros(8)}\x0a\0\0\x07\x0a\0\0\x01${zeros(4)}\x02\0\0\0\0\x09${zeros(10 + 64 + 128)}\x63\x82\x53\x63\x35\x01\x05\x0c\x04host\xff`,
    request: `\x01\x01\x06\0\x12\x34\x56\x78${zeros(20)}\x02\0\0\0\0\x09${zeros(10 + 64 + 128)}\x63\x82\x53\x63\x35\x01\x03\xff`,
  },
  dnp3: {
    // The time is set, and answered with two inputs.
    write: '\x05d\x12\xc4\x04\x00\x03\x00\x1e|\xc0\xc1\x022\x01\x07\x01\x124Vx4\x01\xfa\xa2',
    response: '\x05d\x11D\x03\x00\x04\x001\xdf\xc0\xc1\x81\x90\x02\x01\x02\x00\x03\x04\x81\x01\xea ',
  },
  ike: {
    initial: `abcdefgh${zeros(8)}\x21\x20\x22\x08\0\0\0\0\0\0\0\x30\x29\0\0\x0cfghijklm\0\0\0\x08\0\0\x40\x04`,
  },
  sip: {
    invite: 'INVITE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/UDP pc.example\r\nf: Alice <sip:alice@example.org>\r\nContent-Length: 4\r\n\r\nv=0\n',
    ringing: 'SIP/2.0 180 Ringing\r\nTo: Bob <sip:bob@example.com>\r\nContent-Length: 0\r\n\r\n',
  },
  krb5: {
    question: der(
      0x6a,
      der(
        0x30,
        der(0xa1, der(0x02, '\x05')),
        der(0xa2, der(0x02, '\x0a')),
        der(
          0xa4,
          der(
            0x30,
            der(0xa0, der(0x03, '\0\x40\0\0\0')),
            der(0xa2, der(0x1b, 'EXAMPLE.ORG')),
            der(0xa5, der(0x18, '20370913024805Z')),
            der(0xa7, der(0x02, '\x07')),
            der(0xa8, der(0x30, der(0x02, '\x12'))),
          ),
        ),
      ),
    ),
    withoutBody: der(0x6a, der(0x30, der(0xa1, der(0x02, '\x05')), der(0xa2, der(0x02, '\x0a')))),
    error: der(
      0x7e,
      der(
        0x30,
        der(0xa0, der(0x02, '\x05')),
        der(0xa1, der(0x02, '\x1e')),
        der(0xa4, der(0x18, '20240308100000Z')),
        der(0xa5, der(0x02, '\x01')),
        der(0xa6, der(0x02, '\x19')),
        der(0xa9, der(0x1b, 'EXAMPLE.ORG')),
        der(0xaa, principal('krbtgt', 'EXAMPLE.ORG')),
      ),
    ),
    ticket: der(
      0x6b,
      der(
        0x30,
        der(0xa0, der(0x02, '\x05')),
        der(0xa1, der(0x02, '\x0b')),
        der(0xa3, der(0x1b, 'EXAMPLE.ORG')),
        der(0xa4, principal('alice')),
        der(0xa5, der(0x61, der(0x30, der(0xa2, principal('krbtgt')), der(0xa3, der(0x30, der(0xa0, der(0x02, '\x12'))))))),
        der(0xa6, der(0x30, der(0xa0, der(0x02, '\x17')))),
      ),
    ),
  },
} as const;
