/**
 * One exchange of an application protocol (a request and its response, a query and its answer). Protocol folders extend
 * this class with what they decoded; detection and records see only this part and the folder's own buffers and records.
 */
import { work } from '@sigwright/bytes';
import type { Direction } from './direction.ts';
import type { FileTransfer } from './file-transfer.ts';

export interface StoredExtract {
  readonly pem: string;
  readonly about: readonly (readonly [string, string])[];
}

export abstract class Transaction {
  /** counts from 0 within the flow */
  readonly id: number;
  /** how far each direction has come; the numbers are the protocol's own, growing, the last one means complete */
  readonly progress: [number, number] = [0, 0];
  /** something was added since detection last looked, by direction */
  readonly changed: [boolean, boolean] = [true, true];
  /** owned by detection: has it ever been looked at in a direction? A message of one direction never is in the other */
  readonly inspected: [boolean, boolean] = [false, false];
  /** names of anomalies (`http.unable_to_match_response_to_request` without the protocol); undefined where none */
  anomalies: string[] | undefined = undefined;
  /** how many of them were handed on; counted by the engine */
  anomaliesTold = 0;
  files: FileTransfer[] | undefined = undefined;
  /** a rule asked for it to be stored: gives certificates as PEM, and what is told about them, each a name and a value, once they are there */
  extract: (() => StoredExtract | undefined) | undefined = undefined;
  /** it was handed on to be recorded; set by the engine */
  recorded = false;
  /** a rule wants no record of it */
  unrecorded = false;
  /** owned by detection: rules already decided on this transaction, by direction */
  detection: unknown = undefined;
  /** owned by detection: how far the firewall let it go */
  firewall: unknown = undefined;
  /** names set by xbits that are the transaction's; undefined where none */
  bits: Set<string> | undefined = undefined;
  /** capture time of its first byte, microseconds */
  readonly time: number;

  constructor(id: number, time: number) {
    this.id = id;
    this.time = time;
    work.objects++;
  }

  raise(anomaly: string): void {
    if (this.anomalies?.includes(anomaly) !== true) this.raiseAgain(anomaly);
  }

  /** Each time that it was seen counts: records tell of all of them. */
  raiseAgain(anomaly: string): void {
    this.anomalies ??= [];
    if (this.anomalies.length < MOST_ANOMALIES) this.anomalies.push(anomaly);
  }

  /** It is complete, was looked at and recorded: what can be made again may go. */
  settle(): void {}

  advance(direction: Direction, progress: number): void {
    if (progress > this.progress[direction]) this.progress[direction] = progress;
    this.changed[direction] = true;
  }
}

/** Per transaction; a hostile peer must not grow it. Suricata keeps as many. */
const MOST_ANOMALIES = 255;
