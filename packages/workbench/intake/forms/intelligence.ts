/**
 * Intelligence that is structured already: MISP events (core format, also as a `response` list) and STIX 2.1 bundles. Values become
 * lines of text with their type and comment, so that they get roles and warnings as the values of any report do.
 */
import { entryOf } from '@sigwright/bytes';
import type { GivenName, NameKind } from '../names.ts';
import { type FormText, isSomething, type Json, listOf, objectOf, objectsOf, publishedAt, wordsOfJson } from './form.ts';

export function readMisp(value: unknown): FormText | undefined {
  const root = objectOf(value);
  const wrapped = Array.isArray(value) ? value : (root?.['response'] ?? [value]);
  const events = objectsOf(wrapped).map((one) => objectOf(one['Event']) ?? one);
  if (events.length === 0 || !events.every((event) => typeof event['info'] === 'string' && ('Attribute' in event || 'Object' in event))) return undefined;
  const lines: string[] = [];
  const leftOut: string[] = [];
  const given: GivenName[] = [];
  for (const event of events) {
    lines.push(wordsOfJson(event['info']), '');
    const tags = objectsOf(event['Tag']).map((tag) => /="([^"]+)"/.exec(wordsOfJson(tag['name']))?.[1] ?? wordsOfJson(tag['name']));
    if (tags.length > 0) lines.push(`Tags: ${tags.join(', ')}`);
    const galaxies = objectsOf(event['Galaxy']).flatMap((galaxy) => objectsOf(galaxy['GalaxyCluster']).map((cluster) => wordsOfJson(cluster['value'])));
    if (galaxies.length > 0) lines.push(`Names: ${galaxies.join(', ')}`);
    given.push(...namesOfMisp(event));
    const attributes = [...objectsOf(event['Attribute']), ...objectsOf(event['Object']).flatMap((object) => objectsOf(object['Attribute']))];
    for (const attribute of attributes) {
      if (attribute['deleted'] === true) continue;
      given.push(...namesOfMisp(attribute));
      mispAttribute(attribute, lines, leftOut);
    }
    for (const report of objectsOf(event['EventReport'])) if (report['deleted'] !== true) lines.push('', wordsOfJson(report['content']));
  }
  const credits = [...new Set(events.map((event) => wordsOfJson(objectOf(event['Orgc'])?.['name'])).filter(isSomething))];
  return { form: 'misp', text: lines.join('\n'), title: wordsOfJson(events[0]['info']), ...publishedAt(events[0]['date']), credits, leftOut, given };
}

/** Galaxies by the kind of what they name; of others (countries, sectors, techniques) no name is taken. */
const MISP_GALAXIES: readonly (readonly [NameKind, RegExp])[] = [
  ['campaign', /campaign/],
  ['actor', /threat-actor|intrusion-set|activity-group|-groups?$|^groups?$|microsoft-activity/],
  ['family', /malpedia|malware|ransomware|^rat$|stealer|botnet|banker|backdoor|exploit-kit|cryptominer|^tool$|mitre-tool|software|^android$/],
];

function kindOfGalaxy(galaxy: string): NameKind | undefined {
  return MISP_GALAXIES.find(([, pattern]) => pattern.test(galaxy))?.[0];
}

/** Numbers that MITRE's clusters carry behind their names: `Emotet - S0367`. */
const MITRE_NUMBER = / - [A-Z]\d{4}(?:\.\d{3})?$/;

/** `misp-galaxy:malpedia="ColdOtter"` and clusters, of an event or of an attribute. */
function namesOfMisp(object: Json): GivenName[] {
  const names: GivenName[] = [];
  const add = (galaxy: string, value: string, synonyms: readonly string[]): void => {
    const kind = kindOfGalaxy(galaxy.toLowerCase());
    const name = value.replace(MITRE_NUMBER, '').trim();
    if (kind !== undefined && name !== '') names.push({ kind, name, synonyms });
  };
  for (const tag of objectsOf(object['Tag'])) {
    const [, galaxy, value] = /^misp-galaxy:([\w-]+)="([^"]+)"$/.exec(wordsOfJson(tag['name'])) ?? [];
    if (galaxy !== undefined) add(galaxy, value, []);
  }
  for (const galaxy of objectsOf(object['Galaxy']))
    for (const cluster of objectsOf(galaxy['GalaxyCluster'])) {
      const synonyms = objectOf(cluster['meta'])?.['synonyms'];
      add(wordsOfJson(galaxy['type']) || wordsOfJson(cluster['type']), wordsOfJson(cluster['value']), listOf(synonyms).map(wordsOfJson).filter(isSomething));
    }
  return names;
}

