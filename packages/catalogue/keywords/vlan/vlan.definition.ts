/** Tags of virtual networks (IEEE 802.1Q) that a packet came with, outermost first. Suricata user guide, "VLAN Keywords". */
import { asKeywords, type Comparison, isProblem, keyword, MOST_VLANS, type Packet } from '@sigwright/contracts';
import { compares, comparison, custom, describeComparison, showComparison } from '../../arguments/index.ts';

const HIGHEST_ID = 4095;

/** A tag by its place from outside, or from inside where it is negative; or how many of them must fit. */
type Layer = number | 'any' | 'all';

interface IdWanted {
  readonly id: Comparison;
  readonly layer: Layer;
}

const ids = comparison(0, HIGHEST_ID);

function layerOf(written: string): Layer | undefined {
  if (written === 'any' || written === 'all') return written;
  const place = /^-?\d$/.test(written) ? Number(written) : Number.NaN;
  return place >= -MOST_VLANS && place < MOST_VLANS ? place : undefined;
}

function readId(written: string): { value: IdWanted } | { problem: string } {
  const [idText, layerText = 'any', ...more] = written.split(',').map((part) => part.trim());
  if (more.length > 0) return { problem: 'more than a number and a layer are given' };
  const id = ids.read(idText);
  if (isProblem(id)) return id;
  const layer = layerOf(layerText);
  return layer === undefined
    ? { problem: `\`${layerText}\` is no layer from -${MOST_VLANS} to ${MOST_VLANS - 1}, any or all` }
    : { value: { id: id.value, layer } };
}

function fits({ vlans, vlanCount }: Packet, { id, layer }: IdWanted): boolean {
  if (layer === 'any' || layer === 'all') {
    let fitting = 0;
    for (let at = 0; at < vlanCount; at++) if (compares(id, vlans[at])) fitting++;
    return layer === 'any' ? fitting > 0 : fitting > 0 && fitting === vlanCount;
  }
  const place = layer < 0 ? vlanCount + layer : layer;
  return place >= 0 && place < vlanCount && compares(id, vlans[place]);
}

export const keywords = asKeywords(
  keyword({
    name: 'vlan.id',
    family: 'vlan',
    since: '8.0',
    summary: 'number of a virtual network that the packet is tagged with',
    kind: 'condition',
    argument: custom('[<operator>]<number>[,<layer>|any|all]', ['300', '<300,0', '>=200,-1', '!5,all'], readId),
    examples: ['vlan.id:300;', 'vlan.id:>=200,1;'],
    broken: [
      { options: 'vlan.id:4096;', code: 'vlan.id/argument' },
      { options: 'vlan.id:1,3;', code: 'vlan.id/argument' },
    ],
    apply(wanted, builder) {
      builder.demandPacket();
      builder.addPacket({
        keyword: 'vlan.id',
        describes: `number of the virtual network (${typeof wanted.layer === 'number' ? `layer ${wanted.layer}` : wanted.layer}) is ${describeComparison(wanted.id)}`,
        cost: 1,
        shown: { ...showComparison(wanted.id), layer: wanted.layer },
        test: (packet) => fits(packet, wanted),
      });
    },
  }),
  keyword({
    name: 'vlan.layers',
    family: 'vlan',
    since: '8.0',
    summary: 'how many tags of virtual networks the packet has',
    kind: 'condition',
    argument: { ...comparison(0, MOST_VLANS), samples: ['1', '<3', '>0'] },
    examples: ['vlan.layers:0;', 'vlan.layers:>1;'],
    broken: [{ options: 'vlan.layers:4;', code: 'vlan.layers/argument' }],
    apply(wanted, builder) {
      builder.demandPacket();
      builder.addPacket({
        keyword: 'vlan.layers',
        describes: `the packet has ${describeComparison(wanted)} tags of virtual networks`,
        cost: 1,
        shown: showComparison(wanted),
        test: ({ vlanCount }) => compares(wanted, vlanCount),
      });
    },
  }),
);
