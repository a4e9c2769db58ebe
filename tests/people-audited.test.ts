import { expect, test } from 'vitest'
import { PeopleRig } from './support/people-rig.js'

test('what people do about logins and members is in the audit log, without e-mails, names or secrets', async () => {
  await using rig = await PeopleRig.open()
  const { owner } = rig
  const person = await rig.join()
  const right = person.password
  person.password = 'not the right one'
  await person.signIn()
  person.password = right
  await person.signIn()
  const old = person.refreshToken
  await person.refresh()
  await rig.rows.query(`update refresh_tokens set used_at = used_at - interval '11 seconds'`)
  await person.ask('POST', '/api/v1/auth/refresh', { refreshToken: old })
  await person.signIn()
  const fresh = 'lantern over the river'
  person.keep(await person.asks('POST', '/api/v1/auth/password', { old: right, new: fresh }))
  await person.asks('POST', '/api/v1/auth/sign-out-everywhere', {})
  const path = `/api/v1/members/${person.userId}`
  await owner.asks('PATCH', path, { role: 'admin' })
  await owner.asks('PATCH', path, { suspended: true })
  await owner.asks('PATCH', path, { suspended: false })
  await owner.asks('DELETE', path)
  const invited = await owner.asks('POST', '/api/v1/invitations', { role: 'admin' })
  await owner.asks('DELETE', `/api/v1/invitations/${String(invited.body['invitationId'])}`)
  await owner.asks('PATCH', `/api/v1/workspaces/${owner.workspaceId}`, { name: 'Renamed' })

  const entries = () => rig.rows.query<{ entry: { action: string } }>('select entry from audit_log order by seq')
  const actions = async () => (await entries()).map(({ entry }) => entry.action)
  // a failure is noted after its answer
  await expect.poll(actions).toContain('auth.sign_in_failed')
  expect(new Set(await actions())).toEqual(
    new Set([
      'auth.owner_claimed',
      'invitation.created',
      'invitation.accepted',
      'member.joined',
      'auth.sign_in_failed',
      'auth.sign_in',
      'auth.refresh_reused',
      'auth.password_changed',
      'auth.sign_out_everywhere',
      'member.role_changed',
      'member.suspended',
      'member.resumed',
      'member.removed',
      'invitation.revoked',
      'workspace.renamed',
    ]),
  )
  const told = JSON.stringify(await entries())
  for (const word of [person.email, owner.email, right, fresh, old, 'Renamed', 'Guest'])
    expect(told).not.toContain(word)
})
