/**
 * Released rules as sensors fetch them: what each path of the distribution holds, with ETags, ranges and the difference since a
 * version. Knows nothing of sockets: a request in, an answer out, so that any server can stand in front.
 *
 *   /version.txt                 the newest version
 *   /versions.json               all versions, newest first
 *   /index.yaml                  sources as `suricata-update update-sources` reads them
 *   /suricata-<version>/FILE     a file of the newest release for that Suricata, 7.0.3 say; for a younger one than any, the youngest's
 *   /snort-<version>/FILE        the same for Snort
 *   /releases/<version>/FILE     a file of one release; never changes
 *   /delta/<version>             JSON: what changed since that version
 *
 * What moves with each release says in Content-Location where it stays: who fetches the files beside an archive (digests, signature)
 * from there gets those of the same release, also where another one is published meanwhile.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { compareVersions } from '@sigwright/contracts';
import { stringify } from 'yaml';
import { compareReleases, type ReleaseRule } from '../release/compare.ts';
import { digest } from '../release/manifest.ts';
import { releasedVersions } from '../release/release.ts';
import { rulesOfRelease } from '../release/release-content.ts';
import type { Repository } from '../repository/repository.ts';
import { DIALECTS, type Dialect } from '../translate/dialects.ts';

export interface DistributionRequest {
  readonly method: string;
  /** path with query, as in the request line */
  readonly target: string;
  /** names in lower case */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** `http://host:port`, for addresses in index.yaml */
  readonly base: string;
}

export interface DistributionAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** A path is names joined by slashes; no name begins with a dot, so that none leads out of the release. */
const PATH_FORM = /^(?:[A-Za-z0-9_][A-Za-z0-9._-]*\/)*[A-Za-z0-9_][A-Za-z0-9._-]*$/;
/** Seconds that a release's file may be kept: it never changes. */
const KEEP_FOR_EVER = 'public, max-age=31536000, immutable';
/** What moves with each release is asked for anew, by ETag. */
const ASK_AGAIN = 'no-cache';

export function distribute(repository: Repository, request: DistributionRequest): DistributionAnswer {
  if (request.method !== 'GET' && request.method !== 'HEAD') return told(405, 'only GET and HEAD', { allow: 'GET, HEAD' });
  // Proxies may ask with the whole address (RFC 9112, section 3.2.2).
  const path = request.target
    .replace(/^https?:\/\/[^/?]*/i, '')
    .split('?', 1)[0]
    .slice(1);
  if (path === '') return told(200, 'rules for suricata-update and sigwright update: see /index.yaml, /version.txt, /versions.json');
  if (!PATH_FORM.test(path)) return told(404, 'no such file');
  const versions = releasedVersions(repository.folder);
  const [newest] = versions;
  if (newest === undefined) return told(503, 'nothing is released yet');
  const text = (content: string, type: string): DistributionAnswer => answer(request, new TextEncoder().encode(content), type, ASK_AGAIN);
  if (path === 'version.txt') return text(`${newest}\n`, 'text/plain');
  if (path === 'versions.json') return text(`${JSON.stringify(versions)}\n`, 'application/json');
  if (path === 'index.yaml') return text(sourceIndex(repository, request.base), 'application/yaml');
  const [first, second, ...rest] = path.split('/');
  if (first === 'delta' && second !== undefined && rest.length === 0) {
    if (!versions.includes(second)) return told(404, `version ${second} is not known here; fetch the whole release`);
    return text(`${JSON.stringify(deltaOf(repository.folder, second, newest))}\n`, 'application/json');
  }
  if (first === 'releases' && second !== undefined && versions.includes(second)) return file(request, repository.folder, second, rest, KEEP_FOR_EVER);
  const asked = /^(suricata|snort)-([\w.-]+)$/.exec(first);
  if (asked === null || second === undefined) return told(404, 'no such file');
  const made = enginesOf(join(repository.folder, 'releases', newest));
  const engine = engineFor(asked[1], asked[2], made);
  // A release from before there were folders for engines has one set for all.
  if (engine === undefined && made.length > 0) return told(404, `version ${newest} is made for ${made.join(', ')}, not for ${asked[1]} ${asked[2]}`);
  return file(request, repository.folder, newest, [...(engine === undefined ? [] : [engine]), second, ...rest], ASK_AGAIN);
}

function enginesOf(release: string): readonly Dialect[] {
  return DIALECTS.filter((engine) => existsSync(join(release, engine)));
}

/**
 * The folder for a program and its version: by the leading numbers, and of those that are not too young the youngest. Snort 3 has a
 * language of its own, so that rules for 2.9 are nothing to it.
 */
function engineFor(program: string, version: string, made: readonly Dialect[]): Dialect | undefined {
  const numbers = /^\d+(?:\.\d+)*/.exec(version)?.[0];
  return numbers === undefined
    ? undefined
    : made.findLast((engine) => {
        const [name, since] = engine.split('-');
        return name === program && compareVersions(since, numbers) <= 0 && (name !== 'snort' || since[0] === numbers[0]);
      });
}

