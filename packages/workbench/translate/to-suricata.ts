/**
 * A rule for a younger Suricata → the same for an older one: keywords that the older one does not know are said in older words
 * where that means the same, and refused where not.
 */
import { compareVersions, type KeywordDefinition, type Rule, type RuleOption } from '@sigwright/contracts';
import { printRule } from '@sigwright/rule-language';
import { PROTOCOL_SINCE, Unsayable } from './dialects.ts';

export function toSuricata(rule: Rule, version: string, keywords: ReadonlyMap<string, KeywordDefinition<never>>): { text: string; notes: readonly string[] } {
  const notes: string[] = [];
  const [protocol, hook] = rule.protocol.split(':');
  const since = PROTOCOL_SINCE[protocol];
  if (since !== undefined && compareVersions(since, version) > 0) throw new Unsayable(`protocol \`${protocol}\` is known since Suricata ${since}`);
  if (hook !== undefined && compareVersions('8.0', version) > 0) throw new Unsayable(`the hook \`${hook}\` in the header is known since Suricata 8.0`);
  if (rule.direction === '=>' && compareVersions('8.0', version) > 0) throw new Unsayable('the direction `=>` is known since Suricata 8.0');
  const isNew = (name: string): boolean => {
    const known = keywords.get(name);
    return known !== undefined && compareVersions(known.since, version) > 0;
  };
  const out: RuleOption[] = [];
  // Contents behind a replaced transform match letters of either case, until another buffer is selected.
  let caseless: 'exactly' | 'more' | undefined;
  for (const option of rule.options) {
    const known = keywords.get(option.name);
    if (known?.kind === 'sticky-buffer') caseless = undefined;
    if (!isNew(option.name)) {
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
        out.push(written('http.header'));
        notes.push(`\`${option.name}\` is said with \`http.header\`: all headers together, not one after the other`);
        break;
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
