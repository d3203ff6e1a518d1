/** Captures that are handed out: the packets of an alert, the evidence of a rule, the example's. */
import type { Context } from 'hono';
import { type Env, need } from '../security.ts';
import { number, param } from './request.ts';
import type { Site } from './site.ts';

export function addCaptureRoutes({ app, desk }: Site): void {
  app.get('/alerts/:id/packets.pcap', async (context) => {
    need(context, 'read');
    const id = number(context, 'id');
    const alert = await desk.store.record(id);
    return handOut(context, alert === undefined ? undefined : await desk.captures.packetsOf(alert), `alert-${id}.pcap`);
  });

  app.get('/rules/:sid/evidence/:name', (context) => {
    need(context, 'read');
    const name = param(context, 'name');
    return handOut(context, desk.captures.evidence(number(context, 'sid'), name), name);
  });

  app.get('/example.pcap', (context) => {
    need(context, 'read');
    return handOut(context, desk.options.example);
  });
}

/** `name`: of the file that it is kept as. */
function handOut(context: Context<Env>, capture: Uint8Array | undefined, name?: string): Response | Promise<Response> {
  if (capture === undefined) return context.notFound();
  return context.body(new Uint8Array(capture), 200, {
    'content-type': 'application/vnd.tcpdump.pcap',
    ...(name === undefined ? {} : { 'content-disposition': `attachment; filename="${name}"` }),
  });
}
