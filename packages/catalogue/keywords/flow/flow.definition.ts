/** What the flow must be like, and how often a match becomes an alert. Suricata user guide, "Flow keywords", "Thresholding keywords". */
import { entryOf } from '@sigwright/bytes';
import {
  asKeywords,
  type Flow,
  type FlowDemand,
  keyword,
  type Packet,
  type RuleBuilder,
  type TagDemand,
  type Threshold,
  TO_CLIENT,
  TO_SERVER,
} from '@sigwright/contracts';
import { compares, comparison, custom, describeComparison, list, none, numberIn, showComparison } from '../../arguments/index.ts';
import { isPacketEvent, NEVER_RAISED } from './packet-events.ts';

const FLOW_WORDS: Record<string, FlowDemand> = {
  established: 'established',
  not_established: 'not_established',
  stateless: 'stateless',
  to_server: 'to_server',
  from_client: 'to_server',
  to_client: 'to_client',
  from_server: 'to_client',
  only_stream: 'only_stream',
  no_stream: 'no_stream',
  only_frag: 'only_frag',
  no_frag: 'no_frag',
};

const OPPOSITES: readonly (readonly [FlowDemand, FlowDemand])[] = [
  ['to_server', 'to_client'],
  ['established', 'not_established'],
  ['established', 'stateless'],
  ['not_established', 'stateless'],
  ['only_stream', 'no_stream'],
  ['only_frag', 'no_frag'],
];

/** Header words that stand for a protocol of another name. */
const THRESHOLD_SYNTAX = 'type <limit|threshold|both|backoff>, track <by_src|by_dst|by_both|by_rule|by_flow>, count <n>, seconds <n>';

interface WrittenThreshold {
  readonly threshold: Threshold;
  /** text behind a threshold that is complete; the engine of the field leaves it out as well */
  readonly ignored: string;
}

/** Of 32 bits. */
function isWord(value: number | undefined): boolean {
  return value !== undefined && value >= 0 && value < 2 ** 32;
}

function readThreshold(written: string, filter: boolean): { value: WrittenThreshold } | { problem: string; help: string } {
  const fields = new Map<string, string>();
  const asked = filter ? ['track', 'count', 'seconds'] : ['type', 'track', 'count', 'seconds'];
  const parts = written.split(',');
  let ignored = '';
  for (const [at, part] of parts.entries()) {
    const [name, ...rest] = part.trim().split(/\s+/);
    if (name === '') continue;
    if (fields.has(name)) return { problem: `\`${name}\` stands twice`, help: `write \`${THRESHOLD_SYNTAX}\`` };
    const isLast = rest.length > 1 && asked.every((one) => one === name || fields.has(one));
    fields.set(name, isLast ? rest[0] : rest.join(' '));
    if (!isLast) continue;
    ignored = [rest.slice(1).join(' '), ...parts.slice(at + 1)].join(',');
    break;
  }
  const help = `write \`${filter ? 'track <by_src|by_dst>, count <n>, seconds <n>' : THRESHOLD_SYNTAX}\``;
  const type = filter ? 'detection' : fields.get('type');
  const track = fields.get('track');
  const count = numberIn(fields.get('count') ?? '');
  const seconds = numberIn(fields.get('seconds') ?? (type === 'backoff' ? '0' : ''));
  const multiplier = numberIn(fields.get('multiplier') ?? '');
  const unique = fields.get('unique_on') as Threshold['unique'];
  if (type !== 'limit' && type !== 'threshold' && type !== 'both' && type !== 'backoff' && type !== 'detection')
    return { problem: `type \`${type ?? ''}\` is not known`, help };
  if (track !== 'by_src' && track !== 'by_dst' && track !== 'by_both' && track !== 'by_rule' && track !== 'by_flow')
    return { problem: `track \`${track ?? ''}\` is not known`, help };
  if (count === undefined || count < 1) return { problem: 'count is missing or not above 0', help };
  if (seconds === undefined || seconds < 0 || (seconds === 0 && type !== 'backoff')) return { problem: 'seconds are missing or not above 0', help };
  if (type === 'backoff' && multiplier === undefined) return { problem: 'backoff needs a multiplier', help };
  if (type === 'backoff' && track !== 'by_flow') return { problem: 'backoff is kept for flows alone', help: 'write `track by_flow`' };
  if (unique !== undefined && unique !== 'src_port' && unique !== 'dst_port') return { problem: `\`${unique}\` can not be told apart`, help };
  const more = { ...(multiplier === undefined ? {} : { multiplier }), ...(unique === undefined ? {} : { unique }) } as const;
  return { value: { threshold: { type, track, count, seconds, ...more }, ignored } };
}

