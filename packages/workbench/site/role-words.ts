/** What rules of each role detect, and what to do when one fires, where the report has no words of its own. */
import { type ReportFile, ROLES, type Role } from '../repository/repository.ts';
import { html, type Markup } from './html.ts';

export const DETECTS: Readonly<Record<Role, string>> = {
  lookup: 'that a name of the threat is asked for',
  contact: 'that a connection to a server of the threat is begun',
  payload: 'that code of the threat is fetched',
  check_in: 'an infected host that reports to its server',
  command: 'that an infected host is told what to do',
  config: 'that settings of the threat are asked for or handed out',
  exfil: 'data on its way out',
  context: 'something worth knowing, and nothing bad by itself',
};

const TO_DO: Readonly<Record<Role, string>> = {
  lookup:
    'A lookup alone is worth a look and no verdict: somebody may have looked the name up. See which program asked, whether the host connected afterwards, and whether other rules of the campaign fired on it. Names change hands: look at the date of the rule.',
  contact:
    'The host reached for a server of the threat. See which program did, what went over the connection, and whether other rules of the campaign fired on the host. Servers change hands: look at the date of the rule.',
  payload: 'Code was fetched. See whether it arrived whole and was run, and whether the host checks in anywhere since.',
  check_in:
    'The host behaves as an infected one does: check it for compromise, or take it off the network first. See which other hosts talk to the same server.',
  command: 'An infected host was told to do something: check it for compromise, and see what it did next and with whom it spoke.',
  config: 'The host behaves as an infected one does: check it for compromise. What it was given may name further servers.',
  exfil: 'Data may have left: check the host for compromise. How much went out, and where to, is in the records of the flow.',
  context: 'No verdict by itself: read it beside the other alerts of the same host.',
};

/** The report's own words; where it has none, those that hold for every rule of these roles. */
export function thingsToDo(report: ReportFile | undefined, roles: readonly Role[]): Markup {
  const together = report === undefined || report.correlate.trim() === '' ? html`` : html`<p>Look at these together: ${report.correlate.trim()}</p>`;
  if (report !== undefined && report.playbook.trim() !== '') return html`<p>${report.playbook.trim()}</p>${together}`;
  const wanted = ROLES.filter((role) => roles.includes(role));
  if (wanted.length === 0) return html`<p>Look at the references and at what else the host did.</p>${together}`;
  const lines = wanted.map((role) => html`<p>${wanted.length === 1 ? '' : `${role.replace('_', '-')}: `}${TO_DO[role]}</p>`);
  return html`${lines}${together}<p class="soft">This holds for every rule of its kind; nobody has written more about this one.</p>`;
}
