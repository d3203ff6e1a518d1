/**
 * A rule for a younger Suricata → the same for an older one: keywords that the older one does not know are said in older words
 * where that means the same, and refused where not.
 */
import { entryOf } from '@sigwright/bytes';
import { compareVersions, type KeywordDefinition, type Rule, type RuleOption } from '@sigwright/contracts';
import { printRule } from '@sigwright/rule-language';
import { PROTOCOL_SINCE, Unsayable } from './dialects.ts';

/** Arguments that are younger than their keywords (user guides of each version). */
const ARGUMENTS_SINCE: readonly { readonly names: readonly string[]; readonly value: RegExp; readonly since: string; readonly what: string }[] = [
  { names: ['threshold', 'detection_filter'], value: /\bby_flow\b/, since: '8.0', what: '`track by_flow`' },
  { names: ['threshold'], value: /\btype\s+backoff\b/, since: '8.0', what: '`type backoff`' },
  { names: ['dataset', 'datarep'], value: /\btype\s+ip(?:v4)?\b/, since: '7.0', what: 'the type of addresses' },
];

/** Buffers of one header: where it is not there, its name is not among the names. */
const HEADER_OF: Readonly<Record<string, string>> = {
  'http.user_agent': 'User-Agent',
  'http.referer': 'Referer',
  'http.cookie': 'Cookie',
  'http.accept': 'Accept',
  'http.accept_enc': 'Accept-Encoding',
  'http.accept_lang': 'Accept-Language',
  'http.connection': 'Connection',
  'http.content_type': 'Content-Type',
  'http.content_len': 'Content-Length',
};

export function toSuricata(rule: Rule, version: string, keywords: ReadonlyMap<string, KeywordDefinition<never>>): { text: string; notes: readonly string[] } {
  const notes: string[] = [];
  const [protocol, hook] = rule.protocol.split(':');
  const since = entryOf(PROTOCOL_SINCE, protocol);
  if (since !== undefined && compareVersions(since, version) > 0) throw new Unsayable(`protocol \`${protocol}\` is known since Suricata ${since}`);
  if (hook !== undefined && compareVersions('8.0', version) > 0) throw new Unsayable(`the hook \`${hook}\` in the header is known since Suricata 8.0`);
  if (rule.direction === '=>' && compareVersions('8.0', version) > 0) throw new Unsayable('the direction `=>` is known since Suricata 8.0');
  const isNew = (name: string): boolean => {
    const known = keywords.get(name);
    return known !== undefined && compareVersions(known.since, version) > 0;
  };
  for (const { names, value, since, what } of ARGUMENTS_SINCE) {
    const found = rule.options.find((option) => names.includes(option.name) && value.test(option.value ?? ''));
    if (found !== undefined && compareVersions(since, version) > 0) throw new Unsayable(`${what} of \`${found.name}\` is known since Suricata ${since}`);
  }
  const out: RuleOption[] = [];
  // The buffer that is looked at, with its transforms; whether it was asked for anything yet.
  let opened: RuleOption[] = [];
  let asked = false;
  // Contents behind a replaced transform match letters of either case, until another buffer is selected.
  let caseless: 'exactly' | 'more' | undefined;
  for (const option of rule.options) {
    const known = keywords.get(option.name);
    if (known?.kind === 'sticky-buffer') {
      caseless = undefined;
      opened = [];
      asked = false;
    }
    if (!isNew(option.name)) {
      if (known?.kind === 'transform' && asked && compareVersions('8.0', version) > 0) {
        // Before 8.0 a transform stands directly behind its buffer.
        out.push(...opened);
        asked = false;
      }
      if (known?.kind === 'sticky-buffer' || known?.kind === 'transform') opened.push(option);
      else if (known?.kind === 'condition') asked = true;
      if (caseless !== undefined) checkCaseless(option);
      if (caseless !== undefined && option.name === 'nocase') continue;
      out.push(caseless !== undefined && option.name === 'pcre' ? written('pcre', withLetter(option.value ?? '')) : option);
      if (caseless !== undefined && (option.name === 'content' || option.name === 'uricontent')) out.push(written('nocase'));
      continue;
    }
    switch (option.name) {
      case 'to_lowercase':
        caseless = 'exactly';
        break;
      case 'header_lowercase':
        caseless = 'more';
        notes.push('values of headers match in either case too: `header_lowercase` is said with `nocase`');
        break;
      case 'noalert':
        out.push(written('flowbits', 'noalert'));
        break;
      case 'http.request_header':
      case 'http.response_header':
        checkWholeHeader(rule, option);
        opened = [written('http.header')];
        out.push(...opened);
        notes.push(`\`${option.name}\` is said with \`http.header\`: all headers together, not one after the other`);
        break;
      case 'absent': {
        const header = option.value === undefined ? entryOf(HEADER_OF, opened.at(-1)?.name ?? '') : undefined;
        // The names of headers are those of either direction, so that the rule must say one.
        const isDirected = rule.options.some((one) => one.name === 'flow' && /\b(?:to|from)_(?:server|client)\b/.test(one.value ?? ''));
        if (header === undefined || !isDirected || out.at(-1) !== opened.at(-1))
          throw new Unsayable('`absent` is known since Suricata 8.0 and can not be said otherwise');
        out.splice(-1, 1, written('http.header_names'), written('content', `!"|0d 0a|${header}|0d 0a|"`), written('nocase'));
        break;
      }
      default:
        throw new Unsayable(`\`${option.name}\` is known since Suricata ${known!.since} and can not be said otherwise`);
    }
  }
  return { text: printRule({ ...rule, options: out }), notes };
}

function written(name: string, value?: string): RuleOption {
  const nowhere = { start: 0, end: 0 };
  return { name, value, span: nowhere, nameSpan: nowhere, valueSpan: nowhere };
}

/** A lower-cased buffer never holds capitals: what asks for some was never true, and would be with `nocase`. */
function checkCaseless(option: RuleOption): void {
  const text = option.name === 'content' ? (option.value ?? '').replace(/\|[^|]*\|/g, '') : '';
  if (/[A-Z]/.test(text)) throw new Unsayable('a content with capitals behind a transform to small letters is never true');
  if (/^byte_|^entropy|^dataset|^luaxform|^to_|^pcrexform/.test(option.name))
    throw new Unsayable(`\`${option.name}\` looks at the transformed bytes themselves`);
}

function withLetter(value: string): string {
  return value.replace(/\/([A-Za-z]*)("?)$/, (_, letters: string, quote: string) => `/${letters.includes('i') ? letters : `${letters}i`}${quote}`);
}

/** Ends of one header are no ends of all headers. */
function checkWholeHeader(rule: Rule, from: RuleOption): void {
  const behind = rule.options.slice(rule.options.indexOf(from) + 1);
  const end = behind.findIndex((option) => option.name.startsWith('http.') || option.name === 'file.data');
  const own = end === -1 ? behind : behind.slice(0, end);
  const bound = own.find(
    (option) =>
      ['startswith', 'endswith', 'bsize', 'depth', 'offset'].includes(option.name) || (option.name === 'pcre' && /\/\^|\$\//.test(option.value ?? '')),
  );
  if (bound !== undefined) throw new Unsayable(`\`${bound.name}\` counts in one header, and older engines know only all headers together`);
}
