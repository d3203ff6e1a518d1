/** On every page: keys (j and k move, Enter opens, / searches, ? says so), news of alerts on the inbox, files dropped into a text. */

const rows = (): HTMLElement[] => {
  const holder = document.querySelector<HTMLElement>('[data-rows]');
  if (holder === null) return [];
  return holder.dataset['rows'] === 'tr' ? [...holder.querySelectorAll<HTMLElement>('tbody tr')] : [...holder.querySelectorAll<HTMLElement>('.card')];
};
let at = -1;

function move(step: number): void {
  const all = rows();
  if (all.length === 0) return;
  at = Math.max(0, Math.min(all.length - 1, at + step));
  all.forEach((row, one) => {
    row.classList.toggle('here', one === at);
  });
  all[at].querySelector<HTMLElement>('a')?.focus();
  all[at].scrollIntoView({ block: 'nearest' });
}

document.addEventListener('keydown', (event) => {
  const target = event.target as HTMLElement;
  if (event.ctrlKey || event.metaKey || event.altKey || target.closest('input, textarea, select, [contenteditable]') !== null) return;
  if (event.key === 'j') move(1);
  else if (event.key === 'k') move(-1);
  else if (event.key === '/') {
    const search = document.querySelector<HTMLInputElement>('[role=search] input');
    if (search === null) return;
    search.focus();
    event.preventDefault();
  } else if (event.key === '?') {
    const shown = document.getElementById('keys');
    if (shown !== null) {
      shown.remove();
      return;
    }
    const help = document.createElement('p');
    help.id = 'keys';
    help.className = 'notice';
    help.setAttribute('role', 'status');
    help.textContent = 'Keys: j next row, k previous row, Enter opens it, / searches, ? hides this';
    document.querySelector('main')?.prepend(help);
  }
});

const live = document.getElementById('live');
if (live !== null) {
  let fresh = 0;
  const source = new EventSource('/api/v1/stream');
  source.addEventListener('alerts', (event) => {
    fresh += (JSON.parse((event as MessageEvent<string>).data) as { count: number }).count;
    const link = document.createElement('a');
    link.href = location.href;
    link.textContent = `${fresh} new ${fresh === 1 ? 'alert' : 'alerts'}: show`;
    live.replaceChildren(link);
  });
}

/** How far background work is, as it goes; a page shown while it ran shows the end when it comes. */
const jobs = [...document.querySelectorAll<HTMLProgressElement>('progress[data-job]')];
if (jobs.length > 0) {
  const source = new EventSource('/api/v1/stream');
  source.addEventListener('jobs', (event) => {
    for (const { id, state, done, total } of JSON.parse((event as MessageEvent<string>).data) as { id: number; state: string; done: number; total: number }[])
      for (const bar of jobs.filter((one) => Number(one.dataset['job']) === id)) {
        if (state !== 'running') return location.reload();
        bar.max = Math.max(1, total);
        bar.value = done;
        const words = bar.nextElementSibling;
        if (words !== null)
          words.textContent = (words.textContent ?? '').replace(/^[\d,]+ of [\d,]+/, `${done.toLocaleString('en')} of ${total.toLocaleString('en')}`);
      }
  });
}

for (const area of document.querySelectorAll<HTMLTextAreaElement>('form textarea[name=text]')) {
  area.addEventListener('dragover', (event) => event.preventDefault());
  area.addEventListener('drop', (event) => {
    const file = event.dataTransfer?.files[0];
    if (file === undefined) return;
    event.preventDefault();
    void file.text().then((text) => {
      area.value = text;
    });
  });
}

export {};
