/** A rule over TCP that does not say which way it looks. */
import type { LintDefinition } from '@sigwright/contracts';
import { finding, optionOf } from '../../formats/lint-kit/lint-kit.ts';

/** Keywords that look at packets themselves; and what has no stream. */
const OF_PACKETS =
  /^(?:flags|tcp\.flags|dsize|ack|seq|window|tcp\.|ip\.|ipv|fragbits|ttl|tos|stream_size|app-layer-event|decode-event|stream-event|ssl_state|ssl_version|flowbits)/;

export const lint: LintDefinition = {
  code: 'lint/flow-missing',
  summary: 'no `flow` says which way the rule looks',
  grade: 'reading',
  explanation:
    'Without `flow:established,to_server` (or `to_client`) a rule over TCP is tried in both directions and on packets without a handshake. It costs more and can be fooled by single packets.',
  whenNot: 'For rules that look at packets themselves, and for buffers that exist in one direction only.',
  incorrect: [{ why: 'both directions are searched', rules: ['alert tcp any any -> any 80 (msg:"a"; content:"abcdef"; sid:1;)'] }],
  correct: [
    { why: 'it says so', rules: ['alert tcp any any -> any 80 (msg:"a"; flow:established,to_server; content:"abcdef"; sid:1;)'] },
    { why: 'single packets', rules: ['alert tcp any any -> any 80 (msg:"a"; flags:S; dsize:>0; content:"abcdef"; sid:1;)'] },
    { why: 'the buffer says it', rules: ['alert http any any -> any any (msg:"a"; http.uri; content:"/abc"; sid:1;)'] },
  ],
  check(subject) {
    const { rule } = subject;
    if (!subject.loads || rule.protocol !== 'tcp' || rule.options.some((option) => option.name === 'flow' || OF_PACKETS.test(option.name))) return [];
    if (!subject.buffers.some((buffer) => buffer.name === 'payload') || optionOf(subject, 'content') === undefined) return [];
    return [finding('the rule does not say which way it looks', rule.protocolSpan, 'add `flow:established,to_server;` or `to_client`')];
  },
};
