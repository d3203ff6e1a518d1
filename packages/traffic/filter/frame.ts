/** Where the layers of a frame lie, for packet filters: link header, network layer, transport layer. */

export interface Frame {
  readonly data: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly wireLength: number;
  readonly isEthernet: boolean;
  /** EtherType of what is at `network`; `vlan` moves both one tag on, as libpcap does */
  etherType: number;
  network: number;
}

export const ETHER_IPV4 = 0x0800;
export const ETHER_IPV6 = 0x86dd;
const ETHER_VLANS: ReadonlySet<number> = new Set([0x8100, 0x88a8, 0x9100]);
const VLAN_TAG = 4;

const LINK_NULL = 0;
const LINK_ETHERNET = 1;
const LINK_LOOP = 108;
const LINK_SLL = 113;
const LINK_SLL2 = 276;
const RAW: ReadonlySet<number> = new Set([12, 14, 101, 228, 229]);

/** A number of 1, 2 or 4 bytes, most significant first; undefined where the frame does not have it. */
export function numberAt({ data, start, end }: Frame, at: number, width: number): number | undefined {
  if (at < start || at + width > end) return undefined;
  let value = 0;
  for (let byte = 0; byte < width; byte++) value = value * 256 + data[at + byte];
  return value;
}

export function frameOf(data: Uint8Array, start: number, end: number, linkType: number, wireLength: number): Frame {
  const frame: Frame = { data, start, end, wireLength, isEthernet: linkType === LINK_ETHERNET, etherType: -1, network: end };
  const at = (offset: number): number => numberAt(frame, start + offset, 2) ?? -1;
  if (linkType === LINK_ETHERNET) {
    frame.etherType = at(12);
    frame.network = start + 14;
  } else if (linkType === LINK_SLL) {
    frame.etherType = at(14);
    frame.network = start + 16;
  } else if (linkType === LINK_SLL2) {
    frame.etherType = at(0);
    frame.network = start + 20;
  } else if (RAW.has(linkType) || linkType === LINK_NULL || linkType === LINK_LOOP) {
    frame.network = start + (RAW.has(linkType) ? 0 : 4);
    const version = (numberAt(frame, frame.network, 1) ?? 0) >> 4;
    frame.etherType = version === 4 ? ETHER_IPV4 : version === 6 ? ETHER_IPV6 : -1;
  }
  return frame;
}

/** The tag's number, and what comes after it is the network layer now; undefined where there is no tag. */
export function enterVlan(frame: Frame): number | undefined {
  if (!ETHER_VLANS.has(frame.etherType)) return undefined;
  const tag = numberAt(frame, frame.network, 2);
  if (tag === undefined) return undefined;
  frame.etherType = numberAt(frame, frame.network + 2, 2) ?? -1;
  frame.network += VLAN_TAG;
  return tag & 0xfff;
}

/** Protocol number that the IP header names; -1 where there is none. */
export function protocolOf(frame: Frame): number {
  if (frame.etherType === ETHER_IPV4) return numberAt(frame, frame.network + 9, 1) ?? -1;
  return frame.etherType === ETHER_IPV6 ? (numberAt(frame, frame.network + 6, 1) ?? -1) : -1;
}

/** Where the transport layer begins; undefined in later fragments and where there is no IP. */
export function transportOf(frame: Frame): number | undefined {
  if (frame.etherType === ETHER_IPV6) return frame.network + 40;
  if (frame.etherType !== ETHER_IPV4) return undefined;
  const fragment = numberAt(frame, frame.network + 6, 2);
  const first = numberAt(frame, frame.network, 1);
  return fragment === undefined || first === undefined || (fragment & 0x1fff) !== 0 ? undefined : frame.network + (first & 15) * 4;
}
