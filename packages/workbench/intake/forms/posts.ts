/** Posts as the JSON of their own interfaces: Discourse topics and posts (`/t/N.json`), Mastodon statuses and lists of them. */
import { type FormText, isSomething, type Json, listOf, objectOf, objectsOf, publishedAt, textOfPiece, wordsOfJson } from './form.ts';

export function readDiscourse(value: unknown): FormText | undefined {
  const topic = objectOf(value);
  if (topic === undefined) return undefined;
  const stream = objectOf(topic['post_stream'])?.['posts'] ?? topic['latest_posts'];
  const posts = stream === undefined ? [topic] : objectsOf(stream);
  const cooked = posts.filter((post) => typeof post['cooked'] === 'string');
  if (cooked.length === 0) return undefined;
  const title = wordsOfJson(topic['title']) || wordsOfJson(topic['topic_title']);
  const source = wordsOfJson(topic['url']) || wordsOfJson(topic['post_url']);
  return {
    form: 'discourse',
    text: [title, ...cooked.map((post) => textOfPiece(wordsOfJson(post['cooked'])))].filter(isSomething).join('\n\n'),
    ...(title === '' ? {} : { title }),
    ...(source.startsWith('http') ? { source } : {}),
    ...publishedAt(topic['created_at'] ?? cooked[0]['created_at']),
    credits: unique(cooked.map((post) => wordsOfJson(post['username'])).filter(isSomething)),
    leftOut: [],
  };
}

export function readMastodon(value: unknown): FormText | undefined {
  const root = objectOf(value) ?? {};
  // A list, a search's answer, the thread around a status, or one status.
  const lists = [value, root['statuses'], root['ancestors'], root['descendants']].filter(Array.isArray);
  const given = lists.length > 0 ? lists.flatMap(objectsOf) : [root];
  // A boost speaks with the words, and for the credit, of whom it repeats.
  const statuses = given
    .map((status) => objectOf(status['reblog']) ?? status)
    .filter((status) => typeof status['content'] === 'string' && objectOf(status['account']) !== undefined);
  if (statuses.length === 0) return undefined;
  const source = wordsOfJson(statuses[0]['url']) || wordsOfJson(statuses[0]['uri']);
  return {
    form: 'mastodon',
    text: statuses.map(textOfStatus).join('\n\n'),
    ...(source === '' ? {} : { source }),
    ...publishedAt(statuses[0]['created_at']),
    credits: unique(statuses.map((status) => wordsOfJson(objectOf(status['account'])?.['acct'])).filter(isSomething)),
    leftOut: [],
  };
}

function textOfStatus(status: Json): string {
  const pictures = listOf(status['media_attachments']).map((picture) => wordsOfJson(objectOf(picture)?.['description']));
  return [wordsOfJson(status['spoiler_text']), textOfPiece(withoutMentions(wordsOfJson(status['content']))), ...pictures].filter(isSomething).join('\n');
}

/** Links of tags and of people lead to their pages, which nobody needs to read. */
function withoutMentions(html: string): string {
  return html.replace(/<a\b[^<>]{0,400}\bclass="[^"<>]{0,80}\b(?:mention|hashtag)\b[^<>]{0,400}>/g, '<span>');
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names.map((name) => (name.startsWith('@') ? name : `@${name}`)))];
}
