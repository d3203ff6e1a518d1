/** Reports of sandboxes as JSON: Hatching Triage (overview and task reports) and ANY.RUN (report summary). */
import type { GivenName } from '../names.ts';
import { type FormText, isSomething, type Json, listOf, objectOf, objectsOf, publishedAt, wordsOfJson } from './form.ts';

const DIGESTS = ['md5', 'sha1', 'sha256'] as const;

export function readTriage(value: unknown): FormText | undefined {
  const root = objectOf(value);
  const sample = objectOf(root?.['sample']);
  if (root === undefined || sample === undefined || !['targets', 'analysis', 'network', 'extracted'].some((key) => key in root)) return undefined;
  const title = wordsOfJson(sample['target']) || wordsOfJson(sample['id']);
  const lines: string[] = [title];
  const analysis = objectOf(root['analysis']) ?? {};
  lines.push(...named('Family', analysis['family']), ...tagged(analysis['tags']));
  for (const one of [sample, ...objectsOf(root['targets'])]) lines.push(...digestsOf(one));
  for (const target of objectsOf(root['targets'])) {
    lines.push(...named('Family', target['family']));
    const iocs = objectOf(target['iocs']) ?? {};
    for (const [word, key] of [
      ['domain', 'domains'],
      ['url', 'urls'],
      ['ip', 'ips'],
    ])
      for (const one of listOf(iocs[key])) lines.push(`${word}: ${wordsOfJson(one)}`);
  }
  for (const extracted of objectsOf(root['extracted'])) {
    const config = objectOf(extracted['config']) ?? {};
    lines.push(...named('Family', config['family']));
    for (const server of listOf(config['c2'])) lines.push(`c2: ${wordsOfJson(server)}`);
    for (const url of objectsOf(objectOf(extracted['dropper'])?.['urls'])) lines.push(`url: ${wordsOfJson(url['url'])}`);
    // Where a stealer sends what it took.
    const account = objectOf(extracted['credentials']) ?? {};
    if (wordsOfJson(account['host']) !== '')
      lines.push(`exfiltration: ${wordsOfJson(account['host'])}${wordsOfJson(account['port']) === '' ? '' : `:${wordsOfJson(account['port'])}`}`);
    for (const key of ['username', 'email_to']) if (wordsOfJson(account[key]).includes('@')) lines.push(`mail: ${wordsOfJson(account[key])}`);
    const ransom = objectOf(extracted['ransom_note']) ?? {};
    lines.push(...named('Family', ransom['family']));
    for (const [word, key] of [
      ['mail', 'emails'],
      ['url', 'urls'],
    ])
      for (const one of listOf(ransom[key])) lines.push(`${word}: ${wordsOfJson(one)}`);
  }
  for (const signature of objectsOf(root['signatures'])) for (const technique of listOf(signature['ttp'])) lines.push(`technique: ${wordsOfJson(technique)}`);
  for (const flow of objectsOf(objectOf(root['network'])?.['flows'])) {
    lines.push(`sni: ${wordsOfJson(flow['tls_sni'])}`, `JA3: ${wordsOfJson(flow['tls_ja3'])}`);
    if (wordsOfJson(flow['dst']) !== '') lines.push(`ip: ${wordsOfJson(flow['dst'])}`);
  }
  for (const request of objectsOf(objectOf(root['network'])?.['requests'])) {
    const http = objectOf(request['http_request']) ?? objectOf(request['webhttp']);
    if (http !== undefined) lines.push(`url: ${wordsOfJson(http['url'])}`);
    for (const question of objectsOf(objectOf(request['domain_req'])?.['questions'])) lines.push(`domain: ${wordsOfJson(question['name'])}`);
  }
  const id = wordsOfJson(sample['id']);
  return {
    form: 'triage',
    text: unique(lines),
    title,
    ...(/^\d{6}-[a-z0-9]+$/.test(id) ? { source: `https://tria.ge/${id}` } : {}),
    ...publishedAt(sample['completed'] ?? sample['created'] ?? sample['submitted']),
    credits: [],
    leftOut: [],
    given: familiesOfTriage(root),
  };
}

/** What the sandbox calls the sample, by whatever part of it it was told. */
function familiesOfTriage(root: Json): GivenName[] {
  const extracted = objectsOf(root['extracted']);
  const all = [
    objectOf(root['analysis'])?.['family'],
    ...objectsOf(root['targets']).map((target) => target['family']),
    ...extracted.map((one) => objectOf(one['config'])?.['family']),
    ...extracted.map((one) => objectOf(one['ransom_note'])?.['family']),
  ];
  const names = all.flatMap((value) => (typeof value === 'string' ? [value] : listOf(value).map(wordsOfJson))).filter(isSomething);
  return [...new Set(names)].map((name) => ({ kind: 'family', name, synonyms: [] }));
}

