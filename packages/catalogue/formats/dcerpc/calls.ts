/**
 * Calls of one association: which unit belongs to which call, what was bound, and the arguments and results put together from
 * their fragments. Protocols that carry DCE/RPC make a transaction of each call.
 */
import { concatBytes } from '@sigwright/bytes';
import { type Direction, NO_BYTES, TO_CLIENT, TO_SERVER, type Transaction } from '@sigwright/contracts';
import {
  ALTER_CONTEXT,
  ALTER_CONTEXT_RESPONSE,
  AUTHENTICATION,
  BIND,
  BIND_ACKNOWLEDGED,
  BIND_REFUSED,
  FAULT,
  HEADER_LENGTH,
  looksLikeUnit,
  REQUEST,
  RESPONSE,
  type RpcInterface,
  RpcUnit,
  TYPE_NAMES,
  unitLength,
} from './pdu.ts';

/** Calls without an answer; clients have a handful under way. */
const MOST_CALLS = 64;
/** Contexts of an association; each bind asks for a few. */
const MOST_INTERFACES = 256;
/** Arguments kept of a call in each direction: enough for what rules look for, little enough for many calls. */
const MOST_STUB = 131_072;
/** bytes from which the length of a unit is known */
const LENGTH_KNOWN = 10;

/** One side of a call. */
class Half {
  /** packet type; -1: not seen */
  type = -1;
  fragments = 0;
  /** bytes of arguments seen, also those not kept */
  size = 0;
  #bytes: Uint8Array = NO_BYTES;
  #kept = 0;
  done = false;
  /** byte order that its sender writes */
  little = false;

