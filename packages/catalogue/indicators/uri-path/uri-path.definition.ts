/**
 * Path and query of a web address whose host is not told: `POST /x/login?phone=`, `beacons to /gate.php`. The value is as written,
 * from its slash on. A slash begins many other things (files of Unix, switches of programs, dates, alternatives, patterns), so that a
 * path needs one of these witnesses:
 *
 *   a method before it, or the version of HTTP behind it (`GET /a HTTP/1.1`)
 *   a query (`/a?b=`), or the ending of a script of servers (`/a.php`), where it does not begin as the paths of files do
 *   words before it that speak of requests, endpoints or URIs (`beacons to /a`), in its line or above its list, and no nearer word
 *     that speaks of files
 */
import type { IndicatorDefinition } from '@sigwright/contracts';
import { endOfRest, trimmedEnd } from '../../formats/host-text/path-text.ts';

/** A method, and few words up to the path: `POST request to the URI "`, `| GET | `. */
const METHOD =
  /(?:^|[^\w/-])(?:GET|POST|PUT|HEAD|DELETE|PATCH|OPTIONS)(?:["'`*)\]:,]|\s|\|)+(?:(?:HTTPS?|https?|web|[Rr]equests?|method|data|calls?|with|an?|the|to|for|on|at|of|against|UR[IL]s?|ur[il]s?|[Pp]aths?|[Ee]ndpoints?|page|resource|server|its|their|C2|C&C|c2)(?:["'`*():=,]|\s|\|)+){0,7}["'`“([*|]*$/;
const METHOD_WORD = /(?:^|[^\w/-])(?:GET|POST|PUT|HEAD|DELETE|PATCH|OPTIONS)(?![\w-])/;
const VERSION = /^["'`]? HTTP\/[123](?:\.\d)?\b/;
/** `a=`, `<id>`, `%s` behind the question mark. */
const QUERY = /\?[\w[\].%-]{0,60}(?:=|&)|\?[\w-]{1,24}$/;
const WEB_SCRIPT = /\.(?:php\d?|phtml|aspx?|ashx|asmx|jspx?|cgi|do|action)(?:$|[?#/;])/i;
/** How the paths of files of Unix, macOS and Android begin. */
const FILE_SYSTEM =
  /^\/(?:bin|boot|cygdrive|dev|etc|jffs2?|lib(?:32|64|exec)?|lost\+found|mnt|nvram|opt|proc|rom|root|run|sbin|sdcard|snap|srv|sys|tmp|usr|var|volumes|private\/(?:tmp|var|etc)|data\/(?:local|data|app|system|misc|user|adb|media)|storage\/(?:emulated|self|sdcard)|system\/(?:x?bin|lib(?:64)?|app|priv-app|etc|framework|vendor|library|volumes)|vendor\/(?:bin|lib|etc)|home\/[^/]+(?:\/\.|$)|users\/[^/]+\/(?:library|desktop|downloads|documents|\.|public|shared)|users\/shared|library\/(?:launch|application|preferences|caches|scripts|input|keychains)|applications\/[^/]+\.app|media\/[^/]+$|media$|home$|[a-z]:)(?:\/|$|(?<=:))/i;
/** Words that say a path of the web comes: the last of these and of FILE_WORDS decides. */
const WEB_WORDS =
  /\b(?:\w{0,16}uris?|urls?|c2server|paths? (?:begin|start|end)s?(?: with| in)?|endpoints?|routes?|requests?(?: to| for)?|requested|requesting|beacon(?:s|ed|ing)?|check(?:s|ed|ing)?[- ]?ins?|(?:sent|sends?|sending|posts?|posted|posting|uploads?|uploaded|uploading|reports?|reported|submit(?:s|ted)?|exfiltrat\w{1,4}|connect(?:s|ed|ing)?|transmit(?:s|ted)?)\b[^.;|]{0,48}\b(?:to|via|at|through)|(?:polls?|polling|polled|quer(?:y|ies|ied)|fetch(?:es|ed)?|contacts?|contacted|calls?|asks?|visits?|retriev\w{1,3})(?: (?:from|out to|for))?|gates?|panels?|web ?shells?|landing pages?|http|c2|c&c|cnc)\b/gi;
const FILE_WORDS =
  /\b(?:writes?|written|writing|cop(?:y|ies|ied)|creates?|drops?|dropped|saved?|saves|stored?|stores|files?|director(?:y|ies)|folders?|execut\w{1,5}|mounts?|mounted|reads?|located|deletes?|removes?|symlinks?|binar(?:y|ies)|devices?|sockets?|switch(?:es)?|options?|flags?|arguments?|parameters?|commands?|scripts?|schtasks|cmd(?:\.exe)?|regsvr32|rundll32|msiexec|install(?:s|ed)?|disk|filesystem|regex|regular|pattern|yara|\w+\.exe|chmod|cd|ls|cat|rm|mv|cp|sh|bash|sudo|curl -o)\b/gi;
/** Another path before it, of which it was told what they are. */
const GOES_ON = /^["'`*)\]]*\s*(?:,|;|and|or|&|\||→|->)\s*(?:(?:and|or)\s+)?(?:\|\s*)*["'`([*]*$/;
/** What may stand before a path: blanks, quotation marks, brackets, rules of tables, marks of emphasis and of lists. */
const OPENS = ' \t\n\r"\'`([|>*+“‘«{';
const CODE =
  /(?:\b(?:path|route|pathname|endpoint|basePath)\s*[:=]\s*|\.(?:get|post|put|delete|patch|route|use|all|request|fetch|join|open)\(\s*|(?:content|pcre|uricontent|regex):!?\s*)$/;
const CODE_REACH = 24;
/** One segment that is a switch of a program, a channel, a word, a number, a mark of units. */
const SEGMENT = /^\/[\w~-]*$/;
const REACH = 120;
const LIST_REACH = 500;
const MOST_LIST_LINES = 12;
/** Blanks, bullets and quotation marks before an entry of a list. */
const ENTRY = /^[\s>]*(?:(?:[*•‣◦·+|-]|\d{1,3}[.)])\s*)*["'`[(*|]*$/;

type Verdict = 'web' | 'files' | undefined;

/** What the words before say; the last decides. */
function verdictOf(words: string): Verdict {
  let web = -1;
  for (const { index, 0: found } of words.matchAll(WEB_WORDS)) web = index + found.length;
  if (web === -1) return undefined;
  let files = -1;
  for (const { index, 0: found } of words.matchAll(FILE_WORDS)) files = index + found.length;
  return files > web ? 'files' : 'web';
}

/** Text of the sentence and line before `at`, and where the line starts. */
function before(text: string, at: number): { readonly words: string; readonly line: number } {
  const least = Math.max(0, at - REACH);
  const reach = text.slice(least, at);
  const newline = reach.lastIndexOf('\n') + 1;
  // The sentence may have begun on the line above, unless that one ended or this one is an entry of a list.
  const line = reach.slice(newline);
  const isEntry = /^[\s>]*(?:[*•‣◦·+|#=-]|\d{1,3}[.)]|$)/.test(line) || newline === 0;
  const words = isEntry ? line : reach.slice(Math.max(0, reach.lastIndexOf('\n\n') + 1)).replaceAll('\n', ' ');
  const stop = words.search(/[.!?]["'`)\]]* [^.!?]*$/);
  return { words: stop === -1 ? words : words.slice(stop + 1), line: least + newline };
}

/** What the line above a list says: the nearest that is not an entry with a path. */
function aboveList(text: string, line: number): Verdict {
  let end = line - 1;
  const least = Math.max(0, line - LIST_REACH);
  for (let count = 0; count < MOST_LIST_LINES && end > least; count++) {
    const start = Math.max(least, text.lastIndexOf('\n', end - 1) + 1);
    const above = text.slice(start, end).trim();
    end = start - 1;
    if (above === '' || /^(?:[*•‣◦·+|-]|\d{1,3}[.)])?\s*["'`[(*|]*\//.test(above) || /^[-=|:+\s]+$/.test(above)) continue;
    return /^(?:[#=*_.|]|.{1,120}[:|]$)/.test(above) ? verdictOf(above.replace(/\bpaths?\b/i, 'endpoint')) : undefined;
  }
  return undefined;
}

export const indicator: IndicatorDefinition = {
  type: 'uri-path',
  summary: 'path of a web address without its host',
  refanged: true,
  precedence: 72,
  *find(text) {
    let done = 0;
    /** the last path that was taken for one, and the line of the last entry of a list with what was said above it */
    let last = -1;
    let listLine = -1;
    let listVerdict: Verdict;
    for (let slash = text.indexOf('/'); slash !== -1; slash = text.indexOf('/', slash + 1)) {
      if (slash < done) continue;
      const next = text.charCodeAt(slash + 1);
      // A letter, digit, or one of _ ~ ? < { % .
      const begins =
        (next >= 97 && next <= 122) ||
        (next >= 65 && next <= 90) ||
        (next >= 48 && next <= 57) ||
        next === 95 ||
        next === 126 ||
        next === 63 ||
        next === 60 ||
        next === 123 ||
        next === 37 ||
        next === 46;
      // `"C2Server": "evil.com,/a"`
      const isBehindHost = text.charCodeAt(slash - 1) === 44 && /[a-z0-9]/i.test(text[slash - 2] ?? '');
      if (!begins || (slash > 0 && !isBehindHost && !OPENS.includes(text[slash - 1]))) continue;
      const end = trimmedEnd(text, slash, slash, endOfRest(text, slash, slash));
      done = end;
      if (end - slash < 2) continue;
      const value = text.slice(slash, end);
      if (isOther(text, slash, end, value)) continue;
      const { words, line } = before(text, slash);
      const isFile = FILE_SYSTEM.test(value);
      const isScript = WEB_SCRIPT.test(value);
      let holds =
        VERSION.test(text.slice(end, end + 12)) ||
        (METHOD_WORD.test(words) && METHOD.test(words)) ||
        (!isFile && (isScript || QUERY.test(value)) && !/[/\\]$/.test(words) && verdictOf(words) !== 'files') ||
        (!isFile && last >= line && GOES_ON.test(text.slice(last, slash))) ||
        (!isFile && verdictOf(words) === 'web' && isPlain(words, value));
      if (!holds && !isFile && ENTRY.test(text.slice(line, slash))) {
        const follows = listLine !== -1 && text.indexOf('\n', listLine) === line - 1;
        if (!follows) listVerdict = aboveList(text, line);
        listLine = line;
        holds = listVerdict === 'web';
      }
      if (!holds) continue;
      last = end;
      yield { value, start: slash, end };
    }
  },
};

/** Elements of HTML, targets of links, patterns, numbers, the half of `text/html`. */
function isOther(text: string, start: number, end: number, value: string): boolean {
  const previous = text.charCodeAt(start - 1);
  // `](/docs/a)`, `href="/a"`
  if (previous === 40 && text.charCodeAt(start - 2) === 93) return true;
  if ((previous === 34 || previous === 39) && /(?:href|src)\s*=\s*$/i.test(text.slice(Math.max(0, start - 12), start - 1))) return true;
  // Routes of programs (`app.get('/a')`, `path: '/a'`) and contents of rules (`content:"/a"`).
  if ((previous === 34 || previous === 39 || previous === 96) && CODE.test(text.slice(Math.max(0, start - CODE_REACH), start - 1))) return true;
  if (previous === 62 && text.charCodeAt(start - 2) === 47) return true;
  if (/^\/[\d.,]+%?$/.test(value)) return true;
  // `/^\/gate\.php$/`, `/**`
  if (/[\\^$]|\.[*+]|^\/[*+]/.test(value)) return true;
  return text.charCodeAt(end) === 62 && previous === 60;
}

/** Without a second segment, an ending or a query a path may be a switch or a word: the words stand right before it then. */
function isPlain(words: string, value: string): boolean {
  if (!SEGMENT.test(value)) return true;
  if (/\b\w+\/?$/.test(words)) return false;
  return /(?:\b(?:uris?|urls?|endpoints?|routes?|paths?|requests?|beacons?|posts?|gate|panel)\b|\b(?:to|via|at|for|from))["'`\s:=(,*[]*$/i.test(words);
}
