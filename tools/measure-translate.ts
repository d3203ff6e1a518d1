/**
 * How much of a ruleset each dialect can say: every rule, disabled ones too, is written in each dialect, read again as that dialect
 * and proved on traffic that the synthesizer made for it. Prints a table by dialect, then what was refused, by reason.
 *
 *     node tools/measure-translate.ts RULES [--every N] [--part I/N] [--list FILE] [--more N]
 *
 * `--every N` takes each Nth rule (a stated sample); `--part 0/2` and `--part 1/2` share the work between processes, `--list` writes
 * what was refused or not proved, one JSON object a line.
 */
import { createWriteStream, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { catalogue } from '@sigwright/catalogue';
import { parseRules } from '@sigwright/rule-language';
import { DIALECTS, type Dialect, translate } from '@sigwright/workbench';
import { configurationOf } from '../apps/cli/shared/configuration.ts';
import { readYaml } from '../apps/cli/shared/configuration-tree.ts';
import { withFilesOfRules } from '../apps/cli/shared/data-files.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    every: { type: 'string', default: '1' },
    part: { type: 'string', default: '0/1' },
    list: { type: 'string' },
    more: { type: 'string', default: '40' },
  },
});
const [path] = positionals;
if (path === undefined) throw new Error('name a file of rules');
const every = Number(values.every);
const [part, parts] = values.part.split('/').map(Number);

const tree = readYaml(`${import.meta.dirname}/../apps/cli/suricata.yaml`);
const settings = withFilesOfRules(configurationOf(tree, { verifyChecksums: true, inline: false }).settings, tree, [path]);
const { rules } = parseRules(readFileSync(path, 'utf8'));

interface Tally {
  proved: number;
  partly: number;
  unproved: number;
  refused: number;
}
const tallies = new Map<Dialect, Tally>(DIALECTS.map((dialect) => [dialect, { proved: 0, partly: 0, unproved: 0, refused: 0 }]));
const reasons = new Map<string, { count: number; sid: number }>();
const list = values.list === undefined ? undefined : createWriteStream(values.list);
const chosen = rules.filter((_rule, at) => at % every === 0 && (at / every) % parts === part);
for (const rule of chosen) {
  for (const emission of translate(rule, DIALECTS, { catalogue, settings, others: rules })) {
    const tally = tallies.get(emission.dialect)!;
    const unproved = emission.notes.find((note) => note.startsWith('not proved'));
    if (emission.text === undefined) tally.refused++;
    else if (unproved !== undefined) tally.unproved++;
    else if (emission.notes.some((note) => note.startsWith('looks only'))) tally.partly++;
    else tally.proved++;
    const reason = emission.text === undefined ? emission.refused : unproved;
    if (reason === undefined) continue;
    const key = `${emission.dialect.padEnd(11)} ${kindOf(reason)}`;
    const known = reasons.get(key);
    if (known === undefined) reasons.set(key, { count: 1, sid: rule.sid });
    else known.count++;
    list?.write(`${JSON.stringify({ sid: rule.sid, dialect: emission.dialect, reason, said: emission.text })}\n`);
  }
}
list?.end();

console.log(`${chosen.length} of ${rules.length} rules of ${path}\n`);
console.log('dialect       proved   proved within its ports   written, not proved   refused');
for (const [dialect, { proved, partly, unproved, refused }] of tallies)
  console.log(
    `${dialect.padEnd(11)} ${String(proved).padStart(8)} ${String(partly).padStart(25)} ${String(unproved).padStart(21)} ${String(refused).padStart(9)}`,
  );
console.log('\nwhy refused, or not proved (rules, first sid):');
const sorted = [...reasons].sort(([a, x], [b, y]) => a.slice(0, 11).localeCompare(b.slice(0, 11)) || y.count - x.count);
for (const [reason, { count, sid }] of sorted.slice(0, Number(values.more) * DIALECTS.length)) console.log(`${String(count).padStart(7)}  ${reason}  (${sid})`);

/** Without what differs from rule to rule. */
function kindOf(reason: string): string {
  return reason
    .replace(/`[^`]*`/g, '`…`')
    .replace(/"[^"]*"/g, '"…"')
    .replace(/\b\d{5,}\b/g, 'N')
    .replace(/no rule sets .*/, 'no rule sets its bit')
    .slice(0, 150);
}
