import type { Connection, CredentialChange, CredentialContents, History } from '../../scripts/storm/checker/history.js'
import type { Random } from '../../scripts/storm/random.js'
import { nodes, type Draft } from './clean-history.js'
import { fromNodes, type Mutant } from './mutant.js'
import { mutantsOfCommands } from './mutants-of-commands.js'

const otherThan = (node: string | null, random: Random) => random.oneOf(nodes.filter(each => each !== node))

/** Long enough for anything to be noticed in it. */
const longLived = ({ connections, shown }: History) => {
  const end = Math.max(...shown.map(({ at }) => at))
  return connections.filter(({ closedAt, loggedInAt }) => (closedAt ?? end) - loggedInAt > 45_000)
}

const lastOf = ({ resources }: Draft, random: Random) => random.oneOf(resources.filter(({ mark }) => mark === 'end'))

type Opened = CredentialChange & { contents: CredentialContents }

const opened = ({ credentials }: Draft) => credentials.filter((each): each is Opened => each.contents !== null)

const newestVersion = ({ credentials }: Draft, { session }: CredentialChange) =>
  Math.max(...credentials.map(each => (each.session === session ? (each.version ?? 0) : 0)))

const doubleOf = (draft: Draft, of: Connection, random: Random): Connection => ({
  ...of,
  connection: Math.max(...draft.connections.map(({ connection }) => connection)) + 1,
  node: otherThan(of.node, random),
  loggedInAt: of.loggedInAt + random.between(1_000, 20_000),
})

