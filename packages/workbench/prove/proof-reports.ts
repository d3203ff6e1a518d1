/** A proof report in the forms that build servers read: JUnit XML, and annotations of GitHub's workflow commands. */
import { githubCommand } from '../lint/github.ts';
import type { ProofReport, RuleProof } from './prove.ts';

/** JUnit: a test case per check of a rule, and one per thing its evidence lacks. */
export function junitOf(report: ProofReport): string {
  const cases: string[] = [];
  let failures = 0;
  const skipped = report.rules.reduce((sum, { excused, missing }) => sum + (excused === undefined ? 0 : missing.length), 0);
  for (const proof of report.rules) {
    for (const missing of proof.missing) {
      if (proof.excused === undefined) failures++;
      cases.push(junitCase(proof, 'evidence', missing));
    }
    for (const check of proof.checks) {
      if (!check.ok) failures++;
      cases.push(junitCase(proof, `${check.kind} ${check.capture}`, check.ok ? undefined : check.reason));
    }
  }
  const head = `<testsuite name="sigwright prove" tests="${cases.length}" failures="${failures}" skipped="${skipped}">`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n${head}\n${cases.map((one) => `${one}\n`).join('')}</testsuite>\n`;
}

function junitCase(proof: RuleProof, name: string, failure: string | undefined): string {
  const open = `  <testcase classname="${xml(`${proof.sid} ${proof.message}`)}" name="${xml(name)}"`;
  if (failure === undefined) return `${open}/>`;
  if (name === 'evidence' && proof.excused !== undefined) return `${open}><skipped message="${xml(`${proof.excused}: ${failure}`)}"/></testcase>`;
  return `${open}><failure message="${xml(failure)}"/></testcase>`;
}

/** One command of a GitHub workflow for each failure, on the rule's line; `places` says where rules stand, paths as the checkout has them. */
export function githubAnnotationsOf(report: ProofReport, places: ReadonlyMap<number, { readonly path: string; readonly line: number }>): string {
  const lines: string[] = [];
  for (const proof of report.rules) {
    const place = places.get(proof.sid) ?? { path: `evidence/${proof.sid}/expect.yaml` };
    const tell = (text: string): number => lines.push(githubCommand({ level: 'error', ...place, title: `rule ${proof.sid}`, text }));
    for (const missing of proof.excused === undefined ? proof.missing : []) tell(missing);
    for (const check of proof.checks) if (!check.ok) tell(`${check.capture}: ${check.reason}`);
  }
  return lines.join('');
}

/** SARIF 2.1.0 (OASIS): one result for each failure, on the rule's line; `lines` says where rules stand, paths as code hosts know them. */
export function proofSarifOf(report: ProofReport, lines: ReadonlyMap<number, { readonly path: string; readonly line: number }>): object {
  const results = report.rules.flatMap((proof) => {
    const place = lines.get(proof.sid);
    const locations =
      place === undefined ? [] : [{ physicalLocation: { artifactLocation: { uri: encodeURI(place.path) }, region: { startLine: place.line } } }];
    const result = (ruleId: string, text: string): object => ({
      ruleId,
      level: 'error',
      message: { text: `${proof.sid} ${proof.message}: ${text}` },
      locations,
    });
    return [
      ...(proof.excused === undefined ? proof.missing : []).map((missing) => result('proof/evidence', missing)),
      ...proof.checks.filter((check) => !check.ok).map((check) => result(`proof/${check.kind}`, `${check.capture}: ${check.reason}`)),
    ];
  });
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'sigwright prove', rules: Object.entries(SARIF_RULES).map(([id, text]) => ({ id, shortDescription: { text } })) } },
        results,
      },
    ],
  };
}

const SARIF_RULES = {
  'proof/evidence': 'a rule without the evidence it needs',
  'proof/fires': 'a rule does not fire as its evidence asks for',
  'proof/silent': 'a rule fires where it must be silent',
  'proof/benign': 'a rule fires on ordinary traffic more often than is allowed',
};

const XML_NAMES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Text for an attribute; what XML 1.0 can not hold becomes a question mark. */
function xml(text: string): string {
  return text
    .toWellFormed()
    .replace(/[^\u0020-\ufffd\u{10000}-\u{10ffff}]/gu, '?')
    .replace(/[&<>"]/g, (one) => XML_NAMES[one]);
}
