/** Who was taken for the client is the server: everything about the flow changes places. */
import type { Flow } from '@sigwright/contracts';
import type { TcpStream } from '../streams/tcp-stream.ts';

/** The flow table's hash is the same for both directions, so the flow stays where it is. */
export function turnRound(flow: Flow): void {
  for (let word = 0; word < 4; word++) {
    const address = flow.source[word];
    flow.source[word] = flow.destination[word];
    flow.destination[word] = address;
  }
  const port = flow.sourcePort;
  flow.sourcePort = flow.destinationPort;
  flow.destinationPort = port;
  const { packetsToServer, bytesToServer } = flow;
  flow.packetsToServer = flow.packetsToClient;
  flow.bytesToServer = flow.bytesToClient;
  flow.packetsToClient = packetsToServer;
  flow.bytesToClient = bytesToServer;
  flow.turned = !flow.turned;
  flow.quietToServer = flow.quietToClient = undefined;
  (flow.stream as TcpStream | undefined)?.sides.reverse();
}
