/**
 * Damaged rules over traffic of every protocol, with all that records can show: whatever loads can be asked, told and counted, and nothing is
 * thrown. node fuzz/matching.fuzz.ts [SECONDS] [SEED]
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalogue } from '@sigwright/catalogue';
import { DEFAULT_SETTINGS } from '@sigwright/contracts';
import { buildPlan, DEFAULT_EVE, Engine, type EveOptions, EveWriter, usePlan } from '@sigwright/detection';
import { parseRules } from '@sigwright/rule-language';
import { composeCapture } from '@sigwright/traffic';
import { decompressors } from '../apps/cli/shared/decompressors.ts';
import { SAMPLES } from '../packages/catalogue/message-samples.ts';
import { fuzz, fuzzArguments, mutateText, OWN_NAMES } from './harness.ts';

const week = join(import.meta.dirname, '..', 'examples', '2024-03-08');
const settings = { ...DEFAULT_SETTINGS, verifyChecksums: false, decompressors };

const captures = [
  ...globSync('evidence/*/*.pcap', { cwd: week })
    .sort()
    .map((path) => new Uint8Array(readFileSync(join(week, path)))),
  ...Object.entries(SAMPLES).map(([name, messages]) => conversation(name, Object.values(messages))),
];

/** Messages of a protocol, from either side in turn, on its own port. */
function conversation(name: string, messages: readonly string[]): Uint8Array {
  const capture = composeCapture();
  const protocol = catalogue.protocols.get(name);
  const ends = { client: '10.3.8.12', server: '192.0.2.7', serverPort: protocol?.ports[0] ?? 7000 };
  const exchanges = messages.map((bytes, at) => ({ from: at % 2 === 0 ? ('client' as const) : ('server' as const), bytes }));
  if (protocol?.transport.includes('udp') === true) capture.udpExchange({ ...ends, exchanges });
  else capture.tcpConversation({ ...ends, exchanges });
  return capture.finish();
}

const examples = [...new Set(catalogue.keywords.values())].flatMap((definition) => [
  ...definition.examples,
  ...(definition.broken ?? []).map((one) => one.options),
]);
const seeds = globSync('rules/*.rules', { cwd: week })
  .flatMap((path) => readFileSync(join(week, path), 'utf8').split('\n'))
  .filter((line) => line !== '' && !line.startsWith('#'));
const words = [...catalogue.keywords.keys(), ...examples, ...OWN_NAMES, '!', '0', '4294967295', '-1', 'any', '<>', '|00|', 'content:"a";', 'isset', 'set', ','];

/** Every record that there is, with everything in it. */
const EVERYTHING: EveOptions = {
  ...DEFAULT_EVE,
  anomaly: { decode: true, stream: true, application: true, packetHeader: true },
  alert: {
    ...DEFAULT_EVE.alert,
    guessed: true,
    payload: true,
    payloadPrintable: true,
    payloadLength: true,
    packet: true,
    rule: true,
    references: true,
    verdict: true,
  },
  ethernet: true,
  communityIdSeed: 1,
  sensor: 'edge',
  version: true,
};

const { seconds, seed } = fuzzArguments();
process.exitCode = fuzz(
  'matching',
  seconds,
  seed,
  (random) => {
    const rule = (): string => {
      const protocol = random.once(3) ? random.pick([...catalogue.protocols.keys()]) : random.pick(['ip', 'tcp', 'udp', 'tcp-pkt']);
      const options = Array.from({ length: 1 + random.below(3) }, () => random.pick(examples)).join(' ');
      return random.once(4) ? random.pick(seeds) : `alert ${protocol} any any -> any any (msg:"x"; ${options} sid:${1 + random.below(9)};)`;
    };
    let text = Array.from({ length: 1 + random.below(4) }, rule).join('\n');
    if (random.once(3)) {
      const named = [...text.matchAll(/\w{2,}/g)];
      const { index, 0: word } = random.pick(named);
      text = text.slice(0, index) + random.pick(OWN_NAMES) + text.slice(index + word.length);
    }
    return random.once(3) ? text : mutateText(random, text, words, 4000);
  },
  (text, random) => {
    const { rules } = parseRules(text);
    const { data, loaded } = buildPlan([{ path: 'fuzz', rules }], catalogue, settings);
    if (loaded === 0) return undefined;
    let told = '';
    const writer = new EveWriter(
      (record) => {
        told = JSON.stringify(record);
      },
      settings,
      catalogue.protocols,
      EVERYTHING,
    );
    const engine = new Engine(usePlan(data, catalogue, settings), catalogue, settings, writer);
    const failure = engine.feed(random.pick(captures)) ?? engine.finish();
    if (failure !== undefined) return failure.message;
    return engine.counters.alerts > 0 && told === '' ? 'an alert was told without a record' : undefined;
  },
  () => 20_000,
);
