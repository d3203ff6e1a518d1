/**
 * Signing in by OpenID Connect: the authorization code flow with PKCE, state and nonce, by the library openid-client. Who comes back is known
 * by issuer and subject, never by a name that the provider lets people choose; what that user may is what its groups say today.
 */
import { timingSafeEqual } from 'node:crypto';
import { entryOf } from '@sigwright/bytes';
import { type Failure, failure, type Result, success } from '@sigwright/contracts';
import { type Store, USER_ROLES, type UserRole } from '@sigwright/workbench';
import type { Configuration } from 'openid-client';
import { z } from 'zod';

export const OIDC_SETTING = 'openid connect';
const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];

export const OidcSettings = z.object({
  issuer: z.string().refine((url) => {
    if (!URL.canParse(url)) return false;
    const { protocol, hostname } = new URL(url);
    return protocol === 'https:' || (protocol === 'http:' && LOOPBACK.includes(hostname));
  }, 'an issuer has an https address'),
  client: z.string().min(1).max(300),
  secret: z.string().min(1).max(1000),
  /** of the identity token; holds a text or a list of texts */
  claim: z.string().min(1).max(200),
  /** value of the claim → role; the highest counts */
  roles: z
    .array(z.object({ value: z.string().min(1).max(300), role: z.enum(USER_ROLES) }))
    .min(1)
    .max(100),
});
export type OidcSettings = z.infer<typeof OidcSettings>;

/** Undefined: nobody signs in this way. */
export async function oidcSettings(store: Store): Promise<OidcSettings | undefined> {
  const kept = await store.setting(OIDC_SETTING);
  return kept === undefined || kept === '' ? undefined : OidcSettings.safeParse(JSON.parse(kept)).data;
}

/** `value = role` lines. */
export function rolesOf(text: string): { value: string; role: string }[] {
  return text
    .split(/\r?\n/)
    .map((line) => /^\s*(.+?)\s*=\s*(\w+)\s*$/.exec(line))
    .flatMap((match) => (match === null ? [] : [{ value: match[1], role: match[2] }]));
}

export interface Arrived {
  readonly subject: string;
  readonly name: string;
  readonly role: UserRole;
}

interface Begun {
  readonly settings: OidcSettings;
  readonly verifier: string;
  readonly nonce: string;
  readonly at: number;
}

/** Sign-ins under way that are remembered, and for how many milliseconds. */
const MOST_BEGUN = 10_000;
const PATIENCE = 600_000;
const TIMEOUT_SECONDS = 10;
/** What a provider says of itself is asked anew after so long: keys change. */
const FRESH = 3_600_000;
const NAME = /^[\p{L}\p{N}._@-]{1,64}$/u;

export class OidcSignIn {
  readonly #now: () => number;
  readonly #begun = new Map<string, Begun>();
  #known: { readonly key: string; readonly at: number; readonly configuration: Promise<Configuration> } | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Where the browser is sent, and the state that a cookie has to bring back. */
  async begin(settings: OidcSettings, back: string): Promise<Result<{ readonly url: string; readonly state: string }>> {
    try {
      const oidc = await import('openid-client');
      const configuration = await this.#configuration(settings);
      const [verifier, state, nonce] = [oidc.randomPKCECodeVerifier(), oidc.randomState(), oidc.randomNonce()];
      const url = oidc.buildAuthorizationUrl(configuration, {
        redirect_uri: back,
        scope: 'openid profile email',
        code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        state,
        nonce,
      });
      if (this.#begun.size >= MOST_BEGUN) this.#begun.delete(this.#begun.keys().next().value!);
      this.#begun.set(state, { settings, verifier, nonce, at: this.#now() });
      return success({ url: url.href, state });
    } catch (cause) {
      return failure('oidc/provider', `the provider can not be asked: ${(cause as Error).message}`, { cause });
    }
  }

  /** `address`: what the browser was sent back to. `state`: of its cookie. */
  async end(address: URL, state: string | undefined): Promise<Result<Arrived>> {
    const given = address.searchParams.get('state') ?? '';
    const begun = this.#begun.get(given);
    this.#begun.delete(given);
    if (begun === undefined || state === undefined || !equal(state, given) || this.#now() - begun.at > PATIENCE)
      return failure('oidc/state', 'the sign-in was not begun in this browser, or too long ago; begin it anew');
    try {
      const { authorizationCodeGrant } = await import('openid-client');
      const tokens = await authorizationCodeGrant(await this.#configuration(begun.settings), address, {
        pkceCodeVerifier: begun.verifier,
        expectedState: given,
        expectedNonce: begun.nonce,
        idTokenExpected: true,
      });
      return arrivedOf(tokens.claims() as Record<string, unknown>, begun.settings);
    } catch (cause) {
      return failure('oidc/refused', `the provider did not confirm it: ${(cause as Error).message}`, { cause });
    }
  }

  #configuration(settings: OidcSettings): Promise<Configuration> {
    const key = JSON.stringify([settings.issuer, settings.client, settings.secret]);
    const known = this.#known;
    if (known !== undefined && known.key === key && this.#now() - known.at < FRESH) return known.configuration;
    const configuration = discovered(settings);
    this.#known = { key, at: this.#now(), configuration };
    // A provider that was away is asked again.
    configuration.catch(() => {
      this.#known = undefined;
    });
    return configuration;
  }
}

async function discovered({ issuer, client, secret }: OidcSettings): Promise<Configuration> {
  const { allowInsecureRequests, discovery, enableNonRepudiationChecks } = await import('openid-client');
  const url = new URL(issuer);
  // The signature counts, too: without this the library trusts the connection to the provider alone.
  const execute = [enableNonRepudiationChecks, ...(url.protocol === 'http:' ? [allowInsecureRequests] : [])];
  return discovery(url, client, secret, undefined, { timeout: TIMEOUT_SECONDS, execute });
}

function arrivedOf(claims: Record<string, unknown>, { claim, roles }: OidcSettings): Result<Arrived> | Failure {
  const values = new Set([entryOf(claims, claim) ?? []].flat().map(String));
  const role = roles
    .filter(({ value }) => values.has(value))
    .map((one) => one.role)
    .sort((a, b) => USER_ROLES.indexOf(b) - USER_ROLES.indexOf(a))[0];
  if (role === undefined) return failure('oidc/no-role', 'the provider knows you, and no group of yours has a role here');
  const name = [claims['preferred_username'], claims['email'], claims['sub']].find((one): one is string => typeof one === 'string' && NAME.test(one));
  if (name === undefined) return failure('oidc/no-name', 'the provider says no name that could be shown');
  return success({ subject: `${String(claims['iss'])} ${String(claims['sub'])}`, name, role });
}

function equal(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
