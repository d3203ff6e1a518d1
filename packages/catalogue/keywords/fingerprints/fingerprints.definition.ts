/** Fingerprints of hellos, in TLS over TCP and in QUIC over UDP. Suricata user guide, "JA3/JA4 Keywords". */
import { asKeywords, keyword } from '@sigwright/contracts';
import { none } from '../../arguments/index.ts';

interface Fingerprint {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly since: string;
  readonly summary: string;
}

const FINGERPRINTS: readonly Fingerprint[] = [
  { name: 'ja3.hash', aliases: ['ja3_hash'], since: '4.1', summary: 'JA3 of the client' },
  { name: 'ja3.string', aliases: ['ja3_string'], since: '4.1', summary: 'what JA3 is the digest of' },
  { name: 'ja3s.hash', since: '5.0', summary: 'JA3S of the server' },
  { name: 'ja3s.string', since: '5.0', summary: 'what JA3S is the digest of' },
  { name: 'ja4.hash', aliases: ['ja4_hash'], since: '8.0', summary: 'JA4 of the client' },
];

/** Headers of rules that can only be about QUIC; others are about TLS. */
const OVER_UDP = new Set(['quic', 'udp']);

export const keywords = asKeywords(
  ...FINGERPRINTS.map(({ name, aliases, since, summary }) =>
    keyword({
      name,
      ...(aliases === undefined ? {} : { aliases }),
      family: 'fingerprints',
      since,
      summary,
      kind: 'sticky-buffer' as const,
      argument: none(),
      examples: [`${name}; content:"abc";`],
      broken: [{ options: `${name}:1;`, code: `${name}/argument` }],
      apply(_none, builder) {
        if (!builder.settings.tls.fingerprints[name.startsWith('ja4') ? 'ja4' : 'ja3']) {
          builder.problem('disabled', 'the configuration says not to make this fingerprint');
          return;
        }
        const [header] = builder.rule.protocol.split(':');
        builder.selectBuffer(OVER_UDP.has(header) ? `quic.${name}` : name);
      },
    }),
  ),
);
