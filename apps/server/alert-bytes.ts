/**
 * The bytes that a sensor wrote into an alert itself: `payload` and `packet` of Suricata's EVE (`payload: yes`, `packet: yes`), both base64.
 * They are shown, and handed out as a capture, where the sensor's captures are not at hand.
 */
import type { EveRecord, Rule } from '@sigwright/contracts';
import { readContentValue } from '@sigwright/rule-language';
import { captureHeader, captureRecord } from '@sigwright/traffic';

/** Suricata keeps 4 KB; what is longer is cut. */
const LONGEST = 256 * 1024;
const ETHERNET = 1;

export function keptPayload(record: EveRecord): Uint8Array | undefined {
  return bytesOf(record['payload']);
}

/** The one packet of the alert, as a capture. `time`: milliseconds since 1970. */
export function keptPacket(record: EveRecord, time: number): Uint8Array | undefined {
  const packet = bytesOf(record['packet']);
  if (packet === undefined) return undefined;
  const told = (record['packet_info'] as { linktype?: unknown } | undefined)?.linktype;
  const link = typeof told === 'number' && Number.isInteger(told) && told >= 0 && told < 65_536 ? told : ETHERNET;
  return Buffer.concat([captureHeader(link), captureRecord(time * 1000, packet, 0, packet.length, packet.length)]);
}

function bytesOf(base64: unknown): Uint8Array | undefined {
  if (typeof base64 !== 'string' || base64 === '') return undefined;
  const bytes = Buffer.from(base64.slice(0, LONGEST), 'base64');
  return bytes.length === 0 ? undefined : bytes;
}

/** Where the contents of a rule first stand in `bytes`, whatever their case: starts and ends. What a rule looks for elsewhere is not there. */
export function contentsIn(bytes: Uint8Array, rule: Rule): [start: number, end: number][] {
  const whole = Buffer.from(bytes).toString('latin1').toLowerCase();
  return rule.options.flatMap(({ name, value }): [number, number][] => {
    const read = name === 'content' ? readContentValue(value?.trim() ?? '') : undefined;
    if (read === undefined || 'problem' in read || read.negated || read.bytes.length === 0) return [];
    const start = whole.indexOf(Buffer.from(read.bytes).toString('latin1').toLowerCase());
    return start < 0 ? [] : [[start, start + read.bytes.length]];
  });
}
