/** The engine as workers of hunts want it: rules are compiled once, captures come from a folder, what fired goes out as counts and EVE. */
import { join } from 'node:path';
import { catalogue } from '@sigwright/catalogue';
import { Engine, EveWriter } from '@sigwright/detection';
import { type HuntEngine, insideOf } from '@sigwright/workbench';
import type { Archive } from './archive.ts';
import { configurationOf } from './configuration.ts';
import { readYaml, setValue } from './configuration-tree.ts';
import { loadRuleFiles } from './plans.ts';

/** Alerts of one capture that are kept with their record; all are counted. */
const MOST_LINES = 200;

export function huntEngine(archive: Archive): (rules: string, networks: string | undefined) => HuntEngine {
  return (rules, networks) => {
    const tree = readYaml(join(import.meta.dirname, '..', 'suricata.yaml'));
    if (networks !== undefined) {
      if (insideOf(networks) === undefined) throw new Error(`\`${networks}\` is no list of networks`);
      setValue(tree, `vars.address-groups.HOME_NET=${networks}`);
    }
    // Captures of an archive were made where checksums are often filled in by the network card.
    const { settings, eve } = configurationOf(tree, { verifyChecksums: false, inline: false });
    // Under a name that is always the same a saved plan fits, whichever worker made it.
    const loaded = loadRuleFiles([{ path: 'hunt.rules', bytes: Buffer.from(rules) }], settings);
    if (loaded.loaded === 0) throw new Error(`none of the rules can be used: ${loaded.problems[0]?.diagnostic.title ?? 'there are none'}`);
    return async (capture, signal) => {
      const hits = new Map<number, { signature: string; alerts: number }>();
      const lines: string[] = [];
      const writer = new EveWriter(
        (record) => {
          if (record.event_type === 'alert' && lines.length < MOST_LINES) lines.push(JSON.stringify(record));
        },
        settings,
        catalogue.protocols,
        eve.options,
      );
      const engine = new Engine(loaded.plan, catalogue, settings, {
        alert(alert, packet) {
          const known = hits.get(alert.rule.sid) ?? { signature: alert.rule.message, alerts: 0 };
          known.alerts++;
          hits.set(alert.rule.sid, known);
          writer.alert(alert, packet);
        },
      });
      const problem = await archive.run(engine, capture, signal);
      return {
        packets: engine.counters.packets,
        bytes: engine.counters.bytes,
        hits: [...hits].map(([sid, hit]) => ({ sid, ...hit })),
        lines,
        ...(problem === undefined ? {} : { problem: problem.message.replaceAll(archive.place, '').slice(0, 1000) }),
      };
    };
  };
}
