/** The weekly review: written from the reports, edited here, kept as a file of the repository. */
import type { Desk } from '../desk.ts';
import { type Html, html, markdown } from '../html.ts';
import { csrfField, empty, sentence } from '../layout.ts';
import { NO_REPOSITORY } from './rules.ts';

/** `given`: what somebody wrote and could not be kept. */
export function communityPage(
  desk: Desk,
  csrf: string | undefined,
  day: string | undefined,
  given?: { readonly text: string; readonly problem: string },
): Html | undefined {
  const repository = desk.repository();
  if (repository === undefined) return empty(NO_REPOSITORY);
  const post = desk.community.post(day ?? desk.today());
  if (post === undefined) return undefined;
  const text = given?.text ?? post.text;
  const preview = postHtml(text);
  const kept = desk.community.days();
  const days = html`<form class="line" method="get" action="/community"><label>Day <input type="date" name="day" value="${post.day}" required></label><button class="quiet">Show its review</button></form>`;
  const others =
    kept.length === 0 ? html`` : html`<h2>Saved reviews</h2><ul>${kept.map((one) => html`<li><a href="/community?day=${one}">${one}</a></li>`)}</ul>`;
  const state = post.isKept
    ? html`<p class="lead">The review of ${post.day}, as it is saved in the repository (community/${post.day}.md).</p>`
    : html`<p class="lead">The review of ${post.day}, written from the reports of the repository. Nobody changed it yet.</p>`;
  if (repository.reports.length === 0 && !post.isKept)
    return html`${days}${empty('There is no report in the repository, so there is nothing to review.')}${others}`;
  if (csrf === undefined) return html`${days}${state}${preview}${others}`;
  const problem =
    given === undefined
      ? html``
      : html`<p class="problem" role="alert">${sentence(given.problem)} What you wrote stands below; <a href="/community.md?day=${post.day}">what is saved by now</a> can be downloaded.</p>`;
  return html`${days}${state}${problem}<div class="two"><section><h2>Text</h2><form class="tall full" method="post" action="/community">${csrfField(csrf)}<input type="hidden" name="day" value="${post.day}"><input type="hidden" name="seen" value="${post.digest}"><label>Markdown: # headings, - items, **strong**, [words](https://…) <textarea id="post" name="text" rows="28" required maxlength="200000">${text}</textarea></label><p><button>Save</button> <button class="quiet" formaction="/community/anew" formnovalidate>Write it anew from the reports</button> <a href="/community.md?day=${post.day}">Download as Markdown</a></p></form></section><section><h2>Preview</h2>${preview}</section></div>${others}`;
}

/** The weekly review without an editor, as who may only read sees it. */
function postHtml(text: string): Html {
  return html`<article class="post" id="preview">${markdown(text)}</article>`;
}
