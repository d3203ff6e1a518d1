import { defineConfig } from 'vitest/config';

/** `npm test` leaves out what needs the shared reference data; `npm run check:shared` runs exactly that. */
export default defineConfig({
  test: {
    include: [process.env['SIGWRIGHT_SHARED'] ? '**/*.shared.test.ts' : '**/*.test.ts'],
    exclude: process.env['SIGWRIGHT_SHARED'] ? ['**/node_modules/**'] : ['**/node_modules/**', '**/*.shared.test.ts'],
    pool: 'threads',
    testTimeout: 60_000,
  },
});
