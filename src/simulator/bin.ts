#!/usr/bin/env node
import { readFile, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import type { RootKey } from './control-surface.js'
import { serveControl } from './control/control-server.js'
import { startSimulator } from './simulator.js'
import { createRootKey } from './wire/certificates.js'

const USAGE = `whizlite-simulator [--port N] [--control-port N] [--state FILE] [--root-key FILE] [--ledger FILE] [--with-parent]
                   [--front-ends N] [--seed TEXT]

Starts a local WhatsApp and prints {"url","urls","rootKey","controlUrl","seed"} on one line when it is ready.
--root-key FILE   reads the root of trust from FILE, or makes one and keeps it there
--ledger FILE     appends what happens to FILE, one JSON object a line
--front-ends N    listens on N ports
--seed TEXT       what faults leave to chance comes out of it
--with-parent     stops when the process that started it is gone (its end of stdin closes)`

/** The root of trust kept in `file`; made there on the first run, readable by its owner only. */
async function rootKeyIn(file: string): Promise<RootKey> {
  try {
    const { publicKey, privateKey }: RootKey = JSON.parse(await readFile(file, 'utf8'))
    return { publicKey, privateKey }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
    const key = createRootKey()
    await writeFile(file, JSON.stringify(key), { mode: 0o600, flag: 'wx' })
    return key
  }
}

function port(value: string | undefined): number {
  const number = Number(value ?? 0)
  if (!Number.isInteger(number) || number < 0 || number > 65_535) throw new Error(`not a port: ${value ?? ''}`)
  return number
}

function frontEnds(value: string | undefined): number {
  const number = Number(value ?? 1)
  if (!Number.isInteger(number) || number < 1 || number > 100)
    throw new Error(`not 1 to 100 front ends: ${value ?? ''}`)
  return number
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string' },
      'control-port': { type: 'string' },
      state: { type: 'string' },
      'root-key': { type: 'string' },
      ledger: { type: 'string' },
      'with-parent': { type: 'boolean' },
      'front-ends': { type: 'string' },
      seed: { type: 'string' },
      help: { type: 'boolean' },
    },
  })
  if (values.help) return console.log(USAGE)
  const rootFile = values['root-key']
  const simulator = await startSimulator({
    port: port(values.port),
    frontEnds: frontEnds(values['front-ends']),
    ...(values.seed === undefined ? {} : { seed: values.seed }),
    ...(values.state === undefined ? {} : { stateFile: values.state }),
    ...(values.ledger === undefined ? {} : { ledgerFile: values.ledger }),
    ...(rootFile === undefined ? {} : { rootKey: await rootKeyIn(rootFile) }),
  })
  let stopping: Promise<void> | undefined
  const stop = (): Promise<void> => (stopping ??= simulator.stop().then(() => control[Symbol.asyncDispose]()))
  const stopSoon = async (): Promise<void> => void setImmediate(() => void stop().then(() => process.exit(0)))
  const control = await serveControl(port(values['control-port']), { simulator, stop: stopSoon })
  process.once('SIGTERM', () => void stopSoon())
  process.once('SIGINT', () => void stopSoon())
  if (values['with-parent']) {
    process.stdin.resume()
    process.stdin.once('close', () => void stopSoon())
    process.stdin.once('end', () => void stopSoon())
  }
  const { url, urls, rootKey, seed } = simulator
  console.log(JSON.stringify({ url, urls, rootKey, controlUrl: control.url, seed }))
}

try {
  await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
