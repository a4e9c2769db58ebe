import { fileURLToPath } from 'node:url'
import { Child } from '../child.mjs'
import { plainEnv } from '../processes.mjs'
import { makeAccount } from './accounts.mjs'

const PROGRAM = fileURLToPath(new URL('./simulator-program.mjs', import.meta.url))
const PEOPLE_A_MESSAGE = 100

/**
 * A simulator in a process of its own whose accounts are linked already.
 *
 * @param {import('../closing.mjs').Closing} closing
 */
export async function startSeededSimulator(closing) {
  const child = new Child('The simulator', [PROGRAM], plainEnv())
  closing.add(child, () => child.stop())
  const address = await child.ask('address')
  return {
    ...address,
    child,
    open: group => child.ask('open', { group }),
    changes: (group, since) => child.ask('changes', { group, since }),
    logins: group => child.ask('logins', { group }),
    problems: () => child.ask('problems'),
    /** @param {any[]} accounts of `makeAccounts` */
    async add(group, accounts) {
      for (let first = 0; first < accounts.length; first += PEOPLE_A_MESSAGE) {
        const people = accounts.slice(first, first + PEOPLE_A_MESSAGE).map(({ saved }) => saved)
        await child.ask('add', { group, people })
      }
    },
  }
}

let made = 0

/** Accounts that nobody else has in this run. */
export async function makeAccounts(count, options) {
  const accounts = []
  for (let index = 0; index < count; index += 1) accounts.push(await makeAccount(made++, options))
  return accounts
}
