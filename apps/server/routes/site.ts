/** What the routes of all pages share: the frame around a page for who asks, what that person may, and the way back from a form. */
import { entryOf } from '@sigwright/bytes';
import type { Scope } from '@sigwright/workbench';
import type { Context, Hono } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Desk } from '../desk.ts';
import type { Html } from '../html.ts';
import { type Frame, page, type Titled } from '../layout.ts';
import { type Env, type Gate, need } from '../security.ts';

/** What a page says after a form led to it. */
const NOTICES: Readonly<Record<string, string>> = {
  verdict: 'The verdict holds.',
  'taken-back': 'The verdict was taken back.',
  feedback: 'It was reported, and tried on the rule; what came of it stands below.',
  decided: 'Done.',
  proposed: 'Proposed; somebody else has to decide the same.',
  proved: 'Every rule was tried on its evidence; what failed is said on its page.',
  rules: 'The rules are in the repository.',
  release: 'The release is there.',
  saved: 'Saved.',
};

/** A page; undefined: there is none at this address. */
type Shown = Html | Titled | undefined;

export class Site {
  readonly app: Hono<Env>;
  readonly desk: Desk;
  readonly gate: Gate;

  constructor(app: Hono<Env>, desk: Desk, gate: Gate) {
    this.app = app;
    this.desk = desk;
    this.gate = gate;
  }

  /** A page that who may read sees. */
  show(path: string, title: string, body: (context: Context<Env>) => Promise<Shown> | Shown, more: Partial<Frame> = {}): void {
    this.app.get(path, async (context) => {
      need(context, 'read');
      const made = await body(context);
      if (made === undefined) return context.notFound();
      const shown = 'body' in made ? made : { title: named(title, context), body: made };
      return this.page(context, shown.title, shown.body, 200, more);
    });
  }

  /** An answer that is a page. */
  page(context: Context<Env>, title: string, body: Html, status: ContentfulStatusCode = 200, more: Partial<Frame> = {}): Response {
    const who = context.get('who');
    const notice = entryOf(NOTICES, context.req.query('done') ?? '');
    const frame: Frame = {
      title,
      week: this.desk.options.title,
      path: context.req.path,
      who,
      csrf: this.gate.csrf(who),
      nonce: context.get('nonce') ?? '',
      ...(notice === undefined ? {} : { notice }),
      ...more,
    };
    return context.html(page(frame, body), status);
  }

  may(context: Context<Env>, scope: Scope): boolean {
    return context.get('who')?.scopes.has(scope) === true;
  }

  /** The token for forms that change something; undefined: who looks may not. */
  csrfFor(context: Context<Env>, scope: Scope): string | undefined {
    return this.may(context, scope) ? this.gate.csrf(context.get('who')) : undefined;
  }
}

function named(title: string, context: Context<Env>): string {
  const own = context.req.param('host') ?? context.req.param('sid') ?? context.req.param('id');
  return own === undefined ? title : `${title} ${own}`;
}

/** To a page of ours, whatever the form says. `done`: which notice stands on it. */
export function back(context: Context<Env>, where: string | undefined, done: string): Response {
  const path = where !== undefined && /^\/(?![/\\])[\w\-./%:]*$/.test(where) ? where : '/';
  return context.redirect(`${path}?done=${done}`, 303);
}
