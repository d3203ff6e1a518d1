/** Lint reports → SARIF 2.1.0 (OASIS), which code hosts show beside the lines of a change. */
import { type LintDefinition, type LintedDiagnostic, type LintGrade, linePlaces } from '@sigwright/contracts';

export interface PlacedDiagnostic {
  readonly path: string;
  readonly text: string;
  readonly diagnostic: LintedDiagnostic;
}

const LEVELS: Readonly<Record<LintGrade, string>> = { 'cannot-work': 'error', misleads: 'warning', reading: 'note' };

export function sarifOf(reports: readonly PlacedDiagnostic[], lints: ReadonlyMap<string, LintDefinition>): object {
  const codes = [...new Set(reports.map(({ diagnostic }) => diagnostic.code))].sort();
  const places = new Map<string, ReturnType<typeof linePlaces>>();
  for (const { path, text } of reports) if (!places.has(path)) places.set(path, linePlaces(text));
  const index = new Map(codes.map((code, at) => [code, at]));
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'sigwright lint',
            rules: codes.map((code) => {
              const lint = lints.get(code);
              return {
                id: code,
                shortDescription: { text: lint?.summary ?? code },
                ...(lint === undefined ? {} : { fullDescription: { text: lint.explanation } }),
              };
            }),
          },
        },
        results: reports.map(({ path, diagnostic }) => {
          const start = places.get(path)!(diagnostic.at.start);
          const end = places.get(path)!(diagnostic.at.end);
          return {
            ruleId: diagnostic.code,
            ruleIndex: index.get(diagnostic.code),
            level: LEVELS[diagnostic.grade],
            message: { text: diagnostic.help === undefined ? diagnostic.title : `${diagnostic.title}; ${diagnostic.help}` },
            locations: [
              {
                physicalLocation: {
                  artifactLocation: { uri: encodeURI(path) },
                  region: { startLine: start.line, startColumn: start.column, endLine: end.line, endColumn: end.column },
                },
              },
            ],
          };
        }),
      },
    ],
  };
}
