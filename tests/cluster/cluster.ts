import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import type { Phone, SimulatorControl } from '../../src/simulator/index.js'
import type { Command, Refusal } from '../../scripts/storm/checker/history.js'
import { defaultLimits } from '../../scripts/storm/checker/limits.js'
import { installRecorder } from '../../scripts/storm/recording/recorder.js'
import { Random } from '../../scripts/storm/random.js'
import { ClusterApi } from './cluster-api.js'
import { ClusterNode } from './cluster-node.js'
import { importSessions } from './import-sessions.js'
import { SimulatorProcess } from './simulator-process.js'

export type ClusterOptions = {
  /** Decides whatever is left to chance; printed by whoever starts a cluster. */
  seed: number
  nodes: number
  /** Of a migrated database that no gateway has used. */
  ownerUrl: string
  /** Where files of the run go; somebody else removes it. */
  folder: string
  /** What is other for the first process of each place. */
  envOf?: readonly Readonly<Record<string, string>>[]
}

/** A session of the cluster, and the phone whose account it is. `creds`: of its device, as it was imported; whoever has them can log in. */
export type LinkedSession = { sessionId: string; phone: Phone; creds: string }

const firstNumber = 254_720_000_000

/**
 * Real gateway processes on one database and one simulated WhatsApp, each with its own lines to both, so that any of them can be killed,
 * frozen or cut off. What happens is recorded by the database and by the simulator, not by the gateways.
 */
export class Cluster implements AsyncDisposable {
  readonly random: Random
  readonly api: ClusterApi
  readonly sessions: LinkedSession[] = []
  readonly sent: { sessionId: string; id: string; at: number }[] = []
  readonly outages: { from: number; to: number }[] = []
  /** What whoever operates it has asked for and was granted. */
  readonly commands: Command[] = []
  readonly refusals: Refusal[] = []
  #words = 0

  private constructor(
    readonly options: ClusterOptions,
    readonly nodes: readonly ClusterNode[],
    readonly whatsapp: SimulatorProcess,
    /** Straight to the database, past all that is cut. */
    readonly owner: pg.Pool,
    readonly contact: Phone,
    readonly serviceToken: string,
    /** With which its nodes seal. */
    public secret: Uint8Array,
    /** Connections that gateways have opened to WhatsApp. */
    readonly connects: readonly { node: string; at: number }[],
  ) {
    this.random = new Random(options.seed)
    this.api = new ClusterApi(serviceToken)
  }

  /** Starts database recording, WhatsApp and the nodes' lines; no gateway yet. */
  static async open(options: ClusterOptions): Promise<Cluster> {
    await installRecorder(options.ownerUrl)
    const ledgerFile = `${options.folder}/ledger.ndjson`
    const whatsapp = await SimulatorProcess.start({ ledgerFile, frontEnds: options.nodes, seed: options.seed })
    await whatsapp.control.watchOwners({ heardWithinMs: defaultLimits.silentMs })
    const serviceToken = randomBytes(32).toString('hex')
    const secret = randomBytes(32)
    const env = {
      NODE_ENV: 'test',
      LOG_LEVEL: 'info',
      PORT: '0',
      DATA_DIR: options.folder,
      WHATSAPP_SESSION_SECRET: secret.toString('hex'),
      WHATSAPP_SERVICE_TOKEN: serviceToken,
      CONNECTS_PER_SECOND: String(defaultLimits.perNode.perSecond),
      CONNECT_BURST: String(defaultLimits.perNode.burst),
      CONNECTS_PER_SECOND_TOTAL: String(defaultLimits.total.perSecond),
      WHATSAPP_ROOT_KEY: whatsapp.control.rootKey,
    }
    const owner = new pg.Pool({ connectionString: options.ownerUrl, max: 3 })
    // one that breaks while it is idle is replaced
    owner.on('error', () => {})
    const contact = await whatsapp.control.phone(String(firstNumber), { name: 'A contact' })
    const connects: { node: string; at: number }[] = []
    const nodes = await Promise.all(
      whatsapp.control.urls.map((whatsappUrl, index) =>
        ClusterNode.open({
          name: `node-${index + 1}`,
          databaseUrl: options.ownerUrl,
          whatsappUrl,
          env,
          onConnect: node => void connects.push({ node, at: Date.now() }),
        }),
      ),
    )
    return new Cluster(options, nodes, whatsapp, owner, contact, serviceToken, secret, connects)
  }

  get simulator(): SimulatorControl {
    return this.whatsapp.control
  }

  /** One gateway after the other, as the first prepares what the others find. */
  async start(): Promise<void> {
    const { envOf = [] } = this.options
    const [first, ...others] = this.nodes
    await first?.start(envOf[0])
    await Promise.all(others.map((node, index) => node.start(envOf[index + 1])))
  }

