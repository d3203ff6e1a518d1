/** One rule that the engine refuses fails alone, and rules that stay silent beside it say that it was missing. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openRepository } from '../repository/repository.ts';
import { type ProofRunner, prove } from './prove.ts';

test('a refused rule fails alone', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sigwright-prove-'));
  try {
    cpSync(join(import.meta.dirname, '..', '..', '..', 'examples', '2024-03-08'), folder, { recursive: true });
    const opened = openRepository(folder);
    if (!opened.ok) throw new Error(opened.message);
    const [good, bad] = [...opened.value.evidence.keys()];
    // Whatever the capture, the good rule alerts as often as it is to: only its silent captures fail, and that for themselves.
    const runner: ProofRunner = () => ({ alerts: [{ sid: good, packet: 1 }], refused: new Map([[bad, 'a quote inside is not escaped']]) });
    const { rules } = prove(opened.value, runner, { sids: new Set([good, bad]) });
    const reasons = (sid: number): string[] =>
      rules
        .find((one) => one.sid === sid)!
        .checks.filter(({ ok }) => !ok)
        .map(({ reason }) => reason);
    for (const reason of reasons(bad)) expect(reason).toBe('the rule is refused: a quote inside is not escaped');
    expect(reasons(bad).length).toBeGreaterThan(0);
    expect(reasons(good).every((reason) => reason.startsWith('must stay silent'))).toBe(true);
    const silent: ProofRunner = () => ({ alerts: [], refused: new Map([[bad, 'x']]) });
    const [{ checks }] = prove(opened.value, silent, { sids: new Set([good]) }).rules;
    expect(checks.find(({ kind }) => kind === 'fires')?.reason).toContain(`refused beside it: ${bad}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
