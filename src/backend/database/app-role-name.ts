import { createHash, hkdfSync } from 'node:crypto'

const LONGEST_NAME = 63

/**
 * Roles belong to the whole cluster, so the app role is named after its database.
 * @param successor fingerprint of a secret that came after the first: two secrets need two passwords, and a role has one
 */
export function appRoleName(database: string, successor?: string): string {
  const end = successor === undefined ? '' : `_${successor.slice(0, 8)}`
  const name = `${database}_app${end}`
  if (Buffer.byteLength(name) <= LONGEST_NAME) return name
  return `app_${createHash('sha256').update(database).digest('hex').slice(0, 40)}${end}`
}

/** Whether a role is the app role of this database for one secret or another. */
export function isAppRole(database: string, role: string): boolean {
  const prefix = appRoleName(database, '00000000').slice(0, -8)
  return role === appRoleName(database) || (role.startsWith(prefix) && /^[0-9a-f]{8}$/.test(role.slice(prefix.length)))
}

/** The same on every node that has the deployment secret; never stored anywhere. */
export function appRolePassword(secret: Uint8Array, role: string): string {
  return Buffer.from(hkdfSync('sha256', secret, '', `whizlite app role ${role}`, 32)).toString('base64url')
}

/**
 * The owner's address with another user. Session poolers such as Supabase's name users `role.project`: the part after the role stays.
 *
 * @param owner the role PostgreSQL says the owner's address leads to
 */
export function appRoleUrl(ownerUrl: string, owner: string, role: string, password: string): string {
  const url = new URL(ownerUrl)
  const user = decodeURIComponent(url.username)
  const suffix = user.startsWith(`${owner}.`) ? user.slice(owner.length) : ''
  url.username = encodeURIComponent(role + suffix)
  url.password = password
  return url.href
}
