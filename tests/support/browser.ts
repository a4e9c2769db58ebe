import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { chromium, type Browser } from 'playwright-core'

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
const macApp = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'

let running: Promise<Browser> | null = null
let users = 0

/** A share in the one browser of this process. The last user to leave closes it. */
export type SharedBrowser = AsyncDisposable & { browser: Browser }

/**
 * Opens the process's browser, or joins those who use it already.
 * @throws Error with the one command to run when there is no browser on this machine
 */
export async function shareBrowser(): Promise<SharedBrowser> {
  users++
  let leaving: Promise<void> | null = null
  const leave = async (): Promise<void> => {
    users--
    if (users > 0 || running === null) return
    const last = running
    running = null
    await (await last.catch(() => null))?.close()
  }
  const dispose = (): Promise<void> => (leaving ??= leave())
  try {
    running ??= chromium.launch({ executablePath: findChromium(), args: sandboxArgs() })
    return { browser: await running, [Symbol.asyncDispose]: dispose }
  } catch (error) {
    await dispose()
    throw error
  }
}

/** `CHROMIUM_PATH`, else a browser of the system, else the one that playwright has downloaded. */
export function findChromium(env: NodeJS.ProcessEnv = process.env): string {
  const chosen = env['CHROMIUM_PATH']
  if (chosen !== undefined && chosen !== '') {
    if (isProgram(chosen)) return chosen
    throw new Error('CHROMIUM_PATH does not name a program. Correct or unset it.')
  }
  const folders = (env['PATH'] ?? '').split(delimiter).filter(folder => folder !== '')
  const installed = [...folders.flatMap(folder => names.map(name => join(folder, name))), macApp].find(isProgram)
  if (installed !== undefined) return installed
  if (existsSync(chromium.executablePath())) return chromium.executablePath()
  throw new Error('There is no Chromium on this machine. Run: npx playwright-core install chromium')
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Chromium refuses to start with its sandbox as root, which is who runs in most containers. */
function sandboxArgs(): string[] {
  return process.getuid?.() === 0 ? ['--no-sandbox'] : []
}
