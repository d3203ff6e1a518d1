/** Community ID (version 1, github.com/corelight/community-id-spec): one name for a flow, whichever tool and whichever end saw it. */
import { base64, sha1 } from '@sigwright/bytes';
import { type Flow, ICMP, ICMPV6, SCTP, TCP, UDP } from '@sigwright/contracts';

/** ICMP types whose answer has a type of its own; the pair stands where others have ports. */
const ICMP_PAIRS: ReadonlyMap<number, number> = new Map([
  [8, 0],
  [0, 8],
  [13, 14],
  [14, 13],
  [15, 16],
  [16, 15],
  [17, 18],
  [18, 17],
  [10, 9],
  [9, 10],
]);
const ICMPV6_PAIRS: ReadonlyMap<number, number> = new Map([
  [128, 129],
  [129, 128],
  [130, 131],
  [131, 130],
  [133, 134],
  [134, 133],
  [135, 136],
  [136, 135],
  [139, 140],
  [140, 139],
  [144, 145],
  [145, 144],
]);

/** `1:` and the digest in base64; the seed keeps two networks apart. */
export function communityId(flow: Flow, seed: number): string {
  const words = flow.ipVersion === 6 ? 4 : 1;
  const ports = portsOf(flow);
  const addresses = compareAddresses(flow, words);
  const swap = ports?.oneWay !== true && (addresses > 0 || (addresses === 0 && ports !== undefined && ports.source > ports.destination));
  const bytes = new Uint8Array(2 + words * 8 + 2 + (ports === undefined ? 0 : 4));
  const view = new DataView(bytes.buffer);
  view.setUint16(0, seed & 0xffff);
  const [first, second] = swap ? [flow.destination, flow.source] : [flow.source, flow.destination];
  for (let word = 0; word < words; word++) {
    view.setUint32(2 + word * 4, first[word]);
    view.setUint32(2 + (words + word) * 4, second[word]);
  }
  const at = 2 + words * 8;
  bytes[at] = flow.protocol;
  if (ports !== undefined) {
    view.setUint16(at + 2, swap ? ports.destination : ports.source);
    view.setUint16(at + 4, swap ? ports.source : ports.destination);
  }
  return `1:${base64(sha1(bytes))}`;
}

function portsOf(flow: Flow): { source: number; destination: number; oneWay: boolean } | undefined {
  const { protocol, sourcePort, destinationPort } = flow;
  if (protocol === TCP || protocol === UDP || protocol === SCTP) return { source: sourcePort, destination: destinationPort, oneWay: false };
  if (protocol !== ICMP && protocol !== ICMPV6) return undefined;
  const answer = (protocol === ICMP ? ICMP_PAIRS : ICMPV6_PAIRS).get(sourcePort);
  return answer === undefined ? { source: sourcePort, destination: destinationPort, oneWay: true } : { source: sourcePort, destination: answer, oneWay: false };
}

function compareAddresses(flow: Flow, words: number): number {
  for (let word = 0; word < words; word++) if (flow.source[word] !== flow.destination[word]) return flow.source[word] < flow.destination[word] ? -1 : 1;
  return 0;
}
