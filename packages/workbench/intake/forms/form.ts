/**
 * What every form of report becomes: text that intake reads as it reads any report, and what the form says beside it. A form is read
 * leniently: parts of another shape are passed over, never thrown at.
 */
import type { GivenName } from '../names.ts';
import { textOfHtml } from '../text-of.ts';

export const FORMS = ['text', 'html', 'pdf', 'email', 'discourse', 'mastodon', 'feed', 'misp', 'stix', 'triage', 'anyrun', 'csv'] as const;
export type Form = (typeof FORMS)[number];

export interface FormText {
  readonly form: Form;
  readonly text: string;
  readonly title?: string;
  /** address of the report */
  readonly source?: string;
  /** when it was published, as the form says it */
  readonly published?: string;
  /** what could not be read, or not all of it, and why */
  readonly problem?: string;
  /** handles and names as the form gives them */
  readonly credits: readonly string[];
  /** what the form itself says is no indicator: `value: why` */
  readonly leftOut: readonly string[];
  /** mail addresses of who sent this: theirs in the text are no indicators */
  readonly senders?: readonly string[];
  /** families, actors and campaigns that the form names as such */
  readonly given?: readonly GivenName[];
}

export type Json = Readonly<Record<string, unknown>>;

export function objectOf(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function objectsOf(value: unknown): readonly Json[] {
  return listOf(value).filter((one): one is Json => objectOf(one) !== undefined);
}

/** Text of a string or a number; empty for anything else. */
export function wordsOfJson(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

/** The text of a piece of HTML, with the targets of links that are shown under other words. */
export function textOfPiece(html: string): string {
  const { text, links } = textOfHtml(html);
  const hidden = [...new Set(links)].filter((link) => /^https?:/i.test(link) && !text.includes(link.replace(/^https?:\/\//i, '')));
  return hidden.length === 0 ? text : `${text}\n${hidden.map((link) => `Reference: ${link}`).join('\n')}`;
}

/** `{ published }` where there is a time. */
export function publishedAt(value: unknown): { readonly published?: string } {
  const written = wordsOfJson(value).trim();
  return written === '' ? {} : { published: written };
}

export function isSomething(text: string): boolean {
  return text.trim() !== '';
}
