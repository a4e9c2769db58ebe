import { randomBytes, randomUUID } from 'node:crypto'
import { SessionId, type WorkspaceId } from '../../src/contract/ids.js'
import { openDatabase, type Database } from '../../src/backend/database/database.js'
import { prepareAppRole } from '../../src/backend/database/roles.js'
import { createTenants, type Tenants } from '../../src/backend/database/tenant-transaction.js'
import { createBaileysEngine } from '../../src/backend/engine/baileys/baileys-engine.js'
import type { WatchSettings } from '../../src/backend/engine/baileys/session-watch.js'
import { createPreKeyPool, type PreKeyPool } from '../../src/backend/engine/baileys/pre-keys/pre-key-pool.js'
import type { Engine, EngineConnection, EngineEvent } from '../../src/backend/engine/engine.js'
import type { KeyStore } from '../../src/backend/engine/keystore.js'
import { createKeyStore, loadKeyStore } from '../../src/backend/engine/postgres-keystore.js'
import { openLease } from '../../src/backend/leases/session-leases.js'
import { createLog } from '../../src/backend/log.js'
import { trustRoot } from '../../src/backend/prelude/trusted-root.js'
import type { SessionIdentity } from '../../src/backend/sessions/session-identity.js'
import { operatorWorkspace } from '../../src/backend/tenancy/operator-workspace.js'
import { createVault, type Vault } from '../../src/backend/vault/vault.js'
import { startSimulator, type Phone, type Simulator } from '../../src/simulator/index.js'
import { Mailbox } from './mailbox.js'
import { cloneDatabase, type ClonedDatabase } from './template-database.js'

/** An engine over a real sealed key store, talking to a simulator: what lies below sessions and linking, and nothing above. */
export class EngineRig implements AsyncDisposable {
  readonly #open: EngineAccount[] = []
  #nextNumber = 254_711_000_000

  private constructor(
    readonly simulator: Simulator,
    readonly clone: ClonedDatabase,
    readonly database: Database,
    readonly tenants: Tenants,
    readonly vault: Vault,
    readonly workspaceId: WorkspaceId,
    readonly preKeys: PreKeyPool,
    readonly engine: Engine,
  ) {}

  static async start(): Promise<EngineRig> {
    const secret = randomBytes(32)
    const simulator = await startSimulator()
    trustRoot(simulator.rootKey)
    const clone = await cloneDatabase()
    const database = openDatabase({ url: await prepareAppRole({ ownerUrl: clone.ownerUrl, secret }) })
    const tenants = createTenants(database)
    const preKeys = createPreKeyPool({ size: 2 })
    const engine = createBaileysEngine({ url: simulator.url, preKeys, log: createLog({ level: 'silent' }) })
    const workspaceId = await operatorWorkspace(database, tenants)
    return new EngineRig(simulator, clone, database, tenants, createVault({ secret }), workspaceId, preKeys, engine)
  }

