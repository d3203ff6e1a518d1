/** `sigwright serve-rules [-C FOLDER] [--port N] [--host ADDRESS] [--url URL] [--take-feedback]`: the releases of a repository over HTTP, for suricata-update and sensors. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { changeRepository, distribute, feedbackStatus, LARGEST_SLICE, openRepository, readFeedback, takeFeedback } from '@sigwright/workbench';
import { argumentsOf, UsageProblem } from './shared/arguments.ts';
import { proofRunner } from './shared/proof-runner.ts';
import { dayOf, repositoryAt } from './shared/repository.ts';

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
      --take-feedback    take reports of false positives and misses (POST /feedback, see sigwright feedback) and tell what came of them
                         (GET /feedback/REFERENCE)
`;

export async function run(argv: readonly string[]): Promise<number> {
  const { values } = argumentsOf(USAGE, argv, {
    options: {
      folder: { type: 'string', short: 'C' },
      port: { type: 'string' },
      host: { type: 'string' },
      url: { type: 'string' },
      'take-feedback': { type: 'boolean' },
    },
  });
  const port = Number(values.port ?? DEFAULT_PORT);
  if (!Number.isInteger(port) || port < 0 || port > HIGHEST_PORT) throw new UsageProblem(`\`${values.port}\` is no port`, USAGE);
  if (values.url !== undefined && !URL.canParse(values.url)) throw new UsageProblem(`\`${values.url}\` is no URL`, USAGE);
  const repository = repositoryAt(values.folder, 'serve-rules');
  if (repository === undefined) return 1;
  let base = values.url?.replace(/\/+$/, '');
  const server = createServer({ headersTimeout: PATIENCE, requestTimeout: PATIENCE }, (request, response) => {
    try {
      if (values['take-feedback'] && /^\/feedback(?:\/|$)/.test(request.url ?? '')) {
        void onFeedback(request, response, repository.folder);
        return;
      }
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

const LARGEST_REPORT = LARGEST_SLICE * 1.5;

/** POST /feedback takes a report; GET /feedback/REFERENCE tells its reporter what came of it. The repository is read anew: it may have changed. */
async function onFeedback(request: IncomingMessage, response: ServerResponse, folder: string): Promise<void> {
  const tell = (status: number, said: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    response.end(`${JSON.stringify(said)}\n`);
  };
  try {
    const opened = openRepository(folder);
    if (!opened.ok) {
      tell(503, { error: 'the ruleset can not be read just now' });
      return;
    }
    const reference = /^\/feedback\/([\w.-]+)$/.exec(request.url ?? '')?.[1];
    if (request.method === 'GET' && reference !== undefined) {
      const feedback = opened.value.feedback.find(({ file }) => file === `${reference}.yaml`);
      if (feedback === undefined) tell(404, { error: 'no such report' });
      else tell(200, { reference, sid: feedback.sid, status: feedbackStatus(opened.value, feedback) });
      return;
    }
    if (request.method !== 'POST' || request.url !== '/feedback') {
      tell(405, { error: 'POST /feedback, or GET /feedback/REFERENCE' });
      return;
    }
    const parts: Uint8Array[] = [];
    let length = 0;
    for await (const part of request) {
      length += (part as Uint8Array).length;
      if (length > LARGEST_REPORT) {
        tell(413, { error: `a report has at most ${LARGEST_REPORT} bytes` });
        request.destroy();
        return;
      }
      parts.push(part as Uint8Array);
    }
    const read = readFeedback(Buffer.concat(parts).toString('utf8'));
    const taken = read.ok
      ? await changeRepository(folder, (current) => takeFeedback(current, read.value, proofRunner(), dayOf(undefined)), { patience: PATIENCE })
      : read;
    if (taken.ok) tell(taken.value.fresh ? 201 : 200, taken.value);
    else
      tell(taken.code.startsWith('feedback/') ? 400 : 503, { error: taken.code.startsWith('feedback/') ? taken.message : 'no report can be taken just now' });
    if (!taken.ok && !taken.code.startsWith('feedback/')) process.stderr.write(`sigwright serve-rules: ${taken.message}\n`);
  } catch (problem) {
    process.stderr.write(`sigwright serve-rules: ${request.url}: ${(problem as Error).message}\n`);
    if (!response.headersSent) tell(500, { error: 'a fault of ours' });
  }
}

function listen(server: Server, port: number, host: string): Promise<Error | undefined> {
  return new Promise((resolve) => {
    server.once('error', resolve);
    server.listen(port, host, () => resolve(undefined));
  });
}
