import { createHmac, randomUUID } from 'node:crypto'
import type { Tenants, TenantTransactor } from '../database/tenant-transaction.js'
import { scopeOf } from '../http/actor.js'
import { inFlight, keyReused, type Idempotency } from '../http/idempotency.js'
import { errorCode, type Log } from '../log.js'
import { purposeKey } from '../vault/purpose-key.js'
import type { Cell } from '../vault/sealer.js'
import type { Vault } from '../vault/vault.js'
import {
  endTry,
  insertRequest,
  lockRequest,
  readRequest,
  storeAnswer,
  tryAgain,
  type StoredRequest,
  type Try,
} from './requests-store.js'

export type IdempotencyDeps = {
  tenants: Pick<Tenants, 'transact'>
  vault: Vault
  /** `previous` while the secret is being replaced. */
  secrets: { secret: Buffer; previous: Buffer | null }
  log: Log
}

/** Longer than any answer takes: after a crash, nobody knows sooner that there will be none. */
const trySeconds = 120

const success = { withBody: 200, without: 204 } as const

export const answerCell = (id: string): Cell => ({ table: 'idempotent_requests', column: 'answer', row: id })

type Begun = { id: string; answered: false } | { id: string; answered: true; answer: unknown }

export function createIdempotency({ tenants, vault, secrets, log }: IdempotencyDeps): Idempotency {
  // of a phone number, say, a plain hash could be guessed
  const keys = [secrets.secret, ...(secrets.previous === null ? [] : [secrets.previous])].map(secret =>
    purposeKey(secret, 'idempotency/requests/1'),
  )

  /** What a request that is known is told; null: another try may begin. */
  const told = async (tx: TenantTransactor, { hashes }: Try, known: StoredRequest): Promise<Begun | null> => {
    const { id, status, answer, underWay } = known
    if (!hashes.some(hash => hash.equals(known.hash))) throw keyReused()
    if (status === null && underWay) throw inFlight()
    if (status === null) return null
    const sealer = await vault.workspaceSealer(tx, tx.scope.workspaceId)
    const opened = answer === null ? undefined : await sealer.openJson(tx, answerCell(id), answer)
    return { id, answered: true, answer: opened }
  }

  const begin = async (tx: TenantTransactor, begun: Try): Promise<Begun> => {
    // however many ask at once, only those who may begin wait for each other
    const seen = await readRequest(tx, begun)
    const answered = seen && (await told(tx, begun, seen))
    if (answered !== null) return answered
    const fresh = seen === null ? await insertRequest(tx, begun) : null
    if (fresh !== null) return { id: fresh, answered: false }
    const known = await lockRequest(tx, begun)
    // forgotten between the two looks
    if (known === null) throw inFlight()
    const by = await told(tx, begun, known)
    if (by !== null) return by
    await tryAgain(tx, begun)
    return { id: known.id, answered: false }
  }

  const keep = async (tx: TenantTransactor, begun: Try, id: string, answer: unknown): Promise<boolean> => {
    if (answer === undefined) return storeAnswer(tx, begun, { status: success.without, answer: null })
    const sealer = await vault.workspaceSealer(tx, tx.scope.workspaceId)
    return storeAnswer(tx, begun, {
      status: success.withBody,
      answer: await sealer.sealJson(tx, answerCell(id), answer),
    })
  }

  return {
    async run(by, { key, request }, work) {
      const scope = scopeOf(by)
      const begun: Try = {
        userId: by.userId,
        askedBy: by.keyId ?? by.kind,
        key,
        hashes: keys.map(each => createHmac('sha256', each).update(request).digest()),
        tryId: randomUUID(),
        seconds: trySeconds,
      }
      const found = await tenants.transact(scope, tx => begin(tx, begun))
      if (found.answered) return { answer: found.answer, replayed: true }
      const { id } = found
      let remembered = false
      const remember = async (tx: TenantTransactor, answer: unknown): Promise<void> => {
        if (!(await keep(tx, begun, id, answer))) throw inFlight()
        remembered = true
      }
      /** Whoever asked has their answer, or their refusal, also where it cannot be noted. */
      const note = async (what: (tx: TenantTransactor) => Promise<unknown>): Promise<void> => {
        try {
          await tenants.transact(scope, what)
        } catch (error) {
          log.warn('answer_not_kept', { code: errorCode(error) })
        }
      }
      try {
        const answer = await work({ id, remember })
        if (!remembered) await note(tx => keep(tx, begun, id, answer))
        return { answer, replayed: false }
      } catch (error) {
        await note(tx => endTry(tx, begun))
        throw error
      }
    },
  }
}