function addThreshold({ threshold, ignored }: WrittenThreshold, builder: RuleBuilder): void {
  const others = builder.rule.options.filter((one) => one !== builder.option && (one.name === 'threshold' || one.name === 'detection_filter'));
  if (others.length > 0 && others[0].span.start < builder.option.span.start) {
    builder.problem('second', `the rule already has \`${others[0].name}\``, 'a rule has one of them, once');
    return;
  }
  if (ignored !== '') builder.caution('ignored', `what stands behind the threshold is not read: \`${ignored}\``, 'is a `;` missing before it?');
  if (threshold.unique !== undefined && /^(?:ip|icmp|pkthdr|ether|arp)/.test(builder.rule.protocol)) {
    builder.problem('without-ports', `packets of \`${builder.rule.protocol}\` have no ports to tell apart`, 'write a rule for tcp, udp or sctp');
    return;
  }
  builder.addThreshold(threshold);
}

/** A number of the flow that rules compare. */
function flowNumber(name: string, since: string, summary: string, read: (flow: Flow, packet: Packet) => number) {
  return keyword({
    name,
    family: 'flow',
    since,
    summary,
    kind: 'condition' as const,
    argument: comparison(0, Number.MAX_SAFE_INTEGER),
    examples: [`${name}:>3;`],
    broken: [{ options: `${name}:x;`, code: `${name}/argument` }],
    apply(wanted, builder) {
      builder.addPacket({
        keyword: name,
        describes: `${summary} is ${describeComparison(wanted)}`,
        cost: 2,
        shown: { [name.replace('.', '_')]: showComparison(wanted) },
        test: (packet, flow) => flow !== undefined && compares(wanted, read(flow, packet)),
        measured: (packet, flow) => (flow === undefined ? undefined : { words: `it is ${read(flow, packet)}`, value: read(flow, packet) }),
      });
    },
  });
}

/** `[<direction>,]<comparison>` of flow.pkts and flow.bytes. */
function countedKeyword(name: string, toServer: (flow: Flow) => number, toClient: (flow: Flow) => number) {
  const numbers = comparison(0, Number.MAX_SAFE_INTEGER);
  return keyword({
    name,
    family: 'flow',
    since: '7.0',
    summary: `${name === 'flow.pkts' ? 'packets' : 'bytes'} of the flow so far, by direction`,
    kind: 'condition' as const,
    argument: custom('<toserver|toclient|both|either>,<comparison>', ['toserver,>3'], (written) => {
      const comma = written.indexOf(',');
      const word = written.slice(0, Math.max(0, comma)).trim();
      if (!['toserver', 'toclient', 'both', 'either'].includes(word))
        return { problem: `\`${word}\` is no direction`, help: 'write toserver, toclient, both or either' };
      const wanted = numbers.read(written.slice(comma + 1).trim());
      return 'problem' in wanted ? wanted : { value: { word, wanted: wanted.value } };
    }),
    examples: [`${name}:toserver,>3;`, `${name}:both,>3;`],
    broken: [{ options: `${name}:>3;`, code: `${name}/argument` }],
    apply({ word, wanted }, builder) {
      builder.addPacket({
        keyword: name,
        describes: `${word} ${describeComparison(wanted)}`,
        cost: 2,
        test: (_packet, flow) => {
          if (flow === undefined) return false;
          if (word === 'toserver') return compares(wanted, toServer(flow));
          if (word === 'toclient') return compares(wanted, toClient(flow));
          if (word === 'either') return compares(wanted, toServer(flow)) || compares(wanted, toClient(flow));
          return compares(wanted, toServer(flow)) && compares(wanted, toClient(flow));
        },
        measured: (_packet, flow) =>
          flow === undefined ? undefined : { words: `there are ${toServer(flow)} to the server and ${toClient(flow)} to the client` },
      });
    },
  });
}

