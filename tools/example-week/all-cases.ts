/** Every evidence case, and the capture of one. */
import { composeCapture } from '@sigwright/traffic';
import { DOMAIN_CASES } from './domain-cases.ts';
import { type EvidenceCase, LOCAL_PREFIX } from './evidence-case.ts';
import { LOADER_CASES } from './loader-traffic.ts';
import { PYTHON_CASES } from './python-traffic.ts';
import { SESSION_CASES } from './session-traffic.ts';
import { WEB_CASES } from './web-traffic.ts';

export const ALL_CASES: readonly EvidenceCase[] = [...LOADER_CASES, ...PYTHON_CASES, ...WEB_CASES, ...SESSION_CASES, ...DOMAIN_CASES].toSorted(
  (a, b) => a.sid - b.sid || Number(a.alerts === 0) - Number(b.alerts === 0),
);

/** The seed is the case's own sid and place, so that a new case changes no other file. */
export function composeCase(one: EvidenceCase): Uint8Array {
  let seed = one.sid;
  for (let at = 0; at < one.name.length; at++) seed = (seed * 31 + one.name.charCodeAt(at)) >>> 0;
  const capture = composeCapture({ seed, localPrefix: LOCAL_PREFIX });
  one.compose(capture);
  return capture.finish();
}
