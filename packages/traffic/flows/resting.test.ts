/** What of a flow's object its row holds, and that an object that serves a second flow knows nothing of the first. */
import { SlabPool } from '@sigwright/bytes';
import { Flow } from '@sigwright/contracts';
import { describe, expect, it } from 'vitest';
import { forget, refuse } from '../streams/asked-for.ts';
import { TCP_SYN_SENT, TcpStream } from '../streams/tcp-stream.ts';
import { canRest, clear } from './resting.ts';

/** Something else than a new flow says. */
function other(value: unknown): unknown {
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'string') return `${value}x`;
  return value instanceof Uint32Array ? Uint32Array.of(1, 2, 3, 4) : {};
}

describe('an object that served a flow at rest', () => {
  it.each(Object.keys(new Flow()))('knows nothing of its %s', (name) => {
    const flow = new Flow();
    const field = name as 'source' | 'destination';
    if (flow[field] instanceof Uint32Array) flow[field].set([1, 2, 3, 4]);
    else if (name === 'vlans') flow.vlans = [7];
    else if (name === 'stream') flow.stream = synSent();
    else Object.assign(flow, { [name]: other(flow[field]) });
    if (name === 'startTime') flow.lastTime = flow.startTime;
    if (!canRest(flow)) return;
    clear(flow);
    expect(flow).toEqual(new Flow());
  });

  it('is no one that a decision was made about', () => {
    const kept = Object.keys(new Flow()).filter((name) => {
      const flow = new Flow();
      if (name === 'source' || name === 'destination' || name === 'vlans' || name === 'stream') return false;
      Object.assign(flow, { [name]: other(flow[name as 'bits']) });
      return !canRest(flow);
    });
    expect(kept).toEqual(expect.arrayContaining(['verdict', 'turned', 'bypassed', 'accepted', 'bits', 'captured', 'integers', 'anomalies']));
  });
});

describe('what a row has no room for', () => {
  it.each<readonly [why: string, change: Partial<Flow>, fits: boolean]>([
    ['nothing much', {}, true],
    ['a flow that talks would be woken each time', { packetsToServer: 3, packetsToClient: 2 }, false],
    ['more bytes than sixteen bits count', { bytesToClient: 65_536 }, false],
    ['as many as they do', { bytesToServer: 65_535, bytesToClient: 65_535 }, true],
    ['longer than 32 bits of microseconds', { startTime: 0, lastTime: 2 ** 32 }, false],
    ['as long as that', { startTime: 0, lastTime: 2 ** 32 - 1 }, true],
    ['packets that stepped back in time', { startTime: 5, lastTime: 4 }, false],
    ['fractions of a microsecond', { startTime: 5, lastTime: 5.5 }, false],
    ['a third VLAN', { vlans: [1, 2, 3] }, false],
  ])('%s', (_why, change, fits) => {
    expect(canRest(Object.assign(new Flow(), change))).toBe(fits);
  });
});

function synSent(): TcpStream {
  const stream = new TcpStream(0, new SlabPool());
  const [client] = stream.sides;
  stream.state = TCP_SYN_SENT;
  client.begin(3_000_000_000);
  Object.assign(client, { flags: 2, window: 1024, windowScale: 7, timestamp: 4_000_000_000 });
  return stream;
}

function refused(): TcpStream {
  const stream = synSent();
  refuse(stream);
  return stream;
}

describe('a stream that served a flow at rest', () => {
  it.each([
    ['its SYN', synSent],
    ['the reset that refused it', refused],
  ])('knows nothing of %s', (_what, made) => {
    const stream = made();
    expect(forget(stream)).toBe(true);
    expect(stream).toEqual(new TcpStream(0, new SlabPool()));
    // Nor does what can not be seen: its next connection ends when it ends, and not before.
    const [client] = stream.sides;
    client.begin(100);
    client.insert(100, Uint8Array.of(1, 2, 3), 0, 3);
    expect([client.available, client.ended]).toEqual([3, false]);
  });

  it.each(['targeted', 'opened', 'midstream', 'earlyData', 'fourWay'] as const)('serves no other where more was seen: %s', (name) => {
    expect(forget(Object.assign(synSent(), { [name]: true }))).toBe(false);
    expect(forget(Object.assign(refused(), { [name]: true }))).toBe(false);
  });
});
