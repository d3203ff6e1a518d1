/** Names, addresses and URLs of a threat as they may be posted: nobody follows them by accident, no page makes a link of them. */
import type { ReportFile } from '../repository/repository.ts';

/** `https://evil.example/a` → `hxxps://evil[.]example/a`; other types stay. `type` as intake names it. */
export function defanged(type: string, value: string): string {
  if (!/^(?:domain|host|url|ip|email)/i.test(type)) return value;
  // The dots of a path make no link.
  const [, scheme, authority, rest] = /^([a-z][a-z0-9+.-]*:\/\/)?([^/?#]*)(.*)$/is.exec(value)!;
  return `${(scheme ?? '').replace(/^http/i, 'hxxp')}${authority.replaceAll('.', '[.]')}${rest}`;
}

/** Words about a report with its indicators defanged wherever they stand; what is benign or a reference stays. */
export function harmlessFor({ indicators }: Pick<ReportFile, 'indicators'>): (words: string) => string {
  const forms = new Map<string, string>();
  const add = (type: string, value: string): void => {
    if (value.includes('.') && defanged(type, value) !== value) forms.set(value.toLowerCase(), value);
  };
  for (const { type, value, role } of indicators) {
    if (role !== 'indicator') continue;
    add(type, value);
    if (type === 'url') add('domain', hostOf(value));
  }
  if (forms.size === 0) return (words) => words;
  const longestFirst = [...forms.keys()].sort((a, b) => b.length - a.length).map((form) => form.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&'));
  const pattern = new RegExp(`(?:https?://)?(?<![\\w-])(?:${longestFirst.join('|')})(?![\\w-])`, 'gi');
  return (words) => words.replace(pattern, (found) => defanged('url', found));
}

/** The host of a URL, lower case, without its port; other words as they are. */
export function hostOf(words: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(words) && URL.canParse(words) ? new URL(words).hostname : words;
}
