/** What a ruleset repository knows about its rules, for triage: the report that a rule came of, its families, actors and references. */
import { metadataOf } from '../repository/metadata.ts';
import type { Repository } from '../repository/repository.ts';
import type { RuleFacts } from './stories.ts';

export function ruleFacts(repository: Repository): (sid: number) => RuleFacts | undefined {
  const facts = new Map<number, RuleFacts>();
  for (const { rule } of repository.rules) {
    const report = repository.reports.find((one) => one.rules.some(({ sid }) => sid === rule.sid));
    const references = rule.options.filter((option) => option.name === 'reference' && option.value?.startsWith('url,')).map((option) => option.value!.slice(4));
    facts.set(rule.sid, {
      families: [...metadataOf(rule, 'malware_family'), ...(report?.families ?? [])],
      actors: report?.actors ?? [],
      references,
      ...(report === undefined ? {} : { report: { slug: report.slug, title: report.title, playbook: report.playbook, correlate: report.correlate } }),
    });
  }
  return (sid) => facts.get(sid);
}
