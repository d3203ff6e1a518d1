/**
 * Diagnostics in the words that users of Suricata search its log for. Who calls `sigwright suricata` has scripts and habits that
 * expect them; everywhere else a diagnostic speaks for itself. This is the only place that knows such words: a diagnostic that is
 * not in the table says its own title.
 */
import { entryOf } from '@sigwright/bytes';
import type { RuleProblem } from './loaded-rules.ts';

export interface Spoken {
  readonly module: string;
  readonly text: string;
  /** with `--init-errors-fatal` nothing more is read after it */
  readonly fatal?: boolean;
}

type Say = (problem: RuleProblem, keyword: string) => string | Spoken;

const PARSER = 'detect-parse';

function parser(say: (problem: RuleProblem, keyword: string) => string): Say {
  return (problem, keyword) => ({ module: PARSER, text: say(problem, keyword) });
}

function datasets(say: (problem: RuleProblem) => string, fatal = false): Say {
  return (problem) => ({ module: 'datasets', text: say(problem), ...(fatal ? { fatal } : {}) });
}

function noScript(problem: RuleProblem): ReturnType<Say> {
  return { module: 'detect-lua', text: `couldn't load file: ${fact(problem, 'script')}: No such file or directory` };
}

function fact({ diagnostic }: RuleProblem, name: string): string {
  return String(diagnostic.facts?.[name] ?? '');
}

const POSITION_FREE =
  'depth needs preceding content, uricontent option, http_client_body, http_server_body, http_header option, http_raw_header option, ' +
  'http_method option, http_cookie, http_raw_uri, http_stat_msg, http_stat_code, http_user_agent, http_host, http_raw_host or file_data/dce_stub_data sticky buffer options.';
const MIXED = "can't use a relative keyword like within/distance with a absolute relative keyword like depth/offset for the same content.";
const NEGATED = "can't have a relative negated keyword set along with 'fast_pattern'.";
const POSITIONS: ReadonlySet<string> = new Set(['offset', 'depth', 'distance', 'within']);

/** It is `flow` that says a direction. */
const FLOW_DIRECTION = /\bflow\s*:[^;]*\b(?:to|from)_(?:client|server)\b/;

