/**
 * Rules that are read again while a capture is read, as Suricata does (user guide, "Rule Reloads"): on SIGUSR2, and where somebody asked for
 * it, when their files changed.
 */
import { keepDataSets } from '@sigwright/catalogue';
import type { EngineSettings } from '@sigwright/contracts';
import type { FilesRead } from './data-files.ts';

/** Milliseconds between two looks at files. */
const LOOK_INTERVAL = 1000;

/** Hears SIGUSR2 from the beginning, when it would end the process; what is to be done then may be said later. */
export class ReloadSignal {
  act: () => void = () => {};
  readonly #heard = (): void => this.act();

  constructor() {
    process.on('SIGUSR2', this.#heard);
  }

  close(): void {
    process.off('SIGUSR2', this.#heard);
  }
}

/**
 * Calls `act` when files are others than those that were read, and were so a second before already: one that is being written is left
 * alone. Files with which it failed are tried again when they changed again. Gives what ends it.
 */
export function whenChanged(files: () => FilesRead, act: () => void): () => void {
  let before = '';
  let tried = '';
  const timer = setInterval(() => {
    const now = files().state();
    if (now === before && now !== tried && files().haveChanged()) {
      tried = now;
      act();
    }
    before = now;
  }, LOOK_INTERVAL);
  timer.unref();
  return () => clearInterval(timer);
}

/**
 * Settings for rules that are read again: everything about traffic stays as it was, what rules are made with is as it was read now, and sets
 * keep what rules gathered in them.
 */
export function settingsForRules(before: EngineSettings, read: EngineSettings): EngineSettings {
  const { addressGroups, portGroups, classifications, references, globalThresholds, reputation, dataSets, dataSetRows, dataFiles } = read;
  const next = { ...before, addressGroups, portGroups, classifications, references, globalThresholds, reputation, dataSets, dataSetRows, dataFiles };
  keepDataSets(before, next);
  return next;
}
