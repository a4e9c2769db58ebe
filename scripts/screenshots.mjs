// Pictures of every panel of the linking page, taken from the built page, with an accessibility and an overflow check.
// Usage: npx vite build && node scripts/screenshots.mjs [--png] [panel …]
// WebP into docs/screenshots, small enough to keep; with --png, full quality into .cache/screenshots for a close look.
import { createReadStream, existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import qrcode from 'qrcode'
import { panels, settings } from './screenshots-panels.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const page = join(root, 'dist/linking-page')
const args = process.argv.slice(2)
const png = args.includes('--png')
const out = join(root, png ? '.cache/screenshots' : 'docs/screenshots')
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const screens = [
  { name: 'phone-320', width: 320, height: 640, scale: 2 },
  { name: 'phone-360', width: 360, height: 740, scale: 2 },
  { name: 'desktop-1280', width: 1280, height: 860, scale: 1 },
]
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; " +
  "frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'"
const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
}

const server = createServer((request, response) => {
  const path = normalize(new URL(request.url ?? '/', 'http://page').pathname)
  const file = join(page, path === '/' ? 'index.html' : path)
  if (!existsSync(file)) {
    response.writeHead(404).end()
    return
  }
  const type = types[extname(file)] ?? 'application/octet-stream'
  response.writeHead(200, { 'content-type': type, 'content-security-policy': policy })
  createReadStream(file).pipe(response)
})
await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
const origin = `http://127.0.0.1:${server.address().port}`

// Not a code that any phone accepts, only one that looks as dense as a real one.
const qr = await qrcode.toDataURL(`This picture is a sample and links nothing. ${'0123456789'.repeat(19)}`, {
  margin: 4,
  scale: 6,
})
const json = (status, body, headers = {}) => ({
  status,
  headers,
  contentType: 'application/json',
  body: JSON.stringify(body),
})

/** Answers the page's requests from one panel's script; the socket opens and stays silent. */
async function serve(tab, panel) {
  await tab.routeWebSocket('**/ws', () => {})
  const view = panel.view && { ...panel.view, ...(panel.view.phase === 'scanning' ? { qrCode: qr } : {}) }
  await tab.route('**/api/**', async route => {
    const { pathname } = new URL(route.request().url())
    if (panel.hang === pathname) return
    if (panel.problem && panel.problem.on === pathname) {
      await route.fulfill(
        json(panel.problem.status, panel.problem.body, { 'retry-after': panel.problem.retryAfter ?? '' }),
      )
    } else if (pathname === '/api/page-settings') {
      await route.fulfill(json(200, { ...settings, mode: panel.mode ?? view?.mode ?? 'handed_off' }))
    } else if (pathname.startsWith('/api/sessions/')) {
      await route.fulfill(
        view ? json(200, view) : json(404, { code: 'attempt_not_found', detail: 'There is no attempt.' }),
      )
    } else {
      await route.fulfill(json(404, { code: 'not_found', detail: 'There is no such route.' }))
    }
  })
}

/** What a visitor sees first; for a close look the whole page. Playwright itself writes no WebP, the browser does. */
async function takePicture(tab, where) {
  if (png) {
    await tab.screenshot({ path: join(out, `${where}.png`), fullPage: true })
    return
  }
  const devtools = await tab.context().newCDPSession(tab)
  const shot = { format: 'webp', quality: 70 }
  const { data } = await devtools.send('Page.captureScreenshot', shot)
  await writeFile(join(out, `${where}.webp`), Buffer.from(data, 'base64'))
}

async function check(tab, where) {
  const faults = []
  await tab.evaluate(axe)
  const { violations } = await tab.evaluate(() =>
    globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'] }),
  )
  for (const { id, nodes } of violations)
    faults.push(`${id}: ${nodes.map(node => node.html.slice(0, 120)).join(' | ')}`)
  const found = await tab.evaluate(() => {
    const boxes = [...document.querySelectorAll('button, a.support')].map(node => node.getBoundingClientRect())
    const image = document.querySelector('.qr-shown')?.getBoundingClientRect()
    return {
      wider: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      small: boxes.filter(box => box.height > 0 && (box.height < 44 || box.width < 44)).length,
      qr: image ? Math.round(image.width) : null,
    }
  })
  if (found.wider > 0) faults.push(`${found.wider} px wider than the screen`)
  if (found.small > 0) faults.push(`${found.small} targets smaller than 44 px`)
  if (found.qr !== null && found.qr < 240) faults.push(`QR only ${found.qr} px wide`)
  for (const fault of faults) console.error(`${where}: ${fault}`)
  return faults.length
}

const wanted = new Set(args.filter(arg => arg !== '--png'))
const chosen = panels.filter(panel => wanted.size === 0 || wanted.has(panel.name))
const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium'
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
let faults = 0
let pictures = 0
try {
  await mkdir(out, { recursive: true })
  for (const screen of screens) {
    for (const colorScheme of ['light', 'dark']) {
      for (const panel of chosen) {
        const viewport = { width: screen.width, height: screen.height }
        const context = await browser.newContext({
          viewport,
          colorScheme,
          deviceScaleFactor: png ? screen.scale : 1,
          reducedMotion: 'reduce',
        })
        const tab = await context.newPage()
        const where = `${panel.name}-${screen.name}-${colorScheme}`
        tab.on('pageerror', error => (console.error(`${where}: ${error.message}`), (faults += 1)))
        tab.on('console', message => {
          if (!/Content Security Policy|TrustedType|TypeError/.test(message.text())) return
          console.error(`${where}: ${message.text()}`)
          faults += 1
        })
        await serve(tab, panel)
        await tab.goto(origin)
        if (panel.press) await tab.getByRole('button', { name: panel.press }).click()
        await tab.locator(panel.ready).first().waitFor()
        if (panel.offline) await context.setOffline(true)
        if (panel.offline) await tab.getByText('You are offline').first().waitFor()
        await takePicture(tab, where)
        pictures += 1
        faults += await check(tab, where)
        await context.close()
      }
    }
  }
} finally {
  await browser.close()
  server.close()
}
console.log(`${pictures} pictures in ${out}, ${faults} faults`)
process.exitCode = faults > 0 ? 1 : 0
