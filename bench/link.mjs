import { readQrPicture } from '../dist/simulator/phone/qr-picture.js'
import { linkReport } from './link-report.mjs'
import { startGateway, startRaw, startSimulator } from './processes.mjs'
import { spent, untilQuiet } from './processor-time.mjs'
import { Visitor } from './visitor.mjs'

export const about = 'start → QR and scan → open, in alternating pairs with raw Baileys'

const WARM_UP = 3

/**
 * @param {{ closing: import('./closing.mjs').Closing, say: (line: string) => void, pairs?: number }} options
 */
export async function run({ closing, say, pairs = 30 }) {
  const simulator = await startSimulator(closing)
  const gateway = await startGateway(closing, { simulator: simulator.control })
  const raw = await startRaw(closing, { simulator: simulator.control })
  const children = [gateway.child, raw]
  const sides = {
    product: phone => linkThroughGateway(simulator.control, gateway.url, phone),
    raw: phone => linkThroughRaw(simulator.control, raw, phone),
  }
  const times = { product: [], raw: [] }
  await untilQuiet(children)
  for (let pair = 0; pair < WARM_UP + pairs; pair += 1) {
    const order = pair % 2 === 0 ? ['product', 'raw'] : ['raw', 'product']
    for (const [turn, side] of order.entries()) {
      const phone = await simulator.control.phone(String(254_700_100_000 + pair * 2 + turn))
      const before = await spent({ gateway, raw, simulator })
      const measured = await sides[side](phone)
      await untilQuiet(children)
      const after = await spent({ gateway, raw, simulator })
      const cpu = Object.fromEntries(Object.keys(after).map(name => [name, after[name] - before[name]]))
      if (pair >= WARM_UP) times[side].push({ ...measured, cpu })
      say(`${pair < WARM_UP ? 'warm-up' : `pair ${pair - WARM_UP + 1}/${pairs}`} ${side}: ${stepsOf(measured)}`)
    }
  }
  return linkReport({ ...times, warmUp: WARM_UP, problems: (await simulator.control.problems()).length })
}

const stepsOf = ({ startToQr, scanToOpen }) => `QR ${startToQr.toFixed(1)} ms, open ${scanToOpen} ms`

async function linkThroughGateway(simulator, url, phone) {
  const visitor = new Visitor(url)
  try {
    const { picture, startToQr } = await visitor.start()
    await visitor.listen()
    const qr = readQrPicture(picture)
    const { scanned, scanToOpen } = await scan(simulator, phone, qr)
    const scanToConnected = (await visitor.heard('connection_success')) - scanned
    const scanToComplete = (await visitor.heard('complete')) - scanned
    return { startToQr, scanToOpen, scanToConnected, scanToComplete }
  } finally {
    visitor.leave()
  }
}

async function linkThroughRaw(simulator, raw, phone) {
  const account = phone.phoneNumber
  const { qr, startToQr } = await raw.ask('start', { account })
  const { scanToOpen } = await scan(simulator, phone, qr)
  await raw.ask('opened', { account })
  await raw.ask('close', { account })
  return { startToQr, scanToOpen }
}

/**
 * Both sides are open when the simulator receives the question about server settings (`abt`): Baileys asks it in the very turn in which it
 * says `open`, and never before. The time is the simulator's, so it does not matter what a side does with the news.
 */
async function scan(simulator, phone, qr) {
  const firstWordOfOpen = { direction: 'in', tag: 'iq', xmlns: 'abt', account: phone.phoneNumber }
  const scanned = Date.now()
  await phone.scan(qr)
  const { at } = await simulator.waitForStanza(firstWordOfOpen, 30_000)
  return { scanned, scanToOpen: at - scanned }
}
