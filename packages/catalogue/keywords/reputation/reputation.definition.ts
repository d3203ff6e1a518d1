/** `iprep`: reputation of the packet's addresses, from the lists that the configuration names. Suricata user guide, "IP Reputation Keyword". */
import { asKeywords, keyword, type Packet, type Reputation } from '@sigwright/contracts';
import { custom, numberIn } from '../../arguments/index.ts';

const SIDES = ['any', 'src', 'dst', 'both'] as const;
const OPERATORS = ['<', '>', '=', '<=', '>=', '!='] as const;
const HIGHEST = 127;

type Operator = (typeof OPERATORS)[number] | 'isset' | 'isnotset';

function holds(score: number | undefined, operator: Operator, value: number): boolean {
  if (operator === 'isset') return score !== undefined;
  if (operator === 'isnotset') return score === undefined;
  if (score === undefined) return false;
  switch (operator) {
    case '<':
      return score < value;
    case '>':
      return score > value;
    case '=':
      return score === value;
    case '<=':
      return score <= value;
    case '>=':
      return score >= value;
    case '!=':
      return score !== value;
  }
}

function test(reputation: Reputation, side: (typeof SIDES)[number], category: string, operator: Operator, value: number, packet: Packet): boolean {
  if (packet.ipVersion === 0) return false;
  const source = (): boolean => holds(reputation.score(packet.source, packet.ipVersion, category), operator, value);
  const destination = (): boolean => holds(reputation.score(packet.destination, packet.ipVersion, category), operator, value);
  switch (side) {
    case 'src':
      return source();
    case 'dst':
      return destination();
    case 'both':
      return source() && destination();
    case 'any':
      return source() || destination();
  }
}

export const keywords = asKeywords(
  keyword({
    name: 'iprep',
    family: 'reputation',
    since: '1.4',
    summary: 'reputation of the addresses in a category',
    kind: 'condition',
    argument: custom('<any|src|dst|both>,<category>,<operator>,<score> or <…>,<isset|isnotset>', ['any,BadHosts,>,10', 'src,BadHosts,isset'], (written) => {
      const [side, category, operator, score] = written.split(',').map((part) => part.trim());
      if (!SIDES.includes(side as 'any')) return { problem: `\`${side}\` is no side`, help: `write ${SIDES.join(', ')}` };
      if (category === undefined || category === '') return { problem: 'the category is missing' };
      if (operator === 'isset' || operator === 'isnotset') return { value: { side: side as 'any', category, operator: operator as Operator, score: 0 } };
      if (!OPERATORS.includes(operator as '<')) return { problem: `\`${operator ?? ''}\` is no operator` };
      const value = numberIn(score ?? '');
      if (value === undefined || value < 0 || value > HIGHEST) return { problem: `the score is no number from 0 to ${HIGHEST}` };
      return { value: { side: side as 'any', category, operator: operator as Operator, score: value } };
    }),
    examples: [],
    broken: [{ options: 'iprep:nobody,BadHosts,>,10;', code: 'iprep/argument' }],
    apply({ side, category, operator, score }, builder) {
      const { reputation } = builder.settings;
      if (reputation === undefined || !reputation.categories.has(category)) {
        builder.problem(
          'unknown-category',
          `category \`${category}\` is in no reputation file`,
          'name `reputation-categories-file` and `reputation-files` in the configuration',
        );
        return;
      }
      builder.addPacket({
        keyword: 'iprep',
        describes: `${side} ${category} ${operator} ${score}`,
        cost: 8,
        addressesOnly: true,
        test: (packet) => test(reputation, side, category, operator, score, packet),
      });
    },
  }),
);
