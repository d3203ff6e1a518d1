/** The machine: Node, what was built, memory, clock, room on disks. */
import { existsSync, statfsSync, statSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { type Finding, Findings, sizeWords } from './findings.ts';

const OLDEST_NODE = [24, 0];
const LEAST_MEMORY = 1e9;
/** Of a disk: below, the next full hour of alerts may not fit. */
const LEAST_ROOM = 1e9;
const SOME_ROOM = 10e9;
const DIST = join(import.meta.dirname, '..', '..', '..', 'dist');

/** `now`: milliseconds. `places`: what is written, with what for. */
export function machineFindings(now: number, places: readonly (readonly [string, string])[]): readonly Finding[] {
  const found = new Findings('machine');
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1]))
    found.wrong(
      `Node ${process.versions.node} is too old`,
      `start it by ./sigwright, which takes the Node that npm ci brought, or install Node ${OLDEST_NODE[0]}`,
    );
  else found.good(`Node ${process.versions.node}, ${availableParallelism()} cores, ${sizeWords(totalmem())} of memory`);
  if (totalmem() < LEAST_MEMORY) found.note(`${sizeWords(totalmem())} of memory is little`, 'a full rule set needs about 600 MB');
  for (const [file, what, remedy] of [
    ['web/page.js', 'the scripts of the pages', 'node tools/build.ts'],
    ['cli/main.js', 'the bundle of the command line', 'node tools/build.ts (without it every start takes a second longer)'],
  ] as const)
    if (!existsSync(join(DIST, file))) found.note(`${what} are not built`, remedy);
  clock(found, now);
  const disks = new Set<string>();
  for (const [place, what] of places) {
    const folder = nearestFolder(place);
    const key = String(statSync(folder).dev);
    if (disks.has(key)) continue;
    disks.add(key);
    const { bavail, bsize, blocks } = statfsSync(folder);
    const [room, all] = [bavail * bsize, blocks * bsize];
    const words = `${sizeWords(room)} of ${sizeWords(all)} are free where ${what} is (${folder})`;
    if (room < LEAST_ROOM) found.wrong(words, 'make room, or let serve forget old events by --keep-days or --keep-bytes');
    else if (room < SOME_ROOM && room < all / 10) found.note(words, 'serve forgets old events by --keep-days or --keep-bytes');
    else found.good(words);
  }
  return found.all;
}

/** Files of ours were made before now; a clock that was never set says 1970, or when the machine was built. */
function clock(found: Findings, now: number): void {
  const made = statSync(import.meta.filename).mtimeMs;
  if (now < made - 86_400_000)
    found.wrong(
      `the clock says ${new Date(now).toISOString()}, before sigwright was installed`,
      'set the clock (timedatectl set-ntp true): times of alerts and certificates depend on it',
    );
  else found.good(`the clock says ${new Date(now).toISOString()}`);
}

/** The folder itself, or the nearest above it that exists. */
function nearestFolder(place: string): string {
  let folder = resolve(place);
  while (!existsSync(folder) || !statSync(folder).isDirectory()) folder = dirname(folder);
  return folder;
}
