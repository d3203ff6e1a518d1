/** What a request for a page says: the parts of its path, and the fields of a form, checked by the same shapes as the API's. */
import type { Context } from 'hono';
import type { z } from 'zod';
import { Refusal } from '../refusal.ts';
import { bodyOf, type Env } from '../security.ts';

export function param(context: Context<Env>, name: string): string {
  return context.req.param(name) ?? '';
}

/** A part of the path that is a number; what is none leads nowhere. */
export function number(context: Context<Env>, name: string): number {
  const given = param(context, name);
  if (!/^\d{1,15}$/.test(given)) throw new Refusal(404, 'there is no such page');
  return Number(given);
}

/** The fields of a form that are text. */
export async function formOf(context: Context<Env>): Promise<Record<string, string>> {
  const form = await bodyOf(context);
  return Object.fromEntries(Object.entries(form).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

/** Undefined: the field was left empty. */
export function orNone(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === '' ? undefined : text;
}

export function checked<Shape>(schema: z.ZodType<Shape>, value: unknown): Shape {
  const read = schema.safeParse(value);
  if (!read.success) throw new Refusal(400, read.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '));
  return read.data;
}
