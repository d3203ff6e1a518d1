/** `content` and its modifiers. Suricata user guide, "Payload keywords". Searching itself is done by the inspector of the engine. */
import { decodeContent } from '@sigwright/bytes';
import { asKeywords, type ContentCondition, keyword, type Quantity, type RuleBuilder } from '@sigwright/contracts';
import { custom, none, optional, quoted } from '../../arguments/index.ts';

const PAYLOAD = 'payload';
const LONGEST_CONTENT = 8192;
const LARGEST_POSITION = 1_048_576;
/** `offset` and `depth` count within two bytes. */
const LARGEST_FROM_BEGINNING = 65_535;

const quantity = custom('<number or variable>', ['4', '0'], (written) => {
  if (/^[+-]?\d+$/.test(written)) {
    const value = Number(written);
    return Math.abs(value) > LARGEST_POSITION ? { problem: `${value} is beyond ${LARGEST_POSITION}` } : { value: value as number | string };
  }
  return /^[A-Za-z_][\w.-]*$/.test(written) ? { value: written as number | string } : { problem: `\`${written}\` is neither a number nor a variable` };
});

function resolve(value: number | string, builder: RuleBuilder): Quantity | undefined {
  if (typeof value === 'number') return value;
  const variable = builder.useVariable(value);
  return variable === undefined ? undefined : { variable };
}

function positionKeyword(
  name: 'offset' | 'depth' | 'distance' | 'within',
  summary: string,
  check: (content: ContentCondition, value: Quantity, builder: RuleBuilder) => void,
) {
  return keyword({
    name,
    family: 'payload',
    since: '1.0',
    summary,
    kind: 'content-modifier' as const,
    argument: quantity,
    examples: [`content:"a"; content:"b"; ${name}:1;`],
    broken: [
      { options: `${name}:1;`, code: `${name}/without-content` },
      { options: `content:"a"; ${name}:x y;`, code: `${name}/argument` },
      { options: `content:"a"; ${name}:${LARGEST_POSITION + 1};`, code: `${name}/argument` },
      { options: `content:"a"; ${name}:1; ${name}:1;`, code: `${name}/twice` },
      { options: `content:"a"; content:!"b"; fast_pattern; ${name}:6;`, code: `${name}/negated-fast-pattern` },
    ],
    apply(written, builder) {
      const content = builder.lastContent();
      if (content === undefined) return;
      const value = resolve(written, builder);
      if (value === undefined) return;
      if (content[name] !== undefined) {
        builder.problem('twice', `\`${name}\` stands twice on one content`);
        return;
      }
      if (typeof value === 'number' && value > LARGEST_FROM_BEGINNING && (name === 'offset' || name === 'depth')) {
        builder.problem('beyond', `${value} is beyond ${LARGEST_FROM_BEGINNING}`);
        return;
      }
      content[name] = value;
      check(content, value, builder);
    },
  });
}

function mixes(content: ContentCondition, builder: RuleBuilder): void {
  const relative = content.distance !== undefined || content.within !== undefined;
  const absolute = content.offset !== undefined || content.depth !== undefined;
  if (relative && absolute)
    builder.problem(
      'mixed',
      'positions from the beginning and relative ones stand on one content',
      'use either `offset` and `depth` or `distance` and `within`',
    );
  if (content.startsWith && (relative || absolute)) builder.problem('with-startswith', '`startswith` already says where', 'remove one of them');
  if (content.negated && content.fastPattern)
    builder.problem('negated-fast-pattern', 'a negated content with a position can not be the fast pattern', 'mark another content with `fast_pattern`');
}

