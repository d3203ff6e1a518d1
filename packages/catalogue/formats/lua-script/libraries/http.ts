/** `suricata.http`: lines, headers and bodies of an HTTP transaction. */
import { TO_CLIENT, TO_SERVER } from '@sigwright/contracts';
import type { Interpreter, Value } from '@sigwright/lua';
import { type Functions, given, type LibraryTools, text } from './library-tools.ts';

export function httpLibrary(tools: LibraryTools): Functions {
  const raw = (side: 'request' | 'response'): string | undefined => tools.buffer('http.header.raw', side === 'request' ? TO_SERVER : TO_CLIENT);
  // In pieces, as it came; here it is one.
  const body = (name: string): Value => {
    const whole = tools.buffer(name);
    return whole === undefined ? undefined : tools.lua.list([whole]);
  };
  return {
    get_tx: tools.transaction('http', () => ({
      request_line: () => [tools.buffer('http.request_line')],
      response_line: () => [tools.buffer('http.response_line')],
      request_headers_raw: () => [raw('request')],
      response_headers_raw: () => [raw('response')],
      request_header: (_record, args) => [headerIn(raw('request'), given(args, 0, 'name of a header'))],
      response_header: (_record, args) => [headerIn(raw('response'), given(args, 0, 'name of a header'))],
      request_headers: () => [headersIn(tools.lua, raw('request'))],
      response_headers: () => [headersIn(tools.lua, raw('response'))],
      request_uri_raw: () => [tools.buffer('http.uri.raw')],
      request_uri_normalized: () => [tools.buffer('http.uri')],
      request_host: ({ hostname }) => [text(hostname)],
      request_body: () => [body('http.request_body')],
      response_body: () => [body('http.response_body')],
    })),
  };
}

/** Value of a header in a block of header lines, however it is written. */
function headerIn(block: string | undefined, name: string): Value {
  for (const line of block?.split('\n') ?? []) {
    const colon = line.indexOf(':');
    if (colon > 0 && line.slice(0, colon).trim().toLowerCase() === name.toLowerCase()) return line.slice(colon + 1).trim();
  }
  return undefined;
}

function headersIn(lua: Interpreter, block: string | undefined): Value {
  if (block === undefined) return undefined;
  const table = lua.table();
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) table.set(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
  }
  return table;
}
