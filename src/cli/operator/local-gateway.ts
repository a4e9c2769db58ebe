import { loadConfig, type Config } from '../../backend/config/config.js'
import { withOwnerDatabase } from '../../backend/owner-database.js'
import { startUpProblem } from '../../backend/start-up-problem.js'
import { CliError } from '../cli-error.js'
import type { CliContext } from '../command.js'

/**
 * Work on the database of the gateway whose settings this process has.
 * @throws CliError in the words in which a start would be refused
 */
export async function onLocalGateway<T>(
  { env }: Pick<CliContext, 'env'>,
  work: (config: Config, ownerUrl: string) => Promise<T>,
): Promise<T> {
  try {
    const config = loadConfig({ ...env })
    return await withOwnerDatabase(config, ownerUrl => work(config, ownerUrl))
  } catch (error) {
    if (error instanceof CliError || !hasCode(error)) throw error
    throw new CliError(startUpProblem(error).trimEnd())
  }
}

/** Errors of ours have a stable code and a sentence without data; any other is not repeated. */
function hasCode(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.name !== 'Error' && error.name !== 'TypeError'
}
