/** What the site tells of each release: its day, its rules, its changelog. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { releasedVersions } from '../release/release.ts';

export interface ReleaseOnSite {
  readonly version: string;
  /** of its page, relative to the site */
  readonly path: string;
  /** ISO day */
  readonly date: string;
  readonly rules: number;
  /** Markdown */
  readonly changelog: string;
}

/** Newest first; what is no whole release is passed over. */
export function releasesOnSite(folder: string): readonly ReleaseOnSite[] {
  return releasedVersions(folder).flatMap((version) => {
    const at = (name: string): string => join(folder, 'releases', version, name);
    if (!existsSync(at('manifest.json'))) return [];
    const { date, rules } = JSON.parse(readFileSync(at('manifest.json'), 'utf8')) as { date: string; rules: readonly unknown[] };
    const changelog = existsSync(at('changelog.md')) ? readFileSync(at('changelog.md'), 'utf8') : '';
    return [{ version, path: `release/${version}.html`, date, rules: rules.length, changelog }];
  });
}
