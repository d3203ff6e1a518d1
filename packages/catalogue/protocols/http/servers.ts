/** Settings of HTTP for single servers (`libhtp: server-config` of a suricata.yaml). */
import { type AddressRange, compareWords, parseRange } from '@sigwright/bytes';
import type { EngineSettings, Flow } from '@sigwright/contracts';

interface Server {
  readonly range: AddressRange;
  readonly settings: EngineSettings;
}

/** Networks are read once. */
const read = new WeakMap<EngineSettings, readonly Server[]>();

export function settingsFor(settings: EngineSettings, { destination, ipVersion }: Flow): EngineSettings {
  if (settings.httpServers.length === 0) return settings;
  let best: Server | undefined;
  for (const server of serversOf(settings)) {
    const { range } = server;
    if (range.version !== ipVersion || compareWords(destination, range.from) < 0 || compareWords(destination, range.to) > 0) continue;
    const isNarrower = best === undefined || (compareWords(range.from, best.range.from) >= 0 && compareWords(range.to, best.range.to) <= 0);
    if (isNarrower) best = server;
  }
  return best?.settings ?? settings;
}

function serversOf(settings: EngineSettings): readonly Server[] {
  const known = read.get(settings);
  if (known !== undefined) return known;
  const servers = settings.httpServers.flatMap(({ networks, http }) => {
    const own = { ...settings, http };
    return networks.flatMap((network) => {
      const range = parseRange(network);
      return range === undefined ? [] : [{ range, settings: own }];
    });
  });
  read.set(settings, servers);
  return servers;
}
