/**
 * Any text is read as a report in bounded time: offsets lie in the text and in order, what stands there is what was written, values
 * are not empty, and everything that is drafted from it is a rule that parses. `node fuzz/report.fuzz.ts [SECONDS] [SEED]`
 */
import { catalogue, refang } from '@sigwright/catalogue';
import { parseRules } from '@sigwright/rule-language';
import { draftRules, readReport } from '@sigwright/workbench';
import { type FuzzRandom, fuzz, fuzzArguments, mutateText } from './harness.ts';

const SEEDS = [
  '# Cold rain\n\nSource: https://blog.small-lab.top/cold\n\n* hxxp://quiet[.]top/a.php?id=<user>\n* 198[.]18.7[.]9:80\n* joe[at]quiet[.]top\n',
  '<html><head><title>x</title></head><body><p>panel[.]quiet[.]top</p><a href="https://tria.ge/1">run</a><!-- c --></body></html>',
  '| 5f4dcc3b5aa765d61d8327deb882cf99 | tool.exe | Win32/Agent.AE | CVE-2024-1708 |\n(quiet .su) @palefinch T1071.001 JA3: 5f4dcc3b5aa765d61d8327deb882cf99',
  'It sends a POST request to /x/login?phone= with the user agent okhttp/4 and "a=", `b` in the body.\n\nGET /q/{id} HTTP/1.1\nHost: quiet[.]top\nX-A: b\n\n{"c":1}\n',
  '45.1.2.[9|10] on port 8443, http://0x2d010203/a, evil-otter,com, sha1: 1f:40:fc:92:da:24:16:94:75:09:79:ee:6c:f5:82:f2:d5:d7:d2:8e',
  'User-Agent: "x/1"\nHKCU\\Software\\Run\nvход[.]рф 2001:db8::1 raw.githubusercontent[.]com/a/b "quiet dot com"',
];
const WORDS =
  '[.] (.) [dot] hxxp:// h**p:// meow:// [:] [@] .com .su .co.uk / // : :// < > <a href=" </a> & &#x41; @ # ( ) [ ] ` + ++ | ; " \\ \\. * _ \n \t - 0x %2e é 。 \u200b \ud800 \u0000 magnet:? GET POST /a.php?b= {id} HTTP/1.1 -dot- _dot_ _at_ ,com [d] %3A%2F%2F %40 [1|2] :aa port 1.2.3.4 ::1 www. .onion'.split(
    ' ',
  );
/** Repetitions show what is not linear. */
const LONGEST = 60_000;

function makeInput(random: FuzzRandom): string {
  let text = mutateText(random, random.pick(SEEDS), WORDS, LONGEST);
  if (random.once(4)) text = mutateText(random, text, WORDS, LONGEST);
  if (random.once(6)) text += random.pick(WORDS).repeat(random.below(3000));
  if (random.once(6)) text = text.slice(0, 200).repeat(1 + random.below(200));
  if (random.once(10)) text = `${random.pick(WORDS)}${random.pick(WORDS)}${random.pick(SEEDS).slice(0, 20)}`.repeat(1 + random.below(1500));
  return text.slice(0, LONGEST);
}

function run(input: string): string | undefined {
  const reading = readReport(input, { definitions: catalogue.indicators, refang });
  let last = 0;
  let link = 0;
  for (const one of reading.indicators) {
    // What a link for reading is about lies within it; all else stands behind what came before.
    if ((one.start < last && one.end > link) || one.end <= one.start || one.end > reading.text.length)
      return `offsets ${one.start}-${one.end} after ${last} in a text of ${reading.text.length}`;
    if (reading.text.slice(one.start, one.end) !== one.written) return `${one.value}: what stands at its offsets is not what was written`;
    if (one.value === '' || one.reason === '') return 'an empty value or reason';
    if (one.type === 'url' && one.role === 'reference') link = one.end;
    last = one.end;
  }
  let sid = 1000;
  const draft = draftRules(reading, { prefix: 'SW', date: '2024-03-08', nextSid: () => (sid < 1400 ? sid++ : undefined) });
  for (const rule of draft.rules) {
    const { rules, diagnostics } = parseRules(rule.text);
    if (rules.length !== 1 || diagnostics.length > 0) return `a drafted rule does not parse: ${rule.text}\n${JSON.stringify(diagnostics)}`;
  }
  return undefined;
}

const { seconds, seed } = fuzzArguments();
process.exit(fuzz('report', seconds, seed, makeInput, run));