interface StreamSides {
  readonly sides: readonly { readonly available: number }[];
}

/** Where a rule names no number (Suricata's own limit). */
const MOST_TAGGED_PACKETS = 256;
const TAG_METRICS = ['packets', 'bytes', 'seconds'] as const;

/** Words for what was not recognised, and protocols that Suricata has a name for and nothing else. */
const UNREAD_PROTOCOLS: ReadonlySet<string> = new Set(['unknown', 'failed', 'irc', 'jabber', 'msn', 'template', 'http_any']);

const PROTOCOL_MODES: ReadonlySet<string> = new Set(['direction', 'final', 'original', 'either', 'to_server', 'to_client']);

interface WrittenProtocols {
  readonly negated: boolean;
  readonly written: readonly string[];
  readonly mode: string;
  /** no protocol stands for others that carry it */
  readonly exact: boolean;
}

function readProtocols(text: string): { value: WrittenProtocols } | { problem: string; help?: string } {
  const [first, ...qualifiers] = text.split(',').map((part) => part.trim());
  const negated = first.startsWith('!');
  const written = first
    .replace(/^!/, '')
    .split('|')
    .map((name) => name.trim().toLowerCase());
  if (negated && written.includes('unknown')) return { problem: '`unknown` can not be negated' };
  let mode: string | undefined;
  let exact = false;
  for (const word of qualifiers) {
    if (word === 'exact' && !exact) exact = true;
    else if (PROTOCOL_MODES.has(word) && mode === undefined) mode = word;
    else return { problem: `\`${word}\` is no mode, or stands beside another` };
  }
  return { value: { negated, written, mode: mode ?? 'direction', exact } };
}

