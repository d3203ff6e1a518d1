/** Rules that can never be true by their header and what they ask for are refused, with what is wrong; their neighbours load. */
import { catalogue } from '@sigwright/catalogue';
import { DEFAULT_SETTINGS } from '@sigwright/contracts';
import { parseRules } from '@sigwright/rule-language';
import { expect, test } from 'vitest';
import { buildPlan } from '../index.ts';

const NO_HOME = { ...DEFAULT_SETTINGS, addressGroups: { HOME_NET: 'any', EXTERNAL_NET: '!$HOME_NET' } };

test.each<readonly [why: string, header: string, options: string, code: string | undefined]>([
  ['no address is left', 'tcp !any any -> any any', '', 'header/nothing'],
  ['in a list, too', 'tcp [10.0.0.1,!any] any -> any any', '', 'header/nothing'],
  ['a variable may come to that: the rule stays silent', 'tcp $EXTERNAL_NET any -> any any', '', undefined],
  ['what is named is taken away again', 'tcp [10.0.0.1,!10.0.0.0/24] any -> any any', '', 'header/nothing'],
  ['by several', 'tcp [10.0.0.0/23,!10.0.0.0/24,!10.0.1.0/24] any -> any any', '', 'header/nothing'],
  [
    'each by another one, of both versions',
    'tcp [10.0.0.1,10.9.0.1,2001:db8::1,!10.9.0.0/16,!10.0.0.0/16,!2001:db8::/32] any -> any any',
    '',
    'header/nothing',
  ],
  ['one of version 6 is left', 'tcp [10.0.0.1,2001:db8::1,!10.0.0.0/8,!2001:db9::/32] any -> any any', '', undefined],
  ['one of version 4 is left', 'tcp [10.0.0.1,2001:db8::1,!2001:db8::/32] any -> any any', '', undefined],
  ['some of it is left', 'tcp [10.0.0.0/24,!10.0.0.1] any -> any any', '', undefined],
  ['ports, too', 'tcp any [80,!80] -> any any', '', 'header/nothing'],
  ['a port is left', 'tcp any [80:81,!80] -> any any', '', undefined],
  ['no port is left', 'tcp any !any -> any any', '', 'header/nothing'],
  ['no port but one', 'tcp any !80 -> any any', '', undefined],
  ['a protocol without files', 'ssh any any -> any any', 'file.data; content:"a";', 'rule/no-files'],
  ['nothing to store', 'dns any any -> any any', 'filestore;', 'rule/no-files'],
  ['a protocol with files', 'smb any any -> any any', 'file.name; content:"a";', undefined],
  ['stub data is no file', 'dcerpc any any -> any any', 'dcerpc.stub_data; content:"a";', undefined],
  ['nor where the keyword alone says the protocol', 'tcp any any -> any any', 'dce_stub_data; content:"a"; dcerpc.opnum:9;', undefined],
  ['any protocol may have some', 'tcp any any -> any any', 'file.data; content:"a";', undefined],
  ['datagrams have no TCP header', 'udp any any -> any any', 'tcp.hdr; content:"a";', 'tcp.hdr/protocol'],
  ['segments have no UDP header', 'tcp any any -> any any', 'udp.hdr; content:"a";', 'udp.hdr/protocol'],
  ['a header of any packet', 'ip any any -> any any', 'udp.hdr; content:"a";', undefined],
  ['a protocol that nobody knows', 'tcp any any -> any any', 'app-layer-protocol:nothing;', 'app-layer-protocol/unknown'],
  ['the word for what was not recognised', 'tcp any any -> any any', 'app-layer-protocol:!failed;', undefined],
  ['an event of no decoder', 'pkthdr any any -> any any', 'decode-event:nothing.at_all;', 'decode-event/unknown'],
  ['an event of a decoder', 'pkthdr any any -> any any', 'decode-event:ipv4.trunc_pkt;', undefined],
  ['an event of no stream', 'tcp any any -> any any', 'stream-event:nothing;', 'stream-event/unknown'],
  ['an event of a stream', 'tcp any any -> any any', 'stream-event:stream.est_packet_out_of_window;', undefined],
  ['an event that a decoder has not', 'pkthdr any any -> any any', 'decode-event:ipv4.trunc_packet;', 'decode-event/unknown'],
  ['an event of ARP', 'pkthdr any any -> any any', 'decode-event:arp.unsupported_opcode;', undefined],
  ['with the word decoder before it', 'pkthdr any any -> any any', 'engine-event:decoder.ipv4.trunc_pkt;', undefined],
  ['an event that begins like those of a state', 'tcp any any -> any any', 'stream-event:est_packet_out_of_windows;', 'stream-event/unknown'],
  ['an event of a stream that is no longer raised', 'tcp any any -> any any', 'stream-event:3whs_synack_resend_with_diff_seq;', undefined],
  [
    'a keyword that looks into a certificate behind a frame',
    'tls any any -> any any',
    'frame:tls.pdu; content:"a"; tls.fingerprint:"ab"; content:"c";',
    'frame/mixed',
  ],
  // What every object has is no word of any table.
  ['an address variable', 'tcp $__proto__ any -> any any', '', 'header/unknown-variable'],
  ['a port variable', 'tcp any $constructor -> any any', '', 'header/unknown-variable'],
  ['a word about flows', 'tcp any any -> any any', 'flow:constructor;', 'flow/unknown'],
  ['an IP option', 'tcp any any -> any any', 'ipopts:constructor;', 'ipopts/argument'],
  ['a name of a number', 'icmp any any -> any any', 'itype:constructor;', 'itype/argument'],
  ['a version', 'tls any any -> any any', 'tls.version:constructor;', 'tls.version/argument'],
  ['whose bit it is', 'tcp any any -> any any', 'xbits:set,a,track constructor;', 'xbits/argument'],
  ['whose bit of a host it is', 'tcp any any -> any any', 'hostbits:set,a,constructor;', 'hostbits/argument'],
  ['one of several versions', 'tls any any -> any any', 'ssl_version:constructor;', 'ssl_version/argument'],
  ['a direction of files', 'http any any -> any any', 'filestore:constructor;', 'filestore/argument'],
  ['whose files they are', 'http any any -> any any', 'filestore:both,constructor;', 'filestore/argument'],
  ['a kind of functions', 'modbus any any -> any any', 'modbus:function constructor;', 'modbus/argument'],
  ['what is read', 'modbus any any -> any any', 'modbus:access read constructor;', 'modbus/argument'],
  ['a base of numbers', 'tcp any any -> any any', 'byte_test:1,=,1,0,string,constructor;', 'byte_test/argument'],
  ['a unit', 'http any any -> any any', 'file.data; gunzip:max-size 1constructor; content:"a";', 'gunzip/argument'],
  ['an event of recognition that is none', 'tcp any any -> any any', 'app-layer-event:applayer_nothing;', 'app-layer-event/unknown'],
  ['an event of recognition', 'tcp any any -> any any', 'app-layer-event:applayer_proto_detection_skipped;', undefined],
  ['a buffer at the end that nothing is asked about', 'http any any -> any any', 'http.uri;', 'rule/buffer-unused'],
  ['a buffer before another one', 'http any any -> any any', 'http.uri; http.method; content:"a";', 'rule/buffer-unused'],
  ['a transform asks nothing', 'http any any -> any any', 'http.uri; to_md5;', 'rule/buffer-unused'],
  ['that it is absent is asked', 'http any any -> any any', 'http.uri; absent;', undefined],
  ['a keyword between that looks elsewhere for itself', 'http any any -> any any', 'http.method; content:"a"; urilen:5;', undefined],
  ['the old form of a buffer where another one is selected', 'http any any -> any any', 'http.uri; content:"a"; uricontent:"b";', 'uricontent/not-payload'],
  ['the payload needs no question', 'http any any -> any any', 'file.data; content:"a"; pkt_data;', undefined],
  ['the protocol of the header and one carried by the same third', 'dns any any -> any any', 'http.uri; content:"a";', 'rule/protocol-conflict'],
  ['the carrier itself', 'doh2 any any -> any any', 'http.uri; content:"a"; dns.query; content:"b";', undefined],
  ['the protocol twice', 'http any any -> any any', 'app-layer-protocol:!tls;', 'app-layer-protocol/header'],
  ['several that are not spoken', 'tcp any any -> any any', 'app-layer-protocol:!http; app-layer-protocol:!tls;', undefined],
  ['two at different times', 'tcp any any -> any any', 'app-layer-protocol:http1,original; app-layer-protocol:http2,final;', undefined],
  ['a number of the payload in a buffer', 'http any any -> any any', 'byte_extract:1,0,n; http.uri; byte_test:1,=,n,0;', 'byte_test/unknown-variable'],
  ['a number of the payload in the payload', 'http any any -> any any', 'http.uri; content:"a"; pkt_data; byte_extract:1,0,n; byte_test:1,=,n,0;', undefined],
  ['a number of a buffer in another', 'http any any -> any any', 'http.uri; byte_extract:1,0,n; http.method; byte_test:1,=,n,0;', undefined],
  [
    'a number of the payload in what was decoded of it',
    'tcp any any -> any any',
    'byte_extract:1,0,n; base64_decode; base64_data; content:"a"; offset:n;',
    'offset/unknown-variable',
  ],
  ['certificates to be stored for what the client says', 'tls any any -> any any', 'tls.sni; content:"a"; tls.store;', undefined],
  ['a protocol with the space before it', 'http any any -> any any', 'http.protocol; content:" HTTP/1.1";', 'http.protocol/blank'],
  ['a method with the space behind it', 'http any any -> any any', 'http.method; content:"GET ";', 'http.method/blank'],
  ['the length of one packet and a request', 'tcp any any -> any any', 'dsize:>5; http.uri; content:"a";', 'rule/packet-and-transaction'],
  ['flags of one packet and an event of a protocol', 'dns any any -> any any', 'ttl:>5; app-layer-event:dns.malformed_data;', 'rule/packet-and-transaction'],
  ['the length of a packet of a known protocol', 'http any any -> any any', 'dsize:>5;', undefined],
  ['what the flow is and a request', 'tcp any any -> any any', 'flow.pkts:toserver,>5; http.uri; content:"a";', undefined],
])('%s', (_why, header, options, code) => {
  const text = `alert ${header} (${options} sid:1;)`;
  const { problems } = buildPlan([{ path: 'test', rules: parseRules(text).rules }], catalogue, NO_HOME);
  const errors = problems.flatMap((one) => one.diagnostics.filter((diagnostic) => diagnostic.severity === 'error').map((diagnostic) => diagnostic.code));
  expect(errors).toEqual(code === undefined ? [] : [code]);
});