/** The list of indicators that ANY.RUN offers beside the report: `[{ category, type, ioc, reputation }]`; reputation 4 is harmless. */
function readAnyRunList(value: unknown): FormText | undefined {
  const entries = objectsOf(value);
  if (entries.length === 0 || !entries.every((one) => typeof one['ioc'] === 'string' && typeof one['type'] === 'string')) return undefined;
  const isHarmless = (one: Json): boolean => one['reputation'] === 4 || one['reputation'] === 'whitelisted';
  return {
    form: 'anyrun',
    text: unique(entries.filter((one) => !isHarmless(one)).map((one) => `${wordsOfJson(one['type'])}: ${wordsOfJson(one['ioc'])}`)),
    credits: [],
    leftOut: entries.filter(isHarmless).map((one) => `${wordsOfJson(one['ioc'])}: the sandbox knows it as harmless`),
  };
}

export function readAnyRun(value: unknown): FormText | undefined {
  if (Array.isArray(value)) return readAnyRunList(value);
  const root = objectOf(value);
  const data = objectOf(root?.['data']) ?? root;
  const analysis = objectOf(data?.['analysis']);
  if (data === undefined || analysis === undefined || !('network' in data || 'mitre' in data)) return undefined;
  const main = objectOf(objectOf(analysis['content'])?.['mainObject']) ?? {};
  const title = wordsOfJson(main['filename']) || wordsOfJson(main['url']) || wordsOfJson(analysis['uuid']);
  const lines: string[] = [title, ...digestsOf(objectOf(main['hashes']) ?? {})];
  if (wordsOfJson(main['url']) !== '') lines.push(`url: ${wordsOfJson(main['url'])}`);
  lines.push(...tagged(objectsOf(analysis['tags']).length > 0 ? objectsOf(analysis['tags']).map((tag) => tag['tag']) : analysis['tags']));
  const leftOut: string[] = [];
  const network = objectOf(data['network']) ?? {};
  const add = (list: unknown, words: (one: Json) => string): void => {
    for (const one of objectsOf(list)) {
      const text = words(one);
      if (text.endsWith(': ')) continue;
      if (wordsOfJson(one['reputation']) === 'whitelisted') leftOut.push(`${text.replace(/^\w+: /, '')}: the sandbox knows it as harmless`);
      else lines.push(text);
    }
  };
  add(network['dnsRequests'], (one) => `domain: ${wordsOfJson(one['domain'])}`);
  add(network['httpRequests'], (one) => `url: ${wordsOfJson(one['url'])}`);
  add(network['httpRequests'], (one) => `User-Agent: ${wordsOfJson(one['user-agent']) || wordsOfJson(one['userAgent'])}`);
  add(network['connections'], (one) => `ip: ${wordsOfJson(one['ip'])}${wordsOfJson(one['port']) === '' ? '' : `:${wordsOfJson(one['port'])}`}`);
  for (const technique of objectsOf(data['mitre'])) lines.push(`technique: ${wordsOfJson(technique['id'])}`);
  const source = wordsOfJson(analysis['permanentUrl']);
  const created = objectOf(analysis['creation']);
  const at = wordsOfJson(created?.['date']) || wordsOfJson(created?.['timestamp']);
  return { form: 'anyrun', text: unique(lines), title, ...(source === '' ? {} : { source }), ...publishedAt(at), credits: [], leftOut };
}

function digestsOf(object: Json): string[] {
  return DIGESTS.map((name) => (wordsOfJson(object[name]) === '' ? '' : `${name}: ${wordsOfJson(object[name])}`)).filter(isSomething);
}

function named(word: string, value: unknown): string[] {
  const names = (typeof value === 'string' ? [value] : listOf(value).map(wordsOfJson)).filter(isSomething);
  return names.length === 0 ? [] : [`${word}: ${names.join(', ')}`];
}

/** Tags as tags, so that a name in small letters is seen for one. */
function tagged(value: unknown): string[] {
  const tags = listOf(value).map(wordsOfJson).filter(isSomething);
  return tags.length === 0 ? [] : [`Tags: ${tags.map((tag) => (/^[\p{L}_][\p{L}\p{N}_]*$/u.test(tag) ? `#${tag}` : tag)).join(', ')}`];
}

/** A sandbox sees the same name many times. */
function unique(lines: readonly string[]): string {
  return [...new Set(lines)].filter((line) => isSomething(line) && !line.endsWith(': ')).join('\n');
}
