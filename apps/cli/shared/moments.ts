/** When something happens in a capture that several threads read: see `Peers.at`. */
export interface Moment {
  readonly number: number;
  readonly lastTime: number;
  readonly firstPacket: number;
}

export const BEGINNING: Moment = { number: 0, lastTime: 0, firstPacket: 0 };

/** Negative: `one` comes first. */
export function compareMoments(one: Moment, other: Moment): number {
  if (one.number !== other.number) return one.number < other.number ? -1 : 1;
  if (one.lastTime !== other.lastTime) return one.lastTime < other.lastTime ? -1 : 1;
  return one.firstPacket < other.firstPacket ? -1 : Number(one.firstPacket > other.firstPacket);
}
