/** SSH (RFC 4253): banners and, by the HASSH method, fingerprints of what both sides offer. Suricata user guide, "SSH Keywords". */
import { latin1, shownText } from '@sigwright/bytes';
import {
  asKeywords,
  type BufferDefinition,
  type Direction,
  fillWindow,
  hooks,
  IS_THIS,
  keyword,
  NEED_MORE,
  NOT_THIS,
  type ProtocolDefinition,
  TO_CLIENT,
  TO_SERVER,
  type Transaction,
} from '@sigwright/contracts';
import { custom, none, text } from '../../arguments/index.ts';
import { BANNER, BANNER_BEGUN, type Banner, OFFER, type Offer, OVER, SshSession, type SshTransaction } from './session.ts';

const BOTH: readonly Direction[] = [TO_SERVER, TO_CLIENT];

interface SshBuffer {
  readonly name: string;
  readonly since: string;
  readonly summary: string;
  readonly directions: readonly Direction[];
  readonly progress: number;
  read(one: SshTransaction, direction: Direction): Uint8Array | undefined;
}

const BUFFERS: readonly SshBuffer[] = [
  { name: 'ssh.proto', since: '5.0', summary: 'protocol version in the banner', directions: BOTH, progress: BANNER, read: (one, of) => one.banners[of]?.proto },
  { name: 'ssh.software', since: '5.0', summary: 'software in the banner', directions: BOTH, progress: BANNER, read: (one, of) => one.banners[of]?.software },
  ...(['ssh.hassh', 'ssh.hassh.server'] as const).flatMap((name, of): readonly SshBuffer[] => {
    const common = { since: '7.0', directions: [of === 0 ? TO_SERVER : TO_CLIENT] as const, progress: OFFER };
    const side = of === 0 ? 'client' : 'server';
    return [
      { ...common, name, summary: `fingerprint of what the ${side} offers`, read: (one) => one.offers[of]?.digest },
      { ...common, name: `${name}.string`, summary: `what the ${side} offers, before it is hashed`, read: (one) => one.offers[of]?.text },
    ];
  }),
];

const buffers: readonly BufferDefinition[] = BUFFERS.map((one) => ({
  of: 'transaction' as const,
  name: one.name,
  summary: one.summary,
  shape: 'text' as const,
  protocol: 'ssh',
  directions: one.directions,
  multiple: false,
  progress: () => one.progress,
  read: (transaction, direction, index, window) => index === 0 && fillWindow(window, one.read(transaction as SshTransaction, direction)),
}));

/** Old conditions on the banner of either side. */
function bannerCondition(name: string, summary: string, sample: string, holds: (banner: Banner, wanted: string) => boolean) {
  return keyword({
    name,
    family: 'ssh',
    since: '1.3',
    summary,
    kind: 'condition' as const,
    protocol: 'ssh',
    argument: name === 'ssh.protoversion' ? custom('<version>|2_compat', [sample], versionArgument) : text([sample]),
    examples: [`${name}:${sample};`],
    broken: [{ options: `${name};`, code: `${name}/argument` }],
    apply(wanted: string, builder) {
      builder.addTransaction({
        keyword: name,
        describes: `${summary} ${wanted}`,
        protocol: 'ssh',
        progress: BANNER,
        directions: BOTH,
        test(transaction, direction) {
          const banner = (transaction as SshTransaction).banners[direction];
          return banner !== undefined && holds(banner, wanted);
        },
      });
    },
  });
}

function versionArgument(written: string): { readonly value: string } | { readonly problem: string } {
  const version = written.replaceAll('"', '').trim();
  return /^\d[\w.]*$/.test(version) ? { value: version } : { problem: `\`${written}\` is not a version` };
}

/** 1.99 says that version 2 is spoken too (RFC 4253 §5.1). */
function versionHolds({ proto }: Banner, wanted: string): boolean {
  const version = latin1(proto, 0, proto.length);
  return wanted === '2_compat' ? version.startsWith('2') || version === '1.99' : version === wanted;
}

function shown(banner: Banner | undefined, offer: Offer | undefined): Record<string, unknown> | undefined {
  if (banner === undefined) return undefined;
  const side: Record<string, unknown> = { proto_version: shownText(banner.proto), software_version: shownText(banner.software) };
  if (offer !== undefined) side['hassh'] = { hash: shownText(offer.digest), string: shownText(offer.text) };
  return side;
}

function body(transaction: Transaction): Record<string, unknown> {
  const { banners, offers } = transaction as SshTransaction;
  const record: Record<string, unknown> = {};
  if (banners[0] !== undefined) record['client'] = shown(banners[0], offers[0]);
  if (banners[1] !== undefined) record['server'] = shown(banners[1], offers[1]);
  return record;
}

export const protocol: ProtocolDefinition = {
  name: 'ssh',
  recordName: 'ssh',
  transport: ['tcp'],
  isOneTransaction: true,
  summary: 'SSH banners and offers',
  ports: [22],
  anyPort: true,
  recognise(bytes, start, end) {
    const head = latin1(bytes, start, Math.min(end, start + 4));
    return head === 'SSH-' ? IS_THIS : 'SSH-'.startsWith(head) ? NEED_MORE : NOT_THIS;
  },
  open: (flow, settings) => new SshSession(settings, flow.lastTime),
  complete: [OVER, OVER],
  hooks: [
    hooks({ request_started: 0, request_banner_wait_eol: BANNER_BEGUN, request_banner_done: BANNER, request_finished: OVER }),
    hooks({ response_started: 0, response_banner_wait_eol: BANNER_BEGUN, response_banner_done: BANNER, response_finished: OVER }),
  ],
  recordedFrom: (settings) => (settings.ssh.fingerprints ? OFFER : BANNER),
  frames: ['record.hdr', 'record.data', 'record.pdu'],
  buffers,
  keywords: asKeywords(
    ...BUFFERS.map((one) =>
      keyword({
        name: one.name,
        ...(one.progress === BANNER ? { aliases: [one.name.replace('.', '_')] } : {}),
        family: 'ssh',
        since: one.since,
        summary: one.summary,
        kind: 'sticky-buffer' as const,
        protocol: 'ssh',
        argument: none(),
        examples: [`${one.name}; content:"abc";`],
        broken: [{ options: `${one.name}:1;`, code: `${one.name}/argument` }],
        apply(_none, builder) {
          builder.selectBuffer(one.name);
        },
      }),
    ),
    bannerCondition('ssh.protoversion', 'protocol version in the banner is', '2_compat', versionHolds),
    bannerCondition('ssh.softwareversion', 'software in the banner contains', '"PuTTY"', ({ software }, wanted) =>
      latin1(software, 0, software.length).includes(wanted),
    ),
  ),
  anomalies: [
    { name: 'long_banner', summary: 'a banner longer than RFC 4253 allows' },
    { name: 'invalid_banner', summary: 'a line in the place of the banner that is none' },
    { name: 'invalid_record', summary: 'a packet of the key exchange that can not be read' },
  ],
  records(transaction) {
    const { banners } = transaction as SshTransaction;
    return banners[0] === undefined && banners[1] === undefined ? [] : [{ type: 'ssh', body: body(transaction), direction: TO_SERVER }];
  },
  context: body,
};
