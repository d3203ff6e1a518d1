/** `sigwright serve-rules [-C FOLDER] [--port N] [--host ADDRESS] [--url URL]`: the releases of a repository over HTTP, for suricata-update and sensors. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { distribute } from '@sigwright/workbench';
import { argumentsOf, UsageProblem } from './shared/arguments.ts';
import { repositoryAt } from './shared/repository.ts';

const DEFAULT_PORT = 8341;
const HIGHEST_PORT = 65_535;
/** Milliseconds for a request's head: an idle peer does not hold a socket. */
const PATIENCE = 10_000;

const USAGE = `sigwright serve-rules [-C FOLDER] [options]

The releases of a repository over HTTP: version.txt, index.yaml for suricata-update, archives with digests and signatures, ETags, ranges,
and what changed since a version (/delta/VERSION).

  -C, --folder FOLDER    a ruleset repository (default: this folder)
      --port N           (default: ${DEFAULT_PORT}; 0 takes a free one)
      --host ADDRESS     where to listen (default: 127.0.0.1)
      --url URL          how others reach it, for index.yaml (default: the address it listens on)
`;

export async function run(argv: readonly string[]): Promise<number> {
  const { values } = argumentsOf(USAGE, argv, {
    options: { folder: { type: 'string', short: 'C' }, port: { type: 'string' }, host: { type: 'string' }, url: { type: 'string' } },
  });
  const port = Number(values.port ?? DEFAULT_PORT);
  if (!Number.isInteger(port) || port < 0 || port > HIGHEST_PORT) throw new UsageProblem(`\`${values.port}\` is no port`, USAGE);
  if (values.url !== undefined && !URL.canParse(values.url)) throw new UsageProblem(`\`${values.url}\` is no URL`, USAGE);
  const repository = repositoryAt(values.folder, 'serve-rules');
  if (repository === undefined) return 1;
  let base = values.url?.replace(/\/+$/, '');
  const server = createServer({ headersTimeout: PATIENCE, requestTimeout: PATIENCE }, (request, response) => {
    try {
      const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]));
      const { status, headers: said, body } = distribute(repository, { method: request.method ?? '', target: request.url ?? '/', headers, base: base ?? '' });
      response.writeHead(status, status === 304 ? said : { ...said, 'content-length': String(body.length) });
      response.end(request.method === 'HEAD' ? undefined : body);
    } catch (problem) {
      process.stderr.write(`sigwright serve-rules: ${request.url}: ${(problem as Error).message}\n`);
      if (!response.headersSent) response.writeHead(500);
      response.end();
    }
  });
  const failed = await listen(server, port, values.host ?? '127.0.0.1');
  if (failed !== undefined) {
    process.stderr.write(`sigwright serve-rules: ${failed.message}\n`);
    return 1;
  }
  const { address, port: taken, family } = server.address() as AddressInfo;
  const at = `http://${family === 'IPv6' ? `[${address}]` : address}:${taken}`;
  base ??= at;
  process.stdout.write(`${repository.settings.title} at ${at}/ (Ctrl-C ends it)\n`);
  await new Promise<void>((resolve) => {
    const stop = (): void => {
      server.close(() => resolve());
      server.closeAllConnections();
    };
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
  });
  return 0;
}

function listen(server: Server, port: number, host: string): Promise<Error | undefined> {
  return new Promise((resolve) => {
    server.once('error', resolve);
    server.listen(port, host, () => resolve(undefined));
  });
}
