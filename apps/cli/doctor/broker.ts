/** The broker: does it answer, has it JetStream and room, is it open to strangers, what was set aside; and the archive that workers read. */

import { counted } from '@sigwright/bytes';
import { hunting } from '@sigwright/workbench';
import { archiveAt } from '../shared/archive.ts';
import { type Finding, Findings, sizeWords } from './findings.ts';

const OWN = /^(127\.|localhost$|\[?::1\]?$)/;

export async function brokerFindings(url: string): Promise<readonly Finding[]> {
  const found = new Findings('broker');
  const shown = url.replace(/\/\/[^@/]*@/g, '//');
  const { lookAtBroker } = await hunting();
  try {
    const look = await lookAtBroker(url);
    if (look.lacks !== '') {
      found.wrong(
        `NATS ${look.version} at ${shown} has no JetStream that could be used: ${look.lacks}`,
        'start it with: nats-server -js -sd FOLDER; see that the user may use $JS.API.>',
      );
      return found.all;
    }
    found.good(`NATS ${look.version} at ${shown} with JetStream`);
    const missing = look.streams.filter((one) => one.missing);
    if (missing.length > 0)
      found.note(`${counted(missing.length, 'stream')} of ours are not there yet`, 'the first serve, hunt, worker or ship that connects makes them');
    const waiting = look.streams.filter((one) => one.messages > 0 && !one.name.endsWith('ASIDE'));
    for (const { name, messages, bytes } of waiting) found.good(`${name}: ${counted(messages, 'message')}, ${sizeWords(bytes)}`);
    if (look.aside > 0)
      found.note(
        `${counted(look.aside, 'message')} were set aside since nobody could read them`,
        'nats stream view SIGWRIGHT_ASIDE shows them with the reason',
      );
    if (look.room > 0 && look.used > look.room * 0.9)
      found.wrong(
        `the broker's disk is nearly full: ${sizeWords(look.used)} of ${sizeWords(look.room)}`,
        'raise max_file_store, or see why nothing takes what waits',
      );
    const { hostname, username } = new URL(url.split(',')[0]);
    if (!OWN.test(hostname) && !look.secure) found.note(`what goes to ${hostname} is in the clear`, 'give the broker a certificate and say tls://');
    if (!OWN.test(hostname) && username === '')
      found.wrong(
        `whoever reaches ${hostname} may send work and events`,
        'give the broker users: nats-server --user … --pass …, and say nats://USER:PASSWORD@…',
      );
  } catch (problem) {
    found.wrong(
      `the broker at ${shown} can not be used: ${(problem as Error).message}`,
      'see that it runs and is reached from here (Debian: apt-get install nats-server), and user and password',
    );
  }
  return found.all;
}

export async function archiveFindings(place: string): Promise<readonly Finding[]> {
  const found = new Findings('archive');
  let captures: readonly unknown[];
  try {
    captures = await archiveAt(place, '').captures();
  } catch (problem) {
    found.wrong((problem as Error).message, 'name the folder of captures, or s3://BUCKET/PREFIX, by --archive');
    return found.all;
  }
  if (captures.length === 0) found.note(`there is no capture in ${place}`, 'names end in .pcap, .pcapng or .cap; links are not followed');
  else found.good(`${counted(captures.length, 'capture')} in ${place}`);
  return found.all;
}
