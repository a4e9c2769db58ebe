import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, inject, test } from 'vitest'
import { readLedger } from '../../scripts/storm/recording/ledger-file.js'

const account = '254720000001'

/** A device that is logged in and logs in again, from the places with these names. */
async function twice(older: string | null, newer: string | null) {
  const via = (name: string | null) => (name === null ? {} : { via: name })
  const of = { account, device: 3 }
  const lines = [
    { kind: 'connected', connection: 1, frontEnd: 0, ...via(older) },
    { kind: 'logged-in', connection: 1, ...of },
    { kind: 'connected', connection: 2, frontEnd: 0, ...via(newer) },
    { kind: 'replaced', connection: 1, by: 2, heardMsAgo: 40, ...of },
    {
      kind: 'problem',
      problem: 'violation',
      detail: 'logged in twice, the older connection was heard 40 ms before',
      ...of,
    },
    { kind: 'problem', problem: 'violation', detail: 'something else', ...of },
    { kind: 'logged-in', connection: 2, ...of },
  ]
  const file = path.join(inject('scratch'), `ledger-${randomUUID()}.ndjson`)
  writeFileSync(file, lines.map((line, at) => `${JSON.stringify({ at, mono: at, ...line })}\n`).join(''))
  return readLedger(file, () => 'a session')
}

test('two logins of our own nodes are the problem that the simulator says they are', async () => {
  const { problems, connections } = await twice('node-1.1', 'node-2.1')
  expect(problems.map(({ what }) => what)).toEqual([
    expect.stringContaining('logged in twice'),
    expect.stringContaining('something else'),
  ])
  expect(connections).toMatchObject([{ replaced: true, node: 'node-1.1' }, { replaced: false }])
})

test.each([
  ['somebody outside throws out a node', 'node-1.1', null],
  ['a node throws out somebody outside', null, 'node-1.1'],
])('when %s no owner has done anything wrong', async (_what, older, newer) => {
  const { problems } = await twice(older, newer)
  expect(problems).toMatchObject([{ what: expect.stringContaining('something else') }])
})
