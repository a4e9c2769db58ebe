/** `whizlite`: the gateway as a library. The prelude comes first: it must be in place before Baileys is loaded. */
import './prelude.js'

export { createApp, type App, type AppParts } from './app.js'
export { ConfigError, loadConfig, type Config } from './config/config.js'
export { builtPages } from './http/pages.js'
export { createLog, type Log, type LogLevel } from './log.js'
