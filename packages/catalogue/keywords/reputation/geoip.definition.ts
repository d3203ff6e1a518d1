/** `geoip`: countries of the packet's IPv4 addresses, from the database that the configuration names. Suricata user guide, "IP Keywords". */
import { asKeywords, type Countries, keyword, type Packet } from '@sigwright/contracts';
import { custom } from '../../arguments/index.ts';

const SIDES = ['src', 'dst', 'dest', 'both', 'any'] as const;
type Side = (typeof SIDES)[number];

interface Wanted {
  readonly side: Side;
  readonly countries: readonly string[];
  /** none of them */
  readonly negated: boolean;
}

function holds(countries: Countries, { side, countries: wanted, negated }: Wanted, packet: Packet): boolean {
  if (packet.ipVersion !== 4) return false;
  const fits = (words: Uint32Array): boolean => {
    const country = countries.country(words, 4);
    return country !== undefined && wanted.includes(country) !== negated;
  };
  switch (side) {
    case 'src':
      return fits(packet.source);
    case 'dst':
    case 'dest':
      return fits(packet.destination);
    case 'both':
      return fits(packet.source) && fits(packet.destination);
    case 'any':
      return fits(packet.source) || fits(packet.destination);
  }
}

export const keywords = asKeywords(
  keyword({
    name: 'geoip',
    family: 'reputation',
    since: '1.4',
    summary: 'country of the addresses',
    kind: 'condition',
    argument: custom(
      '[<any|both|src|dst>,][!]<country>[,<country>…]',
      ['src,RU', 'any,CN,IR'],
      (written): { value: Wanted } | { problem: string; help?: string } => {
        const parts = written.split(',').map((part) => part.trim());
        const named = SIDES.find((side) => side === parts[0]);
        const side = named ?? 'any';
        const codes = named === undefined ? parts : parts.slice(1);
        const negated = codes[0]?.startsWith('!') === true;
        const countries = codes.map((code) => code.replace(/^!\s*/, ''));
        if (countries.length === 0) return { problem: 'the country is missing' };
        const wrong = countries.find((code) => !/^[A-Z]{2}$/.test(code));
        if (wrong !== undefined) return { problem: `\`${wrong}\` is no country`, help: 'write two capitals, as DE' };
        return { value: { side, countries, negated } };
      },
    ),
    examples: [],
    broken: [
      { options: 'geoip:src,Germany;', code: 'geoip/argument' },
      { options: 'geoip:src,DE;', code: 'geoip/no-database' },
    ],
    apply(wanted, builder) {
      const { countries } = builder.settings;
      if (countries === undefined) {
        builder.problem('no-database', 'no database of countries is there', 'name a MaxMind DB as `geoip-database` in the configuration');
        return;
      }
      builder.addPacket({
        keyword: 'geoip',
        describes: `${wanted.side} address ${wanted.negated ? 'not ' : ''}in ${wanted.countries.join(', ')}`,
        cost: 8,
        test: (packet) => holds(countries, wanted, packet),
      });
    },
  }),
);
