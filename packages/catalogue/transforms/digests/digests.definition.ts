/** Digests of the buffer. Suricata user guide, "Transformations". */
import { md5, sha1, sha256 } from '@sigwright/bytes';
import type { TransformDefinition } from '@sigwright/contracts';
import { none } from '../../arguments/index.ts';

function digest(name: string, since: string, hash: (input: Uint8Array) => Uint8Array): TransformDefinition<never> {
  return {
    name,
    since,
    summary: `the ${name.slice(3)} of the buffer, as bytes`,
    argument: none() as never,
    examples: [`http.uri; ${name}; content:"|00|";`],
    transform: (input) => hash(input),
  };
}

export const transforms: readonly TransformDefinition<never>[] = [
  digest('to_md5', '5.0', md5),
  digest('to_sha1', '5.0', sha1),
  digest('to_sha256', '5.0', sha256),
];