export const keywords = asKeywords(
  keyword({
    name: 'content',
    family: 'payload',
    since: '1.0',
    summary: 'bytes that must, or must not, occur',
    kind: 'condition',
    argument: quoted(['"abc"', '!"abc"', '"|0d 0a|"']),
    examples: ['content:"abc";', 'content:!"|0d 0a|abc";'],
    broken: [
      { options: 'content:"";', code: 'content/empty' },
      { options: 'content:"|0|";', code: 'content/text' },
      { options: 'content:abc;', code: 'content/argument' },
    ],
    apply({ negated, text }, builder) {
      const decoded = decodeContent(text);
      if ('problem' in decoded) {
        builder.problem('text', decoded.problem, decoded.help, { fault: decoded.fault, at: decoded.start });
        return;
      }
      const { bytes } = decoded;
      if (bytes.length === 0) builder.problem('empty', 'an empty content matches everywhere', 'remove it or give it bytes');
      else if (bytes.length > LONGEST_CONTENT) builder.problem('too-long', `${bytes.length} bytes are more than ${LONGEST_CONTENT}`);
      else builder.addBytes(newContent(bytes, negated));
    },
  }),
  keyword({
    name: 'uricontent',
    family: 'payload',
    since: '1.0',
    summary: 'content in the normalised URI, old form of `http.uri; content`',
    kind: 'condition',
    protocol: 'http',
    argument: quoted(['"/index"']),
    examples: ['uricontent:"/index";'],
    broken: [
      { options: 'uricontent:"";', code: 'uricontent/empty' },
      { options: 'file.data; content:"a"; uricontent:"/index";', code: 'uricontent/not-payload' },
    ],
    apply({ negated, text }, builder) {
      const decoded = decodeContent(text);
      if ('problem' in decoded) {
        builder.problem('text', decoded.problem, decoded.help, { fault: decoded.fault, at: decoded.start });
        return;
      }
      if (decoded.bytes.length === 0) {
        builder.problem('empty', 'an empty content matches everywhere');
        return;
      }
      builder.addBytes(newContent(decoded.bytes, negated));
      builder.moveLastContent('http.uri');
    },
  }),
  keyword({
    name: 'nocase',
    family: 'payload',
    since: '1.0',
    summary: 'letters match in either case',
    kind: 'content-modifier',
    argument: none(),
    examples: ['content:"abc"; nocase;'],
    broken: [{ options: 'nocase;', code: 'nocase/without-content' }],
    apply(_none, builder) {
      const content = builder.lastContent();
      if (content === undefined) return;
      if (content.nocase) builder.problem('twice', '`nocase` stands twice on one content');
      content.nocase = true;
    },
  }),
  positionKeyword('offset', 'where the search begins, from the beginning of the buffer', (content, value, builder) => {
    if (typeof value === 'number' && value < 0) builder.problem('negative', 'an offset is not negative');
    mixes(content, builder);
  }),
  positionKeyword('depth', 'how many bytes are searched, from `offset` on', (content, value, builder) => {
    if (typeof value === 'number' && value < content.bytes.length)
      builder.problem(
        'too-small',
        `depth ${value} is less than the ${content.bytes.length} bytes of the content`,
        `it needs at least ${content.bytes.length}`,
        {
          value,
          length: content.bytes.length,
        },
      );
    mixes(content, builder);
  }),
  positionKeyword('distance', 'how far behind the match before it the search begins', (content, _value, builder) => mixes(content, builder)),
  positionKeyword('within', 'how many bytes behind the match before it are searched', (content, value, builder) => {
    if (typeof value === 'number' && value < content.bytes.length)
      builder.problem(
        'too-small',
        `within ${value} is less than the ${content.bytes.length} bytes of the content`,
        `it needs at least ${content.bytes.length}`,
        { value, length: content.bytes.length },
      );
    mixes(content, builder);
  }),
  keyword({
    name: 'startswith',
    family: 'payload',
    since: '5.0',
    summary: 'the buffer begins with the content',
    kind: 'content-modifier',
    argument: none(),
    examples: ['content:"abc"; startswith;'],
    broken: [
      { options: 'content:"abc"; offset:1; startswith;', code: 'startswith/position' },
      { options: 'content:"abc"; startswith; startswith;', code: 'startswith/twice' },
    ],
    apply(_none, builder) {
      const content = builder.lastContent();
      if (content === undefined) return;
      if (content.startsWith) builder.problem('twice', '`startswith` stands twice on one content');
      if (content.offset !== undefined || content.depth !== undefined || content.distance !== undefined || content.within !== undefined) {
        builder.problem('position', 'a position is already given', 'remove it or `startswith`');
      }
      content.startsWith = true;
    },
  }),
  keyword({
    name: 'endswith',
    family: 'payload',
    since: '5.0',
    summary: 'the buffer ends with the content',
    kind: 'content-modifier',
    argument: none(),
    examples: ['content:"abc"; endswith;'],
    broken: [{ options: 'endswith;', code: 'endswith/without-content' }],
    apply(_none, builder) {
      const content = builder.lastContent();
      if (content === undefined) return;
      if (content.endsWith) builder.problem('twice', '`endswith` stands twice on one content');
      content.endsWith = true;
    },
  }),
  keyword({
    name: 'fast_pattern',
    family: 'payload',
    since: '1.0',
    summary: 'the content that a prefilter should look for',
    kind: 'content-modifier',
    argument: optional(
      custom('only|<offset>,<length>', ['only', '0,4'], (written) => {
        if (written === 'only') return { value: 'only' as const };
        const parts = /^(\d+)\s*,\s*(\d+)$/.exec(written);
        return parts === null
          ? { problem: `\`${written}\` is neither \`only\` nor offset and length` }
          : { value: { offset: Number(parts[1]), length: Number(parts[2]) } };
      }),
    ),
    examples: ['content:"abcdef"; fast_pattern;', 'content:"abcdef"; fast_pattern:1,4;'],
    broken: [
      { options: 'content:"abc"; fast_pattern:2,4;', code: 'fast_pattern/beyond' },
      { options: 'fast_pattern;', code: 'fast_pattern/without-content' },
      { options: 'content:"abc"; fast_pattern; content:"def"; fast_pattern;', code: 'fast_pattern/twice' },
      { options: 'base64_decode; base64_data; content:"abc"; fast_pattern;', code: 'fast_pattern/decoded' },
    ],
    apply(choice, builder) {
      const content = builder.lastContent();
      if (content === undefined) return;
      if (builder.rule.options.find(({ name }) => name === builder.option.name) !== builder.option)
        builder.problem('twice', 'one content of a rule is its fast pattern, and another is marked before it', 'leave `fast_pattern` behind one of them');
      if (builder.inDecoded)
        builder.problem('decoded', 'what base64_decode gives is not there when the prefilter looks', 'mark a content before `base64_data`');
      const placed = content.offset !== undefined || content.depth !== undefined || content.distance !== undefined || content.within !== undefined;
      content.fastPattern = true;
      if (choice === 'only') {
        if (content.negated || placed) builder.problem('only', '`only` fits neither negated contents nor ones with a position');
        content.fastPatternOnly = true;
      } else if (choice !== undefined) {
        if (choice.offset + choice.length > content.bytes.length || choice.length === 0)
          builder.problem('beyond', `${choice.offset} and ${choice.length} reach beyond the ${content.bytes.length} bytes of the content`);
        else content.fastPatternSlice = choice;
      }
      if (content.negated && (placed || choice !== undefined)) builder.problem('negated', 'a negated content with a position can not be the fast pattern');
    },
  }),
  keyword({
    name: 'rawbytes',
    family: 'payload',
    since: '1.0',
    summary: 'accepted for old rules; every content looks at bytes as they are',
    kind: 'content-modifier',
    argument: none(),
    examples: ['content:"abc"; rawbytes;'],
    broken: [{ options: 'rawbytes;', code: 'rawbytes/without-content' }],
    apply(_none, builder) {
      builder.lastContent();
    },
  }),
  keyword({
    name: 'replace',
    family: 'payload',
    since: '1.0',
    summary: 'bytes for the place of the content; a capture stays as it is',
    kind: 'content-modifier',
    argument: quoted(['"xyz"']),
    examples: ['content:"abc"; replace:"xyz";'],
    broken: [
      { options: 'replace:"abc";', code: 'replace/without-content' },
      { options: 'content:"abc"; replace:"ab";', code: 'replace/length' },
      { options: 'content:"abc"; replace:!"xyz";', code: 'replace/negated' },
      { options: 'content:!"abc"; replace:"xyz";', code: 'replace/negated' },
      { options: 'http.uri; content:"abc"; replace:"xyz";', code: 'replace/buffer' },
    ],
    apply({ negated, text }, builder) {
      const content = builder.lastContent();
      if (content === undefined) return;
      const decoded = decodeContent(text);
      if ('problem' in decoded) {
        builder.problem('text', decoded.problem, decoded.help, { fault: decoded.fault, at: decoded.start });
        return;
      }
      if (negated || content.negated) builder.problem('negated', 'what is not there can not be replaced');
      if (decoded.bytes.length !== content.bytes.length)
        builder.problem(
          'length',
          `${decoded.bytes.length} bytes can not stand in the place of ${content.bytes.length}`,
          'write as many bytes as the content has',
        );
      if (builder.currentBuffer !== PAYLOAD) builder.problem('buffer', 'only bytes of the payload can be replaced', 'use a content without a buffer');
      // Bytes of a stream may have left with an earlier packet.
      builder.demandPacket();
    },
  }),
  keyword({
    name: 'pkt_data',
    family: 'payload',
    since: '1.0',
    summary: 'following contents look at the payload again',
    kind: 'sticky-buffer',
    argument: none(),
    examples: ['pkt_data; content:"abc";'],
    broken: [{ options: 'pkt_data:1;', code: 'pkt_data/argument' }],
    apply(_none, builder) {
      builder.selectBuffer('payload');
    },
  }),
  keyword({
    name: 'absent',
    family: 'payload',
    since: '8.0',
    summary: 'the buffer is not there, or (`or_else`) what follows holds',
    kind: 'condition',
    argument: optional(
      custom('or_else', ['or_else'], (written) =>
        written.trim() === 'or_else' ? { value: 'or_else' as const } : { problem: `\`${written}\` is not \`or_else\`` },
      ),
    ),
    examples: ['http.referer; absent;', 'http.referer; absent:or_else; content:!"abc";'],
    broken: [
      { options: 'absent;', code: 'absent/without-buffer' },
      { options: 'http.referer; absent; content:"abc";', code: 'absent/beside-others' },
      { options: 'http.referer; absent:or_else;', code: 'absent/nothing-else' },
    ],
    apply(mode, builder) {
      builder.setAbsent(mode ?? 'only');
    },
  }),
  keyword({
    name: 'prefilter',
    family: 'payload',
    since: '4.0',
    summary: 'the condition before it should be looked at first; a hint that changes no result',
    kind: 'annotation',
    argument: none(),
    examples: ['content:"abc"; prefilter;', 'content:"abc"; nocase; prefilter;'],
    broken: [{ options: 'prefilter:1;', code: 'prefilter/argument' }],
    apply(_none, builder) {
      const { options } = builder.rule;
      let at = options.indexOf(builder.option) - 1;
      while (at >= 0 && BESIDE_CONTENT.test(options[at].name)) at--;
      if (at < 0) return;
      const content = options[at].name === 'content' || options[at].name === 'uricontent' ? builder.lastContent() : undefined;
      // Behind a content it is what `fast_pattern` is.
      if (content !== undefined) content.fastPattern = true;
    },
  }),
);

/** What may stand between a content and `prefilter`. */
const BESIDE_CONTENT = /^(?:nocase|offset|depth|distance|within|startswith|endswith|rawbytes|http_\w+)$/;

export function newContent(bytes: Uint8Array, negated: boolean): ContentCondition {
  return {
    kind: 'content',
    bytes,
    negated,
    nocase: false,
    offset: undefined,
    depth: undefined,
    distance: undefined,
    within: undefined,
    startsWith: false,
    endsWith: false,
    fastPattern: false,
    fastPatternOnly: false,
    fastPatternSlice: undefined,
  };
}
