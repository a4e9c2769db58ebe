import { z } from 'zod'

/** Id of one linked (or linking) account: a UUID, given when an attempt starts and kept for the session's life. Not a secret. */
export const SessionId = z.uuid().brand<'SessionId'>()
export type SessionId = z.infer<typeof SessionId>

/** The portable secret `WHIZLITE_…` that holds a session's credentials. Never an id, never on a page. */
export type SessionIdString = string & { readonly __brand: 'SessionIdString' }

export const WorkspaceId = z.uuid().brand<'WorkspaceId'>()
export type WorkspaceId = z.infer<typeof WorkspaceId>

/** A login, the same in every workspace of which it is a member. */
export const UserId = z.uuid().brand<'UserId'>()
export type UserId = z.infer<typeof UserId>

export const PersonId = z.uuid().brand<'PersonId'>()
export type PersonId = z.infer<typeof PersonId>

export const MessageId = z.uuid().brand<'MessageId'>()
export type MessageId = z.infer<typeof MessageId>
