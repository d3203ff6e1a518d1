/**
 * In which directions a rule can be true: those in which everything that it looks at exists, and no other than `flow:` names.
 * Rules with `=>` look at request and response together (Suricata user guide, "Rules Format", transactional rules).
 */
import { entryOf } from '@sigwright/bytes';
import { type Direction, type Fix, type Rule, TO_CLIENT, TO_SERVER } from '@sigwright/contracts';
import type { RuleDiagnostics } from './rule-diagnostics.ts';
import type { RuleParts } from './rule-parts.ts';
import type { RuleTests } from './rule-tests.ts';

const BOTH: readonly Direction[] = [TO_SERVER, TO_CLIENT];
const TURNED: Readonly<Record<string, string>> = { to_server: 'to_client', from_client: 'from_server', to_client: 'to_server', from_server: 'from_client' };

/** Something that the rule looks at, and the directions in which it is there. */
interface Asked {
  readonly name: string;
  readonly directions: readonly Direction[];
}

/** Undefined: there is none, which was reported. */
export function directionsOf(
  parts: RuleParts,
  tests: RuleTests,
  ofFlow: Direction | undefined,
  diagnostics: RuleDiagnostics,
): readonly Direction[] | undefined {
  const asked: readonly Asked[] = [
    ...tests.bufferTests.map(({ buffer }) => buffer),
    ...parts.transactionConditions.map(({ keyword, directions }) => ({ name: keyword, directions })),
  ];
  return parts.rule.direction === '=>' ? requestAndResponse(parts.rule, asked, ofFlow, diagnostics) : commonTo(parts.rule, asked, ofFlow, diagnostics);
}

function commonTo(rule: Rule, asked: readonly Asked[], ofFlow: Direction | undefined, { refuse }: RuleDiagnostics): readonly Direction[] | undefined {
  let directions = ofFlow === undefined ? BOTH : [ofFlow];
  for (const one of asked) {
    directions = directions.filter((direction) => one.directions.includes(direction));
    if (directions.length > 0) continue;
    refuse(
      'rule/direction',
      `\`${one.name}\` does not exist in the direction that the rule looks at`,
      rule.protocolSpan,
      'correct `flow:` or move the condition into a rule for the other direction',
      undefined,
      turned(rule),
    );
    return undefined;
  }
  return directions;
}

/** The option that names a direction, with the other one. */
function turned(rule: Rule): Fix | undefined {
  for (const { name, value, valueSpan } of rule.options) {
    const words = value?.split(',').map((word) => word.trim()) ?? [];
    if (!words.some((word) => entryOf(TURNED, word) !== undefined)) continue;
    const text = words.map((word) => entryOf(TURNED, word) ?? word).join(',');
    return { title: `write \`${name}:${text}\``, safe: false, edits: [{ span: valueSpan, text }] };
  }
  return undefined;
}

/** `=>`: decided when the response is looked at. Each condition must say by itself which of the two it is for. */
function requestAndResponse(
  rule: Rule,
  asked: readonly Asked[],
  ofFlow: Direction | undefined,
  diagnostics: RuleDiagnostics,
): readonly Direction[] | undefined {
  const refuse = (code: string, title: string, help: string): undefined => {
    diagnostics.refuse(`rule/${code}`, title, rule.protocolSpan, help);
    return undefined;
  };
  if (ofFlow !== undefined) return refuse('both-and-one', '`=>` looks at both directions, `flow` names one', 'leave the direction out of `flow`');
  const unclear = asked.find(({ directions }) => directions.length > 1);
  if (unclear !== undefined) {
    return refuse('both-unclear', `\`${unclear.name}\` exists in both directions: with \`=>\` nothing says which is meant`, 'use keywords of one direction');
  }
  for (const direction of BOTH) {
    if (asked.some(({ directions }) => directions[0] === direction)) continue;
    const side = direction === TO_SERVER ? 'request' : 'response';
    return refuse('both-but-one', `\`=>\` looks at request and response, but no condition is for the ${side}`, 'add one, or write `->`');
  }
  return [TO_CLIENT];
}
