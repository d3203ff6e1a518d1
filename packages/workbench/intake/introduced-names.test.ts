/** Names that no list knows: told by the words that introduce them, by tags of MISP, by objects of STIX. Also what must not be taken for one. */
import { catalogue, refang } from '@sigwright/catalogue';
import { describe, expect, it } from 'vitest';
import { readReportOf } from './forms/forms.ts';
import { readReport } from './intake.ts';

const options = { definitions: catalogue.indicators, refang };

type Case = readonly [why: string, text: string, ...names: string[]];

const PROSE: readonly Case[] = [
  ['dubbed', 'Researchers found a loader dubbed ColdOtter that brings more.', 'family ColdOtter'],
  ['a noun behind it', 'What we saw was dubbed ColdOtter ransomware.', 'family ColdOtter'],
  ['tracked as', 'The group, tracked as Gilded Heron, came back.', 'actor Gilded Heron'],
  ['tracked by somebody', 'A threat cluster tracked by Tin Labs as Gilded Heron came back.', 'actor Gilded Heron'],
  ['set apart by a comma', 'It uses TinSieve, a new phishing kit.', 'family TinSieve'],
  ['set apart by brackets', 'QuietNest (an information stealer) is sold.', 'family QuietNest'],
  ['set apart by a dash', '|SilkWorm - a modular botnet|', 'family SilkWorm'],
  ['said to be', 'BlueBarn is a remote access trojan written in Go.', 'family BlueBarn'],
  ['in quotation marks', 'They left a backdoor called “RainDoor” behind.', 'family RainDoor'],
  ['in code marks, the noun between', 'We named this stealer `PaleFinch Stealer`.', 'family PaleFinch Stealer'],
  ['a campaign', 'The campaign, codenamed Operation Quiet Lake, hit banks.', 'campaign Operation Quiet Lake'],
  ['known to the list under another name', 'The malware, also known as Geodo, is back.', 'family Emotet'],
  ['no noun: a file', 'The file called Setup was run on a server named Otter.'],
  ['vendors and platforms', 'Microsoft, a vendor of malware protection, said so. Windows is an operating system. PowerShell, a loader of scripts.'],
  ['people and crowds', 'Victims, the group said, paid. In March, a campaign began. Telegram is a C2 channel.'],
  ['small letters', 'a loader called by the service, a backdoor named after it'],
];

describe('names that a report introduces', () => {
  for (const [why, text, ...names] of PROSE)
    it(why, () => {
      const found = readReport(text, options).names;
      expect(found.map(({ kind, name }) => `${kind} ${name}`)).toEqual(names);
      for (const one of found) expect(text.slice(one.start, one.start + one.written.length)).toBe(one.written);
    });

  it('many of them, and words without end, do no harm', () => {
    expect(readReport('A loader dubbed Sleet. '.repeat(20_000), options).families).toEqual(['Sleet']);
    expect(readReport(`${'Sleet '.repeat(100_000)}, a ${'new '.repeat(100_000)}loader`, options).families).toEqual([]);
  });
});

const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

describe('names that a form gives', () => {
  it('STIX: malware, threat actors, intrusion sets and campaigns with their aliases; not samples, not revoked ones', async () => {
    const reading = await readReportOf(
      bytes({
        type: 'bundle',
        objects: [
          { type: 'malware', name: 'ColdOtter', is_family: true },
          { type: 'malware', name: 'Old Geodo', aliases: ['Geodo'], is_family: true },
          { type: 'malware', name: '5f4dcc3b5aa765d61d8327deb882cf99', is_family: false },
          { type: 'malware', name: 'Mistake', revoked: true },
          { type: 'intrusion-set', name: 'Gilded Heron', aliases: ['Heron 7'] },
          { type: 'threat-actor', name: 'ivan_the_quiet' },
          { type: 'campaign', name: 'Quiet Lake' },
          { type: 'tool', name: 'Quiet Admin' },
        ],
      }),
      options,
    );
    expect(reading).toMatchObject({ families: ['ColdOtter', 'Emotet'], actors: ['Gilded Heron', 'ivan_the_quiet'], campaigns: ['Quiet Lake'] });
  });

  it('MISP: galaxy tags of events and attributes, and clusters; countries and techniques are no names', async () => {
    const reading = await readReportOf(
      bytes({
        Event: {
          info: 'Cold days',
          Tag: [
            { name: 'misp-galaxy:malpedia="ColdOtter"' },
            { name: 'misp-galaxy:threat-actor="Gilded Heron"' },
            { name: 'misp-galaxy:mitre-malware="Geodo - S0367"' },
            { name: 'misp-galaxy:mitre-attack-pattern="Phishing - T1566"' },
            { name: 'misp-galaxy:country="norway"' },
            { name: 'tlp:white' },
          ],
          Galaxy: [{ type: 'ransomware', GalaxyCluster: [{ value: 'TinLock', meta: { synonyms: ['Tin Lock'] } }] }],
          Attribute: [{ type: 'domain', value: 'cold-rain.top', to_ids: true, Tag: [{ name: 'misp-galaxy:stealer="RainThief"' }] }],
        },
      }),
      options,
    );
    expect([...reading.families].sort()).toEqual(['ColdOtter', 'Emotet', 'RainThief', 'TinLock']);
    expect(reading.actors).toEqual(['Gilded Heron']);
  });
});
