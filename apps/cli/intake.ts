/** `sigwright intake REPORT`: what a report says. `sigwright indicators --json FILE`: its indicators, one JSON object a line. */

import { existsSync } from 'node:fs';
import { counted } from '@sigwright/bytes';
import { FORMS, type NameKind, type ReportIndicator } from '@sigwright/workbench';
import { argumentsOf, UsageProblem } from './shared/arguments.ts';
import { candidatesOf, isCapture } from './shared/capture-intake.ts';
import { type ReadingAbout, readingOf } from './shared/report.ts';

const OPTIONS = {
  json: { type: 'boolean' },
  format: { type: 'string' },
  'warning-lists': { type: 'string' },
  names: { type: 'string' },
  fetch: { type: 'boolean' },
} as const;

const INTAKE = `sigwright intake [FILE | URL] [options]

What a report (standard input where none is named) says: indicators with role and reason, references, credits, families, CVEs.
Of a capture (pcap, pcapng): names, hosts, URLs, user agents, fingerprints, certificate fields, SMB GUIDs and digests of files, each
with the packet where it was seen first. They are candidates: nothing is said about good or bad.

      --format FORMAT    ${FORMS.join(', ')}
                         (default: told from the file)
      --fetch            allows to fetch a URL: public addresses only, 32 MiB, 30 s
      --warning-lists D  a folder of lists of well-known benign names (misp-warninglists)
      --names D          a folder of names of families and actors with synonyms (misp-galaxy clusters), beside those known already
      --json             all of it as JSON: of each indicator type, value, written, start, end, role, benign, reason and sentence; names
                         with how they are written; source, its sha256, when it was published and when it was read
`;
const INDICATORS = `sigwright indicators [FILE | URL] [options]

The indicators of a text (standard input where none is named).

      --format FORMAT    ${FORMS.join(', ')}
                         (default: told from the file)
      --fetch            allows to fetch a URL: public addresses only, 32 MiB, 30 s
      --warning-lists D  a folder of lists of well-known benign names (misp-warninglists)
      --json             one JSON object a line: type, value, start, end, role, benign, reason, port where one is written, and
                         of: what a digest is of that is no file's (tls-certificate, certificate, server)

Types: domain, url, uri-path, ipv4, ipv6, email, md5, sha1, sha256, cve, attack, ja3, ja4, user-agent, file, registry, handle. Roles: indicator, reference, victim, benign, credit.
Offsets count UTF-16 units of the text; of another form than text, of the text that was read out of it.
`;

export async function indicators(argv: readonly string[]): Promise<number> {
  const { values, positionals } = argumentsOf(INDICATORS, argv, {
    allowPositionals: true,
    options: OPTIONS,
  });
  const path = pathOf(positionals, INDICATORS);
  const { indicators: found } = await readingOf(path, aboutOf(values));
  // Written in pieces: a list may have hundreds of thousands.
  for (let from = 0; from < found.length; from += LINES_AT_ONCE)
    process.stdout.write(
      found
        .slice(from, from + LINES_AT_ONCE)
        .map((one) => lineOf(one, values.json === true))
        .join(''),
    );
  return 0;
}

const LINES_AT_ONCE = 1000;

function lineOf({ type, value, start, end, role, benign, reason, port, of }: ReportIndicator, asJson: boolean): string {
  if (asJson)
    return `${JSON.stringify({ type, value, start, end, role, benign, reason, ...(port === undefined ? {} : { port }), ...(of === undefined ? {} : { of }) })}\n`;
  return `${type.padEnd(10)} ${role.padEnd(10)} ${value}${port === undefined ? '' : `:${port}`}\n`;
}

function aboutOf(values: { readonly format?: string; readonly 'warning-lists'?: string; readonly names?: string; readonly fetch?: boolean }): ReadingAbout {
  return { form: values.format, warningLists: values['warning-lists'], names: values.names, fetch: values.fetch };
}

export async function intake(argv: readonly string[]): Promise<number> {
  const { values, positionals } = argumentsOf(INTAKE, argv, {
    allowPositionals: true,
    options: OPTIONS,
  });
  const path = pathOf(positionals, INTAKE);
  if (path !== '-' && existsSync(path) && isCapture(path)) return captureIntake(path, values.json === true);
  const reading = await readingOf(path, aboutOf(values));
  if (values.json) {
    const { text, ...rest } = reading;
    process.stdout.write(`${JSON.stringify({ ...rest, length: text.length }, undefined, 1)}\n`);
    return 0;
  }
  const line = (name: string, list: readonly string[]): void => {
    if (list.length > 0) process.stdout.write(`${name.padEnd(12)}${list.join(', ')}\n`);
  };
  process.stdout.write(`${reading.title}\n\n`);
  line('source', reading.source === undefined ? [] : [reading.source]);
  line('published', reading.published === undefined ? [] : [reading.published]);
  line('credits', reading.credits);
  const named = (kind: NameKind): string[] =>
    reading.names.filter((one) => one.kind === kind).map(({ name, written }) => (written.toLowerCase() === name.toLowerCase() ? name : `${name} (${written})`));
  line('families', named('family'));
  line('actors', named('actor'));
  line('campaigns', named('campaign'));
  line('CVEs', reading.cves);
  line('techniques', reading.techniques);
  line('references', reading.references);
  process.stdout.write('\n');
  const shown = new Set<string>();
  for (const one of reading.indicators) {
    if (one.type === 'handle' || one.type === 'cve' || one.type === 'attack' || shown.has(one.type + one.value)) continue;
    shown.add(one.type + one.value);
    process.stdout.write(
      `${one.role.padEnd(10)} ${one.type.padEnd(7)} ${one.port === undefined ? one.value : `${one.value.includes(':') ? `[${one.value}]` : one.value}:${one.port}`}  (${one.reason}${one.written !== one.value ? `; written ${one.written.replace(/\s+/g, ' ')}` : ''})\n`,
    );
  }
  for (const words of reading.leftOut) process.stdout.write(`left out   ${words}\n`);
  return 0;
}

async function captureIntake(path: string, asJson: boolean): Promise<number> {
  const { found, problem } = await candidatesOf(path);
  const candidates = found.list();
  if (asJson) process.stdout.write(`${JSON.stringify({ capture: path, candidates, leftOut: found.leftOut }, undefined, 1)}\n`);
  else
    for (const { kind, value, times, first } of candidates)
      process.stdout.write(
        `${kind.padEnd(20)} ${JSON.stringify(value).slice(1, -1)}  (${times} ×, packet ${first.packet}, ${first.source} → ${first.destination})\n`,
      );
  if (candidates.length === 0 && found.leftOut === 0 && problem === undefined)
    process.stderr.write('nothing in it could be an indicator; what a threat does becomes rules with sigwright draft --captures\n');
  if (found.leftOut > 0) process.stderr.write(`${counted(found.leftOut, 'value')} left out: too long or too many\n`);
  if (problem !== undefined) process.stderr.write(`sigwright intake: ${problem.message}\n`);
  return problem === undefined ? 0 : 1;
}

function pathOf(positionals: readonly string[], usage: string): string {
  if (positionals.length > 1) throw new UsageProblem('one report at a time', usage);
  return positionals[0] ?? '-';
}
