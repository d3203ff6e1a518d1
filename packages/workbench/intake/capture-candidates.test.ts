/** A capture's records → candidates: which fields count, that each value is kept once, and that no shape of record is a fault. */
import { describe, expect, test } from 'vitest';
import { CaptureCandidates } from './capture-candidates.ts';

const AT = { timestamp: '2024-03-08T09:00:00.000000+0000', pcap_cnt: 7, src_ip: '10.0.0.1', src_port: 4000, dest_ip: '2001:db8::1', dest_port: 80 };

describe('candidates of records', () => {
  test.each([
    [
      'each query of a request',
      [{ event_type: 'dns', dns: { queries: [{ rrname: 'a.example' }, { rrname: 'b.example' }] } }],
      ['dns query a.example', 'dns query b.example'],
    ],
    [
      'a URL of host and path',
      [{ event_type: 'http', http: { hostname: 'a.example', url: '/x?y' } }],
      ['http host a.example', 'http url http://a.example/x?y'],
    ],
    [
      'a URL keeps a port of its own',
      [{ event_type: 'http', http: { hostname: 'a.example', http_port: 8080, url: '/x' } }],
      ['http host a.example', 'http url http://a.example:8080/x'],
    ],
    ['a path without host stays a path', [{ event_type: 'http', http: { url: '/x' } }], ['http url /x']],
    ['a proxy is asked for whole URLs', [{ event_type: 'http', http: { url: 'http://b.example/' } }], ['http url http://b.example/']],
    [
      'fingerprints and certificates',
      [{ event_type: 'tls', tls: { ja3: { hash: 'aa' }, ja4: 'bb', issuerdn: 'CN=c', subjectaltname: ['d.example'] } }],
      ['tls ja3 aa', 'tls ja4 bb', 'certificate issuer CN=c', 'certificate name d.example'],
    ],
    [
      'GUIDs of SMB',
      [{ event_type: 'smb', smb: { server_guid: '41414141-4141-4141-4141-414141414141' } }],
      ['smb server guid 41414141-4141-4141-4141-414141414141'],
    ],
    ['digests of files', [{ event_type: 'fileinfo', fileinfo: { sha256: 'ee' } }], ['file sha256 ee']],
    ['the same field in a record of another type', [{ event_type: 'alert', tls: { ja4: 'bb' } }], []],
    [
      'fields of other shapes',
      [{ event_type: 'dns', dns: [null, 3, { queries: 'x' }] }, { event_type: 'tls', tls: { sni: {} } }, { event_type: 'http' }, {}],
      [],
    ],
    ['values longer than any name', [{ event_type: 'tls', tls: { sni: 'x'.repeat(10_000) } }], []],
  ] as const)('%s', (_, records, expected) => {
    const found = new CaptureCandidates();
    for (const record of records) found.add({ ...AT, ...record });
    expect(found.list().map(({ kind, value }) => `${kind} ${value}`)).toEqual(expected);
  });

  test('a value is kept once, with the place where it was seen first', () => {
    const found = new CaptureCandidates();
    for (const pcap_cnt of [7, 9]) found.add({ ...AT, pcap_cnt, event_type: 'tls', tls: { sni: 'a.example' } });
    expect(found.list()).toEqual([
      {
        kind: 'tls sni',
        value: 'a.example',
        times: 2,
        first: { packet: 7, timestamp: AT.timestamp, source: '10.0.0.1:4000', destination: '[2001:db8::1]:80' },
      },
    ]);
  });

  test('what is too long is counted', () => {
    const found = new CaptureCandidates();
    found.add({ ...AT, event_type: 'tls', tls: { sni: 'x'.repeat(10_000) } });
    expect(found.leftOut).toBe(1);
  });
});
