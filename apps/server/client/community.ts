/** The editor of the weekly review: the preview follows while one types; leaving with unsaved words asks first. */
import { postBlocks } from '../post-markdown.ts';

const editor = document.querySelector<HTMLTextAreaElement>('#post');
const preview = document.querySelector<HTMLElement>('#preview');
const WAIT = 150;

function show(): void {
  if (editor === null || preview === null) return;
  const made: HTMLElement[] = [];
  let list: HTMLElement | undefined;
  for (const { tag, parts } of postBlocks(editor.value)) {
    const element = document.createElement(tag);
    for (const { kind, text, href } of parts) {
      if (kind === 'text') element.append(text);
      else {
        const inner = document.createElement(kind === 'strong' ? 'strong' : 'a');
        inner.textContent = text;
        if (kind === 'link') {
          inner.setAttribute('href', href);
          inner.setAttribute('rel', 'noreferrer');
        }
        element.append(inner);
      }
    }
    if (tag !== 'li') {
      list = undefined;
      made.push(element);
      continue;
    }
    if (list === undefined) {
      list = document.createElement('ul');
      made.push(list);
    }
    list.append(element);
  }
  preview.replaceChildren(...made);
}

if (editor !== null && preview !== null) {
  const before = editor.value;
  let timer = 0;
  let sending = false;
  editor.addEventListener('input', () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(show, WAIT);
  });
  editor.form?.addEventListener('submit', () => {
    sending = true;
  });
  window.addEventListener('beforeunload', (event) => {
    if (!sending && editor.value !== before) event.preventDefault();
  });
}
