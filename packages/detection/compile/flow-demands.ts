/** What a rule demands of the flow, as words of `flow:` → as the evaluation asks for it. */
import { type FlowDemand, TO_CLIENT, TO_SERVER } from '@sigwright/contracts';
import type { FlowDemands } from './compiled-rule.ts';

export function flowDemandsOf(said: ReadonlySet<FlowDemand>): FlowDemands {
  return {
    established: said.has('established'),
    notEstablished: said.has('not_established'),
    stateless: said.has('stateless'),
    direction: said.has('to_server') ? TO_SERVER : said.has('to_client') ? TO_CLIENT : undefined,
    onlyStream: said.has('only_stream'),
    noStream: said.has('no_stream'),
    onlyFragments: said.has('only_frag'),
    noFragments: said.has('no_frag'),
    any: said.size > 0,
  };
}

/** Says `flow:` nothing but a direction, or nothing at all? */
export function namesDirectionOnly(said: ReadonlySet<FlowDemand>): boolean {
  for (const demand of said) if (demand !== 'to_server' && demand !== 'to_client') return false;
  return true;
}
