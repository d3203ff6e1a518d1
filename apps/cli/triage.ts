/** `sigwright triage EVE… [--home-net NETS] [--json]`: alerts → hosts, worst first, with a judgement and its reasons. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type AddressSet, parseAddress } from '@sigwright/bytes';
import { DEFAULT_SETTINGS, type EveRecord } from '@sigwright/contracts';
import { HeaderResolver } from '@sigwright/detection';
import { renderTriage, triage } from '@sigwright/workbench';

export async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { 'home-net': { type: 'string' }, resolver: { type: 'string', multiple: true }, json: { type: 'boolean' } },
  });
  if (positionals.length === 0) {
    process.stderr.write('sigwright triage: name EVE files, or - for standard input\n');
    return 2;
  }
  const inside = insideOf(values['home-net']);
  if (inside === undefined) {
    process.stderr.write(`sigwright triage: --home-net ${values['home-net']} is no list of networks\n`);
    return 2;
  }
  const records: EveRecord[] = [];
  let broken = 0;
  for (const path of positionals) {
    for (const line of readFileSync(path === '-' ? 0 : path, 'utf8').split('\n')) {
      if (line.trim() === '') continue;
      try {
        const record = JSON.parse(line) as EveRecord;
        if (
          typeof record === 'object' &&
          record !== null &&
          (record['event_type'] === 'alert' || record['event_type'] === 'dns' || record['event_type'] === 'flow')
        )
          records.push(record);
      } catch {
        broken++;
      }
    }
  }
  if (broken > 0) process.stderr.write(`sigwright triage: ${broken} lines are no JSON and were passed over\n`);
  const hosts = triage(records, { isInside: inside, resolvers: new Set(values.resolver ?? []) });
  process.stdout.write(values.json ? `${JSON.stringify(hosts, undefined, 1)}\n` : renderTriage(hosts));
  return 0;
}

/** A test for addresses of ours; undefined where the text is no list of networks. */
export function insideOf(networks: string | undefined): ((address: string) => boolean) | undefined {
  const text = networks ?? DEFAULT_SETTINGS.addressGroups['HOME_NET'];
  const resolver = new HeaderResolver({ ...DEFAULT_SETTINGS, addressGroups: { ...DEFAULT_SETTINGS.addressGroups, HOME_NET: text } });
  let set: AddressSet | undefined;
  try {
    set = resolver.fromFields(['ip', '$HOME_NET', 'any', '->', 'any', 'any']).source;
  } catch {
    return undefined;
  }
  return (address) => {
    const parsed = parseAddress(address);
    return parsed !== undefined && (set === undefined || set.contains(parsed.words, parsed.version));
  };
}
