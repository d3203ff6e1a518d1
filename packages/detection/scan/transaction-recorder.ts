/** Transactions that are over: they are handed on to be recorded, with their files, and forgotten once rules have looked at them. */
import {
  type Catalogue,
  type EngineSettings,
  type Flow,
  type Packet,
  type ProtocolDefinition,
  type ProtocolSession,
  TO_CLIENT,
  TO_SERVER,
  type Transaction,
} from '@sigwright/contracts';
import type { EngineHandlers } from './alert.ts';
import type { Firewall } from './firewall.ts';

export class TransactionRecorder {
  readonly #catalogue: Catalogue;
  readonly #handlers: EngineHandlers;
  /** those that sessions are begun with */
  settings: EngineSettings;
  /** may still have to decide about a transaction */
  firewall: Firewall | undefined = undefined;
  /** transactions that were forgotten */
  count = 0;

  constructor(catalogue: Catalogue, settings: EngineSettings, handlers: EngineHandlers) {
    this.#catalogue = catalogue;
    this.settings = settings;
    this.#handlers = handlers;
  }

  /** Writes what has ended and forgets what was inspected, too. `all`: nothing more will come. */
  record(flow: Flow, session: ProtocolSession, packet: Packet, all: boolean): void {
    const { transactions } = session;
    if (transactions.length === 0) return;
    const definition = this.#catalogue.protocols.get(flow.applicationProtocol ?? '');
    if (definition === undefined) return;
    let kept = 0;
    const recordedFrom = definition.recordedFrom?.(this.settings);
    for (let at = 0; at < transactions.length; at++) {
      const transaction = transactions[at];
      const complete = isInspected(transaction, definition.complete);
      if (transaction.anomalies !== undefined) this.#tellAnomalies(flow, transaction, transaction.anomalies, packet);
      const { progress } = transaction;
      const ready = recordedFrom === undefined ? isOver(transaction, definition.complete) : Math.min(progress[0], progress[1]) >= recordedFrom;
      if (all || ready || definition.isReadyToRecord?.(transaction) === true) this.#handOn(definition, transaction, flow, packet, all);
      if (all || (complete && this.firewall?.awaits(definition, transaction, flow) !== true)) {
        this.count++;
        const { files } = transaction;
        if (files !== undefined) for (let file = 0; file < files.length; file++) files[file].release();
        transaction.settle();
      } else transactions[kept++] = transaction;
    }
    // Setting a length costs as much as a search.
    while (transactions.length > kept) transactions.pop();
  }

  #handOn(definition: ProtocolDefinition, transaction: Transaction, flow: Flow, packet: Packet, all: boolean): void {
    if (!transaction.recorded) {
      transaction.recorded = true;
      if (!transaction.unrecorded) this.#handlers.transaction?.(definition, transaction, flow, packet);
    }
    const { files } = transaction;
    if (files === undefined) return;
    for (let at = 0; at < files.length; at++) {
      const file = files[at];
      if (file.recorded || file.size === 0) continue;
      // Where files are stored, rules that still look at it may ask for it.
      if (this.settings.wholeFiles && !all && transaction.changed[file.direction]) continue;
      file.recorded = true;
      file.stored ??= (flow.filesStored & (1 << file.direction)) !== 0;
      this.#handlers.file?.(definition, file, transaction, flow, packet);
    }
  }

  /** As soon as they are seen. */
  #tellAnomalies(flow: Flow, transaction: Transaction, anomalies: readonly string[], packet: Packet): void {
    for (; transaction.anomaliesTold < anomalies.length; transaction.anomaliesTold++)
      this.#handlers.anomaly?.(packet, flow, transaction, `${flow.applicationProtocol}.${anomalies[transaction.anomaliesTold]}`);
  }
}

/** Nothing more comes in either direction: it can be recorded, whatever is still to be inspected. */
export function isOver({ progress }: Transaction, complete: readonly [number, number]): boolean {
  return progress[TO_SERVER] >= complete[TO_SERVER] && progress[TO_CLIENT] >= complete[TO_CLIENT];
}

function isInspected(transaction: Transaction, complete: readonly [number, number]): boolean {
  return isOver(transaction, complete) && !transaction.changed[TO_SERVER] && !transaction.changed[TO_CLIENT];
}
