import { tell } from './checker/check.js'
import type { Finding } from './checker/history.js'
import type { Spread } from './takeovers.js'

export type StormReport = {
  verdict: 'passed' | 'failed'
  seed: number
  seconds: number
  sessions: number
  nodes: number
  /** How often each fault was injected. */
  faults: Record<string, number>
  takeovers: { claimedMs: Spread; onlineMs: Spread }
  /** Connections that another node's login ended, and for how long WhatsApp had heard nothing of each, at least; `null`: there were none. */
  evictions: { count: number; silentMs: number | null }
  messages: { sent: number; arrived: number }
  connects: number
  /** Milliseconds from the end of the last fault until every session was online and nothing waited; `null`: never. */
  calmAfterMs: number | null
  findings: Finding[]
}

/** Findings shown of each invariant; `--json` has them all. */
const shown = 5

export function reportText(report: StormReport): string {
  const { seed, seconds, sessions, nodes, faults, takeovers, evictions, messages, connects, calmAfterMs, findings } =
    report
  const inSeconds = ({ count, p50, p95, max }: Spread) =>
    `${count}, p50 ${(p50 / 1_000).toFixed(1)} s, p95 ${(p95 / 1_000).toFixed(1)} s, max ${(max / 1_000).toFixed(1)} s`
  return [
    '',
    `${nodes} nodes, ${sessions} sessions, ${seconds} s of storm, seed ${seed}`,
    '',
    'Faults',
    ...Object.entries(faults).map(([fault, count]) => `  ${String(count).padStart(4)}  ${fault}`),
    '',
    `Takeovers, fault → claimed   ${inSeconds(takeovers.claimedMs)}`,
    `           fault → online    ${inSeconds(takeovers.onlineMs)}`,
    `Thrown out by another node   ${evictions.count}${silence(evictions)}`,
    `Connects to WhatsApp         ${connects}`,
    `Messages                     ${messages.sent} sent, ${messages.arrived} arrived`,
    calmAfterMs === null
      ? 'In the end not every session was connected.'
      : `Every session connected, nothing waiting: ${(calmAfterMs / 1_000).toFixed(1)} s after the storm`,
    '',
    ...findingLines(findings),
    report.verdict === 'passed'
      ? 'Nothing was wrong.'
      : `Failed. The same plan: npm run storm -- --seconds ${seconds} --seed ${seed} --sessions ${sessions} --nodes ${nodes}`,
  ].join('\n')
}

const silence = ({ silentMs }: StormReport['evictions']) =>
  silentMs === null ? '' : `, silent before: at least ${silentMs} ms`

function findingLines(findings: readonly Finding[]): string[] {
  const invariants = [...new Set(findings.map(({ invariant }) => invariant))]
  return invariants.flatMap(invariant => {
    const of = findings.filter(finding => finding.invariant === invariant)
    const more = of.length > shown ? [`  … and ${of.length - shown} more`] : []
    return [
      `${invariant}: ${of.length} findings`,
      ...of.slice(0, shown).map(finding => `  ${tell(finding)}`),
      ...more,
      '',
    ]
  })
}
