/** A followed eve.json: may it be read, is it EVE, does it grow, does it say what the workbench wants, how far was it read. */

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { resolve } from 'node:path';
import { counted } from '@sigwright/bytes';
import type { StoreLook } from '@sigwright/workbench';
import { type Finding, Findings, sizeWords, timeWords } from './findings.ts';

/** The end of the file that is looked at. */
const TAIL = 1024 * 1024;
const STALE = 3_600_000;
const CLOCKS_DIFFER = 120_000;

export function eveFindings(path: string, look: StoreLook | undefined, now: number): readonly Finding[] {
  const found = new Findings('eve');
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (problem) {
    const { code } = problem as NodeJS.ErrnoException;
    if (code === 'ENOENT') found.wrong(`${path} does not exist`, 'see outputs.eve-log.filename and default-log-dir in suricata.yaml; serve waits for the file');
    else found.wrong(`${path} can not be read by this user`, 'add the user to the group that owns it (Debian: usermod -aG suricata USER)');
    return found.all;
  }
  try {
    const { size, ino, mtimeMs } = fstatSync(fd);
    if (!fstatSync(fd).isFile()) {
      found.wrong(`${path} is no file`, 'Suricata can write a file (filetype: regular); sockets are not followed');
      return found.all;
    }
    if (size === 0) {
      found.note(`${path} is empty`, 'does Suricata run, and see traffic?');
      return found.all;
    }
    const tail = new Uint8Array(Math.min(size, TAIL));
    const length = readSync(fd, tail, 0, tail.length, size - tail.length);
    lines(found, path, new TextDecoder().decode(tail.subarray(0, length)), size > TAIL, now);
    if (now - mtimeMs > STALE) found.note(`it was last written ${timeWords(now - mtimeMs)} ago`, 'see whether Suricata runs: systemctl status suricata');
    progress(found, path, size, String(ino), look);
  } finally {
    closeSync(fd);
  }
  return found.all;
}

function lines(found: Findings, path: string, text: string, cut: boolean, now: number): void {
  const whole = text.split('\n').slice(cut ? 1 : 0, -1);
  const types = new Map<string, number>();
  let [broken, flows, communities, newest] = [0, 0, 0, Number.NEGATIVE_INFINITY];
  for (const line of whole) {
    try {
      const record = JSON.parse(line) as Record<string, unknown>;
      if (typeof record['event_type'] !== 'string') throw new Error('no type');
      types.set(record['event_type'], (types.get(record['event_type']) ?? 0) + 1);
      if (record['flow_id'] !== undefined) flows++;
      if (record['community_id'] !== undefined) communities++;
      const time = Date.parse(String(record['timestamp']));
      if (time > newest) newest = time;
    } catch {
      broken++;
    }
  }
  if (types.size === 0) {
    found.wrong(`${path} holds no EVE records`, 'name the file that eve-log writes, not fast.log or stats.log');
    return;
  }
  const listed = [...types].sort((a, b) => b[1] - a[1]).map(([type, count]) => `${count} ${type}`);
  found.good(`${path}: of its last ${counted(whole.length, 'line')}, ${listed.slice(0, 6).join(', ')}`);
  if (broken > 0) found.note(`${counted(broken, 'line')} of them are no EVE records`, 'does something else write into the file?');
  if (!types.has('dns')) found.note('there are no DNS records among them', 'enable dns in eve-log: lookups by a resolver are laid to the client that asked');
  if (flows > 0 && communities === 0) found.note('records have no community_id', 'community-id: true in eve-log: links to Arkime, EveBox and others go by it');
  if (newest > now + CLOCKS_DIFFER) found.wrong(`its newest record is ${timeWords(newest - now)} in the future`, "set the sensor's clock by NTP");
}

function progress(found: Findings, path: string, size: number, inode: string, look: StoreLook | undefined): void {
  if (look === undefined) return;
  const known = look.sources.find((one) => one.path === path || resolve(one.path) === resolve(path));
  if (known === undefined) found.note('nothing of it is in the store yet', `sigwright serve … --eve ${path}, or sigwright ingest`);
  else if (known.inode !== inode)
    found.note('it was rotated since the store read it', 'serve reads the old file to its end where it lies beside, then this one');
  else if (known.offset > size)
    found.note('it is shorter than what was read of it', 'it was cut off in place: serve begins anew; lines that are known count once');
  else found.good(`the store has read it up to ${known.offset === size ? 'its end' : `${sizeWords(size - known.offset)} before its end`}`);
}
