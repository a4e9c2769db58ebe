import type { LinkMethod } from '../contract/linking.js'

const KEY = 'whizlite-way'

/** How this visitor wants to link, kept for the visit: nothing but one word, and never a number. */
export interface VisitMemory {
  way(): LinkMethod
  choose(way: LinkMethod): void
}

export interface VisitMemoryDeps {
  storage: () => Pick<Storage, 'getItem' | 'setItem'>
  /** A small screen under a finger: a phone, which cannot scan itself. */
  onPhone: () => boolean
}

export function createVisitMemory(deps: VisitMemoryDeps): VisitMemory {
  return {
    way() {
      const kept = attempt(() => deps.storage().getItem(KEY))
      if (kept === 'qr' || kept === 'code') return kept
      return deps.onPhone() ? 'code' : 'qr'
    },
    choose(way) {
      attempt(() => deps.storage().setItem(KEY, way))
    },
  }
}

/** Storage may be forbidden; then nothing is remembered and nothing breaks. */
function attempt<T>(action: () => T): T | null {
  try {
    return action()
  } catch {
    return null
  }
}
