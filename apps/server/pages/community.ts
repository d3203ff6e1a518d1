/** The weekly review: written from the reports, edited here, kept as a file of the repository. */
import type { Desk } from '../desk.ts';
import { type Html, html } from '../html.ts';
import { csrfField, empty } from '../layout.ts';
import { postHtml } from './rules.ts';

/** `given`: what somebody wrote and could not be kept. */
export function communityPage(
  desk: Desk,
  csrf: string | undefined,
  day: string | undefined,
  given?: { readonly text: string; readonly problem: string },
): Html | undefined {
  const repository = desk.repository();
  if (repository === undefined) return empty('There is no ruleset repository. Start the server with one: sigwright serve -C FOLDER.');
  const post = desk.post(day ?? desk.today());
  if (post === undefined) return undefined;
  const text = given?.text ?? post.text;
  const preview = postHtml(text);
  const kept = desk.posts();
  const others = kept.length === 0 ? html`` : html`<h2>Kept</h2><ul>${kept.map((one) => html`<li><a href="/community?day=${one}">${one}</a></li>`)}</ul>`;
  const state = post.isKept
    ? html`<p class="lead">The review of ${post.day}, as it is kept in the repository (community/${post.day}.md).</p>`
    : html`<p class="lead">The review of ${post.day}, written from the reports of the repository. Nobody changed it yet.</p>`;
  if (repository.reports.length === 0 && !post.isKept) return html`${empty('There is no report in the repository, so there is nothing to review.')}${others}`;
  if (csrf === undefined) return html`${state}${preview}${others}`;
  const problem =
    given === undefined
      ? html``
      : html`<p class="problem" role="alert">${given.problem} What you wrote stands below; what is kept by now: <a href="/community.md?day=${post.day}">Markdown</a>.</p>`;
  return html`${state}${problem}<div class="two"><section><h2>Text</h2><form class="tall full" method="post" action="/community">${csrfField(csrf)}<input type="hidden" name="day" value="${post.day}"><input type="hidden" name="seen" value="${post.digest}"><label>Markdown: # headings, - items, **strong**, [words](https://…) <textarea id="post" name="text" rows="28" required maxlength="200000">${text}</textarea></label><p><button>Keep it</button> <button class="quiet" formaction="/community/anew" formnovalidate>Write it anew from the reports</button> <a href="/community.md?day=${post.day}">Markdown</a></p></form></section><section><h2>Preview</h2>${preview}</section></div>${others}`;
}
