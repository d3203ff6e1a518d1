/** `suricata.ssh`: versions, software and HASSH of both sides. */
import type { Value } from '@sigwright/lua';
import { type Functions, type LibraryTools, text } from './library-tools.ts';

export function sshLibrary(tools: LibraryTools): Functions {
  const side = (record: Record<string, unknown>, name: string): Record<string, unknown> => (record[name] ?? {}) as Record<string, unknown>;
  const hassh = (of: Record<string, unknown>, part: string): Value => text((of['hassh'] as Record<string, unknown> | undefined)?.[part]);
  return {
    // Made where a script asks for it, as `askedFingerprints` finds.
    enable_hassh: () => [],
    get_tx: tools.transaction('ssh', () => ({
      client_proto: (record) => [text(side(record, 'client')['proto_version'])],
      server_proto: (record) => [text(side(record, 'server')['proto_version'])],
      client_software: (record) => [text(side(record, 'client')['software_version'])],
      server_software: (record) => [text(side(record, 'server')['software_version'])],
      client_hassh: (record) => [hassh(side(record, 'client'), 'hash')],
      server_hassh: (record) => [hassh(side(record, 'server'), 'hash')],
      client_hassh_string: (record) => [hassh(side(record, 'client'), 'string')],
      server_hassh_string: (record) => [hassh(side(record, 'server'), 'string')],
    })),
  };
}
