import { hash, verify, type Algorithm } from '@node-rs/argon2'
import { atMost } from '../at-most.js'
import { tooManyAttempts } from '../http/too-many-attempts.js'

export type Passwords = {
  /** @returns argon2id in its own notation, salt and cost included */
  hash(password: string): Promise<string>
  /**
   * Costs the same whether there is a login or not.
   * @param stored null: there is no such login; the answer is no
   */
  matches(stored: string | null, password: string): Promise<boolean>
}

/** The two that do the work, for whoever counts it. */
export type Argon2 = { hash: typeof hash; verify: typeof verify }

/** OWASP's first choice for argon2id: 19 MiB, two passes, one lane. */
const cost = { algorithm: 2 as Algorithm.Argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 }

/** They share libuv's four threads with DNS and files. */
const mostAtOnce = 2
const mostWaiting = 50

/** A password that nobody has; made once for all questions about nobody. */
const nobodys = 'the password of nobody'

/** @throws GatewayError `too_many_attempts` from both functions, when too many wait for their turn already */
export function createPasswords(argon2: Argon2 = { hash, verify }): Passwords {
  const inTurn = atMost(mostAtOnce, { waiting: mostWaiting, refusal: () => tooManyAttempts(1) })
  let decoy: Promise<string> | null = null
  const hashed = (password: string) => inTurn(() => argon2.hash(plain(password), cost))
  const nobodysHash = (): Promise<string> => {
    decoy ??= hashed(nobodys).catch((error: unknown) => {
      // the next question makes it again
      decoy = null
      throw error
    })
    return decoy
  }
  return {
    hash: hashed,
    async matches(stored, password) {
      const against = stored ?? (await nobodysHash())
      const right = await inTurn(() => argon2.verify(against, plain(password)))
      return right && stored !== null
    },
  }
}

/** One password, however a keyboard composes its letters (RFC 8265, 4.2.2 asks for NFC). */
const plain = (password: string): string => password.normalize('NFC')
