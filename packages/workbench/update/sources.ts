/**
 * Where rules come from: archives (tar.gz, zip) and single files over HTTP or from disk, kept in a folder so that what did not change is
 * not fetched again, checked against the publisher's key where one is given. Sources are enabled in suricata-update's own files
 * (DATA/update/sources/*.yaml, DATA/update/cache/index.yaml), so that either program goes on where the other left off.
 */

import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { counted } from '@sigwright/bytes';
import { type Failure, failure, type Result, success } from '@sigwright/contracts';
import { parseRules } from '@sigwright/rule-language';
import { extract } from 'tar-stream';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { verifyBytes } from '../release/signature.ts';
import { writeWhole } from '../repository/repository.ts';
import { globOf, type TunedRule } from './tuning.ts';

/** Everything a source brought: its rules, and the files beside them that rules or the engine need. */
export interface SourceFiles {
  /** path in the archive → bytes */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

const INDEX_ENTRY = z.object({
  summary: z.string().optional(),
  vendor: z.string().optional(),
  license: z.string().optional(),
  url: z.string(),
  parameters: z.record(z.string(), z.unknown()).optional(),
  checksum: z.boolean().optional(),
  obsolete: z.union([z.string(), z.boolean()]).optional(),
});
const INDEX = z.object({ version: z.number().optional(), sources: z.record(z.string(), INDEX_ENTRY) });
export type IndexEntry = z.infer<typeof INDEX_ENTRY>;

const ENABLED = z.object({
  source: z.string(),
  url: z.string().optional(),
  params: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
  checksum: z.boolean().optional(),
});
export type EnabledSource = z.infer<typeof ENABLED>;

/** The public list of sources that suricata-update reads as well. */
export const PUBLIC_INDEX = 'https://www.openinfosecfoundation.org/rules/index.yaml';
/** What is taken where nothing is enabled. */
export const OPEN_RULES = 'https://rules.emergingthreats.net/open/suricata-%(__version__)s/emerging.rules.tar.gz';

/** Bytes that one source may have, packed and unpacked. */
const MOST_BYTES = 512 * 1024 * 1024;
const PATIENCE_MILLISECONDS = 60_000;

const sourcesFolder = (data: string): string => join(data, 'update', 'sources');
const cacheFolder = (data: string): string => join(data, 'update', 'cache');
const sourceFile = (data: string, name: string): string => join(sourcesFolder(data), `${name.replaceAll('/', '-')}.yaml`);

export function enabledSources(data: string): Result<readonly EnabledSource[]> {
  const folder = sourcesFolder(data);
  if (!existsSync(folder)) return success([]);
  const list: EnabledSource[] = [];
  for (const name of readdirSync(folder).sort()) {
    if (!name.endsWith('.yaml')) continue;
    const path = join(folder, name);
    const read = ENABLED.safeParse(yamlOf(readFileSync(path, 'utf8')));
    if (!read.success) return failure('update/source', `${path} does not describe a source`, { path });
    list.push(read.data);
  }
  return success(list);
}

function yamlOf(text: string): unknown {
  try {
    return parse(text, { version: '1.1' });
  } catch {
    return undefined;
  }
}

export function readIndex(data: string): Result<Readonly<Record<string, IndexEntry>>> {
  const path = join(cacheFolder(data), 'index.yaml');
  if (!existsSync(path)) return failure('update/no-index', 'no list of sources is there yet; run `sigwright update sources`');
  const read = INDEX.safeParse(yamlOf(readFileSync(path, 'utf8')));
  return read.success ? success(read.data.sources) : failure('update/index', `${path} is no list of sources`, { path });
}

export async function fetchIndex(data: string, url: string): Promise<Result<number>> {
  const answer = await download(url, {});
  if (!answer.ok) return answer;
  const text = Buffer.from(answer.value.bytes ?? []).toString('utf8');
  const read = INDEX.safeParse(yamlOf(text));
  if (!read.success) return failure('update/index', `${url} is no list of sources`);
  const failed = writeWhole(join(cacheFolder(data), 'index.yaml'), text);
  return failed ?? success(Object.keys(read.data.sources).length);
}

/** Enables a source of the list, or one with its own `url`. Missing parameters are a failure that names them. */
export function enableSource(data: string, name: string, parameters: Readonly<Record<string, string>>, url?: string): Failure | undefined {
  let wanted: EnabledSource = { source: name };
  if (url === undefined) {
    const index = readIndex(data);
    if (!index.ok) return index;
    const entry = Object.hasOwn(index.value, name) ? index.value[name] : undefined;
    if (entry === undefined) return failure('update/unknown-source', `no source is called \`${name}\`; \`sigwright update list\` shows them`);
    const missing = Object.keys(entry.parameters ?? {}).filter((key) => !Object.hasOwn(parameters, key));
    if (missing.length > 0) return failure('update/parameter', `${name} needs ${missing.map((key) => `${key}=…`).join(' ')}`);
    if (entry.checksum !== false) wanted = { ...wanted, checksum: true };
  } else wanted = { ...wanted, url };
  if (Object.keys(parameters).length > 0) wanted = { ...wanted, params: { ...parameters } };
  const path = sourceFile(data, name);
  rmSync(`${path}.disabled`, { force: true });
  return writeWhole(path, stringify(wanted));
}

export function disableSource(data: string, name: string): Failure | undefined {
  const path = sourceFile(data, name);
  if (!existsSync(path)) return failure('update/not-enabled', `\`${name}\` is not enabled`);
  renameSync(path, `${path}.disabled`);
  return undefined;
}

/** Addresses of enabled sources, with their parameters and the engine's version filled in. */
export function addressesOf(data: string, version: string): Result<readonly string[]> {
  const enabled = enabledSources(data);
  if (!enabled.ok) return enabled;
  const addresses: string[] = [];
  for (const { source, url, params } of enabled.value) {
    let address = url;
    if (address === undefined) {
      const index = readIndex(data);
      if (!index.ok) return index;
      address = Object.hasOwn(index.value, source) ? index.value[source].url : undefined;
      if (address === undefined) return failure('update/unknown-source', `the list of sources has no \`${source}\` any more; disable it or update the list`);
    }
    addresses.push(fill(address, { ...params, __version__: version }));
  }
  return success(addresses);
}

/** `%(name)s` in an address becomes the parameter's value. */
export function fill(address: string, values: Readonly<Record<string, string | number>>): string {
  return address.replace(/%\((\w+)\)s/g, (all, name: string) => (Object.hasOwn(values, name) ? encodeURI(String(values[name])) : all));
}

export interface FetchOptions {
  readonly data: string;
  readonly offline: boolean;
  /** ask even where the copy is from this hour */
  readonly force: boolean;
  /** minisign public key file; the source must bring a right signature at ADDRESS.minisig */
  readonly publicKey?: string;
}

export interface Fetched extends SourceFiles {
  /** whether bytes were transferred */
  readonly fresh: boolean;
}

/** Packed bytes of an address: transferred, or the copy from last time where the server says that it is the same. */
export async function fetchSource(address: string, options: FetchOptions): Promise<Result<Fetched>> {
  const copy = join(cacheFolder(options.data), `${createHash('sha256').update(address).digest('hex').slice(0, 32)}-${nameIn(address)}`);
  let fresh = false;
  let signed = address;
  if (options.offline) {
    if (!existsSync(copy)) return failure('update/offline', `${address} was never fetched, and nothing may be fetched now`);
  } else {
    const tag = existsSync(copy) && existsSync(`${copy}.etag`) && !options.force ? readFileSync(`${copy}.etag`, 'utf8') : undefined;
    const answer = await download(address, tag === undefined ? {} : { 'if-none-match': tag });
    if (!answer.ok) return answer;
    const { bytes, etag, stays } = answer.value;
    if (bytes !== undefined) {
      const checked = options.publicKey === undefined ? undefined : await checkSignature(stays, bytes, options.publicKey);
      if (checked !== undefined) return checked;
      const read = await unpack(nameIn(address), bytes);
      if (!read.ok) return read;
      // What is no set of rules does not take the place of one.
      if (![...read.value.keys()].some((path) => path.endsWith('.rules'))) return failure('update/no-rules', `${address} holds no rules`);
      const failed = writeWhole(copy, bytes) ?? writeWhole(`${copy}.etag`, etag ?? '');
      if (failed !== undefined) return failed;
      return success({ files: read.value, fresh: true });
    }
    const now = new Date();
    utimesSync(copy, now, now);
    signed = answer.value.stays;
  }
  const bytes = readFileSync(copy);
  if (options.publicKey !== undefined && !options.offline) {
    const checked = await checkSignature(signed, bytes, options.publicKey);
    if (checked !== undefined) return checked;
    fresh = false;
  }
  const read = await unpack(nameIn(address), bytes);
  return read.ok ? success({ files: read.value, fresh }) : read;
}

function nameIn(address: string): string {
  const path = URL.canParse(address) ? new URL(address).pathname : address;
  return basename(path).replace(/[^\w.-]/g, '_') || 'rules';
}

async function checkSignature(address: string, bytes: Uint8Array, publicKey: string): Promise<Failure | undefined> {
  const signature = await download(`${address}.minisig`, {});
  if (!signature.ok) return failure('update/unsigned', `${address} has no signature: ${signature.message}`);
  const checked = verifyBytes(bytes, Buffer.from(signature.value.bytes ?? []).toString('utf8'), publicKey);
  return checked.ok ? undefined : failure('update/signature', `${address}: ${checked.message}; nothing of it is taken`);
}

interface Downloaded {
  /** undefined where the server says that nothing changed */
  readonly bytes: Uint8Array | undefined;
  readonly etag: string | undefined;
  /** where the same bytes lie however often the address moves on: what is beside them there belongs to them */
  readonly stays: string;
}

async function download(address: string, headers: Readonly<Record<string, string>>): Promise<Result<Downloaded>> {
  if (!/^https?:\/\//.test(address)) return failure('update/address', `\`${address}\` is no http or https address`);
  try {
    const answer = await fetch(address, { headers: { 'user-agent': 'sigwright', ...headers }, signal: AbortSignal.timeout(PATIENCE_MILLISECONDS) });
    const stays = staysAt(address, answer.headers.get('content-location'));
    if (answer.status === 304) return success({ bytes: undefined, etag: undefined, stays });
    if (!answer.ok) return failure('update/answer', `${address} answers ${answer.status} ${answer.statusText}`);
    const parts: Uint8Array[] = [];
    let length = 0;
    if (answer.body !== null)
      for await (const part of answer.body) {
        length += part.length;
        if (length > MOST_BYTES) return failure('update/size', `${address} is larger than ${MOST_BYTES} bytes`);
        parts.push(part);
      }
    const told = answer.headers.get('content-length');
    const packed = answer.headers.has('content-encoding');
    if (!packed && told !== null && Number(told) !== length)
      return failure('update/cut-off', `${address} broke off after ${length} of ${counted(Number(told), 'byte')}`);
    return success({ bytes: Buffer.concat(parts), etag: answer.headers.get('etag') ?? undefined, stays });
  } catch (cause) {
    const why = (cause as { cause?: Error }).cause?.message ?? (cause as Error).message;
    return failure('update/fetch', `${address} can not be fetched: ${why}`, { cause });
  }
}

/** Content-Location (RFC 9110, section 8.7) on the same server; anywhere else it is nobody's word. */
function staysAt(address: string, told: string | null): string {
  if (told === null || !URL.canParse(told, address)) return address;
  const { href, origin } = new URL(told, address);
  return origin === new URL(address).origin ? href : address;
}

/** Files of an archive by their path in it; a file that is no archive is itself. */
export async function unpack(name: string, bytes: Uint8Array): Promise<Result<ReadonlyMap<string, Uint8Array>>> {
  try {
    if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
      const plain = gunzipSync(bytes, { maxOutputLength: MOST_BYTES });
      return success(isTar(plain) ? await untar(plain) : new Map([[name.replace(/\.gz$/, ''), plain]]));
    }
    if (bytes[0] === 0x50 && bytes[1] === 0x4b) return failure('update/zip', `${name} is a ZIP archive; take the tar.gz that publishers offer beside it`);
    return success(isTar(bytes) ? await untar(bytes) : new Map([[name, bytes]]));
  } catch (cause) {
    return failure('update/archive', `${name} is damaged: ${(cause as Error).message}`, { cause });
  }
}

/** POSIX.1-1988 tar: `ustar` at byte 257 of the first block. */
function isTar(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(257, 262)).toString('latin1') === 'ustar';
}

