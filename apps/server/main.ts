/** Serves the pages of a week on loopback: read only, no scripts, nothing from elsewhere. */
import { createServer, type Server } from 'node:http';
import { renderPage, STYLE, type Week } from './page.ts';

export type { Week, WeekAlert, WeekRule } from './page.ts';
export { renderPage } from './page.ts';

const HEADERS = {
  'content-security-policy': "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

/** Listens on 127.0.0.1; port 0 takes a free one. Rejects where the port is taken. */
export function serveWeek(week: Week, port: number): Promise<Server> {
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?')[0];
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { ...HEADERS, allow: 'GET, HEAD' }).end();
      return;
    }
    if (path === '/style.css') {
      response.writeHead(200, { ...HEADERS, 'content-type': 'text/css; charset=utf-8' }).end(STYLE);
      return;
    }
    const page = renderPage(week, path);
    if (page === undefined) response.writeHead(404, { ...HEADERS, 'content-type': 'text/plain; charset=utf-8' }).end('there is no such page\n');
    else response.writeHead(200, { ...HEADERS, 'content-type': 'text/html; charset=utf-8' }).end(page);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
