import { Accounts } from './accounts/accounts.js'
import type { Companion, Person } from './accounts/person.js'
import { keyPrint } from './accounts/pre-keys.js'
import { Connections } from './connections.js'
import type { Ending, FrontEndEnding } from './control-surface.js'
import { SimulatorError } from './errors.js'
import { Holds } from './holds.js'
import { Incidents } from './incidents.js'
import type { Ledger } from './ledger.js'
import { monotonicMs } from './ledger-lines.js'
import { OwnerWatch } from './owner-watch.js'
import { PhoneDevice, type PhoneDeps } from './phone/phone-device.js'
import type { Problems } from './problems.js'
import { RatchetWatch } from './ratchet-watch.js'
import { accountRequests } from './stanzas/account-requests.js'
import { appStateRequests } from './stanzas/app-state-requests.js'
import { announceDevice } from './stanzas/announce-device.js'
import { Client } from './stanzas/client.js'
import { login } from './stanzas/login.js'
import { routeMessage } from './stanzas/message.js'
import { Pairing } from './stanzas/pairing.js'
import { PairingCodes } from './stanzas/pairing-codes.js'
import { preKeyRequests } from './stanzas/pre-key-requests.js'
import { routeReceipt } from './stanzas/receipt.js'
import { createRouter } from './stanzas/router.js'
import { deviceRemoved, replaced, unavailable } from './stanzas/stream-end.js'
import { usyncRequests } from './stanzas/usync.js'
import { Rejections } from './rejections.js'
import { Waiters } from './waiters.js'
import { ABNORMAL, Connection, type Arrival, type ServerIdentity } from './wire/connection.js'
import type { Node } from './wire/node-codec.js'

export type ExchangeDeps = {
  identity: ServerIdentity
  ledger: Ledger
  problems: Problems
  /** how long a pairing code may be typed */
  codeLifetimeMs: number
  /** how many companions an account may have */
  deviceLimit: number
  changed: () => void
}

/** The WhatsApp in the middle: accounts, connections, and what passes between them. */
export class Exchange {
  readonly accounts: Accounts
  readonly holds = new Holds()
  readonly incidents = new Incidents()
  readonly rejections = new Rejections()
  readonly pairing: Pairing
  readonly codes: PairingCodes
  readonly deviceChanges = new Waiters<Companion>()
  readonly clients = new Set<Client>()
  readonly connections: Connections
  readonly owners: OwnerWatch
  readonly #deps: ExchangeDeps
  readonly #ratchets: RatchetWatch
  readonly #handle: (client: Client, stanza: Node) => void

