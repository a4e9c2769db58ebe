import { tell } from './checker/check.js'
import type { Finding } from './checker/history.js'
import type { Unjudged } from './checker/unjudged.js'
import { longEnoughMs } from './plan.js'
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
  /** Sessions that somebody else's login has thrown out, and how long each stayed away. */
  loginsElsewhere: { thrownOut: number; backMs: Spread }
  /** How often each command was given and granted. */
  commands: Record<string, number>
  /** Connections that another node's login ended, and for how long WhatsApp had heard nothing of each, at least; `null`: there were none. */
  evictions: { count: number; silentMs: number | null }
  messages: { sent: number; arrived: number }
  connects: number
  /** Milliseconds from the end of the last fault until every session was online and nothing waited; `null`: never. */
  calmAfterMs: number | null
  findings: Finding[]
  notJudged: Unjudged[]
}

/** A short storm may pass without data for every check; silence of a check that has seen nothing in a long one is not success. */
export function verdictOn(
  report: Pick<StormReport, 'seconds' | 'calmAfterMs' | 'findings' | 'notJudged'>,
): StormReport['verdict'] {
  const { seconds, calmAfterMs, findings, notJudged } = report
  const judged = notJudged.length === 0 || seconds * 1_000 < longEnoughMs
  return calmAfterMs !== null && findings.length === 0 && judged ? 'passed' : 'failed'
}

/** What is looked for, in the words of whoever has not read the specification. */
const checks: Readonly<Record<string, string>> = {
  'I-3 messages': 'every message has arrived, none was refused or lost',
  'I-7 one owner': 'no session was online twice for longer than a lease allows',
  'I-8 ratchets': 'no key was used for two messages',
  'I-9 credentials': 'no credentials were replaced by older ones, or went',
  'I-14 connects': 'nobody connected more often than the limits allow',
  'I-14 no fights': 'whoever was thrown out by a login elsewhere stepped back',
  'I-16 shown state': 'what the API said was what WhatsApp saw, half a minute later at most',
  commands: 'what commands were answered with came true',
  'I-18 resources': 'no node had sockets or handles left over',
  takeovers: 'sessions of lost nodes were taken over',
  'the simulator': 'no gateway broke WhatsApp’s protocol',
}

/** Findings shown of each invariant; `--json` has them all. */
const shown = 5

/** How far the links are, told ten times at most. */
export function linkingProgress(total: number, say: (line: string) => void): (done: number) => void {
  const step = Math.ceil(total / 10)
  return done => {
    if (done % step === 0 || done === total) say(`${done} of ${total} sessions linked`)
  }
}

/** What is about to happen, for whoever runs it for the first time. */
export function introduction({
  seed,
  seconds,
  sessions,
  nodes,
}: Pick<StormReport, 'seed' | 'seconds' | 'sessions' | 'nodes'>): string {
  return [
    `A storm of ${seconds} s over ${nodes} gateways with ${sessions} linked sessions, on one PostgreSQL and one simulated WhatsApp; seed ${seed}.`,
    'Gateways are killed, stopped, frozen and cut off, the database and WhatsApp go away, copies of sessions log in elsewhere; meanwhile',
    'people write to the sessions and an operator commands them. Then everything recorded is checked. The last line says how it came out.',
    'A progress line tells of each gateway how many lines to WhatsApp it has, by its process: node-1.2 is the second process of node-1.',
    '',
  ].join('\n')
}

export function reportText(report: StormReport): string {
  const { seed, seconds, sessions, nodes, takeovers, evictions, loginsElsewhere, messages, connects } = report
  const { calmAfterMs, findings, notJudged } = report
  const inSeconds = ({ count, p50, p95, max }: Spread) =>
    count === 0
      ? 'none'
      : `${count}, p50 ${(p50 / 1_000).toFixed(1)} s, p95 ${(p95 / 1_000).toFixed(1)} s, max ${(max / 1_000).toFixed(1)} s`
  return [
    '',
    `${nodes} nodes, ${sessions} sessions, ${seconds} s of storm, seed ${seed}`,
    '',
    'Faults',
    ...counts(report.faults),
    '',
    'Commands granted',
    ...counts(report.commands),
    '',
    `Takeovers, fault → claimed    ${inSeconds(takeovers.claimedMs)}`,
    `           fault → online     ${inSeconds(takeovers.onlineMs)}`,
    `Thrown out by another node    ${evictions.count}${silence(evictions)}`,
    `Login elsewhere → back again  ${inSeconds(loginsElsewhere.backMs)} (by intention after a minute at least)`,
    `Connects to WhatsApp          ${connects}`,
    `Messages                      ${messages.sent} sent, ${messages.arrived} arrived`,
    calmAfterMs === null
      ? 'In the end not every session was connected.'
      : `Every session connected, nothing waiting: ${(calmAfterMs / 1_000).toFixed(1)} s after the storm`,
    '',
    'Checked',
    ...Object.entries(checks).map(([invariant, what]) => {
      const count = findings.filter(finding => finding.invariant === invariant).length
      const why = notJudged.filter(each => each.invariant === invariant).map(each => each.why)
      if (count > 0) return checkLine(`${count} wrong`, invariant, what)
      if (why.length === 0) return checkLine('ok', invariant, what)
      return checkLine(
        '?',
        invariant,
        `not judged: ${why.join(', ')}${seconds * 1_000 < longEnoughMs ? longerHint : ''}`,
      )
    }),
    '',
    ...findingLines(findings),
    report.verdict === 'passed'
      ? `Passed: nothing was wrong${notJudged.length > 0 ? ' in what could be judged' : ''}.`
      : `Failed. The same plan: npm run storm -- --seconds ${seconds} --seed ${seed} --sessions ${sessions} --nodes ${nodes}`,
  ].join('\n')
}

const longerHint = '; a longer storm, such as --seconds 180, has more to look at'

const checkLine = (result: string, invariant: string, what: string) => `  ${result.padStart(7)}  ${invariant}: ${what}`

const counts = (of: Readonly<Record<string, number>>) =>
  Object.entries(of).map(([name, count]) => `  ${String(count).padStart(4)}  ${name}`)

const silence = ({ silentMs }: StormReport['evictions']) =>
  silentMs === null ? '' : `, silent before: at least ${silentMs} ms`

function findingLines(findings: readonly Finding[]): string[] {
  const invariants = [...new Set(findings.map(({ invariant }) => invariant))]
  return invariants.flatMap(invariant => {
    const of = findings.filter(finding => finding.invariant === invariant)
    const more = of.length > shown ? [`  … and ${of.length - shown} more; --json has them all`] : []
    return [
      `${invariant}: ${of.length} findings`,
      ...of.slice(0, shown).map(finding => `  ${tell(finding)}`),
      ...more,
      '',
    ]
  })
}
