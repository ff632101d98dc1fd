import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// The examples import the package by its name: here, its source and not a build that may be old.
const resolve = { alias: { dagwright: fileURLToPath(new URL('src/index.ts', import.meta.url)) } };

export default defineConfig({
  test: {
    projects: [
      { resolve, test: { name: 'unit', include: ['src/**/*.test.ts'], testTimeout: 20_000 } },
      {
        resolve,
        test: {
          name: 'integration',
          include: ['test/**/*.test.ts'],
          globalSetup: 'test/support/bundle-workflows.ts',
          // Each file may have a server and workers of its own. They wait more than they work, but not for more than two.
          maxWorkers: 2,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
