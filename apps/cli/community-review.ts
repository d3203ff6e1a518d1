/** `sigwright community-review [-C FOLDER] [--date DATE] [-o FILE]`: the weekly post as Markdown. */
import { parseArgs } from 'node:util';
import { communityReview, writeWhole } from '@sigwright/workbench';
import { dayOf, repositoryAt } from './shared/repository.ts';

export async function run(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
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
