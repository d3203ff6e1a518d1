/** `suricata.ntp`: version, mode, stratum and reference of an NTP message. */
import { type Functions, type LibraryTools, text } from './library-tools.ts';

export function ntpLibrary(tools: LibraryTools): Functions {
  return {
    get_tx: tools.transaction('ntp', () => ({
      version: ({ version }) => [text(version)],
      mode: ({ mode }) => [text(mode)],
      stratum: ({ stratum }) => [text(stratum)],
      reference_id: () => [tools.buffer('ntp.reference_id')],
    })),
  };
}
