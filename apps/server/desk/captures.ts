/** Captures at hand: the packets of an alert, the evidence of a rule, and where a rule's conditions held on them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExplainedAttempt } from '@sigwright/detection';
import type { StoredRecord } from '@sigwright/workbench';
import { keptPacket } from '../alert-bytes.ts';
import type { DeskBase } from './base.ts';

const FILE_NAME = /^\w[\w.-]{0,100}$/;

export class CaptureDesk {
  readonly #base: DeskBase;

  constructor(base: DeskBase) {
    this.#base = base;
  }

  /** Packets of an alert's flow, as a capture: out of the captures at hand, else the one packet that the sensor wrote into the record. */
  async packetsOf(alert: StoredRecord, most?: number): Promise<Uint8Array | undefined> {
    const file = alert.record['capture_file'];
    const { source, destination, time } = alert;
    const found = await this.#base.options.slice?.({
      source,
      destination,
      time,
      ...(typeof file === 'string' ? { file } : {}),
      ...(most === undefined ? {} : { most }),
    });
    return found ?? keptPacket(alert.record, time);
  }

  /** Names of the captures that are a rule's evidence and lie beside it. What a name says is not followed elsewhere. */
  evidenceNames(sid: number): readonly string[] {
    const repository = this.#base.repository();
    const { fires = [], silent = [] } = repository?.evidence.get(sid) ?? {};
    const names = new Set([...fires, ...silent].map(({ capture }) => capture));
    return [...names].filter((name) => FILE_NAME.test(name) && existsSync(join(repository!.folder, 'evidence', String(sid), name)));
  }

  /** A capture of a rule's evidence; undefined: it has none of that name. */
  evidence(sid: number, name: string): Uint8Array | undefined {
    if (!this.evidenceNames(sid).includes(name)) return undefined;
    return readFileSync(join(this.#base.repository()!.folder, 'evidence', String(sid), name));
  }

  /** Where the rule's conditions held on an alert's packets; undefined: there are none, or it can not be told. */
  matchOf(alert: StoredRecord, packets: Uint8Array | undefined): ExplainedAttempt | undefined {
    const { options } = this.#base;
    const known = options.explain?.(alert.sid);
    if (known !== undefined || packets === undefined || options.folder === undefined) return known;
    const repository = this.#base.repository();
    const rule = repository?.rules.find((one) => one.rule.sid === alert.sid)?.rule;
    if (repository === undefined || rule === undefined) return undefined;
    return options.match?.({ rule: rule.text, capture: packets, folder: join(options.folder, 'rules'), networks: repository.settings.networks });
  }
}
