/**
 * Writes docs/reference/ from the catalogue's definitions: a page for every protocol and every family of keywords, and a list of all.
 * `node tools/generate-reference.ts`; `npm ci` runs it too. A test says where the pages are not those of the definitions.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalogue } from '@sigwright/catalogue';
import type { LintDefinition, LintSample, ProtocolDefinition } from '@sigwright/contracts';
import { type KeywordRow, keywordTable } from '../apps/cli/shared/keyword-table.ts';

export const REFERENCE_FOLDER = join(import.meta.dirname, '..', 'docs', 'reference');
const MADE = '<!-- Made from the definitions in packages/catalogue by tools/generate-reference.ts; change those. -->\n';

/** Path below docs/reference → text. */
export function referencePages(): ReadonlyMap<string, string> {
  const rows = keywordTable();
  const pages = new Map<string, string>();
  const protocols = [...new Set(catalogue.protocols.values())].sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const protocol of protocols) {
    pages.set(
      `protocol-${protocol.name}.md`,
      protocolPage(
        protocol,
        rows.filter((row) => row.protocol === protocol.name),
      ),
    );
  }
  const others = rows.filter((row) => row.protocol === undefined || !catalogue.protocols.has(row.protocol));
  const families = [...new Set(others.map((row) => row.family))].sort();
  for (const family of families) {
    const members = others.filter((row) => row.family === family);
    pages.set(`keywords-${family}.md`, `${MADE}# Keywords: ${family}\n\n${members.map(keywordSection).join('\n')}`);
  }
  pages.set('indicators.md', indicatorsPage());
  for (const lint of lintsByName()) pages.set(`lint-${lintName(lint)}.md`, lintPage(lint));
  pages.set('README.md', listPage(rows, protocols, families));
  return pages;
}

function pageOf(row: KeywordRow): string {
  return row.protocol !== undefined && catalogue.protocols.has(row.protocol) ? `protocol-${row.protocol}.md` : `keywords-${row.family}.md`;
}

function listPage(rows: readonly KeywordRow[], protocols: readonly ProtocolDefinition[], families: readonly string[]): string {
  const line = (row: KeywordRow): string =>
    `| [\`${row.name}\`](${pageOf(row)}#${anchor(row.name)}) | ${row.kind} | ${row.protocol ?? ''} | ${row.since} | ${cell(row.summary)} |\n`;
  return `${MADE}# Reference

What the rule language and the engine know, made from their definitions. \`sigwright keywords\` prints the same. A rule that uses a
keyword which is not here is refused, with its name.

## Protocols

${protocols.map((one) => `* [${one.name}](protocol-${one.name}.md): ${one.summary}\n`).join('')}
## Families of keywords

${families.map((family) => `* [${family}](keywords-${family}.md)\n`).join('')}* [indicators](indicators.md), which reports are read for

## Lints

What \`sigwright lint\` looks for.

| lint | grade | what it finds |
| --- | --- | --- |
${lintsByName()
  .map((lint) => `| [${code(lintName(lint))}](lint-${lintName(lint)}.md) | ${lint.grade} | ${cell(lint.summary)} |\n`)
  .join('')}
## All keywords

| keyword | kind | protocol | since | what it does |
| --- | --- | --- | --- | --- |
${rows.map(line).join('')}`;
}

function protocolPage(protocol: ProtocolDefinition, rows: readonly KeywordRow[]): string {
  const facts = [
    `* in a rule's header: ${[protocol.name, ...(protocol.aliases ?? [])].map(code).join(', ')}`,
    `* over: ${protocol.transport.join(', ')}${protocol.anyPort ? ', recognised on every port' : ''}${protocol.ports.length === 0 ? '' : `; server ports looked at first: ${protocol.ports.join(', ')}`}`,
    `* in EVE: ${code(protocol.recordName)}`,
  ];
  const anomalies =
    protocol.anomalies.length === 0
      ? ''
      : `\n## Events\n\nFor \`app-layer-event\`; each is an \`anomaly\` record as well.\n\n| event | meaning |\n| --- | --- |\n${protocol.anomalies.map((one) => `| ${code(one.name)} | ${cell(one.summary)} |\n`).join('')}`;
  const frames =
    protocol.frames === undefined
      ? ''
      : `\n## Frames\n\nFor `.concat('`frame`: ', protocol.frames.map((one) => code(`${protocol.aloneAs ?? protocol.name}.${one}`)).join(', '), '.\n');
  const keywords =
    rows.length === 0 ? '\nIt has no keywords of its own; contents look at the payload.\n' : `\n## Keywords\n\n${rows.map(keywordSection).join('\n')}`;
  return `${MADE}# Protocol: ${protocol.name}\n\n${protocol.summary}\n\n${facts.join('\n')}\n${anomalies}${frames}${keywords}`;
}

