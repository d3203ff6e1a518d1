/** Direction within a flow: 0 from client to server, 1 from server to client. Numbers, since they index. */
export type Direction = 0 | 1;
export const TO_SERVER = 0;
export const TO_CLIENT = 1;

export function directionName(direction: Direction): 'to_server' | 'to_client' {
  return direction === TO_SERVER ? 'to_server' : 'to_client';
}

/** Directions as bits of a number, `1 << direction` each: two booleans in the place of one, where something is kept for every flow. */
export const BOTH_DIRECTIONS = 3;

/** The same when client and server change places. */
export function swapped(directions: number): number {
  return ((directions & 1) << 1) | (directions >>> 1);
}