function file(request: DistributionRequest, folder: string, version: string, names: readonly string[], keep: string): DistributionAnswer {
  const path = join(folder, 'releases', version, ...names);
  if (names.length === 0 || !existsSync(path) || !statSync(path).isFile()) return told(404, 'no such file');
  return answer(
    request,
    readFileSync(path),
    typeOf(path),
    keep,
    keep === ASK_AGAIN ? `${prefixOf(request.base)}/releases/${version}/${names.join('/')}` : undefined,
  );
}

/** What stands before our paths where another server is in front. */
function prefixOf(base: string): string {
  return URL.canParse(base) ? new URL(base).pathname.replace(/\/+$/, '') : '';
}

function typeOf(path: string): string {
  if (path.endsWith('.gz')) return 'application/gzip';
  if (path.endsWith('.zip')) return 'application/zip';
  return path.endsWith('.json') ? 'application/json' : 'text/plain; charset=utf-8';
}

function told(status: number, words: string, headers: Readonly<Record<string, string>> = {}): DistributionAnswer {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8', ...headers }, body: new TextEncoder().encode(`${words}\n`) };
}

/** Bytes below which packing is not worth its head. */
const LEAST_PACKED = 1024;

function answer(request: DistributionRequest, plain: Uint8Array, type: string, keep: string, stays?: string): DistributionAnswer {
  const wanted = request.method === 'GET' ? request.headers['range'] : undefined;
  const mayBePacked = !/^application\/(?:gzip|zip)/.test(type) && plain.length >= LEAST_PACKED;
  // Ranges are of the file as it is.
  const packs = mayBePacked && wanted === undefined && takesGzip(request.headers['accept-encoding']);
  const etag = `"${digest('sha256', plain).slice(0, 32)}${packs ? '-gzip' : ''}"`;
  const headers = {
    'content-type': type,
    etag,
    'cache-control': keep,
    'accept-ranges': 'bytes',
    'x-content-type-options': 'nosniff',
    ...(mayBePacked ? { vary: 'accept-encoding' } : {}),
    ...(stays === undefined ? {} : { 'content-location': stays }),
  };
  const known = request.headers['if-none-match'];
  if (known !== undefined && (known.trim() === '*' || known.split(',').some((one) => one.trim().replace(/^W\//, '') === etag)))
    return { status: 304, headers, body: new Uint8Array() };
  if (packs) return { status: 200, headers: { ...headers, 'content-encoding': 'gzip' }, body: gzipSync(plain) };
  const condition = request.headers['if-range'];
  const range = wanted === undefined || (condition !== undefined && condition.trim() !== etag) ? undefined : rangeOf(wanted, plain.length);
  if (range === 'beyond') return told(416, 'the range lies beyond the end', { 'content-range': `bytes */${plain.length}` });
  if (range === undefined) return { status: 200, headers, body: plain };
  const { start, end } = range;
  return { status: 206, headers: { ...headers, 'content-range': `bytes ${start}-${end - 1}/${plain.length}` }, body: plain.subarray(start, end) };
}

/** Whether gzip stands in Accept-Encoding and is not refused there (RFC 9110, section 12.5.3). */
function takesGzip(accepted: string | undefined): boolean {
  return (accepted ?? '').split(',').some((one) => /^\s*(?:x-)?gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*$).*)?$/i.test(one));
}

/** One range of bytes of a GET (RFC 9110, section 14.2); anything else, several ranges too, is passed over, as the section allows. */
function rangeOf(written: string, length: number): { start: number; end: number } | 'beyond' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(written.trim());
  if (match === null || (match[1] === '' && match[2] === '')) return undefined;
  if (match[1] === '') return match[2] === '0' ? 'beyond' : { start: Math.max(0, length - Number(match[2])), end: length };
  const start = Number(match[1]);
  const end = match[2] === '' ? length : Math.min(length, Number(match[2]) + 1);
  if (match[2] !== '' && Number(match[2]) < start) return undefined;
  return start >= length ? 'beyond' : { start, end };
}

function sourceIndex(repository: Repository, base: string): string {
  const { name, title, licence } = repository.settings;
  return stringify({
    version: 1,
    sources: {
      [`${name}/open`]: {
        summary: title,
        description: `${title}, served by sigwright\n`,
        vendor: name,
        license: licence,
        url: `${base}/suricata-%(__version__)s/${name}.rules.tar.gz`,
        checksum: true,
      },
    },
  });
}

export interface ReleaseDelta {
  readonly from: string;
  readonly to: string;
  /** lines of rule files, disabled rules with `#`: added and changed in any way */
  readonly put: readonly { readonly file: string; readonly line: string }[];
  /** SIDs that are gone */
  readonly remove: readonly number[];
}

export function deltaOf(folder: string, from: string, to: string): ReleaseDelta {
  const at = (version: string): readonly ReleaseRule[] => rulesOfRelease(join(folder, 'releases', version));
  const { added, removed, silentlyChanged: _among, ...changed } = compareReleases(at(from), at(to));
  const put = [...added, ...Object.values(changed).flat()].sort((a, b) => a.rule.sid - b.rule.sid);
  return {
    from,
    to,
    put: put.map(({ rule, file }) => ({ file, line: `${rule.enabled ? '' : '#'}${rule.text}` })),
    remove: removed.map(({ rule }) => rule.sid),
  };
}
