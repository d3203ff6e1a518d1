/** Parts of a rule that hold together → the compiled rule: where it looks, when it is decided, and what a match does. */
import type { BytesCondition, Rule, StateOperation } from '@sigwright/contracts';
import type { CompiledRule } from './compiled-rule.ts';
import { namesDirectionOnly } from './flow-demands.ts';
import { headerWord, PACKET_PROTOCOLS } from './header.ts';
import { choosePrefilter } from './prefilter-choice.ts';
import type { RuleCompiler } from './rule-compiler.ts';
import type { RuleParts } from './rule-parts.ts';
import type { RuleTests } from './rule-tests.ts';

/** Priority of a rule that says none and whose class is not classified. */
const DEFAULT_PRIORITY = 3;

/** What was found out about the rule as a whole. */
export type RuleFindings = Pick<CompiledRule, 'hook' | 'header' | 'protocols' | 'flow' | 'directions'>;

export function assembleRule(parts: RuleParts, tests: RuleTests, found: RuleFindings, { settings, firewall }: RuleCompiler): CompiledRule {
  const { rule, payload } = parts;
  const { bufferTests, packetBufferTests, frameTests, ofTransaction } = tests;
  const { inPacket, inStream, onlyInStream } = payloadPlaces(parts);
  const { addressesOnly, protocolOnly, ofFlow } = decidedWhen(parts, tests, found);
  const changes = parts.states.filter(changesState);
  return {
    index: -1,
    text: rule.text,
    gid: rule.gid,
    sid: rule.sid,
    rev: rule.rev,
    message: rule.message,
    action: rule.action,
    scope: rule.scope,
    furtherActions: rule.furtherActions,
    hook: found.hook,
    repeats: asksHookAlone(parts, tests, found),
    header: found.header,
    protocols: found.protocols,
    flow: found.flow,
    packetConditions: [...parts.packetConditions].sort((a, b) => a.cost - b.cost),
    payload,
    inPacket,
    inStream,
    onlyInStream,
    packetBufferTests,
    bufferTests,
    frameTests,
    transactionConditions: parts.transactionConditions,
    scripts: parts.scripts,
    anomalies: parts.anomalies,
    ofTransaction,
    directions: found.directions,
    checks: parts.states.filter((one) => !changesState(one)),
    changes,
    thresholds: parts.thresholds,
    tags: parts.tags,
    effects: parts.effects,
    config: parts.config,
    onlySets: bitsOnlySet(parts, tests, changes),
    noAlert: parts.noAlert || (isQuiet(rule, firewall === true) && !parts.alert),
    bypass: parts.bypass,
    target: parts.target,
    classtype: parts.classtype,
    priority: parts.priority ?? settings.classifications.get(parts.classtype)?.priority ?? DEFAULT_PRIORITY,
    references: parts.references,
    metadata: parts.metadata,
    variableCount: parts.variableCount,
    prefilter: rule.direction === '=>' ? undefined : choosePrefilter({ payload, bufferTests, packetBufferTests }),
    addressesOnly,
    protocolOnly,
    ofFlow,
  };
}

/**
 * Payload contents look at the stream where the packet is TCP; with offset or depth at single packets too, since those count from
 * the beginning of a packet there. `dsize`, `tcp-pkt` and their like look at packets alone.
 */
function payloadPlaces({ rule, payload, packetOnly, streamOnly, flow }: RuleParts): Pick<CompiledRule, 'inPacket' | 'inStream' | 'onlyInStream'> {
  const written = headerWord(rule);
  if (written === 'tcp-pkt' || packetOnly || flow.has('no_stream')) return { inPacket: true, inStream: false, onlyInStream: false };
  if (written === 'tcp-stream' || streamOnly || flow.has('only_stream')) return { inPacket: false, inStream: true, onlyInStream: true };
  return { inPacket: payload.some(countsFromBeginning), inStream: true, onlyInStream: false };
}

function countsFromBeginning(one: BytesCondition): boolean {
  if (one.kind !== 'content' || one.distance !== undefined || one.within !== undefined) return false;
  return one.offset !== undefined || one.depth !== undefined || one.startsWith;
}

