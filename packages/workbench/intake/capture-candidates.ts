/**
 * A capture as intake: EVE records → what could become an indicator, each value once with how often and where it was seen. These are
 * candidates, nothing is said about good or bad: a capture of a threat holds the ordinary traffic of its host, too. Memory is bounded
 * by the number and length of values; what does not fit is counted.
 */
import type { EveRecord } from '@sigwright/contracts';

export interface CaptureCandidate {
  /** what it is, and by that the buffer a rule would look into: `dns query`, `http host`, `tls ja4`, … */
  readonly kind: string;
  readonly value: string;
  /** records that hold it */
  readonly times: number;
  /** where it was seen first */
  readonly first: {
    /** number of the packet in the capture, from 1; 0 where no single packet shows it */
    readonly packet: number;
    readonly timestamp: string;
    /** `address:port` */
    readonly source: string;
    readonly destination: string;
  };
}

const MOST_CANDIDATES = 100_000;
/** Longer values are left out: no name or address is so long, and a rule needs no more. */
const LONGEST_VALUE = 8192;

/** Paths within a record, `a.b`; a list stands for each of its elements. In the order in which they are shown. */
const FIELDS: readonly (readonly [kind: string, type: string, path: string])[] = [
  ['dns query', 'dns', 'dns.queries.rrname'],
  ['dns query', 'dns', 'dns.rrname'],
  ['dns answer', 'dns', 'dns.answers.rdata'],
  ['http host', 'http', 'http.hostname'],
  ['http method', 'http', 'http.http_method'],
  ['http user agent', 'http', 'http.http_user_agent'],
  ['http referrer', 'http', 'http.http_refer'],
  ['tls sni', 'tls', 'tls.sni'],
  ['tls ja3', 'tls', 'tls.ja3.hash'],
  ['tls ja3s', 'tls', 'tls.ja3s.hash'],
  ['tls ja4', 'tls', 'tls.ja4'],
  ['certificate subject', 'tls', 'tls.subject'],
  ['certificate issuer', 'tls', 'tls.issuerdn'],
  ['certificate name', 'tls', 'tls.subjectaltname'],
  ['certificate serial', 'tls', 'tls.serial'],
  ['certificate sha1', 'tls', 'tls.fingerprint'],
  ['quic sni', 'quic', 'quic.sni'],
  ['quic ja4', 'quic', 'quic.ja4'],
  ['ssh client', 'ssh', 'ssh.client.software_version'],
  ['ssh server', 'ssh', 'ssh.server.software_version'],
  ['smb client guid', 'smb', 'smb.client_guid'],
  ['smb server guid', 'smb', 'smb.server_guid'],
  ['smb share', 'smb', 'smb.share'],
  ['smb file name', 'smb', 'smb.filename'],
  ['file name', 'fileinfo', 'fileinfo.filename'],
  ['file md5', 'fileinfo', 'fileinfo.md5'],
  ['file sha1', 'fileinfo', 'fileinfo.sha1'],
  ['file sha256', 'fileinfo', 'fileinfo.sha256'],
];

export class CaptureCandidates {
  readonly #found = new Map<string, { candidate: Omit<CaptureCandidate, 'times'>; times: number }>();
  /** values that were too long or too many */
  leftOut = 0;

  /** Takes in any record; one of another type or shape adds nothing. */
  add(record: EveRecord): void {
    for (const [kind, type, path] of FIELDS)
      if (record['event_type'] === type) for (const value of valuesAt(record, path.split('.'))) this.#note(kind, value, record);
    if (record['event_type'] !== 'http') return;
    const [uri] = valuesAt(record, ['http', 'url']);
    const [host] = valuesAt(record, ['http', 'hostname']);
    if (uri === undefined) return;
    const [port] = valuesAt(record, ['http', 'http_port']);
    const place = host === undefined ? '' : `http://${host}${port === undefined || port === '80' ? '' : `:${port}`}`;
    this.#note('http url', /^https?:\/\//i.test(uri) ? uri : place + uri, record);
  }

  /** By kind, within a kind in the order of the capture. */
  list(): readonly CaptureCandidate[] {
    const order = new Map([...FIELDS.map(([kind]) => kind)].map((kind, at) => [kind, kind === 'http host' ? at : at + 0.5]));
    const rank = (kind: string): number => order.get(kind) ?? (order.get('http host') as number) + 0.1;
    return [...this.#found.values()].map(({ candidate, times }) => ({ ...candidate, times })).sort((a, b) => rank(a.kind) - rank(b.kind));
  }

  #note(kind: string, value: string, record: EveRecord): void {
    const key = `${kind}\n${value}`;
    const known = this.#found.get(key);
    if (known !== undefined) {
      known.times++;
      return;
    }
    if (value.length > LONGEST_VALUE || this.#found.size >= MOST_CANDIDATES) {
      this.leftOut++;
      return;
    }
    const packet = record['pcap_cnt'];
    const first = {
      packet: typeof packet === 'number' ? packet : 0,
      timestamp: String(record['timestamp'] ?? ''),
      source: placeOf(record['src_ip'], record['src_port']),
      destination: placeOf(record['dest_ip'], record['dest_port']),
    };
    this.#found.set(key, { candidate: { kind, value, first }, times: 1 });
  }
}

function valuesAt(value: unknown, path: readonly string[]): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((one: unknown) => valuesAt(one, path));
  if (path.length === 0) return (typeof value === 'string' && value !== '') || typeof value === 'number' ? [String(value)] : [];
  return typeof value === 'object' && value !== null ? valuesAt((value as Readonly<Record<string, unknown>>)[path[0]], path.slice(1)) : [];
}

function placeOf(address: unknown, port: unknown): string {
  const text = String(address ?? '');
  return port === undefined ? text : `${text.includes(':') ? `[${text}]` : text}:${String(port)}`;
}