test.each([
  ['addresses', 'tcp $LOOP any -> any any'],
  ['addresses taken away', 'tcp !$LOOP any -> any any'],
  ['ports', 'tcp any $LOOP -> any any'],
])('a variable that names itself ten times is told once: %s', (_why, header) => {
  const loop = `[${Array<string>(10).fill('$LOOP').join()}]`;
  const settings = { ...DEFAULT_SETTINGS, addressGroups: { LOOP: loop }, portGroups: { LOOP: loop } };
  const { problems } = buildPlan([{ path: 'test', rules: parseRules(`alert ${header} (sid:1;)`).rules }], catalogue, settings);
  expect(problems.flatMap((one) => one.diagnostics.map(({ code }) => code))).toEqual(['header/variable-loop']);
});

test.each<readonly [why: string, revisions: readonly [number, number], code: string, refused: number]>([
  ['the same rule twice', [1, 1], 'rule/duplicate-sid', 1],
  ['an older one behind it', [2, 1], 'rule/duplicate-sid', 1],
  ['a newer one takes its place', [1, 2], 'rule/replaced-sid', 0],
])('one number for two rules: %s', (_why, revisions, code, refused) => {
  const text = revisions.map((rev) => `alert tcp any any -> any any (sid:1; rev:${rev};)`).join('\n');
  const build = buildPlan([{ path: 'test', rules: parseRules(text).rules }], catalogue, DEFAULT_SETTINGS);
  expect(build.problems.flatMap((one) => one.diagnostics.map((diagnostic) => diagnostic.code))).toEqual([code]);
  expect(build).toMatchObject({ loaded: 1, refused });
});

test.each<readonly [why: string, option: string, isSilent: boolean]>([
  ['an event of threads, of which there are none here', 'stream-event:wrong_thread;', true],
  ['an event whose every case has a name of its own', 'decode-event:arp.unsupported_pkt;', true],
  ['an event that is raised', 'decode-event:sctp.init_chunk_not_alone;', false],
])('an author is told what stays silent: %s', (_why, option, isSilent) => {
  const { problems } = buildPlan([{ path: 'test', rules: parseRules(`alert ip any any -> any any (${option} sid:1;)`).rules }], catalogue, NO_HOME);
  expect(problems.flatMap((one) => one.diagnostics).some(({ title }) => title.includes('is never raised here'))).toBe(isSilent);
});
