/** The public suffix list for rules that ask for it. It is read when first asked: most rules never do, and starting is to be fast. */
import { createRequire } from 'node:module';
import type { PublicSuffixes } from '@sigwright/contracts';

type Library = typeof import('tldts');

let library: Library | undefined;

function parsed(host: string): ReturnType<Library['parse']> {
  library ??= createRequire(import.meta.url)('tldts') as Library;
  return library.parse(host, { allowPrivateDomains: true, validateHostname: false, extractHostname: false });
}

export const publicSuffixes: PublicSuffixes = {
  suffix: (host) => parsed(host).publicSuffix ?? undefined,
  domain: (host) => parsed(host).domain ?? undefined,
};
