import { configDefaults, defineConfig } from 'vitest/config'
import everyday from './vitest.config.js'

/** Tests that mostly wait, for minutes: clusters that lose their database, their lines, their sense of time. */
export default defineConfig({
  test: { ...everyday.test, include: ['tests/cluster/*.long.test.ts'], exclude: configDefaults.exclude, maxWorkers: 1 },
})
