/** A look at a broker that changes nothing: no stream is made. For `sigwright doctor`. */
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { ASIDE, EVE, RESULTS, RULES, serversOf, WORK } from './broker.ts';

export interface BrokerLook {
  readonly version: string;
  /** why streams can not be used; '' where they can */
  readonly lacks: string;
  readonly secure: boolean;
  readonly streams: readonly { readonly name: string; readonly messages: number; readonly bytes: number; readonly missing: boolean }[];
  /** messages that nobody could read */
  readonly aside: number;
  /** bytes on the broker's disk that its account may use, and uses; -1: no limit */
  readonly room: number;
  readonly used: number;
}

const PATIENCE = 5000;

/** Rejects where the broker does not answer. */
export async function lookAtBroker(url: string): Promise<BrokerLook> {
  const connection = await connect({ ...serversOf(url), timeout: PATIENCE, reconnect: false, name: 'sigwright doctor' });
  try {
    const version = connection.info?.version ?? '';
    const secure = connection.info?.tls_required === true || url.startsWith('tls://');
    try {
      const manager = await jetstreamManager(connection, { timeout: PATIENCE });
      const account = await manager.getAccountInfo();
      const streams: { name: string; messages: number; bytes: number; missing: boolean }[] = [];
      for (const name of [WORK, RESULTS, RULES, EVE, ASIDE]) {
        const state = await manager.streams.info(name).then(
          (info) => info.state,
          () => undefined,
        );
        streams.push({ name, messages: state?.messages ?? 0, bytes: state?.bytes ?? 0, missing: state === undefined });
      }
      const aside = streams.find(({ name }) => name === ASIDE)?.messages ?? 0;
      return { version, lacks: '', secure, streams, aside, room: account.limits.max_storage, used: account.storage };
    } catch (problem) {
      return { version, lacks: (problem as Error).message, secure, streams: [], aside: 0, room: -1, used: 0 };
    }
  } finally {
    await connection.close();
  }
}
