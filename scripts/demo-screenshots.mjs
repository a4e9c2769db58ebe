// Pictures of the demo as a visitor sees it, from a whole demo with data of its own, with an accessibility and an overflow check.
// A machine without an emoji font shows boxes in the second message.
// Usage: npm run build && node scripts/demo-screenshots.mjs [--program dist/demo/main.js] [--only desktop-1280-light] [--all] [--out FOLDER]
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'

const root = fileURLToPath(new URL('..', import.meta.url))
const { values: options } = parseArgs({
  options: {
    program: { type: 'string', default: 'dist/demo/main.js' },
    only: { type: 'string' },
    all: { type: 'boolean', default: false },
    out: { type: 'string' },
  },
})
const out = path.resolve(root, options.out ?? 'docs/screenshots')
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const screens = [
  { name: 'desktop-1280', width: 1280, height: 860 },
  { name: 'phone-390', width: 390, height: 844 },
]
/** Stations whose picture is kept; the others are only checked, unless --all asks for their pictures too. */
const kept = new Set(['start', 'code', 'scanned', 'session-id', 'devices', 'chat'])
let faults = 0

async function startDemo(dataDir) {
  const child = spawn(process.execPath, [path.join(root, options.program)], {
    env: { ...process.env, DATA_DIR: dataDir, PORT: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let printed = ''
  const url = await new Promise((resolve, reject) => {
    child.stdout.on('data', chunk => {
      printed += chunk
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(printed)
      if (found) resolve(found[0])
    })
    child.stderr.on('data', chunk => (printed += chunk))
    child.once('close', () => reject(new Error(printed)))
  })
  const ended = new Promise(resolve => child.once('close', resolve))
  return { url, stop: () => (child.kill('SIGTERM'), ended) }
}

async function check(tab, where) {
  await tab.evaluate(axe)
  const found = await tab.evaluate(async () => {
    const runOnly = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']
    // The framed page is the linking page, which tests/gallery.test.ts checks.
    const { violations } = await globalThis.axe.run(document, { runOnly, iframes: false })
    const boxes = [...document.querySelectorAll('button')].map(node => [node, node.getBoundingClientRect()])
    const small = boxes.filter(([, box]) => box.height > 0 && (box.height < 43.5 || box.width < 43.5))
    return [
      ...violations.map(({ id, nodes }) => `${id}: ${nodes.map(node => node.html.slice(0, 140)).join(' | ')}`),
      ...small.map(([node, box]) => `small target ${box.width}x${box.height}: ${node.textContent}`),
      document.documentElement.scrollWidth > document.documentElement.clientWidth ? 'wider than the screen' : '',
    ].filter(text => text !== '')
  })
  for (const fault of found) console.error(`${where}: ${fault}`)
  faults += found.length
}

/** Walks through the demo on one kind of screen and takes a picture at every station. */
async function walk(tab, url, narrow, station) {
  const phone = name => tab.getByRole('article', { name: `${name}’s phone` })
  const side = name =>
    narrow ? tab.getByRole('navigation', { name: 'Show' }).getByRole('button', { name }).click() : null
  const choose = name => (narrow ? tab.locator('.chip', { hasText: name }).click() : null)
  const linking = tab.frameLocator('#link-frame')
  const amina = phone('Amina')
  const juma = phone('Juma')

  await tab.goto(url)
  await linking.getByRole('button', { name: 'Start' }).waitFor()
  await tab.locator('.phone').nth(1).waitFor({ state: 'attached' })
  await station('start')
  await side('Phones')
  if (narrow) await station('phone')
  await amina.getByRole('button', { name: 'Link a device' }).click()
  await amina.getByText('No code in sight').waitFor()
  await station('no-code')
  await amina.getByRole('button', { name: 'Chats', exact: true }).click()
  await side('Link')
  await linking.getByRole('button', { name: 'Start' }).click()
  await linking.locator('.qr-shown').waitFor()
  await linking.getByText('Time left').waitFor()
  await station('code')
  await side('Phones')
  await amina.getByRole('button', { name: 'Link a device' }).click()
  await amina.getByText('Device linked').waitFor()
  await station('scanned')
  await amina.getByRole('button', { name: 'Open your own chat' }).click()
  await amina.getByText('Connected Number').waitFor({ timeout: 30_000 })
  await station('own-chat')
  await amina.getByRole('log').evaluate(node => node.scrollTo(0, 0))
  await station('session-id')
  await amina.getByRole('button', { name: 'Linked devices', exact: true }).click()
  await station('devices')
  await amina.getByRole('button', { name: 'Chats', exact: true }).click()
  await amina.getByRole('button', { name: 'New chat' }).click()
  await amina.getByRole('button', { name: /^Juma/ }).click()
  await say(amina, 'Hello Juma! My bot is linked. Do you see this?')
  await choose('Juma')
  await juma.getByText('Hello Juma!').waitFor()
  await station('unread')
  await juma.getByRole('button', { name: /^Amina Hello|^Amina .*Hello/ }).click()
  await say(juma, 'I do. *Very* nice.')
  await say(juma, 'Send me the address later, I will write to it myself.')
  await juma.getByText('write to it myself').waitFor()
  if (!narrow) await juma.getByText('Read').nth(1).waitFor()
  await station('chat')
  await juma.getByRole('switch').click()
  await juma.getByPlaceholder('This phone is offline').waitFor()
  await say(juma, 'Too late')
  await juma.getByText('This phone is offline. Connect it first.').waitFor()
  await station('offline')
}

async function say(phone, text) {
  await phone.getByRole('textbox', { name: 'Message' }).fill(text)
  await phone.getByRole('button', { name: /^Send/ }).click()
}

const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
})
try {
  await mkdir(out, { recursive: true })
  for (const screen of screens) {
    for (const colorScheme of ['light', 'dark']) {
      const where = `${screen.name}-${colorScheme}`
      if (options.only !== undefined && options.only !== where) continue
      const dataDir = await mkdtemp(path.join(tmpdir(), 'demo-screenshots-'))
      await rm(dataDir, { recursive: true })
      const demo = await startDemo(dataDir)
      const context = await browser.newContext({
        viewport: { width: screen.width, height: screen.height },
        colorScheme,
        reducedMotion: 'reduce',
        locale: 'en-GB',
      })
      try {
        const tab = await context.newPage()
        tab.on('pageerror', error => (console.error(`${where}: ${error.message}`), (faults += 1)))
        tab.on('console', message => {
          if (message.type() !== 'error' || /409|404/.test(message.text())) return
          console.error(`${where}: ${message.text()}`)
          faults += 1
        })
        await walk(tab, demo.url, screen.width < 960, async name => {
          if (options.all || kept.has(name)) await tab.screenshot({ path: path.join(out, `demo-${name}-${where}.png`) })
          await check(tab, `${name}-${where}`)
        })
      } finally {
        await context.close()
        await demo.stop()
        await rm(dataDir, { recursive: true, force: true })
      }
    }
  }
} finally {
  await browser.close()
}
console.log(`Pictures in ${out}, ${faults} faults`)
process.exitCode = faults > 0 ? 1 : 0
