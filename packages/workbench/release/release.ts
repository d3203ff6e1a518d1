/**
 * A release in the layout that ET's users know (rules by category, maps, configuration, archive with digests), byte for byte the
 * same whenever it is built from the same repository, version and date.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Classification, type Failure, failure, type Result, type Rule, success } from '@sigwright/contracts';
import { parseRules } from '@sigwright/rule-language';
import { checkLock, ruleHash, writeLock } from '../repository/lock.ts';
import { metadataOf } from '../repository/metadata.ts';
import type { Repository } from '../repository/repository.ts';
import { gzip, tar, zip } from './archives.ts';
import { changelogMarkdown, changelogText, compareReleases, type ReleaseDifference, type ReleaseRule } from './compare.ts';
import { digest, manifestOf } from './manifest.ts';
import { signBytes } from './signature.ts';

export interface ReleaseRequest {
  readonly version: string;
  /** ISO date: the only time that enters the files */
  readonly date: string;
  readonly classifications: ReadonlyMap<string, Classification>;
  /** PKCS#8 PEM of an Ed25519 key: archives and manifest are signed with it */
  readonly signingKey?: string;
}

export interface ReleaseResult {
  /** path within the release → content */
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly difference: ReleaseDifference;
  readonly previous: string | undefined;
  readonly rules: number;
  readonly enabled: number;
}

/** Where `reference:` values lead. */
const REFERENCE_SYSTEMS: readonly (readonly [string, string])[] = [
  ['bugtraq', 'http://www.securityfocus.com/bid/'],
  ['cve', 'https://cve.mitre.org/cgi-bin/cvename.cgi?name='],
  ['md5', 'https://www.virustotal.com/gui/file/'],
  ['sha256', 'https://www.virustotal.com/gui/file/'],
  ['url', 'https://'],
];

export const MANIFEST = 'manifest.json';
const VERSION_FORM = /^[0-9A-Za-z][0-9A-Za-z._-]*$/;

export async function buildRelease(repository: Repository, request: ReleaseRequest): Promise<Result<ReleaseResult>> {
  if (!VERSION_FORM.test(request.version)) return failure('release/version', `\`${request.version}\` is no version that a folder can be named after`);
  const wrong = [...repository.problems, ...checkLock(repository)];
  if (wrong.length > 0) return failure('release/problems', wrong.map((one) => `${one.path}:${one.line}: ${one.message}`).join('\n'));
  const { name, settings } = { name: repository.settings.name, settings: repository.settings };
  const files = new Map<string, Uint8Array>();
  const text = (path: string, content: string): void => {
    files.set(path, new TextEncoder().encode(content));
  };
  const categories = new Map<string, Rule[]>();
  for (const { rule, category } of repository.rules) categories.set(category, [...(categories.get(category) ?? []), rule]);
  const current: ReleaseRule[] = [];
  const header = licenceHeader(settings.title, settings.copyright, request);
  for (const [category, rules] of [...categories].sort(([a], [b]) => a.localeCompare(b))) {
    const file = `${name}-${category}.rules`;
    const sorted = [...rules].sort((a, b) => a.sid - b.sid);
    for (const rule of sorted) current.push({ rule, file });
    text(`rules/${file}`, `${header}\n${sorted.map(ruleLine).join('\n')}\n`);
  }
  const all = [...current].sort((a, b) => a.rule.sid - b.rule.sid);
  text('rules/classification.config', classificationConfig(request.classifications));
  text('rules/reference.config', `${REFERENCE_SYSTEMS.map(([system, url]) => `config reference: ${system} ${url}`).join('\n')}\n`);
  text('rules/sid-msg.map', `${all.map(({ rule }) => [rule.sid, rule.message, ...referencesOf(rule)].join(' || ')).join('\n')}\n`);
  text('rules/sid-msg-v2.map', `${all.map(({ rule }) => mapLine(rule, request.classifications)).join('\n')}\n`);
  text('rules/LICENSE', bsdLicence(settings.copyright));
  text('rules/BSD-License.txt', bsdLicence(settings.copyright));
  text(`${name}-all.rules`, `${header}\n${all.map(({ rule }) => ruleLine(rule)).join('\n')}\n`);
  const descriptions = Object.fromEntries(all.map(({ rule, file }) => [String(rule.sid), description(rule, file, repository)]));
  files.set(`SID-Descriptions-${name}.json.gz`, gzip(new TextEncoder().encode(JSON.stringify(descriptions, undefined, 1))));
  text('version.txt', `${request.version}\n`);
  const previous = previousRelease(repository.folder, request.version);
  const before = previous === undefined ? [] : rulesOfRelease(join(repository.folder, 'releases', previous));
  const difference = compareReleases(before, current);
  const title = `${settings.title} ${request.version} of ${request.date}`;
  text('changelog.txt', changelogText(difference, `Results of ${title}`));
  const fresh = new Set(difference.added.map(({ rule }) => rule.sid));
  const thanks = [
    ...new Set(
      repository.reports.filter((report) => report.rules.some(({ sid }) => fresh.has(sid))).flatMap((report) => report.credits.map((credit) => credit.handle)),
    ),
  ];
  text('changelog.md', changelogMarkdown(difference, title, thanks));
  const inArchive = [...files].filter(([path]) => path.startsWith('rules/'));
  const archive = `${name}.rules`;
  files.set(`${archive}.tar.gz`, gzip(await tar(inArchive, request.date)));
  files.set(`${archive}.zip`, await zip(inArchive, request.date));
  const manifest = manifestOf(repository, all, files, { version: request.version, date: request.date, previous });
  text(MANIFEST, `${JSON.stringify(manifest, undefined, 1)}\n`);
  for (const path of [`${archive}.tar.gz`, `${archive}.zip`, `${name}-all.rules`, `SID-Descriptions-${name}.json.gz`, MANIFEST]) {
    const bytes = files.get(path)!;
    text(`${path}.md5`, `${digest('md5', bytes)}\n`);
    text(`${path}.sha256`, `${digest('sha256', bytes)}  ${path}\n`);
    if (request.signingKey === undefined) continue;
    const signature = signBytes(bytes, request.signingKey, `file:${path} version:${request.version} date:${request.date}`);
    if (!signature.ok) return signature;
    text(`${path}.minisig`, signature.value);
  }
  return success({ files, difference, previous, rules: all.length, enabled: all.filter(({ rule }) => rule.enabled).length });
}