/** What is the same for a whole flow is decided once, not with each packet. */
function decidedWhen(parts: RuleParts, tests: RuleTests, found: RuleFindings): Pick<CompiledRule, 'addressesOnly' | 'protocolOnly' | 'ofFlow'> {
  const { packetConditions, states } = parts;
  const ofPacketProtocol = PACKET_PROTOCOLS.has(headerWord(parts.rule));
  const onlyDirection = namesDirectionOnly(parts.flow);
  const onlyChanges = states.every(changesState);
  const nothing = looksAtNothing(parts, tests);
  const headerOnly = nothing && packetConditions.every((one) => one.addressesOnly === true);
  const bare = headerOnly && !found.flow.any;
  // What is remembered may be another thing with each packet.
  const addressesOnly = bare && found.protocols === undefined && onlyChanges;
  // Asked once for each direction, when it is known what is spoken; not where something else may change from packet to packet.
  const asksProtocol =
    nothing &&
    ofPacketProtocol &&
    found.hook === undefined &&
    packetConditions.length > 0 &&
    packetConditions.every((one) => one.onceRecognised === true) &&
    onlyDirection &&
    onlyChanges;
  const protocolOnly = asksProtocol || (bare && ofPacketProtocol && packetConditions.length === 0 && found.protocols !== undefined && states.length === 0);
  const ofApplication = headerOnly && !ofPacketProtocol && onlyDirection && onlyChanges;
  return { addressesOnly, protocolOnly, ofFlow: addressesOnly || protocolOnly || tests.ofTransaction || ofApplication };
}

/** Neither at bytes nor at what was made of them? */
function looksAtNothing({ payload, scripts, anomalies }: RuleParts, { ofTransaction, packetBufferTests, frameTests }: RuleTests): boolean {
  return payload.length === 0 && !ofTransaction && packetBufferTests.length === 0 && frameTests.length === 0 && scripts.length === 0 && anomalies.length === 0;
}

/** The hook itself is the one condition. */
function asksHookAlone({ transactionConditions, anomalies, scripts }: RuleParts, { bufferTests }: RuleTests, { hook }: RuleFindings): boolean {
  return hook?.of === 'transaction' && bufferTests.length === 0 && transactionConditions.length === 1 && anomalies.length === 0 && scripts.length === 0;
}

/** Rules that tell of themselves only where they are asked to. */
function isQuiet({ action, furtherActions }: Rule, ofFirewall: boolean): boolean {
  if (action === 'config') return true;
  return ofFirewall ? !furtherActions.some((one) => one.action === 'alert') : action === 'pass';
}

/** The flowbits that it sets, where a match does nothing but set them and nothing is kept of the bytes it looked at. */
function bitsOnlySet(parts: RuleParts, tests: RuleTests, changes: readonly StateOperation[]): readonly string[] | undefined {
  const { action, furtherActions } = parts.rule;
  const isQuietAlert = parts.noAlert && action === 'alert' && furtherActions.length === 0 && parts.config === undefined && !parts.bypass;
  const others = [parts.thresholds, parts.tags, parts.effects, parts.scripts];
  if (!isQuietAlert || changes.length === 0 || others.some((list) => list.length > 0)) return undefined;
  if (!keepsNothing(parts.payload) || !tests.packetBufferTests.every(({ conditions }) => keepsNothing(conditions))) return undefined;
  const names: string[] = [];
  for (const change of changes) {
    if (change.kind !== 'bit' || change.scope !== 'flow' || change.operation !== 'set') return undefined;
    names.push(...change.names);
  }
  return names;
}

/** Do these look at bytes and keep nothing of them? */
function keepsNothing(conditions: readonly BytesCondition[]): boolean {
  return conditions.every((one) => one.kind === 'content' || (one.kind === 'pattern' && one.captures.length === 0));
}

function changesState(operation: StateOperation): boolean {
  if (operation.kind === 'bit') return operation.operation === 'set' || operation.operation === 'unset' || operation.operation === 'toggle';
  return operation.operation === '=' || operation.operation === '+' || operation.operation === '-';
}
