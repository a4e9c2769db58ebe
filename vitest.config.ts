import { configDefaults, defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'tests/**/*.test.ts', 'scripts/**/*.test.mjs'],
    // npm run test:cluster
    exclude: [...configDefaults.exclude, '**/*.long.test.ts'],
    setupFiles: ['tests/support/prelude.ts'],
    globalSetup: ['tests/support/global-setup.ts'],
    reporters: ['default', './tests/support/plain-reporter.ts'],
    pool: 'forks',
    isolate: false,
    maxWorkers: 4,
    // a condition is awaited as long as a busy machine may take
    expect: { poll: { timeout: 30_000 } },
    testTimeout: 90_000,
    hookTimeout: 120_000,
  },
})
