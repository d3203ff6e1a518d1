/** reference.config: types of references and what stands before their values. The table holds addresses that still answer. */
import { readFileSync } from 'node:fs';

export const DEFAULT_REFERENCES: ReadonlyMap<string, string> = new Map([
  ['url', 'https://'],
  ['cve', 'https://cve.mitre.org/cgi-bin/cvename.cgi?name='],
  ['bugtraq', 'https://www.securityfocus.com/bid/'],
  ['md5', 'https://www.virustotal.com/gui/file/'],
  ['et', 'https://doc.emergingthreats.net/'],
  ['etpro', 'https://doc.emergingthreatspro.com/'],
  ['exploitdb', 'https://www.exploit-db.com/exploits/'],
  ['nessus', 'https://www.tenable.com/plugins/nessus/'],
  ['msft', 'https://learn.microsoft.com/security-updates/securitybulletins/'],
]);

/** `config reference: type prefix` lines; others are passed over, of two for a type the last one counts. */
export function readReferences(path: string): ReadonlyMap<string, string> {
  const references = new Map<string, string>();
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    const match = /^\s*config\s+reference:\s*(\S+)\s+(\S+)\s*$/.exec(line);
    if (match !== null) references.set(match[1].toLowerCase(), match[2]);
  }
  return references;
}