/** Puts a built release into `releases/<version>/`, whole or not at all, and brings the lock up to date. */
export function writeRelease(repository: Repository, version: string, release: ReleaseResult): Failure | undefined {
  const target = join(repository.folder, 'releases', version);
  if (existsSync(target)) {
    const same = [...release.files].every(([path, bytes]) => existsSync(join(target, path)) && Buffer.compare(readFileSync(join(target, path)), bytes) === 0);
    if (!same)
      return failure('release/exists', `releases/${version} is there already and differs; a release never changes, take a new version`, { path: target });
    // A release that was killed before the lock was written is finished here.
    return lockRelease(repository, version);
  }
  const temporary = `${target}.${process.pid}.tmp`;
  try {
    for (const [path, bytes] of release.files) {
      mkdirSync(dirname(join(temporary, path)), { recursive: true });
      writeFileSync(join(temporary, path), bytes);
    }
    renameSync(temporary, target);
  } catch (cause) {
    rmSync(temporary, { recursive: true, force: true });
    return failure('release/write', `releases/${version} could not be written: ${(cause as Error).message}`, { path: target, cause });
  }
  return lockRelease(repository, version);
}

function lockRelease(repository: Repository, version: string): Failure | undefined {
  const rules = { ...repository.lock.rules };
  for (const { rule, category } of repository.rules) {
    const key = String(rule.sid);
    rules[key] = {
      ...rules[key],
      decisions: rules[key]?.decisions ?? [],
      rev: rule.rev,
      hash: ruleHash(rule),
      message: rule.message,
      category,
      released: rules[key]?.released ?? version,
    };
  }
  return writeLock(repository.folder, { rules });
}

export function rulesOfRelease(folder: string): ReleaseRule[] {
  const base = existsSync(join(folder, 'rules')) ? join(folder, 'rules') : folder;
  if (!existsSync(base)) return [];
  const list: ReleaseRule[] = [];
  for (const file of readdirSync(base).sort()) {
    if (file.endsWith('.rules')) for (const rule of parseRules(readFileSync(join(base, file), 'utf8')).rules) list.push({ rule, file });
  }
  return list;
}

/** The release before `version`, by natural order of names. */
function previousRelease(folder: string, version: string): string | undefined {
  const base = join(folder, 'releases');
  if (!existsSync(base)) return undefined;
  const order = new Intl.Collator('en', { numeric: true });
  return readdirSync(base)
    .filter((name) => VERSION_FORM.test(name) && !name.endsWith('.tmp') && order.compare(name, version) < 0)
    .sort(order.compare)
    .pop();
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

function licenceHeader(title: string, copyright: string, request: ReleaseRequest): string {
  return `# ${title} ${request.version}, ${request.date}\n#\n${bsdLicence(copyright)
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
