/**
 * In the place of engine-verbs.ts where the command line is bundled: the same verbs out of one script, with what V8 compiled of it when it
 * was put together (tools/keep-compiled.ts). V8 compiles a function when it is first called; of a run of two seconds that was a twentieth.
 * What was kept is taken only by the same V8 with the same flags, those of the launcher; otherwise V8 compiles as ever.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { Script } from 'node:vm';
import { crc32 } from 'node:zlib';

export type EngineVerbs = typeof import('../engine-verbs.ts');

export interface EngineScript {
  readonly script: Script;
  readonly verbs: EngineVerbs;
}

/** `file`: the script; what was compiled of it lies beside, if anything does. */
export function engineScript(file: string): EngineScript {
  const text = readFileSync(file);
  const script = new Script(text.toString('latin1'), {
    filename: file,
    cachedData: compiledOf(file, text),
  });
  const module = { exports: {} };
  (script.runInThisContext() as (require: NodeJS.Require, module: object, file: string, folder: string) => void)(
    createRequire(file),
    module,
    file,
    dirname(file),
  );
  return { script, verbs: module.exports as EngineVerbs };
}

/** Keeps what V8 compiled of the script in `file` until now. */
export function keepCompiled(file: string, script: Script): void {
  const compiled = script.createCachedData();
  const sum = Buffer.alloc(SUM);
  sum.writeUInt32LE(sumOf(readFileSync(file), compiled));
  writeFileSync(`${file}${COMPILED}.new`, Buffer.concat([compiled, sum]));
  renameSync(`${file}${COMPILED}.new`, `${file}${COMPILED}`);
}

export const COMPILED = '.compiled';
/** Behind it stands a sum of it and of the script: V8 believes what it is given, and a single wrong bit ends the process. */
const SUM = 4;

function sumOf(text: Uint8Array, compiled: Uint8Array): number {
  return crc32(compiled, crc32(text));
}

/** Undefined where there is none, or something else. */
function compiledOf(file: string, text: Uint8Array): Buffer | undefined {
  let kept: Buffer;
  try {
    kept = readFileSync(`${file}${COMPILED}`);
  } catch {
    return undefined;
  }
  const compiled = kept.subarray(0, -SUM);
  return kept.length > SUM && kept.readUInt32LE(compiled.length) === sumOf(text, compiled) ? compiled : undefined;
}
