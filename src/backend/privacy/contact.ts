import { sql, type RawBuilder } from 'kysely'
import type { Contact } from '../../contract/privacy.js'
import type { TenantReader } from '../database/tenant-transaction.js'
import '../engine/keystore-tables.js'
import { signalKeyCell } from '../engine/key-cells.js'
import type { Vault } from '../vault/vault.js'

/** One contact by all names that are known of them: numbers and LIDs, digits each. */
export type Names = { numbers: readonly string[]; lids: readonly string[] }

export function namesOf(contact: Contact): Names {
  const digits = contact.replace(/^\+/, '').replace(/[:@].*$/, '')
  return contact.endsWith('@lid') ? { numbers: [], lids: [digits] } : { numbers: [digits], lids: [] }
}

/**
 * The same contact with what the sessions of the workspace, and the accounts linked here, know of their other names.
 * The form of the rows is Baileys' (`LIDMappingStore`): a number leads to its LID, a LID with `_reverse` to its number.
 */
export async function knownNames(tx: TenantReader, vault: Pick<Vault, 'sealer'>, names: Names): Promise<Names> {
  const { workspaceId } = tx.scope
  const numbers = new Set(names.numbers)
  const lids = new Set(names.lids)
  const ids = [...names.numbers, ...names.lids.map(lid => `${lid}_reverse`)]
  const rows = await tx.db
    .selectFrom('signal_keys')
    .select(['session_id', 'id', 'value'])
    .where('type', '=', 'lid-mapping')
    .where('id', 'in', ids)
    .execute()
  for (const { session_id: sessionId, id, value } of rows) {
    const sealer = await vault.sealer(tx, { workspaceId, sessionId })
    const opened = await sealer.open(tx, signalKeyCell(sessionId, 'lid-mapping', id), value)
    const [digits] = /\d{5,20}/.exec(opened.toString()) ?? []
    if (digits !== undefined) (id.endsWith('_reverse') ? numbers : lids).add(digits)
  }
  const people = await tx.db.selectFrom('people').select(['phone_number', 'lid']).execute()
  for (const { phone_number: number, lid } of people) {
    if (number === null || lid === null || !(numbers.has(number) || lids.has(lid))) continue
    numbers.add(number)
    lids.add(lid)
  }
  return { numbers: [...numbers], lids: [...lids] }
}

/** Matches a JID of the contact, of any of their devices. Nothing but digits is put in. */
export function jidPattern({ numbers, lids }: Names): string {
  const forms = [
    ...numbers.map(number => `${number}(:[0-9]+)?@(s\\.whatsapp\\.net|c\\.us|hosted)`),
    ...lids.map(lid => `${lid}(:[0-9]+)?@(lid|hosted\\.lid)`),
  ]
  return `^(${forms.join('|')})$`
}

/** What in a stanza may name somebody, in the form of the journal. */
const inStanza = ['from', 'participant', 'recipient'] as const

/** Whether a row of `inbound_journal` names the contact. */
export function namedInStanza(names: Names): RawBuilder<boolean> {
  const pattern = jidPattern(names)
  return sql`(${sql.join(
    inStanza.map(field => sql`stanza ->> ${sql.lit(field)} ~ ${pattern}`),
    sql` or `,
  )})`
}

/** All texts of the workspace's journal that may name somebody, as the column `text`. */
export const namesInStanzas: RawBuilder<{ text: string | null }> = sql.join(
  inStanza.map(field => sql`select stanza ->> ${sql.lit(field)} as text from inbound_journal`),
  sql` union `,
)

/** Matches their digits wherever they stand for themselves, as in the ids under which Signal material is kept. */
export function digitsPattern({ numbers, lids }: Names): string {
  return `(^|[^0-9])(${[...numbers, ...lids].join('|')})([^0-9]|$)`
}