  add(bytes: Uint8Array, start: number, end: number): void {
    this.fragments++;
    this.size += end - start;
    const take = Math.min(MOST_STUB - this.#kept, end - start);
    if (take <= 0) return;
    if (this.#kept + take > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#kept + take, Math.min(MOST_STUB, this.#bytes.length * 2)));
      grown.set(this.#bytes.subarray(0, this.#kept));
      this.#bytes = grown;
    }
    this.#bytes.set(bytes.subarray(start, start + take), this.#kept);
    this.#kept += take;
  }

  get stub(): Uint8Array {
    return this.#bytes.subarray(0, this.#kept);
  }
}

export class RpcCall {
  readonly id: number;
  readonly version: string;
  /** by direction */
  readonly halves: readonly [Half, Half] = [new Half(), new Half()];
  opnum = -1;
  /** what a bind asks for; of a request, the one it speaks to */
  interfaces: RpcInterface[] = [];
  /** the first fragment was seen: others alone count for rules only where they say so */
  fromFirst = false;
  /** set by the protocol that carries the call */
  transaction: Transaction | undefined = undefined;

  constructor(id: number, version: string) {
    this.id = id;
    this.version = version;
  }

  get isRequest(): boolean {
    return this.halves[TO_SERVER].type === REQUEST;
  }
}

/** The call that a transaction carries, of whichever protocol it is. */
export function callOf(transaction: Transaction): RpcCall | undefined {
  const { call } = transaction as Transaction & { readonly call?: unknown };
  return call instanceof RpcCall ? call : undefined;
}

/** Fields of the call in records; `withReasons`: why an interface was taken or not, as records of SMB have it. */
export function callBody(call: RpcCall, withReasons = false): Record<string, unknown> {
  const [request, response] = call.halves;
  const body: Record<string, unknown> = { request: request.type < 0 ? 'REQUEST_LOST' : TYPE_NAMES[request.type] };
  if (request.type === REQUEST) body['req'] = { opnum: call.opnum, frag_cnt: request.fragments, stub_data_size: request.size };
  body['response'] = response.type < 0 ? 'UNREPLIED' : TYPE_NAMES[response.type];
  if (response.type === RESPONSE) body['res'] = { frag_cnt: response.fragments, stub_data_size: response.size };
  if (call.interfaces.length > 0) body['interfaces'] = call.interfaces.map((one) => interfaceBody(one, withReasons));
  body['call_id'] = call.id;
  return body;
}

function interfaceBody(one: RpcInterface, withReasons: boolean): Record<string, unknown> {
  const body: Record<string, unknown> = { uuid: one.identifier, version: `${one.major}.${one.minor}` };
  if (one.result !== undefined) {
    body['ack_result'] = one.result;
    // As in Suricata's records, which tell of the result alone.
    if (withReasons) body['ack_reason'] = 0;
  }
  return body;
}

export class RpcAssociation {
  readonly #tellsLost: boolean;
  readonly #calls: RpcCall[] = [];
  readonly #interfaces: RpcInterface[] = [];
  /** a unit of which only the beginning came, by direction */
  readonly #held: [Uint8Array, Uint8Array] = [NO_BYTES, NO_BYTES];

  /** `tellsLost`: answers whose request was not seen are calls, too */
  constructor(tellsLost: boolean) {
    this.#tellsLost = tellsLost;
  }

  /** Bytes of a pipe, cut anywhere. `found` is told each call that a unit began or went on with. False: this is no DCE/RPC. */
  feed(direction: Direction, bytes: Uint8Array, start: number, end: number, found: (call: RpcCall) => void): boolean {
    const held = this.#held[direction];
    const whole = held.length === 0 ? bytes : concatBytes(held, bytes.subarray(start, end));
    let at = held.length === 0 ? start : 0;
    const limit = held.length === 0 ? end : whole.length;
    this.#held[direction] = NO_BYTES;
    while (limit - at >= LENGTH_KNOWN) {
      if (!looksLikeUnit(whole, at)) return false;
      const length = unitLength(whole, at);
      if (limit - at < length) break;
      const call = this.unit(direction, whole, at, at + length);
      if (call !== undefined) found(call);
      at += length;
    }
    // A unit has at most 65,535 bytes.
    if (at < limit) this.#held[direction] = whole.slice(at, limit);
    return true;
  }

  /** One whole unit. Undefined: it belongs to no call. */
  unit(direction: Direction, bytes: Uint8Array, start: number, end: number): RpcCall | undefined {
    if (end - start < HEADER_LENGTH) return undefined;
    const unit = new RpcUnit(bytes, start, end);
    return direction === TO_SERVER ? this.#request(unit) : this.#response(unit);
  }

  /** Bytes were lost: what is held of a unit will not be completed. */
  forget(direction: Direction): void {
    this.#held[direction] = NO_BYTES;
  }

  #request(unit: RpcUnit): RpcCall | undefined {
    const { type } = unit;
    if (type === REQUEST) return this.#fragment(unit);
    if (type !== BIND && type !== ALTER_CONTEXT && type !== AUTHENTICATION) return undefined;
    const call = this.#begin(unit);
    const half = call.halves[TO_SERVER];
    half.type = type;
    half.done = true;
    if (type === AUTHENTICATION) {
      this.#end(call);
      return call;
    }
    call.interfaces = unit.interfaces();
    this.#interfaces.push(...call.interfaces);
    if (this.#interfaces.length > MOST_INTERFACES) this.#interfaces.splice(0, this.#interfaces.length - MOST_INTERFACES);
    return call;
  }

  #fragment(unit: RpcUnit): RpcCall | undefined {
    if (unit.end - unit.start < HEADER_LENGTH + 8) return undefined;
    const waiting = unit.isFirst ? undefined : this.#calls.findLast((one) => one.id === unit.callId && one.isRequest && !one.halves[TO_SERVER].done);
    const call = waiting ?? this.#begin(unit);
    const half = call.halves[TO_SERVER];
    half.little = unit.little;
    if (half.type < 0) {
      half.type = REQUEST;
      call.opnum = unit.opnum;
      call.fromFirst = unit.isFirst;
      // The last bind of a context is the one that counts.
      const spokenTo = this.#interfaces.findLast((one) => one.contextId === unit.contextId && one.result === 0);
      if (spokenTo !== undefined) call.interfaces = [spokenTo];
    }
    half.add(unit.bytes, unit.stubStart, unit.end);
    if (unit.isLast) half.done = true;
    return call;
  }

  #response(unit: RpcUnit): RpcCall | undefined {
    const { type } = unit;
    if (type !== RESPONSE && type !== FAULT && type !== BIND_ACKNOWLEDGED && type !== BIND_REFUSED && type !== ALTER_CONTEXT_RESPONSE) return undefined;
    const asked = this.#calls.find((one) => one.id === unit.callId && !one.halves[TO_CLIENT].done);
    if (asked === undefined && !this.#tellsLost) return undefined;
    const call = asked ?? this.#begin(unit);
    const half = call.halves[TO_CLIENT];
    half.little = unit.little;
    half.type = type;
    if (type === RESPONSE) {
      half.add(unit.bytes, unit.stubStart, unit.end);
      if (!unit.isLast) return call;
    } else if (type !== FAULT && type !== BIND_REFUSED) {
      unit.results().forEach((result, index) => {
        if (index < call.interfaces.length) call.interfaces[index].result = result;
      });
    }
    this.#end(call);
    return call;
  }

  #begin(unit: RpcUnit): RpcCall {
    const call = new RpcCall(unit.callId, `5.${unit.minorVersion}`);
    this.#calls.push(call);
    if (this.#calls.length > MOST_CALLS) this.#end(this.#calls[0]);
    return call;
  }

  /** Nothing more comes of it. */
  #end(call: RpcCall): void {
    for (const half of call.halves) half.done = true;
    const at = this.#calls.indexOf(call);
    if (at >= 0) this.#calls.splice(at, 1);
  }
}
