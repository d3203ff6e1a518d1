/** `sigwright intake REPORT`: what a report says. `sigwright indicators --json FILE`: its indicators, one JSON object a line. */
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { readingOf } from './shared/report.ts';

function pathIn(positionals: readonly string[], verb: string): string | undefined {
  const path = positionals[0] ?? '-';
  if (path === '-' || existsSync(path)) return path;
  process.stderr.write(`sigwright ${verb}: ${path} does not exist\n`);
  return undefined;
}

export async function indicators(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { json: { type: 'boolean' }, format: { type: 'string' }, 'warning-lists': { type: 'string' } },
  });
  const path = pathIn(positionals, 'indicators');
  if (path === undefined) return 1;
  for (const { type, value, start, end, role, benign, reason, port } of readingOf(path, values.format, values['warning-lists']).indicators) {
    process.stdout.write(
      values.json
        ? `${JSON.stringify({ type, value, start, end, role, benign, reason, ...(port === undefined ? {} : { port }) })}\n`
        : `${type.padEnd(8)} ${role.padEnd(10)} ${value}\n`,
    );
  }
  return 0;
}

export async function intake(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { json: { type: 'boolean' }, format: { type: 'string' }, 'warning-lists': { type: 'string' } },
  });
  const path = pathIn(positionals, 'intake');
  if (path === undefined) return 1;
  const reading = readingOf(path, values.format, values['warning-lists']);
  if (values.json) {
    const { text, ...rest } = reading;
    process.stdout.write(`${JSON.stringify({ ...rest, length: text.length }, undefined, 1)}\n`);
    return 0;
  }
  const line = (name: string, list: readonly string[]): void => {
    if (list.length > 0) process.stdout.write(`${name.padEnd(12)}${list.join(', ')}\n`);
  };
  process.stdout.write(`${reading.title}\n\n`);
  line('credits', reading.credits);
  line('families', reading.families);
  line('actors', reading.actors);
  line('CVEs', reading.cves);
  line('techniques', reading.techniques);
  line('references', reading.references);
  process.stdout.write('\n');
  const shown = new Set<string>();
  for (const one of reading.indicators) {
    if (one.type === 'handle' || one.type === 'cve' || one.type === 'attack' || shown.has(one.type + one.value)) continue;
    shown.add(one.type + one.value);
    process.stdout.write(
      `${one.role.padEnd(10)} ${one.type.padEnd(7)} ${one.value}${one.port === undefined ? '' : `:${one.port}`}  (${one.reason}${one.written !== one.value ? `; written ${one.written}` : ''})\n`,
    );
  }
  return 0;
}