export const keywords = asKeywords(
  keyword({
    name: 'flow',
    family: 'flow',
    since: '1.0',
    summary: 'state and direction of the flow',
    kind: 'condition',
    argument: list('<word>[,<word>…]', ['established,to_server', 'to_client'], Object.keys(FLOW_WORDS)),
    examples: ['flow:established,to_server;'],
    broken: [
      { options: 'flow:sideways;', code: 'flow/unknown' },
      { options: 'flow:to_server,to_client;', code: 'flow/contradiction' },
    ],
    apply(words, builder) {
      const seen = new Set<FlowDemand>();
      for (const word of words) {
        const demand = entryOf(FLOW_WORDS, word.toLowerCase());
        if (demand === undefined) {
          builder.problem('unknown', `\`${word}\` says nothing about a flow`, `words are ${Object.keys(FLOW_WORDS).join(', ')}`);
          return;
        }
        if (seen.has(demand)) builder.problem('twice', `\`${word}\` stands twice`);
        seen.add(demand);
        builder.demandFlow(demand);
      }
      for (const [one, other] of OPPOSITES)
        if (seen.has(one) && seen.has(other)) builder.problem('contradiction', `\`${one}\` and \`${other}\` contradict each other`);
    },
  }),
  keyword({
    name: 'threshold',
    family: 'flow',
    since: '1.0',
    summary: 'how often a match becomes an alert',
    kind: 'annotation',
    argument: custom(THRESHOLD_SYNTAX, ['type limit, track by_src, count 1, seconds 60'], (written) => readThreshold(written, false)),
    examples: ['threshold:type limit, track by_src, count 1, seconds 60;'],
    broken: [
      { options: 'threshold:type often, track by_src, count 1, seconds 60;', code: 'threshold/argument' },
      { options: 'threshold:type backoff, track by_src, count 1, multiplier 10;', code: 'threshold/argument' },
    ],
    apply: addThreshold,
  }),
  keyword({
    name: 'detection_filter',
    family: 'flow',
    since: '1.0',
    summary: 'alert only once this many matches were seen',
    kind: 'annotation',
    argument: custom(
      'track <by_src|by_dst|by_rule|by_both|by_flow>, count <n>, seconds <n>[, unique_on <src_port|dst_port>]',
      ['track by_dst, count 20, seconds 60', 'track by_src, count 20, seconds 60, unique_on dst_port'],
      (written) => readThreshold(written, true),
    ),
    examples: ['detection_filter:track by_dst, count 20, seconds 60;'],
    broken: [
      { options: 'detection_filter:count 20;', code: 'detection_filter/argument' },
      { options: 'detection_filter:track by_dst, count 20, seconds 60, unique_on ttl;', code: 'detection_filter/argument' },
      {
        options: 'threshold:type limit, track by_src, count 1, seconds 60; detection_filter:track by_dst, count 20, seconds 60;',
        code: 'detection_filter/second',
      },
    ],
    apply: addThreshold,
  }),
  keyword({
    name: 'noalert',
    family: 'flow',
    since: '7.0',
    summary: 'the rule changes state and says nothing',
    kind: 'annotation',
    argument: none(),
    examples: ['noalert;'],
    broken: [{ options: 'noalert:yes;', code: 'noalert/argument' }],
    apply(_none, builder) {
      builder.setNoAlert();
    },
  }),
  keyword({
    name: 'bypass',
    family: 'flow',
    since: '4.0',
    summary: 'what follows of the flow is not looked at any more',
    kind: 'annotation',
    argument: none(),
    examples: ['bypass;'],
    broken: [{ options: 'bypass:yes;', code: 'bypass/argument' }],
    apply(_none, builder) {
      builder.setBypass();
    },
  }),
  keyword({
    name: 'nfq_set_mark',
    family: 'flow',
    since: '1.1',
    summary: 'a mark, under a mask, for packets that came from a queue of netfilter',
    withoutEffect: 'packets are read from captures, where nobody asks for marks',
    kind: 'annotation',
    argument: custom('<mark>/<mask>', ['0x1/0xff', '8/8'], (written) => {
      const [mark, mask, ...more] = written.split('/').map((part) => numberIn(part.trim()) ?? -1);
      if (!isWord(mark) || !isWord(mask) || more.length > 0)
        return { problem: `\`${written}\` is no mark with a mask`, help: 'write two numbers of 32 bits, as `0x1/0xff`' };
      return { value: { mark, mask } };
    }),
    examples: ['nfq_set_mark:0x1/0xff;'],
    broken: [{ options: 'nfq_set_mark:one;', code: 'nfq_set_mark/argument' }],
    apply(_mark, builder) {
      builder.caution('no-effect', 'no packet is marked: none comes from a queue of netfilter');
    },
  }),
  keyword({
    name: 'alert',
    family: 'flow',
    since: '8.0',
    summary: 'the rule alerts, also where its action alone would not (`pass`)',
    kind: 'annotation',
    argument: none(),
    examples: ['alert;'],
    broken: [{ options: 'alert:yes;', code: 'alert/argument' }],
    apply(_none, builder) {
      builder.setAlert();
    },
  }),
  keyword({
    name: 'tag',
    family: 'flow',
    since: '1.0',
    summary: 'packets that follow the alert are recorded: those of the flow, or of one host',
    kind: 'annotation',
    argument: custom(
      '<session|host>[,<count>,<packets|bytes|seconds>[,<src|dst>]]',
      ['session,10,packets', 'host,100,packets,src'],
      (written): { value: TagDemand } | { problem: string; help?: string } => {
        const [scope, count, metric, side] = written.split(',').map((part) => part.trim());
        if (scope !== 'session' && scope !== 'host') return { problem: `\`${scope}\` can not be tagged`, help: 'write session or host' };
        const limit = count === undefined ? MOST_TAGGED_PACKETS : numberIn(count);
        if (limit === undefined || limit <= 0) return { problem: `\`${count}\` is no number above 0` };
        const counted = TAG_METRICS.find((name) => name === (metric ?? 'packets'));
        if (counted === undefined) return { problem: `\`${metric}\` can not be counted`, help: `write ${TAG_METRICS.join(', ')}` };
        if (side !== undefined && side !== 'src' && side !== 'dst') return { problem: `\`${side}\` is no end`, help: 'write src or dst' };
        return { value: { scope, limit, metric: counted, side: side === 'src' ? 'source' : 'destination' } };
      },
    ),
    examples: ['tag:session,10,packets;'],
    broken: [
      { options: 'tag:nobody,1,packets;', code: 'tag/argument' },
      { options: 'tag:session,1,miles;', code: 'tag/argument' },
    ],
    apply(tag, builder) {
      builder.addTag(tag);
    },
  }),
  keyword({
    name: 'stream_size',
    family: 'flow',
    since: '1.0',
    summary: 'bytes of the stream so far',
    kind: 'condition',
    argument: custom('<server|client|both|either>,<operator>,<number>', ['server,<,6'], (written) => {
      const parts = written.split(',').map((part) => part.trim());
      if (parts.length !== 3) return { problem: 'three parts are needed', help: 'write for example `server,<,6`' };
      const amount = numberIn(parts[2]);
      if (!['server', 'client', 'both', 'either'].includes(parts[0])) return { problem: `\`${parts[0]}\` is no side` };
      if (!['<', '>', '=', '!=', '<=', '>='].includes(parts[1])) return { problem: `\`${parts[1]}\` is no operator` };
      if (amount === undefined) return { problem: `\`${parts[2]}\` is not a number` };
      return { value: { side: parts[0], wanted: { operator: parts[1] as '<', value: amount, upper: amount } } };
    }),
    examples: ['stream_size:server,<,6;'],
    broken: [{ options: 'stream_size:server,6;', code: 'stream_size/argument' }],
    apply({ side, wanted }, builder) {
      builder.addPacket({
        keyword: 'stream_size',
        describes: `bytes from ${side} are ${describeComparison(wanted)}`,
        cost: 3,
        test: (_packet, flow) => {
          const stream = flow?.stream as StreamSides | undefined;
          if (stream === undefined) return false;
          const client = compares(wanted, stream.sides[TO_SERVER].available);
          const server = compares(wanted, stream.sides[TO_CLIENT].available);
          return side === 'server' ? server : side === 'client' ? client : side === 'both' ? client && server : client || server;
        },
        measured(_packet, flow) {
          const stream = flow?.stream as StreamSides | undefined;
          if (stream === undefined) return { words: 'there is no stream' };
          const [client, server] = [stream.sides[TO_SERVER].available, stream.sides[TO_CLIENT].available];
          const value = side === 'client' ? client : side === 'server' ? server : undefined;
          return { words: `the client sent ${client} so far, the server ${server}`, ...(value === undefined ? {} : { value }) };
        },
      });
    },
  }),
  keyword({
    name: 'app-layer-protocol',
    family: 'flow',
    since: '1.4',
    summary: 'the application protocol that was recognised',
    kind: 'condition',
    argument: custom(
      '[!]<protocol>[|<protocol>…][,<direction|final|original|either|to_server|to_client>][,exact]',
      ['http', '!tls', 'unknown|tls,either'],
      readProtocols,
    ),
    examples: ['app-layer-protocol:http;', 'app-layer-protocol:!failed;', 'app-layer-protocol:!tls|http,final;', 'app-layer-protocol:dns,either,exact;'],
    broken: [
      { options: 'app-layer-protocol:nothing;', code: 'app-layer-protocol/unknown' },
      { options: 'app-layer-protocol:http,exact;', code: 'app-layer-protocol/never' },
      { options: 'app-layer-protocol:!unknown|tls;', code: 'app-layer-protocol/argument' },
      { options: 'app-layer-protocol:tls,final,original;', code: 'app-layer-protocol/argument' },
      { options: 'app-layer-protocol:!http; app-layer-protocol:!http;', code: 'app-layer-protocol/twice' },
      { options: 'app-layer-protocol:http; app-layer-protocol:tls;', code: 'app-layer-protocol/twice' },
      { options: 'app-layer-protocol:http; app-layer-protocol:!tls;', code: 'app-layer-protocol/twice' },
    ],
    apply({ negated, written, mode, exact }, builder) {
      const names: string[] = [];
      for (const name of written) {
        const known = builder.spokenAs(name);
        if (known.length === 0 && !UNREAD_PROTOCOLS.has(name)) {
          builder.problem('unknown', `no application protocol is called \`${name}\``);
          return;
        }
        if (exact && name === 'http') {
          builder.problem('never', 'no flow is just `http`: each is `http1` or `http2`', 'name these, or leave out `exact`');
          return;
        }
        names.push(...(known.length === 0 ? [name] : exact ? known.slice(0, 1) : known));
      }
      if (builder.spokenAs(builder.rule.protocol.split(':')[0]).length > 0) {
        builder.problem('header', 'the header of the rule says the protocol already', 'write `tcp`, `udp` or `ip` there, or leave the option out');
        return;
      }
      const { options } = builder.rule;
      for (const before of options.slice(0, options.indexOf(builder.option))) {
        const other = before.name === builder.option.name && before.value !== undefined ? readProtocols(before.value) : undefined;
        if (other === undefined || 'problem' in other || other.value.mode !== mode) continue;
        // Several that are all not spoken say more than one; anything else contradicts itself or says nothing more.
        if (negated && other.value.negated && !written.some((name) => other.value.written.includes(name))) continue;
        builder.problem('twice', `\`${before.value}\` stands beside \`${builder.option.value ?? ''}\``, 'leave one of them, or write other modes');
        return;
      }
      builder.addPacket({
        keyword: 'app-layer-protocol',
        describes: `the protocol is ${negated ? 'not ' : ''}${written.join(' or ')}`,
        onceRecognised: !written.includes('unknown'),
        cost: 2,
        test: (_packet, flow) => {
          if (flow === undefined) return false;
          const side = mode === 'to_server' ? flow.protocolToServer : mode === 'to_client' ? flow.protocolToClient : flow.applicationProtocol;
          const current = side ?? 'unknown';
          if (current === 'unknown') return !negated && names.includes(current);
          const is =
            mode === 'original'
              ? names.includes(flow.originalProtocol ?? current)
              : names.includes(current) ||
                (mode === 'either' &&
                  [flow.protocolToServer, flow.protocolToClient, flow.originalProtocol].some((one) => one !== undefined && names.includes(one)));
          return is !== negated;
        },
        measured: (_packet, flow) => ({ words: `it is ${flow?.applicationProtocol ?? 'not recognised yet'}` }),
      });
    },
  }),
  keyword({
    name: 'app-layer-state',
    family: 'flow',
    since: '8.0',
    summary: 'the transaction is before (`<`), in, or beyond (`>`) a state in the direction that is looked at',
    kind: 'condition',
    argument: custom(
      '[<|>]<state>',
      ['client_hello_done', '<client_hello_done'],
      (written): { value: { order: '<' | '=' | '>'; state: string } } | { problem: string } => {
        const [, sign, state] = /^\s*([<>]?)\s*(\S*)\s*$/.exec(written) ?? [];
        return state === undefined || state === '' ? { problem: 'no state is named' } : { value: { order: sign === '<' || sign === '>' ? sign : '=', state } };
      },
    ),
    examples: ['tls.sni; content:"example"; app-layer-state:client_hello_done;', 'tls.sni; content:"example"; app-layer-state:>client_hello_done;'],
    broken: [
      { options: 'app-layer-state:client_hello_done;', code: 'app-layer-state/no-protocol' },
      { options: 'tls.sni; content:"example"; app-layer-state:nowhere;', code: 'app-layer-state/unknown-state' },
    ],
    apply({ order, state }, builder) {
      const named = builder.stateNamed(state);
      if (named === undefined) return;
      const { protocol, progress } = named;
      builder.demandProtocol(protocol);
      builder.addTransaction({
        keyword: 'app-layer-state',
        describes: `the transaction is ${order === '<' ? 'before ' : order === '>' ? 'beyond ' : ''}${order === '=' ? 'at ' : ''}${state}`,
        protocol,
        progress: order === '<' ? 0 : order === '=' ? progress : progress + 1,
        early: order === '<',
        directions: [TO_SERVER, TO_CLIENT],
        test: (transaction, direction) => {
          const reached = transaction.progress[direction];
          return order === '<' ? reached < progress : order === '=' ? reached === progress : reached > progress;
        },
      });
    },
  }),
  ...(
    [
      ['app-layer-event', 'application'],
      ['decode-event', 'decoder'],
      ['stream-event', 'stream'],
    ] as const
  ).map(([name, owner]) =>
    keyword({
      name,
      ...(name === 'decode-event' ? { aliases: ['engine-event'] } : {}),
      family: 'flow',
      since: '1.1',
      summary: `an anomaly of the ${owner === 'application' ? 'application protocol' : owner} was raised`,
      kind: 'condition' as const,
      argument: list('<anomaly>', [
        owner === 'application' ? 'http.request_header_invalid' : owner === 'decoder' ? 'ipv4.trunc_pkt' : 'est_packet_out_of_window',
      ]),
      examples: [`${name}:${owner === 'application' ? 'http.request_header_invalid' : owner === 'decoder' ? 'ipv4.trunc_pkt' : 'est_packet_out_of_window'};`],
      ...(owner === 'application' ? {} : { broken: [{ options: `${name}:foo.bar;`, code: `${name}/unknown` }] }),
      apply([anomaly], builder) {
        if (owner !== 'application' && !isPacketEvent(owner, anomaly)) {
          builder.problem('unknown', `\`${anomaly}\` is no event of the ${owner}`);
          return;
        }
        if (owner === 'application') {
          const dot = anomaly.indexOf('.');
          if (dot > 0) builder.demandProtocol(anomaly.slice(0, dot));
        } else if (NEVER_RAISED.has(anomaly.replace(/^(?:decoder|stream)\./, ''))) {
          builder.caution('gone', `\`${anomaly}\` is never raised here: the rule loads and stays silent`, 'remove the rule', { event: `${owner}.${anomaly}` });
        }
        builder.demandAnomaly(owner, anomaly);
      },
    }),
  ),
  flowNumber('flow.age', '7.0', 'age of the flow in seconds', (flow, packet) => Math.floor((packet.time - flow.startTime) / 1e6)),
  flowNumber('flow.pkts_toserver', '7.0', 'packets to the server', (flow) => flow.packetsToServer),
  flowNumber('flow.pkts_toclient', '7.0', 'packets to the client', (flow) => flow.packetsToClient),
  flowNumber('flow.bytes_toserver', '7.0', 'bytes to the server', (flow) => flow.bytesToServer),
  flowNumber('flow.bytes_toclient', '7.0', 'bytes to the client', (flow) => flow.bytesToClient),
  countedKeyword(
    'flow.pkts',
    (flow) => flow.packetsToServer,
    (flow) => flow.packetsToClient,
  ),
  countedKeyword(
    'flow.bytes',
    (flow) => flow.bytesToServer,
    (flow) => flow.bytesToClient,
  ),
);
