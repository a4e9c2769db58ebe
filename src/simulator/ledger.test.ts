import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { Ledger } from './ledger.js'
import { node } from './wire/node-codec.js'

const secret = node('message', { id: '1', to: 'you', type: 'text' }, [
  node('participants', {}, [node('to', { jid: 'you' }, [node('enc', { type: 'msg' }, Buffer.from('body'))])]),
])
const ada = { connection: 1, account: '49151000001', device: 1 }

describe('the ledger', () => {
  test('keeps attributes and tags, and finds stanzas by them', () => {
    const ledger = new Ledger()
    ledger.record('in', secret, ada)
    ledger.record('out', node('ack', { id: '1', class: 'message' }), ada)
    const [entry] = ledger.entries({ direction: 'in' })
    expect(entry).toMatchObject({ seq: 1, tag: 'message', id: '1', account: '49151000001', device: 1 })
    expect(entry?.path).toEqual(['participants', 'participants/to', 'participants/to/enc'])
    expect(JSON.stringify(entry)).not.toContain('body')
    expect(ledger.entries({ child: 'enc' })).toHaveLength(1)
    expect(ledger.entries({ where: { class: 'message' } })).toHaveLength(1)
    expect(ledger.entries({ id: '1', device: 2 })).toEqual([])
  })

  test('waits for what came, what comes, and not forever', async () => {
    const ledger = new Ledger()
    const first = ledger.record('in', secret, ada)
    expect(await ledger.waitFor(({ tag }) => tag === 'message', 50)).toBe(first)
    const next = ledger.waitFor(({ tag }) => tag === 'message', 5_000, first.seq)
    const second = ledger.record('in', secret, ada)
    expect(await next).toBe(second)
    await expect(ledger.waitFor(() => false, 5)).rejects.toMatchObject({ code: 'wait_timeout' })
    const cut = ledger.waitFor(() => false, 5_000)
    await Promise.all([expect(cut).rejects.toMatchObject({ code: 'stopped' }), ledger[Symbol.asyncDispose]()])
  })

  test('writes a line for every stanza', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'whizlite-ledger-'))
    const file = path.join(folder, 'ledger.jsonl')
    const ledger = await Ledger.open(file)
    ledger.record('in', secret, ada)
    ledger.record('out', node('success'), { connection: 2 })
    await ledger[Symbol.asyncDispose]()
    const lines = (await readFile(file, 'utf8')).trim().split('\n')
    expect(lines.map(line => JSON.parse(line))).toMatchObject([{ seq: 1 }, { seq: 2, tag: 'success' }])
    await rm(folder, { recursive: true })
  })
})