/** By whole code, or by the part behind the keyword. */
const WORDS: Readonly<Record<string, Say>> = {
  'rule/unknown-keyword': parser(({ written }) => `unknown rule keyword '${written}'.`),
  'rule/empty-option': parser(() => "unknown rule keyword ''."),
  'rule/no-semicolon': parser(({ written }) => `no terminating ";" found: ${written}`),
  'rule/no-sid': parser(() => 'Signature missing required value "sid".'),
  'rule/unknown-action': parser(({ written }) => `An invalid action "${written}" was given`),
  'rule/unknown-direction': parser(({ written }) => `"${written}" is not a valid direction modifier, "->" and "<>" are supported.`),
  'rule/unknown-protocol': parser(({ written }) => `protocol "${written}" cannot be used in a signature: it is not supported, or its detection is disabled`),
  'rule/protocol-conflict': parser(({ diagnostic }) => `can't set rule app proto: ${diagnostic.title}`),
  'rule/packet-and-transaction': parser(
    () =>
      'Signature combines packet specific matches (like dsize, flags, ttl) with stream / state matching by matching on app layer proto (like using http_* keywords).',
  ),
  'rule/duplicate-sid': parser(({ rule }) => `Duplicate signature "${rule}"`),
  'rule/replaced-sid': parser(({ rule }) => `Signature with newer revision, so the older sig replaced by this new signature "${rule}"`),
  'rule/direction': parser(({ sid, rule, diagnostic }) =>
    FLOW_DIRECTION.test(rule) ? diagnostic.title : `rule ${sid} mixes keywords with conflicting directions, a transactional rule with => should be used`,
  ),
  'rule/buffer-unused': parser(({ sid, written }) => `rule ${sid} setup buffer ${written} but didn't add matches to it`),
  'fast_pattern/twice': () => 'fast_pattern can be used on only content in a rule',
  'app-layer-protocol/header': () =>
    'Either we already have the rule match on an app layer protocol set through other keywords that match on this protocol, or have already seen a non-negated app-layer-protocol.',
  'rule/both-and-one': parser(({ sid }) => `rule ${sid} means to use both directions, cannot specify a flow direction`),
  'rule/both-unclear': parser(({ sid }) => `rule ${sid} means to use both directions, cannot have keywords ambiguous about directions`),
  'rule/both-but-one': parser(({ sid }) => `rule ${sid} should use both directions, but does not`),
  'sid/twice': parser(() => "duplicated 'sid' keyword detected"),
  'content/text': ({ diagnostic, written }) => {
    const section = hexAround(written, Number(diagnostic.facts?.['at'] ?? 0));
    switch (diagnostic.facts?.['fault']) {
      case 'quote':
        return 'Invalid unescaped double quote within content section.';
      case 'hex-digit':
        return `Invalid hex code in content - ${section.text}, hex ${section.found}. Invalidating signature.`;
      case 'hex-pair':
      case 'hex-open':
        return `Incomplete hex code in content - ${section.text}. Invalidating signature.`;
      default:
        return `invalid content: ${diagnostic.title}`;
    }
  },
  'content/argument': parser(({ written }) => `invalid formatting to content keyword: value must be double quoted '${written}'`),
  'content/empty': ({ written }) => `invalid formatting to content keyword: no content: '${written}'`,
  'depth/without-content': () => POSITION_FREE,
  'depth/too-small': (problem) => `depth:${fact(problem, 'value')} smaller than content of len ${fact(problem, 'length')}.`,
  'within/too-small': (problem) => `within:${fact(problem, 'value')} smaller than content of len ${fact(problem, 'length')}.`,
  'http.host/nocase': ({ sid }) =>
    `rule ${sid}: http.host keyword specified along with "nocase". The hostname buffer is normalized to lowercase, specifying nocase is redundant.`,
  'http.host/uppercase': ({ sid }) =>
    `rule ${sid}: A pattern with uppercase characters detected for http.host. The hostname buffer is normalized to lowercase, please specify a lowercase pattern.`,
  'dsize/no-room': (problem) => `signature can't match as required content length ${fact(problem, 'needed')} exceeds dsize value ${fact(problem, 'most')}`,
  'bsize/no-room': (problem) => {
    const [needed, least, most] = ['needed', 'least', 'most'].map((name) => fact(problem, name));
    const bound = least === most ? `value: ${most}` : `range ${least}-${most}`;
    return `signature can't match as required content length ${needed} exceeds bsize ${bound}`;
  },
  'urilen/no-room': (problem) => `depth or urilen ${fact(problem, 'most')} smaller than content len ${fact(problem, 'needed')}`,
  'fast_pattern/decoded': () => 'fast_pattern cannot be used with base64_data',
  'fast_pattern/negated': () => NEGATED,
  'base64_data/without-decode': () => '"base64_data" keyword seen without preceding "base64_decode"',
  'byte_math/relative': () => 'relative specified without previous pattern match',
  'smb.version/twice': () => "Can't use 2 or more smb.version declarations in the same rule",
  'lua/no-script': noScript,
  'luaxform/no-script': noScript,
  'luaxform/no-function': () => ({ module: 'detect-transform-luaxform', text: 'no transform function in script' }),
  'decode-event/gone': (problem) => ({ module: 'detect', text: `decode-event keyword no longer supports event "${fact(problem, 'event')}"` }),
  // Words of any keyword.
  argument: ({ written, diagnostic }, keyword) => {
    if (POSITIONS.has(keyword)) return `invalid value for ${keyword}: ${written}`;
    return {
      module: PARSER,
      text: `invalid formatting or malformed option to ${keyword} keyword: '${written === keyword ? '' : written}' (${diagnostic.title})`,
    };
  },
  'without-content': (_problem, keyword) => `${keyword} needs preceding content option or a sticky buffer with content.`,
  mixed: () => MIXED,
  'negated-fast-pattern': () => NEGATED,
  'unknown-variable': (problem, keyword) =>
    keyword.startsWith('byte_') || keyword === 'isdataat'
      ? `Unknown byte_extract var seen in ${keyword} - ${fact(problem, 'name')}`
      : `unknown byte_ keyword var seen in ${keyword} - ${fact(problem, 'name')}.`,
  excluded: (problem) => ({
    module: PARSER,
    text: `content string "${fact(problem, 'content')}" incompatible with ${fact(problem, 'transform')} transform`,
  }),
  outside: datasets((problem) => `Directory traversals not allowed: ${fact(problem, 'path')}`),
  absolute: datasets((problem) => `Absolute paths not allowed: ${fact(problem, 'path')}`),
  'read-only': datasets(() => 'Rules containing save/state datasets have been disabled'),
  reputation: datasets((problem) => `invalid datarep value ${fact(problem, 'name')}: ${fact(problem, 'written')}`, true),
  memory: datasets((problem) => `dataset too large for set memcap: ${fact(problem, 'name')}`, true),
  'no-text': datasets((problem) => `failed to get value because it is not a string: key ${fact(problem, 'key')}`, true),
  'no-key': datasets((problem) => `failed to get value for key ${fact(problem, 'key')}`, true),
};

const OF_DATASETS: ReadonlySet<string> = new Set(['outside', 'absolute', 'read-only', 'reputation', 'memory', 'no-text', 'no-key', 'mixed']);

export function inSuricatasWords(problem: RuleProblem): Spoken {
  const { code, title } = problem.diagnostic;
  const slash = code.indexOf('/');
  const keyword = code.slice(0, slash);
  const what = code.slice(slash + 1);
  const ofSet = keyword === 'dataset' || keyword === 'datarep';
  if (ofSet && what === 'mixed') return { module: 'datasets', text: `Cannot mix dataset and datarep values for set ${fact(problem, 'name')}`, fatal: true };
  const say = entryOf(WORDS, code) ?? (what === 'twice' ? twice : OF_DATASETS.has(what) && !ofSet && what !== 'mixed' ? undefined : entryOf(WORDS, what));
  const module = keyword === 'rule' || keyword === 'header' ? PARSER : moduleOf(keyword);
  const said = say?.(problem, keyword) ?? `${keyword === 'rule' ? '' : `${keyword}: `}${title}`;
  return typeof said === 'string' ? { module, text: said } : said;
}

const MANY: Readonly<Record<string, string>> = { within: 'withins', distance: 'distances', offset: 'offsets', depth: 'depths' };

function twice(_problem: RuleProblem, keyword: string): string {
  return `can't use multiple ${entryOf(MANY, keyword) ?? `${keyword} options`} for the same content.`;
}

/** Each keyword speaks for itself there: `detect-within`. */
function moduleOf(keyword: string): string {
  return `detect-${keyword.replace(/^byte_/, 'byte').replace(/[._]/g, '-')}`;
}

/** The part between bars around a fault, and what stands there. `at` counts from the opening quote. */
function hexAround(written: string, at: number): { text: string; found: string } {
  const content = written.slice(written.indexOf('"') + 1, written.lastIndexOf('"'));
  const open = content.lastIndexOf('|', at);
  const close = content.indexOf('|', at + 1);
  return { text: content.slice(Math.max(open, 0), close === -1 ? undefined : close + 1), found: content[at] ?? '' };
}
