/** What every verb does alike: `--help`, options that it does not know, and input that can not be used. */
import { type ParseArgsConfig, parseArgs } from 'node:util';

/** `--help` was asked for. */
export class HelpAsked extends Error {
  readonly usage: string;

  constructor(usage: string) {
    super('help');
    this.usage = usage;
  }
}

/** The command line is not understood: exit 2, with the usage. */
export class UsageProblem extends Error {
  readonly usage: string;

  constructor(message: string, usage: string) {
    super(message);
    this.usage = usage;
  }
}

/** What the command line names can not be used: exit 1. */
export class InputProblem extends Error {}

/** `parseArgs`, with `-h` and `--help` for every verb. */
export function argumentsOf<const Config extends ParseArgsConfig>(
  usage: string,
  argv: readonly string[],
  config: Config,
): ReturnType<typeof parseArgs<Config>> {
  let parsed: { values: Record<string, unknown>; positionals: string[] };
  try {
    parsed = parseArgs({ ...config, args: [...argv], options: { ...config.options, help: { type: 'boolean', short: 'h' } } }) as typeof parsed;
  } catch (problem) {
    throw new UsageProblem((problem as Error).message.split('. To specify')[0], usage);
  }
  if (parsed.values['help'] === true) throw new HelpAsked(usage);
  return parsed as unknown as ReturnType<typeof parseArgs<Config>>;
}

const SYSTEM_MESSAGES: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EISDIR: 'is a folder, not a file',
  ENOTDIR: 'leads through something that is not a folder',
  EACCES: 'can not be opened: permission denied',
  EPERM: 'can not be opened: not permitted',
  ENOSPC: 'could not be written: no space left on the disk',
  EDQUOT: 'could not be written: the quota is used up',
  EROFS: 'could not be written: the file system is read-only',
  EEXIST: 'exists already and is not a folder',
  EMFILE: 'can not be opened: too many open files',
  ELOOP: 'is a loop of links',
  ENAMETOOLONG: 'is too long a name',
};

/** An error of the operating system in words; undefined where it is none. */
export function systemMessage(problem: unknown): string | undefined {
  if (!(problem instanceof Error) || !('syscall' in problem) || !('code' in problem)) return undefined;
  const { code, path, address, port } = problem as { code: string; path?: string; address?: string; port?: number };
  if (code === 'EADDRINUSE') return `port ${port} of ${address} is taken`;
  // Reading a folder as a file fails without its name.
  if (code === 'EISDIR' && path === undefined) return 'a folder stands where a file is needed; name its files, FOLDER/*.rules say';
  return `${path ?? 'a file'} ${SYSTEM_MESSAGES[code] ?? `can not be used: ${problem.message}`}`;
}

/** Words of a command line as rule numbers. */
export function sidsOf(words: readonly string[], usage: string): number[] {
  return words.map((word) => {
    if (!/^\d{1,10}$/.test(word)) throw new UsageProblem(`\`${word}\` is no sid`, usage);
    return Number(word);
  });
}

/** Whether what listens there is reached from this machine alone. */
export function isLoopback(host: string): boolean {
  return ['127.0.0.1', '::1', 'localhost'].includes(host);
}
