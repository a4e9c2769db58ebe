import { existsSync } from 'node:fs'
import { loadConfig } from './config/config.js'
import { startUpProblem } from './start-up-problem.js'

async function main(): Promise<void> {
  readEnvFile()
  const config = loadConfig(process.env)
  // everything else is loaded only now: whoever has mistyped a setting is told at once
  const { runGateway } = await import('./run-gateway.js')
  await runGateway(config)
}

/** Settings from `.env` in the working folder. What the environment has already wins. */
function readEnvFile(): void {
  if (existsSync('.env')) process.loadEnvFile('.env')
}

main().catch((error: unknown) => {
  process.stderr.write(startUpProblem(error))
  process.exit(1)
})
