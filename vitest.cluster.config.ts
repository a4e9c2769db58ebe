import { configDefaults, defineConfig } from 'vitest/config'
import everyday from './vitest.config.js'

/** Tests that take minutes: clusters that lose their database, their lines, their sense of time, and what must not grow however often it happens. */
export default defineConfig({
  test: { ...everyday.test, include: ['tests/**/*.long.test.ts'], exclude: configDefaults.exclude, maxWorkers: 1 },
})
