/** A verb with what goes wrong in it said in words: the exit code is 0 done, 1 input or findings, 2 command line not understood, 70 a fault of ours. */
import { HelpAsked, InputProblem, systemMessage, UsageProblem } from './arguments.ts';

export type Verb = (argv: readonly string[]) => Promise<number>;

/** A fault of ours, as sysexits.h numbers it. */
const FAULT = 70;

export async function runVerb(name: string, run: Verb, argv: readonly string[]): Promise<number> {
  try {
    return await run(argv);
  } catch (problem) {
    if (problem instanceof HelpAsked) {
      process.stdout.write(problem.usage);
      return 0;
    }
    if (problem instanceof UsageProblem) {
      process.stderr.write(`sigwright ${name}: ${problem.message}\n\n${problem.usage}`);
      return 2;
    }
    // A verb that reads its command line itself.
    if (String((problem as { code?: unknown }).code).startsWith('ERR_PARSE_ARGS')) {
      process.stderr.write(`sigwright ${name}: ${(problem as Error).message.split('. To specify')[0]}\n`);
      return 2;
    }
    const said = problem instanceof InputProblem ? problem.message : systemMessage(problem);
    if (said !== undefined) {
      process.stderr.write(`sigwright ${name}: ${said}\n`);
      return 1;
    }
    process.stderr.write(`sigwright ${name}: a fault in sigwright itself, please report it:\n${(problem as Error).stack ?? String(problem)}\n`);
    return FAULT;
  }
}
