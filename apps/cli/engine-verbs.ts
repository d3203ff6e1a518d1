/** The verbs that look at traffic. Where the command line is bundled they are a script of their own (shared/engine-script.ts), with all that they need. */
import { run as runCaptures } from './run.ts';
import { runVerb, type Verb } from './shared/run-verb.ts';
import { suricata as asSuricata } from './suricata.ts';

export const run: Verb = (argv) => runVerb('run', runCaptures, argv);
export const suricata: Verb = (argv) => runVerb('suricata', asSuricata, argv);
