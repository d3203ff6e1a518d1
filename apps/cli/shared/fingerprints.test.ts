/** When fingerprints are shown: each case a sentence of the user guide on JA3, JA4 and HASSH. */
import { fromLatin1 } from '@sigwright/bytes';
import { askedFingerprints } from '@sigwright/detection';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Tree } from './configuration-tree.ts';
import { shownFingerprints } from './fingerprints.ts';

const SCRIPTS = new Map([
  ['asks.lua', fromLatin1('function init() ssh.enable_hassh() ja3.enable_ja3() return {} end')],
  ['quiet.lua', fromLatin1('function init() return {} end')],
]);
const NONE = { hassh: false, ja3: false, ja4: false };

test.each<readonly [why: string, yaml: string, rules: string, shown: Partial<typeof NONE>]>([
  ['none unless asked for', '{}', 'alert tls any any -> any any (tls.sni; content:"a"; sid:1;)', {}],
  ['the configuration asks', 'app-layer: { protocols: { tls: { ja3-fingerprints: yes }, ssh: { hassh: yes } } }', '', { ja3: true, hassh: true }],
  ['a rule asks', '{}', 'alert tls any any -> any any (ja3.hash; content:"a"; sid:1;)', { ja3: true }],
  ['in the words of old rules', '{}', 'alert tls any any -> any any (ja3_hash; content:"a"; sid:1;)', { ja3: true }],
  [
    'auto leaves it to rules',
    'app-layer: { protocols: { tls: { ja4-fingerprints: auto } } }',
    'alert ip any any -> any any (ja4.hash; content:"a"; sid:1;)',
    { ja4: true },
  ],
  [
    'no is no, whatever rules say',
    'app-layer: { protocols: { tls: { ja4-fingerprints: no } } }',
    'alert ip any any -> any any (ja4.hash; content:"a"; sid:1;)',
    {},
  ],
  ['a script asks', '{}', 'alert ssh any any -> any any (lua:!asks.lua; sid:1;)', { hassh: true, ja3: true }],
  ['a script that does not', '{}', 'alert ssh any any -> any any (lua:quiet.lua; sid:1;)', {}],
  ['fields that records name', 'outputs: [ { eve-log: { types: [ { tls: { custom: [sni, ja3s] } } ] } } ]', '', { ja3: true }],
  ['an option of the record', 'outputs: [ { eve-log: { types: [ { tls: { ja4: on } } ] } } ]', '', { ja4: true }],
])('%s', (_why, yaml, rules, shown) => {
  expect(
    shownFingerprints(
      parse(yaml) as Tree,
      askedFingerprints([rules], (script) => SCRIPTS.get(script)),
    ),
  ).toEqual({ ...NONE, ...shown });
});