function mispAttribute(attribute: Json, lines: string[], leftOut: string[]): void {
  const type = wordsOfJson(attribute['type']);
  const value = wordsOfJson(attribute['value']);
  const comment = wordsOfJson(attribute['comment']).replace(/\s+/g, ' ');
  const said = comment === '' ? '' : ` (${comment})`;
  if (type === 'vulnerability') lines.push(`Vulnerability: ${value}${said}`);
  else if (type === 'link' || wordsOfJson(attribute['category']) === 'External analysis') lines.push(`Reference: ${value}`);
  else if (type === 'comment' || type === 'text') lines.push(value);
  else if (attribute['to_ids'] === false) leftOut.push(`${value}: the event does not mean it for detection`);
  // Whom it was aimed at.
  else if (type.startsWith('target-') || wordsOfJson(attribute['category']) === 'Targeting data') lines.push(`Victim: ${value}${said}`);
  // `ip-dst|port`, `filename|md5`: two values of one thing; address and port belong together.
  else if (type.includes('|')) lines.push(`${type}: ${type.endsWith('|port') ? hostAndPort(value) : value.replaceAll('|', ' ')}${said}`);
  else lines.push(`${entryOf(MISP_LABELS, type) ?? type}: ${value}${said}`);
}

/** Types whose values look like digests of files, under the names that intake knows. */
const MISP_LABELS: Readonly<Record<string, string>> = {
  'ja3-fingerprint-md5': 'JA3',
  'ja3s-fingerprint-md5': 'JA3S',
  'user-agent': 'User-Agent',
  uri: 'URI',
};

