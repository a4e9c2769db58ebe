import { randomBytes } from 'node:crypto'
import { request } from 'node:http'
import { fileURLToPath } from 'node:url'
import { expect, inject, vi } from 'vitest'
import { linkManaged } from './managed-account.js'
import { moreThan, mostAtRest, type Counts } from './open-resources.js'
import { Operator } from './operator.js'
import { ProcessRig } from './process-rig.js'

/** What a process holds once everything unreachable is gone; see `process-probe.mjs`. */
export type Held = {
  /** Bytes. */
  heap: number
  external: number
  spaces: Counts
  /** What keeps the process going, by kind. */
  resources: Counts
  /** Of the process itself, by event. */
  listeners: Counts
  /** Open file descriptors. */
  files: number
  /** Living objects, by class. */
  objects: Counts
}

const probe = fileURLToPath(new URL('process-probe.mjs', import.meta.url))
const built = fileURLToPath(new URL('../../dist/backend/', import.meta.url))
const classes = ['engine/baileys/baileys-connection.js#BaileysConnection', 'sessions/live-session.js#LiveSession']

/** Ways in which a line ends: the simulator's faults, and a command of the operator's. */
const ends: [fault: string, params: Record<string, string | number>][] = [
  ['drop', {}],
  ['stream-end', {}],
  ['stream-error', { code: 503 }],
  ['stream-error', { code: 515 }],
  ['garbage-frame', {}],
  ['reconnect', {}],
]

/** Objects of timers that Node and the pools have ready, more at one time than at another. */
const timersMore = 12

/** Questions that nobody answers are given up by Baileys after so long, and until then they are held in memory. */
const patience = { timeout: 120_000, interval: 3_000 }

/**
 * A gateway in a process of its own with one session, to which somebody writes and whose line is ended in every way there is, over and over.
 * @param marks after how many reconnects to look at what the process holds; the first look is after what is made once
 */
export async function heldAfterReconnects(marks: readonly number[]): Promise<Held[]> {
  const token = randomBytes(32).toString('hex')
  await using rig = await ProcessRig.open({
    LINK_DEFAULT: 'managed',
    WHATSAPP_SERVICE_TOKEN: token,
    CONNECTS_PER_SECOND: '1000',
    CONNECT_BURST: '1000',
    CONNECTS_PER_SECOND_TOTAL: '1000',
  })
  const socketPath = `${inject('scratch')}/probe-${randomBytes(6).toString('hex')}.sock`
  const gateway = await rig.start({
    NODE_OPTIONS: `--import ${probe}`,
    PROBE_SOCKET: socketPath,
    PROBE_CLASSES: classes.map(each => `${built}${each}`).join(),
  })
  const operator = new Operator(gateway.url, token)
  const { phone, sessionId } = await linkManaged(gateway, rig.rows, await rig.phone())
  const friend = await rig.phone()
  let round = 0

  const opened = async (): Promise<number> => {
    const figures = await (await fetch(`${gateway.url}/metrics`)).text()
    return Number(/^whizlite_connects_total\{for="session"\} (\d+)$/m.exec(figures)?.[1] ?? 0)
  }

  const reconnect = async (until: number): Promise<void> => {
    for (; round < until; round++) {
      const [end, params] = ends[round % ends.length] ?? ['drop', {}]
      const before = await opened()
      if (end === 'reconnect') expect(await operator.command(sessionId, end)).toMatchObject({ status: 200 })
      else await rig.simulator.fault(end, { ...params, phone: phone.phoneNumber, device: 1 })
      await expect.poll(opened, { interval: 5 }).toBeGreaterThan(before)
      if (round % ends.length > 0) continue
      await friend.send(phone, `round ${round}`)
      await phone.waitForQuiet()
    }
  }

  /** Of its pools, which keep them for a while: as many as were needed at once. */
  const databaseConnections = async (): Promise<number> => {
    const [row] = await rig.rows.query<{ count: number }>(
      `select count(*)::int from pg_stat_activity where datname = current_database() and application_name = 'whizlite'`,
    )
    return row?.count ?? 0
  }

  const look = async (): Promise<Held> => {
    const now = await fromSocket<Held>(socketPath)
    const pool = await databaseConnections()
    for (const kind of ['TCPSocketWrap', 'Timeout']) now.resources[kind] = (now.resources[kind] ?? 0) - pool
    now.files -= pool
    return now
  }

  /** What is held once only the last connection is left, and what goes by itself has gone. */
  const steady = async (atMost?: Held): Promise<Held> =>
    vi.waitFor(async () => {
      const now = await look()
      expect(now.objects).toMatchObject({ BaileysConnection: 1, LiveSession: 1 })
      if (atMost === undefined) {
        now.resources = await mostAtRest(async () => (await look()).resources, 5)
        return now
      }
      expect(moreThan(atMost.resources, now.resources)).toEqual({})
      expect(moreThan(atMost.listeners, now.listeners)).toEqual({})
      expect(now.objects['Timeout']).toBeLessThan((atMost.objects['Timeout'] ?? 0) + timersMore)
      expect(now.files).toBeLessThanOrEqual(atMost.files)
      return now
    }, patience)

  const held: Held[] = []
  for (const mark of marks) {
    await reconnect(mark)
    await phone.waitForQuiet()
    held.push(await steady(held[0]))
  }
  return held
}

function fromSocket<Answer>(socketPath: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request({ socketPath, agent: false }, response => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.once('end', () => {
        if (response.statusCode === 200) resolve(JSON.parse(text) as Answer)
        else reject(new Error(text))
      })
    })
      .once('error', reject)
      .end()
  })
}
