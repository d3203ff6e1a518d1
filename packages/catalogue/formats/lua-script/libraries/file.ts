/** `suricata.file`: the file that a script is asked about. */
import type { Functions, LibraryTools } from './library-tools.ts';

export function fileLibrary(tools: LibraryTools): Functions {
  return {
    get_file() {
      const file = tools.host.context?.file;
      if (file === undefined) return [undefined, 'error: no file here'];
      return [
        tools.value('suricata:file', file, () => ({
          file_id: (one) => [one.id],
          tx_id: () => [tools.host.context?.transaction?.id],
          name: (one) => [one.name],
          size: (one) => [one.size],
          magic: (one) => [one.digests['magic']],
          md5: (one) => [one.digests['md5']],
          sha1: (one) => [one.digests['sha1']],
          sha256: (one) => [one.digests['sha256']],
          get_state: (one) => [one.state === 'OPEN' ? 'OPENED' : one.state],
          is_stored: (one) => [one.isStored],
        })),
      ];
    },
  };
}
