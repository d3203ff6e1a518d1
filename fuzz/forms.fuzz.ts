/**
 * Any bytes are read as some form of report, whatever form is said: nothing is thrown, the text is bounded, and the time is, too.
 * `node fuzz/forms.fuzz.ts [SECONDS] [SEED]`
 */
import { catalogue, refang } from '@sigwright/catalogue';
import { FORMS, readReportOf } from '@sigwright/workbench';
import { FuzzRandom, fuzzArguments, mutateBytes } from './harness.ts';

const json = (value: unknown): string => JSON.stringify(value);
const STREAM = 'BT /F1 12 Tf 72 720 Td (It asks quiet[.]top) Tj ET';
const SEEDS = [
  `%PDF-1.4\n1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj\n2 0 obj <</Type/Pages/Kids[3 0 R]/Count 1>> endobj\n3 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>> endobj\n4 0 obj <</Length ${STREAM.length}>> stream\n${STREAM}\nendstream endobj\n5 0 obj <</Type/Font/Subtype/Type1/BaseFont/Helvetica>> endobj\ntrailer <</Root 1 0 R>>\n`,
  'From: "Ada" <ada@small-lab.net>\r\nSubject: =?utf-8?Q?K=C3=A4lte?=\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\nPHA+cXVpZXRbLl10b3A8L3A+\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: x\r\nSubject: y\r\n\r\nquiet[.]top\r\n--b--\r\n',
  '<!doctype html><html><head><title>x</title><meta name="author" content="Ada"></head><body><nav>n</nav><main><article class="post"><p>quiet[.]top</p><table><tr><td>a</td></tr></table></article></main><aside>s</aside></body></html>',
  '<?xml version="1.0"?><rss version="2.0"><channel><title>B</title><item><title>L</title><link>https://small-lab.net/1</link><description><![CDATA[<p>quiet[.]top</p>]]></description></item></channel></rss>',
  json({ Event: { info: 'x', Attribute: [{ type: 'ip-dst|port', value: '203.0.114.7|8443', to_ids: true }], Object: [{ Attribute: [] }] } }),
  json({
    type: 'bundle',
    objects: [
      { type: 'indicator', pattern: "[domain-name:value IN ('quiet.top', 'b.top')]" },
      { type: 'report', name: 'n' },
    ],
  }),
  json({ title: 't', post_stream: { posts: [{ username: 'one', cooked: '<p>quiet[.]top</p>' }] } }),
  json([{ account: { acct: 'a' }, content: '<p>quiet[.]top</p>' }]),
  json({ sample: { id: '240308-abcd12efgh' }, targets: [{ iocs: { domains: ['quiet.top'] } }], extracted: [{ config: { c2: ['203.0.114.7:1'] } }] }),
  json({ data: { analysis: { content: { mainObject: { filename: 'a.exe' } } }, network: { dnsRequests: [{ domain: 'quiet.top' }] } } }),
  'type,value\nurl,"http://quiet.top/a"\n',
].map((text) => new TextEncoder().encode(text));
const LONGEST = 20_000;
/** A loaded machine, a document of a few pages, and modules that load with the first of its form. */
const MOST_MILLISECONDS = 3000;

const { seconds, seed } = fuzzArguments();
const until = performance.now() + seconds * 1000;
let runs = 0;
let slowest = 0;
let findings = 0;
do {
  const random = new FuzzRandom((seed + runs) >>> 0);
  const input = mutateBytes(random, random.pick(SEEDS), SEEDS, LONGEST);
  const form = random.once(3) ? random.pick(FORMS) : undefined;
  const before = performance.now();
  let problem: string | undefined;
  try {
    const reading = await readReportOf(input, { definitions: catalogue.indicators, refang }, form === undefined ? {} : { form });
    if (reading.text.length > 4 * LONGEST) problem = `a text of ${reading.text.length}`;
    for (const one of reading.indicators) if (reading.text.slice(one.start, one.end) !== one.written) problem = `${one.value} is not at its place`;
  } catch (thrown) {
    problem = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  }
  const took = performance.now() - before;
  if (took > MOST_MILLISECONDS) problem ??= `took ${took.toFixed(0)} ms`;
  slowest = Math.max(slowest, took);
  if (problem !== undefined) {
    findings++;
    console.log(`forms: FINDING with seed ${seed + runs}, form ${form ?? 'not said'}\n${problem}\n${new TextDecoder().decode(input)}`);
  }
  runs++;
} while (performance.now() < until && findings < 5);
console.log(`forms: ${runs} runs, slowest ${slowest.toFixed(1)} ms, ${findings} findings (seeds ${seed} to ${seed + runs - 1})`);
process.exit(findings === 0 ? 0 : 1);
