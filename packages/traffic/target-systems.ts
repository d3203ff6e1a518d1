/**
 * Which of two versions of the same bytes a host takes, by its operating system: of TCP segments (J. Novak and S. Sturges, Target-Based
 * TCP Stream Reassembly, 2007) and of IP fragments (J. Novak, Target-Based Fragmentation Reassembly, 2005; V. Paxson and U. Shankar,
 * Active Mapping, 2003). What came first is `held`; a rule tells whether what came later is taken where both overlap.
 */
import { type AddressRange, compareWords, parseRange } from '@sigwright/bytes';
import type { Target, TargetSystem } from '@sigwright/contracts';

/** True: the later one is taken. Ends lie behind the last byte. */
export type LaterWins = (start: number, end: number, heldStart: number, heldEnd: number) => boolean;

const first: LaterWins = () => false;
const furtherLeft: LaterWins = (start, _end, heldStart) => start < heldStart;
const leftOrLonger: LaterWins = (start, end, heldStart, heldEnd) => start < heldStart || (start === heldStart && end > heldEnd);
const leftOrAsLong: LaterWins = (start, end, heldStart, heldEnd) => start < heldStart || (start === heldStart && end >= heldEnd);
const endsLater: LaterWins = (start, end, heldStart, heldEnd) => end > heldEnd || (end === heldEnd && start < heldStart);
const notFurtherRight: LaterWins = (start, _end, heldStart) => start <= heldStart;
const notFurtherLeft: LaterWins = (start, _end, heldStart) => start >= heldStart;
const around: LaterWins = (start, end, heldStart, heldEnd) => start < heldStart && end > heldEnd;
const aroundOrToItsEnd: LaterWins = (start, end, heldStart, heldEnd) => start < heldStart && end >= heldEnd;

interface Rules {
  readonly segments: LaterWins;
  readonly fragments: LaterWins;
}

const RULES: Readonly<Record<TargetSystem, Rules>> = {
  bsd: { segments: furtherLeft, fragments: furtherLeft },
  'bsd-right': { segments: furtherLeft, fragments: notFurtherLeft },
  'old-linux': { segments: leftOrAsLong, fragments: notFurtherRight },
  linux: { segments: leftOrLonger, fragments: notFurtherRight },
  'old-solaris': { segments: endsLater, fragments: first },
  solaris: { segments: endsLater, fragments: aroundOrToItsEnd },
  hpux10: { segments: furtherLeft, fragments: furtherLeft },
  hpux11: { segments: endsLater, fragments: first },
  irix: { segments: furtherLeft, fragments: furtherLeft },
  macos: { segments: furtherLeft, fragments: first },
  windows: { segments: furtherLeft, fragments: around },
  vista: { segments: first, fragments: first },
  windows2k3: { segments: furtherLeft, fragments: around },
};

/** Who takes segments and fragments how; of networks that lie in each other the narrowest counts. */
export class TargetTable {
  readonly #entries: readonly { readonly range: AddressRange; readonly rules: Rules }[];

  /** Networks that can not be read are passed over: the configuration check names them. */
  constructor(targets: readonly Target[]) {
    this.#entries = targets
      .flatMap(({ network, system }) => {
        const range = parseRange(network);
        return range === undefined ? [] : [{ range, rules: RULES[system] }];
      })
      // A narrower network begins later or ends earlier.
      .sort((a, b) => compareWords(b.range.from, a.range.from) || compareWords(a.range.to, b.range.to));
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  /** Undefined: as BSD does. */
  segments(address: Uint32Array, version: number): LaterWins | undefined {
    const rule = this.#rules(address, version).segments;
    return rule === furtherLeft ? undefined : rule;
  }

  fragments(address: Uint32Array, version: number): LaterWins {
    return this.#rules(address, version).fragments;
  }

  #rules(address: Uint32Array, version: number): Rules {
    for (const { range, rules } of this.#entries) {
      if (range.version === version && compareWords(address, range.from) >= 0 && compareWords(address, range.to) <= 0) return rules;
    }
    return RULES.bsd;
  }
}
