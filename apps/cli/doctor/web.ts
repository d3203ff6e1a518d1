/** How people reach the workbench: the port, the name, the certificate of the proxy, its clock. */
import { createServer } from 'node:net';
import { connect } from 'node:tls';
import { isLoopback } from '../shared/arguments.ts';
import { type Finding, Findings, timeWords } from './findings.ts';

const PATIENCE = 5000;
const SOON = 14 * 86_400_000;
const CLOCKS_DIFFER = 60_000;

export async function portFindings(port: number, host: string): Promise<readonly Finding[]> {
  const found = new Findings('web');
  const problem = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
    const server = createServer();
    server.once('error', resolve);
    server.listen(port, host, () => server.close(() => resolve(undefined)));
  });
  if (problem === undefined) found.good(`port ${port} of ${host} is free`);
  else if (problem.code === 'EADDRINUSE') found.note(`port ${port} of ${host} is taken`, 'by serve itself, where it runs; else choose another by --port');
  else if (problem.code === 'EACCES') found.wrong(`port ${port} may not be used by this user`, 'take one above 1023, with a proxy in front');
  else found.wrong(`port ${port} of ${host} can not be used: ${problem.message}`, 'choose another by --port or --host');
  return found.all;
}

/** `authorities`: PEM, beside those that Node knows. */
export async function addressFindings(address: string, now: number, authorities?: string): Promise<readonly Finding[]> {
  const found = new Findings('web');
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    found.wrong(`${address} is no address of the web`, 'write https://NAME');
    return found.all;
  }
  if (url.protocol === 'http:') {
    found.wrong(`${address} has no TLS`, 'passwords and cookies would go over the network in the clear: put a proxy with TLS in front');
    return found.all;
  }
  await certificate(found, url, now, authorities);
  if (authorities === undefined && !found.all.some(({ grade }) => grade === 'wrong')) await answer(found, url, now);
  return found.all;
}

/** Without what OpenSSL says of itself: `400D…:error:0A00010B:SSL routines:function:wrong version number:file:77:`. */
function tlsWords({ message }: Error): string {
  const [, reason] = /:error:[^:]*:[^:]*:[^:]*:([^:]*):/.exec(message) ?? [];
  if (reason === undefined) return message;
  return reason === 'wrong version number' || reason === 'packet length too long' ? `what answers there does not speak TLS (${reason})` : reason;
}

/** `serve` refuses to begin: passwords and cookies do not go over a network in the clear. */
export function listenFindings(host: string, url: string | undefined): readonly Finding[] {
  const found = new Findings('web');
  if (!isLoopback(host) && url?.startsWith('https://') !== true)
    found.wrong(`it is to listen on ${host}, and no address with TLS is named`, 'put a proxy with TLS in front and name its address: --url https://…');
  return found.all;
}

function certificate(found: Findings, url: URL, now: number, authorities: string | undefined): Promise<void> {
  return new Promise((resolve) => {
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const socket = connect({
      host,
      port: Number(url.port) || 443,
      ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }),
      rejectUnauthorized: false,
      ...(authorities === undefined ? {} : { ca: authorities }),
    });
    const end = (): void => {
      socket.destroy();
      resolve();
    };
    socket.setTimeout(PATIENCE, () => {
      found.wrong(`${url.host} does not answer`, 'see that the proxy runs and that no firewall is between');
      end();
    });
    socket.once('error', (problem) => {
      found.wrong(`${url.host} can not be reached by TLS: ${tlsWords(problem)}`, 'see that the proxy runs, that the name leads there, and that it speaks TLS');
      end();
    });
    socket.once('secureConnect', () => {
      const { valid_from, valid_to, subject } = socket.getPeerCertificate();
      const [from, to] = [Date.parse(valid_from), Date.parse(valid_to)];
      const words = `the certificate of ${url.host} (${String(subject?.CN ?? '')})`;
      if (now > to) found.wrong(`${words} ended ${timeWords(now - to)} ago`, 'renew it; caddy and certbot do so by themselves where they reach the authority');
      else if (now < from) found.wrong(`${words} does not hold yet`, 'one of the clocks is wrong');
      else if (!socket.authorized)
        found.wrong(
          `${words} is not trusted: ${String(socket.authorizationError)}`,
          'take one for that name from an authority that browsers know, or install your own authority',
        );
      else if (to - now < SOON) found.note(`${words} ends in ${timeWords(to - now)}`, 'renew it');
      else found.good(`${words} holds for ${timeWords(to - now)}`);
      end();
    });
  });
}

async function answer(found: Findings, url: URL, now: number): Promise<void> {
  try {
    const began = performance.now();
    const got = await fetch(new URL('/health', url), { redirect: 'manual', signal: AbortSignal.timeout(PATIENCE) });
    const text = (await got.text()).slice(0, 10);
    if (got.status === 200 && text.trim() === 'ok') found.good(`${url.host} leads to a workbench`);
    else
      found.wrong(`${url.host} leads to something else (status ${got.status})`, 'see where the proxy sends what it gets; `sigwright serve` must run behind it');
    const ahead = Date.parse(got.headers.get('date') ?? '') - (now + performance.now() - began);
    if (Math.abs(ahead) > CLOCKS_DIFFER)
      found.wrong(`the clock of ${url.host} is ${timeWords(ahead)} ${ahead > 0 ? 'ahead' : 'behind'}`, 'set both clocks by NTP');
  } catch (problem) {
    found.wrong(`${url.host} does not answer: ${(problem as Error).message}`, 'see that the proxy and `sigwright serve` run');
  }
}
