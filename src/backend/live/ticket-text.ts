import { createHash, randomBytes } from 'node:crypto'
import { WorkspaceId } from '../../contract/ids.js'

/** `wst_`, then the workspace's id and 32 random bytes in base64url. The id is no secret: it says where the hash is looked for. */
export type TicketText = string & { readonly __brand: 'TicketText' }

const form = /^wst_[A-Za-z0-9_-]{64}$/
const idBytes = 16

export function newTicketText(workspaceId: WorkspaceId): TicketText {
  const id = Buffer.from(workspaceId.replaceAll('-', ''), 'hex')
  return `wst_${Buffer.concat([id, randomBytes(32)]).toString('base64url')}` as TicketText
}

/** @returns where to look for the ticket, and its hash; `null` for what no ticket looks like */
export function readTicketText(text: string): { workspaceId: WorkspaceId; hash: Buffer } | null {
  if (!form.test(text)) return null
  const hex = Buffer.from(text.slice(4), 'base64url').subarray(0, idBytes).toString('hex')
  const id = WorkspaceId.safeParse(hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'))
  return id.success ? { workspaceId: id.data, hash: hashOf(text as TicketText) } : null
}

export function hashOf(ticket: TicketText): Buffer {
  return createHash('sha256').update(ticket).digest()
}
