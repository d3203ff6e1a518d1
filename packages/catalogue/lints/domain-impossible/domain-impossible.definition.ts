/** A host name that no resolver can be asked for: foreign characters, or an ending that is no public suffix. */
import type { LintContext, LintDefinition, LintFinding } from '@sigwright/contracts';
import { contentsOf, finding, holdsHostName, insideQuotes, isAtEnd, isAtStart, type LintedContent, textOf } from '../../formats/lint-kit/lint-kit.ts';

/** Endings outside the public tree that are looked up all the same: special use (RFC 6761 and kin), local networks, other roots. */
const OTHER_ROOTS: ReadonlySet<string> = new Set(
  (
    'onion exit local localhost localdomain lan home internal intranet private corp test example invalid arpa alt i2p loki ' +
    'bit coin emc lib bazar eth crypto nft x wallet bitcoin dao 888 zil blockchain hns ' +
    'bbs chan cyb dyn epic geek gopher indy libre neo null o oss oz parody pirate fur ku te ti uu'
  ).split(' '),
);
/** What no name holds, whatever the script: bytes above ASCII are left alone. */
const FOREIGN = /[\s"(),/:;<>@[\\\]{|}\p{Cc}]/u;

/** Some countries give names below `co.za` and its like alone, others below any label: one of both must be a suffix. */
function exists(name: string, ending: string, context: LintContext): boolean {
  return context.registrableDomain(`y.x.${ending}`) !== undefined || context.registrableDomain(`x.${name}`) !== undefined;
}

/** A whole name with what followed it in the text it was taken from: wrong wherever it may stand. */
const NAME_AND_MORE = /^\.?((?:[\w-]+\.)+[a-z]{2,})[,;)"\]\s]+$/i;

function endsForeign(text: string, context: LintContext): boolean {
  const name = NAME_AND_MORE.exec(text)?.[1];
  return name !== undefined && context.registrableDomain(name.toLowerCase()) !== undefined;
}

function faultOf(text: string, whole: boolean, context: LintContext): { title: string; help: string } | undefined {
  const foreign = FOREIGN.exec(text);
  if (foreign !== null && (whole || foreign.index > 0)) {
    const shown = foreign[0] === ' ' ? 'a blank' : /\p{Cc}/u.test(foreign[0]) ? 'a control character' : `\`${foreign[0]}\``;
    return { title: `\`${text}\` holds ${shown}, which no host name does`, help: 'was it copied with the text around it?' };
  }
  if (foreign !== null || /[^\x21-\x7e]/.test(text)) return undefined;
  const name = text.replace(/^\./, '').toLowerCase();
  const ending = name.slice(name.lastIndexOf('.') + 1);
  // Of a content that is a label or less, nothing is known of what stands before it.
  if (!name.includes('.') && !text.startsWith('.')) return undefined;
  if (ending === '' || /^\d+$/.test(ending) || OTHER_ROOTS.has(ending) || exists(name, ending, context)) return undefined;
  return {
    title: `\`.${ending}\` is no public suffix: nobody can own \`${name}\``,
    help: 'is the name cut off, or does a word of the text around it stick to it?',
  };
}

export const lint: LintDefinition = {
  code: 'lint/domain-impossible',
  summary: 'a host name that can not exist',
  grade: 'cannot-work',
  explanation:
    'Names that are taken out of reports by hand keep a comma, a second name or a word of the next column (`evil.com,`, `evil.netSydney`). Such a rule loads and never fires. A name must end in a public suffix, in one of the special names (`onion`, `local`, …) or in a known other root (`bit`, `eth`, …), and holds no blanks, commas, slashes or colons.',
  whenNot: 'Where names of a root of your own are meant.',
  incorrect: [
    { why: 'a comma was copied along', rules: ['alert dns any any -> any any (msg:"a"; dns.query; content:"files.example.com,"; nocase; bsize:18; sid:1;)'] },
    {
      why: 'a comma was copied along, and the name may stand anywhere',
      rules: ['alert dns any any -> any any (msg:"a"; dns.query; content:"files.example.com,"; sid:1;)'],
    },
    { why: 'two names in one content', rules: ['alert tls any any -> any any (msg:"a"; tls.sni; content:"a.example.com, b.example.com"; bsize:28; sid:1;)'] },
    {
      why: 'the next word sticks to it',
      rules: ['alert tls any any -> any any (msg:"a"; tls.sni; dotprefix; content:".sensor.example.netOslo"; endswith; sid:1;)'],
    },
    { why: 'the ending is mistyped', rules: ['alert http any any -> any any (msg:"a"; http.host; content:".friends.twa"; endswith; sid:1;)'] },
  ],
  correct: [
    { why: 'a name of the public tree', rules: ['alert dns any any -> any any (msg:"a"; dns.query; dotprefix; content:".evil.co.uk"; endswith; sid:1;)'] },
    { why: 'an onion name that leaks into DNS', rules: ['alert dns any any -> any any (msg:"a"; dns.query; content:".onion"; endswith; nocase; sid:1;)'] },
    { why: 'what follows is not known', rules: ['alert dns any any -> any any (msg:"a"; dns.query; content:"login.secure-"; startswith; sid:1;)'] },
    {
      why: 'a negated content excludes, it need not exist',
      rules: ['alert dns any any -> any any (msg:"a"; dns.query; content:"abc"; content:!".twa"; endswith; sid:1;)'],
    },
  ],
  check(subject, context) {
    const found: LintFinding[] = [];
    for (const buffer of subject.buffers) {
      if (!holdsHostName(buffer) || buffer.transforms.some((name) => name !== 'dotprefix' && name !== 'to_lowercase')) continue;
      for (const one of contentsOf(buffer)) {
        const text = textOf(one.content);
        if (one.content.negated || !(isAtEnd(buffer, one) || endsForeign(text, context))) continue;
        const fault = faultOf(text, isAtStart(one), context);
        if (fault !== undefined) found.push(report(one, fault));
      }
    }
    return found;
  },
};

function report({ option }: LintedContent, { title, help }: { title: string; help: string }): LintFinding {
  return finding(title, insideQuotes(option), help);
}
