/** `suricata.hashlib`, which the guide calls `suricata.hashing`, too: MD5, SHA-1 and SHA-256, of a whole or piece by piece. */
import { fromLatin1, latin1, Md5, md5, Sha1, Sha256, sha1, sha256 } from '@sigwright/bytes';
import type { LuaFunction } from '@sigwright/lua';
import { type Functions, given, type LibraryTools } from './library-tools.ts';

export function hashingLibrary(tools: LibraryTools): Functions {
  return {
    ...digests(tools, 'md5', md5, () => new Md5()),
    ...digests(tools, 'sha1', sha1, () => new Sha1()),
    ...digests(tools, 'sha256', sha256, () => new Sha256()),
  };
}

interface Hasher {
  update(bytes: Uint8Array): Hasher;
  digest(): Uint8Array;
}

const hexadecimal = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

function digests(tools: LibraryTools, name: string, whole: (bytes: Uint8Array) => Uint8Array, start: () => Hasher): Functions {
  const hexDigest: LuaFunction = (args) => [hexadecimal(whole(fromLatin1(given(args, 0, 'string'))))];
  return {
    [name]: () => [
      tools.value('suricata:hashlib:hasher', start(), () => ({
        update(hasher, args) {
          hasher.update(fromLatin1(given(args, 0, 'string')));
          return [];
        },
        finalize: (hasher) => [latin1(hasher.digest())],
        finalize_to_hex: (hasher) => [hexadecimal(hasher.digest())],
      })),
    ],
    [`${name}_digest`]: (args) => [latin1(whole(fromLatin1(given(args, 0, 'string'))))],
    [`${name}_hexdigest`]: hexDigest,
    [`${name}_hex_digest`]: hexDigest,
  };
}
