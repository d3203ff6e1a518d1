/** `suricata.tls`: versions, certificates and server name of a TLS handshake. */
import { latin1 } from '@sigwright/bytes';
import { type Direction, TO_CLIENT, TO_SERVER } from '@sigwright/contracts';
import type { Value } from '@sigwright/lua';
import { type Certificate, certificateFingerprint, readCertificate } from '../../x509/x509.ts';
import { type Functions, type LibraryTools, type Methods, text } from './library-tools.ts';

export function tlsLibrary(tools: LibraryTools): Functions {
  const shownVersion = ({ version }: Record<string, unknown>): readonly Value[] => [text(version)];
  const chain = (direction: Direction): readonly Uint8Array[] => tools.buffers('tls.certs', direction);
  const first = (direction: Direction): Certificate | undefined => {
    const [own] = chain(direction);
    return own === undefined ? undefined : readCertificate(own);
  };
  const of = (side: 'client' | 'server', direction: Direction): Methods<Record<string, unknown>> => ({
    [`get_${side}_version`]: shownVersion,
    [`get_${side}_cert_chain`]: () => [
      chain(direction).length === 0 ? undefined : tools.table(chain(direction).map((one) => ({ data: latin1(one), length: one.length }))),
    ],
    [`get_${side}_cert_info`](record) {
      const [own] = chain(direction);
      if (own === undefined) return [undefined, `error: no certificate of the ${side} here`];
      const { subject, issuer } = readCertificate(own);
      return [text(record['version']), subject, issuer, certificateFingerprint(own)];
    },
    [`get_${side}_serial`]: () => [first(direction)?.serial],
    [`get_${side}_subject`]: () => [first(direction)?.subject],
    [`get_${side}_cert_not_before`]: () => [first(direction)?.notBefore],
    [`get_${side}_cert_not_after`]: () => [first(direction)?.notAfter],
  });
  const name = ({ sni }: Record<string, unknown>): readonly Value[] => [text(sni)];
  return {
    get_tx: tools.transaction('tls', () => ({ ...of('client', TO_SERVER), ...of('server', TO_CLIENT), get_client_sni: name, get_sni: name })),
  };
}
