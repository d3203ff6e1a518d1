/** Content-Range (RFC 9110 §14.4). */

/** `bytes 500-1000/146515`; the size may be `*`. Undefined: it is none. */
export function contentRange(text: string): { start?: number; end?: number; size?: number } | undefined {
  const match = /^\s*bytes\s+(?:(\d{1,15})\s*-\s*(\d{1,15})|\*)\s*\/\s*(\d{1,15}|\*)/i.exec(text);
  if (match === null) return undefined;
  const [, start, end, size] = match;
  const range = { ...(start === undefined ? {} : { start: Number(start), end: Number(end) }), ...(size === '*' ? {} : { size: Number(size) }) };
  return start !== undefined && Number(start) > Number(end) ? undefined : range;
}
