import type { Credentials } from './engine.js'
import type { JournalEntry, KeyChanges } from './keystore.js'

/** Changes that will be stored in one transaction. Later changes of the same value replace earlier ones. */
export class KeyBatch {
  credentials: Credentials | null = null
  readonly keys = new Map<string, Map<string, Uint8Array | null>>()
  readonly journal: JournalEntry[] = []

  add(change: { credentials?: Credentials; keys?: KeyChanges; journal?: readonly JournalEntry[] }): void {
    if (change.credentials !== undefined) this.credentials = change.credentials
    this.journal.push(...(change.journal ?? []))
    for (const [type, values] of change.keys ?? []) {
      const merged = this.keys.get(type) ?? new Map<string, Uint8Array | null>()
      for (const [id, value] of values) merged.set(id, value)
      this.keys.set(type, merged)
    }
  }

  *puts(): Iterable<{ type: string; id: string; value: Uint8Array }> {
    for (const [type, values] of this.keys) {
      for (const [id, value] of values) if (value !== null) yield { type, id, value }
    }
  }

  *deletions(): Iterable<{ type: string; id: string }> {
    for (const [type, values] of this.keys) {
      for (const [id, value] of values) if (value === null) yield { type, id }
    }
  }
}