export const mutants: Mutant[] = [
  ...mutantsOfCommands,
  {
    what: 'a double owner, online twice',
    invariant: 'I-7',
    takesTime: true,
    put(draft, random) {
      const of = random.oneOf(longLived(draft))
      draft.connections.push(doubleOf(draft, of, random))
    },
  },
  {
    what: 'a double owner, under one epoch',
    invariant: 'I-7',
    put(draft, random) {
      const lease = random.oneOf(draft.leases.filter(({ node }) => node !== null))
      const index = draft.leases.indexOf(lease)
      draft.leases.splice(index + 1, 0, { ...lease, node: otherThan(lease.node, random), at: lease.at + 1 })
    },
  },
  {
    what: 'an epoch that falls',
    invariant: 'I-7',
    put(draft, random) {
      const lease = random.oneOf(draft.leases)
      draft.leases.push({ ...lease, epoch: lease.epoch - 1, at: lease.at + 1 })
    },
  },
  {
    what: 'an owner that speaks after the next one',
    invariant: 'I-7',
    takesTime: true,
    put(draft, random) {
      const of = random.oneOf(longLived(draft))
      const newer = doubleOf(draft, of, random)
      const epoch =
        Math.max(...draft.leases.filter(({ session }) => session === of.session).map(each => each.epoch)) + 1
      const { session } = of
      const at = newer.loggedInAt
      const spoken = { session, connection: newer.connection, at: at + 1 }
      const late = { session, connection: of.connection, at: at + random.between(2, 9_000) }
      draft.leases.push({ session, epoch, node: newer.node ?? '', wanted: true, at: at - 1 })
      // WhatsApp may have dropped either connection at once: what counts is who spoke
      draft.connections.push({ ...newer, closedAt: at + 5 })
      draft.writes.push(spoken, late)
      draft.writes.sort((a, b) => a.at - b.at)
    },
  },
  {
    what: 'an owner that speaks when it is thawed, long after it was thrown out',
    invariant: 'I-7',
    takesTime: true,
    put(draft, random) {
      const older = random.oneOf(longLived(draft))
      const newer = { ...doubleOf(draft, older, random), closedAt: older.closedAt }
      const { session } = older
      const at = newer.loggedInAt
      Object.assign(older, { closedAt: at, replaced: true })
      draft.connections.push(newer)
      const epochs = draft.leases.filter(each => each.session === session).map(({ epoch }) => epoch)
      draft.leases.push({ session, epoch: Math.max(...epochs) + 1, node: newer.node, wanted: true, at: at - 1 })
      // silent for as long as it must have been, and the next one has said nothing but who it is
      draft.writes = draft.writes.filter(write => write.session !== session || write.at < at - 3_000)
      draft.writes.push({ session, connection: older.connection, at: at + random.between(1, 9_000), late: true })
    },
  },
  {
    what: 'an owner that speaks until the next one throws it out',
    invariant: 'I-7',
    takesTime: true,
    put(draft, random) {
      const older = random.oneOf(longLived(draft))
      const newer = { ...doubleOf(draft, older, random), closedAt: older.closedAt }
      Object.assign(older, { closedAt: newer.loggedInAt, replaced: true })
      draft.connections.push(newer)
      const at = newer.loggedInAt - random.between(1, 1_500)
      draft.writes.push({ session: older.session, connection: older.connection, at })
      draft.writes.sort((a, b) => a.at - b.at)
    },
  },
  {
    what: 'a regressed credential',
    invariant: 'I-9',
    put(draft, random) {
      const change = random.oneOf(draft.credentials)
      const newer = { ...change, version: (change.version ?? 0) + random.between(1, 9) }
      draft.credentials.splice(draft.credentials.indexOf(change), 0, newer)
    },
  },
  {
    what: 'older credentials under a newer version',
    invariant: 'I-9',
    put(draft, random) {
      const older = random.oneOf(opened(draft))
      const counter = random.oneOf(Object.keys(older.contents.rising))
      const rising = { ...older.contents.rising, [counter]: (older.contents.rising[counter] ?? 0) + 1 }
      const version = newestVersion(draft, older)
      draft.credentials.push(
        { ...older, version: version + 1, contents: { ...older.contents, rising } },
        { ...older, version: version + 2 },
      )
    },
  },
  {
    what: 'credentials of another device',
    invariant: 'I-9',
    put(draft, random) {
      const older = random.oneOf(opened(draft))
      const { fixed, rising } = older.contents
      const what = random.oneOf(Object.keys(fixed).filter(name => fixed[name] !== null))
      const contents = { rising, fixed: { ...fixed, [what]: random.oneOf(['digest of another', null]) } }
      draft.credentials.push({ ...older, version: newestVersion(draft, older) + 1, contents })
    },
  },
  {
    what: 'credentials that nobody can open',
    invariant: 'I-9',
    put(draft, random) {
      const change: CredentialChange = random.oneOf(opened(draft))
      change.contents = null
    },
  },
  {
    what: 'a vanished row',
    invariant: 'I-9',
    put(draft, random) {
      const { session, at } = random.oneOf(draft.credentials)
      draft.credentials.push({ session, version: null, contents: null, at })
      // an end of another session, or after the fact, excuses nothing
      draft.endings.push({ session, at: at + 1 }, { session: 'another session', at: at - 1 })
    },
  },
  ...(['pre-key', 'message key'] as const).map(kind => ({
    what: `a doubled ${kind}`,
    invariant: 'I-8',
    put(draft: Draft, random: Random) {
      const use = random.oneOf(draft.keys.filter(key => key.kind === kind))
      draft.keys.push({ ...use, hash: 'another hash', at: use.at + random.between(0, 5_000) })
    },
  })),
  {
    what: 'a message that arrived and is not stored',
    invariant: 'I-3',
    put(draft, random) {
      random.oneOf(draft.messages).stored = false
    },
  },
  {
    what: 'a message that never arrived',
    invariant: 'I-3',
    put(draft, random) {
      random.oneOf(draft.messages).arrivedAt = null
    },
  },
  {
    what: 'a message that was refused',
    invariant: 'I-3',
    put(draft, random) {
      random.oneOf(draft.messages).refused = '487'
    },
  },
  {
    what: 'an overrun of one node’s bucket',
    invariant: 'I-14',
    put(draft, random) {
      const { node, at } = random.oneOf(draft.connects)
      for (let more = 0; more < 250; more += 1) {
        draft.connects.push({ node, at: at + random.between(0, 1_000) })
      }
    },
  },
  {
    what: 'an overrun of the bucket of all',
    invariant: 'I-14',
    put(draft, random) {
      const { at } = random.oneOf(draft.connects)
      for (let more = 0; more < 250; more += 1) {
        draft.connects.push({ node: random.oneOf(nodes), at: at + random.between(0, 1_000) })
      }
    },
  },
  {
    what: 'a session that never stops trying',
    invariant: 'I-14',
    put(draft, random) {
      const { session, at } = random.oneOf(draft.tries)
      for (let more = 1; more < 30; more += 1) draft.tries.push({ session, at: at + more * 1_500 })
    },
  },
  {
    what: 'a fight with another client',
    invariant: 'I-14',
    put(draft, random) {
      const of = random.oneOf(fromNodes(draft))
      const at = of.loggedInAt + 20
      const back = { ...of, loggedInAt: at + random.between(100, 20_000) }
      Object.assign(of, { closedAt: at + 5, replaced: true })
      draft.connections.push({ ...of, node: null, loggedInAt: at, closedAt: back.loggedInAt, replaced: true }, back)
    },
  },
  {
    what: 'a state that says too little',
    invariant: 'I-16',
    takesTime: true,
    put(draft, random) {
      const { session, loggedInAt, closedAt } = random.oneOf(longLived(draft))
      // a frozen owner's connection stays when another one has claimed
      const claimed = draft.leases.find(lease => lease.session === session && lease.at > loggedInAt)
      // what is asked for is shown before it is done
      const asked = draft.commands.find(command => command.session === session && command.askedAt > loggedInAt)
      const until = Math.min(closedAt ?? Infinity, claimed?.at ?? Infinity, asked?.askedAt ?? Infinity)
      const during = draft.shown.filter(
        ({ session: of, at }) => of === session && at > loggedInAt + 31_000 && at < until,
      )
      random.oneOf(during).state = random.oneOf(['connecting', 'reconnecting', 'disconnected', 'logged_out'])
    },
  },
  {
    what: 'a state that says too much',
    invariant: 'I-16',
    put(draft, random) {
      const of = random.oneOf(draft.connections.filter(({ closedAt }) => closedAt === null))
      of.closedAt = of.loggedInAt + 5_000
      for (const sample of draft.shown) if (sample.session === of.session) sample.state = 'connected'
      const last = Math.max(...draft.shown.map(({ at }) => at))
      draft.shown.push({ session: of.session, state: 'connected', at: last + 40_000 })
    },
  },
  {
    what: 'a leaked socket',
    invariant: 'I-18',
    put(draft, random) {
      lastOf(draft, random).sockets += 1
    },
  },
  {
    what: 'handles that stay',
    invariant: 'I-18',
    put(draft, random) {
      const last = lastOf(draft, random)
      last.handles = (last.handles ?? 0) + 200
    },
  },
  ...(['heapBytes', 'timers'] as const).map(figure => ({
    what: `${figure} that stay`,
    invariant: 'I-18',
    put(draft: Draft, random: Random) {
      const { told } = lastOf(draft, random)
      if (told !== null) told[figure] = 2 ** 33
    },
  })),
  {
    what: 'listeners that pile up',
    invariant: 'I-18',
    put(draft, random) {
      lastOf(draft, random).listenerWarnings = 1
    },
  },
]
