import { describe, expect, test, vi } from 'vitest'
import { PacerRig, someSession, turn, type PacingNode } from '../../../tests/support/pacer-rig.js'
import type { SessionId } from '../../contract/ids.js'
import { createConnectBreakers } from './connect-breakers.js'
import type { ConnectPacer } from './connect-pacer.js'

const rig = new PacerRig()

/** Two sessions of a node have met 405. */
async function refuse({ pacer }: PacingNode): Promise<void> {
  pacer.refused({ id: someSession(), breaker: 'outdated' })
  pacer.refused({ id: someSession(), breaker: 'outdated' })
  await vi.waitFor(() => expect(pacer.counts().heldBy).toBe('outdated'))
}

describe('a client that WhatsApp refuses', () => {
  const canaryIsDue = () => rig.rows.query(`update connect_breakers set tried_at = tried_at - interval '30 seconds'`)

  test('is told by two sessions within a minute, and not by one', async () => {
    const breakers = createConnectBreakers(rig.database, { egress: 'here', version: '1' })
    const [one, other] = [someSession(), someSession()]
    expect(await breakers.hit({ id: one, breaker: 'outdated' })).toBe(false)
    expect(await breakers.hit({ id: one, breaker: 'outdated' })).toBe(false)
    await rig.rows.query(`update connect_breakers set hit_at = hit_at - interval '61 seconds'`)
    expect(await breakers.hit({ id: other, breaker: 'outdated' })).toBe(false)
    expect(await breakers.hit({ id: one, breaker: 'outdated' })).toBe(true)
  })

  test('lets one session through in half a minute, over all nodes, and all once that one is in', async () => {
    const first = rig.node()
    const nodes = [first, rig.node()]
    await refuse(first)
    const passed: { at: PacingNode; id: SessionId }[] = []
    const turns = nodes.flatMap(at =>
      Array.from({ length: 5 }, () => turn(at.pacer).then(id => void passed.push({ at, id }))),
    )
    await vi.waitFor(() => expect(nodes.map(({ pacer }) => pacer.counts().heldBy)).toEqual(['outdated', 'outdated']))
    expect(passed).toEqual([])
    expect(nodes.map(({ alarm }) => alarm.raised())).toEqual([['engine_outdated'], ['engine_outdated']])
    expect(nodes[1]?.log.filter(line => line.includes('"event":"engine_outdated"'))).toHaveLength(1)

    await canaryIsDue()
    await vi.waitFor(() => expect(passed).toHaveLength(1), 15_000)
    const [canary] = passed
    // another session that was let in earlier proves nothing
    canary?.at.pacer.opened(someSession())
    expect(await rig.rows.query('select from connect_breakers where opened_at is not null')).toHaveLength(1)

    canary?.at.pacer.opened(canary.id)
    await Promise.all(turns)
    expect(passed).toHaveLength(10)
    await vi.waitFor(() => expect(nodes.map(({ alarm }) => alarm.raised())).toEqual([[], []]), 15_000)
  }, 60_000)

  test('the one let through is the one that had its turn, whoever came while that was asked for', async () => {
    const ids = { first: someSession(), urgent: someSession() }
    const begun: SessionId[] = []
    const pacer: ConnectPacer = rig.built(({ breakers }) => ({
      breakers: {
        ...breakers,
        async mayTry() {
          const may = await breakers.mayTry()
          const urgent = { sessionId: ids.urgent, priority: 'owner_waits' } as const
          if (may) void pacer.turn(urgent, new AbortController().signal).then(() => begun.push(ids.urgent))
          return may
        },
      },
    }))
    await refuse({ ...rig.node(), pacer })
    void turn(pacer, undefined, ids.first).then(() => begun.push(ids.first))
    await canaryIsDue()
    await vi.waitFor(() => expect(begun).toEqual([ids.urgent]), 15_000)
    pacer.opened(ids.urgent)
    await vi.waitFor(() => expect(begun).toEqual([ids.urgent, ids.first]), 15_000)
  }, 60_000)

  test('is a matter of its version: a node with another one goes on', async () => {
    const [old, newer] = [rig.node({ version: 1 }), rig.node({ version: 2 })]
    await refuse(old)
    await turn(newer.pacer)
    expect(newer.alarm.raised()).toEqual([])
  })

  test('a link that WhatsApp lets in releases everybody', async () => {
    const { pacer } = rig.node()
    const held: PacingNode = rig.node()
    await refuse(held)
    await refuse({ ...held, pacer })
    pacer.opened()
    await turn(pacer)
  })
})

describe('an address from which WhatsApp wants fewer connects', () => {
  test('is left alone by all its nodes for a minute, or for what was asked', async () => {
    const breakers = createConnectBreakers(rig.database, { egress: 'here', version: '1' })
    const ahead = async () => {
      const [row] = await rig.rows.query<{ s: number }>(
        `select extract(epoch from until - clock_timestamp())::float as s from connect_breakers`,
      )
      return row?.s ?? 0
    }
    await breakers.hit({ id: someSession(), breaker: 'upgrade_429' })
    expect(await ahead()).toBeGreaterThan(55)
    await breakers.hit({ id: someSession(), breaker: 'upgrade_429', retryAfterMs: 600_000 })
    expect(await ahead()).toBeGreaterThan(595)
    await breakers.hit({ id: someSession(), breaker: 'upgrade_429', retryAfterMs: 86_400_000 })
    expect(await ahead()).toBeLessThanOrEqual(3_600)
    await breakers.hit({ id: someSession(), breaker: 'upgrade_429' })
    expect(await ahead()).toBeGreaterThan(3_500)
  })

  test('and goes on by itself afterwards; other addresses never stopped', async () => {
    const [here, neighbour, there] = [rig.node(), rig.node(), rig.node({ egress: 'there' })]
    here.pacer.refused({ id: someSession(), breaker: 'upgrade_429' })
    await vi.waitFor(() => expect(here.pacer.counts().heldBy).toBe('upgrade_429'))
    await turn(there.pacer)
    const waiting = turn(neighbour.pacer)
    await vi.waitFor(() => expect(neighbour.pacer.counts().heldBy).toBe('upgrade_429'))
    await rig.rows.query(`update connect_breakers set until = clock_timestamp() - interval '1 second'`)
    await vi.waitFor(() => expect(neighbour.pacer.counts().granted).toBe(1), 15_000)
    await waiting
    // nobody is told of what passes by itself
    expect(here.alarm.raised()).toEqual([])
  })
})

describe('a refused client at an address that asked for fewer connects', () => {
  const both = async () => {
    const held: PacingNode = rig.node()
    await refuse(held)
    held.pacer.refused({ id: someSession(), breaker: 'upgrade_429' })
    await vi.waitFor(() => expect(held.pacer.counts().heldBy).toBe('upgrade_429'))
    return held
  }

  test('is told of to the operator until it is taken, and no longer', async () => {
    const { pacer, alarm } = await both()
    expect(alarm.raised()).toEqual(['engine_outdated'])
    await rig.rows.query('delete from connect_breakers')
    await turn(pacer)
    expect(alarm.raised()).toEqual([])
  })

  test('and one that is let in meanwhile proves the client, not the address', async () => {
    const { pacer, alarm } = await both()
    pacer.opened()
    expect(alarm.raised()).toEqual([])
    expect(pacer.counts().heldBy).toBe('upgrade_429')
    await vi.waitFor(async () =>
      expect(await rig.rows.query('select breaker from connect_breakers')).toEqual([{ breaker: 'upgrade_429' }]),
    )
  })
})
