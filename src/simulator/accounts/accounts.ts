import { createHash } from 'node:crypto'
import { parseJid } from './jid.js'
import { Person, type Endpoint, type PhoneEndpoint } from './person.js'

/** Everyone on this WhatsApp, found by either of their names. */
export class Accounts {
  readonly #byPhoneNumber = new Map<string, Person>()
  readonly #byLid = new Map<string, Person>()

  constructor(private readonly makePhone: (person: Person) => PhoneEndpoint) {}

  all(): Person[] {
    return [...this.#byPhoneNumber.values()]
  }

  get(phoneNumber: string): Person | undefined {
    return this.#byPhoneNumber.get(phoneNumber)
  }

  /** `lidUser` is given only when a saved person comes back. */
  create(phoneNumber: string, name: string, lidUser: string = this.#freeLid(phoneNumber)): Person {
    const person = new Person(phoneNumber, lidUser, name, this.makePhone)
    this.#byPhoneNumber.set(phoneNumber, person)
    this.#byLid.set(lidUser, person)
    return person
  }

  /** The person behind a JID in either form; undefined when nobody of that name is on WhatsApp. */
  find(jid: string | undefined): Person | undefined {
    const parsed = parseJid(jid)
    if (!parsed) return undefined
    return parsed.family === 'pn' ? this.#byPhoneNumber.get(parsed.user) : this.#byLid.get(parsed.user)
  }

  endpoint(jid: string | undefined): Endpoint | undefined {
    return this.find(jid)?.endpoint(parseJid(jid)?.device ?? 0)
  }

  /** Stable for a phone number, so that two runs of one scenario look alike. */
  #freeLid(phoneNumber: string): string {
    for (let round = 0; ; round++) {
      const digest = createHash('sha256').update(`lid:${phoneNumber}:${round}`).digest()
      const lid = String(10 ** 14 + (digest.readUIntBE(0, 6) % (9 * 10 ** 14)))
      if (!this.#byLid.has(lid)) return lid
    }
  }
}
