import type { SignalRepositoryWithLIDStore } from '@whiskeysockets/baileys'

type Names = SignalRepositoryWithLIDStore['lidMapping']

/**
 * Baileys remembers which two names an account has for three days, with a timer each that holds all the others. It forgets them when the
 * line ends, and then remembers what was being looked up at that moment: here nothing is remembered of a line that is over.
 */
export function forgetNamesAtEnd(names: Names): void {
  const close = names.close.bind(names)
  let over = false
  const end = () => {
    over = true
    close()
  }
  const passing =
    <Args extends unknown[], Result>(look: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      try {
        return await look(...args)
      } finally {
        if (over) close()
      }
    }
  Object.assign(names, {
    close: end,
    storeLIDPNMappings: passing(names.storeLIDPNMappings.bind(names)),
    getLIDsForPNs: passing(names.getLIDsForPNs.bind(names)),
    getPNsForLIDs: passing(names.getPNsForLIDs.bind(names)),
  } satisfies Partial<Names>)
}
