import type { Database } from '../database/database.js'
import type { EventWakeups } from '../events/event-wakeups.js'
import { createRequestLimit } from '../http/request-limit.js'
import { tooManyAttempts } from '../http/too-many-attempts.js'
import { errorCode, type Log } from '../log.js'
import { AdmissionLine } from './admission-line.js'
import { createAdmissionStore, type CountedStart, type Entered, type NodeState } from './admission-store.js'
import type { Admission, Place, Start } from './admission.js'
import { CoolDownMemory } from './cool-down-memory.js'
import { linkingClosed, nodeFull, shuttingDown } from './errors.js'
import { countingOf, longestRefusalSeconds, type AdmissionSettings } from './limits.js'
import { NodePlaces } from './node-places.js'
import { StartsTogether } from './starts-together.js'
import { createSubjects } from './subjects.js'

export type AdmissionDeps = {
  database: Database
  wakeups: Pick<EventWakeups, 'subscribe'>
  nodeId: string
  settings: AdmissionSettings
  /** The deployment secret, the same on all nodes. */
  secret: Uint8Array
  log: Log
  /** Milliseconds of a clock that only goes forward. */
  now?: () => number
}

/** How often those who wait are looked after; others have left elsewhere, or their node is lost. */
const pollEveryMs = 1_000
/** Of these looks, so many pass while nobody waits. */
const idlePolls = 10
const hourMs = 60 * 60 * 1_000

/** A start, and what it is counted for. */
type Asked = CountedStart & Pick<Start, 'address'>

/**
 * Admission on tables that all nodes share. A node that was lost to the others (paused, cut off from the database) and comes back keeps
 * what it runs: at its next look its places are in the table again, granted or at their old position in the queue, and until then
 * nobody else gets one here. So it never holds more than its own limit; all nodes together may exceed theirs until as many have left.
 */
export function createAdmission({ database, wakeups, nodeId, settings, secret, log, now }: AdmissionDeps): Admission {
  const store = createAdmissionStore({ database, nodeId, settings })
  const subjects = createSubjects(secret)
  const coolDowns = new CoolDownMemory(now ?? (() => performance.now()))
  const line = new AdmissionLine()
  // whoever begins and gives up again and again costs us something, too: no more is given back than is let in
  const givenBack = createRequestLimit({ most: settings.perAddress, withinMs: hourMs, ...(now && { now }) })
  const places = new NodePlaces(() => look())
  const timers: NodeJS.Timeout[] = []
  let unsubscribe = () => {}
  let looking = false
  let closed = false

  /** Hands over what this node knows; what the database has taken is told once. */
  const handingOver = async <Result>(question: (state: NodeState) => Promise<Result>): Promise<Result> => {
    const { left, unused, held } = places
    const result = await question({ left, unused, held })
    places.forgotten(left)
    return result
  }

  /** Places are known here before anything else is asked, so that no look takes them for somebody else's. */
  const starts = new StartsTogether(line, async (asked: readonly Asked[], deadlineMs) => {
    if (closed) throw shuttingDown()
    try {
      const answers = await handingOver(state => store.enter(asked, state, deadlineMs))
      return answers.map((entered, index) => ({ entered, place: placeOf(asked[index], entered) }))
    } catch (error) {
      for (const { sessionId } of asked) places.disown(sessionId)
      throw error
    }
  })

  const placeOf = (start: Asked | undefined, entered: Entered): Place | null => {
    if (start === undefined || !('position' in entered)) return null
    const { sessionId, counting, address } = start
    const { position, outcome } = entered
    return places.add(
      { sessionId, subjects: counting.counted, position, granted: outcome === 'granted' },
      () => address === null || givenBack.take(address) === null,
    )
  }

  const synchronise = (): Promise<void> =>
    line.ask(async deadlineMs => {
      looking = false
      const missing = places.follow(await handingOver(state => store.sync({ ...state, missing: [] }, deadlineMs)))
      if (missing.length === 0) return
      log.warn('places_restored', { nodeId, count: missing.length })
      places.follow(await handingOver(state => store.sync({ ...state, missing }, deadlineMs)))
    })

  /** Many leave at once: one look that has not begun is enough for all of them. */
  const look = (): void => {
    if (looking || closed) return
    looking = true
    synchronise().catch((error: unknown) => {
      looking = false
      log.warn('places_not_stored', { nodeId, code: errorCode(error) })
    })
  }

  const every = (ms: number, work: () => void) => timers.push(setInterval(work, ms).unref())
  const tidy = () => store.tidy().catch((error: unknown) => log.warn('starts_not_tidied', { code: errorCode(error) }))

  return {
    async start() {
      unsubscribe = wakeups.subscribe(nodeId, look)
      let polls = 0
      every(pollEveryMs, () => {
        if (places.waits || places.left.length > 0 || ++polls % idlePolls === 0) look()
      })
      every(hourMs, () => void tidy())
      await tidy()
    },

    async enter(start) {
      const { sessionId, address } = start
      if (settings.closed === 'to everybody' || (settings.closed && address !== null)) throw linkingClosed()
      const counting = countingOf(start, subjects, settings)
      const wait = coolDowns.running(counting.obeyed)
      if (wait !== null) throw tooManyAttempts(wait)
      const { entered, place } = await starts.ask({ sessionId, counting, address, first: address === null })
      if (place !== null) return place
      if (!('cooling' in entered)) throw nodeFull()
      const { cooling, retrySeconds } = entered
      if (entered.outcome === 'offence') log.info('too_many_attempts')
      if (cooling !== null) coolDowns.remember(cooling.subject, cooling.ms, retrySeconds * 1_000)
      throw tooManyAttempts(retrySeconds)
    },

    position: sessionId => store.position(sessionId),
    coolDown: phoneNumber => store.offence(subjects.ofRefusedNumber(phoneNumber), longestRefusalSeconds),

    async [Symbol.asyncDispose]() {
      if (closed) return
      closed = true
      unsubscribe()
      for (const timer of timers.splice(0)) clearInterval(timer)
      const empty = line.ask(async deadlineMs => {
        places.leaveAll()
        await handingOver(state => store.sync({ ...state, missing: [] }, deadlineMs))
      })
      // a database that does not answer finds out from the node's lease
      await empty.catch((error: unknown) => log.warn('places_not_returned', { nodeId, code: errorCode(error) }))
    },
  }
}
