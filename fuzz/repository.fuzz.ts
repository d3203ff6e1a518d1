/**
 * Damaged ruleset.yaml, rules.lock, report.yaml and expect.yaml: a repository opens with its problems said, or is refused with a
 * message; nothing throws and nothing hangs. node fuzz/repository.fuzz.ts [SECONDS] [SEED]
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { openRepository } from '@sigwright/workbench';
import { fuzz, fuzzArguments, mutateText } from './harness.ts';

const WEEK = join(import.meta.dirname, '..', 'examples', '2024-03-08');
const FILES = ['ruleset.yaml', 'rules/info.rules', 'reports/2024-03-08-impacket-guid/report.yaml', 'evidence/1240325/expect.yaml'];
const LOCK = '{"rules":{"1240325":{"rev":1,"hash":"00","category":"info","decisions":[{"date":"2024-03-08","decision":"keep","reason":"x"}]}}}\n';
const whole = new Map(FILES.map((path) => [path, readFileSync(join(WEEK, path), 'utf8')]));
whole.set('rules.lock', LOCK);
const paths = [...whole.keys()];
const WORDS = [
  ': ',
  '- ',
  '? ',
  '| ',
  '> ',
  '&a ',
  '*a ',
  '!!binary ',
  '<<: *a',
  '{',
  '}',
  '[',
  ']',
  '"',
  "'",
  '# ',
  '---\n',
  '\t',
  '%YAML 9.9\n',
  '__proto__: ',
  '1e999',
  '~',
  '\n\n',
];
const folder = mkdtempSync(join(tmpdir(), 'sigwright-fuzz-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
for (const [path, text] of whole) {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

const { seconds, seed } = fuzzArguments();
process.exit(
  fuzz(
    'repository',
    seconds,
    seed,
    (random) => {
      const path = random.pick(paths);
      let text = mutateText(random, whole.get(path) ?? '', WORDS, 20_000);
      if (random.once(8)) text = `a: &a [x]\nb: &b [${'*a,'.repeat(1 + random.below(300))}]\nc: [${'*b,'.repeat(1 + random.below(300))}]\n${text}`;
      return `${path}\n${text}`;
    },
    (input) => {
      const end = input.indexOf('\n');
      const path = input.slice(0, end);
      writeFileSync(join(folder, path), input.slice(end + 1));
      try {
        const opened = openRepository(folder);
        if (!opened.ok) return opened.message === '' ? 'refused without a word' : undefined;
        for (const problem of opened.value.problems)
          if (problem.message === '' || problem.line < 0) return `a problem without words or place: ${JSON.stringify(problem)}`;
        return undefined;
      } finally {
        writeFileSync(join(folder, path), whole.get(path) ?? '');
      }
    },
    // Every file of the repository is read again for each input.
    (input) => input.length + 60_000,
  ),
);
