import { fileURLToPath } from 'node:url'
import type { Plugin } from 'vite'
import { defineConfig } from 'vite'

/**
 * Each page is a root of its own, so that no chunk or stylesheet is shared between pages and each folder of `dist`
 * can be served with its own policy. The mode chooses the page: `vite build` is the linking page,
 * `vite build --mode <name>` any other one listed here, by its folder below `src` and, likewise, below `dist`.
 */
const pages = new Map([
  ['linking-page', 'linking-page'],
  ['phones-page', 'demo/phones-page'],
])

const place = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** The build finds `../../assets` from a page's folder; a browser in development asks the page's root for it. */
const assetsInDevelopment: Plugin = {
  name: 'assets-in-development',
  apply: 'serve',
  configureServer({ middlewares }) {
    middlewares.use((request, _response, next) => {
      if (request.url?.startsWith('/assets/'))
        request.url = `/@fs${new URL(`.${request.url}`, import.meta.url).pathname}`
      next()
    })
  },
}

export default defineConfig(({ mode }) => {
  const folder = pages.get(mode) ?? 'linking-page'
  return {
    root: place(`./src/${folder}`),
    base: './',
    publicDir: false,
    cacheDir: place(`./node_modules/.vite/${folder}`),
    appType: 'mpa',
    plugins: [assetsInDevelopment],
    server: {
      // never the data folder beside the sources, nor another origin's scripts
      fs: {
        allow: [place('./src'), place('./assets'), place('./node_modules')],
        deny: ['**/data/**', '.env*', '**/*secret*', '**/*.{pem,key}'],
      },
      cors: false,
    },
    build: {
      outDir: place(`./dist/${folder}`),
      emptyOutDir: true,
      // The policy allows data: pictures only for QR codes; files keep their hash and are cached for good.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      ...(folder === 'linking-page' && {
        rollupOptions: { input: [place('./src/linking-page/index.html'), place('./src/linking-page/claim.html')] },
      }),
    },
  }
})
