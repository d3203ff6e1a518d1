/** How HTTP is read, for all servers or for some (`libhtp` of a suricata.yaml). Suricata user guide, "Configure HTTP (libhtp)". */
import { DEFAULT_SETTINGS, type EngineSettings, type HttpSettings, INVALID_ESCAPES, type PathForm, PLAIN_PATH } from '@sigwright/contracts';
import { at, isYes, listOf, sizeOf, type Tree } from './configuration-tree.ts';

/** Bodies are bounded even where the configuration asks for all of them. */
const MOST_BODY = 16 * 1_048_576;

function unlimited(size: number): number {
  return size === 0 ? MOST_BODY : Math.min(size, MOST_BODY);
}

const LIBHTP = 'app-layer.protocols.http.libhtp';
export const LIBHTP_DEFAULT = `${LIBHTP}.default-config`;
export const LIBHTP_SERVERS = `${LIBHTP}.server-config`;

export function httpOf(node: unknown): HttpSettings {
  const defaults = DEFAULT_SETTINGS.http;
  const atOnce = at(node, 'http-body-inline');
  const bombLimit = unlimited(sizeOf(at(node, 'compression-bomb-limit'), defaults.bombLimit));
  return {
    requestBodyLimit: unlimited(sizeOf(at(node, 'request-body-limit'), defaults.requestBodyLimit)),
    responseBodyLimit: unlimited(sizeOf(at(node, 'response-body-limit'), defaults.responseBodyLimit)),
    requestMinimumInspect: sizeOf(at(node, 'request-body-minimal-inspect-size'), defaults.requestMinimumInspect),
    responseMinimumInspect: sizeOf(at(node, 'response-body-minimal-inspect-size'), defaults.responseMinimumInspect),
    bodiesAtOnce: atOnce === undefined || atOnce === null || atOnce === 'auto' ? undefined : isYes(atOnce, false),
    decompressionDepth: unlimited(sizeOf(at(node, 'response-body-decompress-layer-limit'), defaults.decompressionDepth)),
    bombLimit,
    lzma: isYes(at(node, 'lzma-enabled'), defaults.lzma),
    mostTransactions: sizeOf(at(node, 'max-tx'), defaults.mostTransactions) || defaults.mostTransactions,
    mostHeaders: sizeOf(at(node, 'headers-limit'), defaults.mostHeaders) || defaults.mostHeaders,
    longestField: sizeOf(at(node, 'meta-field-limit'), defaults.longestField) || defaults.longestField,
    doubleDecodePath: isYes(at(node, 'double-decode-path'), false),
    doubleDecodeQuery: isYes(at(node, 'double-decode-query'), false),
    flash: flashOf(at(node, 'swf-decompression'), bombLimit),
    path: pathFormOf(node),
    plusIsBlank: isYes(at(node, 'query-plusspace-decode'), defaults.plusIsBlank),
    wholeUri: isYes(at(node, 'uri-include-all'), false),
  };
}

/** `server-config`: a list of `- name: { address: [...], … }`. */
export function httpServersOf(tree: Tree): EngineSettings['httpServers'] {
  const list = at(tree, LIBHTP_SERVERS);
  return (Array.isArray(list) ? list : []).flatMap((entry) => {
    if (typeof entry !== 'object' || entry === null) return [];
    return Object.values(entry as Tree).flatMap((node) => {
      const networks = at(node, 'address');
      return networks === undefined || networks === null ? [] : [{ networks: listOf(networks), http: httpOf(node) }];
    });
  });
}

/** `swf-decompression`; no film gets larger than other bodies that are unpacked. */
function flashOf(node: unknown, bombLimit: number): HttpSettings['flash'] {
  if (!isYes(at(node, 'enabled'), false)) return undefined;
  const type = String(at(node, 'type') ?? 'both');
  return {
    deflate: type !== 'lzma',
    lzma: type !== 'deflate',
    mostPacked: unlimited(sizeOf(at(node, 'compress-depth'), 0)),
    mostUnpacked: Math.min(unlimited(sizeOf(at(node, 'decompress-depth'), 0)), bombLimit),
  };
}

const APACHE: Partial<PathForm> = { decodesSeparators: false };
const IIS: Partial<PathForm> = { backslashSeparates: true, decodesUnicode: true };

/** What the user guide says of kinds of servers. */
export const PERSONALITIES: ReadonlyMap<string, Partial<PathForm>> = new Map([
  ...['Minimal', 'Generic', 'IDS'].map((name) => [name, {}] as const),
  ...['Apache', 'Apache_2', 'Apache_2_2'].map((name) => [name, APACHE] as const),
  ...['IIS_4_0', 'IIS_5_0', 'IIS_5_1', 'IIS_6_0', 'IIS_7_0', 'IIS_7_5'].map((name) => [name, IIS] as const),
]);

const PATH_OPTIONS = [
  ['path-convert-backslash-separators', 'backslashSeparates'],
  ['path-convert-lowercase', 'lowercase'],
  ['path-nul-encoded-terminates', 'encodedNulEnds'],
  ['path-nul-raw-terminates', 'rawNulEnds'],
  ['path-separators-compress', 'compressesSeparators'],
  ['path-separators-decode', 'decodesSeparators'],
  ['path-u-encoding-decode', 'decodesUnicode'],
  ['path-utf8-convert-bestfit', 'utf8'],
] as const;

/** Undefined: as where nothing is said. */
function pathFormOf(node: unknown): PathForm | undefined {
  const base = { ...PLAIN_PATH, ...PERSONALITIES.get(String(at(node, 'personality'))) };
  const written = Object.fromEntries(PATH_OPTIONS.map(([option, name]) => [name, isYes(at(node, option), base[name])]));
  const handling = at(node, 'path-url-encoding-invalid-handling');
  const form: PathForm = {
    ...base,
    ...written,
    invalidEscapes: INVALID_ESCAPES.find((name) => name === handling) ?? base.invalidEscapes,
    replacement: String(at(node, 'path-bestfit-replacement-char') ?? '?').charCodeAt(0) & 0xff,
  };
  return JSON.stringify(form) === JSON.stringify(PLAIN_PATH) ? undefined : form;
}
