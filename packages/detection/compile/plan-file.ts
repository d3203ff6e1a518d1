/**
 * A plan as bytes: a magic, the length of a JSON head, the head, then the typed arrays it points at, each at a multiple of
 * eight so that loading makes views and copies nothing; and apart from them the texts of its rules, most of which nobody asks for.
 * Anything that does not fit is refused with a failure, never trusted.
 */
import { type Failure, failure, type Result, success } from '@sigwright/contracts';
import { PLAN_VERSION, type PlanData } from './plan.ts';
import type { RuleTexts } from './rule-texts.ts';

const MAGIC = 'sigwright plan 2';
const HEAD_START = 32;
const ALIGNMENT = 8;

const ARRAYS = { Uint8Array, Uint16Array, Uint32Array, Int32Array } as const;
type ArrayName = keyof typeof ARRAYS;

interface ArrayPlace {
  readonly $: ArrayName;
  readonly at: number;
  readonly length: number;
}

export interface SavedPlan {
  readonly tables: Uint8Array;
  /** the rules' texts, UTF-8 */
  readonly texts: Uint8Array;
}

/** `key`: whatever the caller wants compared on loading (hash of rules and settings). */
export function savePlan({ texts, ...plan }: PlanData, key: string): SavedPlan {
  const arrays: { array: Uint8Array; at: number }[] = [];
  let size = 0;
  const replaced = (value: unknown): unknown => {
    if (ArrayBuffer.isView(value)) {
      const view = value as Uint8Array | Uint16Array | Uint32Array | Int32Array;
      const place: ArrayPlace = { $: view.constructor.name as ArrayName, at: size, length: view.length };
      arrays.push({ array: new Uint8Array(view.buffer, view.byteOffset, view.byteLength), at: size });
      size += Math.ceil(view.byteLength / ALIGNMENT) * ALIGNMENT;
      return place;
    }
    if (Array.isArray(value)) return value.map(replaced);
    if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, replaced(one)]));
    return value;
  };
  const head = new TextEncoder().encode(JSON.stringify({ key, plan: replaced(plan) }));
  const bodyStart = Math.ceil((HEAD_START + head.length) / ALIGNMENT) * ALIGNMENT;
  const bytes = new Uint8Array(bodyStart + size);
  bytes.set(new TextEncoder().encode(MAGIC));
  const view = new DataView(bytes.buffer);
  view.setUint32(16, PLAN_VERSION, true);
  view.setUint32(20, head.length, true);
  view.setUint32(24, size, true);
  bytes.set(head, HEAD_START);
  for (const { array, at } of arrays) bytes.set(array, bodyStart + at);
  return { tables: bytes, texts: texts.read(0, texts.length) };
}

/** `bytes`: the tables; they must start at a multiple of eight of their buffer. */
export function loadPlan(bytes: Uint8Array, texts: RuleTexts, key: string): Result<PlanData> {
  const bad = (why: string): Failure => failure('plan/not-usable', `the saved plan can not be used: ${why}`);
  if (bytes.length < HEAD_START || bytes.byteOffset % ALIGNMENT !== 0) return bad('too short');
  if (new TextDecoder().decode(bytes.subarray(0, MAGIC.length)) !== MAGIC) return bad('not a plan');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(16, true) !== PLAN_VERSION) return bad('made by another version');
  const headLength = view.getUint32(20, true);
  const size = view.getUint32(24, true);
  const bodyStart = Math.ceil((HEAD_START + headLength) / ALIGNMENT) * ALIGNMENT;
  if (bodyStart + size !== bytes.length) return bad('cut short');
  try {
    const head = JSON.parse(new TextDecoder().decode(bytes.subarray(HEAD_START, HEAD_START + headLength))) as { key: string; plan: unknown };
    if (head.key !== key) return bad('made from other rules or settings');
    const restored = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(restored);
      if (typeof value !== 'object' || value === null) return value;
      if ('$' in value) {
        const place = value as ArrayPlace;
        return new ARRAYS[place.$](bytes.buffer as ArrayBuffer, bytes.byteOffset + bodyStart + place.at, place.length);
      }
      const made: Record<string, unknown> = {};
      for (const name in value) made[name] = restored((value as Record<string, unknown>)[name]);
      return made;
    };
    const plan = restored(head.plan) as Omit<PlanData, 'texts'>;
    if (plan.textStarts.at(-1) !== texts.length) return bad('its rules are missing');
    return success({ ...plan, texts });
  } catch (cause) {
    return failure('plan/not-usable', 'the saved plan can not be used: damaged', { cause });
  }
}
