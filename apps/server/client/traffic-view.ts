/** A capture as its flows; each opens to what was said in it, transaction by transaction, buffer by buffer, and to its packets. */
import { button, counted, element } from './dom.ts';
import { hexdump } from './hexdump.ts';
import type { FlowDetails, FromTraffic, ShownAlert, ShownBuffer, ShownFlow, ShownTransaction } from './messages.ts';

export interface TrafficActions {
  /** details of a flow are wanted; `showDetails` brings them */
  ask(id: number): void;
  take(seen: { bytes: Uint8Array; buffer: string | undefined; protocol: string; direction: 'to_server' | 'to_client' }): void;
}

/** Flows drawn at once. */
const PAGE = 100;
const LINES = 8;

type Capture = FromTraffic & { readonly say: 'capture' };

export class TrafficView {
  readonly #holder: HTMLElement;
  readonly #actions: TrafficActions;
  #flows: readonly ShownFlow[] = [];
  #shown: readonly ShownFlow[] = [];
  readonly #drawn = new Map<number, HTMLDetailsElement>();
  readonly #list = element('div', [], 'flows');
  readonly #count = element('p', '', 'quiet-text');
  #alerts = new Map<number, string[]>();

  constructor(holder: HTMLElement, actions: TrafficActions) {
    this.#holder = holder;
    this.#actions = actions;
  }

  show({ flows, count }: Capture): void {
    this.#flows = flows;
    this.#drawn.clear();
    const filter = element('input');
    filter.type = 'search';
    filter.addEventListener('input', () => this.#filter(filter.value));
    this.#holder.replaceChildren(
      element('h2', 'Traffic'),
      element(
        'p',
        `${counted(count.packets, 'packet')}, ${counted(count.flows, 'flow')}, ${counted(count.transactions, 'transaction')}. Times are UTC. Choose bytes in a buffer to make a content of them.`,
      ),
      element('label', ['Flows with these words (an address, a protocol, a host; alert: those with alerts) ', filter]),
      this.#count,
      this.#list,
    );
    this.#filter('');
  }

