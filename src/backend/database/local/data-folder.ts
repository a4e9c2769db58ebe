import { chmodSync, chownSync, mkdirSync, realpathSync, statSync } from 'node:fs'
import path from 'node:path'
import { errno } from '../errno.js'
import { type Account, canUse, choosePostgresAccount } from './account.js'
import { LocalPostgresError } from './local-postgres-error.js'

/** Everything the local PostgreSQL keeps, in one folder inside the data folder. */
export type DataFolder = {
  root: string
  cluster: string
  passwordFile: string
  logFile: string
  portFile: string
  users: string
  account: Account
}

/**
 * Makes the folders, private to the account PostgreSQL runs as. As root that account must be able to pass through the data folder:
 * if it cannot and the folder is root's, its group may enter it (not list it); nothing else about an existing folder is changed.
 *
 * @throws LocalPostgresError `data_dir_unreachable`, `no_account`
 */
export function prepareDataFolder(dataDir: string): DataFolder {
  try {
    mkdirSync(path.dirname(path.resolve(dataDir)), { recursive: true })
    mkdirSync(dataDir, { recursive: true, mode: 0o700 })
    const root = path.join(realpathSync(dataDir), 'postgres')
    mkdirSync(root, { recursive: true, mode: 0o700 })
    const cluster = path.join(root, 'cluster')
    const account = choosePostgresAccount(cluster)
    if (account.uid !== undefined) {
      letThrough(path.dirname(root), account)
      if (statSync(root).uid !== account.uid) chownSync(root, account.uid, account.gid)
    }
    chmodSync(root, 0o700)
    if (!canUse(account, '-w', root)) throw unreachable(dataDir, 'the account PostgreSQL runs as cannot reach it.')
    return {
      root,
      cluster,
      passwordFile: path.join(cluster, 'gateway-password'),
      logFile: path.join(root, 'postgres.log'),
      portFile: path.join(root, 'port'),
      users: path.join(root, 'users'),
      account,
    }
  } catch (error) {
    const code = errno(error)
    if (['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST'].includes(code)) throw unreachable(dataDir, `${code}.`)
    throw error
  }
}

function letThrough(folder: string, account: Account): void {
  if (account.uid === undefined || canUse(account, '-x', folder)) return
  const { uid, mode } = statSync(folder)
  if (uid !== 0) return
  chownSync(folder, 0, account.gid)
  chmodSync(folder, (mode & 0o700) | 0o010)
}

function unreachable(dataDir: string, why: string): LocalPostgresError {
  const asRoot = process.getuid?.() === 0
  return new LocalPostgresError(
    'data_dir_unreachable',
    `The data folder ${dataDir} cannot be used: ${why}`,
    asRoot
      ? 'Set DATA_DIR to a folder outside private home folders, such as /var/lib/whizlite, or set DATABASE_URL.'
      : 'Make it writable for this user, set DATA_DIR to another folder, or set DATABASE_URL.',
  )
}
