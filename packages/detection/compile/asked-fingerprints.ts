/** Fingerprints that cost something to make, and how a rule that looks at one is told by its text. */

export type Fingerprint = 'hassh' | 'ja3' | 'ja4';

const WORDS: Readonly<Record<Fingerprint, readonly string[]>> = {
  hassh: ['ssh.hassh'],
  ja3: ['ja3.hash', 'ja3_hash', 'ja3.string', 'ja3_string', 'ja3s.hash', 'ja3s.string'],
  ja4: ['ja4.hash'],
};

/** Which of them rules ask for. */
export function askedFingerprints(texts: readonly string[]): readonly Fingerprint[] {
  return (Object.keys(WORDS) as Fingerprint[]).filter((name) => texts.some((text) => WORDS[name].some((word) => text.includes(word))));
}
