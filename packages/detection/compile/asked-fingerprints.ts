/** Fingerprints that cost something to make, and how a rule that looks at one is told by its text, or by that of its script. */
import { latin1 } from '@sigwright/bytes';

export type Fingerprint = 'hassh' | 'ja3' | 'ja4';

const WORDS: Readonly<Record<Fingerprint, readonly string[]>> = {
  hassh: ['ssh.hassh'],
  ja3: ['ja3.hash', 'ja3_hash', 'ja3.string', 'ja3_string', 'ja3s.hash', 'ja3s.string'],
  ja4: ['ja4.hash'],
};
/** What a script calls for it. Suricata user guide, "Lua libs: SSH", "JA3". */
const CALLS: readonly (readonly [call: string, fingerprint: Fingerprint])[] = [
  ['enable_hassh', 'hassh'],
  ['enable_ja3', 'ja3'],
];
const SCRIPT = /\blua(?:jit)?:\s*!?\s*([^\s;,]+)/g;

/** Which of them rules ask for. `read`: scripts by name. */
export function askedFingerprints(texts: readonly string[], read: (script: string) => Uint8Array | undefined): readonly Fingerprint[] {
  const names = texts.flatMap((text) => (text.includes('lua') ? [...text.matchAll(SCRIPT)].map(([, name]) => name) : []));
  const scripts = [...new Set(names)].map((name) => latin1(read(name) ?? new Uint8Array(0)));
  return (Object.keys(WORDS) as Fingerprint[]).filter(
    (name) =>
      texts.some((text) => WORDS[name].some((word) => text.includes(word))) ||
      scripts.some((script) => CALLS.some(([call, fingerprint]) => fingerprint === name && script.includes(call))),
  );
}
