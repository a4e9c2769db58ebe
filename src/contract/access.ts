import { z } from 'zod'

/** What a member may do in a workspace: owners and admins manage people, keys and settings; members use what is theirs. */
export const Role = z.enum(['owner', 'admin', 'member'])
export type Role = z.infer<typeof Role>

/** What an API key is good for. It never reaches further than the role of the member who made it. */
export const KeyScope = z.enum(['read', 'send', 'sessions', 'settings', 'admin'])
export type KeyScope = z.infer<typeof KeyScope>
