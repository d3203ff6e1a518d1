/** `suricata.http`: lines, headers and bodies of an HTTP transaction. */
import { TO_CLIENT, TO_SERVER } from '@sigwright/contracts';
import { givenText, type Value } from '@sigwright/lua';
import { type Functions, type LibraryTools, text } from './library-tools.ts';

export function httpLibrary(tools: LibraryTools): Functions {
  const raw = (side: 'request' | 'response'): string | undefined => tools.buffer('http.header.raw', side === 'request' ? TO_SERVER : TO_CLIENT);
  // In pieces, as it came; here it is one.
  const body = (name: string): Value => {
    const whole = tools.buffer(name);
    return whole === undefined ? undefined : tools.table([whole]);
  };
  return {
    get_tx: tools.transaction('http', () => ({
      request_line: () => [tools.buffer('http.request_line')],
      response_line: () => [tools.buffer('http.response_line')],
      request_headers_raw: () => [raw('request')],
      response_headers_raw: () => [raw('response')],
      request_header: (_record, args) => [headerIn(raw('request'), givenText(args, 0, 'request_header'))],
      response_header: (_record, args) => [headerIn(raw('response'), givenText(args, 0, 'response_header'))],
      request_headers: () => [headersIn(tools, raw('request'))],
      response_headers: () => [headersIn(tools, raw('response'))],
      request_uri_raw: () => [tools.buffer('http.uri.raw')],
      request_uri_normalized: () => [tools.buffer('http.uri')],
      request_host: ({ hostname }) => [text(hostname)],
      request_body: () => [body('http.request_body')],
      response_body: () => [body('http.response_body')],
    })),
  };
}

/** Headers of a block of lines by their names in small letters; folded lines are one, and what comes several times is put together. */
function headersOf(block: string): Map<string, readonly [name: string, value: string]> {
  const headers = new Map<string, readonly [name: string, value: string]>();
  for (const line of block.replaceAll(/\r?\n[ \t]+/g, ' ').split('\n')) {
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    const written = line.slice(0, colon).trim();
    const value = line.slice(colon + 1).trim();
    const before = headers.get(written.toLowerCase());
    headers.set(written.toLowerCase(), before === undefined ? [written, value] : [before[0], `${before[1]}, ${value}`]);
  }
  return headers;
}

/** Value of a header, however its name is written. */
function headerIn(block: string | undefined, name: string): Value {
  return block === undefined ? undefined : headersOf(block).get(name.toLowerCase())?.[1];
}

function headersIn(tools: LibraryTools, block: string | undefined): Value {
  return block === undefined ? undefined : tools.table(Object.fromEntries(headersOf(block).values()));
}
