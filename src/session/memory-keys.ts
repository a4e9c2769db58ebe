import type { SignalDataTypeMap, SignalKeyStore } from '@whiskeysockets/baileys'
import { plainAppStateKey } from './app-state-key.js'
import type { SeededPreKeys } from './seeded-pre-keys.js'

/** Everything a store holds, as plain data: type, id, value. Pre-keys are in it only when they are not seeded. */
export type StoredKeys = { [type: string]: { [id: string]: unknown } }

/** Baileys' Signal keys in memory. */
export interface MemoryKeys {
  readonly store: SignalKeyStore
  /** What `store` holds now, sharing its values. */
  stored(): StoredKeys
}

/**
 * A key store in memory. Seeded pre-keys are derived and none is kept; without a seed Baileys' own are kept. Types that
 * a later Baileys may add are kept like all others.
 *
 * @param changed awaited by every `set` after its change; may store it.
 */
export function memoryKeys(
  initial: StoredKeys,
  seeded: SeededPreKeys | undefined,
  changed: () => Promise<void>,
): MemoryKeys {
  const tables = new Map(Object.entries(initial).map(([type, values]) => [type, new Map(Object.entries(values))]))
  const tableOf = (type: string): Map<string, unknown> => {
    const table = tables.get(type) ?? new Map<string, unknown>()
    tables.set(type, table)
    return table
  }
  return {
    store: {
      get(type, ids) {
        if (type === 'pre-key' && seeded) return typed(seeded.get(ids))
        const table = tables.get(type)
        return typed(Object.fromEntries(ids.flatMap(id => (table?.has(id) ? [[id, table.get(id)]] : []))))
      },
      async set({ 'pre-key': preKeys = {}, 'app-state-sync-key': appStateKeys = {}, ...others }) {
        // Judged before anything is written: a refused key must not leave half of its set behind.
        if (seeded) seeded.markUsed(seeded.judge(preKeys))
        else apply(tableOf('pre-key'), preKeys)
        for (const [id, key] of Object.entries(appStateKeys))
          apply(tableOf('app-state-sync-key'), { [id]: key && plainAppStateKey(key) })
        for (const [type, changes] of Object.entries(others)) apply(tableOf(type), changes)
        await changed()
      },
    },
    stored: () => Object.fromEntries([...tables].map(([type, table]) => [type, Object.fromEntries(table)])),
  }
}

function apply(table: Map<string, unknown>, changes: { [id: string]: unknown }): void {
  for (const [id, value] of Object.entries(changes)) {
    if (value === null || value === undefined) table.delete(id)
    else table.set(id, value)
  }
}

function typed<T extends keyof SignalDataTypeMap>(values: {
  [id: string]: unknown
}): {
  [id: string]: SignalDataTypeMap[T]
} {
  // A store gives back what was set under the same type; nothing in it can be checked against the type parameter.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return values as { [id: string]: SignalDataTypeMap[T] }
}
