import { setTimeout as delay } from 'node:timers/promises'
import { Visitor } from './visitor.mjs'

/** A person takes out the phone; long enough that the page's live events are open. */
const SCAN_AFTER_MS = 300
/** Every so manieth visitor looks at the QR and goes away. */
const ABANDONED_EACH = 4
const PHONES_AT_ONCE = 8

/** Attempts to link, by visitors with phones of their own, through the gateway or through raw Baileys. */
export class Attempts {
  #simulator
  #gateway
  #raw
  #reader
  #made = 0

  constructor({ simulator, gateway, raw, reader }) {
    this.#simulator = simulator
    this.#gateway = gateway
    this.#raw = raw
    this.#reader = reader
  }

  /** Makes the phones of the next attempts; `null` for a visitor who will not scan. */
  async phones(count) {
    const phones = Array.from({ length: count }, () => null)
    const wanted = phones.map((_, index) => index).filter(index => index % ABANDONED_EACH !== ABANDONED_EACH - 1)
    const worker = async () => {
      for (let index = wanted.shift(); index !== undefined; index = wanted.shift()) {
        phones[index] = await this.#simulator.phone(String(254_710_000_000 + ++this.#made))
      }
    }
    await Promise.all(Array.from({ length: PHONES_AT_ONCE }, worker))
    return phones
  }

  /**
   * @param {'product' | 'raw'} side
   * @param {{ phone: any, due: number, cancels?: boolean }} attempt when it was to begin; whether a visitor who does not scan says so
   * @returns {Promise<{ startToQr: number, scanToEnd: number | null }>} milliseconds; from `due` on, so that a late start is not forgiven
   */
  make(side, attempt) {
    return side === 'product' ? this.#throughGateway(attempt) : this.#throughRaw(attempt)
  }

  async #throughGateway({ phone, due, cancels = false }) {
    const visitor = new Visitor(this.#gateway.url, { address: this.#nextAddress() })
    try {
      const { picture } = await visitor.start()
      const startToQr = performance.now() - due
      if (phone === null) {
        if (cancels) await visitor.cancel()
        return { startToQr, scanToEnd: null }
      }
      await visitor.listen()
      await delay(SCAN_AFTER_MS)
      const qr = await this.#reader.read(picture)
      const scanned = performance.now()
      await phone.scan(qr)
      await visitor.heard('complete')
      return { startToQr, scanToEnd: performance.now() - scanned }
    } finally {
      visitor.leave()
    }
  }

  async #throughRaw({ phone, due }) {
    const account = phone?.phoneNumber ?? `nobody ${++this.#made}`
    const { qr } = await this.#raw.ask('start', { account })
    const startToQr = performance.now() - due
    if (phone === null) {
      await this.#raw.ask('close', { account })
      return { startToQr, scanToEnd: null }
    }
    await delay(SCAN_AFTER_MS)
    const scanned = performance.now()
    await phone.scan(qr)
    await this.#raw.ask('opened', { account })
    const scanToEnd = performance.now() - scanned
    await this.#raw.ask('close', { account })
    return { startToQr, scanToEnd }
  }

  #visitors = 0

  /** 10.0.0.1, 10.0.0.2, … */
  #nextAddress() {
    const number = ++this.#visitors
    return `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`
  }
}
