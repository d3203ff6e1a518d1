/** Connections of clients to resolvers: they tell who a resolver asked for where questions were not written down. */
import type { EveRecord } from '@sigwright/contracts';

export interface ClientFlow {
  readonly client: string;
  /** milliseconds since 1970 */
  readonly from: number;
  readonly to: number;
}

/** Milliseconds around a client's flow in which a resolver asks for it. */
const FLOW_SLACK = 1000;

/** Of a record of a flow; undefined where it does not say when that was. */
export function clientFlow(client: string, record: EveRecord): ClientFlow | undefined {
  const flow = record['flow'] as { start?: unknown; end?: unknown } | undefined;
  const from = Date.parse(String(flow?.start ?? ''));
  const to = Date.parse(String(flow?.end ?? ''));
  return from <= to ? { client, from, to } : undefined;
}

/** The only client that spoke with a resolver at `time`; undefined where none did, or several. */
export function onlyClientAt(flows: readonly ClientFlow[], time: number): string | undefined {
  const then = new Set<string>();
  for (const { client, from, to } of flows) if (from - FLOW_SLACK <= time && time <= to + FLOW_SLACK) then.add(client);
  return then.size === 1 ? [...then][0] : undefined;
}
