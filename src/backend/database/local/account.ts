import { spawnSync } from 'node:child_process'
import { lchownSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { LocalPostgresError } from './local-postgres-error.js'

/** Who PostgreSQL runs as: empty = as this process. */
export type Account = { uid: number; gid: number } | Record<string, never>

/**
 * PostgreSQL refuses to run as root. As root the answer is the owner of an existing cluster, else the account `postgres`, else
 * `nobody`; initdb insists on an account with a name, so a bare number will not do.
 *
 * @throws LocalPostgresError `no_account`
 */
export function choosePostgresAccount(clusterDir: string): Account {
  if (process.getuid?.() !== 0) return {}
  const owner = statSync(clusterDir, { throwIfNoEntry: false })
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid }
  for (const name of ['postgres', 'nobody']) {
    const uid = numberOf('-u', name)
    const gid = numberOf('-g', name)
    if (uid !== null && gid !== null) return { uid, gid }
  }
  throw new LocalPostgresError(
    'no_account',
    'PostgreSQL does not run as root, and there is no account "postgres" or "nobody" to run it as.',
    'Create one of them, start the gateway as another user, or set DATABASE_URL.',
  )
}

function numberOf(flag: '-u' | '-g', name: string): number | null {
  const { status, stdout } = spawnSync('id', [flag, name], { encoding: 'utf8' })
  return status === 0 ? Number(stdout) : null
}

/** Whether this account passes all folders on the way and may use the file or folder itself (`-x` execute or enter, `-w` write). */
export function canUse(account: Account, flag: '-x' | '-w', file: string): boolean {
  return spawnSync('test', [flag, file], { ...account, stdio: 'ignore' }).status === 0
}

/** Makes a folder and all in it this account's own. */
export function giveTo(account: Account, folder: string): void {
  if (account.uid === undefined) return
  lchownSync(folder, account.uid, account.gid)
  for (const entry of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    lchownSync(path.join(folder, entry), account.uid, account.gid)
  }
}
