/** `suricata.dns`: questions, answers and flags of a DNS transaction. */
import type { Table } from '@sigwright/lua';
import { type Functions, type LibraryTools, text } from './library-tools.ts';

export function dnsLibrary(tools: LibraryTools): Functions {
  return {
    get_tx: tools.transaction('dns', () => ({
      answers: ({ answers }) => [dnsSection(tools, answers)],
      authorities: ({ authorities }) => [dnsSection(tools, authorities)],
      flags: ({ flags }) => [dnsFlags(flags)],
      queries: ({ queries }) => [dnsSection(tools, queries)],
      rcode: ({ type, flags }) => [type === 'response' ? (dnsFlags(flags) ?? 0) & 15 : undefined],
      rcode_string: ({ type, rcode }) => [type === 'response' ? text(rcode) : undefined],
      recursion_desired: ({ rd }) => [rd === true],
      rrname: ({ queries, rrname }) => [text(rrname) ?? text((queries as { rrname?: unknown }[] | undefined)?.[0]?.rrname)],
      txid: ({ id }) => [text(id)],
    })),
  };
}

const dnsFlags = (flags: unknown): number | undefined => (typeof flags === 'string' ? Number.parseInt(flags, 16) : undefined);

/** Entries of a section, counted from 0 as ever; the type as `type`, data in text as `addr`. There is a table even where there are no entries. */
function dnsSection(tools: LibraryTools, entries: unknown): Table {
  const table = tools.lua.table();
  for (const [at, entry] of (Array.isArray(entries) ? (entries as Record<string, unknown>[]) : []).entries()) {
    const { rrtype, rdata } = entry;
    table.set(at, tools.table({ ...entry, type: rrtype, ...(typeof rdata === 'string' ? { addr: rdata } : {}) }));
  }
  return table;
}
