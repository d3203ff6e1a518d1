/** What rules see of DNS. Suricata user guide, "DNS Keywords". */
import { asKeywords, type BufferDefinition, type Direction, type KeywordDefinition, keyword, TO_CLIENT, TO_SERVER } from '@sigwright/contracts';
import { comparison } from '../../arguments/index.ts';
import { describeSeveral, holdsForSeveral, severalNumbers } from '../../arguments/several-numbers.ts';
import { type DnsMessage, opcodeOf, responseCodeOf } from '../../formats/dns-message/dns-message.ts';
import { type DnsTransaction, MESSAGE_READ, nameBuffer, sectionBuffers, stickyKeywords } from '../../formats/dns-message/dns-transaction.ts';
import { RECORD_TYPES, RESPONSE_CODES } from '../../formats/dns-message/tables.ts';

const BOTH: readonly Direction[] = [TO_SERVER, TO_CLIENT];

export const buffers: readonly BufferDefinition[] = [
  nameBuffer('dns', 'dns.query', 'names asked for', [TO_SERVER], (one, index) => one.message.questions[index]?.name),
  ...sectionBuffers('dns'),
];

/** Names that 8.0 had before its release; rules written then are still about. */
const ALIASES: Readonly<Record<string, readonly string[]>> = {
  'dns.query': ['dns_query'],
  'dns.queries.rrname': ['dns.query.name'],
  'dns.answers.rrname': ['dns.answer.name'],
};

function numberKeyword(
  name: string,
  since: string,
  summary: string,
  most: number,
  numbers: (message: DnsMessage) => readonly number[],
  named: Readonly<Record<string, number>> = {},
): KeywordDefinition<never> {
  const nameOf = new Map(Object.entries(named).map(([word, number]) => [number, `${word} (${number})`]));
  return keyword({
    name,
    family: 'dns',
    since,
    summary,
    kind: 'condition',
    protocol: 'dns',
    argument: severalNumbers(comparison(0, most, named)),
    examples: [`${name}:1;`, `${name}:!1;`, `${name}:2-5;`],
    broken: [
      { options: `${name}:x y;`, code: `${name}/argument` },
      { options: `${name}:${most + 1};`, code: `${name}/argument` },
    ],
    apply(wanted, builder) {
      builder.addTransaction({
        keyword: name,
        describes: `${summary}: ${describeSeveral(wanted)}`,
        protocol: 'dns',
        progress: MESSAGE_READ,
        directions: BOTH,
        test: (transaction) => holdsForSeveral(wanted, numbers((transaction as DnsTransaction).message)),
        measured(transaction) {
          const found = [...new Set(numbers((transaction as DnsTransaction).message))];
          const words = found.map((one) => nameOf.get(one) ?? String(one)).join(', ');
          return found.length === 1 ? { words: `it is ${words}`, value: found[0] } : { words: found.length === 0 ? 'there is none' : `they are ${words}` };
        },
      });
    },
  });
}

const numbersByName = (table: Readonly<Record<number, string>>, most: number): Record<string, number> =>
  Object.fromEntries(
    Object.entries(table)
      .filter(([number]) => Number(number) <= most)
      .map(([number, name]) => [name.toLowerCase(), Number(number)]),
  );

const MOST_CODE = 15;

export const keywords = asKeywords(
  ...stickyKeywords('dns', buffers, (name) => (name === 'dns.query' ? '5.0' : '8.0'), ALIASES),
  numberKeyword('dns.opcode', '5.0', 'the operation', 255, (message) => [opcodeOf(message.flags)]),
  numberKeyword('dns.rcode', '7.0', 'the response code', 255, (message) => [responseCodeOf(message.flags)], numbersByName(RESPONSE_CODES, MOST_CODE)),
  numberKeyword(
    'dns.rrtype',
    '7.0',
    'a type asked for or answered',
    65_535,
    ({ questions, answers }) => [...questions, ...answers].map((one) => one.type),
    numbersByName(RECORD_TYPES, 65_535),
  ),
);
