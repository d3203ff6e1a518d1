/**
 * What scripts get by `require "suricata.<name>"`. Suricata user guide, "Lua libraries". Each is a table of functions; what belongs to a
 * packet, a flow or a transaction is a value with methods, good for the call in which it was asked for.
 */
import type { Interpreter, Table } from '@sigwright/lua';
import { base64Library } from './libraries/base64.ts';
import { bytevarLibrary } from './libraries/bytevar.ts';
import { datasetLibrary } from './libraries/dataset.ts';
import { dnp3Library } from './libraries/dnp3.ts';
import { dnsLibrary } from './libraries/dns.ts';
import { configLibrary, logLibrary, utilLibrary } from './libraries/engine.ts';
import { fileLibrary } from './libraries/file.ts';
import { flowLibrary } from './libraries/flow.ts';
import { flowintLibrary, flowvarLibrary } from './libraries/flow-variables.ts';
import { hashingLibrary } from './libraries/hashing.ts';
import { httpLibrary } from './libraries/http.ts';
import { ja3Library } from './libraries/ja3.ts';
import { type Functions, LibraryTools } from './libraries/library-tools.ts';
import { ntpLibrary } from './libraries/ntp.ts';
import { packetLibrary } from './libraries/packet.ts';
import { ruleLibrary } from './libraries/rule.ts';
import { smtpLibrary } from './libraries/smtp.ts';
import { sshLibrary } from './libraries/ssh.ts';
import { tlsLibrary } from './libraries/tls.ts';
import type { ScriptHost } from './script-host.ts';

const LIBRARIES: Readonly<Record<string, (tools: LibraryTools) => Functions>> = {
  base64: base64Library,
  bytevar: bytevarLibrary,
  config: configLibrary,
  dataset: datasetLibrary,
  dns: dnsLibrary,
  dnp3: dnp3Library,
  file: fileLibrary,
  flow: flowLibrary,
  flowint: flowintLibrary,
  flowvar: flowvarLibrary,
  hashlib: hashingLibrary,
  // as the guide calls it
  hashing: hashingLibrary,
  http: httpLibrary,
  ja3: ja3Library,
  log: logLibrary,
  ntp: ntpLibrary,
  packet: packetLibrary,
  rule: ruleLibrary,
  smtp: smtpLibrary,
  ssh: sshLibrary,
  tls: tlsLibrary,
  util: utilLibrary,
};

/** By the name that `require` takes; each is made when it is asked for first. */
export function suricataLibraries(lua: Interpreter, host: ScriptHost): Readonly<Record<string, () => Table>> {
  const tools = new LibraryTools(lua, host);
  const made = new Map<string, Table>();
  return Object.fromEntries(
    Object.entries(LIBRARIES).map(([name, functions]) => [
      `suricata.${name}`,
      () => {
        let library = made.get(name);
        if (library === undefined) {
          library = tools.library(functions(tools));
          made.set(name, library);
        }
        return library;
      },
    ]),
  );
}
