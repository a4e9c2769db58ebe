import { randomBytes } from 'node:crypto'
import { ApiKeyId } from '../../src/contract/api-keys.js'
import type { KeyScope, Role } from '../../src/contract/access.js'
import { WorkspaceId } from '../../src/contract/ids.js'
import { Attacker } from './attacker.js'
import { PeopleRig } from './people-rig.js'
import type { Person } from './person.js'
import { nothing, type Named } from './route-samples.js'
import { sessionRow } from './session-row.js'
import { restless } from './stored-rows.js'
import type { Answer } from './visitor.js'

const everything: readonly KeyScope[] = ['read', 'send', 'sessions', 'settings', 'admin']
const ofMembers: readonly KeyScope[] = ['read', 'send', 'sessions']

/** Somebody who asks for what is not theirs. */
export type Party = {
  name: string
  headers: Record<string, string>
  kind: 'visitor' | 'user' | 'key' | 'service'
  role: Role
  scopes: readonly KeyScope[]
  /** A key that is for one session of its own. */
  restricted: boolean
  /** Of the workspace of the one that is attacked. */
  near: boolean
  /** A key of the very one that is attacked. */
  own?: true
  /** After what has ended their access. */
  renew?: () => Promise<void>
}

/** So many requests from one address are no news. */
export const generous = {
  API_REQUESTS_PER_SECOND: '10000',
  API_REQUEST_BURST: '1000000',
  API_REQUESTS_PER_ADDRESS: '10000',
}

type Belongings = {
  theirs: Named
  /** What nobody else may hear, not even who manages the workspace. */
  words: string[]
  /** What its managers may hear. */
  ofKeys: string[]
}

const canary = (): string => `canary-${randomBytes(6).toString('hex')}`
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

function good({ status, body }: Answer, what: string): Record<string, unknown> {
  if (status !== 200) throw new Error(`${what} was answered ${status}: ${JSON.stringify(body)}`)
  return body
}

/** Two workspaces. In one lives Vic, with something private of every sort; everybody else wants it. */
export class AttackScene implements AsyncDisposable {
  readonly parties: Party[] = []
  #planted: Belongings = { theirs: nothing(), words: [], ofKeys: [] }

  private constructor(
    readonly rig: PeopleRig,
    readonly vic: Person,
    readonly fay: Person,
    /** Vic's name, and the first part of the address. */
    readonly word: string,
  ) {}

  static async open(): Promise<AttackScene> {
    // Vic is given new ones again and again
    const rig = await PeopleRig.open({ env: { ...generous, WHATSAPP_MAX_SESSIONS_PER_USER: '1000' } })
    const { owner } = rig
    const word = canary()
    const vic = rig.stranger(`${word}@example.com`)
    good(await vic.accept(await rig.invitation('owner'), { name: word }), 'joining')
    const { workspaceId } = good(await owner.asks('POST', '/api/v1/workspaces', { name: 'Another' }), 'a workspace')
    good(await owner.signIn({ workspaceId: String(workspaceId) }), 'going there')
    const fay = await rig.join('owner')
    good(await owner.signIn(), 'coming back')
    const scene = new AttackScene(rig, vic, fay, word)
    await scene.plant()
    await scene.#gather()
    return scene
  }

  /** What Vic has, and what it says. */
  get theirs(): Named {
    return this.#planted.theirs
  }

  canariesFor({ near, role }: Party): string[] {
    const { theirs, words, ofKeys } = this.#planted
    if (near && role !== 'member') return words
    const privately = [...words, ...ofKeys, theirs.sessionId, theirs.keyId]
    return near ? privately : [...privately, this.word, ...Object.values(theirs)]
  }

  /** Signs in anew, however many wrong passwords this address has shown. */
  async comesBack(person: Person): Promise<void> {
    await this.rig.rows.query('delete from sign_in_cool_downs')
    good(await person.signIn({ workspaceId: person.workspaceId }), 'coming back')
  }

  /** Gives Vic new things of every sort. */
  async plant(): Promise<void> {
    // nobody has more than 50 keys in force
    await this.rig.rows.query(`update api_keys set revoked_at = clock_timestamp() where name like 'canary-%'`)
    this.#planted = await belongings(this.rig, this.vic)
  }

  /** Every row that is Vic’s or tells of what is, but for refusals, which are the others’. */
  async rowsOfVic(): Promise<string[]> {
    const { sessionId, keyId, userId, invitationId, erasureId } = this.theirs
    const ids = [sessionId, keyId, userId, invitationId, erasureId, this.word]
    const { rows } = this.rig
    const tables = await rows.query<{ name: string }>(
      `select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where n.nspname = 'whizlite' and c.relkind = 'r' order by 1`,
    )
    const texts = tables
      .filter(({ name }) => !restless.test(`.${name}`))
      .map(
        ({ name }) => `select '${name} ' || (to_jsonb(t) - 'last_used_at')::text as line from "${name}" t
          where t::text ~ $1 and not ('${name}' = 'audit_log' and to_jsonb(t)->'entry'->>'result' = 'refused'
            and to_jsonb(t)->'entry'->>'userId' is distinct from $2)`,
      )
    const found = await rows.query<{ line: string }>(texts.join(' union all '), [ids.join('|'), userId])
    return found.map(({ line }) => line).toSorted()
  }

