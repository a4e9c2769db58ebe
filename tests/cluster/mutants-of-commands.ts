import { fromNodes, type Mutant } from './mutant.js'

/** What follows from what somebody outside does: an operator's commands, a login elsewhere. */
export const mutantsOfCommands: Mutant[] = [
  {
    what: 'a session that was to rest and goes on',
    invariant: 'commands',
    put(draft, random) {
      const { session, loggedInAt: at } = random.oneOf(fromNodes(draft).filter(({ closedAt }) => closedAt === null))
      const command = { session, name: 'disconnect', wish: 'rests', askedAt: at + 10, answeredAt: at + 20 } as const
      draft.commands.push({ ...command, state: 'disconnected', until: at + 60_000 })
    },
  },
  {
    what: 'a connection that was promised and never made',
    invariant: 'commands',
    put(draft, random) {
      const { session } = random.oneOf(fromNodes(draft))
      const at = Math.max(...draft.connected.map(each => each.at)) + 1
      const command = { session, name: 'reconnect', wish: 'connects', askedAt: at, answeredAt: at + 20 } as const
      draft.commands.push({ ...command, state: 'connected', until: Infinity })
    },
  },
  {
    what: 'a command that is refused',
    invariant: 'commands',
    put(draft, random) {
      const { session, loggedInAt: at } = random.oneOf(fromNodes(draft))
      draft.refusals.push({ session, name: 'disconnect', at, why: 'session_state' })
    },
  },
  {
    what: 'a command that is answered with something else',
    invariant: 'commands',
    put(draft, random) {
      const { session, loggedInAt: at } = random.oneOf(fromNodes(draft))
      const command = { session, name: 'disconnect', wish: 'rests', askedAt: at, answeredAt: at + 20 } as const
      draft.commands.push({ ...command, state: 'connected', until: at + 30 })
    },
  },
  {
    what: 'a fight that is only slower',
    invariant: 'I-14',
    put(draft, random) {
      const of = random.oneOf(fromNodes(draft))
      let at = of.loggedInAt + 20
      Object.assign(of, { closedAt: at, replaced: true })
      // each blow after the pause that is asked for, and answered at once
      for (const number of [10_001, 10_003, 10_005]) {
        const back = at + random.between(60_000, 120_000)
        const foreign = { ...of, connection: number, node: null, loggedInAt: at, closedAt: back, replaced: true }
        const ours = { ...of, connection: number + 1, loggedInAt: back, closedAt: back + 50, replaced: true }
        draft.connections.push(foreign, ours)
        at = back + 50
      }
    },
  },
]
