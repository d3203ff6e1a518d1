/** Traffic for rules, as the engine of this command line makes it: here for one verb, and for workers. */
import { join } from 'node:path';
import { catalogue } from '@sigwright/catalogue';
import type { Rule } from '@sigwright/contracts';
import { Synthesizer } from '@sigwright/detection';
import type { SynthesizedRule } from '@sigwright/workbench';
import { configurationOf } from './configuration.ts';
import { readYaml } from './configuration-tree.ts';
import { type FilesRead, withFilesOfRules } from './data-files.ts';

export interface SynthesisPlace {
  /** all, also those that set bits for others */
  readonly rules: readonly Rule[];
  /** where they stand, and with them the files that they name */
  readonly ruleFiles: readonly string[];
  /** a suricata.yaml */
  readonly config?: string;
  readonly networks: Readonly<Record<string, string>>;
  readonly files?: FilesRead;
}

export function synthesizerAt({ rules, ruleFiles, config, networks, files }: SynthesisPlace): Synthesizer {
  const tree = readYaml(config ?? join(import.meta.dirname, '..', 'suricata.yaml'));
  const read = withFilesOfRules(configurationOf(tree, { verifyChecksums: true, inline: false }).settings, tree, ruleFiles, files);
  return new Synthesizer(rules, catalogue, { ...read, addressGroups: { ...read.addressGroups, ...networks } });
}

/** One after the other. */
export function* synthesisHere(place: SynthesisPlace, wanted: readonly Rule[], silent: boolean): Generator<SynthesizedRule> {
  const synthesizer = synthesizerAt(place);
  for (const rule of wanted) yield { sid: rule.sid, ...synthesizer.synthesize(rule, { silent }) };
}
