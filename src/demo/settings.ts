import path from 'node:path'
import { defaultDataDir } from '../backend/config/data-dir.js'
import { Env, withoutBlanks } from '../backend/config/env.js'
import { DemoError } from './demo-error.js'

const DEFAULT_PORT = 4000
/** How far a busy default port is left behind. */
const PORTS_TO_TRY = 20

/** What the demo's gateway takes from the environment as any gateway would. Where it runs and on what data is the demo's own business. */
const PASSED_ON = new Set([
  'LINK_PAGE',
  'LINK_DEFAULT',
  'LINK_MAX_PER_ADDRESS',
  'LINK_MAX_PER_NODE',
  'LINK_MAX_ACTIVE',
  'LINK_MAX_QUEUED',
  'SESSION_ID_PREFIX',
  'SESSION_ID_FORMAT',
  'SUPPORT_URL',
  'OWNER_URL',
  'BRAND_LOGO',
])

export type DemoSettings = {
  /** Absolute; the gateway's database, the simulator's state and the logs. */
  dataDir: string
  /** Tried in order. */
  ports: number[]
  /** Whether somebody asked for exactly this port. */
  portIsGiven: boolean
  /** What the children get on top of their own settings. */
  childEnv: NodeJS.ProcessEnv
}

/**
 * `PORT` and `DATA_DIR` (the demo lives in its sub-folder `demo`) mean what they mean to the gateway. A database is never taken from
 * `DATABASE_URL`, which may be a real one; where the built-in one does not run, `DEMO_DATABASE_URL` names another.
 *
 * @throws DemoError `invalid_settings`
 */
export function demoSettings(environment: NodeJS.ProcessEnv): DemoSettings {
  const raw = withoutBlanks(environment)
  const parsed = Env.pick({ PORT: true, DATA_DIR: true }).safeParse(raw)
  if (!parsed.success) {
    const problems = parsed.error.issues.map(issue => `${issue.path.join('.')}: ${issue.message}`)
    throw new DemoError('invalid_settings', problems.join('\n'), 'Correct the setting or remove it.')
  }
  const portIsGiven = raw['PORT'] !== undefined
  const { PORT: port, DATA_DIR: dataDir = defaultDataDir() } = parsed.data
  return {
    dataDir: path.resolve(dataDir, 'demo'),
    ports: portIsGiven ? [port] : Array.from({ length: PORTS_TO_TRY }, (_, index) => DEFAULT_PORT + index),
    portIsGiven,
    childEnv: childEnvironment(raw),
  }
}

function childEnvironment(raw: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const own = new Set(Object.keys(Env.shape).filter(name => !PASSED_ON.has(name)))
  const kept = Object.entries(raw).filter(([name]) => !own.has(name) && !name.startsWith('npm_'))
  const database = raw['DEMO_DATABASE_URL']
  return { ...Object.fromEntries(kept), ...(database !== undefined && { DATABASE_URL: database }) }
}
