/**
 * The playbook of a ruleset as data: for each family of rules who belongs to it and what to do when one fires. Written by `site`,
 * read by `triage --playbook`; the fields are described in docs/ruleset-repository.md.
 */
import { failure, type Result, success } from '@sigwright/contracts';
import { z } from 'zod';
import { metadataOf } from '../repository/metadata.ts';
import { type Repository, ROLES, roleOf } from '../repository/repository.ts';
import type { RuleFacts } from '../triage/stories.ts';

const PLAYBOOK = z.object({
  format: z.literal('sigwright-playbook-1'),
  ruleset: z.string(),
  families: z.array(
    z.object({
      key: z.string(),
      title: z.string(),
      families: z.array(z.string()),
      actors: z.array(z.string()),
      summary: z.string(),
      correlate: z.string(),
      playbook: z.string(),
      rules: z.array(
        z.object({
          sid: z.number().int().positive(),
          role: z.enum(ROLES).optional(),
          message: z.string(),
          'alerts-on': z.string(),
          families: z.array(z.string()),
          references: z.array(z.string()),
        }),
      ),
    }),
  ),
});

export type Playbook = z.infer<typeof PLAYBOOK>;

/** A family for each report that has rules, in order of its key. */
export function playbookOf(repository: Repository): Playbook {
  const rules = new Map(repository.rules.map(({ rule }) => [rule.sid, rule]));
  const families = repository.reports
    .filter((report) => report.rules.length > 0)
    .map((report) => ({
      key: report.slug,
      title: report.title,
      families: report.families,
      actors: report.actors,
      summary: report.summary.trim(),
      correlate: report.correlate.trim(),
      playbook: report.playbook.trim(),
      rules: report.rules.flatMap((named) => {
        const rule = rules.get(named.sid);
        if (rule === undefined) return [];
        const references = rule.options.flatMap(({ name, value }) => (name === 'reference' && value?.startsWith('url,') ? [value.slice(4)] : []));
        const said = metadataOf(rule, 'malware_family');
        return [{ sid: rule.sid, role: roleOf(rule) ?? named.role, message: rule.message, 'alerts-on': named['alerts-on'], families: said, references }];
      }),
    }));
  return { format: 'sigwright-playbook-1', ruleset: repository.settings.name, families };
}

/** `text`: a playbook.json. */
export function readPlaybook(text: string): Result<Playbook> {
  try {
    const read = PLAYBOOK.safeParse(JSON.parse(text));
    if (read.success) return success(read.data);
    const [issue] = read.error.issues;
    return failure('playbook/form', `${issue.path.join('.') || 'the file'}: ${issue.message}`);
  } catch (cause) {
    return failure('playbook/json', `no JSON: ${(cause as Error).message}`, { cause });
  }
}

/** What triage asks about a rule. */
export function playbookFacts(playbook: Playbook): (sid: number) => RuleFacts | undefined {
  const facts = new Map<number, RuleFacts>();
  for (const { key, title, families, actors, correlate, playbook: steps, rules } of playbook.families)
    for (const rule of rules) {
      if (facts.has(rule.sid)) continue;
      const report = { slug: key, title, playbook: steps, correlate };
      facts.set(rule.sid, { families: [...rule.families, ...families], actors, references: rule.references, report });
    }
  return (sid) => facts.get(sid);
}
