import type { LinkMethod, LinkMode } from '../../contract/linking.js'
import type { TenantScope } from '../database/tenant-transaction.js'

/** How a link is to come about, and what is to become of it. */
export type LinkPlan = {
  method: LinkMethod
  /** Digits of the account that must link; by code, the one that is asked. */
  phoneNumber: string | null
  mode: LinkMode
  /** Whether the account is sent its session ID. */
  deliver: boolean
  /** What the session is to be called. */
  name: string | null
}

/** Whose attempt it is: a visitor's, known by their cookie, or a member's, who knows the id. */
export type LinkStarter =
  | {
      visitorHash: Buffer
      /** A visitor with no cookie yet has no other attempt. */
      isNew: boolean
      /** Where they came from; null: not told. */
      address?: string | null
    }
  | { scope: TenantScope }

/** What a visitor gets who typed this number, or none. */
export function visitorsPlan(mode: LinkMode, phoneNumber: string | null): LinkPlan {
  return { method: phoneNumber === null ? 'qr' : 'code', phoneNumber, mode, deliver: true, name: null }
}
