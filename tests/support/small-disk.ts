import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chownSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import path from 'node:path'
import { Client } from 'pg'

/** A disk of its own that a database of the run's cluster can be kept on. */
export type SmallDisk = { tablespace: string; remove: () => Promise<void> }

const size = '64m'

/** @returns `null` where this process may not mount anything */
export async function smallDisk(adminUrl: string, scratch: string): Promise<SmallDisk | null> {
  const mounted = mkdtempSync(path.join(scratch, 'disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=755`, 'none', mounted], { stdio: 'ignore' })
  } catch {
    rmSync(mounted, { recursive: true })
    return null
  }
  const folder = path.join(mounted, 'data')
  mkdirSync(folder)
  const tablespace = `small_${randomBytes(4).toString('hex')}`
  await asAdmin(adminUrl, async admin => {
    const { rows } = await admin.query<{ data_directory: string }>('show data_directory')
    const { uid, gid } = statSync(rows[0]?.data_directory ?? '')
    chownSync(folder, uid, gid)
    await admin.query(`create tablespace ${tablespace} location '${folder}'`)
  })
  return {
    tablespace,
    async remove() {
      await asAdmin(adminUrl, admin => admin.query(`drop tablespace ${tablespace}`))
      execFileSync('umount', [mounted])
      rmSync(mounted, { recursive: true })
    },
  }
}

async function asAdmin(adminUrl: string, work: (admin: Client) => Promise<unknown>): Promise<void> {
  const admin = new Client(adminUrl)
  await admin.connect()
  try {
    await work(admin)
  } finally {
    await admin.end()
  }
}
