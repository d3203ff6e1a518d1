/** `sigwright keywords [NAME …] [--json]`: the keywords of the rule language, from the catalogue's definitions. */
import { counted } from '@sigwright/bytes';
import { argumentsOf, InputProblem } from './shared/arguments.ts';
import { keywordTable } from './shared/keyword-table.ts';

const USAGE = `sigwright keywords [NAME …] [--json]

Every keyword that is known: name, status, what it is, the buffer it selects, its protocol, the version of Suricata that brought it.
A rule that uses one that is not listed is refused.

      --json             one JSON object a line, with aliases, summary and examples
`;

export async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = argumentsOf(USAGE, argv, { allowPositionals: true, options: { json: { type: 'boolean' } } });
  const all = keywordTable();
  for (const name of positionals)
    if (!all.some((row) => row.name === name || row.aliases.includes(name)))
      throw new InputProblem(`no keyword is called \`${name}\`; a rule that uses it is refused`);
  const rows = positionals.length === 0 ? all : all.filter((row) => positionals.some((name) => row.name === name || row.aliases.includes(name)));
  if (values.json) {
    process.stdout.write(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    return 0;
  }
  const line = (...cells: readonly string[]): string =>
    `${cells[0].padEnd(34)}${cells[1].padEnd(13)}${cells[2].padEnd(18)}${cells[3].padEnd(30)}${cells[4].padEnd(10)}${cells[5]}\n`;
  process.stdout.write(line('name', 'status', 'kind', 'buffer', 'protocol', 'since'));
  for (const row of rows) process.stdout.write(line(row.name, row.status, row.kind, row.buffer ?? '', row.protocol ?? '', row.since));
  for (const { name, reason } of rows) if (reason !== undefined) process.stdout.write(`${name} has no effect: ${reason}\n`);
  if (positionals.length === 0)
    process.stdout.write(
      `${counted(rows.length, 'keyword')}, ${counted(
        rows.reduce((sum, row) => sum + row.aliases.length, 0),
        'alias',
        'aliases',
      )}\n`,
    );
  return 0;
}
