/** Webhooks: who is told of what happens here. */
import { type Result, success } from '@sigwright/contracts';
import { type Principal, type WebhookEvent, webhookAddressLacks } from '@sigwright/workbench';
import type { DeskBase } from './base.ts';

export interface WebhookWanted {
  readonly name: string;
  readonly url: string;
  readonly events: readonly WebhookEvent[];
}

export class WebhookDesk {
  readonly #base: DeskBase;

  constructor(base: DeskBase) {
    this.#base = base;
  }

  /** Told of what happens from now on; its secret is told once. */
  async add(who: Principal, { name, url, events }: WebhookWanted): Promise<Result<{ readonly id: number; readonly secret: string }>> {
    const { options, store } = this.#base;
    const lacks = await webhookAddressLacks(url, options.dial ?? {});
    if (lacks !== undefined) return lacks;
    const made = await store.webhooks.add(name, url, events);
    await store.people.note(who.name, 'webhook added', name, { host: new URL(url).host, events });
    return success(made);
  }
}
