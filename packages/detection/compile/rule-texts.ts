/** The texts of a plan's rules, one after another in UTF-8: in memory, or in the file of a saved plan. Few of them are ever read. */
export interface RuleTexts {
  /** bytes of all */
  readonly length: number;
  /** Bytes [start, end). Throws where a file that was whole is not any more. */
  read(start: number, end: number): Uint8Array;
}

export function textsInMemory(bytes: Uint8Array): RuleTexts {
  return { length: bytes.length, read: (start, end) => bytes.subarray(start, end) };
}
