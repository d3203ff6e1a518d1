/** `suricata.flow`: ends, times, counts and protocols of the flow. */
import { formatAddressLong } from '@sigwright/bytes';
import { eveTimestamp, type Flow } from '@sigwright/contracts';
import type { Value } from '@sigwright/lua';
import type { Functions, LibraryTools, Methods } from './library-tools.ts';
import { legacyTime, seconds } from './times.ts';

export function flowLibrary(tools: LibraryTools): Functions {
  return {
    get() {
      const flow = tools.host.context?.flow;
      return flow === undefined ? [undefined, 'error: no flow'] : [tools.value('suricata:flow', flow, () => flowMethods)];
    },
  };
}

const flowMethods: Methods<Flow> = {
  id: ({ id }) => [id],
  app_layer_proto: (flow) => [
    flow.applicationProtocol ?? 'unknown',
    flow.protocolToServer ?? flow.applicationProtocol ?? 'unknown',
    flow.protocolToClient ?? flow.applicationProtocol ?? 'unknown',
    flow.originalProtocol ?? 'unknown',
    flow.agreedProtocol ?? 'unknown',
  ],
  has_alerts: ({ alerted }) => [alerted],
  stats: (flow) => [flow.packetsToServer, flow.bytesToServer, flow.packetsToClient, flow.bytesToClient],
  timestamps({ startTime, lastTime }) {
    const [[began, beganBeyond], [ended, endedBeyond]] = [seconds(startTime), seconds(lastTime)];
    return [began, ended, beganBeyond, endedBeyond];
  },
  timestring_legacy: ({ startTime }) => [legacyTime(startTime)],
  timestring_iso8601: ({ startTime }) => [eveTimestamp(startTime)],
  tuple: (flow) => flowTuple(flow),
  tuple_with_vlan: (flow) => [...flowTuple(flow), flow.vlans?.[0] ?? 0, flow.vlans?.[1] ?? 0],
};

function flowTuple(flow: Flow): Value[] {
  const { source, destination, ipVersion, protocol, sourcePort, destinationPort } = flow;
  return [ipVersion, formatAddressLong(source, ipVersion), formatAddressLong(destination, ipVersion), protocol, sourcePort, destinationPort];
}
