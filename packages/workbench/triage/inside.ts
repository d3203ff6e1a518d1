/** Which addresses are ours: a list of networks, as HOME_NET is written. */
import { type AddressSet, parseAddress } from '@sigwright/bytes';
import { DEFAULT_SETTINGS } from '@sigwright/contracts';
import { HeaderResolver } from '@sigwright/detection';

/** A test for addresses of ours; undefined where the text is no list of networks. */
export function insideOf(networks: string | undefined): ((address: string) => boolean) | undefined {
  const text = networks ?? DEFAULT_SETTINGS.addressGroups['HOME_NET'];
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