  /** So many sessions more, as if this cluster had linked them long ago. */
  async seed(count: number, onImported: (done: number) => void = () => {}): Promise<void> {
    const { simulator, nodes, serviceToken } = this
    const from = firstNumber + this.sessions.length + 1
    const devices = await importSessions({ count, firstNumber: from, simulator, nodes, serviceToken, onImported })
    const credsOf = new Map(devices.map(({ phoneNumber, creds }) => [phoneNumber, creds]))
    const { rows } = await this.owner.query<{ id: string; number: string }>(
      'select id, phone_number as number from sessions where phone_number::bigint >= $1 order by phone_number',
      [from],
    )
    for (const { id, number } of rows)
      this.sessions.push({ sessionId: id, phone: await simulator.phone(number), creds: credsOf.get(number) ?? '' })
    // nobody else has them, so nobody gets them back
    await this.owner.query('update sessions set taken_back_at = null')
  }

  /** A contact writes to this session. */
  async text({ sessionId, phone }: LinkedSession): Promise<string> {
    const at = Date.now()
    const { id } = await this.contact.send(phone, `words ${++this.#words}`)
    this.sent.push({ sessionId, id, at })
    return id
  }

  async textAll(): Promise<void> {
    await Promise.all(this.sessions.map(session => this.text(session)))
  }

  /** A node that has something to lose. */
  busyNode(): ClusterNode {
    return this.random.oneOf(this.nodes.filter(({ sockets }) => sockets > 0))
  }

  /** The owner of an account asks its session for something in the chat with themselves, and the session answers. */
  async command({ phone }: LinkedSession): Promise<void> {
    await phone.send(phone.jid, '.menu')
  }

  /** The process that runs each session, by its lease. */
  async owners(): Promise<Map<string, string>> {
    const { rows } = await this.owner.query<{ session: string; process: string }>(`
      select l.session_id as session, n.process from session_leases l join recorded.nodes n on n.node_id = l.node_id where l.wanted`)
    return new Map(rows.map(({ session, process }) => [session, process]))
  }

  async ownedBy({ processName }: ClusterNode): Promise<number> {
    return [...(await this.owners()).values()].filter(owner => owner === processName).length
  }

  /** The state that is shown of each session. */
  async states(): Promise<Map<string, string>> {
    const { rows } = await this.owner.query<{ id: string; state: string }>(`select id, state from sessions`)
    return new Map(rows.map(({ id, state }) => [id, state]))
  }

  /** Whether it has ever been stored of a session that something else had logged in as it. */
  async hasSteppedBack(sessionId: string): Promise<boolean> {
    const stored = `select from recorded.states where session_id = $1 and reason = 'replaced' limit 1`
    return (await this.owner.query(stored, [sessionId])).rowCount === 1
  }

  /** The process from which each session is online at WhatsApp at this moment. */
  async online(): Promise<Map<string, string>> {
    const ids = new Map(this.sessions.map(({ sessionId, phone }) => [phone.phoneNumber, sessionId]))
    const spans = await this.simulator.connections()
    return new Map(
      spans.flatMap(({ account = '', via = '', loggedInAt, closedAt }) => {
        const sessionId = ids.get(account)
        return sessionId === undefined || loggedInAt === undefined || closedAt !== undefined ? [] : [[sessionId, via]]
      }),
    )
  }

  /** Until every session is online from the process that its lease names, and shown so. */
  async settled(timeoutMs = 60_000): Promise<void> {
    let missing = ''
    await until(
      async () => {
        const [owners, online, states] = await Promise.all([this.owners(), this.online(), this.states()])
        const not = this.sessions.filter(
          ({ sessionId: id }) => !online.has(id) || online.get(id) !== owners.get(id) || states.get(id) !== 'connected',
        )
        const [first] = not
        const one = first?.sessionId ?? ''
        missing = `${not.length} sessions; ${one} is ${states.get(one)}, of ${owners.get(one)}, online at ${online.get(one)}`
        return not.length === 0
      },
      () => `all sessions to be online: ${missing}`,
      timeoutMs,
    )
  }

  /** Until no message waits at WhatsApp for any session. */
  async delivered(timeoutMs = 60_000): Promise<void> {
    await until(
      async () => {
        const devices = await Promise.all(this.sessions.map(({ phone }) => phone.devices()))
        return devices.flat().every(({ waitingMessages }) => waitingMessages.length === 0)
      },
      'all messages to arrive',
      timeoutMs,
    )
  }

  /** No node reaches the database from here on. */
  cutDatabase(how: 'refused' | 'silent'): void {
    this.outages.push({ from: Date.now(), to: Infinity })
    for (const node of this.nodes) node.cut('database', how)
  }

  async mendDatabase(): Promise<void> {
    const outage = this.outages.at(-1)
    await Promise.all(this.nodes.map(node => node.mend('database')))
    if (outage !== undefined) outage.to = Date.now()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.nodes.map(node => node[Symbol.asyncDispose]()))
    await this.owner.end()
    await this.whatsapp[Symbol.asyncDispose]()
  }
}

/** Looks again and again until it holds. @throws Error that names what was awaited */
export async function until(
  holds: () => Promise<boolean>,
  what: string | (() => string),
  timeoutMs = 30_000,
  everyMs = 200,
): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!(await holds())) {
    if (performance.now() > deadline) {
      throw new Error(`waited ${timeoutMs} ms for ${typeof what === 'string' ? what : what()}`)
    }
    await delay(everyMs)
  }
}
