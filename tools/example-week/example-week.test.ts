import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatAddress } from '@sigwright/bytes';
import { DEFAULT_SETTINGS, type Rule } from '@sigwright/contracts';
import { buildPlan, Engine, type PlanUse, usePlan } from '@sigwright/detection';
import { parseRules } from '@sigwright/rule-language';
import { describe, expect, it } from 'vitest';
import { catalogue } from '../../packages/catalogue/index.ts';
import { ALL_CASES, composeCase } from './all-cases.ts';
import { type EvidenceCase, LOCAL_PREFIX } from './evidence-case.ts';
import { exampleFiles } from './files.ts';
import { composeOfficeHour, HOST_STORIES } from './office-hour.ts';

const folder = join(import.meta.dirname, '..', '..', 'examples', '2024-03-08');
const IMPACKET = 1240325;

function readRules(): Rule[] {
  return ['malware', 'hunting', 'info'].flatMap((category) => [...parseRules(readFileSync(join(folder, 'rules', `${category}.rules`), 'utf8')).rules]);
}

function plan(rules: readonly Rule[]): PlanUse | undefined {
  const build = buildPlan([{ path: 'example.rules', rules }], catalogue, DEFAULT_SETTINGS);
  return build.refused > 0 ? undefined : usePlan(build.data, catalogue, DEFAULT_SETTINGS);
}

type Count = Record<number, number>;

/** Alerts by sid, for the whole capture and by the inside host that each is about. */
function detect(use: PlanUse, file: Uint8Array): { all: Count; hosts: Record<string, Count> } {
  const all: Count = {};
  const hosts: Record<string, Count> = {};
  const engine = new Engine(use, catalogue, DEFAULT_SETTINGS, {
    alert({ rule }, packet) {
      all[rule.sid] = (all[rule.sid] ?? 0) + 1;
      const source = formatAddress(packet.source, packet.ipVersion);
      const destination = formatAddress(packet.destination, packet.ipVersion);
      const host = rule.sid === IMPACKET || !source.startsWith(LOCAL_PREFIX) ? destination : source;
      hosts[host] ??= {};
      hosts[host][rule.sid] = (hosts[host][rule.sid] ?? 0) + 1;
    },
  });
  engine.feed(file);
  engine.finish();
  return { all, hosts };
}

const rules = readRules();
const use = plan(rules);

const ANNOTATIONS = new Set(['msg', 'reference', 'classtype', 'sid', 'rev', 'metadata', 'target', 'threshold', 'flow']);
const MODIFIERS = new Set(['nocase', 'depth', 'offset', 'distance', 'within', 'startswith', 'endswith', 'fast_pattern']);
const RELATIVE = new Set(['distance', 'within']);

interface Written {
  readonly name: string;
  readonly text: string;
}

function isBuffer(option: Written): boolean {
  return /^(?:http|dns|tls|file)\./.test(option.name);
}

/**
 * The rule with one condition taken away: all that looks at one buffer, one content with its modifiers (what follows is then no
 * longer relative to it), one modifier, one other test, or the header with the direction. A near miss must be an alert of one of
 * these, or it breaks more than the condition it names.
 */