function hostAndPort(value: string): string {
  const [host, port] = value.split('|');
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Comparisons of a STIX pattern: `[domain-name:value = 'a.example']`, `[url:value IN ('a', 'b')]`; `!=` and `NOT` say what is not meant. */
const PATTERN_VALUE =
  /([a-z0-9-]+):([\w.'[\]*-]+?)\s*(NOT\s+)?(!?=|==|LIKE|MATCHES|IN|ISSUBSET|ISSUPERSET)\s*\(?\s*('(?:[^'\\]|\\.)*'(?:\s*,\s*'(?:[^'\\]|\\.)*')*)/gi;
const QUOTED = /'((?:[^'\\]|\\.)*)'/g;
const OBSERVABLES = new Set(['ipv4-addr', 'ipv6-addr', 'domain-name', 'url', 'email-addr', 'mac-addr', 'windows-registry-key']);
const NAMED = new Set(['malware', 'threat-actor', 'intrusion-set', 'campaign', 'tool', 'attack-pattern', 'vulnerability']);

export function readStix(value: unknown): FormText | undefined {
  const bundle = objectOf(value);
  if (bundle?.['type'] !== 'bundle' || !Array.isArray(bundle['objects'])) return undefined;
  const objects = objectsOf(bundle['objects']);
  const report = objects.find((object) => object['type'] === 'report') ?? objects.find((object) => object['type'] === 'campaign');
  const title = wordsOfJson(report?.['name']);
  const lines: string[] = [title];
  const leftOut: string[] = [];
  for (const object of objects) stixObject(object, lines, leftOut);
  const given = objects.flatMap(namesOfStix);
  const source = objectsOf(report?.['external_references'])
    .map((reference) => wordsOfJson(reference['url']))
    .find(isSomething);
  return {
    form: 'stix',
    text: lines.filter(isSomething).join('\n'),
    ...(title === '' ? {} : { title }),
    ...(source === undefined ? {} : { source }),
    ...publishedAt(report?.['published'] ?? report?.['created'] ?? objects.find((object) => object['created'] !== undefined)?.['created']),
    credits: objects
      .filter((object) => object['type'] === 'identity')
      .map((object) => wordsOfJson(object['name']))
      .filter(isSomething),
    leftOut,
    given,
  };
}

/** STIX 2.1, 4: what the types of objects name. A tool counts where a list knows it: most are programs of administrators. */
const STIX_KINDS: Readonly<Record<string, NameKind>> = { malware: 'family', 'threat-actor': 'actor', 'intrusion-set': 'actor', campaign: 'campaign' };

function namesOfStix(object: Json): GivenName[] {
  const kind = entryOf(STIX_KINDS, wordsOfJson(object['type']));
  const name = wordsOfJson(object['name']).replace(MITRE_NUMBER, '').trim();
  // A sample that is called by its digest or its file is no family.
  if (kind === undefined || name === '' || object['revoked'] === true || /^[0-9a-f]{32,64}$|\.(?:exe|dll|bin|elf|apk|js|docx?|zip)$/i.test(name)) return [];
  return [{ kind, name, synonyms: [...listOf(object['aliases']), ...listOf(object['x_mitre_aliases'])].map(wordsOfJson).filter(isSomething) }];
}

function stixObject(object: Json, lines: string[], leftOut: string[]): void {
  const type = wordsOfJson(object['type']);
  const note = wordsOfJson(object['description']);
  if (type === 'indicator') {
    const language = wordsOfJson(object['pattern_type']) || 'stix';
    if (language !== 'stix') leftOut.push(`${wordsOfJson(object['name']) || wordsOfJson(object['id'])}: a pattern in the language ${language}`);
    const values =
      language === 'stix'
        ? [...wordsOfJson(object['pattern']).matchAll(PATTERN_VALUE)].flatMap(([, kind, path, not, operator, list]) =>
            [...list.matchAll(QUOTED)].map(([, written]) => ({
              kind: labelOf(kind, path),
              value: written.replace(/\\(.)/g, '$1'),
              excluded: not !== undefined || operator === '!=',
            })),
          )
        : [];
    // One address and one port of one pattern belong together.
    const ports = [...wordsOfJson(object['pattern']).matchAll(/\bdst_port\s*=\s*'?(\d{1,5})\b/g)];
    const addresses = values.filter((one) => /^(?:ipv[46]-addr|network-traffic)$/.test(one.kind) && /^[0-9a-f.:]+$/i.test(one.value));
    if (ports.length === 1 && addresses.length === 1) addresses[0].value = hostAndPort(`${addresses[0].value}|${ports[0][1]}`);
    const why = object['revoked'] === true ? 'the indicator is revoked' : stixBenign(object) ? 'its publisher calls it benign' : undefined;
    for (const { kind, value, excluded } of values) {
      if (excluded) leftOut.push(`${value}: the pattern says that it is not this`);
      else if (why !== undefined) leftOut.push(`${value}: ${why}`);
      else lines.push(`${kind}: ${value}${note === '' ? '' : ` (${note.replace(/\s+/g, ' ')})`}`);
    }
  } else if (OBSERVABLES.has(type)) lines.push(`${type}: ${wordsOfJson(object['value']) || wordsOfJson(object['key'])}`);
  else if (type === 'file' || type === 'x509-certificate')
    for (const hash of Object.values(objectOf(object['hashes']) ?? {})) lines.push(`${type}: ${wordsOfJson(hash)} ${wordsOfJson(object['name'])}`);
  else if (NAMED.has(type)) lines.push(`${type}: ${wordsOfJson(object['name'])}`, note);
  else if (type === 'report' || type === 'note') lines.push(note || wordsOfJson(object['content']));
  for (const reference of objectsOf(object['external_references'])) {
    const words = wordsOfJson(reference['url']) || wordsOfJson(reference['external_id']);
    if (words !== '') lines.push(`Reference: ${words}`);
  }
}

/** What a compared property is, where its path says more than its object: the user agent or path of a request, an address of traffic. */
function labelOf(kind: string, path: string): string {
  if (/user-agent/i.test(path)) return 'User-Agent';
  if (/request_value$/i.test(path)) return 'URI';
  return /(?:^|\.)ja3s?\b/i.test(path) ? 'JA3' : kind;
}

function stixBenign(object: Json): boolean {
  const types = object['indicator_types'];
  return Array.isArray(types) && types.length > 0 && types.every((type) => type === 'benign');
}
