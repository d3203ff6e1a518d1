/** What the log of `sigwright suricata` says of a rule that is refused, in the words people search it for. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_SETTINGS } from '@sigwright/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadRules } from './plans.ts';
import { inSuricatasWords } from './suricata-voice.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sigwright-voice-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

test.each<readonly [options: string, module: string, text: string | RegExp]>([
  ['content:"a"; within:1048577;', 'detect-within', 'invalid value for within: 1048577'],
  ['content:"a"; depth:2; depth:3;', 'detect-depth', "can't use multiple depths for the same content."],
  ['content:"a"; content:"b"; offset:2; within:3;', 'detect-within', /relative keyword like within\/distance with a absolute/],
  ['content:"|0g|";', 'detect-content', 'Invalid hex code in content - |0g|, hex g. Invalidating signature.'],
  ['content:"a|0 1|b";', 'detect-content', 'Incomplete hex code in content - |0 1|. Invalidating signature.'],
  ['content:"a"b";', 'detect-content', 'Invalid unescaped double quote within content section.'],
  ['content:"a";;', 'detect-parse', "unknown rule keyword ''."],
  ['nonsense:1;', 'detect-parse', "unknown rule keyword 'nonsense'."],
  ['dsize:3; content:"abcd";', 'detect-dsize', "signature can't match as required content length 4 exceeds dsize value 3"],
  ['file.name; bsize:2<>3; content:"abcd";', 'detect-bsize', "signature can't match as required content length 4 exceeds bsize range 2-3"],
  ['file.name; pcrexform; content:"a";', 'detect-parse', /^invalid formatting or malformed option to pcrexform keyword: ''/],
  ['file.name; to_lowercase; content:"A";', 'detect-parse', 'content string "A" incompatible with to_lowercase transform'],
  ['http.uri; content:"a"; http.stat_code; content:"200";', 'detect-parse', /^rule 1 mixes keywords with conflicting directions/],
  ['flow:to_client; http.uri; content:"a";', 'detect-parse', /does not exist in the direction/],
  ['http.uri;', 'detect-parse', "rule 1 setup buffer http.uri but didn't add matches to it"],
  ['content:"a"; fast_pattern; content:"b"; fast_pattern;', 'detect-fast-pattern', 'fast_pattern can be used on only content in a rule'],
  ['byte_test:name,=,1,0;', 'detect-bytetest', 'Unknown byte_extract var seen in byte_test - name'],
  ['file.name; dataset:isset,a,type string,save ../a;', 'datasets', 'Directory traversals not allowed: ../a'],
])('%s', (options, module, text) => {
  const path = join(folder, 'a.rules');
  writeFileSync(path, `alert tcp any any -> any any (${options} sid:1;)\n`);
  const [problem] = loadRules([path], DEFAULT_SETTINGS, { cache: false }).problems;
  const spoken = inSuricatasWords(problem);
  expect(spoken.module).toBe(module);
  if (typeof text === 'string') expect(spoken.text).toBe(text);
  else expect(spoken.text).toMatch(text);
});
