/**
 * A flow: packets between two end points of one transport protocol. `source` is the client (who sent the first packet, or
 * was found to be the client later).
 */
import type { ProtocolSession } from './protocol.ts';

export const FLOW_NEW = 0;
export const FLOW_ESTABLISHED = 1;
export const FLOW_CLOSED = 2;

// A typed array of its own costs ten times its content; these lie many in one buffer.
const WORDS_IN_SLAB = 512;
let slab = new Uint32Array(WORDS_IN_SLAB);
let slabUsed = 0;

function addressWords(): Uint32Array {
  if (slabUsed === WORDS_IN_SLAB) {
    slab = new Uint32Array(WORDS_IN_SLAB);
    slabUsed = 0;
  }
  slabUsed += 4;
  return slab.subarray(slabUsed - 4, slabUsed);
}

export class Flow {
  // What every packet looks at comes first and lies together: most flows are not in the processor's caches when their next packet comes.
  protocol = 0;
  state = FLOW_NEW;
  /** source and destination changed places since the first packet: it was the server's */
  turned = false;
  /** its row in the flow table, -1 while it is in none; owned by `traffic/flows` */
  row = -1;
  /** nothing more of it is looked at, not even by streams and protocols */
  bypassed = false;
  /** passed: nothing more is inspected; dropped: nothing more of it goes on (the first decision counts) */
  verdict: 'none' | 'pass' | 'drop' = 'none';
  lastTime = 0.5;
  packetsToServer = 0;
  packetsToClient = 0;
  bytesToServer = 0;
  bytesToClient = 0;
  /** name of the application protocol: undefined while not known, `failed` where it could not be told */
  applicationProtocol: string | undefined = undefined;
  /** the protocol before a change of protocol */
  originalProtocol: string | undefined = undefined;
  session: ProtocolSession | undefined = undefined;
  /** owned by `traffic/streams` */
  stream: unknown = undefined;
  /** owned by detection */
  detection: unknown = undefined;
  /**
   * By kind of plain packet (`plainKind`) of a direction, KIND_QUIET where all that counts is that one came: nobody reads what is in it, and no
   * rule can hold on it. Undefined: nothing is known yet. Owned by detection.
   */
  quietToServer: Uint8Array | undefined = undefined;
  quietToClient: Uint8Array | undefined = undefined;
  /** how often rules had taken over when these were found: of rules before, they say nothing */
  quietSince = 0;

  /** counts from 1 in order of appearance */
  id = 0;
  ipVersion = 4;
  readonly source: Uint32Array = addressWords();
  readonly destination: Uint32Array = addressWords();
  /** ports, or icmp type and code */
  sourcePort = 0;
  destinationPort = 0;
  /** ICMP: the type that answers the one it began with, -1 where there is none */
  responseType = -1;
  vlans: readonly number[] | undefined = undefined;
  /** microseconds */
  startTime = 0.5;
  /** packets around it: the same addresses inside and outside of a tunnel are two flows */
  tunnelDepth = 0;
  /** packet number of the first packet; the EVE flow_id is made from it */
  firstPacket = 0;
  /** what each side alone was taken for */
  protocolToServer: string | undefined = undefined;
  protocolToClient: string | undefined = undefined;
  /** what the peers had agreed to change to, where they went on with another one */
  agreedProtocol: string | undefined = undefined;
  /** what the flow that agreed on this one said about it */
  expected: unknown = undefined;
  /** names set by flowbits, in order; undefined where none */
  bits: Set<string> | undefined = undefined;
  integers: Map<string, number> | undefined = undefined;
  /** texts that rules captured for the flow, by name */
  captured: Map<string, string> | undefined = undefined;
  /** measured by `entropy`, by the name of what was measured */
  entropies: Map<string, number> | undefined = undefined;
  /** an alert was raised on it */
  alerted = false;
  /** alerts on it that may turn out to be none, in numbers of whoever asks (see `Peers` of detection); undefined where none */
  questions: number[] | undefined = undefined;
  /** why its further packets are dropped, in the words of drop records */
  dropReason = 'flow drop';
  /** the firewall lets everything of it through */
  accepted = false;
  /** directions in which a drop was recorded, as bits */
  dropsLogged = 0;
  /** exception policies that were applied, each target once */
  exceptions: { readonly target: string; readonly policy: string }[] | undefined = undefined;
  /** directions in which rules want files to be stored, as bits */
  filesStored = 0;
  /** why the flow ended: `timeout`, `forced`, `shutdown` (end of capture), `tcp_reuse` */
  endReason = '';
  /** names of anomalies raised on the flow as a whole */
  anomalies: string[] | undefined = undefined;
}
