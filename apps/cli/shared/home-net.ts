/** `--home-net`, for verbs that look at traffic. */
import { insideOf } from '@sigwright/workbench';
import { UsageProblem } from './arguments.ts';

/** What it says, where it is a list of networks. */
export function homeNetOf(text: string | undefined, usage: string): string | undefined {
  if (text !== undefined && insideOf(text) === undefined) throw new UsageProblem(`--home-net ${text} is no list of networks`, usage);
  return text;
}
