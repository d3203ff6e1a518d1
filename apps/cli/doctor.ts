/** `sigwright doctor`: says what is wrong with a set-up, and what to do about it. It changes nothing: no file, table or stream is made. */

import { archiveFindings, brokerFindings } from './doctor/broker.ts';
import { eveFindings } from './doctor/eve.ts';
import type { Finding, Grade } from './doctor/findings.ts';
import { machineFindings } from './doctor/machine.ts';
import { configurationFindings, repositoryFindings, rulesFindings } from './doctor/rules.ts';
import { storeFindings } from './doctor/store.ts';
import { addressFindings, listenFindings, portFindings } from './doctor/web.ts';
import { argumentsOf, UsageProblem } from './shared/arguments.ts';
import { isObjectStore } from './shared/object-store.ts';
import { placeOf } from './shared/store-place.ts';

const USAGE = `sigwright doctor [options]

Looks at what is named and says what is wrong, with a remedy. The options are those of \`sigwright serve\`, so: the same command line with another
verb. Without any it looks at the machine alone. Exit code 1: something is wrong.

      --store PLACE      a file, or postgres://USER@HOST/DATABASE (or SIGWRIGHT_STORE in the environment)
  -C, --folder FOLDER    a ruleset repository, and whether git agrees with it
  -S, --rules FILE       rules; may be given several times
  -c, --config FILE      a suricata.yaml
      --eve FILE         an EVE file that is followed; may be given several times
      --nats URL         the broker (or SIGWRIGHT_NATS in the environment)
      --archive PLACE    captures for hunts: a folder, or s3://BUCKET/PREFIX
      --port N           where it is to listen
      --host ADDRESS     (default: 127.0.0.1)
      --url URL          how people reach it: name, certificate, what answers
      --json             one object a line: area, grade (good, note, wrong), says, remedy
`;
const MARKS: Readonly<Record<Grade, string>> = { good: 'good ', note: 'note ', wrong: 'WRONG' };

export async function run(argv: readonly string[]): Promise<number> {
  const text = { type: 'string' } as const;
  const several = { type: 'string', multiple: true } as const;
  const { values } = argumentsOf(USAGE, argv, {
    options: {
      store: text,
      folder: { type: 'string', short: 'C' },
      rules: { ...several, short: 'S' },
      config: { type: 'string', short: 'c' },
      eve: several,
      nats: text,
      archive: text,
      port: text,
      host: text,
      url: text,
      json: { type: 'boolean' },
      // What serve takes beside, so that the same command line can be asked about.
      sensor: text,
      'home-net': text,
      'keep-days': text,
      'keep-bytes': text,
      proxy: text,
      log: text,
    },
  });
  const port = values.port === undefined ? undefined : Number(values.port);
  if (port !== undefined && (!Number.isInteger(port) || port < 0 || port > 65_535)) throw new UsageProblem(`\`${values.port}\` is no port`, USAGE);
  const now = Date.now();
  const given = values.store ?? process.env['SIGWRIGHT_STORE'];
  const place = given === undefined ? undefined : placeOf(given, USAGE);
  const nats = values.nats ?? process.env['SIGWRIGHT_NATS'];
  const disks: [string, string][] = [];
  if (place !== undefined && 'sqlite' in place) disks.push([place.sqlite, 'the store']);
  if (values.folder !== undefined) disks.push([values.folder, 'the ruleset']);
  if (values.archive !== undefined && !isObjectStore(values.archive)) disks.push([values.archive, 'the archive']);
  for (const path of values.eve ?? []) disks.push([path, 'the EVE file']);

  let wrong = 0;
  let area = '';
  const tell = (findings: readonly Finding[]): void => {
    for (const finding of findings) {
      if (finding.grade === 'wrong') wrong++;
      if (values.json === true) process.stdout.write(`${JSON.stringify(finding)}\n`);
      else {
        if (finding.area !== area) process.stdout.write(`${finding.area}\n`);
        area = finding.area;
        process.stdout.write(`  ${MARKS[finding.grade]}  ${finding.says}\n${finding.remedy === undefined ? '' : `         → ${finding.remedy}\n`}`);
      }
    }
  };
  tell(machineFindings(now, disks.length > 0 ? disks : [['.', 'this folder']]));
  const stored = place === undefined ? undefined : await storeFindings(place, now);
  tell(stored?.findings ?? []);
  for (const path of values.eve ?? []) tell(eveFindings(path, stored?.look, now));
  if (values.folder !== undefined) tell(repositoryFindings(values.folder));
  if (values.rules !== undefined) tell(rulesFindings(values.rules));
  if (values.config !== undefined) tell(configurationFindings(values.config));
  if (nats !== undefined) tell(await brokerFindings(nats));
  if (values.archive !== undefined) tell(await archiveFindings(values.archive));
  if (values.host !== undefined) tell(listenFindings(values.host, values.url));
  if (port !== undefined && port > 0) tell(await portFindings(port, values.host ?? '127.0.0.1'));
  if (values.url !== undefined) tell(await addressFindings(values.url, now));
  if (values.json !== true) process.stdout.write(wrong === 0 ? '\nnothing is wrong\n' : `\n${wrong} ${wrong === 1 ? 'thing is' : 'things are'} wrong\n`);
  return wrong === 0 ? 0 : 1;
}
