/**
 * What a run of a cluster left behind, as the checks read it. Times are milliseconds since the epoch on the clock of the machine on which
 * simulator, database and harness run; the nodes' own clocks appear nowhere.
 */
export type History = {
  /** A device's connections to WhatsApp from login on, as WhatsApp saw them. */
  connections: readonly Connection[]
  /** Stanzas that WhatsApp got, in the order in which it got them. */
  writes: readonly WireWrite[]
  /** Connections that nodes opened, logged in or not. */
  connects: readonly Connect[]
  /** The same by session, of those that got far enough to say whose they were. */
  tries: readonly Try[]
  /** Every change of a lease, in the order of its commits. */
  leases: readonly LeaseChange[]
  /** Every write and every removal of a session's credentials, in the order of the commits. */
  credentials: readonly CredentialChange[]
  /** Moments from which on a session's credentials may go: a terminal code, an operator's command. */
  endings: readonly Ending[]
  /** Moments from which on everybody can know that something outside has logged in as a session's device. */
  steppedBack: readonly SteppedBack[]
  /** Moments at which it was stored of a session that it is connected from then on. */
  connected: readonly Connected[]
  /** What an operator has asked for and was granted. */
  commands: readonly Command[]
  /** What an operator has asked for and was not granted, though the session was in a state that allows it. */
  refusals: readonly Refusal[]
  /** One Signal message key or one-time pre-key each time WhatsApp got to see it. */
  keys: readonly KeyUse[]
  /** What people sent to sessions. */
  messages: readonly Message[]
  /** Stretches in which no node could reach the database: nobody can know then what is true. */
  outages: readonly Outage[]
  /** Stretches in which nothing was recorded as it happened: connects of that time are all dated at its end. */
  stalls: readonly Outage[]
  /** What the API said. */
  shown: readonly ShownState[]
  /** What nodes held when nothing was happening. */
  resources: readonly Resources[]
}

export type Connection = {
  session: string
  /** The simulator's number, unique in a run. */
  connection: number
  /** Where it came from; `null`: no node of ours. */
  node: string | null
  loggedInAt: number
  /** `null`: it was there at the end. */
  closedAt: number | null
  /** WhatsApp ended it because the device had logged in again. */
  replaced: boolean
}

/** `late`: when WhatsApp had ended the connection in favour of another login. */
export type WireWrite = { session: string; connection: number; at: number; late?: true }

export type Connect = { node: string; at: number }

export type Try = { session: string; at: number }

/** `node` is `null` when its owner has let it go and nobody has claimed it yet. */
export type LeaseChange = { session: string; epoch: number; node: string | null; wanted: boolean; at: number }

/** Both are `null` when the row went; `contents` also when nobody can open what was stored. */
export type CredentialChange = {
  session: string
  version: number | null
  contents: CredentialContents | null
  at: number
}

/** By what one version of a session's credentials is compared with another; nothing that anybody could log in with. */
export type CredentialContents = {
  /** Counters, and sizes of what only grows. */
  rising: Readonly<Record<string, number>>
  /** Digests of what stays once it is there; `null`: it is not there yet. */
  fixed: Readonly<Record<string, string | null>>
}

export type Ending = { session: string; at: number }

export type SteppedBack = { session: string; at: number }

export type Connected = { session: string; at: number }

export type Command = {
  session: string
  name: string
  /** `rests`: nobody connects it any more. `connects`: it makes a new connection. */
  wish: 'rests' | 'connects'
  /** First, if it had to be asked several times. */
  askedAt: number
  answeredAt: number
  /** The state it was answered with. */
  state: string
  /** When the next command was asked for; until then this one counts. `Infinity`: to the end. */
  until: number
}

/** `why`: the code of the refusal. */
export type Refusal = { session: string; name: string; at: number; why: string }

export type KeyUse = {
  session: string
  kind: 'message key' | 'pre-key'
  /** Names the key: whose, chain and counter, or its id. */
  key: string
  /** Of what was encrypted under it, or of its public half. */
  hash: string
  at: number
}

export type Message = {
  session: string
  id: string
  sentAt: number
  /** When WhatsApp was told that it has arrived; `null`: never. */
  arrivedAt: number | null
  /** The code under which it was refused. */
  refused: string | null
  /** Its plaintext was kept. */
  stored: boolean
}

export type Outage = { from: number; to: number }

export type ShownState = { session: string; state: string; at: number }

export type Resources = {
  node: string
  mark: 'baseline' | 'end'
  at: number
  /** Connections to WhatsApp that are open. */
  sockets: number
  /** Sessions that its lease says it runs. */
  owned: number
  /** Handles that the process holds besides those sockets, such as files, timers and database connections; `null`: nobody could tell. */
  handles: number | null
  /** What it tells of itself; `null`: nothing. */
  told: { heapBytes: number; timers: number } | null
  /** How often the processes of this place have warned of listeners that pile up. */
  listenerWarnings: number
}

/** What a check says is wrong. `session` is `null` when it is about a node, or all of them. */
export type Finding = { invariant: string; session: string | null; at: number; what: string }

/** Groups keep the order of what is grouped. */
export function bySession<Item extends { session: string }>(items: readonly Item[]): Map<string, Item[]> {
  const groups = new Map<string, Item[]>()
  for (const item of items) {
    const group = groups.get(item.session)
    if (group === undefined) groups.set(item.session, [item])
    else group.push(item)
  }
  return groups
}