  /** One who is heard as this party. */
  attacker(): Attacker {
    return new Attacker(this.rig.gateway.url)
  }

  /** A session of this member alone, that nothing connects. */
  session(of: Person): Promise<string> {
    return sessionOf(this.rig, of)
  }

  /** An API key of this member. */
  async key(of: Person, body: object): Promise<{ key: string; id: string }> {
    const made = good(await of.asks('POST', '/api/v1/api-keys', { name: 'Key', ...body }), 'a key')
    return { key: String(made['key']), id: ApiKeyId.parse(made['id']) }
  }

  async #gather(): Promise<void> {
    const { rig, fay, vic, parties } = this
    const [mia, ada, far] = [await rig.join('member'), await rig.join('admin'), await rig.join('member', fay)]
    const anybody = { role: 'owner', scopes: everything, restricted: false, near: false } as const
    const member = { role: 'member', scopes: ofMembers } as const
    const user = (name: string, person: Person, more: Partial<Party> = {}) => {
      const party: Party = { ...anybody, name, kind: 'user', headers: bearer(person.accessToken), ...more }
      party.renew = async () => {
        await this.comesBack(person)
        party.headers = bearer(person.accessToken)
      }
      parties.push(party)
    }
    const key = async (name: string, person: Person, scopes: readonly KeyScope[], more: Partial<Party> = {}) => {
      const sessionIds = more.restricted === true ? { sessionIds: [await this.session(person)] } : {}
      const made = await this.key(person, { scopes, ...sessionIds })
      parties.push({ ...anybody, name, kind: 'key', headers: bearer(made.key), ...more, scopes })
    }
    const service = (name: string, headers: Record<string, string>, more: Partial<Party> = {}) =>
      parties.push({
        ...anybody,
        name,
        kind: 'service',
        headers: { ...bearer(rig.service.token), ...headers },
        ...more,
        scopes: everything,
      })
    parties.push({ ...anybody, name: 'a visitor', kind: 'visitor', headers: {}, scopes: [] })
    user('the owner of another workspace', fay)
    user('a member of another workspace', far, member)
    user('a colleague', mia, { ...member, near: true })
    user('an admin of the workspace', ada, { role: 'admin', near: true })
    for (const scope of everything) await key(`another workspace’s key to ${scope}`, fay, [scope])
    await key('another workspace’s key to one session', fay, everything, { restricted: true })
    await key('a key of a colleague', mia, ofMembers, { role: 'member', near: true })
    await key('their own key to another session', vic, everything, {
      restricted: true,
      near: true,
      own: true,
    })
    service('the service for its operator', {}, { near: true })
    service('the service for a colleague', { 'x-user-id': mia.userId }, { role: 'member', near: true })
    service('the service for another workspace', { 'x-user-id': fay.userId, 'x-workspace-id': fay.workspaceId })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.rig[Symbol.asyncDispose]()
  }
}

async function sessionOf({ rows }: PeopleRig, { workspaceId, userId }: Person): Promise<string> {
  const id = await sessionRow(rows, WorkspaceId.parse(workspaceId), { state: 'disconnected', nodeId: null })
  await rows.query('update sessions set owner_id = $2 where id = $1', [id, userId])
  return id
}

/** Made by Vic, by the routes that make it where there are such. */
async function belongings(rig: PeopleRig, vic: Person): Promise<Belongings> {
  const { rows } = rig
  const [sessionName, keyName] = [canary(), canary()]
  const sessionId = await sessionOf(rig, vic)
  good(await vic.asks('PATCH', `/api/v1/sessions/${sessionId}`, { name: sessionName }), 'a name')
  const [row] = await rows.query<{ number: string }>('select phone_number as number from sessions where id = $1', [
    sessionId,
  ])
  const key = good(
    await vic.asks('POST', '/api/v1/api-keys', { name: keyName, scopes: ['read'], sessionIds: [sessionId] }),
    'a key',
  )
  const invited = good(
    await vic.asks('POST', '/api/v1/invitations', { role: 'admin', email: `${canary()}@example.com` }),
    'an invitation',
  )
  const [erasure] = await rows.query<{ id: string }>(
    `insert into erasures (workspace_id, kind, done_at) values ($1, 'contact', now()) returning id`,
    [vic.workspaceId],
  )
  const theirs = {
    ...nothing(),
    sessionId,
    keyId: String(key['id']),
    userId: vic.userId,
    workspaceId: vic.workspaceId,
    invitationId: String(invited['invitationId']),
    erasureId: erasure?.id ?? '',
  }
  return { theirs, words: [sessionName, row?.number ?? ''], ofKeys: [keyName] }
}
