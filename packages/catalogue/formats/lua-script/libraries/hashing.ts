/** `suricata.hashlib`, which the guide calls `suricata.hashing`, too: MD5, SHA-1 and SHA-256, of a whole or piece by piece. */
import { fromLatin1, hex, latin1, Md5, md5, Sha1, Sha256, sha1, sha256 } from '@sigwright/bytes';
import { givenText, LuaError, type Value } from '@sigwright/lua';
import type { Functions, LibraryTools, Methods } from './library-tools.ts';

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

function digests(tools: LibraryTools, name: string, whole: (bytes: Uint8Array) => Uint8Array, start: () => Hasher): Functions {
  const digestOf = (args: readonly Value[], called: string): Uint8Array => whole(fromLatin1(givenText(args, 0, called)));
  return {
    [name]: () => [tools.value('suricata:hashlib:hasher', new Started(start()), () => METHODS)],
    [`${name}_digest`]: (args) => [latin1(digestOf(args, `${name}_digest`))],
    [`${name}_hexdigest`]: (args) => [hex(digestOf(args, `${name}_hexdigest`))],
    [`${name}_hex_digest`]: (args) => [hex(digestOf(args, `${name}_hex_digest`))],
  };
}

/** Takes pieces until it is asked for the digest, once. */
class Started {
  #hasher: Hasher | undefined;

  constructor(hasher: Hasher) {
    this.#hasher = hasher;
  }

  update(bytes: Uint8Array): void {
    this.#running().update(bytes);
  }

  finalize(): Uint8Array {
    const digest = this.#running().digest();
    this.#hasher = undefined;
    return digest;
  }

  #running(): Hasher {
    if (this.#hasher === undefined) throw new LuaError('the hasher was finalized');
    return this.#hasher;
  }
}

const METHODS: Methods<Started> = {
  update(hasher, args) {
    hasher.update(fromLatin1(givenText(args, 0, 'update')));
    return [];
  },
  finalize: (hasher) => [latin1(hasher.finalize())],
  finalize_to_hex: (hasher) => [hex(hasher.finalize())],
};
