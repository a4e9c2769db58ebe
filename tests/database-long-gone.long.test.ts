import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Phone } from '../src/simulator/index.js'
import type { GatewayProcess } from './support/gateway-process.js'
import { linkManaged, type ManagedAccount } from './support/managed-account.js'
import { ProcessRig } from './support/process-rig.js'
import { TcpProxy } from './support/tcp-proxy.js'

/**
 * Longer than the lease, than the time after which a session counts as lost, and than a lost line waits at first. What runs out between one
 * minute and five besides is an attempt's time to be scanned: OUTAGE_SECONDS=300 goes through that as well.
 */
const outageMs = Number(process.env['OUTAGE_SECONDS'] ?? 14) * 1_000
const attemptEndsMeanwhile = outageMs > 180_000
const limitMs = 40_000

let rig: ProcessRig
let line: TcpProxy
let gateway: GatewayProcess
let stranger: Phone

beforeAll(async () => {
  rig = await ProcessRig.open({ LINK_DEFAULT: 'managed', WHATSAPP_SESSION_TIMEOUT: '8000' })
  line = await TcpProxy.open(rig.database.ownerUrl)
  gateway = await rig.start({ DATABASE_URL: line.through(rig.database.ownerUrl) })
  stranger = await rig.phone()
}, 180_000)

afterAll(async () => {
  await line.restore()
  await gateway.stop()
  await line[Symbol.asyncDispose]()
  await rig[Symbol.asyncDispose]()
})

const statesOf = async ({ sessionId }: ManagedAccount) =>
  (
    await rig.rows.query<{ state: string }>(
      'select state from session_history where session_id = $1 order by position',
      [sessionId],
    )
  ).map(({ state }) => state)

const write = async ({ phone }: ManagedAccount, text: string) => (await stranger.send(phone, text)).id

test(
  'a database that is away for long: lines that WhatsApp ends meanwhile come back, and nothing is lost, refused or shown as lost',
  async () => {
    const kept = await linkManaged(gateway, rig.rows, await rig.phone())
    const ended = await linkManaged(gateway, rig.rows, await rig.phone())
    const visitor = gateway.visitor()
    const attempt = await visitor.start()
    await rig.rows.waitFor(`select from link_attempts where session_id = $1 and phase = 'scanning'`, [
      attempt.sessionId,
    ])
    const since = (await rig.simulator.ledger()).at(-1)?.seq ?? 0

    const over = delay(outageMs)
    line.cut()
    await gateway.log.waitFor(({ event }) => event === 'lease_in_doubt', limitMs, 'the doubt')
    const ids = [await write(kept, 'early'), await write(ended, 'early')]
    await rig.simulator.fault('drop', { phone: ended.phone.phoneNumber, device: 1 })
    await ended.phone.waitForDevice('offline')
    ids.push(await write(ended, 'while it has no line'))
    await over
    ids.push(await write(kept, 'late'), await write(ended, 'late'))
    expect((await gateway.visitor().request('GET', '/health/live')).status).toBe(200)
    await line.restore()

    const stored = async () => {
      const rows = await rig.rows.query<{ id: string }>(
        `select stanza ->> 'id' as id from inbound_journal where stanza ->> 'id' = any ($1)`,
        [ids],
      )
      return rows.map(({ id }) => id).toSorted()
    }
    await expect.poll(stored, { timeout: limitMs }).toEqual(ids.toSorted())
    await expect.poll(() => statesOf(ended), { timeout: limitMs }).toEqual(['connected', 'reconnecting', 'connected'])
    expect(await statesOf(kept)).toEqual(['connected'])
    for (const { phone } of [kept, ended]) {
      await phone.waitForQuiet()
      const said = await rig.simulator.ledger({ direction: 'in', account: phone.phoneNumber, device: 1 })
      const isRefusal = ({ type, error }: Record<string, string>) => type === 'retry' || error !== undefined
      expect(said.filter(({ seq, attrs }) => seq > since && isRefusal(attrs))).toEqual([])
      expect((await phone.devices())[0]?.waitingMessages).toEqual([])
    }

    const phase = async () => (await visitor.view(attempt.sessionId)).phase
    if (attemptEndsMeanwhile) await expect.poll(phase, { timeout: limitMs }).toBe('expired')
    else expect(await phase()).toBe('scanning')
    if (!attemptEndsMeanwhile) await visitor.request('DELETE', `/api/sessions/${attempt.sessionId}`)
    // whoever comes next is served
    await linkManaged(gateway, rig.rows, await rig.phone())
    expect(gateway.isRunning).toBe(true)
  },
  outageMs + 200_000,
)
