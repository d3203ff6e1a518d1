/**
 * The extension as one file that VS Code installs (`code --install-extension sigwright-rules-0.1.0.vsix`): client, server and all they
 * need bundled, packed as a ZIP with the two manifests of the Open Packaging Conventions that a .vsix asks for.
 *
 *     node editors/vscode/build.ts [FOLDER]     default: out/
 */
import { createWriteStream, existsSync, globSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { build } from 'esbuild';
import { ZipFile } from 'yazl';
import { ownFolders } from '../../tools/own-folders.ts';

const here = import.meta.dirname;
const root = join(here, '..', '..');

/** Files that go in as they are: name in the package → place in the tree. */
const FILES: Readonly<Record<string, string>> = {
  'package.json': join(here, 'package.json'),
  'README.md': join(here, 'README.md'),
  'CHANGELOG.md': join(here, 'CHANGELOG.md'),
  'LICENSE.txt': join(root, 'LICENSE'),
  'icon.png': join(here, 'icon.png'),
  'language-configuration.json': join(here, 'language-configuration.json'),
  'syntaxes/suricata-rules.tmLanguage.json': join(here, 'syntaxes', 'suricata-rules.tmLanguage.json'),
  // Read by the server beside its own source's place.
  'apps/cli/suricata.yaml': join(root, 'apps', 'cli', 'suricata.yaml'),
};
const TYPES = {
  json: 'application/json',
  cjs: 'application/javascript',
  mjs: 'application/javascript',
  md: 'text/markdown',
  txt: 'text/plain',
  png: 'image/png',
  yaml: 'text/yaml',
  vsixmanifest: 'text/xml',
};
/** The same bytes from the same sources. */
const PACKED_AT = new Date(Date.UTC(2024, 0, 1));

/** Writes the package into `folder`; gives its path. */
export async function buildExtension(folder: string): Promise<string> {
  // Paths of what is bundled are told from there.
  const shared = {
    absWorkingDir: process.cwd(),
    bundle: true,
    platform: 'node',
    target: 'node22',
    minify: true,
    write: false,
    metafile: true,
    logLevel: 'warning',
    legalComments: 'none',
  } as const;
  const [client, server] = await Promise.all([
    build({ ...shared, entryPoints: [join(here, 'extension.ts')], format: 'cjs', external: ['vscode'] }),
    build({
      ...shared,
      entryPoints: [join(here, 'server.ts')],
      format: 'esm',
      keepNames: true,
      // Only the command line asks it.
      external: ['recheck'],
      plugins: [ownFolders(root)],
      banner: { js: "import { createRequire as createRequireOfBundle } from 'node:module'; const require = createRequireOfBundle(import.meta.url);" },
    }),
  ]);
  const manifest = JSON.parse(readFileSync(FILES['package.json'], 'utf8')) as Manifest;
  const contents = new Map<string, Uint8Array>([
    ['[Content_Types].xml', text(contentTypes())],
    ['extension.vsixmanifest', text(vsixManifest(manifest))],
    ['extension/extension.cjs', client.outputFiles[0].contents],
    ['extension/server.mjs', server.outputFiles[0].contents],
    ['extension/THIRD-PARTY.txt', text(licencesOf([client, server]))],
    ...Object.entries(FILES).map(([name, path]) => [`extension/${name}`, readFileSync(path)] as const),
  ]);
  mkdirSync(folder, { recursive: true });
  const target = join(folder, `${manifest.name}-${manifest.version}.vsix`);
  const zip = new ZipFile();
  for (const [name, bytes] of contents) zip.addBuffer(Buffer.from(bytes), name, { mtime: PACKED_AT, mode: 0o100644 });
  zip.end();
  await pipeline(zip.outputStream, createWriteStream(target));
  return target;
}

/** The licences of the packages that are bundled, which ask to go with them. */
function licencesOf(built: readonly { readonly metafile: { readonly inputs: object } }[]): string {
  const inputs = built.flatMap(({ metafile }) => Object.keys(metafile.inputs));
  const folders = [...new Set(inputs.flatMap((path) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []))];
  return folders
    .filter((folder) => existsSync(join(folder, 'package.json')))
    .sort()
    .map((folder) => {
      const [file] = globSync('{licen[cs]e,LICEN[CS]E,Licen[cs]e}*', { cwd: folder });
      const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, string>;
      return `${name} ${version} (${license})\n\n${file === undefined ? '' : readFileSync(join(folder, file), 'utf8').trim()}\n`;
    })
    .join('\n----\n\n');
}

interface Manifest {
  readonly name: string;
  readonly displayName: string;
  readonly description: string;
  readonly version: string;
  readonly publisher: string;
  readonly keywords: readonly string[];
  readonly categories: readonly string[];
  readonly engines: { readonly vscode: string };
}

function contentTypes(): string {
  const defaults = Object.entries(TYPES).map(([extension, type]) => `<Default Extension=".${extension}" ContentType="${type}"/>`);
  return `<?xml version="1.0" encoding="utf-8"?>\n<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">${defaults.join('')}</Types>\n`;
}

function vsixManifest(manifest: Manifest): string {
  const { name, displayName, description, version, publisher, keywords, categories, engines } = manifest;
  const asset = (type: string, path: string): string => `    <Asset Type="${type}" Path="extension/${path}" Addressable="true"/>\n`;
  return `<?xml version="1.0" encoding="utf-8"?>
<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011">
  <Metadata>
    <Identity Language="en-US" Id="${xml(name)}" Version="${xml(version)}" Publisher="${xml(publisher)}"/>
    <DisplayName>${xml(displayName)}</DisplayName>
    <Description xml:space="preserve">${xml(description)}</Description>
    <Tags>${xml([...keywords, 'suricata-rules', '__ext_rules'].join(','))}</Tags>
    <Categories>${xml(categories.join(','))}</Categories>
    <GalleryFlags>Public</GalleryFlags>
    <License>extension/LICENSE.txt</License>
    <Icon>extension/icon.png</Icon>
    <Properties>
      <Property Id="Microsoft.VisualStudio.Code.Engine" Value="${xml(engines.vscode)}"/>
      <Property Id="Microsoft.VisualStudio.Code.ExtensionKind" Value="workspace"/>
    </Properties>
  </Metadata>
  <Installation><InstallationTarget Id="Microsoft.VisualStudio.Code"/></Installation>
  <Dependencies/>
  <Assets>
${asset('Microsoft.VisualStudio.Code.Manifest', 'package.json')}${asset('Microsoft.VisualStudio.Services.Content.Details', 'README.md')}${asset('Microsoft.VisualStudio.Services.Content.Changelog', 'CHANGELOG.md')}${asset('Microsoft.VisualStudio.Services.Content.License', 'LICENSE.txt')}${asset('Microsoft.VisualStudio.Services.Icons.Default', 'icon.png')}  </Assets>
</PackageManifest>
`;
}

function xml(written: string): string {
  return written.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

function text(written: string): Uint8Array {
  return new TextEncoder().encode(written);
}

if (process.argv[1] === import.meta.filename) console.log(await buildExtension(process.argv[2] ?? join(root, 'out')));
