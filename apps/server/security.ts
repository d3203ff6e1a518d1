/**
 * Who asks, and whether it may: host names, sessions in cookies, tokens in headers, tokens against forged requests, limits, headers.
 * SECURITY.md says against what; security.test.ts has a test for every row of its table.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import type { Principal, Scope } from '@sigwright/workbench';
import type { Context, MiddlewareHandler } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import type { Desk } from './desk.ts';
import { Refusal } from './refusal.ts';

export interface Variables {
  who: Principal | undefined;
  nonce: string;
}
export type Env = { Variables: Variables; Bindings: { incoming?: { socket: { remoteAddress?: string } } } };

const GUEST: Principal = { user: 0, name: 'guest', role: 'reader', scopes: new Set<Scope>(['read']) };
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);
const NONCE_BYTES = 16;

export class Gate {
  readonly #desk: Desk;
  /** the address that people use; https makes cookies secure */
  readonly #origin: () => string;
  readonly #key = randomBytes(32);
  /** first-run set-up: the link works until somebody is admin */
  readonly setupSecret = randomBytes(24).toString('base64url');
  readonly signIns = new Limits(10, 60_000);
  readonly requests = new Limits(1200, 60_000);

  constructor(desk: Desk, origin: () => string) {
    this.#desk = desk;
    this.#origin = origin;
  }

  get #secure(): boolean {
    return this.#origin().startsWith('https:');
  }

  /** `__Host-`: no other name of the domain can set it. */
  get #cookie(): string {
    return this.#secure ? '__Host-sigwright' : 'sigwright';
  }

  addressOf(context: Context<Env>): string {
    return addressOf(context, this.#desk.options.isProxy);
  }

  /** Every request passes here first. */
  guard(): MiddlewareHandler<Env> {
    return async (context, next) => {
      const nonce = randomBytes(NONCE_BYTES).toString('base64');
      context.set('nonce', nonce);
      context.header('content-security-policy', policy(nonce));
      context.header('x-content-type-options', 'nosniff');
      context.header('referrer-policy', 'no-referrer');
      context.header('cross-origin-opener-policy', 'same-origin');
      context.header('cross-origin-resource-policy', 'same-origin');
      context.header('permissions-policy', 'camera=(), microphone=(), geolocation=()');
      context.header('cache-control', 'no-store');
      if (this.#secure) context.header('strict-transport-security', 'max-age=31536000');
      this.#checkHost(context);
      if (!this.requests.allow(this.addressOf(context), this.#desk.now())) throw new Refusal(429, 'too many requests; wait a minute');
      const who = await this.#principal(context);
      context.set('who', who);
      if (!SAFE_METHODS.has(context.req.method)) await this.#checkForgery(context, who);
      await next();
    };
  }

  /** Another name than ours: a page elsewhere made its own name point here (DNS rebinding). */
  #checkHost(context: Context<Env>): void {
    const wanted = new URL(this.#origin());
    const host = context.req.header('host') ?? wanted.host;
    const loopback = ['127.0.0.1', 'localhost', '[::1]'].some((name) => host === name || host === `${name}:${wanted.port}`);
    const isOurs = host === wanted.host || (loopback && ['127.0.0.1', 'localhost', '[::1]'].includes(wanted.hostname));
    if (!isOurs) throw new Refusal(403, 'this server does not go by that name');
  }

  async #principal(context: Context<Env>): Promise<Principal | undefined> {
    const header = context.req.header('authorization');
    if (header !== undefined) {
      const token = /^Bearer (\S{1,200})$/.exec(header)?.[1];
      const who = token === undefined ? undefined : await this.#desk.store.people.byToken(token);
      if (who === undefined) throw new Refusal(401, 'the token is not valid');
      return who;
    }
    const secret = getCookie(context, this.#cookie);
    const who = secret === undefined ? undefined : await this.#desk.store.people.bySession(secret);
    return who ?? (this.#desk.options.guests === true ? GUEST : undefined);
  }

  /** What changes something comes from our own pages, or with a token in a header that no other page can send. */
  async #checkForgery(context: Context<Env>, who: Principal | undefined): Promise<void> {
    if (who !== undefined && who.session === undefined && who.user !== 0) return;
    const site = context.req.header('sec-fetch-site');
    if (site !== undefined && site !== 'same-origin' && site !== 'none') throw new Refusal(403, 'the request came from another page');
    const origin = context.req.header('origin');
    if (origin !== undefined && origin !== 'null' && URL.parse(origin)?.host !== context.req.header('host'))
      throw new Refusal(403, 'the request came from another page');
    if (who?.session === undefined) return;
    const type = context.req.header('content-type') ?? '';
    let given = context.req.header('x-csrf-token');
    if (given === undefined && /^(application\/x-www-form-urlencoded|multipart\/form-data)/.test(type)) given = String((await bodyOf(context))['csrf'] ?? '');
    if (given === undefined || !equal(given, this.csrf(who))) throw new Refusal(403, 'the form is too old, or not from here; open the page anew');
  }

  /** Bound to the session: worthless in another. */
  csrf(who: Principal | undefined): string {
    return createHmac('sha256', this.#key)
      .update(who?.session ?? '')
      .digest('base64url');
  }

  /** The secret of a new session; undefined: name or password do not fit. */
  tryPassword(context: Context<Env>, name: string, password: string): Promise<string | undefined> {
    // By address and by name: neither many names from one place nor one name from many places.
    const now = this.#desk.now();
    const allowed = [`address ${this.addressOf(context)}`, `name ${name}`].map((key) => this.signIns.allow(key, now)).every((one) => one);
    if (!allowed) throw new Refusal(429, 'too many tries; wait a minute');
    return this.#desk.store.people.signIn(name, password);
  }

  startSession(context: Context<Env>, secret: string): void {
    setCookie(context, this.#cookie, secret, { httpOnly: true, sameSite: 'Strict', path: '/', secure: this.#secure });
  }

  async endSession(context: Context<Env>): Promise<void> {
    const secret = getCookie(context, this.#cookie);
    if (secret !== undefined) await this.#desk.store.people.closeSession(secret);
    deleteCookie(context, this.#cookie, { path: '/', secure: this.#secure });
  }

  /** Set-up is open while the secret fits and nobody is admin. */
  async maySetUp(secret: string): Promise<boolean> {
    if (!equal(secret, this.setupSecret)) return false;
    return !(await this.#desk.store.people.users()).some((user) => user.role === 'admin' && !user.disabled);
  }
}

/** Throws where who asks may not. */
export function need(context: Context<Env>, scope: Scope): Principal {
  const who = context.get('who');
  if (who === undefined) throw new Refusal(401, 'sign in first');
  if (!who.scopes.has(scope)) throw new Refusal(who.user === 0 ? 401 : 403, who.user === 0 ? 'sign in first' : `this needs the right to ${scope}`);
  return who;
}

/** Who asks: the peer, or whom a proxy of ours names. What stands before that in the header anybody may have written. */
export function addressOf(context: Context<Env>, isProxy: (address: string) => boolean = () => false): string {
  const peer = plainAddress(context.env?.incoming?.socket.remoteAddress ?? '');
  if (!isProxy(peer)) return peer;
  const named = (context.req.header('x-forwarded-for') ?? '').split(',').map((one) => plainAddress(one.trim()));
  const asks = named.reverse().find((one) => !isProxy(one));
  return asks === undefined || isIP(asks) === 0 ? peer : asks;
}

/** IPv4 as IPv6 sockets write it. */
function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}

function policy(nonce: string): string {
  return [
    "default-src 'none'",
    `style-src 'self' 'nonce-${nonce}'`,
    // The engine's search loops are WebAssembly of our own.
    "script-src 'self' 'wasm-unsafe-eval'",
    "worker-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data:",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

function equal(given: string, wanted: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(wanted)];
  return one.length === other.length && timingSafeEqual(one, other);
}

/** Keys that are remembered: an attacker with many addresses costs no memory. */
const MOST_KEYS = 10_000;

/** So many in so much time for each key, filled up evenly. */
export class Limits {
  readonly #most: number;
  readonly #time: number;
  readonly #left = new Map<string, { left: number; at: number }>();

  constructor(most: number, milliseconds: number) {
    this.#most = most;
    this.#time = milliseconds;
  }

  allow(key: string, now: number): boolean {
    const known = this.#left.get(key);
    const left = known === undefined ? this.#most : Math.min(this.#most, known.left + ((now - known.at) / this.#time) * this.#most);
    if (known === undefined && this.#left.size >= MOST_KEYS) this.#left.delete(this.#left.keys().next().value!);
    this.#left.delete(key);
    this.#left.set(key, { left: left < 1 ? left : left - 1, at: now });
    return left >= 1;
  }
}

type Body = Record<string, string | File | (string | File)[]>;

/** Fields of a form; of a name that stands several times the last, or all where asked for. What is no form is refused, and no fault of ours. */
export async function bodyOf(context: Context<Env>, all = false): Promise<Body> {
  try {
    return await context.req.parseBody({ all });
  } catch (problem) {
    if (problem instanceof TypeError || problem instanceof SyntaxError) throw new Refusal(400, 'the form can not be read');
    throw problem;
  }
}