  phone(): Promise<Phone> {
    return this.simulator.phone(String(++this.#nextNumber))
  }

  /** An engine that reaches WhatsApp some other way. */
  engineAt(url: string, connectDeadlineMs?: number, watch?: WatchSettings): Engine {
    return createBaileysEngine({
      url,
      preKeys: this.preKeys,
      log: createLog({ level: 'silent' }),
      ...(connectDeadlineMs !== undefined && { connectDeadlineMs }),
      ...(watch && { watch }),
    })
  }

  /** A new account with fresh credentials, not linked yet. */
  async account(workspaceId = this.workspaceId): Promise<EngineAccount> {
    const sessionId = SessionId.parse(randomUUID())
    const { vault, tenants } = this
    const identity = await tenants.transact({ workspaceId }, async tx => ({
      workspaceId,
      sessionId,
      sealer: await vault.createSealer(tx, { workspaceId, sessionId }),
      fence: await openLease(tx, sessionId, randomUUID()),
    }))
    const keys = createKeyStore({ tenants, sealer: identity.sealer }, identity, await this.engine.newCredentials())
    const account = new EngineAccount(this, identity, keys)
    this.#open.push(account)
    return account
  }

  /** An account that a phone has linked and that is open. */
  async linked(phone: Phone, workspaceId = this.workspaceId): Promise<EngineAccount> {
    const account = await this.account(workspaceId)
    await account.link(phone)
    return account
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const account of this.#open) await account.close()
    await this.preKeys[Symbol.asyncDispose]()
    await this.database.close()
    await this.simulator.stop()
    await this.clone.drop()
  }
}

/** One account on the engine: its current connection and everything it has told. */
export class EngineAccount {
  readonly events = new Mailbox<EngineEvent>('engine event')
  /** Stored messages by their id, for devices that could not read them, and who asked for one so far. */
  readonly sent = new Map<string, { chat: string; proto: Uint8Array }>()
  readonly askedFor: { chat: string; waMessageId: string }[] = []
  #connection: EngineConnection | null = null

  constructor(
    readonly rig: EngineRig,
    readonly identity: SessionIdentity,
    public keys: KeyStore,
  ) {}

  get connection(): EngineConnection {
    if (this.#connection === null) throw new Error('this account has not connected')
    return this.#connection
  }

  /** @param wrap stands between the engine and the store, to watch or to disturb */
  connect(
    wrap: (keys: KeyStore) => KeyStore = keys => keys,
    engine = this.rig.engine,
    pairByCode?: { phoneNumber: string },
  ): EngineConnection {
    this.#connection = engine.connect({
      keys: wrap(this.keys),
      ...(pairByCode && { pairByCode }),
      onEvent: event => this.events.put(event),
      sentMessage: async (chat, waMessageId) => {
        this.askedFor.push({ chat, waMessageId })
        const message = this.sent.get(waMessageId)
        return message?.chat === chat ? message.proto : null
      },
    })
    return this.#connection
  }

  /** Asks for a pairing code and waits until it is shown. */
  async code(phoneNumber: string, engine = this.rig.engine): Promise<string> {
    const before = this.count('pairing_code')
    this.connect(undefined, engine, { phoneNumber })
    return (await this.next('pairing_code', before)).code
  }

  /** As after a restart: a new key store from what PostgreSQL holds. */
  async reload(): Promise<void> {
    this.keys = await loadKeyStore({ tenants: this.rig.tenants, sealer: this.identity.sealer }, this.identity)
  }

  async link(phone: Phone, wrap?: (keys: KeyStore) => KeyStore): Promise<void> {
    const before = this.count('closed')
    this.connect()
    const { qr } = await this.next('qr')
    await phone.scan(qr)
    await this.next('closed', before)
    await this.close()
    await this.open(wrap)
  }

  async open(wrap?: (keys: KeyStore) => KeyStore, engine?: Engine): Promise<EngineConnection> {
    const before = this.count('open')
    const connection = this.connect(wrap, engine)
    await this.next('open', before)
    return connection
  }

  count(type: EngineEvent['type']): number {
    return this.of(type).length
  }

  of<Type extends EngineEvent['type']>(type: Type): Extract<EngineEvent, { type: Type }>[] {
    return this.events.all().filter((event): event is Extract<EngineEvent, { type: Type }> => event.type === type)
  }

  /** The event of this type that follows `after` earlier ones, past or future. */
  async next<Type extends EngineEvent['type']>(type: Type, after = 0): Promise<Extract<EngineEvent, { type: Type }>> {
    await this.events.waitFor(() => this.count(type) > after, 20_000, type)
    const found = this.of(type)[after]
    if (found === undefined) throw new Error(`no ${type}`)
    return found
  }

  /** Texts heard so far, in order of arrival. */
  texts(): string[] {
    return this.of('message').flatMap(({ message: { content } }) => (content.kind === 'text' ? [content.text] : []))
  }

  async hears(text: string): Promise<void> {
    // each event is looked at once: thousands may have come before
    const says = (event: EngineEvent) =>
      event.type === 'message' && event.message.content.kind === 'text' && event.message.content.text === text
    await this.events.waitFor(says, 20_000, `message ${text}`)
  }

  async close(): Promise<void> {
    await this.#connection?.close().catch(() => {})
    this.#connection = null
  }
}
