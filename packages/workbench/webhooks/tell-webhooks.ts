/**
 * Sends what waits for webhooks, signed as Standard Webhooks 1.0 says (https://www.standardwebhooks.com): `webhook-id`,
 * `webhook-timestamp` and `webhook-signature`, an HMAC-SHA-256 of `id.timestamp.body`. Only public addresses are dialled, and those that
 * were allowed; redirects are not followed. What fails is tried again for a day, but for a receiver that says it is gone (410).
 */
import { createHmac } from 'node:crypto';
import type { Failure } from '@sigwright/contracts';
import { type DialOptions, pinnedAddress, requestAt } from '../public-request.ts';
import type { Store } from '../store/store.ts';
import type { Delivery } from '../store/webhooks.ts';

export interface WebhookOptions extends DialOptions {
  readonly signal: AbortSignal;
  readonly tell?: (words: string) => void;
  /** milliseconds between looks */
  readonly every?: number;
}

const LOOK_EVERY = 2000;
const AT_ONCE = 20;
const PATIENCE = 10_000;
/** Milliseconds for a name while somebody waits for the page. */
const RESOLVE_PATIENCE = 3000;
/** As RFC 9110 and Standard Webhooks have it: to be told nothing more. */
const STATUS_GONE = 410;
const GONE = 'it says that it is gone (410)';

/** `whsec_` and base64 → `v1,` and base64. `at`: seconds since 1970. */
export function signatureOf(secret: string, id: string, at: number, body: string): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  return `v1,${createHmac('sha256', key).update(`${id}.${at}.${body}`).digest('base64')}`;
}

/** Until `signal`. It holds nothing that is not in the store, so it may be killed, and several may run. */
export async function tellWebhooks(store: Store, options: WebhookOptions): Promise<void> {
  const { signal, tell = () => {}, every = LOOK_EVERY } = options;
  while (!signal.aborted) {
    try {
      await tellOnce(store, options);
    } catch (problem) {
      tell((problem as Error).message);
    }
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, every);
      function done(): void {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      }
      signal.addEventListener('abort', done);
    });
  }
}

/** What happened since, and what is due. */
export async function tellOnce(store: Store, options: Omit<WebhookOptions, 'every'>): Promise<void> {
  await store.webhooks.collect();
  for (let sent = AT_ONCE; sent === AT_ONCE && !options.signal.aborted; ) sent = await sendDue(store, options);
}

async function sendDue(store: Store, options: Omit<WebhookOptions, 'every'>): Promise<number> {
  const due = await store.webhooks.take(AT_ONCE);
  await Promise.all(
    due.map(async (delivery) => {
      const problem = await send(delivery, options);
      if (problem !== undefined) options.tell?.(`${new URL(delivery.url).host}, try ${delivery.tries}: ${problem}`);
      if (problem === GONE) await store.webhooks.endGone(delivery, problem);
      else await store.webhooks.settle(delivery, problem);
    }),
  );
  return due.length;
}

/**
 * Why an address may not be told: a name or number that leads inside. Undefined where it may, and where its name can not be resolved now:
 * it is asked again before every message, since tomorrow it may lead elsewhere.
 */
export async function webhookAddressLacks(address: string, options: DialOptions): Promise<Failure | undefined> {
  const pinned = await pinnedAddress(new URL(address).hostname, options, AbortSignal.timeout(RESOLVE_PATIENCE)).catch(() => undefined);
  return typeof pinned === 'object' && pinned.code === 'fetch/address' ? pinned : undefined;
}

/** Why it did not arrive. */
async function send({ url: address, key, secret, body }: Delivery, options: DialOptions): Promise<string | undefined> {
  const stop = AbortSignal.timeout(PATIENCE);
  try {
    const url = new URL(address);
    const pinned = await pinnedAddress(url.hostname, options, stop);
    if (typeof pinned !== 'string') return pinned.message;
    const at = Math.floor(Date.now() / 1000);
    const headers = {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
      'webhook-id': key,
      'webhook-timestamp': String(at),
      'webhook-signature': signatureOf(secret, key, at, body),
    };
    const answer = await requestAt(url, pinned, { method: 'POST', headers, body }, options, stop);
    // What it says beside its status is of no interest.
    answer.destroy();
    const status = answer.statusCode ?? 0;
    if (status === STATUS_GONE) return GONE;
    return status >= 200 && status < 300 ? undefined : `it answers with status ${status}`;
  } catch (problem) {
    return stop.aborted ? 'it does not answer in time' : (problem as Error).message;
  }
}
