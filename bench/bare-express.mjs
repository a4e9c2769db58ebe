import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import express from 'express'
import pg from 'pg'
import { answer } from './answers.mjs'

// What somebody writes in an afternoon: Express, pg, one statement for each request, one token for everybody. It is what the gateway's API is
// compared with, so it leaves out what it can: no entity tags, no transaction, no row level security, no sealing, no audit.

const { BARE_DATABASE_URL: connectionString, BARE_TOKEN: token, BARE_CONNECTIONS: max } = process.env
const pool = new pg.Pool({ connectionString, max: Number(max) })

const columns = `id, state, reason, reason_text, since, until, phone_number, mode, owner_id, visibility, connected_at, phone_seen_at, notices, health,
  name`

/** An answer of the gateway's shape. */
const shown = row => ({
  sessionId: row.id,
  status: row.state,
  state: row.state,
  reason: row.reason && { code: row.reason, text: row.reason_text },
  since: row.since,
  ...(row.until !== null && { until: row.until }),
  phoneNumber: row.phone_number,
  mode: row.mode,
  ownerId: row.owner_id,
  visibility: row.visibility,
  lastConnectedAt: row.connected_at,
  phoneSeenAt: row.phone_seen_at,
  notices: Object.entries(row.notices),
  health: { appState: 'unknown', history: 'unknown', preKeys: 'unknown', inbound: 'unknown', ...row.health },
  name: row.name,
})

const app = express()
app.disable('x-powered-by')
app.set('etag', false)
app.use((request, response, next) => {
  if (request.headers.authorization === `Bearer ${token}`) next()
  else response.status(401).json({ code: 'unauthenticated' })
})
app.use(express.json())

app.get('/api/v1/sessions/:sessionId', async ({ params }, response) => {
  const { rows } = await pool.query(`select ${columns} from bare.sessions where id = $1 and deleted_at is null`, [
    params.sessionId,
  ])
  if (rows.length === 0) response.status(404).json({ code: 'session_not_found' })
  else response.json(shown(rows[0]))
})

app.get('/api/v1/sessions', async (_request, response) => {
  const { rows } = await pool.query(
    `select ${columns} from bare.sessions where deleted_at is null order by id limit 51`,
  )
  response.json({ sessions: rows.slice(0, 50).map(shown), next: rows.length > 50 ? rows[49].id : null })
})

app.patch('/api/v1/sessions/:sessionId', async ({ params, body }, response) => {
  const { rows } = await pool.query(`update bare.sessions set name = $2 where id = $1 returning ${columns}`, [
    params.sessionId,
    body.name,
  ])
  if (rows.length === 0) response.status(404).json({ code: 'session_not_found' })
  else response.json(shown(rows[0]))
})

app.post('/api/v1/ws-tickets', async (_request, response) => {
  const ticket = randomBytes(32).toString('base64url')
  await pool.query("insert into bare.tickets (hash, expires_at) values ($1, now() + interval '30 seconds')", [ticket])
  response.json({ ticket, expiresIn: 30 })
})

const server = app.listen(0, '127.0.0.1')
await once(server, 'listening')
answer({ port: () => server.address().port })
// in an orderly way, so that a profile is written
process.once('SIGTERM', () => process.exit())
