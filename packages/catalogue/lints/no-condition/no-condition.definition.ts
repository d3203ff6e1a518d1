/** A rule that fires on all traffic between its addresses. */
import type { LintDefinition } from '@sigwright/contracts';
import { finding } from '../../formats/lint-kit/lint-kit.ts';

export const lint: LintDefinition = {
  code: 'lint/no-condition',
  summary: 'the rule asks for nothing',
  grade: 'misleads',
  explanation:
    'With any address, any port and no condition in its options a rule fires on everything of its protocol. Often all conditions were lost in an edit.',
  whenNot: 'Where the protocol itself is the news (`alert telnet …`): such rules are not reported.',
  incorrect: [{ why: 'every packet alerts', rules: ['alert tcp any any -> any any (msg:"a"; flow:established,to_server; sid:1;)'] }],
  correct: [
    { why: 'a list of addresses', rules: ['alert ip [192.0.2.1,192.0.2.2] any -> any any (msg:"a"; sid:1;)'] },
    { why: 'a port', rules: ['alert tcp any any -> any 23 (msg:"a"; sid:1;)'] },
    { why: 'the protocol itself', rules: ['alert ssh any any -> any any (msg:"a"; sid:1;)'] },
    { why: 'bytes of a frame', rules: ['alert tcp any any -> any any (msg:"a"; frame:smtp.data; content:"x"; sid:1;)'] },
    { why: 'a bit', rules: ['alert tcp any any -> any any (msg:"a"; flowbits:isset,EX.seen; sid:1;)'] },
  ],
  check(subject) {
    const { rule } = subject;
    if (!subject.loads || !/^(?:tcp|udp|ip|icmp|tcp-pkt|tcp-stream)/.test(rule.protocol) || rule.action === 'pass') return [];
    if (subject.buffers.some((buffer) => buffer.conditions.length > 0) || subject.states.length > 0 || subject.otherConditions > 0) return [];
    const wide = /^(?:any|\$HOME_NET|\$EXTERNAL_NET)$/;
    if (!wide.test(rule.source.text) || !wide.test(rule.destination.text) || rule.sourcePorts.text !== 'any' || rule.destinationPorts.text !== 'any') return [];
    return [finding('the rule fires on everything of its protocol', rule.protocolSpan, 'was a condition lost?')];
  },
};
