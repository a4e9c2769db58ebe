import { afterAll, beforeAll, expect, test } from 'vitest'
import { SessionRig } from './support/session-rig.js'

let rig: SessionRig

beforeAll(async () => {
  rig = await SessionRig.start({ compareEveryMs: 200 })
  await rig.rows.query('create table public.refused (state text)')
  await rig.rows.query('create sequence public.refusals')
  // a sequence does not go back with the transaction that is refused
  await rig.rows.query(`
    create function public.refuse() returns trigger language plpgsql security definer as $$
      begin
        if exists (select from public.refused where state = new.state) and nextval('public.refusals') <= 1 then
          raise exception 'refused';
        end if;
        return new;
      end $$`)
  await rig.rows.query(
    'create trigger refuse before update on whizlite.sessions for each row execute function public.refuse()',
  )
  rig.hooks({})
})

afterAll(() => rig[Symbol.asyncDispose]())

/** The database takes this state from nobody, once. */
async function refuseOnce(state: string): Promise<void> {
  rig.forget()
  await rig.rows.query('delete from public.refused')
  await rig.rows.query('alter sequence public.refusals restart')
  await rig.rows.query('insert into public.refused values ($1)', [state])
}

test('what a session is comes to be shown, also when the database has refused it once', async () => {
  const { identity, phone } = await rig.linked()
  await refuseOnce('connected')
  rig.sessions.resume(identity)
  await rig.becomes(identity, ['connected', null])
  expect(rig.told('state_not_stored')).toBe(1)
  expect(rig.connections).toHaveLength(1)

  await refuseOnce('reconnecting')
  rig.holdWaits()
  await rig.simulator.fault('drop', { phone: phone.phoneNumber, device: 1 })
  await rig.becomes(identity, ['reconnecting', 'connection_lost'])
  expect(rig.told('state_not_stored')).toBe(1)
  expect(rig.told('shown_state_corrected')).toBe(1)
  rig.passWaits()
  await rig.becomes(identity, ['connected', null])
  expect(rig.told('shown_state_corrected')).toBe(1)
  await rig.sessions.rest(identity.sessionId)
})

test('a session that rests because somebody wants it to is not contradicted', async () => {
  const { identity } = await rig.linked()
  await refuseOnce('nothing')
  rig.sessions.resume(identity)
  await rig.becomes(identity, ['connected', null])
  await rig.rows.query(`update session_leases set wanted = false where session_id = $1`, [identity.sessionId])
  await rig.rows.query(`update sessions set state = 'disconnected', reason = 'stopped' where id = $1`, [
    identity.sessionId,
  ])
  const other = await rig.linked()
  rig.sessions.resume(other.identity)
  await rig.becomes(other.identity, ['connected', null])
  await rig.rows.query(`update sessions set state = 'connecting', reason = null where id = $1`, [
    other.identity.sessionId,
  ])
  await rig.becomes(other.identity, ['connected', null])
  expect(await rig.shown(identity)).toEqual({ state: 'disconnected', reason: 'stopped', wanted: false })
  await rig.sessions.rest(identity.sessionId)
  await rig.sessions.rest(other.identity.sessionId)
})