function relaxed(rule: Rule): string[] {
  const head = rule.text.slice(0, rule.text.indexOf('(') + 1);
  const start = rule.span.start;
  const options: Written[] = rule.options.map(({ name, span }) => ({ name, text: rule.text.slice(span.start - start, span.end - start) }));
  const write = (header: string, kept: readonly Written[]): string => `${header}${kept.map((option) => `${option.text}; `).join('')})`;
  const without = (from: number, to: number): string => write(head, [...options.slice(0, from), ...options.slice(to)]);
  const looser = [
    write(
      `${rule.action} ${rule.protocol} any any -> any any (`,
      options.map((option) => (option.name === 'flow' ? { name: 'flow', text: 'flow:established' } : option)),
    ),
  ];
  for (const [at, option] of options.entries()) {
    if (ANNOTATIONS.has(option.name)) continue;
    let end = at + 1;
    if (isBuffer(option)) while (!isBuffer(options[end]) && !ANNOTATIONS.has(options[end].name)) end++;
    else if (option.name === 'content') while (MODIFIERS.has(options[end].name)) end++;
    looser.push(without(at, end));
    if (option.name !== 'content') continue;
    const rest = options
      .slice(end)
      .filter(
        (one, place, list) => !(RELATIVE.has(one.name) && list.slice(0, place).every((before) => before.name === 'content' || RELATIVE.has(before.name))),
      );
    looser.push(write(head, [...options.slice(0, at), ...rest]));
    looser.push(write(head, options.toSpliced(at + 1, 0, { name: 'nocase', text: 'nocase' })));
  }
  return looser;
}

describe('the rules of the example', () => {
  it('all load, fifty of them, from the range of the repository', () => {
    expect(use).toBeDefined();
    expect(rules.length).toBe(50);
    expect(rules.every((rule) => rule.sid >= 1_240_301 && rule.sid <= 1_240_399)).toBe(true);
    expect(new Set(rules.map((rule) => rule.sid)).size).toBe(50);
  });
  it('each have traffic that must fire and traffic that must not', () => {
    for (const { sid } of rules) {
      const cases = ALL_CASES.filter((one) => one.sid === sid);
      expect(cases.filter((one) => one.alerts > 0).length, `sid ${sid} fires`).toBeGreaterThan(0);
      expect(cases.filter((one) => one.alerts === 0).length, `sid ${sid} is silent`).toBeGreaterThan(1);
      expect(new Set(cases.map((one) => one.name)).size, `sid ${sid} names`).toBe(cases.length);
    }
  });
});

function expected(one: EvidenceCase): Count {
  return one.alerts > 0 ? { ...one.others, [one.sid]: one.alerts } : { ...one.others };
}

describe('evidence', () => {
  for (const one of ALL_CASES) {
    it(`${one.sid} ${one.name}: ${one.shows}`, () => {
      expect(detect(use!, composeCase(one)).all).toEqual(expected(one));
      expect(one.broken === undefined).toBe(one.alerts > 0);
    });
  }
});

/** What they break is the place of the bytes or an earlier packet, which no single option says. */
const BREAK_THE_PLACE = new Set(['only-in-answer', 'only-in-certificate', 'client-guid', 'from-server', 'other-flow']);

describe('near misses break one condition only', () => {
  for (const { sid, name } of ALL_CASES.filter((one) => one.alerts === 0 && !BREAK_THE_PLACE.has(one.name))) {
    it(`${sid} ${name}`, () => {
      const one = ALL_CASES.find((other) => other.sid === sid && other.name === name)!;
      const rule = rules.find((other) => other.sid === sid)!;
      const file = composeCase(one);
      const setters = rules.filter((other) => /flowbits:set/.test(other.text) && other.sid !== sid);
      const fires = relaxed(rule).some((text) => {
        const loose = plan([...parseRules(text).rules, ...setters]);
        return loose !== undefined && detect(loose, file).all[sid] !== undefined;
      });
      expect(fires).toBe(true);
    });
  }
});

describe('the office hour', () => {
  it('gives every host the alerts of its story, and no other host any', () => {
    const seen = detect(use!, composeOfficeHour()).hosts;
    expect(seen).toEqual(Object.fromEntries(HOST_STORIES.filter((story) => Object.keys(story.alerts).length > 0).map((story) => [story.host, story.alerts])));
  });
});

describe('the files on disk', () => {
  it('are those that tools/make-example-week.ts makes, and stay small', () => {
    let total = 0;
    for (const [path, content] of exampleFiles()) {
      expect(readFileSync(join(folder, path)).equals(content), path).toBe(true);
      total += content.length;
    }
    expect(total).toBeLessThan(1_500_000);
  });
});
