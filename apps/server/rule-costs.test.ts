/** Grades of cost come in the background, each rule is asked once, and what changed is asked again. */
import type { Rule } from '@sigwright/contracts';
import type { Repository } from '@sigwright/workbench';
import { expect, test } from 'vitest';
import { type Grader, RuleCosts } from './rule-costs.ts';

function repositoryOf(texts: readonly string[], networks: Readonly<Record<string, string>> = {}): Repository {
  return { settings: { networks }, rules: texts.map((text, sid) => ({ rule: { text, sid } as Rule })) } as unknown as Repository;
}

async function whole(costs: RuleCosts, repository: Repository): Promise<ReadonlyMap<string, string>> {
  while (costs.of(repository).size < repository.rules.length) await new Promise((resolve) => setTimeout(resolve, 1));
  return costs.of(repository);
}

test('nobody waits for them; a rule that did not change is not asked again, one that is gone is forgotten', async () => {
  const asked: string[] = [];
  const grader: Grader = (rules) =>
    rules.map(({ text }) => {
      asked.push(text);
      return text === 'broken' ? undefined : 'B';
    });
  const costs = new RuleCosts(() => grader, 0);
  const texts = [...Array.from({ length: 240 }, (_, at) => `rule ${at}`), 'broken'];
  const first = repositoryOf(texts);
  expect(costs.of(first).size).toBe(0);
  const known = await whole(costs, first);
  expect([known.size, known.get('rule 7'), known.get('broken')]).toEqual([241, 'B', 'none']);
  expect(asked).toEqual(texts);
  const second = repositoryOf([...texts.slice(1), 'new']);
  expect((await whole(costs, second)).has('rule 0')).toBe(false);
  expect(asked.slice(texts.length)).toEqual(['new']);
  // Other networks, other costs.
  await whole(costs, repositoryOf(texts, { HOME_NET: 'any' }));
  expect(asked.length).toBe(texts.length * 2 + 1);
});

test('rules on which the engine breaks are not loaded, and do not keep the others from their grades', async () => {
  const costs = new RuleCosts(
    () => (rules) => {
      if (rules.some(({ text }) => text === 'rule 0')) throw new Error('broken');
      return rules.map(() => 'A');
    },
    0,
  );
  const known = await whole(costs, repositoryOf(Array.from({ length: 60 }, (_, at) => `rule ${at}`)));
  expect([known.get('rule 0'), known.get('rule 59')]).toEqual(['none', 'A']);
});
