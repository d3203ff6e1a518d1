/** The rule workbench: a rule beside traffic, the engine in the browser. The page is empty of both; client/workbench.ts fills it. */
import type { Desk } from '../desk.ts';
import { type Html, html } from '../html.ts';

const START =
  'alert http $HOME_NET any -> $EXTERNAL_NET any (msg:"LOCAL a first rule"; flow:established,to_server; http.method; content:"GET"; sid:1000001; rev:1;)';

export function workbenchPage(desk: Desk, sid: number | undefined): Html {
  const repository = desk.repository();
  const text = repository?.rules.find(({ rule }) => rule.sid === sid)?.rule.text ?? START;
  const example = desk.options.slice === undefined ? html`` : html` <button class="quiet" id="example" type="button">Take the example's capture</button>`;
  const networks = JSON.stringify(repository?.settings.networks ?? {});
  return html`<p class="lead">Everything happens in this page: neither rule nor capture leaves it.</p><noscript><p class="problem">The engine runs in the page, so this page needs JavaScript.</p></noscript><div id="workbench" data-networks="${networks}"><textarea id="source" hidden aria-hidden="true" aria-label="rule">${text}</textarea><div id="editor" aria-label="Rules"></div><div id="diagnostics" role="status" aria-live="polite"></div><div id="drop"><label>A capture (pcap, pcapng) <input type="file" id="capture"></label>${example}<p id="state" role="status">The engine is being loaded …</p></div><section id="verdict" aria-live="polite"></section><section id="traffic"></section></div>`;
}
