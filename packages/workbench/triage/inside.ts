/** Which addresses are ours: a list of networks, as HOME_NET is written. */
import { type AddressSet, parseAddress } from '@sigwright/bytes';
import { DEFAULT_SETTINGS } from '@sigwright/contracts';
import { HeaderResolver } from '@sigwright/detection';

/** Of IPv6, what is never routed on the internet: as the private networks are of IPv4. */
const PRIVATE_IPV6 = 'fc00::/7,fe80::/10';

/** A test for addresses of ours; undefined where the text is no list of networks. Without any: private addresses. */
export function insideOf(networks: string | undefined): ((address: string) => boolean) | undefined {
  const text = networks ?? `[${DEFAULT_SETTINGS.addressGroups['HOME_NET']},${PRIVATE_IPV6}]`;
  const resolver = new HeaderResolver({ ...DEFAULT_SETTINGS, addressGroups: { ...DEFAULT_SETTINGS.addressGroups, HOME_NET: text } });
  let set: AddressSet | undefined;
  try {
    set = resolver.fromFields(['ip', '$HOME_NET', 'any', '->', 'any', 'any']).source;
  } catch {
    return undefined;
  }
  return (address) => {
    const parsed = parseAddress(address);
    return parsed !== undefined && (set === undefined || set.contains(parsed.words, parsed.version));
  };
}
