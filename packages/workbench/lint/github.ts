/**
 * Marks on the lines of a change, as a GitHub workflow prints them to its log ("workflow commands": `::error file=…,line=…::text`).
 */
import { linePlaces } from '@sigwright/contracts';
import type { PlacedDiagnostic } from './sarif.ts';

export interface GithubMark {
  readonly level: 'error' | 'warning' | 'notice';
  readonly path: string;
  /** 1-based; left out: the whole file */
  readonly line?: number;
  /** 1-based, the second behind the last character, both on `line` */
  readonly columns?: readonly [start: number, end: number];
  readonly title: string;
  readonly text: string;
}

/** One line with its end; no text begins another command. */
export function githubCommand({ level, path, line, columns, title, text }: GithubMark): string {
  const properties = [
    `file=${inProperty(path)}`,
    ...(line === undefined ? [] : [`line=${line}`]),
    ...(columns === undefined ? [] : [`col=${columns[0]}`, `endColumn=${columns[1]}`]),
    `title=${inProperty(title)}`,
  ];
  return `::${level} ${properties.join(',')}::${inText(text)}\n`;
}

const LEVELS = { 'cannot-work': 'error', misleads: 'warning', reading: 'notice' } as const;

/** One command for each report of lints. */
export function githubMarksOf(reports: readonly PlacedDiagnostic[]): string {
  const places = new Map<string, ReturnType<typeof linePlaces>>();
  const commands = reports.map(({ path, text, diagnostic }) => {
    const place = places.get(path) ?? linePlaces(text);
    places.set(path, place);
    const [start, end] = [place(diagnostic.at.start), place(diagnostic.at.end)];
    return githubCommand({
      level: LEVELS[diagnostic.grade],
      path,
      line: start.line,
      ...(start.line === end.line ? { columns: [start.column, end.column] as const } : {}),
      title: diagnostic.code,
      text: diagnostic.help === undefined ? diagnostic.title : `${diagnostic.title}; ${diagnostic.help}`,
    });
  });
  return commands.join('');
}

/** A line end would end the command, a percent sign begin an escape. */
function inText(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function inProperty(text: string): string {
  return inText(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
