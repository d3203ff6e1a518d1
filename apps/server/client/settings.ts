/** Settings of the engine in the page: the defaults with the networks and classes that the page was given. */
import { DEFAULT_SETTINGS, type EngineSettings } from '@sigwright/contracts';
import type { PageSettings } from './messages.ts';

export function engineSettings({ networks, classifications }: PageSettings): EngineSettings {
  return {
    ...DEFAULT_SETTINGS,
    // Captures are often taken where checksums are left to the network card.
    verifyChecksums: false,
    addressGroups: { ...DEFAULT_SETTINGS.addressGroups, ...networks },
    classifications: new Map(classifications.map((one) => [one.name, one])),
  };
}
