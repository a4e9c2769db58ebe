import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { Mailbox } from './support/mailbox.js'

const root = fileURLToPath(new URL('..', import.meta.url))

test('npm start serves the page from a database of its own, and stopping npm stops everything', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'whizlite-start-'))
  const lines = new Mailbox<string>('line')
  const npm = spawn('npm', ['start'], {
    cwd: root,
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', PORT: '0', DATA_DIR: dataDir },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise(resolve => npm.once('exit', resolve))
  for (const stream of [npm.stdout, npm.stderr]) createInterface({ input: stream }).on('line', line => lines.put(line))
  try {
    const ready = await lines.waitFor(line => line.startsWith('WHIZ LITE is ready: '), 60_000)
    const address = ready.slice('WHIZ LITE is ready: '.length)
    expect(await (await fetch(`${address}/health`)).json()).toMatchObject({ status: 'healthy' })
    const page = await fetch(address)
    expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    expect(await page.text()).toContain('WHIZ LITE WhatsApp Linker')
  } finally {
    npm.kill('SIGTERM')
    await ended
  }
  const mine = () => spawnSync('pgrep', ['-f', dataDir], { encoding: 'utf8' }).stdout.trim()
  await expect.poll(mine).toBe('')
  rmSync(dataDir, { recursive: true })
}, 90_000)
