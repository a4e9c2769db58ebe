import { verifyAudit, type Anchor } from '../../backend/audit/verify-audit.js'
import type { ChainFault, ChainReport } from '../../backend/audit/verify-chain.js'
import { UsageError } from '../cli-error.js'
import { exitCodes, type CliContext, type Given, type RunCommand } from '../command.js'
import { onLocalGateway } from './local-gateway.js'

const uuid = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'
const anchorForm = new RegExp(`^(${uuid}):(\\d{1,18}):([0-9a-f]{64})$`)

const sentences: Record<ChainFault['fault'], string> = {
  changed: 'was changed',
  removed: 'is missing, with later ones behind it',
  inserted: 'was put in later',
  cut_off: 'is missing: the end of the log was cut off there',
  rewritten: 'is not the one that was there before',
}

/** Exit code 1 with the first broken place of each chain. */
export const auditVerifyCommand: RunCommand = async (context: CliContext, given: Given) => {
  const anchors = anchorOf(given.text('head'))
  const reports = await onLocalGateway(context, (_config, ownerUrl) => verifyAudit(ownerUrl, anchors))
  const { terminal } = context
  if (given.has('json')) terminal.write(`${JSON.stringify(reports.map(plain))}\n`)
  else for (const report of reports) terminal.write(`${lineOf(report)}\n`)
  if (!given.has('json') && reports.length === 0) terminal.write('Nothing has been written to the audit log yet.\n')
  return reports.every(({ fault }) => fault === null) ? exitCodes.done : exitCodes.failed
}

function lineOf({ workspaceId, head, fault, ended }: ChainReport): string {
  if (fault !== null) return `${workspaceId}  BROKEN: entry ${fault.seq} ${sentences[fault.fault]}.`
  const headText = `${workspaceId}:${head.seq}:${head.hash.toString('hex')}`
  if (ended) return `${workspaceId}  erased, with its ${head.seq} entries. Head: ${headText}`
  return `${workspaceId}  whole: ${head.seq} entries. Head: ${headText}`
}

const plain = ({ workspaceId, head, fault, ended }: ChainReport) => ({
  workspaceId,
  ended,
  entries: String(head.seq),
  head: head.hash.toString('hex'),
  fault: fault && { seq: String(fault.seq), fault: fault.fault },
})

function anchorOf(text: string | null): Anchor[] {
  if (text === null) return []
  return text.split(',').map(part => {
    const [, workspaceId, seq, hash] = anchorForm.exec(part.trim()) ?? []
    if (workspaceId === undefined || seq === undefined || hash === undefined) {
      throw new UsageError('--head must be what an earlier run has printed behind Head, several with commas between.')
    }
    return { workspaceId, seq: BigInt(seq), hash: Buffer.from(hash, 'hex') }
  })
}
