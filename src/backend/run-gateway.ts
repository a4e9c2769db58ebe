import './prelude.js'
import { fileURLToPath } from 'node:url'
import { createApp, type App } from './app.js'
import type { Config } from './config/config.js'
import { builtPages } from './http/pages.js'
import { createLog, errorCode } from './log.js'
import { trustRoot } from './prelude/trusted-root.js'

/** Longest polite stop; whatever is left then is covered by recovery. */
const stopLimitMs = 25_000

/** Runs until this process is told to stop. */
export async function runGateway(config: Config): Promise<void> {
  const log = createLog({ level: config.logLevel })
  process.on('unhandledRejection', error => log.error('unhandled_rejection', { code: errorCode(error) }))
  for (const setting of config.unused) log.info('setting_not_used', { setting })
  if (config.whatsapp.rootKey !== null) {
    trustRoot(config.whatsapp.rootKey)
    log.warn('whatsapp_is_simulated', { url: config.whatsapp.url ?? '' })
  }
  const pages = process.argv.includes('--dev')
    ? await (await import('./http/vite-pages.js')).vitePages()
    : builtPages(fileURLToPath(new URL('../linking-page', import.meta.url)))
  let app: App | null = null
  let stopping = false
  const exit = (): void => {
    setTimeout(() => process.exit(1), stopLimitMs).unref()
    app?.[Symbol.asyncDispose]().then(
      () => process.exit(0),
      () => process.exit(1),
    )
  }
  const stop = (): void => {
    if (stopping) process.exit(1)
    stopping = true
    // while it is being built it holds a database that must be left properly: then it stops right after
    if (app !== null) exit()
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)

  app = await createApp(config, { log, pages })
  if (stopping) return exit()
  const port = await startOrClose(app)
  log.info('listening', { port })
  const address = config.publicUrl ?? `http://${browsable(config.host)}:${port}`
  process.stderr.write(`WHIZ LITE is ready: ${address}\n`)
  if (config.roles.api) {
    // the gateway runs without having told it, and the command makes another link
    // what nobody looks at is collected, and the link opens everything for a day
    const isSeen = !config.production || process.stdout.isTTY
    await tellFirstOwner(app, address, isSeen).catch((error: unknown) =>
      log.warn('owner_not_told', { code: errorCode(error), hint: 'npx whizlite owner-link' }),
    )
  }
}

/** Once per installation, to whoever looks at this process. Not through the log, which is kept and passed on. */
async function tellFirstOwner(app: App, address: string, isSeen: boolean): Promise<void> {
  const link = await app.firstOwnerLink(address, isSeen)
  if (link !== null) process.stdout.write(`Become the first owner within 24 hours: ${link}\n`)
}

/** A start that fails (a taken port, say) must not leave the database running. */
async function startOrClose(app: App): Promise<number> {
  try {
    return await app.start()
  } catch (error) {
    await app[Symbol.asyncDispose]()
    throw error
  }
}

/** An address that a person can open, also when the server listens on all of them. */
function browsable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost'
  return host.includes(':') ? `[${host}]` : host
}