  /** Which flows the alerts are in. */
  alerts(alerts: readonly ShownAlert[]): void {
    const now = new Map<number, string[]>();
    for (const { sid, places } of alerts)
      for (const { flow } of places) {
        const known = now.get(flow) ?? [];
        if (!known.includes(String(sid))) now.set(flow, [...known, String(sid)]);
      }
    this.#alerts = now;
    for (const [id, made] of this.#drawn) this.#mark(id, made);
  }

  showFlow(id: number): void {
    const flow = this.#flows.find((one) => one.id === id);
    if (flow === undefined) return;
    if (!this.#drawn.has(id)) {
      this.#shown = [flow];
      this.#draw(true);
    }
    const made = this.#drawn.get(id)!;
    made.open = true;
    made.scrollIntoView({ block: 'nearest' });
    made.querySelector('summary')?.focus();
  }

  showDetails(details: FlowDetails): void {
    const body = this.#drawn.get(details.id)?.querySelector<HTMLElement>('.flow-body');
    if (body === undefined || body === null) return;
    const parts: Node[] = details.transactions.map((one) => this.#transaction(one, details));
    if (parts.length === 0) parts.push(element('p', 'No transaction of a known protocol was read here.', 'quiet-text'));
    if (details.packets.length > 0) {
      const packets = details.packets.map((one) => this.#buffer(one, `packet ${one.packet}, payload`, details.protocol));
      parts.push(lazily(element('summary', `Payloads of ${counted(details.packets.length, 'packet')}`), () => packets, details.transactions.length === 0));
    }
    if (details.cut) parts.push(element('p', 'There is more than a page keeps: the first transactions and packets are shown.', 'quiet-text'));
    body.replaceChildren(...parts);
  }

  #filter(words: string): void {
    const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
    const textOf = (flow: ShownFlow): string =>
      `${flow.id} ${flow.transport} ${flow.application} ${flow.source} ${flow.destination} ${flow.summary} ${(this.#alerts.get(flow.id) ?? []).map((sid) => `alert ${sid}`).join(' ')}`.toLowerCase();
    this.#shown = wanted.length === 0 ? this.#flows : this.#flows.filter((flow) => wanted.every((word) => textOf(flow).includes(word)));
    this.#draw(true);
  }

  #draw(isNew: boolean): void {
    if (isNew) {
      this.#drawn.clear();
      this.#list.replaceChildren();
    }
    const from = this.#drawn.size;
    for (const flow of this.#shown.slice(from, from + PAGE)) this.#list.append(this.#flow(flow));
    const left = this.#shown.length - this.#drawn.size;
    if (left > 0) {
      const more = button(`${counted(Math.min(PAGE, left), 'more flow')}`, () => {
        more.remove();
        this.#draw(false);
      });
      this.#list.append(more);
    }
    this.#count.textContent =
      this.#flows.length === 0
        ? 'The capture holds no flow.'
        : this.#shown.length === this.#flows.length
          ? ''
          : `${counted(this.#shown.length, 'flow')} of ${this.#flows.length.toLocaleString('en')}`;
  }

  #flow(flow: ShownFlow): HTMLElement {
    const summary = element('summary', [
      element('span', `${flow.id}`, 'flow-id'),
      ' ',
      element('strong', flow.application === '' ? flow.transport : flow.application),
      ` ${flow.source} → ${flow.destination} `,
      element(
        'span',
        `${flow.time.slice(11)} · ${counted(flow.packets, 'packet')}${flow.transactions === 0 ? '' : ` · ${counted(flow.transactions, 'transaction')}`}`,
        'quiet-text',
      ),
      element('span', [], 'flow-alerts'),
      ...(flow.summary === '' ? [] : [element('span', flow.summary, 'flow-summary')]),
    ]);
    const made = element('details', [summary, element('div', [element('p', 'One moment …', 'quiet-text')], 'flow-body')], 'flow');
    made.addEventListener('toggle', () => {
      if (made.open && made.dataset['asked'] === undefined) {
        made.dataset['asked'] = 'yes';
        this.#actions.ask(flow.id);
      }
    });
    this.#drawn.set(flow.id, made);
    this.#mark(flow.id, made);
    return made;
  }

  #mark(id: number, made: HTMLElement): void {
    const sids = this.#alerts.get(id) ?? [];
    made
      .querySelector('.flow-alerts')
      ?.replaceChildren(
        ...sids.slice(0, 5).flatMap((sid) => [' ', element('span', `alert ${sid}`, 'tag')]),
        ...(sids.length > 5 ? [` and ${sids.length - 5} more`] : []),
      );
  }

  #transaction(one: ShownTransaction, { protocol }: FlowDetails): HTMLElement {
    return lazily(
      element('summary', [element('strong', `Transaction ${one.id}`), ` ${one.summary}`]),
      () => [
        ...one.buffers.map((buffer) => this.#buffer(buffer, buffer.name ?? 'payload', protocol)),
        ...(one.buffers.length === 0 ? [element('p', 'It has no named buffer.', 'quiet-text')] : []),
        ...one.records.map(({ type, text }) => element('details', [element('summary', `as EVE: ${type}`), element('pre', text, 'text')])),
      ],
      false,
    );
  }

  #buffer(buffer: ShownBuffer, name: string, protocol: string): HTMLElement {
    const { bytes, length, offset, direction } = buffer;
    const about = `${direction.replace('_', ' ')}, ${counted(length, 'byte')}${offset === 0 ? '' : ` from ${offset.toLocaleString('en')} on`}${length > bytes.length ? `, the first ${bytes.length.toLocaleString('en')} are kept` : ''}`;
    return element(
      'div',
      [
        element('p', [element('code', name), ' ', element('span', about, 'quiet-text')], 'buffer-name'),
        hexdump({
          bytes,
          offset,
          label: name,
          lines: LINES,
          take: (chosen) => this.#actions.take({ bytes: chosen, buffer: buffer.name, protocol, direction }),
        }),
      ],
      'buffer',
    );
  }
}

/** Drawn when it is opened. */
function lazily(summary: HTMLElement, body: () => readonly Node[], isOpen: boolean): HTMLElement {
  const made = element('details', [summary]);
  let isDrawn = false;
  const draw = (): void => {
    if (isDrawn) return;
    isDrawn = true;
    made.append(...body());
  };
  made.addEventListener('toggle', () => {
    if (made.open) draw();
  });
  if (isOpen) {
    draw();
    made.open = true;
  }
  return made;
}
