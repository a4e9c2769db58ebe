import pg from 'pg'
import type { CredentialChange, Ending, LeaseChange } from '../checker/history.js'
import { readCredentials } from './recorded-credentials.js'

/** What the owner of nothing is written as when a node lets go. */
const nobody = '00000000-0000-0000-0000-000000000000'

/**
 * Triggers that keep every change of leases, credentials and shown states, with the process that made it, in a schema that no gateway looks
 * at. Each row is written in the transaction that it tells of, so what was never committed is not there.
 */
const install = `
  create schema recorded;
  create table recorded.leases (
    position bigint generated always as identity, session_id uuid, epoch bigint, node_id uuid, wanted boolean,
    process text, at timestamptz default clock_timestamp());
  create table recorded.credentials (
    position bigint generated always as identity, workspace_id uuid, session_id uuid, version bigint, sealed bytea,
    at timestamptz default clock_timestamp());
  create table recorded.states (
    position bigint generated always as identity, session_id uuid, state text, reason text,
    process text, at timestamptz default clock_timestamp());
  create table recorded.nodes (node_id uuid, process text, at timestamptz default clock_timestamp());

  create function recorded.lease() returns trigger language plpgsql security definer set search_path = recorded as $$
    begin
      insert into recorded.leases (session_id, epoch, node_id, wanted, process)
      values (new.session_id, new.epoch, new.node_id, new.wanted, current_setting('recorded.process', true));
      return null;
    end $$;
  create function recorded.credential() returns trigger language plpgsql security definer set search_path = recorded as $$
    begin
      if tg_op = 'DELETE' then
        insert into recorded.credentials (session_id) values (old.session_id);
      else
        insert into recorded.credentials (workspace_id, session_id, version, sealed)
        values (new.workspace_id, new.session_id, new.version, new.credentials);
      end if;
      return null;
    end $$;
  create function recorded.state() returns trigger language plpgsql security definer set search_path = recorded as $$
    begin
      insert into recorded.states (session_id, state, reason, process)
      values (new.id, new.state, new.reason, current_setting('recorded.process', true));
      return null;
    end $$;
  create function recorded.node() returns trigger language plpgsql security definer set search_path = recorded as $$
    begin
      insert into recorded.nodes (node_id, process) values (new.id, current_setting('recorded.process', true));
      return null;
    end $$;

  create trigger recorded_insert after insert on session_leases for each row execute function recorded.lease();
  create trigger recorded_update after update on session_leases for each row
    when (old is distinct from new) execute function recorded.lease();
  create trigger recorded after insert or update or delete on session_credentials
    for each row execute function recorded.credential();
  create trigger recorded_insert after insert on sessions for each row execute function recorded.state();
  create trigger recorded_update after update on sessions for each row
    when (old.state is distinct from new.state or old.reason is distinct from new.reason) execute function recorded.state();
  create trigger recorded after insert on nodes for each row execute function recorded.node();`

/** What the database saw of a run. */
export type Recorded = {
  leases: LeaseChange[]
  credentials: CredentialChange[]
  endings: Ending[]
  states: { session: string; state: string; reason: string | null; process: string | null; at: number }[]
  /** Ids of messages that were stored as arrived, by session. */
  journalled: { session: string; id: string }[]
}

const ended = ['logged_out', 'banned', 'expired', 'superseded']

/** @param ownerUrl of a migrated database that no gateway has been started on yet */
export async function installRecorder(ownerUrl: string): Promise<void> {
  const client = new pg.Client(ownerUrl)
  await client.connect()
  try {
    await client.query(install)
  } finally {
    await client.end()
  }
}

/**
 * Everything that has been recorded so far.
 * @param secret with which the gateways of this database seal
 */
export async function readRecorded(client: pg.Pool, secret: Uint8Array): Promise<Recorded> {
  const rows = async <Row extends pg.QueryResultRow>(text: string) => (await client.query<Row>(text)).rows
  const ms = (column: string) => `extract(epoch from ${column}) * 1000`
  const leases = await rows<{
    session: string
    epoch: string
    node_id: string
    node: string
    wanted: boolean
    at: string
  }>(`
    select l.session_id as session, epoch, l.node_id, coalesce(n.process, l.process, l.node_id::text) as node, wanted, ${ms('l.at')} as at
    from recorded.leases l left join recorded.nodes n on n.node_id = l.node_id order by position`)
  const states = await rows<{
    session: string
    state: string
    reason: string | null
    process: string | null
    at: string
  }>(`select session_id as session, state, reason, process, ${ms('at')} as at from recorded.states order by position`)
  const journalled = await rows<{ session: string; id: string }>(
    `select session_id as session, stanza ->> 'id' as id from inbound_journal where stanza is not null`,
  )
  const dated = states.map(state => ({ ...state, at: Number(state.at) }))
  return {
    leases: leases.map(({ session, epoch, node_id, node, wanted, at }) => ({
      session,
      epoch: Number(epoch),
      node: node_id === nobody ? null : node,
      wanted,
      at: Number(at),
    })),
    credentials: await readCredentials(client, secret),
    endings: dated.filter(({ state }) => ended.includes(state)).map(({ session, at }) => ({ session, at })),
    states: dated,
    journalled,
  }
}
