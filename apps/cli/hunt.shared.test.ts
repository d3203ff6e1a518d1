/** A hunt over more than a thousand public captures while everybody is killed; and what a second worker is worth. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { startNats } from '../../packages/workbench/hunt/own-nats.ts';
import { huntTrial } from './hunt-trial.ts';

const shared = join(import.meta.dirname, '..', '..', '..', 'shared');
const archive = join(shared, 'captures', 'files');
const nats = existsSync(archive) ? await startNats() : undefined;
if (nats === undefined) console.warn('left out: a hunt over shared captures; they, or nats-server, are not there');
afterAll(() => nats?.stop());

const rules = [
  'alert tcp any any -> any any (msg:"opening"; flags:S; sid:1;)',
  'alert http any any -> any any (msg:"request"; http.method; content:"GET"; sid:2;)',
  'alert dns any any -> any any (msg:"question"; dns.query; content:"com"; sid:3;)',
  'alert tls any any -> any any (msg:"name"; tls.sni; content:"."; sid:4;)',
].join('\n');

describe.skipIf(nats === undefined)('over the shared captures', { timeout: 1_800_000 }, () => {
  test('nothing is lost or counted twice', async () => {
    const trial = await huntTrial(nats!, { archive, rules, workers: 2, kills: 40 });
    console.log(`${trial.captures} captures, ${trial.kills} kills, ${(trial.time / 1000).toFixed(0)} s`);
    expect(trial.captures).toBeGreaterThan(1000);
    expect(trial.kills).toBeGreaterThan(10);
    expect({ state: trial.state, done: trial.done, aside: trial.aside, found: trial.found }).toEqual({
      state: 'done',
      done: trial.captures,
      aside: [],
      found: trial.expected,
    });
  });
});
