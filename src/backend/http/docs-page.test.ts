import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { docsPage } from './docs-page.js'
import { route } from './route.js'

test('the page shows every route with what it takes and gives, and lets no text become markup', async () => {
  const routes = [
    route({
      method: 'post',
      path: '/things/:thingId',
      summary: 'Change <b>a thing</b>',
      body: z.strictObject({ colour: z.string() }),
      answer: z.strictObject({ changed: z.boolean() }),
      handle: async (): Promise<{ changed: boolean }> => ({ changed: true }),
    }),
  ]
  const server = createServer(express().use(docsPage(routes, '1.2.3')))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  try {
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const page = await (await fetch(`${base}/docs`)).text()
    for (const part of ['/things/{thingId}', 'post', 'colour', 'changed', '1.2.3']) expect(page).toContain(part)
    for (const proof of ['access token', 'API key', 'service token', 'cookie']) expect(page).toContain(proof)
    for (const example of page.split('<section>')[0]?.split('<h3>').slice(1) ?? []) expect(example).toContain('curl ')
    expect(page).toContain('For anyone.')
    expect(page).toContain('&quot;changed&quot;: true')
    for (const [, target] of page.matchAll(/href="#([^"]+)"/g)) expect(page).toContain(`id="${target}"`)
    expect(page).toContain('Change &lt;b&gt;a thing&lt;/b&gt;')
    expect((await fetch(`${base}/docs/style.css`)).headers.get('content-type')).toContain('text/css')
  } finally {
    await new Promise(resolve => server.close(resolve))
  }
})
