/**
 * Connections of which little is known: somebody asked for one with a SYN, and nobody answered, or a reset said that nobody listens. What
 * a scan makes of them is told by few numbers, and the stream serves the next one.
 */
import { ACK, RST, TO_CLIENT, TO_SERVER } from '@sigwright/contracts';
import type { StreamSide } from './stream-side.ts';
import { TCP_CLOSED, TCP_NONE, TCP_SYN_SENT, type TcpStream } from './tcp-stream.ts';

/** More is known of it. */
export const TALKED = 0;
/** Nothing was seen but SYNs of the client that are alike, without data that counts. */
export const ASKED = 1;
/** As ASKED, and the answer was a reset without data, with the numbers that RFC 9293, section 3.10.7.1, has for a port that nobody listens on. */
export const REFUSED = 2;

export function whatIsKnown(stream: TcpStream): typeof TALKED | typeof ASKED | typeof REFUSED {
  const { state, sides } = stream;
  if (state !== TCP_SYN_SENT && state !== TCP_CLOSED) return TALKED;
  if (stream.midstream || stream.oneSided || stream.fourWay || stream.earlyData || stream.opened || stream.freed || stream.otherSyns !== undefined)
    return TALKED;
  const client = sides[TO_SERVER];
  const server = sides[TO_CLIENT];
  if (client.available !== 0 || client.next !== client.first || client.windowEnd !== client.first) return TALKED;
  if (state === TCP_SYN_SENT) return server.flags === 0 && !server.known ? ASKED : TALKED;
  return stream.reset &&
    stream.resetBy === TO_CLIENT &&
    stream.stateBeforeReset === TCP_SYN_SENT &&
    stream.otherAnswers === undefined &&
    !stream.windowsUnknown &&
    client.known &&
    client.lastAcknowledgement === client.first &&
    server.flags === (RST | ACK) &&
    server.known &&
    server.first === 0 &&
    isOver(client) &&
    isOver(server)
    ? REFUSED
    : TALKED;
}

/** Nothing came, nothing will, and the consumer knows. */
function isOver(side: StreamSide): boolean {
  return side.ended && side.finished && side.available === 0 && side.next === side.first && side.fin < 0 && side.gap === 0 && !side.opaque;
}

/** To a stream that was asked for the reset comes that refuses it. */
export function refuse(stream: TcpStream): void {
  const client = stream.sides[TO_SERVER];
  const server = stream.sides[TO_CLIENT];
  stream.reset = true;
  stream.resetBy = TO_CLIENT;
  stream.stateBeforeReset = TCP_SYN_SENT;
  stream.state = TCP_CLOSED;
  server.flags = RST | ACK;
  server.begin(0);
  server.close();
  client.close(true);
  server.finished = client.finished = true;
}

/** Makes a stream of which little is known one of which nothing is. False: something would stay. */
export function forget(stream: TcpStream): boolean {
  const known = whatIsKnown(stream);
  if (known === TALKED || stream.targeted || (known === ASKED && stream.reset)) return false;
  stream.state = TCP_NONE;
  if (known === REFUSED) {
    stream.reset = false;
    stream.resetBy = 0;
    stream.stateBeforeReset = TCP_NONE;
  }
  for (const side of stream.sides) {
    if (known === REFUSED) side.reopen();
    side.next = side.first = side.lastAcknowledgement = side.windowEnd = 0;
    side.known = false;
    side.window = 65535;
    side.windowScale = -1;
    side.timestamp = -1;
    side.flags = 0;
  }
  return true;
}
