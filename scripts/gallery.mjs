// Every state of the linking page, on a phone and a desktop, light and dark, from the built page with scripted answers.
// Usage: npx vite build && node scripts/gallery.mjs [--png] [picture …]
// WebP into docs/gallery with docs/gallery.md; with --png, the whole page in full quality into .cache/gallery for a close look.
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { format as formatted } from 'prettier'
import { runnerImport } from 'vite'
import { galleryDocument } from './gallery-document.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const args = process.argv.slice(2)
const png = args.includes('--png')
const wanted = new Set(args.filter(arg => arg !== '--png'))
const out = join(root, png ? '.cache/gallery' : 'docs/gallery')

const load = async path => (await runnerImport(join(root, path), { configFile: false, logLevel: 'error' })).module
const { exhibits, formats, themes, Room, settled } = await load('tests/gallery/exhibition.ts')
const { shareBrowser } = await load('tests/support/browser.ts')

/** Small enough that nearly two hundred pictures may live in the repository. */
const scales = { phone: 0.7, desktop: 0.45 }
/** The README's own, in full. */
const forReadme = new Set(['qr-desktop-light', 'code-phone-dark'])

/** From the top to the end of the card; what linking means is below it in every state. Playwright itself writes no WebP, the browser does. */
async function takePicture(page, name, { name: format, width }) {
  if (png) return page.screenshot({ path: join(out, `${name}.png`), fullPage: true })
  const end = await page.locator('#card').evaluate(card => card.getBoundingClientRect().bottom + scrollY)
  const clip = { x: 0, y: 0, width, height: Math.ceil(end) + 16, scale: scales[format] }
  const devtools = await page.context().newCDPSession(page)
  const shoot = async (file, options) => {
    const shot = { format: 'webp', captureBeyondViewport: true, ...options }
    const { data } = await devtools.send('Page.captureScreenshot', shot)
    await writeFile(file, Buffer.from(data, 'base64'))
  }
  await shoot(join(out, `${name}.webp`), { quality: 50, clip })
  if (!forReadme.has(name)) return
  await shoot(join(root, `docs/screenshots/${name}.webp`), { quality: 70, clip: { ...clip, scale: 1 } })
}

const chosen = exhibits.filter(({ picture }) => wanted.size === 0 || wanted.has(picture.name))
const shared = await shareBrowser()
const room = await Room.open(shared.browser, join(root, 'dist/linking-page'))
try {
  await mkdir(out, { recursive: true })
  if (!png && wanted.size === 0) for (const old of await readdir(out)) await rm(join(out, old))
  for (const exhibit of chosen) {
    const hanging = await room.hang(exhibit)
    for (const format of formats) {
      await hanging.page.setViewportSize(format)
      for (const colorScheme of themes) {
        await hanging.page.emulateMedia({ colorScheme })
        await settled(hanging.page)
        await takePicture(hanging.page, `${exhibit.picture.name}-${format.name}-${colorScheme}`, format)
      }
    }
  }
} finally {
  await room[Symbol.asyncDispose]()
  await shared[Symbol.asyncDispose]()
}
if (!png) {
  const document = galleryDocument(exhibits, formats, themes)
  await writeFile(join(root, 'docs/gallery.md'), await formatted(document, { parser: 'markdown' }))
}
console.log(`${chosen.length * formats.length * themes.length} pictures in ${out}`)
