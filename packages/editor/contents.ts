/** Bytes that somebody pointed at in traffic → a `content` in the rule at hand, behind the buffer they were seen in, or a new rule. */
import { encodeContent } from '@sigwright/bytes';
import { type Catalogue, type Edit, type RuleOption, span } from '@sigwright/contracts';
import type { RuleEditor } from './editor.ts';

export interface SeenContent {
  readonly bytes: Uint8Array;
  /** name of the buffer; undefined: the payload of a packet or stream */
  readonly buffer: string | undefined;
  /** what a new rule is about: application protocol or transport */
  readonly protocol: string;
  readonly direction: 'to_server' | 'to_client';
}

/** The edits, and where the caret belongs afterwards (an offset of the text as it will be). */
export interface ContentInsertion {
  readonly edits: readonly Edit[];
  readonly caret: number;
}

/** What stands behind the conditions of a rule. */
const BEHIND: ReadonlySet<string> = new Set([
  'threshold',
  'detection_filter',
  'reference',
  'classtype',
  'priority',
  'gid',
  'sid',
  'rev',
  'metadata',
  'target',
  'tag',
]);

export function contentInsertion(editor: RuleEditor, path: string, offset: number, seen: SeenContent): ContentInsertion {
  const file = editor.file(path);
  const content = `content:"${encodeContent(seen.bytes)}";`;
  const line = file?.lineAt(offset);
  if (line === undefined || !/[(;]/.test(line.text) || line.kind === 'comment') return newRule(editor, file?.text ?? '', seen, content);
  const place = line.rule === undefined ? placeAtEnd(line.text, seen.buffer) : placeIn(line.rule.options, line.text, seen.buffer, editor.environment.catalogue);
  const at = line.start + place.at;
  const text = place.opensBuffer ? `${seen.buffer}; ${content}` : content;
  const written = place.isBehind ? ` ${text}` : `${text} `;
  return { edits: [{ span: span(at, at), text: written }], caret: at + written.length };
}

function newRule(editor: RuleEditor, text: string, { buffer, protocol, direction }: SeenContent, content: string): ContentInsertion {
  const ends = direction === 'to_server' ? '$HOME_NET any -> $EXTERNAL_NET any' : '$EXTERNAL_NET any -> $HOME_NET any';
  const transport = editor.environment.catalogue.protocols.has(protocol) || protocol === 'tcp' ? 'flow:established,' : 'flow:';
  const flow = protocol === 'tcp' || protocol === 'udp' || transport === 'flow:established,' ? `${transport}${direction}; ` : '';
  const rule = `alert ${protocol} ${ends} (msg:"LOCAL new rule"; ${flow}${buffer === undefined ? '' : `${buffer}; `}${content} sid:${editor.nextSid()}; rev:1;)`;
  const before = text === '' || text.endsWith('\n') ? '' : '\n';
  return { edits: [{ span: span(text.length, text.length), text: `${before}${rule}\n` }], caret: text.length + before.length + rule.length };
}

interface PlaceInRule {
  readonly at: number;
  /** a blank goes before what is written, not behind it */
  readonly isBehind: boolean;
  readonly opensBuffer: boolean;
}

function placeIn(options: readonly RuleOption[], text: string, buffer: string | undefined, catalogue: Catalogue): PlaceInRule {
  const isBuffer = (option: RuleOption): boolean => catalogue.keywords.get(option.name)?.kind === 'sticky-buffer';
  const behindConditions = options.findIndex((option) => BEHIND.has(option.name));
  const end = behindConditions === -1 ? options.length : behindConditions;
  const opened = buffer === undefined ? -1 : options.findIndex((option) => isBuffer(option) && catalogue.keywords.get(option.name)?.name === buffer);
  const opensBuffer = buffer !== undefined && opened === -1;
  // What looks at payloads stands before the first buffer; what looks at a buffer, before the next one.
  const next = opensBuffer ? -1 : options.findIndex((option, at) => at > opened && at < end && isBuffer(option));
  const at = next === -1 ? end : next;
  return at < options.length ? { at: options[at].nameSpan.start, isBehind: false, opensBuffer } : placeAtEnd(text, buffer, opensBuffer);
}

/** Also in a rule that can not be read yet. */
function placeAtEnd(text: string, buffer: string | undefined, opensBuffer = buffer !== undefined && !text.includes(`${buffer};`)): PlaceInRule {
  const close = text.lastIndexOf(')');
  const at = close === -1 ? text.trimEnd().length : close;
  return { at, isBehind: /[;)]$/.test(text.slice(0, at)), opensBuffer };
}
