import { wake } from '../events/wake.js'
import type { OwnRows } from './logins-store.js'

/** Wakes who keeps something about this login, on all nodes, when the transaction has committed. The name is the login's id. */
export const wakeLogin = (tx: OwnRows, userId: string): Promise<void> => wake(tx, userId)