function keywordSection(row: KeywordRow): string {
  const facts = [row.kind, `since Suricata ${row.since}`];
  if (row.reason !== undefined) facts.push(`no effect: ${row.reason}`);
  if (row.aliases.length > 0) facts.push(`also written ${row.aliases.map(code).join(', ')}`);
  if (row.buffer !== undefined) facts.push(`buffer ${code(row.buffer)}`);
  const syntax = row.syntax === '' ? row.name : `${row.name}:${row.syntax}`;
  const examples = row.examples.map((example) => `${example}\n`).join('');
  const broken = row.broken.map(({ options, code: fault }) => `* ${code(options)}: ${fault}\n`).join('');
  return `### ${row.name}

${row.summary}. ${facts.join(' · ')}

    ${syntax};
${examples === '' ? '' : `\nLoads:\n\n\`\`\`\n${examples}\`\`\`\n`}${broken === '' ? '' : `\nIs refused:\n\n${broken}`}`;
}

function indicatorsPage(): string {
  const lines = catalogue.indicators.map((one) => `| ${code(one.type)} | ${cell(one.summary)} | ${one.refanged ? 'yes' : 'no'} |\n`).sort();
  return `${MADE}# Indicators\n\nWhat \`sigwright indicators\` and \`sigwright intake\` find in a report.\n\n| type | what it is | defanging undone |\n| --- | --- | --- |\n${lines.join('')}`;
}

function lintsByName(): readonly LintDefinition[] {
  return [...catalogue.lints.values()].sort((a, b) => (a.code < b.code ? -1 : 1));
}

function lintName(lint: LintDefinition): string {
  return lint.code.slice(lint.code.indexOf('/') + 1);
}

const GRADE_WORDS: Readonly<Record<LintDefinition['grade'], string>> = {
  'cannot-work': 'cannot work (error)',
  misleads: 'misleads (warning)',
  reading: 'hard to read (information)',
};

function lintPage(lint: LintDefinition): string {
  const samples = (list: readonly LintSample[]): string =>
    list
      .map(({ why, rules, target, before, sidRanges }) => {
        const context = [
          target === undefined ? '' : ` (\`--target ${target}\`)`,
          sidRanges === undefined ? '' : `; ruleset.yaml gives ${sidRanges.map(({ from, to }) => `${from} to ${to}`).join(', ')}`,
          before === undefined || before.length === 0 ? '' : '; released before:',
        ].join('');
        const earlier = before === undefined || before.length === 0 ? '' : `\n\`\`\`\n${before.join('\n')}\n\`\`\`\n\nNow:\n`;
        return `${why}${context}\n${earlier}\n\`\`\`\n${rules.join('\n')}\n\`\`\`\n`;
      })
      .join('\n');
  return `${MADE}# Lint: ${lintName(lint)}\n\n${lint.summary}. Grade: ${GRADE_WORDS[lint.grade]}.\n\n${lint.explanation}\n\n## Incorrect\n\n${samples(lint.incorrect)}\n## Correct\n\n${samples(lint.correct)}\n## When not to use it\n\n${lint.whenNot}\n`;
}

function code(text: string): string {
  return text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}

/** As common renderers of Markdown make them from a heading. */
function anchor(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9_-]/g, '');
}

if (import.meta.main) {
  mkdirSync(REFERENCE_FOLDER, { recursive: true });
  const pages = referencePages();
  for (const name of readdirSync(REFERENCE_FOLDER)) if (!pages.has(name)) rmSync(join(REFERENCE_FOLDER, name));
  for (const [name, text] of pages) {
    const path = join(REFERENCE_FOLDER, name);
    let before = '';
    try {
      before = readFileSync(path, 'utf8');
    } catch {
      // A page that is new.
    }
    if (before !== text) writeFileSync(path, text);
  }
  // What the API's description is made into comes along.
  await (await import('./generate-client.ts')).writeOperations();
}
