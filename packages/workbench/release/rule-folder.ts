/**
 * The files of one set of rules, as Emerging Threats lays out the folder of an engine: rules by category under `rules/`, maps,
 * configuration and licence beside them, all rules in one file, archives of `rules/`, and what is said of each SID as JSON.
 */
import type { Classification, Rule } from '@sigwright/contracts';
import { metadataOf } from '../repository/metadata.ts';
import type { Repository } from '../repository/repository.ts';
import { gzip, tar, zip } from './archives.ts';
import type { ReleaseRule } from './compare.ts';

export interface RuleFolder {
  readonly rules: readonly ReleaseRule[];
  /** whose words the rules are in; empty: as they are written in the repository */
  readonly engine: string;
  readonly version: string;
  /** ISO day */
  readonly date: string;
  readonly classifications: ReadonlyMap<string, Classification>;
}

/** Where `reference:` values lead. */
const REFERENCE_SYSTEMS: readonly (readonly [string, string])[] = [
  ['bugtraq', 'http://www.securityfocus.com/bid/'],
  ['cve', 'https://cve.mitre.org/cgi-bin/cvename.cgi?name='],
  ['md5', 'https://www.virustotal.com/gui/file/'],
  ['sha256', 'https://www.virustotal.com/gui/file/'],
  ['url', 'https://'],
];

/** Path within the folder → bytes, and which of them are published with digests and signatures of their own. */
export async function ruleFolder(
  repository: Repository,
  folder: RuleFolder,
): Promise<{ readonly files: ReadonlyMap<string, Uint8Array>; readonly published: readonly string[] }> {
  const { name, copyright } = repository.settings;
  const files = new Map<string, Uint8Array>();
  const text = (path: string, content: string): void => {
    files.set(path, new TextEncoder().encode(content));
  };
  const header = headerOf(repository, folder);
  const all = [...folder.rules].sort((a, b) => a.rule.sid - b.rule.sid);
  const lines = (rules: readonly ReleaseRule[]): string => `${header}\n${rules.map(({ rule }) => `${ruleLine(rule)}\n`).join('')}`;
  for (const file of [...new Set(all.map((one) => one.file))].sort()) text(`rules/${file}`, lines(all.filter((one) => one.file === file)));
  text('rules/classification.config', classificationConfig(folder.classifications));
  text('rules/reference.config', `${REFERENCE_SYSTEMS.map(([system, url]) => `config reference: ${system} ${url}`).join('\n')}\n`);
  text('rules/sid-msg.map', all.map(({ rule }) => `${[rule.sid, rule.message, ...referencesOf(rule)].join(' || ')}\n`).join(''));
  text('rules/sid-msg-v2.map', all.map(({ rule }) => `${mapLine(rule, folder.classifications)}\n`).join(''));
  text('rules/LICENSE', bsdLicence(copyright));
  text('rules/BSD-License.txt', bsdLicence(copyright));
  if (folder.engine !== '') text(`rules/${folder.engine}-${name}.txt`, `${folder.version}\n`);
  const archive = `${name}.rules`;
  const inArchive = [...files];
  text(`${name}-all.rules`, lines(all));
  const descriptions = Object.fromEntries(all.map(({ rule, file }) => [String(rule.sid), description(rule, file, repository)]));
  const described = `SID-Descriptions-${name}.json.gz`;
  files.set(described, gzip(new TextEncoder().encode(JSON.stringify(descriptions, undefined, 1))));
  files.set(`${archive}.tar.gz`, gzip(await tar(inArchive, folder.date)));
  files.set(`${archive}.zip`, await zip(inArchive, folder.date));
  return { files, published: [`${archive}.tar.gz`, `${archive}.zip`, `${name}-all.rules`, described] };
}

function ruleLine(rule: Rule): string {
  return `${rule.enabled ? '' : '#'}${rule.text}`;
}

function referencesOf(rule: Rule): string[] {
  return rule.options.filter((option) => option.name === 'reference' && option.value !== undefined).map((option) => option.value!);
}

function optionOf(rule: Rule, name: string): string {
  return rule.options.find((option) => option.name === name)?.value ?? '';
}

function mapLine(rule: Rule, classifications: ReadonlyMap<string, Classification>): string {
  const classtype = optionOf(rule, 'classtype');
  const priority = optionOf(rule, 'priority') || String(classifications.get(classtype)?.priority ?? 3);
  return [rule.gid, rule.sid, rule.rev, classtype, priority, rule.message, ...referencesOf(rule)].join(' || ');
}

function classificationConfig(classifications: ReadonlyMap<string, Classification>): string {
  return `# config classification: name,words,priority\n\n${[...classifications.values()].map((one) => `config classification: ${one.name},${one.description},${one.priority}`).join('\n')}\n`;
}

function description(rule: Rule, file: string, repository: Repository): Record<string, unknown> {
  const first = (key: string): string => metadataOf(rule, key)[0] ?? '';
  const report = repository.reports.find((one) => one.rules.some(({ sid }) => sid === rule.sid));
  const references = referencesOf(rule);
  return {
    name: rule.message,
    attack_target: first('attack_target'),
    description: report?.rules.find(({ sid }) => sid === rule.sid)?.['alerts-on'] ?? '',
    tag: metadataOf(rule, 'tag'),
    affected_products: metadataOf(rule, 'affected_product'),
    classtype: optionOf(rule, 'classtype'),
    url_reference: references.filter((one) => one.startsWith('url,')).map((one) => one.slice(4)),
    cve_reference: references.filter((one) => one.startsWith('cve,')).map((one) => one.slice(4)),
    creation_date: first('created_at').replaceAll('_', '-'),
    last_modified_date: first('updated_at').replaceAll('_', '-'),
    rev: rule.rev,
    signature_deployment: metadataOf(rule, 'deployment'),
    category: file.replace(/^.*-|\.rules$/g, '').toUpperCase(),
    severity: first('signature_severity'),
    ruleset: repository.settings.title,
    malware_family: metadataOf(rule, 'malware_family'),
    type: first('role'),
    performance_impact: first('performance_impact'),
    enabled: rule.enabled,
    report: report?.slug ?? '',
  };
}

function headerOf({ settings }: Repository, { version, date, engine }: RuleFolder): string {
  const made = engine === '' ? '' : `# This ruleset is ${settings.title} in the words of ${engine}.\n`;
  return `# ${settings.title} ${version}, ${date}\n${made}#\n${bsdLicence(settings.copyright)
    .trimEnd()
    .split('\n')
    .map((line) => `# ${line}`.trimEnd())
    .join('\n')}\n`;
}

function bsdLicence(copyright: string): string {
  return `Copyright (c) ${copyright}
All rights reserved.

Redistribution and use in source and binary forms, with or without modification, are permitted provided that the following
conditions are met:

1. Redistributions of source code must retain the above copyright notice, this list of conditions and the following disclaimer.
2. Redistributions in binary form must reproduce the above copyright notice, this list of conditions and the following
   disclaimer in the documentation and/or other materials provided with the distribution.
3. Neither the name of the copyright holder nor the names of its contributors may be used to endorse or promote products derived
   from this software without specific prior written permission.

THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING,
BUT NOT LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE DISCLAIMED. IN NO EVENT
SHALL THE COPYRIGHT HOLDER OR CONTRIBUTORS BE LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL
DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS
INTERRUPTION) HOWEVER CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING NEGLIGENCE
OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.
`;
}
