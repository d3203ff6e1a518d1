/** What a configuration says about deciding: exception policies and threshold.config. */
import { DEFAULT_SETTINGS } from '@sigwright/contracts';
import { describe, expect, test } from 'vitest';
import { exceptionPoliciesOf } from './policies.ts';
import { readThresholdFile } from './threshold-config.ts';
import { TrafficCounters } from './traffic-counters.ts';

describe('exception policies', () => {
  // Suricata user guide, "Exception Policies": defaults and the table of midstream policies.
  test.each<readonly [why: string, tree: Record<string, unknown>, ips: boolean, midstream: string]>([
    ['nothing said, IDS', {}, false, 'ignore'],
    ['nothing said, IPS', {}, true, 'drop-flow'],
    ['nothing said, IPS that picks up', { stream: { midstream: 'yes' } }, true, 'ignore'],
    ['auto is nothing said', { 'exception-policy': 'auto' }, true, 'drop-flow'],
    ['the master switch', { 'exception-policy': 'bypass' }, true, 'bypass'],
    ['its own goes before the master', { 'exception-policy': 'bypass', stream: { 'midstream-policy': 'pass-flow' } }, true, 'pass-flow'],
    ['a drop where nothing can be dropped', { 'exception-policy': 'drop-flow' }, false, 'ignore'],
  ])('%s', (_why, tree, ips, midstream) => expect(exceptionPoliciesOf(tree, ips).midstream).toBe(midstream));

  test('memory that runs out: the master, each its own', () => {
    const policies = exceptionPoliciesOf(
      { 'exception-policy': 'pass-packet', flow: { 'memcap-policy': 'drop-packet' }, defrag: { 'memcap-policy': 'ignore' } },
      true,
    );
    expect(policies).toMatchObject({ sessionMemory: 'pass-packet', flowMemory: 'drop-packet', fragmentMemory: 'ignore', reassemblyMemory: 'pass-packet' });
    const { exception_policy: counted } = new TrafficCounters({ ...DEFAULT_SETTINGS, exceptionPolicies: policies }, []).tree(0);
    expect(counted).toMatchObject({
      tcp: { ssn_memcap: { drop_flow: 0, pass_packet: 0 } },
      flow: { memcap: { ignore: 0, drop_packet: 0, pass_packet: 0, reject: 0 } },
    });
    expect(counted).not.toHaveProperty('defrag');
  });

  test.each<readonly [why: string, stream: Record<string, unknown>, ips: boolean]>([
    ['a word that is none', { 'midstream-policy': 'perhaps' }, true],
    ['packets alone', { 'midstream-policy': 'drop-packet' }, true],
    ['a drop without IPS', { 'midstream-policy': 'drop-flow' }, false],
    ['a drop of what is picked up', { midstream: 'yes', 'midstream-policy': 'drop-flow' }, true],
  ])('%s is refused', (_why, stream, ips) => expect(() => exceptionPoliciesOf({ stream }, ips)).toThrow());
});

describe('threshold.config', () => {
  test('reads what the guide shows', () => {
    const { entries, problems } = readThresholdFile(
      [
        '# a comment',
        'threshold gen_id 1, sig_id 7, type limit, track by_src, count 1, \\',
        '  seconds 60',
        'suppress gen_id 1, sig_id 8, track by_either, ip [10.0.0.0/8,!10.1.0.0/16]',
        'suppress gen_id 1, sig_id 9',
        'rate_filter gen_id 1, sig_id 10, track by_rule, count 5, seconds 10, new_action drop, timeout 30',
      ].join('\n'),
    );
    expect(problems).toEqual([]);
    expect(entries).toEqual([
      { gid: 1, sid: 7, threshold: { type: 'limit', track: 'by_src', count: 1, seconds: 60 }, suppress: undefined },
      { gid: 1, sid: 8, threshold: undefined, suppress: { side: 'either', addresses: '[10.0.0.0/8,!10.1.0.0/16]' } },
      { gid: 1, sid: 9, threshold: undefined, suppress: { side: 'either', addresses: '' } },
      { gid: 1, sid: 10, threshold: { type: 'rate', track: 'by_rule', count: 5, seconds: 10, newAction: 'drop', timeout: 30 }, suppress: undefined },
    ]);
  });

  test.each([
    'nothing of the kind',
    'threshold sig_id 7, type limit, track by_src, count 1, seconds 60',
    'threshold gen_id 1, sig_id 7, type often, track by_src, count 1, seconds 60',
    'threshold gen_id 1, sig_id 7, type limit, track constructor, count 1, seconds 60',
    'suppress gen_id 1, sig_id 7, track constructor, ip 10.0.0.1',
    'suppress gen_id 1, sig_id 7, track by_src',
    'rate_filter gen_id 1, sig_id 7, track by_rule, count 5, seconds 10, new_action explode, timeout 30',
  ])('%s is a problem, with its line', (line) => expect(readThresholdFile(`\n${line}`).problems).toMatchObject([{ line: 2 }]));
});
