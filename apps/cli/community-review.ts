/** `sigwright community-review [-C FOLDER] [--date DATE] [-o FILE]`: the weekly post as Markdown. */
import { communityReview, writeWhole } from '@sigwright/workbench';
import { argumentsOf } from './shared/arguments.ts';
import { dayOf, repositoryAt } from './shared/repository.ts';

const USAGE = `sigwright community-review [-C FOLDER] [options]

The weekly post as Markdown: every item credits who found it, links the source and names the rules. It is about the reports of the seven
days up to the day of the post, or where there are none, about the last week that had any.

  -C, --folder FOLDER    a ruleset repository (default: this folder)
      --date DATE        the day of the post (YYYY-MM-DD, default: today)
  -o, --output FILE      write it there
`;

export async function run(argv: readonly string[]): Promise<number> {
  const { values } = argumentsOf(USAGE, argv, {
    options: { folder: { type: 'string', short: 'C' }, date: { type: 'string' }, output: { type: 'string', short: 'o' } },
  });
  const repository = repositoryAt(values.folder, 'community-review');
  if (repository === undefined) return 1;
  const post = communityReview(repository, dayOf(values.date));
  if (values.output === undefined) process.stdout.write(post);
  else {
    const failed = writeWhole(values.output, post);
    if (failed !== undefined) {
      process.stderr.write(`sigwright community-review: ${failed.message}\n`);
      return 1;
    }
    process.stdout.write(`wrote ${values.output}\n`);
  }
  return 0;
}
