/** `intake` and `indicators` as a user meets them: what is printed, in which form, and what is said of what can not be read. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { composeCapture } from '@sigwright/traffic';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const REPORT =
  'Cold rain\n\nSource: https://blog.small-lab.net/cold\n\nThe Grey Heron loader asks hxxps://coldrain[.]top:8443/a, says @palefinch. Then 45.137.21[.]9:80.\n';
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sigwright-intake-'));
  mkdirSync(join(folder, 'names'));
  mkdirSync(join(folder, 'lists'));
  writeFileSync(join(folder, 'report.txt'), REPORT);
  writeFileSync(join(folder, 'report.docx'), 'PK\x03\x04\x00');
  const bare = composeCapture();
  bare.tcpConversation({ client: '10.3.8.9', server: '203.0.113.9', serverPort: 15647, exchanges: [{ from: 'client', bytes: 'HELLO' }] });
  writeFileSync(join(folder, 'bare.pcap'), bare.finish());
  writeFileSync(join(folder, 'broken.json'), '{"Event": {"info": "x", coldrain[.]top');
  writeFileSync(join(folder, 'names', 'malware.json'), JSON.stringify({ values: [{ value: 'Wet Bird', meta: { synonyms: ['Grey Heron'] } }] }));
  writeFileSync(join(folder, 'lists', 'known.json'), JSON.stringify({ name: 'Known', type: 'hostname', list: ['coldrain.top'] }));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function sigwright(args: readonly string[], input = ''): { status: number | null; out: string; error: string } {
  const { status, stdout, stderr } = spawnSync(join(ROOT, 'sigwright'), args, { encoding: 'utf8', cwd: folder, input });
  return { status, out: stdout, error: stderr };
}

describe('indicators', () => {
  test('one JSON object a line, from standard input as from a file', () => {
    const { status, out } = sigwright(['indicators', '--json', 'report.txt']);
    expect(status).toBe(0);
    expect(sigwright(['indicators', '--json'], REPORT).out).toBe(out);
    const found = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; value: string; role: string; start: number; end: number; benign: boolean; reason: string });
    expect(found.map(({ type, value, role }) => `${role} ${type} ${value}`)).toEqual([
      'reference url https://blog.small-lab.net/cold',
      'indicator url https://coldrain.top:8443/a',
      'credit handle @palefinch',
      'indicator ipv4 45.137.21.9',
    ]);
    expect(found[3]).toMatchObject({ port: 80, benign: false, reason: expect.any(String) });
    expect(REPORT.slice(found[1].start, found[1].end)).toBe('hxxps://coldrain[.]top:8443/a');
  });

  test('warning lists of a folder', () => {
    expect(sigwright(['indicators', '--warning-lists', 'lists', 'report.txt']).out).toContain('benign     https://coldrain.top:8443/a');
  });
});

describe('intake', () => {
  test('source, digest, time, credits, names by synonym and the sentence around each value are kept', () => {
    const { status, out } = sigwright(['intake', '--json', '--names', 'names', 'report.txt']);
    expect(status).toBe(0);
    const reading = JSON.parse(out) as { indicators: readonly Record<string, unknown>[] };
    expect(reading).toMatchObject({
      title: 'Cold rain',
      source: 'https://blog.small-lab.net/cold',
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      readAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      credits: ['@palefinch'],
      families: ['Wet Bird'],
      names: [{ kind: 'family', name: 'Wet Bird', written: 'Grey Heron', start: REPORT.indexOf('Grey Heron') }],
    });
    expect(reading.indicators[3]).toMatchObject({ written: '45.137.21[.]9:80', sentence: 'Then 45.137.21[.]9:80.' });
  });

  test('for people: the name with how it is written', () => {
    expect(sigwright(['intake', '--names', 'names', 'report.txt']).out).toContain('Wet Bird (Grey Heron)');
  });

  test.each([
    ['a document of an office program', 'report.docx', 1, /report\.docx: this is no report, but a ZIP archive/],
    ['a capture without names, URLs or fingerprints', 'bare.pcap', 0, /nothing in it could be an indicator/],
    ['broken JSON is read as text, which is said', 'broken.json', 0, /broken\.json: the JSON is broken/],
  ])('%s', (_why, file, status, message) => {
    const said = sigwright(['intake', file]);
    expect(said.status).toBe(status);
    expect(said.error).toMatch(message);
  });
});
