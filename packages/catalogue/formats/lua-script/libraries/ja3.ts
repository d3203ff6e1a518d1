/** `suricata.ja3`: JA3 and JA3S of TLS and of QUIC. */
import type { Value } from '@sigwright/lua';
import type { Functions, LibraryTools, Methods } from './library-tools.ts';

export function ja3Library(tools: LibraryTools): Functions {
  const methods = (): Methods<Record<string, unknown>> => ({
    ja3_get_hash: fingerprint(tools, 'ja3.hash', 'quic.ja3.hash'),
    ja3_get_string: fingerprint(tools, 'ja3.string', 'quic.ja3.string'),
    ja3s_get_hash: fingerprint(tools, 'ja3s.hash', 'quic.ja3s.hash'),
    ja3s_get_string: fingerprint(tools, 'ja3s.string', 'quic.ja3s.string'),
  });
  return {
    enable_ja3: () => [],
    get_tx() {
      const { context } = tools.host;
      const spoken = context?.flow?.applicationProtocol;
      if (context?.transaction === undefined || (spoken !== 'tls' && spoken !== 'quic')) return [undefined, 'error: no tls or quic transaction here'];
      return [tools.value('suricata:ja3', {}, methods)];
    },
  };
}

/** The same of TLS and of QUIC. */
const fingerprint = (tools: LibraryTools, ...names: readonly string[]) => {
  return (): readonly Value[] => [names.map((name) => tools.buffer(name)).find((one) => one !== undefined)];
};
