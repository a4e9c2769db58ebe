import { setTimeout as delay } from 'node:timers/promises'
import { until, type LinkedSession } from '../../tests/cluster/cluster.js'
import type { Command } from './checker/history.js'
import { defaultLimits } from './checker/limits.js'
import { Random } from './random.js'
import type { Target } from './target.js'

/** Between one command and the next. */
const pauseMs = [1_000, 4_000] as const
const againMs = 1_000
/** As long as no node can be asked. */
const patienceMs = 120_000

type Asked = { session: LinkedSession; name: string; wish: Command['wish']; body?: object }

/**
 * Somebody operates the cluster meanwhile: has sessions disconnected and connected again, reconnected, handed to a bot and taken back, through
 * the API of whichever node answers. Whatever was begun when the time is over is brought to its end.
 */
export async function operate(target: Target, ending: AbortSignal): Promise<void> {
  const { cluster, random, reserved } = target
  const begun: Promise<void>[] = []
  while (!ending.aborted) {
    await delay(random.between(...pauseMs), undefined, { signal: ending }).catch(() => {})
    const free = cluster.sessions.filter(({ sessionId }) => !reserved.has(sessionId))
    if (ending.aborted || free.length === 0) continue
    const session = random.oneOf(free)
    const what = random.oneOf([pauseSession, lendSession, reconnectSession])
    reserved.add(session.sessionId)
    begun.push(what({ ...target, random: new Random(random.seedOfAnother()) }, session))
  }
  await Promise.all(begun)
}

async function pauseSession(target: Target, session: LinkedSession): Promise<void> {
  if (!(await ask(target, { session, name: 'disconnect', wish: 'rests' }))) return
  await gone(target, session)
  await ask(target, { session, name: 'connect', wish: 'connects' })
  target.reserved.delete(session.sessionId)
}

/** To a bot that never runs. It stays reserved: over a login elsewhere it would be the bot's again. */
async function lendSession(target: Target, session: LinkedSession): Promise<void> {
  if (!(await ask(target, { session, name: 'hand-off', wish: 'rests' }))) return
  await gone(target, session)
  await ask(target, { session, name: 'take-back', wish: 'connects', body: { botStopped: true } })
}

async function reconnectSession(target: Target, session: LinkedSession): Promise<void> {
  await ask(target, { session, name: 'reconnect', wish: 'connects' })
  target.reserved.delete(session.sessionId)
}

/** Until WhatsApp has it no more, or it should have been so long ago; whether it was is for the checker to say. */
async function gone({ cluster, signal }: Target, { phone }: LinkedSession): Promise<void> {
  const isGone = async () => {
    const lines = await cluster.simulator.connections({ account: phone.phoneNumber })
    return signal.aborted || lines.every(({ closedAt }) => closedAt !== undefined)
  }
  await until(isGone, 'a session to rest', defaultLimits.obeyedWithinMs + 1_000).catch(() => {})
}

/**
 * Asks one node or another until one answers: what was asked for is the same however often.
 * @returns whether it was granted; what was answered is written down
 */
async function ask({ cluster, random, signal }: Target, { session, name, wish, body }: Asked): Promise<boolean> {
  const { sessionId } = session
  const { commands, refusals } = cluster
  const askedAt = Date.now()
  const before = commands.findLast(each => each.session === sessionId)
  if (before !== undefined) before.until = askedAt
  const question = { sessionId, name, ...(body && { body }) }
  const deadline = performance.now() + patienceMs
  let lost = false
  while (!signal.aborted && performance.now() < deadline) {
    const able = cluster.nodes.filter(node => node.isRunning && !node.isFrozen)
    const url = able.length === 0 ? null : random.oneOf(able).url
    const answer = url === null ? null : await cluster.api.command(url, question).catch(() => null)
    const answeredAt = Date.now()
    if (answer?.status === 200) {
      const state = answer.state ?? 'nothing'
      commands.push({ session: sessionId, name, wish, askedAt, answeredAt, state, until: Infinity })
      return true
    }
    if (answer !== null && answer.status < 500) {
      // what had been done already is not done again: only its answer was lost
      if (!lost) refusals.push({ session: sessionId, name, at: answeredAt, why: answer.code ?? String(answer.status) })
      return lost
    }
    lost ||= url !== null
    await delay(againMs, undefined, { signal }).catch(() => {})
  }
  if (!signal.aborted) refusals.push({ session: sessionId, name, at: Date.now(), why: 'no answer' })
  return false
}