async function untar(bytes: Uint8Array): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  const archive = extract();
  Readable.from([bytes]).pipe(archive);
  for await (const entry of archive) {
    const parts: Uint8Array[] = [];
    for await (const part of entry) parts.push(part as Uint8Array);
    const path = entry.header.name.replace(/^(?:\.?\/)+/, '');
    // A path that leads out of the folder is nobody's rules file.
    if (entry.header.type === 'file' && !path.split('/').includes('..')) files.set(path, Buffer.concat(parts));
  }
  return files;
}

/** Rule files named on the command line: files, folders (their *.rules) and patterns. */
export function localFiles(paths: readonly string[]): Result<ReadonlyMap<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const path of paths) {
    const found = existsSync(path) ? [path] : globSync(path).sort();
    if (found.length === 0) return failure('update/local', `${path} does not exist`, { path });
    for (const one of found) {
      if (!statSync(one).isDirectory()) files.set(one, readFileSync(one));
      else for (const name of globSync('**/*.rules', { cwd: one }).sort()) files.set(join(relative('', one), name), readFileSync(join(one, name)));
    }
  }
  return success(files);
}

/** The rules among a source's files, but those of files that a pattern ignores. */
export function rulesIn({ files }: SourceFiles, ignore: readonly string[]): { readonly rules: readonly TunedRule[]; readonly broken: number } {
  const patterns = ignore.map(globOf);
  const rules: TunedRule[] = [];
  let broken = 0;
  for (const [path, bytes] of files) {
    if (!path.endsWith('.rules')) continue;
    const name = basename(path);
    if (patterns.some((pattern) => pattern.test(name) || pattern.test(path))) continue;
    const read = parseRules(Buffer.from(bytes).toString('utf8'));
    broken += read.diagnostics.filter(({ severity }) => severity === 'error').length;
    for (const rule of read.rules) rules.push({ rule, file: path });
  }
  return { rules, broken };
}

/** Puts a set into `folder`, each file whole; `mkdir` first. */
export function writeSet(folder: string, files: ReadonlyMap<string, string | Uint8Array>): Failure | undefined {
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of files) {
    const path = join(folder, name);
    if (existsSync(path) && Buffer.compare(readFileSync(path), Buffer.from(content as string)) === 0) continue;
    const failed = writeWhole(path, content);
    if (failed !== undefined) return failed;
  }
  return undefined;
}
