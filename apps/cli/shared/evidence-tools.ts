/** What making evidence needs beside the repository: traffic for its rules, and the engine that tries it. */

import { join } from 'node:path';
import { catalogue } from '@sigwright/catalogue';
import { Synthesizer } from '@sigwright/detection';
import type { EvidenceTools, Repository } from '@sigwright/workbench';
import { ourSettings } from './data-files.ts';
import { proofRunner } from './proof-runner.ts';

export function evidenceTools(repository: Repository): EvidenceTools {
  const read = ourSettings([join(repository.folder, 'rules', 'any.rules')], { verifyChecksums: true });
  const settings = { ...read, addressGroups: { ...read.addressGroups, ...repository.settings.networks } };
  return {
    synthesize: (rule, rules, silent) => new Synthesizer(rules, catalogue, settings).synthesize(rule, { silent }),
    run: proofRunner(),
  };
}
