/**
 * The rule workbench: rules beside traffic, the engine in the browser. The page is empty of both; client/workbench.ts fills it. The same
 * body stands in a page of its own that needs no server (apps/cli/workbench.ts).
 */
import type { Classification } from '@sigwright/contracts';
import type { Desk } from '../desk.ts';
import { type Html, html } from '../html.ts';
import { csrfField } from '../layout.ts';

export const FIRST_RULE =
  'alert http $HOME_NET any -> $EXTERNAL_NET any (msg:"LOCAL INFO Request for a Program"; flow:established,to_server; http.method; content:"GET"; http.uri; content:".exe"; fast_pattern; nocase; endswith; classtype:misc-activity; sid:1000001; rev:1; metadata:attack_target Client_Endpoint, created_at 2024_03_08, deployment Perimeter, signature_severity Informational, updated_at 2024_03_08; target:src_ip;)';

export interface WorkbenchParts {
  readonly text: string;
  readonly networks: Readonly<Record<string, string>>;
  readonly classifications: Iterable<Classification>;
  /** buttons that fetch captures */
  readonly captures?: Html;
  /** forms that put the rules somewhere */
  readonly forms?: Html;
}

export function workbenchBody({ text, networks, classifications, captures, forms }: WorkbenchParts): Html {
  const settings = JSON.stringify({ networks, classifications: [...classifications] });
  const rules = html`<section aria-label="Rules"><textarea id="source" hidden aria-hidden="true" aria-label="rules">${text}</textarea><div id="editor"></div><div class="tools"><button class="quiet" id="format" type="button">Format</button> <span id="actions"></span></div><div id="diagnostics" role="status" aria-live="polite"></div>${forms ?? html``}</section>`;
  const capture = html`<div id="drop"><label>A capture (pcap, pcapng) <input type="file" id="capture"></label>${captures ?? html``}<p id="state" role="status">The engine is being loaded …</p><p><progress id="progress" hidden aria-label="How far the engine is"></progress> <span id="doing" class="quiet-text"></span></p><details><summary>A whole ruleset beside these rules</summary><label>A file of rules <input type="file" id="ruleset" accept=".rules"></label><p id="ruleset-state" role="status" class="quiet-text"></p></details></div>`;
  return html`<p class="lead">Everything happens in this page: neither rules nor capture leave it.</p><noscript><p class="problem">The engine runs in the page, so this page needs JavaScript.</p></noscript><div id="workbench" data-settings="${settings}"><div class="two">${rules}<section aria-label="Capture and verdict">${capture}<div id="verdict" aria-live="polite"></div><div id="ruleset-alerts"></div></section></div><section id="traffic" aria-label="Traffic"></section></div>`;
}

/** `csrf`: who looks may write rules. */
export function workbenchPage(desk: Desk, sid: number | undefined, csrf: string | undefined): Html {
  const repository = desk.repository();
  const known = repository?.rules.find(({ rule }) => rule.sid === sid)?.rule;
  return workbenchBody({
    text: known?.text ?? FIRST_RULE,
    networks: repository?.settings.networks ?? {},
    classifications: desk.options.classifications.values(),
    captures: capturesOf(desk, known?.sid),
    ...(csrf === undefined || repository === undefined ? {} : { forms: known === undefined ? addForm(csrf) : reviseForm(csrf, known.sid, known.text) }),
  });
}

/** More are not offered; the rule's page has them all. */
const MOST_OFFERED = 8;

/** What the engine may be given at once: the rule's own evidence, and the example's capture where there is one. */
function capturesOf(desk: Desk, sid: number | undefined): Html {
  const button = (from: string, name: string, words: string): Html =>
    html` <button class="quiet" type="button" data-capture="${from}" data-name="${name}">${words}</button>`;
  const own = sid === undefined ? [] : desk.captures.evidenceNames(sid).slice(0, MOST_OFFERED);
  const evidence = own.length === 0 ? html`` : html`<p>Its evidence: ${own.map((name) => button(`/rules/${sid}/evidence/${name}`, name, name))}</p>`;
  return html`${evidence}${desk.options.example === undefined ? html`` : html`<p>${button('/example.pcap', 'the example', "Take the example's capture")}</p>`}`;
}

function addForm(csrf: string): Html {
  return html`<details><summary>Put these rules into the repository</summary><form class="line" method="post" action="/rules" data-rules="rules">${csrfField(csrf)}<label>Category <input name="category" value="malware" required></label><textarea name="rules" hidden aria-label="rules"></textarea><button>Send the rules and commit them</button></form></details>`;
}

function reviseForm(csrf: string, sid: number, text: string): Html {
  return html`<details><summary>Make this the rule of the repository</summary><form class="line" method="post" action="/rules/${sid}/decide" data-rules="rule">${csrfField(csrf)}<input type="hidden" name="decision" value="revise"><input type="hidden" name="seen" value="${text}"><textarea name="rule" hidden aria-label="rule"></textarea><label>Note <input name="note" maxlength="4000"></label><button>Send the rule and commit it</button></form></details>`;
}
