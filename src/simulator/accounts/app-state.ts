/** App state of one person: per collection a version and the encrypted patches that led to it; the server cannot read them. */
export class AppState {
  /** collections that never come to an end, and what makes one more patch for each */
  readonly endless = new Map<string, () => void>()
  /** references to the whole of a collection on the media server, as it was at a version, for those who ask for that */
  readonly snapshots = new Map<string, { version: number; reference: Buffer }>()
  readonly #collections = new Map<string, Buffer[]>()

  version(collection: string): number {
    return this.#collections.get(collection)?.length ?? 0
  }

  /** Patches after `version`, oldest first; the first patch of a collection makes version 1. */
  since(collection: string, version: number): Buffer[] {
    return this.#collections.get(collection)?.slice(version) ?? []
  }

  /** Appends a patch made on top of `base`; answers the new version, or undefined when someone else was faster. */
  append(collection: string, base: number, seal: (version: number) => Buffer): number | undefined {
    const patches = this.#collections.get(collection) ?? []
    if (patches.length !== base) return undefined
    patches.push(seal(base + 1))
    this.#collections.set(collection, patches)
    return base + 1
  }

  save(): Record<string, string[]> {
    return Object.fromEntries(
      [...this.#collections].map(([name, patches]) => [name, patches.map(patch => patch.toString('base64'))]),
    )
  }

  static restore(saved: Record<string, string[]>): AppState {
    const state = new AppState()
    for (const [name, patches] of Object.entries(saved)) {
      state.#collections.set(
        name,
        patches.map(patch => Buffer.from(patch, 'base64')),
      )
    }
    return state
  }
}
