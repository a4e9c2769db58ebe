import { spent, untilQuiet } from './processor-time.mjs'
import { arrive } from './storm-arrivals.mjs'

/**
 * The same attempts at the same rate through both sides, in turns, each until everything is at rest again. What an abandoned attempt takes
 * is part of what the links take, on both sides.
 *
 * @returns processor time in milliseconds and links, of each side
 */
export async function compareProcessorTime({ attempts, gateway, raw, simulator, say, plan }) {
  const { perMinute, rounds, attempts: count } = plan
  const children = [gateway.child, raw]
  const total = {
    product: { links: 0, gateway: 0, database: 0, simulator: 0 },
    raw: { links: 0, raw: 0, simulator: 0 },
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const side of round % 2 === 0 ? ['product', 'raw'] : ['raw', 'product']) {
      const phones = await attempts.phones(count)
      await untilQuiet(children)
      const before = await spent({ gateway, raw, simulator })
      const { failed } = await arrive({
        perMinute,
        items: phones,
        begin: (phone, due) => attempts.make(side, { phone, due, cancels: true }),
      })
      if (failed.length > 0) throw failed[0]
      await untilQuiet(children)
      const after = await spent({ gateway, raw, simulator })
      const into = total[side]
      for (const name of Object.keys(into)) if (name !== 'links') into[name] += after[name] - before[name]
      into.links += phones.filter(phone => phone !== null).length
      say(`processor time, round ${round + 1}/${rounds} ${side}: ${count} attempts at ${perMinute} a minute`)
    }
  }
  return { perMinute, ...total }
}
