/** Users, sessions, tokens and the audit log. Only digests of secrets are kept: who reads the store can not sign in with it. */
import { createHash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { StoreSchema } from './schema.ts';

/** Each may what those before it may. */
export const USER_ROLES = ['reader', 'analyst', 'writer', 'releaser', 'admin'] as const;
export type UserRole = (typeof USER_ROLES)[number];

/** What a token may at most; never more than its owner. */
export const SCOPES = ['read', 'ingest', 'triage', 'write', 'release', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

const SCOPES_OF: Readonly<Record<UserRole, readonly Scope[]>> = {
  reader: ['read'],
  analyst: ['read', 'triage'],
  writer: ['read', 'triage', 'write'],
  releaser: ['read', 'triage', 'write', 'release'],
  admin: SCOPES,
};

/** Who asks, and what that may. */
export interface Principal {
  readonly user: number;
  readonly name: string;
  readonly role: UserRole;
  readonly scopes: ReadonlySet<Scope>;
  /** undefined: by a token */
  readonly session?: string;
}

export interface StoredUser {
  readonly id: number;
  readonly name: string;
  readonly role: UserRole;
  readonly disabled: boolean;
  readonly created: number;
}

/** OWASP's second choice for scrypt: 32 MiB, about a tenth of a second. */
const COST = { N: 2 ** 15, r: 8, p: 3, maxmem: 64 * 1024 * 1024 };
const KEY_BYTES = 32;
const SALT_BYTES = 16;
const SECRET_BYTES = 32;
export const SHORTEST_PASSWORD = 12;
/** Passwords beyond are not hashed: work for an attacker to give. */
export const LONGEST_PASSWORD = 200;
/** Milliseconds: a session ends this long after its last use, and after this long in any case. */
const SESSION_IDLE = 12 * 3_600_000;
const SESSION_LONGEST = 7 * 86_400_000;
const USE_NOTED_EVERY = 60_000;
const TOKEN_PREFIX = 'sw_';

/** `scrypt$N$r$p$salt$hash` */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  return `scrypt$${COST.N}$${COST.r}$${COST.p}$${salt.toString('base64url')}$${(await derived(password, salt)).toString('base64url')}`;
}

export async function passwordFits(password: string, stored: string): Promise<boolean> {
  const [, N, r, p, salt, hash] = stored.split('$');
  if (password.length > LONGEST_PASSWORD || hash === undefined) return false;
  const wanted = Buffer.from(hash, 'base64url');
  const got = await derived(password, Buffer.from(salt, 'base64url'), { ...COST, N: Number(N), r: Number(r), p: Number(p) });
  return got.length === wanted.length && timingSafeEqual(got, wanted);
}

function derived(password: string, salt: Uint8Array, cost = COST): Promise<Buffer> {
  return new Promise((resolve, reject) =>
    scrypt(password.normalize('NFKC'), salt, KEY_BYTES, cost, (problem, key) => (problem ? reject(problem) : resolve(key))),
  );
}

function digest(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}

/** Checked where no user has the name, so that the answer takes as long. */
let nobody: Promise<string> | undefined;

export class People {
  readonly #db: Kysely<StoreSchema>;
  readonly #now: () => number;

  constructor(db: Kysely<StoreSchema>, now: () => number) {
    this.#db = db;
    this.#now = now;
  }

  async users(): Promise<readonly StoredUser[]> {
    const rows = await this.#db.selectFrom('users').select(['id', 'name', 'role', 'disabled', 'created']).orderBy('name').execute();
    return rows.map((row) => ({ ...row, role: row.role as UserRole, disabled: row.disabled === 1 }));
  }

  /** Undefined: the name is taken. */
  async addUser(name: string, password: string, role: UserRole): Promise<number | undefined> {
    const row = await this.#db
      .insertInto('users')
      .values({ name, password: await hashPassword(password), role, disabled: 0, created: this.#now(), subject: null })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .returning('id')
      .executeTakeFirst();
    return row?.id;
  }

  /** False: there is no such user, or a provider vouches for it. */
  async hasPassword(id: number): Promise<boolean> {
    const row = await this.#db.selectFrom('users').select('password').where('id', '=', id).executeTakeFirst();
    return (row?.password ?? '') !== '';
  }

  /** Ends the user's sessions: what changed holds at once. False: there is no such user, or nobody would be admin any more. */
  async changeUser(id: number, change: { readonly role?: UserRole; readonly disabled?: boolean; readonly password?: string }): Promise<boolean> {
    const hashed = change.password === undefined ? undefined : await hashPassword(change.password);
    return this.#db.transaction().execute(async (writing) => {
      const before = await writing.selectFrom('users').select(['role', 'disabled']).where('id', '=', id).executeTakeFirst();
      if (before === undefined) return false;
      const stays = (change.role ?? before.role) === 'admin' && !(change.disabled ?? before.disabled === 1);
      if (before.role === 'admin' && before.disabled === 0 && !stays) {
        const other = await writing
          .selectFrom('users')
          .select('id')
          .where('role', '=', 'admin')
          .where('disabled', '=', 0)
          .where('id', '!=', id)
          .executeTakeFirst();
        if (other === undefined) return false;
      }
      await writing
        .updateTable('users')
        .set({
          role: change.role ?? before.role,
          disabled: (change.disabled ?? before.disabled === 1) ? 1 : 0,
          ...(hashed === undefined ? {} : { password: hashed }),
        })
        .where('id', '=', id)
        .execute();
      await writing.deleteFrom('sessions').where('user', '=', id).execute();
      return true;
    });
  }

  /** The secret for the cookie; undefined: name or password do not fit. */
  async signIn(name: string, password: string): Promise<string | undefined> {
    const user = await this.#db.selectFrom('users').selectAll().where('name', '=', name).executeTakeFirst();
    nobody ??= hashPassword('nobody has this password');
    const fits = await passwordFits(password, user?.password ?? (await nobody));
    if (!fits || user === undefined || user.disabled === 1) return undefined;
    return this.openSession(user.id);
  }

  /**
   * The secret for the cookie of whom a provider vouched for; a user is made at the first time, and has the role that is said now. A name
   * that somebody else has here is not taken over: `taken`. Who was disabled stays out: `disabled`.
   */
  async signInBySubject(subject: string, name: string, role: UserRole): Promise<{ readonly secret: string; readonly name: string } | 'taken' | 'disabled'> {
    const find = () => this.#db.selectFrom('users').select(['id', 'name', 'role', 'disabled']).where('subject', '=', subject).executeTakeFirst();
    let user = await find();
    if (user === undefined) {
      await this.#db
        .insertInto('users')
        .values({ name, password: '', role, disabled: 0, created: this.#now(), subject })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      user = await find();
      if (user === undefined) return 'taken';
    }
    if (user.disabled === 1) return 'disabled';
    // The last admin keeps its role, whatever the provider says.
    if (user.role !== role) await this.changeUser(user.id, { role });
    return { secret: await this.openSession(user.id), name: user.name };
  }

  async openSession(user: number): Promise<string> {
    const secret = randomBytes(SECRET_BYTES).toString('base64url');
    const now = this.#now();
    await this.#db
      .deleteFrom('sessions')
      .where((one) => one.or([one('used', '<', now - SESSION_IDLE), one('created', '<', now - SESSION_LONGEST)]))
      .execute();
    await this.#db
      .insertInto('sessions')
      .values({ key: digest(secret), user, created: now, used: now })
      .execute();
    return secret;
  }

  async closeSession(secret: string): Promise<void> {
    await this.#db.deleteFrom('sessions').where('key', '=', digest(secret)).execute();
  }

  async bySession(secret: string): Promise<Principal | undefined> {
    const now = this.#now();
    const row = await this.#db
      .selectFrom('sessions')
      .innerJoin('users', 'users.id', 'sessions.user')
      .select(['users.id', 'users.name', 'users.role', 'users.disabled', 'sessions.created', 'sessions.used', 'sessions.key'])
      .where('sessions.key', '=', digest(secret))
      .executeTakeFirst();
    if (row === undefined || row.disabled === 1 || row.used < now - SESSION_IDLE || row.created < now - SESSION_LONGEST) return undefined;
    if (row.used < now - USE_NOTED_EVERY) await this.#db.updateTable('sessions').set({ used: now }).where('key', '=', row.key).execute();
    const role = row.role as UserRole;
    return { user: row.id, name: row.name, role, scopes: new Set(SCOPES_OF[role]), session: secret };
  }

  /** The token itself is told once. `expires`: milliseconds since 1970. */
  async addToken(user: number, name: string, scopes: readonly Scope[], expires?: number): Promise<{ readonly id: number; readonly token: string }> {
    const token = `${TOKEN_PREFIX}${randomBytes(SECRET_BYTES).toString('base64url')}`;
    const { id } = await this.#db
      .insertInto('tokens')
      .values({ key: digest(token), user, name, scopes: JSON.stringify(scopes), created: this.#now(), expires: expires ?? null, used: null })
      .returning('id')
      .executeTakeFirstOrThrow();
    return { id, token };
  }

  async tokens(): Promise<
    readonly { id: number; name: string; owner: string; scopes: readonly Scope[]; created: number; expires: number | null; used: number | null }[]
  > {
    const rows = await this.#db
      .selectFrom('tokens')
      .innerJoin('users', 'users.id', 'tokens.user')
      .select(['tokens.id', 'tokens.name', 'users.name as owner', 'tokens.scopes', 'tokens.created', 'tokens.expires', 'tokens.used'])
      .orderBy('tokens.id')
      .execute();
    return rows.map((row) => ({ ...row, scopes: JSON.parse(row.scopes) as Scope[] }));
  }

  async dropToken(id: number): Promise<boolean> {
    return (await this.#db.deleteFrom('tokens').where('id', '=', id).executeTakeFirst()).numDeletedRows > 0n;
  }

  async byToken(token: string): Promise<Principal | undefined> {
    if (!token.startsWith(TOKEN_PREFIX)) return undefined;
    const now = this.#now();
    const row = await this.#db
      .selectFrom('tokens')
      .innerJoin('users', 'users.id', 'tokens.user')
      .select(['tokens.id as token', 'tokens.scopes', 'tokens.expires', 'tokens.used', 'users.id', 'users.name', 'users.role', 'users.disabled'])
      .where('tokens.key', '=', digest(token))
      .executeTakeFirst();
    if (row === undefined || row.disabled === 1 || (row.expires !== null && row.expires < now)) return undefined;
    if (row.used === null || row.used < now - USE_NOTED_EVERY) await this.#db.updateTable('tokens').set({ used: now }).where('id', '=', row.token).execute();
    const role = row.role as UserRole;
    const owner = new Set<Scope>(SCOPES_OF[role]);
    return { user: row.id, name: row.name, role, scopes: new Set((JSON.parse(row.scopes) as Scope[]).filter((scope) => owner.has(scope))) };
  }

  async note(who: string, action: string, target: string, detail: unknown = {}): Promise<void> {
    await this.#db
      .insertInto('audit')
      .values({ time: this.#now(), who, action, target, detail: JSON.stringify(detail) })
      .execute();
  }

  /** Newest first. */
  async audit(limit: number): Promise<readonly StoreSchema['audit'][]> {
    return (await this.#db.selectFrom('audit').selectAll().orderBy('id', 'desc').limit(limit).execute()) as unknown as StoreSchema['audit'][];
  }
}
