/**
 * NATS JetStream as the place where work waits. Five streams, all on disk:
 *
 *     SIGWRIGHT_WORK     some captures, or rules, a message; gone when it is acknowledged; only so many at a time
 *     SIGWRIGHT_RESULTS  what came out, a subject for each store, gone when it is in the store, or after a month; full: workers wait
 *     SIGWRIGHT_RULES    rules of hunts, compressed, in parts; forgotten after a month
 *     SIGWRIGHT_EVE      lines of EVE from sensors, gone when they are in the store; full: sensors wait
 *     SIGWRIGHT_ASIDE    messages that nobody could read, with the reason; forgotten after a month
 *
 * Delivery is at least once; what counts is kept once by the store. https://docs.nats.io/nats-concepts/jetstream
 */
import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import {
  AckPolicy,
  DiscardPolicy,
  type JetStreamClient,
  JetStreamError,
  type JetStreamManager,
  type JsMsg,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream';
import { type ConnectionOptions, connect, type NatsConnection } from '@nats-io/transport-node';

export const WORK = 'SIGWRIGHT_WORK';
export const RESULTS = 'SIGWRIGHT_RESULTS';
export const RULES = 'SIGWRIGHT_RULES';
export const EVE = 'SIGWRIGHT_EVE';
export const ASIDE = 'SIGWRIGHT_ASIDE';
/** Told to all workers when a hunt is given up: its id. */
export const CANCELLED = 'sigwright.cancelled';

/** Messages; the sender keeps far fewer waiting. */
const MOST_WAITING = 10_000;
const MOST_RESULT_BYTES = 1024 ** 3;
const MOST_EVE_BYTES = 4 * 1024 ** 3;
const MONTH = 30 * 86_400;
/** Below the megabyte that a broker takes as it comes. */
export const LONGEST_PART = 512 * 1024;
/** The largest part that this broker takes: it may be set to less. */
export function longestPart(broker: Broker): number {
  return Math.min(LONGEST_PART, Math.floor((broker.connection.info?.max_payload ?? LONGEST_PART) * ROOM));
}
/** Of what a broker allows, what a message of ours may be: headers count as well. */
const ROOM = 0.9;
/** Shares of the usual size that a stream asks for, one after the other, where the broker's disk is small. */
const SHARES = [1, 1 / 16, 1 / 256];
/** https://docs.nats.io: insufficient storage resources available */
const NO_STORAGE = 10_047;
/** Bytes of rules once they are unpacked: some ten times the largest set. */
const LONGEST_RULES = 512 * 1024 * 1024;
const NANOSECONDS = 1e9;
/** Bytes of a message that was set aside. */
const LONGEST_EXCERPT = 64 * 1024;

export interface BrokerOptions {
  /** `nats://user:password@host:4222`, several with commas */
  readonly url: string;
  /** seconds after which a message that nobody speaks for is given to another */
  readonly patience?: number;
}

export interface Broker {
  readonly connection: NatsConnection;
  readonly streams: JetStreamClient;
  readonly manager: JetStreamManager;
  /** milliseconds */
  readonly patience: number;
  /** makes streams that are missing: a broker may come back with an empty disk */
  haveStreams(): Promise<void>;
  close(): Promise<void>;
}

/** What the client wants of `nats://user:password@host:4222,…`. */
export function serversOf(url: string): ConnectionOptions {
  const servers = url.split(',').map((one) => one.trim());
  const { username, password } = new URL(servers[0]);
  return {
    servers: servers.map((one) => new URL(one).host),
    ...(username === '' ? {} : { user: decodeURIComponent(username), pass: decodeURIComponent(password) }),
    ...(servers[0].startsWith('tls://') ? { tls: {} } : {}),
  };
}

/** Connects, and makes streams and consumers where they are missing. Rejects where the broker does not answer at first; later breaks are waited out. */
export async function openBroker({ url, patience = 30 }: BrokerOptions): Promise<Broker> {
  const connection = await connect({ ...serversOf(url), maxReconnectAttempts: -1, reconnectTimeWait: 500, name: 'sigwright' });
  try {
    const manager = await jetstreamManager(connection);
    const haveStreams = (): Promise<void> => makeStreams(manager, patience);
    await haveStreams();
    return { connection, streams: jetstream(connection), manager, patience: patience * 1000, haveStreams, close: () => connection.close() };
  } catch (problem) {
    await connection.close();
    throw problem;
  }
}

/** Makes what is missing. */
async function makeStreams(manager: JetStreamManager, patience: number): Promise<void> {
  const file = { storage: StorageType.File, discard: DiscardPolicy.New };
  const once = { ...file, retention: RetentionPolicy.Workqueue };
  await stream(manager, { ...once, name: WORK, subjects: ['sigwright.work.>'], max_msgs: MOST_WAITING });
  await stream(manager, { ...once, name: RESULTS, subjects: ['sigwright.results.>'], max_bytes: MOST_RESULT_BYTES, max_age: MONTH * NANOSECONDS });
  await stream(manager, { ...once, name: EVE, subjects: ['sigwright.eve.>'], max_bytes: MOST_EVE_BYTES });
  await stream(manager, {
    ...file,
    discard: DiscardPolicy.Old,
    name: ASIDE,
    subjects: ['sigwright.aside'],
    max_msgs: MOST_WAITING,
    max_age: MONTH * NANOSECONDS,
  });
  await stream(manager, {
    ...file,
    discard: DiscardPolicy.Old,
    name: RULES,
    subjects: ['sigwright.rules.>'],
    max_msgs_per_subject: 1,
    max_age: MONTH * NANOSECONDS,
  });
  await manager.consumers.add(WORK, consumer('workers', patience));
  await manager.consumers.add(EVE, consumer('collectors', patience));
}

function consumer(name: string, patience: number): Parameters<JetStreamManager['consumers']['add']>[1] {
  return { durable_name: name, ack_policy: AckPolicy.Explicit, ack_wait: patience * NANOSECONDS, max_ack_pending: 1000 };
}

/** Where the results of a store's work wait; several stores may have work at a broker. */
export function resultsOf(store: string, hunt: string): string {
  return `sigwright.results.${store}.${hunt}`;
}

/** Makes who takes the results of a store, where it is missing; its name. */
export async function haveCollector(broker: Broker, store: string): Promise<string> {
  // As the first versions had it: it took what every store waits for.
  await broker.manager.consumers.delete(RESULTS, 'collectors').catch(() => {});
  const name = `collectors-${store}`;
  await broker.manager.consumers.add(RESULTS, {
    ...consumer(name, broker.patience / 1000),
    filter_subject: resultsOf(store, '*'),
    inactive_threshold: MONTH * NANOSECONDS,
  });
  return name;
}

async function stream(manager: JetStreamManager, config: Parameters<JetStreamManager['streams']['add']>[0]): Promise<void> {
  try {
    await manager.streams.info(config.name!);
  } catch {
    for (const share of SHARES) {
      const sized = config.max_bytes === undefined ? config : { ...config, max_bytes: Math.floor(config.max_bytes * share) };
      try {
        await manager.streams.add(sized);
        return;
      } catch (problem) {
        // What a stream may hold is set apart for it at once.
        if (codeOf(problem) !== NO_STORAGE || share === SHARES.at(-1)) throw problem;
      }
    }
  }
}

function codeOf(problem: unknown): number | undefined {
  return (problem as { code?: number }).code;
}

/** Of rules, or of a capture's name. */
export function digestOf(rules: string): string {
  return createHash('sha256').update(rules).digest('hex');
}

/** Puts the rules where workers find them, as a task says it; putting them twice is no harm. */
export async function putRules(broker: Broker, rules: string): Promise<{ readonly rules: string; readonly parts: number }> {
  const digest = digestOf(rules);
  const packed = gzipSync(rules);
  const longest = longestPart(broker);
  const parts = Math.ceil(packed.length / longest);
  for (let part = 0; part < parts; part++)
    await broker.streams.publish(`sigwright.rules.${digest}.${part}`, packed.subarray(part * longest, (part + 1) * longest));
  return { rules: digest, parts };
}

/** Rejects where they are not there, unpack to more than `most` bytes, or are not what their digest says. */
export async function getRules(broker: Broker, digest: string, parts: number, most = LONGEST_RULES): Promise<string> {
  const packed: Uint8Array[] = [];
  for (let part = 0; part < parts; part++) {
    const message = await broker.manager.streams.getMessage(RULES, { last_by_subj: `sigwright.rules.${digest}.${part}` });
    if (message === null) throw new Error(`part ${part} of the rules is gone`);
    packed.push(message.data);
  }
  const rules = gunzipSync(Buffer.concat(packed), { maxOutputLength: most }).toString();
  if (digestOf(rules) !== digest) throw new Error('the rules are not what their digest says');
  return rules;
}

/**
 * Keeps what nobody can read, with the reason, and takes it from its stream. Acknowledged, not terminated: brokers before 2.10 keep a
 * terminated message in a work queue for ever.
 */
export async function setAside(broker: Broker, message: JsMsg, reason: string): Promise<void> {
  const text = Buffer.from(message.data.subarray(0, Math.min(LONGEST_EXCERPT, longestPart(broker) / 2))).toString('base64');
  await broker.streams.publish('sigwright.aside', JSON.stringify({ subject: message.subject, reason, bytes: message.data.length, begins: text }));
  await message.ackAck();
}

/**
 * Nothing came, not even the broker's sign of life: on a busy machine its answer that nothing waits may be a moment late. Whoever asks
 * again learns whether it is there.
 */
export function isLate(problem: unknown): boolean {
  return problem instanceof JetStreamError && problem.message === 'heartbeats missed';
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
