/** Retro-hunts over many machines, and lines of EVE that come through the broker. The broker's client is loaded when it is asked for. */
export type { Broker, BrokerOptions } from './broker.ts';
export { type Bundle, filesBelow, packBundle, unpackBundle } from './bundle.ts';
export { beginProof, beginSynthesis, proofOf, type SynthesisRequest, SynthesizedRule, synthesizedOf } from './rule-work.ts';
export { type HuntHit, HuntOutcome, HuntResult, HuntResults, HuntTask, staysInside, WORK_KINDS, type WorkKind } from './shapes.ts';
export type { HuntEngine, WorkerOptions } from './worker.ts';

/** Everything that speaks to the broker. */
export async function hunting(): Promise<
  typeof import('./broker.ts') & typeof import('./worker.ts') & typeof import('./mind-hunts.ts') & typeof import('./eve-stream.ts') & typeof import('./look.ts')
> {
  return {
    ...(await import('./broker.ts')),
    ...(await import('./worker.ts')),
    ...(await import('./mind-hunts.ts')),
    ...(await import('./eve-stream.ts')),
    ...(await import('./look.ts')),
  };
}
