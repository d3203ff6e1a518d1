/** HTTP/2 frames (RFC 9113 §4, §6): header, kinds, and what the short ones say. */
import { uint16, uint32 } from '@sigwright/bytes';

export const HEADER_LENGTH = 9;

export const DATA = 0;
export const HEADERS = 1;
export const PRIORITY = 2;
export const RST_STREAM = 3;
export const SETTINGS = 4;
export const PUSH_PROMISE = 5;
export const PING = 6;
export const GOAWAY = 7;
export const WINDOW_UPDATE = 8;
export const CONTINUATION = 9;

export const FRAME_TYPES: Readonly<Record<string, number>> = {
  DATA,
  HEADERS,
  PRIORITY,
  RST_STREAM,
  SETTINGS,
  PUSH_PROMISE,
  PING,
  GOAWAY,
  WINDOW_UPDATE,
  CONTINUATION,
};

/** of DATA and HEADERS */
export const END_STREAM = 0x01;
/** of SETTINGS and PING */
export const ACKNOWLEDGEMENT = 0x01;
export const END_HEADERS = 0x04;
export const PADDED = 0x08;
export const WITH_PRIORITY = 0x20;

/** RFC 9113 §7; the place is the number. */
export const ERROR_CODES = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
] as const;

/** RFC 9113 §6.5.2 and RFC 8441; by number. */
export const SETTING_NAMES: Readonly<Record<number, string>> = {
  1: 'SETTINGS_HEADER_TABLE_SIZE',
  2: 'SETTINGS_ENABLE_PUSH',
  3: 'SETTINGS_MAX_CONCURRENT_STREAMS',
  4: 'SETTINGS_INITIAL_WINDOW_SIZE',
  5: 'SETTINGS_MAX_FRAME_SIZE',
  6: 'SETTINGS_MAX_HEADER_LIST_SIZE',
  8: 'SETTINGS_ENABLE_CONNECT_PROTOCOL',
};

export interface Setting {
  readonly id: number;
  readonly value: number;
}

export const SETTING_LENGTH = 6;

export function settingsIn(bytes: Uint8Array, start: number, end: number): Setting[] {
  const settings: Setting[] = [];
  for (let at = start; at + SETTING_LENGTH <= end && settings.length < MOST_SETTINGS; at += SETTING_LENGTH)
    settings.push({ id: uint16(bytes, at), value: uint32(bytes, at + 2) });
  return settings;
}

/** There are seven. */
const MOST_SETTINGS = 256;

/** Lengths that frames of a kind must have; the others vary. */
export const FIXED_LENGTHS: Readonly<Record<number, number>> = { [PRIORITY]: 5, [RST_STREAM]: 4, [PING]: 8, [WINDOW_UPDATE]: 4 };

export class FrameHeader {
  length = 0;
  type = 0;
  flags = 0;
  stream = 0;

  read(bytes: Uint8Array, at: number): void {
    this.length = (bytes[at] << 16) | (bytes[at + 1] << 8) | bytes[at + 2];
    this.type = bytes[at + 3];
    this.flags = bytes[at + 4];
    this.stream = uint32(bytes, at + 5) & LOW_31_BITS;
  }

  has(flag: number): boolean {
    return (this.flags & flag) !== 0;
  }
}

/** The first bit of numbers of streams and windows is reserved. */
export const LOW_31_BITS = 0x7fff_ffff;
