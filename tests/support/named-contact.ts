import { randomBytes, randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import type { Vault } from '../../src/backend/vault/vault.js'
import { signalKeyCell } from '../../src/backend/engine/key-cells.js'
import { dataCell } from '../../src/backend/events/event-log.js'
import { answerCell } from '../../src/backend/idempotency/idempotency.js'
import { openLease } from '../../src/backend/leases/session-leases.js'
import { insertAttempt } from '../../src/backend/linking/attempts-store.js'
import { sealNumber } from '../../src/backend/linking/expected-number.js'
import { SessionId } from '../../src/contract/ids.js'
import type { TenantRig } from './tenant-rig.js'

export type NamedContact = { number: string; lid: string }

/** Puts a contact into one table, everywhere where it can be named there. */
type Plant = (rig: TenantRig, sessionId: SessionId, contact: NamedContact) => Promise<unknown>

const jidsOf = ({ number, lid }: NamedContact): string[] => [
  `${number}@s.whatsapp.net`,
  `${number}:12@s.whatsapp.net`,
  `${lid}@lid`,
  `${lid}:3@lid`,
]

/**
 * How each table of the schema can name a contact, or why it does not. A table that is missing here fails the test: whether it can is to be
 * decided, not found out.
 */
export const namedIn: ReadonlyMap<
  string,
  Plant | 'ids and times' | 'members, not contacts' | 'hashes' | 'sealed whole'
> = new Map<string, Plant | 'ids and times' | 'members, not contacts' | 'hashes' | 'sealed whole'>([
  [
    'people',
    ({ rows, workspaceId }, _, { number, lid }) =>
      rows.query(`insert into people (workspace_id, phone_number, lid, display_name) values ($1, $2, $3, 'Them')`, [
        workspaceId,
        number,
        lid,
      ]),
  ],
  [
    // of one that was destroyed; one that is linked is its owner's to delete
    'sessions',
    ({ rows, workspaceId }, _, { number, lid }) =>
      rows.query(
        `with person as (insert into people (workspace_id, phone_number) values ($1, $2) returning id),
           session as (
             insert into sessions (workspace_id, id, person_id, mode, state, phone_number, lid, quarantined_at, shred_at, shredded_at)
             select $1, gen_random_uuid(), id, 'managed', 'logged_out', $2, $3, now(), now(), now() from person returning id
           )
           insert into session_leases (session_id, workspace_id, node_id) select id, $1, gen_random_uuid() from session`,
        [workspaceId, number, `${lid}:1@lid`],
      ),
  ],
  [
    'inbound_journal',
    async ({ rows, workspaceId }, sessionId, contact) => {
      for (const jid of jidsOf(contact)) {
        for (const field of ['from', 'participant', 'recipient']) {
          await rows.query(
            `insert into inbound_journal (workspace_id, session_id, hash, plaintext, stanza)
               values ($1, $2, sha256($3::bytea), '\\x00', $4)`,
            [workspaceId, sessionId, Buffer.from(jid + field), { id: '1', [field]: jid }],
          )
        }
      }
    },
  ],
  [
    'outbox_messages',
    async ({ rows, workspaceId }, sessionId, contact) => {
      for (const jid of jidsOf(contact)) {
        await rows.query(
          `insert into outbox_messages (workspace_id, id, session_id, kind, recipient, wa_message_id)
             values ($1, gen_random_uuid(), $2, 'notice', $3, $3)`,
          [workspaceId, sessionId, jid],
        )
      }
    },
  ],
  ['signal_keys', plantSignalKeys],
  [
    'idempotent_requests',
    async (rig, _, contact) => {
      const { rows, workspaceId } = rig
      for (const key of [`invoice to ${contact.number}`, `${contact.lid}-7`]) {
        await rows.query(
          `insert into idempotent_requests (workspace_id, user_id, asked_by, key, request_hash, try_id, try_until)
           select $1, default_user($1), 'service', $2, sha256(''), gen_random_uuid(), now()`,
          [workspaceId, key],
        )
      }
      await plantAnswer(rig, contact)
    },
  ],
  ['link_attempts', plantLink],
  ['event_log', plantEvents],
  ['workspaces', 'members, not contacts'],
  ['app_users', 'members, not contacts'],
  ['invitations', 'members, not contacts'],
  ['logins', 'members, not contacts'],
  ['api_keys', 'members, not contacts'],
  ['refresh_families', 'ids and times'],
  ['refresh_tokens', 'hashes'],
  ['ws_tickets', 'hashes'],
  ['session_history', 'ids and times'],
  ['own_chat_commands', 'ids and times'],
  ['session_strings', 'sealed whole'],
  ['session_credentials', 'sealed whole'],
  ['message_templates', 'sealed whole'],
  ['event_counters', 'ids and times'],
  ['data_keys', 'sealed whole'],
  ['audit_log', 'ids and times'],
  ['audit_heads', 'hashes'],
  ['audit_ended', 'hashes'],
  ['erasures', 'sealed whole'],
  ['tombstones', 'hashes'],
  ['session_leases', 'ids and times'],
  ['nodes', 'ids and times'],
  ['job_workers', 'ids and times'],
  ['canary', 'sealed whole'],
  ['meta', 'ids and times'],
  ['migrations', 'ids and times'],
  ['connect_budget', 'ids and times'],
  ['connect_breakers', 'ids and times'],
  ['link_starts', 'hashes'],
  ['link_places', 'hashes'],
  ['link_cool_downs', 'hashes'],
  ['sign_in_cool_downs', 'hashes'],
  ['sign_in_networks', 'hashes'],
])

/** What was answered to whoever has linked them. */
async function plantAnswer({ rows, vault, tenants, workspaceId }: TenantRig, { number }: NamedContact): Promise<void> {
  const id = randomUUID()
  const answer = await tenants.transact({ workspaceId }, async tx =>
    (await vault.workspaceSealer(tx, workspaceId)).sealJson(tx, answerCell(id), { phoneNumber: number }),
  )
  await rows.query(
    `insert into idempotent_requests
       (workspace_id, user_id, asked_by, key, id, request_hash, try_id, try_until, status, answer)
     values ($1, default_user($1), 'service', $2::text, $2::uuid, sha256(''), gen_random_uuid(), now(), 200, $3)`,
    [workspaceId, id, answer],
  )
}

/** A link that waits for their number. */
async function plantLink({ vault, tenants, workspaceId }: TenantRig, _: SessionId, { number }: NamedContact) {
  const sessionId = SessionId.parse(randomUUID())
  const nodeId = randomUUID()
  await tenants.transact({ workspaceId }, async tx => {
    const sealer = await vault.createSealer(tx, { workspaceId, sessionId })
    await openLease(tx, sessionId, nodeId)
    await insertAttempt(tx, {
      sessionId,
      nodeId,
      visitorHash: randomBytes(32),
      placeId: sessionId,
      startedBy: 'visitor',
      ownerId: undefined,
      mode: 'managed',
      method: 'code',
      deliver: false,
      phase: 'starting',
      expectedNumber: await sealNumber(tx, sealer, sessionId, number),
      name: null,
    })
  })
}

/** One by their number, one by their LID, one by a JID in a text. */
async function plantEvents({ vault, tenants, workspaceId }: TenantRig, sessionId: SessionId, of: NamedContact) {
  const data = [{ number: of.number }, { lid: of.lid }, { text: `from ${of.number}:3@s.whatsapp.net` }]
  for (const each of data)
    await tenants.transact({ workspaceId }, async tx => {
      const { rows: counted } = await sql<{ seq: string }>`
        insert into event_counters (workspace_id, last_seq) values (${workspaceId}, 1)
        on conflict (workspace_id) do update set last_seq = event_counters.last_seq + 1
        returning last_seq as seq`.execute(tx.db)
      const seq = counted[0]?.seq ?? '0'
      const sealer = await vault.workspaceSealer(tx, workspaceId)
      await sql`insert into event_log (workspace_id, seq, session_id, event, data)
        values (${workspaceId}, ${seq}, ${sessionId}, 'planted', ${await sealer.sealJson(tx, dataCell(BigInt(seq)), each)})`.execute(
        tx.db,
      )
    })
}

/** In the forms in which Baileys keeps them. */
async function plantSignalKeys(rig: TenantRig, sessionId: SessionId, { number, lid }: NamedContact): Promise<void> {
  const { workspaceId, vault } = rig
  const group = '120363000000000001@g.us'
  const sealer = await rig.transact(tx => vault.createSealer(tx, { workspaceId, sessionId }))
  const put = (type: string, id: string, value: string) => putKey(rig, sealer, { sessionId, type, id, value })
  for (const id of [`${number}.0`, `${number}.12`, `${lid}_1.0`, `${lid}_1.3`]) {
    await put('session', id, 'x')
    await put('identity-key', id, 'x')
  }
  await put('sender-key', `${group}::${lid}_1::0`, 'x')
  await put('sender-key', `${group}::${number}::12`, 'x')
  await put('device-list', number, '["0"]')
  await put('tctoken', `${lid}@lid`, 'x')
  await put('lid-mapping', number, JSON.stringify(lid))
  await put('lid-mapping', `${lid}_reverse`, JSON.stringify(number))
  await put('sender-key-memory', group, JSON.stringify({ [`${lid}:3@lid`]: true, '999999999999@lid': true }))
}

async function putKey(
  { rows, tenants, workspaceId }: TenantRig,
  sealer: Awaited<ReturnType<Vault['createSealer']>>,
  { sessionId, type, id, value }: { sessionId: SessionId; type: string; id: string; value: string },
): Promise<void> {
  const cell = signalKeyCell(sessionId, type, id)
  const sealed = await tenants.read({ workspaceId }, tx => sealer.seal(tx, cell, Buffer.from(value)))
  await rows.query('insert into signal_keys (workspace_id, session_id, type, id, value) values ($1, $2, $3, $4, $5)', [
    workspaceId,
    sessionId,
    type,
    id,
    sealed,
  ])
}
