/** What can be wrong with a rule whose options are right one by one: its action, where it stands, and conditions beside each other. */
import type { Catalogue, Contradiction, Rule, Span } from '@sigwright/contracts';
import { absentContradiction, contradictionsOf } from './contradictions.ts';
import type { RuleHook } from './hook.ts';
import type { RuleDiagnostics } from './rule-diagnostics.ts';
import type { RuleParts } from './rule-parts.ts';
import type { RuleTests } from './rule-tests.ts';

/** Fields that each packet has anew. */
const PACKET_FIELDS: ReadonlySet<string> = new Set([
  ...['dsize', 'ttl', 'id', 'fragbits', 'fragoffset', 'ipopts'],
  ...['tcp.flags', 'tcp.seq', 'tcp.ack', 'tcp.window'],
  ...['itype', 'icode', 'icmp_id', 'icmp_seq'],
]);

/** Do action, its scope and the hook fit each other, in a rule that is none of the firewall? */
export function checkAction({ action, scope, furtherActions, protocolSpan }: Rule, hook: RuleHook | undefined, { refuse }: RuleDiagnostics): void {
  if (action === 'accept') refuse('rule/accept', '`accept` is an action of firewall rules', protocolSpan, 'write `pass`');
  if (furtherActions.length > 0) refuse('rule/several-actions', 'several actions are for firewall rules', protocolSpan, 'leave the first one');
  if (scope === 'tx' || scope === 'hook')
    refuse('rule/scope', `\`${action}:${scope}\` is for firewall rules`, protocolSpan, `write \`${action}:packet\` or \`${action}:flow\``);
  if (hook?.of === 'packet' && hook.name.startsWith('pre_') && (action !== 'config' || hook.name !== 'pre_flow'))
    refuse('rule/firewall-hook', `\`${hook.name}\` is a hook of firewall rules`, protocolSpan);
  if (hook?.of === 'transaction' && hook.andBefore) refuse('rule/firewall-hook', 'hooks with `<` are for firewall rules', protocolSpan);
}

/** Do actions, their scopes and the hook fit each other, in a rule of the firewall? */
export function checkFirewallActions({ action, scope, furtherActions, protocolSpan }: Rule, hook: RuleHook | undefined, diagnostics: RuleDiagnostics): void {
  const refuse = (code: string, title: string, help?: string): void => diagnostics.refuse(`rule/${code}`, title, protocolSpan, help);
  if (action === 'alert' || action === 'pass')
    refuse('firewall-action', `\`${action}\` can not be what a firewall rule does first`, 'write `accept:…` or `drop:…` first');
  if (scope === undefined) refuse('firewall-scope', 'a firewall rule says what its action is about', `write \`${action}:packet\` or \`${action}:flow\``);
  if (hook === undefined && !diagnostics.refused)
    refuse('firewall-hook', 'a firewall rule says where it stands', 'write a hook behind the protocol, such as `tcp:all`');
  if (action !== 'accept' && (scope === 'tx' || scope === 'hook')) refuse('scope', `\`${scope}\` is no scope of \`${action}\``);
  if (scope === 'tx' && hook?.of === 'packet') refuse('scope', 'packets have no transaction', 'write `accept:hook`, `accept:packet` or `accept:flow`');
  for (const further of furtherActions) {
    if (further.action !== 'alert' && further.action !== 'pass') refuse('firewall-action', `\`${further.action}\` can not follow another action`);
    else if (further.scope === 'tx' || further.scope === 'hook') refuse('scope', `\`${further.scope}\` is no scope of \`${further.action}\` here`);
  }
}

/** A packet can only be left without a flow before it has one; a transaction has to be there. */
export function checkConfig({ rule, config }: RuleParts, hook: RuleHook | undefined, { refuse }: RuleDiagnostics): void {
  if (config !== 'packet-untracked' || (hook?.of === 'packet' && hook.name === 'pre_flow')) return;
  refuse('config/hook', '`tracking disable` is for packets that have no flow yet', rule.protocolSpan, 'write `:pre_flow` behind the protocol');
}

/** Can buffers be there, or be absent, as they are asked to? */
export function checkBuffers({ rule, buffers }: RuleParts, protocols: readonly string[] | undefined, catalogue: Catalogue, diagnostics: RuleDiagnostics): void {
  for (const test of buffers) {
    const { buffer, absent } = test;
    tell('absent', absentContradiction(test, absent), rule, catalogue, diagnostics);
    if (buffer.of !== 'transaction' || buffer.ofFiles !== true || protocols === undefined) continue;
    // Those behind the first carry it: files that they have besides are not its own.
    if (catalogue.protocols.get(protocols[0])?.carriesFiles === true) continue;
    diagnostics.refuse('rule/no-files', `${protocols[0]} carries no files, so \`${buffer.name}\` is never there`, rule.protocolSpan);
  }
}

/** Can conditions on the same bytes be true together? */
export function checkContradictions(parts: RuleParts, catalogue: Catalogue, diagnostics: RuleDiagnostics): void {
  const payload = { buffer: undefined, transforms: [], conditions: parts.payload };
  for (const place of [payload, ...parts.buffers])
    for (const [keyword, found] of contradictionsOf(place, parts.packetConditions)) tell(keyword, found, parts.rule, catalogue, diagnostics);
}

/** Transactions come of many packets, so nothing can be asked about the one packet that carries them. */
export function checkPacketFields(parts: RuleParts, tests: RuleTests, catalogue: Catalogue, { refuse }: RuleDiagnostics): void {
  const field = parts.packetConditions.find(({ keyword }) => PACKET_FIELDS.has(keyword));
  if (field === undefined || !tests.ofTransaction) return;
  const asked = tests.bufferTests.length > 0 || parts.anomalies.length > 0 || parts.transactionConditions.some(({ keyword }) => keyword !== 'hook');
  if (!asked) return;
  refuse(
    'rule/packet-and-transaction',
    `\`${field.keyword}\` is about one packet, other options about what an application protocol transmits`,
    spanOf(field.keyword, parts.rule, catalogue),
    'write a rule for each, and tie them with `flowbits`',
  );
}

function tell(keyword: string, found: Contradiction | undefined, rule: Rule, catalogue: Catalogue, { refuse }: RuleDiagnostics): void {
  if (found !== undefined) refuse(`${keyword}/${found.code}`, found.title, spanOf(keyword, rule, catalogue), found.help, found.facts);
}

/** Where the keyword stands (under any of its names); the whole rule where it stands nowhere. */
function spanOf(keyword: string, rule: Rule, { keywords }: Catalogue): Span {
  const option = rule.options.find(({ name }) => name === keyword || keywords.get(name)?.name === keyword);
  return option?.span ?? rule.protocolSpan;
}
