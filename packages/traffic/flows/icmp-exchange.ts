/** ICMP's questions and answers (RFC 792, 4443, 4861) by their types: both are of one flow. */
import { ICMP } from '@sigwright/contracts';

const ANSWERS: ReadonlyMap<number, number> = new Map([
  [0, 8],
  [14, 13],
  [16, 15],
  [18, 17],
]);
const ANSWERS_V6: ReadonlyMap<number, number> = new Map([
  [129, 128],
  [136, 135],
]);

/** The type of the question that a packet of this type belongs to: its own where it is no answer. */
export function question(protocol: number, type: number): number {
  return (protocol === ICMP ? ANSWERS : ANSWERS_V6).get(type) ?? type;
}

/** The type that is the other half of the exchange, -1 where there is none. */
export function counterpart(protocol: number, type: number): number {
  const known = protocol === ICMP ? ANSWERS : ANSWERS_V6;
  const asked = known.get(type);
  if (asked !== undefined) return asked;
  for (const [answer, asks] of known) if (asks === type) return answer;
  return -1;
}
