import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

/**
 * Each page is a root of its own, so that no chunk or stylesheet is shared between pages and each folder of `dist`
 * can be served with its own policy. The mode chooses the page: `vite build` is the linking page,
 * `vite build --mode <name>` any other.
 */
const pages = new Map([['linking-page', 'linking-page']])

export default defineConfig(({ mode }) => {
  const folder = pages.get(mode) ?? 'linking-page'
  return {
    root: fileURLToPath(new URL(`./src/${folder}`, import.meta.url)),
    base: './',
    publicDir: false,
    cacheDir: fileURLToPath(new URL(`./node_modules/.vite/${folder}`, import.meta.url)),
    appType: 'mpa',
    // The logo lives in `assets`, outside the page's root.
    server: { fs: { allow: [fileURLToPath(new URL('.', import.meta.url))] } },
    build: {
      outDir: fileURLToPath(new URL(`./dist/${folder}`, import.meta.url)),
      emptyOutDir: true,
      // The policy allows data: pictures only for QR codes; files keep their hash and are cached for good.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
    },
  }
})
