/** TLS on damaged bytes. node fuzz/tls.fuzz.ts [SECONDS] [SEED] */
import { DEFAULT_SETTINGS, type Flow, TCP } from '@sigwright/contracts';
import { CaptureReader, composeCapture, type TcpStream, TrafficPipeline } from '@sigwright/traffic';
import { type Dialogue, fuzzSession } from './session.ts';

/** Both directions of every connection in a capture. */
function dialogues(capture: Uint8Array): Dialogue[] {
  const found: Dialogue[] = [];
  const pipeline = new TrafficPipeline(DEFAULT_SETTINGS, {
    onPacket() {},
    onFlowEnd(flow: Flow) {
      if (flow.protocol !== TCP || flow.stream === undefined) return;
      const [client, server] = (flow.stream as TcpStream).sides;
      found.push({ client: client.bytes.slice(0, client.available), server: server.bytes.slice(0, server.available) });
    },
  });
  const reader = new CaptureReader((data, start, end, time, wireLength, linkType) => pipeline.record(data, start, end, time, wireLength, linkType));
  reader.push(capture);
  pipeline.finish();
  return found;
}

const capture = composeCapture({ seed: 7 });
const ends = { client: '10.0.0.5', server: '203.0.113.9' };
capture.tlsConnection({ ...ends, serverName: 'www.example.com' });
capture.tlsConnection({ ...ends, serverName: 'a.example', version: '1.3', alpn: ['h2', 'http/1.1'] });
capture.tlsConnection({ ...ends, version: '1.0', certificate: { subject: 'CN=a', issuer: 'CN=b' } as never });
fuzzSession('tls', dialogues(capture.finish()));
