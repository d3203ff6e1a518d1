/** "Is this already covered?": rules whose name or address conditions match an indicator, exactly or more broadly. */
import type { Rule } from '@sigwright/contracts';

export interface CoverageHit {
  readonly sid: number;
  readonly how: 'exact' | 'broader';
  readonly enabled: boolean;
  readonly message: string;
  readonly buffer: string;
}

export interface Coverage {
  /** `type`: domain, url, md5 …; the value as intake gives it */
  find(indicator: { readonly type: string; readonly value: string }): readonly CoverageHit[];
}

interface Named {
  readonly rule: Rule;
  readonly buffer: string;
  readonly suffix: boolean;
}

const NAME_BUFFERS: ReadonlySet<string> = new Set(['dns.query', 'dns_query', 'tls.sni', 'tls_sni', 'http.host', 'http_host']);
const MODIFIER_BUFFERS: ReadonlySet<string> = new Set(['http_host', 'http_raw_host']);

export function buildCoverage(rules: readonly Rule[]): Coverage {
  const names = new Map<string, Named[]>();
  const digests = new Map<string, Rule[]>();
  for (const rule of rules) {
    for (const named of namesOf(rule)) push(names, named.name, { rule, buffer: named.buffer, suffix: named.suffix });
    for (const option of rule.options) {
      if (option.name !== 'reference' || option.value === undefined) continue;
      const match = /^(?:md5|sha1|sha256)\s*,\s*([0-9a-f]{32,64})$/i.exec(option.value);
      if (match !== null) push(digests, match[1].toLowerCase(), rule);
    }
  }
  return {
    find({ type, value }) {
      if (type === 'md5' || type === 'sha1' || type === 'sha256') return (digests.get(value) ?? []).map((rule) => hit(rule, 'exact', 'reference'));
      const host = type === 'url' ? (/^[a-z]+:\/\/([^/?#:]*)/.exec(value)?.[1] ?? '') : value;
      const hits: CoverageHit[] = [];
      for (const named of names.get(host) ?? []) hits.push(hit(named.rule, 'exact', named.buffer));
      for (let dot = host.indexOf('.'); dot !== -1; dot = host.indexOf('.', dot + 1)) {
        for (const named of names.get(host.slice(dot + 1)) ?? []) if (named.suffix) hits.push(hit(named.rule, 'broader', named.buffer));
      }
      return hits;
    },
  };
}

function push<Value>(map: Map<string, Value[]>, key: string, value: Value): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

function hit(rule: Rule, how: 'exact' | 'broader', buffer: string): CoverageHit {
  return { sid: rule.sid, how, enabled: rule.enabled, message: rule.message, buffer };
}

/** Host names that stand in contents of name buffers, and whether names below them match too. */
function namesOf(rule: Rule): { name: string; buffer: string; suffix: boolean }[] {
  const found: { name: string; buffer: string; suffix: boolean }[] = [];
  let buffer = '';
  let content: string | undefined;
  let options: string[] = [];
  const flush = (): void => {
    if (content !== undefined && NAME_BUFFERS.has(buffer) && /^\.?[a-z0-9_-]+(\.[a-z0-9_-]+)+$/i.test(content)) {
      const whole = options.includes('bsize') || options.includes('depth') || options.includes('startswith');
      found.push({ name: content.replace(/^\./, '').toLowerCase(), buffer, suffix: !whole });
    }
    content = undefined;
  };
  for (const { name, value } of rule.options) {
    if (NAME_BUFFERS.has(name) && value === undefined) {
      if (MODIFIER_BUFFERS.has(name) && content !== undefined) buffer = name;
      else {
        flush();
        buffer = name;
        options = [];
      }
    } else if (name === 'content' && value !== undefined) {
      flush();
      content = value.startsWith('!') ? undefined : value.replace(/^"|"$/g, '').replaceAll('|2e|', '.').replaceAll('|2d|', '-');
      options = options.filter((one) => one === 'bsize');
    } else if (/^(http|tls|dns|file|ssh|smb)[._]/.test(name)) {
      flush();
      buffer = name;
      options = [];
    } else options.push(name);
  }
  flush();
  return found;
}
