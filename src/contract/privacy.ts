import { z } from 'zod'

/** Digits with the country code, or a JID such as `254700000001@s.whatsapp.net` or `123456789012345@lid`. */
export const Contact = z
  .string()
  .trim()
  .regex(/^(\+?\d{5,20}|\d{5,20}(:\d{1,5})?@(s\.whatsapp\.net|c\.us|lid))$/, 'must be a phone number or a JID')
export type Contact = z.infer<typeof Contact>

/** One of the two. A whole workspace is erased by its owner, who repeats its id. */
export const ErasureRequest = z.union(
  [z.strictObject({ contact: Contact }), z.strictObject({ workspaceId: z.uuid() })],
  'must have contact, or workspaceId for the whole workspace',
)
export type ErasureRequest = z.infer<typeof ErasureRequest>

export const Erasure = z.strictObject({
  id: z.uuid(),
  kind: z.enum(['contact', 'workspace']),
  state: z.enum(['under_way', 'done']),
  /** Rows that are gone so far. */
  deleted: z.number().int(),
  askedAt: z.iso.datetime(),
  doneAt: z.iso.datetime().nullable(),
})
export type Erasure = z.infer<typeof Erasure>

export const ErasureList = z.strictObject({ erasures: z.array(Erasure) })
export type ErasureList = z.infer<typeof ErasureList>

/** Without a contact everything of the workspace. */
export const ExportRequest = z.strictObject({ contact: Contact.optional() })
export type ExportRequest = z.infer<typeof ExportRequest>