  constructor(deps: ExchangeDeps) {
    this.#deps = deps
    const { problems, ledger, changed, deviceLimit } = deps
    const { incidents } = this
    const note = ledger.note.bind(ledger)
    this.connections = new Connections(note)
    this.owners = new OwnerWatch(problems)
    this.#ratchets = new RatchetWatch(problems, note)
    const phones: PhoneDeps = {
      accounts: () => this.accounts,
      ledger,
      problems,
      accept: (phone, stanza) => this.#acceptFromPhone(phone, stanza),
      changed,
    }
    const accounts = new Accounts(person => new PhoneDevice(person, phones))
    this.accounts = accounts
    this.codes = new PairingCodes({ problems, incidents, lifetimeMs: deps.codeLifetimeMs })
    this.pairing = new Pairing({
      problems,
      codes: this.codes,
      incidents,
      deviceLimit,
      changed,
      confirmed: (companion, connection) => {
        const { person, deviceId: device, details } = companion
        const signed = keyPrint(details.signedPreKey)
        note({ kind: 'linked', connection, account: person.phoneNumber, device, signed })
        announceDevice(accounts, companion, 'add')
        this.deviceChanges.offer(companion)
      },
    })
    const requests = new Map([
      ...preKeyRequests({ accounts, problems, changed, note }),
      ...usyncRequests(accounts),
      ...appStateRequests(changed),
      ...accountRequests(this, companion => this.remove(companion)),
    ])
    const { pairing, codes, rejections } = this
    const ratchets = this.#ratchets
    this.#handle = createRouter({
      accounts,
      incidents,
      rejections,
      problems,
      pairing,
      codes,
      requests,
      ratchets,
      changed,
      note,
    })
  }

  /** A websocket came in; who it is shows in its handshake. */
  connect(arrival: Arrival): void {
    const { ledger, problems, identity } = this.#deps
    const handle = this.#handle
    const id = this.connections.connected(arrival.frontEnd, arrival.via)
    const connection = new Connection(id, arrival, identity, {
      hello: (payload, noiseKey) => {
        if (payload.devicePairingData) {
          this.connections.registering(id)
          this.pairing.begin(client, payload, noiseKey)
        } else login(this, client, payload, noiseKey)
        if (client.companion) this.deviceChanges.offer(client.companion)
      },
      stanza: value => client.received(value),
      late: value => client.late(value),
      closed: code => this.#closed(client, code),
      broken: reason => {
        client.ending ??= { reason: 'broken' }
        problems.violation(`connection ${id} broken: ${reason}`)
      },
    })
    const caughtUp = (): void => this.connections.live(id)
    const dismissed = (_client: Client, ending: Ending): void => this.connections.dismissed(id, ending)
    const client = new Client(connection, { ledger, holds: this.holds, handle, caughtUp, dismissed })
    this.clients.add(client)
  }

  /** Takes a device off its account: its connection ends, its logins fail from now on. */
  remove(companion: Companion): void {
    companion.person.companions.delete(companion.deviceId)
    companion.queue.clear()
    companion.line?.dismiss(deviceRemoved())
    companion.line = undefined
    const { person, deviceId: device } = companion
    if (companion.confirmed) this.#deps.ledger.note({ kind: 'unlinked', account: person.phoneNumber, device })
    if (companion.confirmed) announceDevice(this.accounts, companion, 'remove')
    this.deviceChanges.offer(companion)
    this.#deps.changed()
  }

  /** Puts the connection a device has out in favour of another of its own; the real service does so too. */
  replace(companion: Companion, by: Client): void {
    const { line } = companion
    if (!(line instanceof Client)) return
    const heardMsAgo = Math.round(monotonicMs() - line.heardAt)
    this.connections.replaced(line.connection.id, by.connection.id, heardMsAgo)
    this.owners.replaced(companion, heardMsAgo)
    line.putOut(replaced())
  }

  loggedIn(client: Client, { person, deviceId }: Companion): void {
    this.connections.loggedIn(client.connection.id, person.phoneNumber, deviceId)
  }

  /** Ends what came in by one front end, as its restart does. */
  endFrontEnd(frontEnd: number, how: FrontEndEnding): void {
    for (const [index, client] of [...this.clients].entries()) {
      if (client.connection.frontEnd !== frontEnd) continue
      if (how === 'reset' || (how === 'mixed' && index % 2 === 1)) client.reset()
      else client.dismiss(unavailable())
    }
  }

  /** Connections that wait for a phone. */
  registering(): Client[] {
    return [...this.clients].filter(({ link }) => link !== undefined && !link.accepted)
  }

  /** @throws SimulatorError `bad_request` for a number nobody has */
  limitDevices(max: number, phoneNumber?: string): void {
    if (phoneNumber === undefined) return void (this.pairing.deviceLimit = max)
    const person = this.accounts.get(phoneNumber)
    if (!person) throw new SimulatorError('bad_request', 'nobody has this number')
    person.deviceLimit = max
  }

  /** No device of the account has anything under way: nothing unacknowledged, nothing held, the phone at rest. */
  isQuiet(person: Person): boolean {
    if (!(person.phone instanceof PhoneDevice) || !person.phone.idle) return false
    return [...person.companions.values()].every(({ line, queue }) => {
      if (!(line instanceof Client)) return true
      return line.idle && line.phase === 'live' && queue.size === 0
    })
  }

  stop(): void {
    const stopped = new SimulatorError('stopped', 'the simulator stopped')
    this.deviceChanges.failAll(stopped)
    this.codes.stop(stopped)
    for (const { phone } of this.accounts.all()) if (phone instanceof PhoneDevice) phone.inbox.close(stopped)
    for (const client of this.clients) client.cut()
  }

  #acceptFromPhone(phone: PhoneDevice, stanza: Node): void {
    const { problems, ledger } = this.#deps
    const note = ledger.note.bind(ledger)
    const deps = { accounts: this.accounts, problems, ratchets: this.#ratchets, note }
    if (stanza.tag === 'message') routeMessage(deps, phone, stanza)
    else routeReceipt(deps, phone, stanza)
  }

  #closed(client: Client, code: number): void {
    client.phase = 'closed'
    this.connections.closed(client.connection.id, client.ending ?? { reason: code === ABNORMAL ? 'lost' : 'client' })
    this.clients.delete(client)
    if (client.link) this.pairing.forget(client.link)
    const { companion } = client
    if (!companion) return
    if (client.link) companion.linking = false
    if (companion.line === client) companion.line = undefined
    this.deviceChanges.offer(companion)
  }
}
