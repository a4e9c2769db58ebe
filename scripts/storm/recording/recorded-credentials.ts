import { createHash } from 'node:crypto'
import { Kysely, PostgresDialect } from 'kysely'
import type pg from 'pg'
import { decodeCredentials, type CredentialsRecord } from '../../../src/backend/engine/baileys/credentials.js'
import { credentialsCell } from '../../../src/backend/engine/key-cells.js'
import { createVault } from '../../../src/backend/vault/vault.js'
import { VaultError } from '../../../src/backend/vault/vault-error.js'
import { runOf } from '../../../src/session/id-ranges.js'
import type { CredentialChange, CredentialContents } from '../checker/history.js'

type Written = { workspace: string; version: string; sealed: Buffer }
type Removed = Record<keyof Written, null>
type Row = { session: string; at: string } & (Written | Removed)

/**
 * Every write and every removal of credentials so far. They are opened as a gateway opens them: each version is sealed anew, so that only
 * what is inside tells an older one from a newer.
 * @param secret with which the gateways of this database seal
 */
export async function readCredentials(owner: pg.Pool, secret: Uint8Array): Promise<CredentialChange[]> {
  // the pool is the caller's to end
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: owner }) })
  const vault = createVault({ secret })
  const contents = async (session: string, { workspace, sealed }: Written): Promise<CredentialContents | null> => {
    try {
      const sealer = await vault.sealer({ db }, { workspaceId: workspace, sessionId: session })
      const bytes = await sealer.open({ db }, credentialsCell(session), sealed)
      return contentsOf(decodeCredentials({ engine: 'baileys', bytes }))
    } catch (error) {
      // a parser's words quote what it could not read
      if (error instanceof VaultError || error instanceof SyntaxError) return null
      throw error
    }
  }
  const { rows } = await owner.query<Row>(`
    select workspace_id as workspace, session_id as session, version, sealed, extract(epoch from at) * 1000 as at
    from recorded.credentials order by position`)
  const changes: CredentialChange[] = []
  for (const row of rows) {
    const change = { session: row.session, at: Number(row.at) }
    if (row.sealed === null) changes.push({ ...change, version: null, contents: null })
    else changes.push({ ...change, version: Number(row.version), contents: await contents(row.session, row) })
  }
  return changes
}

function contentsOf({ creds, preKeys }: CredentialsRecord): CredentialContents {
  const used = preKeys.usedIds.map(runOf).reduce((sum, { first, last }) => sum + last - first + 1, 0)
  return {
    rising: {
      nextPreKeyId: creds.nextPreKeyId,
      firstUnuploadedPreKeyId: creds.firstUnuploadedPreKeyId,
      'number of used pre-keys': used,
      'signed pre-key': creds.signedPreKey.keyId,
      accountSyncCounter: creds.accountSyncCounter,
      'number of processed history messages': creds.processedHistoryMessages.length,
      'number of current app state keys': creds.myAppStateKeyId === undefined ? 0 : 1,
    },
    fixed: {
      me: creds.me === undefined ? null : digest(creds.me.id),
      'noise key': digest(creds.noiseKey.public),
      'identity key': digest(creds.signedIdentityKey.public),
      'registration id': digest(String(creds.registrationId)),
      'seed of the pre-keys': digest(preKeys.seed),
    },
  }
}

const digest = (value: string | Uint8Array) => createHash('sha256').update(value).digest('hex')
