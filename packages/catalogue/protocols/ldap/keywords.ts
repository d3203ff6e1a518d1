/** What rules see of LDAP. Suricata user guide, "LDAP Keywords". */
import { fromLatin1 } from '@sigwright/bytes';
import { type ArgumentGrammar, asKeywords, type KeywordDefinition, keyword, TO_CLIENT, TO_SERVER } from '@sigwright/contracts';
import { compares, comparison, describeComparison } from '../../arguments/index.ts';
import { describeSeveral, holdsForSeveral, needsWholeList, type SeveralNumbers, severalNumbers } from '../../arguments/several-numbers.ts';
import { textBuffers } from '../../formats/messages/text-buffers.ts';
import { ANSWER_BEGUN, ANSWER_COMPLETE, COMPLETE, type LdapTransaction } from './session.ts';
import { OPERATIONS, RESULT_CODES } from './wire.ts';

const text = (value: string | undefined): Uint8Array | undefined => (value === undefined ? undefined : fromLatin1(value));
const filled = (value: string | undefined): boolean => value !== undefined && value !== '';

/** `dn` or an attribute of any response: instances count through all of them. */
function nth(lists: readonly (readonly string[])[], index: number): string | undefined {
  let left = index;
  for (const list of lists) {
    if (left < list.length) return list[left];
    left -= list.length;
  }
  return undefined;
}

const { buffers, keywords: sticky } = textBuffers<LdapTransaction>('ldap', [
  {
    name: 'ldap.request.dn',
    summary: 'name that a request is about',
    since: '8.0',
    directions: [TO_SERVER],
    read: (one) => (filled(one.request?.name) ? text(one.request?.name) : undefined),
  },
  {
    name: 'ldap.responses.dn',
    summary: 'name in a response',
    since: '8.0',
    directions: [TO_CLIENT],
    progress: ANSWER_COMPLETE,
    multiple: true,
    read: (one, index) => text(one.responses.filter((response) => filled(response.name))[index]?.name),
  },
  {
    name: 'ldap.responses.message',
    summary: 'message of a result',
    since: '8.0',
    directions: [TO_CLIENT],
    progress: ANSWER_COMPLETE,
    multiple: true,
    read: (one, index) => text(one.responses.filter((response) => filled(response.result?.message))[index]?.result?.message),
  },
  {
    name: 'ldap.request.attribute_type',
    summary: 'an attribute that a request names',
    since: '8.0',
    directions: [TO_SERVER],
    multiple: true,
    read: (one, index) => text(one.request?.attributes[index]),
  },
  {
    name: 'ldap.responses.attribute_type',
    summary: 'an attribute in a response',
    since: '8.0',
    directions: [TO_CLIENT],
    progress: ANSWER_COMPLETE,
    multiple: true,
    read: (one, index) =>
      text(
        nth(
          one.responses.map((response) => response.attributes),
          index,
        ),
      ),
  },
]);

export { buffers };

const MOST_OPERATION = 255;
const MOST_CODE = 4_294_967_295;

const byName = (table: Readonly<Record<number, string>>): Record<string, number> =>
  Object.fromEntries(Object.entries(table).map(([number, name]) => [name, Number(number)]));

/** A first entry counts before the last has come, where it alone decides. */
const fromWhich = (wanted: SeveralNumbers): number => (needsWholeList(wanted) ? ANSWER_COMPLETE : ANSWER_BEGUN);

function condition<Value>(
  name: string,
  summary: string,
  argument: ArgumentGrammar<Value>,
  example: string,
  direction: 0 | 1,
  describe: (wanted: Value) => string,
  test: (wanted: Value, transaction: LdapTransaction) => boolean,
  progress: (wanted: Value) => number = () => COMPLETE[direction],
): KeywordDefinition<never> {
  return keyword<Value>({
    name,
    family: 'ldap',
    since: '8.0',
    summary,
    kind: 'condition',
    protocol: 'ldap',
    argument,
    examples: [`${name}:1;`, `${name}:${example};`],
    broken: [{ options: `${name}:no such;`, code: `${name}/argument` }],
    apply(wanted, builder) {
      builder.addTransaction({
        keyword: name,
        describes: `${summary}: ${describe(wanted)}`,
        protocol: 'ldap',
        progress: progress(wanted),
        settledAt: COMPLETE[direction],
        directions: [direction],
        test: (transaction) => test(wanted, transaction as LdapTransaction),
      });
    },
  });
}

export const keywords = asKeywords(
  ...sticky,
  condition(
    'ldap.request.operation',
    'operation of the request',
    comparison(0, MOST_OPERATION, byName(OPERATIONS)),
    'search_request',
    TO_SERVER,
    describeComparison,
    (wanted, { request }) => request !== undefined && compares(wanted, request.number),
  ),
  condition(
    'ldap.responses.operation',
    'operation of a response',
    severalNumbers(comparison(0, MOST_OPERATION, byName(OPERATIONS))),
    'search_result_done,-1',
    TO_CLIENT,
    describeSeveral,
    (wanted, { responses }) =>
      holdsForSeveral(
        wanted,
        responses.map((one) => one.number),
      ),
    fromWhich,
  ),
  condition('ldap.responses.count', 'number of responses', comparison(0, MOST_CODE), '>1', TO_CLIENT, describeComparison, (wanted, { responses }) =>
    compares(wanted, responses.length),
  ),
  condition(
    'ldap.responses.result_code',
    'code of a result',
    severalNumbers(comparison(0, MOST_CODE, byName(RESULT_CODES))),
    'invalid_credentials,0',
    TO_CLIENT,
    describeSeveral,
    (wanted, { responses }) =>
      holdsForSeveral(
        wanted,
        responses.map((one) => one.result?.code),
      ),
    fromWhich,
  ),
);
