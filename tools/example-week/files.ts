/**
 * Every file that tools/make-example-week.ts is answerable for: path below examples/2024-03-08 → content. The descriptions follow
 * docs/ruleset-repository.md (`evidence/<sid>/expect.yaml`); week.json and week.md tell the story of week.pcap.
 */
import { fromUtf8 } from '@sigwright/bytes';
import { ALL_CASES, composeCase } from './all-cases.ts';
import { composeOfficeHour, HOST_STORIES } from './office-hour.ts';

/** YAML's double-quoted strings are a superset of JSON's. */
const quoted = (text: string): string => JSON.stringify(text);

function expectations(sid: number): string {
  const cases = ALL_CASES.filter((one) => one.sid === sid);
  const fires = cases.filter((one) => one.alerts > 0).map((one) => `  - { capture: ${one.name}.pcap, alerts: ${one.alerts}, shows: ${quoted(one.shows)} }`);
  const silent = cases
    .filter((one) => one.alerts === 0)
    .map((one) => `  - { capture: ${one.name}.pcap, shows: ${quoted(one.shows)}, because: ${quoted(one.broken ?? '')} }`);
  return `# written by tools/make-example-week.ts\nsid: ${sid}\nfires:\n${fires.join('\n')}\nsilent:\n${silent.join('\n')}\n`;
}

function storyAsText(): string {
  const rows = HOST_STORIES.map((story) => `| ${story.host} | ${story.place} | ${sum(story.alerts)} | ${story.conclusion} |`);
  const parts = HOST_STORIES.map((story) => {
    const alerts = Object.entries(story.alerts).map(([sid, count]) => `${sid} ×${count}`);
    return `## ${story.host}: ${story.conclusion}\n\n${story.happened}\n\nAlerts: ${alerts.join(', ') || 'none'}.\n\n${story.why}\n`;
  });
  return [
    '<!-- written by tools/make-example-week.ts -->',
    '# An office hour, 8 March 2024, 09:00 to 10:00 UTC',
    '',
    'What `week.pcap` holds, host by host, and what a careful analyst concludes. The network is 10.3.8.0/24, its resolver 10.3.8.2, its',
    'file server 10.3.8.200. Every host also asks for the time, looks up names and opens ordinary connections. All of it is composed.',
    '',
    '| host | place | alerts | conclusion |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
    parts.join('\n'),
  ].join('\n');
}

function sum(alerts: Readonly<Record<number, number>>): number {
  return Object.values(alerts).reduce((total, count) => total + count, 0);
}

function storyAsData(): string {
  const hosts = Object.fromEntries(HOST_STORIES.map(({ host, alerts, conclusion, why }) => [host, { alerts, conclusion, why }]));
  return `${JSON.stringify({ capture: 'week.pcap', hosts }, undefined, 2)}\n`;
}

export function exampleFiles(): ReadonlyMap<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (const one of ALL_CASES) files.set(`evidence/${one.sid}/${one.name}.pcap`, composeCase(one));
  for (const sid of new Set(ALL_CASES.map((one) => one.sid))) files.set(`evidence/${sid}/expect.yaml`, fromUtf8(expectations(sid)));
  files.set('week.pcap', composeOfficeHour());
  files.set('week.json', fromUtf8(storyAsData()));
  files.set('week.md', fromUtf8(storyAsText()));
  return files;
}
