/**
 * node tools/keep-compiled.ts SCRIPT, with the flags of the launcher: runs the engine's verbs over the example, first with rules that have to
 * be compiled, then with the plan of them that was kept, and keeps what V8 compiled on the way (apps/cli/shared/engine-script.ts).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { engineScript, keepCompiled } from '../apps/cli/shared/engine-script.ts';

const example = join(import.meta.dirname, '..', 'examples', '2024-03-08');
const folder = mkdtempSync(join(tmpdir(), 'sigwright-compiled-'));
try {
  process.env['XDG_CACHE_HOME'] = folder;
  const { script, verbs } = engineScript(process.argv[2]);
  const options = ['-r', join(example, 'week.pcap'), '-S', join(example, 'rules', 'malware.rules'), '-l', folder];
  for (const verb of [verbs.run, verbs.run, verbs.suricata]) {
    const code = await verb(options);
    if (code !== 0) throw new Error(`a verb of the script that was just made ends with ${code}`);
  }
  keepCompiled(process.argv[2], script);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
