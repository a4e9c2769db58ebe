import { restorePerson } from '../../dist/simulator/state/saved-person.js'
import { startSimulator } from '../../dist/simulator/index.js'
import { answer } from '../answers.mjs'

// The simulator with accounts that were linked before, and a record of when each of their devices came and went: by its clock alone, so
// that nobody's own word is taken for it.

const simulator = await startSimulator()
const { exchange, ledger } = simulator.parts
/** By phone number. */
const devices = new Map()

const record = ledger.record.bind(ledger)
ledger.record = (direction, stanza, party) => {
  // the first question that Baileys asks once it says `open`
  if (direction === 'in' && stanza.attrs.xmlns === 'abt') devices.get(party.account)?.opened.push(Date.now())
  return record(direction, stanza, party)
}

function watch(companion, group) {
  const device = { group, line: companion.line, opened: [], lost: [] }
  devices.set(companion.person.phoneNumber, device)
  Object.defineProperty(companion, 'line', {
    get: () => device.line,
    set(line) {
      if (device.line !== undefined) device.lost.push(Date.now())
      device.line = line
    },
  })
}

const of = group => [...devices].filter(([, device]) => device.group === group)
const isOpen = ({ line, opened, lost }) => line !== undefined && (opened.at(-1) ?? 0) > (lost.at(-1) ?? 0)

answer({
  address: () => ({ url: simulator.url, rootKey: simulator.rootKey }),
  add({ group, people }) {
    for (const saved of people) {
      restorePerson(exchange.accounts, saved)
      const { companions } = exchange.accounts.get(saved.phoneNumber)
      for (const companion of companions.values()) watch(companion, group)
    }
  },
  /** Devices that are logged in and have said that they are open. */
  open: ({ group }) => of(group).filter(([, device]) => isOpen(device)).length,
  /** For each device the first opening after `since` and the last loss of its line before that; milliseconds since the epoch. */
  changes: ({ group, since }) =>
    of(group).map(([account, { opened, lost }]) => {
      const openedAt = opened.find(at => at > since) ?? null
      return {
        account,
        openedAt,
        lostAt: lost.findLast(at => at > since && (openedAt === null || at < openedAt)) ?? null,
      }
    }),
  /** Connections in all, to find out who logs in more often than it has to. */
  logins: ({ group }) => of(group).reduce((sum, [, { opened }]) => sum + opened.length, 0),
  problems: () => simulator.problems(),
})
process.once('SIGTERM', () => void simulator.stop().then(() => process.exit(0)))
